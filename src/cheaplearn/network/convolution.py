"""Networks as convolutions: every layer one kernel on a periodic grid, checked number by number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import sparse

from .network import Layer, Network

__all__ = ["Convolution", "Convolutions", "as_convolutions"]


@dataclass(frozen=True)
class Convolution:
    """One layer, ``unit[c, r] = activation(bias[c] + sum over d of kernel[c, :, d] @ source[:, s(r, d)])``.

    The window of point r holds the sites ``s(r, d) = stride * r + d - padding``, modulo the grid of the sources.

    Args:
        sources: Layers that are read, their channels one after the other: 0 the input, k the k-th layer.
        kernel: Shape (channels, channels of the sources, *window); in float16 held as float32, as `Layer` does.
        bias: Shape (channels,).
        padding: Along each axis; the window is 2 padding + 1 sites, or as long as the stride.
        stride: Along each axis; above 1 only in sums over blocks of sites.
        grid: Points along each axis at which the units sit.
        activation: Name, or None for sums.
    """

    sources: tuple[int, ...]
    kernel: np.ndarray
    bias: np.ndarray
    padding: tuple[int, ...]
    stride: tuple[int, ...]
    grid: tuple[int, ...]
    activation: str | None

    @property
    def channels(self) -> int:
        """Units at each point of the grid."""
        return len(self.bias)

    @property
    def parameters(self) -> int:
        """Non-zero weights and biases, shared by all points of the grid."""
        return int(np.count_nonzero(self.kernel) + np.count_nonzero(self.bias))


@dataclass(frozen=True)
class Convolutions:
    """A network as convolutions on a periodic grid.

    Args:
        shape: Sites along each axis.
        layers: One per layer of the network.
    """

    shape: tuple[int, ...]
    layers: tuple[Convolution, ...]

    @property
    def neurons_per_site(self) -> int:
        """Neurons at each site."""
        return sum(layer.channels for layer in self.layers if layer.activation)

    @property
    def parameters_per_site(self) -> int:
        """Non-zero weights and biases of one site: they are shared by all; the sums over sites are not counted."""
        return sum(layer.parameters for layer in self.layers if layer.grid == self.shape)

    @property
    def summary(self) -> str:
        """One line: the counts per site and in total."""
        sites = math.prod(self.shape)
        grid = " x ".join(map(str, self.shape))
        neurons, parameters = self.neurons_per_site, self.parameters_per_site
        total = sum(layer.parameters * math.prod(layer.grid) for layer in self.layers)
        return (
            f"periodic grid {grid}: {neurons} neurons a site, {neurons * sites} in total; "
            f"{parameters} parameters a site, shared by all, {total} weights and biases in total"
        )

    def flat_layers(self) -> tuple[Layer, ...]:
        """Writes the kernels out at every site.

        Returns:
            Layers as a `Network` holds them.
        """
        widths, grids, layers = [math.prod(self.shape)], [self.shape], []
        for conv in self.layers:
            start = np.cumsum([0, *widths])
            base = np.concatenate([
                start[s] + np.arange(widths[s]).reshape(-1, math.prod(grids[s])) for s in conv.sources
            ])
            layers.append(_flat(conv, base, grids[conv.sources[0]], int(start[-1])))
            widths.append(layers[-1].units)
            grids.append(conv.grid)
        return tuple(layers)


def as_convolutions(net: Network, shape: Sequence[int]) -> Convolutions | None:
    """Reads the kernels of a network off one site and checks that every other site has the same numbers.

    Args:
        net: A network whose inputs are the sites of a grid, row by row.
        shape: Sites along each axis.

    Returns:
        The convolutions; None if some layer is none: then a neuron or a sum differs from its translates.

    Cost: one pass over the synapses for each grid that is tried, mostly one.
    """
    shape = tuple(int(length) for length in shape)
    if math.prod(shape) != len(net.variables):
        return None
    read: list[Convolution] = []
    grids, widths = [shape], [len(net.variables)]
    for layer in net.layers:
        tried = (_read(layer, grid, grids, widths) for grid in _grids(shape, layer, len(net.labels)))
        found = next((conv for conv in tried if conv is not None), None)
        if found is None:
            return None
        read.append(found)
        grids.append(found.grid)
        widths.append(layer.units)
    return Convolutions(shape, tuple(read))


def _grids(shape: tuple[int, ...], layer: Layer, n_outputs: int) -> Iterator[tuple[int, ...]]:
    """Grids on which a layer may sit: every site, or, for sums with one channel an output, blocks of sites."""
    if layer.units % math.prod(shape) == 0:
        yield shape
    if not layer.activation:
        divisors = [[d for d in range(length, 0, -1) if length % d == 0] for length in shape]
        yield from (grid for grid in product(*divisors) if layer.units == n_outputs * math.prod(grid))


def _read(layer: Layer, grid: tuple[int, ...], grids: list[tuple[int, ...]], widths: list[int]) -> Convolution | None:
    """The kernel of a layer on a grid, None if sites differ."""
    weights = layer.weights.tocoo()
    used = weights.data != 0
    row, column, data = weights.row[used], weights.col[used], weights.data[used]
    points = math.prod(grid)
    bias = layer.bias.reshape(-1, points)
    starts = np.cumsum([0, *widths])
    owner = np.searchsorted(starts, column, side="right") - 1
    sources = tuple(int(s) for s in np.unique(owner)) or (0,)
    source_grid = grids[sources[0]]
    if any(grids[s] != source_grid for s in sources) or np.any(bias != bias[:, :1]):
        return None
    if any(fine % coarse for fine, coarse in zip(source_grid, grid, strict=True)):
        return None
    stride = tuple(fine // coarse for fine, coarse in zip(source_grid, grid, strict=True))
    fine_points = math.prod(source_grid)
    first = np.zeros(len(widths), dtype=np.int64)  # first channel of each source in the kernel
    counts = [widths[s] // fine_points for s in sources]
    first[list(sources)] = np.cumsum([0, *counts[:-1]])
    place = column - starts[owner]
    channel = first[owner] + place // fine_points
    site, point = np.unravel_index(place % fine_points, source_grid), np.unravel_index(row % points, grid)
    offset = [(a - s * b) % n for a, b, s, n in zip(site, point, stride, source_grid, strict=True)]
    keys = (row // points, channel, *offset)
    shape = (layer.units // points, sum(counts), *source_grid)
    flat = np.ravel_multi_index(keys, shape)
    kinds, index, counted = np.unique(flat, return_inverse=True, return_counts=True)
    value = np.zeros(len(kinds), dtype=data.dtype)
    value[index] = data
    if np.any(counted != points) or np.any(value[index] != data):
        return None
    entries = np.unravel_index(kinds, shape)
    return _windowed(sources, entries, value, bias[:, 0], shape, stride, grid, layer.activation)


def _windowed(
    sources: tuple[int, ...],
    entries: tuple[np.ndarray, ...],
    value: np.ndarray,
    bias: np.ndarray,
    shape: tuple[int, ...],
    stride: tuple[int, ...],
    grid: tuple[int, ...],
    activation: str | None,
) -> Convolution | None:
    """The kernel with the smallest window; None if blocks of sites overlap."""
    out, channel, *offsets = entries
    if max(stride) > 1:
        if any(np.any(offset >= s) for offset, s in zip(offsets, stride, strict=True)):
            return None
        padding, window = (0,) * len(stride), stride
    else:
        offsets = [np.where(2 * d <= n, d, d - n) for d, n in zip(offsets, shape[2:], strict=True)]
        padding = tuple(int(np.abs(d).max(initial=0)) for d in offsets)
        window = tuple(2 * p + 1 for p in padding)
    kernel = np.zeros((*shape[:2], *window), dtype=value.dtype)
    kernel[out, channel, *(d + p for d, p in zip(offsets, padding, strict=True))] = value
    return Convolution(sources, kernel, bias.copy(), padding, stride, grid, activation)


def _flat(conv: Convolution, base: np.ndarray, source_grid: tuple[int, ...], width: int) -> Layer:
    """One layer at every site; `base` holds the column of each source channel and site."""
    out, channel, *window = np.nonzero(conv.kernel)
    data = conv.kernel[out, channel, *window]
    points = math.prod(conv.grid)
    point = np.unravel_index(np.arange(points), conv.grid)
    steps = zip(window, conv.padding, conv.stride, point, source_grid, strict=True)
    site = [(s * r[None] + (d - p)[:, None]) % n for d, p, s, r, n in steps]
    columns = base[channel[:, None], np.ravel_multi_index(site, source_grid)]
    rows = out[:, None] * points + np.arange(points)
    entries = np.broadcast_to(data[:, None], rows.shape).ravel(), (rows.ravel(), columns.ravel())
    weights = sparse.csr_array(entries, shape=(conv.channels * points, width))
    weights.indices, weights.indptr = weights.indices.astype(np.int32), weights.indptr.astype(np.int32)
    return Layer(weights, np.repeat(conv.bias, points), conv.activation)
