"""Affine layers in ONNX: dense matrix products, or sums over the non-zero weights only.

Both keep to the rounding model of the certificates: each product is rounded once (or fused into its sum), and the
products and the bias are added in some order.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .network import Layer, Network
from .onnx_nodes import Nodes

__all__ = ["DenseLayers", "SparseLayers", "dense_bytes", "sparse_bytes"]

_BLOCK = 2**12  # weights gathered at a time: 16 MiB of products for 1000 samples in float32
_INDEX_BYTES = 4


class DenseLayers:
    """Values of shape (samples, units); one matrix per layer and source that it reads.

    Args:
        nodes: The graph.
        net: The network.
    """

    def __init__(self, nodes: Nodes, net: Network) -> None:
        self.nodes = nodes
        self.sources = [(nodes.widened("x"), len(net.variables))]

    def affine(self, k: int, layer: Layer, name: str) -> str:
        """Adds ``weights @ sources + bias``."""
        weights = layer.weights.toarray()
        terms, start = [], 0
        for source, width in self.sources:
            block = weights[:, start : start + width]
            start += width
            if np.any(block):
                terms.append(self._product(k, source, block, name))
        if not terms:  # a constant function still needs one row per sample
            source, width = self.sources[0]
            terms.append(self._product(k, source, weights[:, :width], name))
        total = terms[0]
        for i, term in enumerate(terms[1:]):
            total = self.nodes.node("Add", [total, term], f"{name}_sum{i}")
        return self.nodes.node("Add", [total, self.nodes.numbers(f"b{k}", layer.bias)], name)

    def append(self, name: str, units: int) -> None:
        """Lets later layers read these units."""
        self.sources.append((name, units))

    def leave(self, name: str) -> str:
        """Gives the output as (samples, outputs)."""
        return name

    def _product(self, k: int, source: str, block: np.ndarray, name: str) -> str:
        matrix = self.nodes.numbers(f"W{k}_{source}", block.T)
        return self.nodes.node("MatMul", [source, matrix], f"{name}_from_{source}")


class SparseLayers:
    """Values of shape (units, samples); rows of like length are gathered, weighted and added together.

    A row of n weights is padded with zero weights by at most a third; what is gathered at a time is bounded, so that
    memory grows with the units, not with the synapses. Model size: about 8 bytes a synapse in float32.

    Args:
        nodes: The graph.
        net: The network, with one input or more.
    """

    def __init__(self, nodes: Nodes, net: Network) -> None:
        self.nodes = nodes
        inputs = nodes.node("Transpose", [nodes.widened("x")], "x_rows", perm=[1, 0])
        self.sources = [(inputs, len(net.variables))]

    def affine(self, k: int, layer: Layer, name: str) -> str:
        """Adds ``weights @ sources + bias``."""
        weights = layer.weights.copy()
        weights.eliminate_zeros()
        source, weights = self._used(weights, name)
        total = self._row_sums(source, weights, f"{name}_sum", weighted=True)
        return self.nodes.node("Add", [total, self.nodes.numbers(f"b{k}", layer.bias[:, None])], name)

    def append(self, name: str, units: int) -> None:
        """Lets later layers read these units."""
        self.sources.append((name, units))

    def leave(self, name: str) -> str:
        """Gives the output as (samples, outputs)."""
        return self.nodes.node("Transpose", [name], f"{name}_columns", perm=[1, 0])

    def _used(self, weights: sparse.csr_array, name: str) -> tuple[str, sparse.csr_array]:
        """Joins the sources that a layer reads; gives its weights over their rows."""
        starts = np.cumsum([0, *(width for _, width in self.sources)])
        owners = np.searchsorted(starts, weights.indices, side="right") - 1
        used = np.unique(owners) if len(owners) else np.array([0])
        shift = np.zeros(len(self.sources), dtype=np.int64)
        widths = np.array([self.sources[i][1] for i in used])
        shift[used] = np.cumsum([0, *widths[:-1]]) - starts[used]
        indices = weights.indices + shift[owners]
        moved = sparse.csr_array((weights.data, indices, weights.indptr), shape=(weights.shape[0], int(widths.sum())))
        names = [self.sources[i][0] for i in used]
        return (names[0] if len(names) == 1 else self.nodes.node("Concat", names, f"{name}_sources", axis=0)), moved

    def _row_sums(self, source: str, rows: sparse.csr_array, name: str, *, weighted: bool) -> str:
        """Adds up each row of a sparse matrix times `source`; without weights they are all 1."""
        pieces = _pieces(rows.indptr)
        groups = _groups(pieces[:, 1] - pieces[:, 0])
        parts = [
            self._block(source, rows, pieces[members], width, f"{name}{i}", weighted)
            for i, (members, width) in enumerate(groups)
        ]
        joined = parts[0] if len(parts) == 1 else self.nodes.node("Concat", parts, f"{name}_parts", axis=0)
        place = np.empty(len(pieces), dtype=np.int32)
        place[np.concatenate([members for members, _ in groups])] = np.arange(len(pieces), dtype=np.int32)
        if len(pieces) == rows.shape[0]:
            if np.all(place[1:] > place[:-1]):
                return joined
            return self.nodes.node("Gather", [joined, self.nodes.constant(f"{name}_order", place)], name, axis=0)
        owners = pieces[:, 2]
        starts = np.searchsorted(owners, np.arange(rows.shape[0] + 1))
        again = sparse.csr_array((np.ones(len(pieces), np.int8), place, starts), shape=(rows.shape[0], len(pieces)))
        return self._row_sums(joined, again, f"{name}_pieces", weighted=False)

    def _block(
        self, source: str, rows: sparse.csr_array, pieces: np.ndarray, width: int, name: str, weighted: bool
    ) -> str:
        """Adds up pieces of rows of at most `width` terms each."""
        positions = pieces[:, :1] + np.arange(width)
        inside = positions < pieces[:, 1:2]
        positions = np.where(inside, positions, 0)
        padded = not np.all(inside)
        indices = np.where(inside, rows.indices[positions] if rows.nnz else 0, 0).astype(np.int32)
        if width == 1:
            indices = indices[:, 0]
        value = self.nodes.node(
            "Gather", [source, self.nodes.constant(f"{name}_index", indices)], f"{name}_read", axis=0
        )
        if weighted or padded:
            data = np.where(inside, rows.data[positions] if rows.nnz else 0, 0)
            data = data.reshape(*indices.shape, 1)
            value = self.nodes.node("Mul", [value, self.nodes.numbers(f"{name}_weight", data)], f"{name}_product")
        if width == 1:
            return value
        axis = "axis_1"
        if all(constant.name != axis for constant in self.nodes.constants):
            self.nodes.constant(axis, np.array([1], dtype=np.int64))
        return self.nodes.node("ReduceSum", [value, axis], f"{name}_total", keepdims=0)


def dense_bytes(net: Network) -> int:
    """Bytes of the matrices of the dense form, before blocks of zeros are left out."""
    return sum(layer.weights.shape[0] * layer.weights.shape[1] for layer in net.layers) * net.dtype.itemsize


def sparse_bytes(net: Network) -> int:
    """Bytes of weights and indices of the sparse form, without padding."""
    return net.synapses * (net.dtype.itemsize + _INDEX_BYTES)


def _pieces(indptr: np.ndarray) -> np.ndarray:
    """Cuts rows into pieces of at most _BLOCK terms: (start, stop, row), in order; an empty row is one empty piece."""
    starts, stops = indptr[:-1].astype(np.int64), indptr[1:].astype(np.int64)
    counts = np.maximum(1, -(-(stops - starts) // _BLOCK))
    owners = np.repeat(np.arange(len(starts)), counts)
    place = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = starts[owners] + place * _BLOCK
    return np.stack([first, np.minimum(first + _BLOCK, stops[owners]), owners], axis=1)


def _groups(lengths: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """Groups rows of like length, at most _BLOCK terms a group: (members, padded length)."""
    widths = _padded(np.maximum(lengths, 1))
    groups = []
    for width in np.unique(widths):
        members = np.flatnonzero(widths == width)
        each = max(1, _BLOCK // int(width))
        groups += [(members[i : i + each], int(width)) for i in range(0, len(members), each)]
    return groups


def _padded(lengths: np.ndarray) -> np.ndarray:
    """The next of 1, 2, 3, 4, 6, 8, 12, 16, 24, ..."""
    power = 2 ** np.ceil(np.log2(lengths)).astype(np.int64)
    return np.where((lengths <= power // 4 * 3) & (power >= 4), power // 4 * 3, power)
