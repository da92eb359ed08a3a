"""Strassen's matrix multiplication as a chain: the linear map B -> A B of a fixed matrix A."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from .chains import FactorChain
from .checks import checked_level, checked_matrix, checked_size

__all__ = ["strassen"]

# Products p = 0 .. 6 of Strassen (1969). Columns: blocks 11, 12, 21, 22.
_OF_A = np.array([[1, 0, 0, 1], [0, 0, 1, 1], [1, 0, 0, 0], [0, 0, 0, 1], [1, 1, 0, 0], [-1, 0, 1, 0], [0, 1, 0, -1]])
_OF_B = np.array([[1, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, -1], [-1, 0, 1, 0], [0, 0, 0, 1], [1, 1, 0, 0], [0, 0, 1, 1]])
_TO_C = np.array([
    [1, 0, 0, 1, -1, 0, 1],
    [0, 0, 1, 0, 1, 0, 0],
    [0, 1, 0, 1, 0, 0, 0],
    [1, -1, 1, 0, 0, 1, 0],
])


def strassen(A: Any, levels: int | None = None, columns: int | None = None) -> FactorChain:
    """The map from all entries of B to those of A B, A fixed, with 7 block products instead of 8 on each level.

    Args:
        A: Shape (m, n).
        levels: Depth of the recursion; None for the number that takes the fewest synapses for a full A. What is left
            are dense products of blocks.
        columns: Columns of B; None for m.

    Returns:
        The chain on B.ravel() (row by row); sizes are padded with zeros to multiples of 2^levels, whose inputs and
        outputs are left out.

    Cost: s(n) = 7 s(n / 2) + 6 n^2 synapses on a level, copies of blocks included; n^3 for a dense leaf. See
        `strassen_synapses` and `strassen_crossover`.
    Source: Strassen (1969).
    """
    A = checked_matrix(A, "strassen")
    columns = checked_size(A.shape[0] if columns is None else columns, "strassen", "columns")
    sizes = (*A.shape, columns)
    most = (max(sizes) - 1).bit_length()
    depth = _best_levels(sizes, most) if levels is None else checked_level(levels, "strassen", most)
    factors = _factors(A, columns, depth)
    target = partial(_dense, A, columns)
    name = f"strassen, {depth} level{'s' if depth != 1 else ''}"
    return FactorChain(tuple(factors), name, target, int(np.count_nonzero(A)) * columns).without_idle_units()


def _best_levels(sizes: tuple[int, ...], most: int) -> int:
    return min(range(most + 1), key=lambda levels: _synapses(sizes, levels))


def _synapses(sizes: tuple[int, ...], levels: int) -> int:
    """Of a full matrix A, before what belongs to padding is left out."""
    m, n, c = (-(-size // 2**levels) for size in sizes)
    passes = 12 * sum(7**j * 4 ** (levels - 1 - j) for j in range(levels))
    return 7**levels * m * n * c + passes * (n * c + m * c)


def _factors(A: np.ndarray, columns: int, levels: int) -> list[sparse.csr_array]:
    step = 1 << levels
    m, n, c = (-(-size // step) for size in (*A.shape, columns))
    padded = np.zeros((m * step, n * step), A.dtype)
    padded[: A.shape[0], : A.shape[1]] = A
    blocks = padded[None]  # (products, rows, columns)
    for _ in range(levels):
        blocks = np.einsum("pq,bqij->bpij", _OF_A, _quarters(blocks)).reshape(-1, *_halved(blocks))
    spread = [_spread(_OF_B, 7**j, (n * c) << 2 * (levels - 1 - j)) for j in range(levels)]
    gather = [_spread(_TO_C, 7**j, (m * c) << 2 * (levels - 1 - j)) for j in range(levels)]
    leaves = sparse.block_diag([sparse.kron(block, sparse.eye_array(c)) for block in blocks], format="csr")
    chain = [sparse.csr_array(factor) for factor in (*gather, leaves, *reversed(spread))]
    inputs = _kept(_block_order(n, c, levels), (A.shape[1], columns))
    outputs = _kept(_block_order(m, c, levels), (A.shape[0], columns))
    chain[0] = chain[0][outputs]
    chain[-1] = chain[-1].tocsc()[:, inputs].tocsr()
    return chain


def _quarters(blocks: np.ndarray) -> np.ndarray:
    """Blocks 11, 12, 21, 22 of each matrix: shape (matrices, 4, rows / 2, columns / 2)."""
    b, rows, columns = blocks.shape
    split = blocks.reshape(b, 2, rows // 2, 2, columns // 2)
    return split.transpose(0, 1, 3, 2, 4).reshape(b, 4, rows // 2, columns // 2)


def _halved(blocks: np.ndarray) -> tuple[int, int]:
    return blocks.shape[1] // 2, blocks.shape[2] // 2


def _spread(pattern: np.ndarray, matrices: int, size: int) -> sparse.coo_array:
    """Acts on each of several matrices, stored block by block, `size` entries a block."""
    one = sparse.kron(pattern.astype(float), sparse.eye_array(size))
    return sparse.kron(sparse.eye_array(matrices), one)


def _block_order(rows: int, columns: int, levels: int) -> np.ndarray:
    """Place of each entry of the whole matrix when it is stored quarter by quarter, down to rows x columns leaves."""
    order = np.arange(rows * columns).reshape(rows, columns)
    for _ in range(levels):
        size = order.size
        order = np.block([[order, order + size], [order + 2 * size, order + 3 * size]])
    return order


def _kept(order: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return order[: shape[0], : shape[1]].ravel()


def _dense(A: np.ndarray, columns: int) -> np.ndarray:
    return np.kron(A, np.eye(columns))
