"""Matrices of low rank as two factors."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from .chains import FactorChain
from .checks import checked_level, checked_matrix

__all__ = ["low_rank", "numerical_rank", "two_factors"]


def low_rank(A: Any, k: int | None = None, identity_block: bool = False) -> FactorChain:
    """The best approximation of rank k as a product of two matrices.

    Args:
        A: Shape (m, n).
        k: Rank; None for the numerical rank of A.
        identity_block: Let k rows or columns of the matrix pass unchanged, which saves k^2 - k synapses.

    Returns:
        The chain; its reference is A, so that `error()` is what the rank leaves out.

    Cost: k (m + n), 2 n k for a square matrix; with an identity block k (m + n) - k^2 + k.
    Guarantee: the Frobenius error is the least that rank k allows (Eckart & Young 1936), up to rounding.
    Source: identity block: interpolative decomposition, pivots by QR with column pivoting.
    """
    A = checked_matrix(A, "low_rank")
    U, s, V = linalg.svd(A, full_matrices=False)
    k = numerical_rank(s, A.shape) if k is None else checked_level(k, "low_rank", min(A.shape), "k")
    left, right = two_factors(U[:, :k] * s[:k], V[:k], identity_block)
    return FactorChain((left, right), f"rank {k}", lambda: A, int(np.count_nonzero(A)))


def numerical_rank(singular_values: np.ndarray, shape: tuple[int, int]) -> int:
    """Singular values that rounding does not explain.

    Args:
        singular_values: Descending.
        shape: Of the matrix.

    Returns:
        The rank, at least 1.
    """
    floor = singular_values[0] * max(shape) * np.finfo(np.float64).eps
    return max(1, int(np.count_nonzero(singular_values > floor)))


def two_factors(left: np.ndarray, right: np.ndarray, identity_block: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rewrites left @ right so that k rows of the left or k columns of the right factor are the identity.

    Args:
        left: Shape (m, k).
        right: Shape (k, n).
        identity_block: Else the factors are given as they are.

    Returns:
        Both factors. The longer side gets the block, the left one if both are equal: its rows are outputs that copy a
        hidden unit, which skips save.
    """
    k = left.shape[1]
    if not identity_block or not k:
        return left, right
    if len(left) >= right.shape[1]:
        rest, block = _identity_columns(right.T, left.T)
        return block.T, rest.T
    return _identity_columns(left, right)


def _identity_columns(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Moves k columns of the right factor into the left one, so that they become the identity."""
    k = left.shape[1]
    _, R, pivots = linalg.qr(right, mode="economic", pivoting=True)
    rest = linalg.solve_triangular(R[:, :k], R[:, k:])
    block = np.zeros((k, right.shape[1]), rest.dtype)
    block[:, pivots[:k]] = np.eye(k)
    block[:, pivots[k:]] = rest
    return left @ right[:, pivots[:k]], block
