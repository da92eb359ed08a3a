"""Networks on a grid as PyTorch modules of `torch.nn.Conv1d`, `Conv2d` or `Conv3d`; torch is imported here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .._messages import must_be
from .convolution import Convolution, Convolutions
from .network import Network
from .to_torch import ACTIVATIONS

__all__ = ["ConvolutionModule", "to_torch_conv"]

_CONVS: dict[int, Any] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


def to_torch_conv(net: Network) -> ConvolutionModule:
    """Turns a network on a periodic grid into convolutions with trainable kernels.

    Args:
        net: A network with `convolutions`.

    Returns:
        The module; maps (samples, sites), (samples, *grid) or (samples, 1, *grid) to (samples, outputs).

    Raises:
        ValueError: If the network is not made of convolutions, or the grid has more than three axes.

    Guarantee: where a convolution is a sum of products in some order (on a CPU; on a GPU without TF32, Winograd and
        FFT), the certificate of the network holds for the untrained module.
    """
    convolutions = net.convolutions
    if convolutions is None:
        advice = "Compile with geometry=Grid(..., periodic=True), or pass form='flat'."
        raise ValueError(must_be("form", "to_torch", "'flat' for a network without convolutions", "'conv'", advice))
    if len(convolutions.shape) not in _CONVS:
        got = f"'conv' on a grid of {len(convolutions.shape)} axes"
        raise ValueError(must_be("form", "to_torch", "'flat' above three axes", got, "Pass form='flat'."))
    return ConvolutionModule(net, convolutions)


class ConvolutionModule(nn.Module):
    """A network on a periodic grid with trainable kernels, the same at every site.

    Zeros inside the window of a kernel are trainable like the rest of it.

    Args:
        net: The network to start from.
        convolutions: Its layers.
    """

    def __init__(self, net: Network, convolutions: Convolutions) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_module(conv, net.dtype) for conv in convolutions.layers)
        self.shape = convolutions.shape
        self._convolutions, self._net = convolutions, net

    def forward(self, x: Tensor) -> Tensor:
        """Evaluates the network.

        Args:
            x: Raw inputs, shape (samples, sites), (samples, *grid) or (samples, 1, *grid).

        Returns:
            Shape (samples, outputs), in the dtype of the weights.
        """
        dtype = next(self.parameters()).dtype
        half = dtype == torch.float16
        computed = torch.float32 if half else dtype
        values = x.reshape(len(x), 1, *self.shape).to(dtype).to(computed)
        sources = [values]
        for module, conv in zip(self.layers, self._convolutions.layers, strict=True):
            read = [sources[s] for s in conv.sources]
            values = _apply(module, read[0] if len(read) == 1 else torch.cat(read, dim=1), computed)
            if conv.activation:
                values = ACTIVATIONS[conv.activation](values)
            if half:  # each unit is rounded once; see HALF_PRECISION
                values = values.to(dtype).to(computed)
            sources.append(values)
        return values.flatten(1).to(dtype)

    def to_network(self) -> Network:
        """Gives the present kernels as a flat network.

        Returns:
            The network it was made from if no number has changed, certificate included; else one with the same inputs
            and outputs on the same grid, without certificate and formula.
        """
        layers = []
        for module, conv in zip(self.layers, self._convolutions.layers, strict=True):
            kernel, bias = (p.detach().cpu().numpy().copy() for p in module.parameters())
            layers.append(replace(conv, kernel=kernel.astype(conv.kernel.dtype), bias=bias))
        old = self._convolutions.layers
        if all(_equal(new, conv) for new, conv in zip(layers, old, strict=True)):
            return self._net
        flat = Convolutions(self.shape, tuple(layers)).flat_layers()
        metadata = {"grid": list(self.shape)}
        return replace(self._net, layers=flat, certificate=None, formula="", metadata=metadata)


def _module(conv: Convolution, dtype: np.dtype) -> Any:
    axes = len(conv.grid)
    module = _CONVS[axes](
        conv.kernel.shape[1],
        conv.channels,
        conv.kernel.shape[2:],
        stride=conv.stride,
        padding=conv.padding,
        padding_mode="circular" if any(conv.padding) else "zeros",
    )
    module.weight = nn.Parameter(torch.from_numpy(conv.kernel.astype(dtype)))
    module.bias = nn.Parameter(torch.from_numpy(conv.bias.astype(dtype)))
    return module


def _apply(module: Any, values: Tensor, computed: torch.dtype) -> Tensor:
    """Runs a convolution in the type of the computation, which is wider than that of float16 weights."""
    if module.weight.dtype == computed:
        return module(values)
    numbers = {"weight": module.weight.to(computed), "bias": module.bias.to(computed)}
    return torch.func.functional_call(module, numbers, (values,))


def _equal(new: Convolution, old: Convolution) -> bool:
    return np.array_equal(new.kernel, old.kernel) and np.array_equal(new.bias, old.bias)
