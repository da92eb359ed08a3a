"""Butterflies: products of factors that couple p places at a fixed distance, found level by level without search.

A split into two groups of levels cuts the matrix into blocks of rank 1 that do not overlap, so that the best two
factors are one pair of singular vectors a block (Le, Zheng, Riccietti & Gribonval 2022). Both are again butterflies.
"""

from __future__ import annotations

from math import prod

import numpy as np
from scipy import sparse

from .checks import prime_factors
from .fourier import digit_reversal

__all__ = ["butterfly_factors", "candidate_orders", "split_residual"]

_DUST = 1e-14  # relative to the largest entry of a factor: what singular vectors leave of exact zeros


def butterfly_factors(A: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> list[sparse.csr_array]:
    """Fits a butterfly to A[rows][:, columns], and undoes the reordering in the outer factors.

    Args:
        A: Shape (n, n), n not prime.
        rows: A permutation of range(n).
        columns: Another one.

    Returns:
        One factor for each prime factor of n, in product order; n p non-zeros each.
    """
    n, radices = len(A), prime_factors(len(A))
    values = _levels(A[np.ix_(rows, columns)][None], radices)
    factors = [_matrix(value[0]) for value in values]
    last = factors[-1]
    factors[-1] = sparse.csr_array((last.data, columns[last.indices], last.indptr), shape=(n, n))
    factors[0] = factors[0][np.argsort(rows)]
    return factors


def candidate_orders(n: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Orders of rows and columns in which known transforms are butterflies.

    Args:
        n: Size.

    Returns:
        Name, rows, columns: as they are, and with digits reversed (as in the FFT) on either side or on both.
    """
    same, turned = np.arange(n), digit_reversal(prime_factors(n))
    return [
        ("inputs and outputs in order", same, same),
        ("inputs in reversed digits", same, turned),
        ("outputs in reversed digits", turned, same),
        ("inputs and outputs in reversed digits", turned, turned),
    ]


def split_residual(A: np.ndarray) -> float:
    """How far the blocks of the first split are from rank 1.

    Args:
        A: Shape (n, n), n not prime.

    Returns:
        Relative Frobenius error of the best two factors: no butterfly in this order has a smaller one. Rounding
        leaves up to 1e-7 where it should be 0.
    """
    p, q = _split(prime_factors(len(A)))
    total = float(np.linalg.norm(A)) ** 2
    largest = np.linalg.svd(_blocks(A[None], prod(p), prod(q)), compute_uv=False)[..., 0]
    return max(0.0, 1 - float(np.sum(largest**2)) / total) ** 0.5 if total else 0.0


def _split(radices: list[int]) -> tuple[list[int], list[int]]:
    middle = len(radices) // 2
    return radices[:middle], radices[middle:]


def _blocks(A: np.ndarray, p: int, q: int) -> np.ndarray:
    """Blocks that one unit between the two factors has to explain: (matrices, p, q, p rows, q columns)."""
    return A.reshape(len(A), p, q, p, q).transpose(0, 3, 2, 1, 4)


def _levels(A: np.ndarray, radices: list[int]) -> list[np.ndarray]:
    """Factors of a stack of matrices; each is (matrices, blocks, p rows, p columns, distance)."""
    if len(radices) == 1:
        return [A[:, None, :, :, None]]
    outer, inner = _split(radices)
    p, q = prod(outer), prod(inner)
    left, right = _rank_one(_blocks(A, p, q))  # (matrices, a, b, p) and (matrices, a, b, q)
    lefts = _levels(left.transpose(0, 2, 3, 1).reshape(-1, p, p), outer)
    rights = _levels(right.reshape(-1, q, q), inner)
    return [_apart(value, len(A), q) for value in lefts] + [_beside(value, len(A), p) for value in rights]


def _rank_one(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    U, s, V = np.linalg.svd(blocks, full_matrices=False)
    root = np.sqrt(s[..., :1])
    return U[..., 0] * root, V[..., 0, :] * root


def _apart(value: np.ndarray, matrices: int, q: int) -> np.ndarray:
    """A factor of each of q interleaved matrices: the distance grows by q."""
    _, blocks, p, _, distance = value.shape
    split = value.reshape(matrices, q, blocks, p, p, distance)
    return split.transpose(0, 2, 3, 4, 5, 1).reshape(matrices, blocks, p, p, distance * q)


def _beside(value: np.ndarray, matrices: int, count: int) -> np.ndarray:
    """A factor of each of `count` matrices that stand one after the other."""
    _, blocks, p, _, distance = value.shape
    return value.reshape(matrices, count * blocks, p, p, distance)


def _matrix(value: np.ndarray) -> sparse.csr_array:
    blocks, p, _, distance = value.shape
    value = np.where(np.abs(value) > _DUST * np.abs(value).max(initial=0), value, 0)
    b, i, j, d = (axis.ravel() for axis in np.indices(value.shape))
    n = blocks * p * distance
    return sparse.csr_array((value.ravel(), ((b * p + i) * distance + d, (b * p + j) * distance + d)), shape=(n, n))
