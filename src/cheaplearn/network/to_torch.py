"""Networks as PyTorch modules that train with their pattern of synapses, and back; torch is imported here only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

from .network import Layer, Network

__all__ = ["ACTIVATIONS", "NetworkModule", "SparseAffine", "to_torch"]

_SMALL = 2**16  # matrix entries up to which a layer multiplies by a matrix
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": nn.functional.silu,
    "gelu": nn.functional.gelu,
    "softplus": lambda z: nn.functional.softplus(z, threshold=40.0),  # the default, 20, is not exact in float64
    "square": lambda z: z * z,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gaussian": lambda z: torch.exp(-z * z),
    "exp": torch.exp,
    "relu": torch.relu,
}


def to_torch(net: Network) -> NetworkModule:
    """Turns a network into a module with trainable weights.

    Args:
        net: The network.

    Returns:
        The module; maps (samples, inputs) to (samples, outputs) in the dtype of the network. Its parameters are the
        non-zero weights and the biases, so that training keeps the pattern of the synapses.

    Training: the weights of a compiled network differ in size by 1 / amplitude^2 (`net.metadata["amplitude"]`), more
    so in float64 and for small tolerances. Take steps that are small next to the amplitude (Adam with 1e-4 in float32)
    or a method that finds scales itself (`torch.optim.LBFGS` with a line search).

    Guarantee: on a CPU, and elsewhere without TF32, the certificate of the network holds for the untrained module.
    """
    return NetworkModule(net)


class SparseAffine(nn.Module):
    """``weights @ sources + bias`` with a fixed pattern of non-zero weights.

    Small or well filled matrices are multiplied as matrices; else products are added row by row, which takes memory
    for samples times synapses.

    Args:
        layer: Weights and bias to start from.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        weights = layer.weights.tocoo()
        used = weights.data != 0
        self.shape = tuple(int(n) for n in weights.shape)
        self.register_buffer("rows", torch.from_numpy(weights.row[used].astype(np.int64)))
        self.register_buffer("columns", torch.from_numpy(weights.col[used].astype(np.int64)))
        self.values = nn.Parameter(torch.from_numpy(weights.data[used].astype(layer.bias.dtype)))
        self.bias = nn.Parameter(torch.from_numpy(layer.bias.copy()))

    def forward(self, sources: Tensor) -> Tensor:
        """Maps sources of shape (sources, samples) to sums of shape (units, samples), in the dtype of `sources`."""
        values, bias = self.values.to(sources.dtype), self.bias.to(sources.dtype)[:, None]
        if self.shape[0] * self.shape[1] <= max(_SMALL, 4 * len(values)):
            matrix = values.new_zeros(self.shape).index_put((self.rows, self.columns), values)
            return matrix @ sources + bias
        products = sources.index_select(0, self.columns) * values[:, None]
        return sources.new_zeros(self.shape[0], sources.shape[1]).index_add(0, self.rows, products) + bias

    def to_layer(self, activation: str | None) -> Layer:
        """Gives the present weights as a layer."""
        bias = self.bias.detach().cpu().numpy().copy()
        values = self.values.detach().cpu().numpy()
        held = values.astype(np.float32 if values.dtype == np.float16 else values.dtype)
        places = (self.rows.cpu().numpy(), self.columns.cpu().numpy())
        return Layer(sparse.csr_array((held, places), shape=self.shape), bias, activation)

    def extra_repr(self) -> str:
        """Sizes, for printing."""
        return f"{self.shape[1]} sources -> {self.shape[0]} units, {len(self.values)} synapses"


class NetworkModule(nn.Module):
    """A network with trainable weights.

    Args:
        net: The network to start from.
    """

    def __init__(self, net: Network) -> None:
        super().__init__()
        self.affine = nn.ModuleList(SparseAffine(layer) for layer in net.layers)
        self.activations = tuple(layer.activation for layer in net.layers)
        self._net = net

    def forward(self, x: Tensor) -> Tensor:
        """Evaluates the network.

        Args:
            x: Raw inputs, shape (samples, inputs).

        Returns:
            Shape (samples, outputs), in the dtype of the weights.
        """
        dtype = next(self.parameters()).dtype
        half = dtype == torch.float16
        computed = torch.float32 if half else dtype
        sources = x.to(dtype).to(computed).T
        values = sources
        for affine, activation in zip(self.affine, self.activations, strict=True):
            values = affine(sources)
            if activation:
                values = ACTIVATIONS[activation](values)
            if half:  # each unit is rounded once; see HALF_PRECISION
                values = values.to(dtype).to(computed)
            sources = torch.cat([sources, values])
        return values.T.to(dtype)

    def to_network(self) -> Network:
        """Gives the present weights as a network.

        Returns:
            The network it was made from if no weight has changed, certificate included; else one with the same
            inputs and outputs, without certificate, formula and metadata: these were about the other weights.
        """
        layers = []
        for affine, activation in zip(self.affine, self.activations, strict=True):
            assert isinstance(affine, SparseAffine)
            layers.append(affine.to_layer(activation))
        if all(_equal(new, old) for new, old in zip(layers, self._net.layers, strict=True)):
            return self._net
        return replace(self._net, layers=tuple(layers), certificate=None, formula="", metadata={})


def _equal(new: Layer, old: Layer) -> bool:
    if new.bias.dtype != old.bias.dtype or not np.array_equal(new.bias, old.bias):
        return False
    difference = new.weights - old.weights
    return not np.any(difference.data)
