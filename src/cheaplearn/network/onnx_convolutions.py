"""Convolutions in ONNX: `Conv` on (samples, channels, *grid), rings closed with `Slice` and `Concat`."""

from __future__ import annotations

import numpy as np

from .convolution import Convolutions
from .network import Layer
from .onnx_nodes import Nodes

__all__ = ["ConvLayers"]


class ConvLayers:
    """Values of shape (samples, channels, *grid); one `Conv` per layer.

    Args:
        nodes: The graph.
        convolutions: The layers of the network.
    """

    def __init__(self, nodes: Nodes, convolutions: Convolutions) -> None:
        self.nodes, self.convolutions = nodes, convolutions
        shape = nodes.constant("grid", np.array([0, 1, *convolutions.shape], dtype=np.int64))
        self.sources = [nodes.node("Reshape", [nodes.widened("x"), shape], "x_grid")]

    def affine(self, k: int, layer: Layer, name: str) -> str:
        """Adds ``kernel * sources + bias``."""
        conv = self.convolutions.layers[k]
        names = [self.sources[s] for s in conv.sources]
        value = names[0] if len(names) == 1 else self.nodes.node("Concat", names, f"{name}_sources", axis=1)
        for axis, padding in enumerate(conv.padding):
            if padding:
                value = self._closed(value, axis + 2, padding, f"{name}_ring{axis}")
        kernel = self.nodes.numbers(f"W{k}", conv.kernel)
        bias = self.nodes.numbers(f"b{k}", conv.bias)
        window = list(conv.kernel.shape[2:])
        return self.nodes.node("Conv", [value, kernel, bias], name, kernel_shape=window, strides=list(conv.stride))

    def append(self, name: str, units: int) -> None:
        """Lets later layers read these units."""
        self.sources.append(name)

    def leave(self, name: str) -> str:
        """Gives the output as (samples, outputs)."""
        return self.nodes.node("Flatten", [name], f"{name}_flat", axis=1)

    def _closed(self, value: str, axis: int, padding: int, name: str) -> str:
        """Puts the last sites before the first and the first behind the last."""
        end = np.iinfo(np.int64).max
        last = self._slice(value, -padding, end, axis, f"{name}_last")
        first = self._slice(value, 0, padding, axis, f"{name}_first")
        return self.nodes.node("Concat", [last, value, first], name, axis=axis)

    def _slice(self, value: str, start: int, stop: int, axis: int, name: str) -> str:
        bounds = zip(("start", "stop", "axis"), (start, stop, axis), strict=True)
        names = [self.nodes.constant(f"{name}_{key}", np.array([number], dtype=np.int64)) for key, number in bounds]
        return self.nodes.node("Slice", [value, *names], name)
