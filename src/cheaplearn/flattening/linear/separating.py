"""Separates a matrix into low rank and sparse: exactly where it was made so, else within an error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from .rank import two_factors

__all__ = ["Separation", "separated_exactly", "separated_within"]

_ITERATIONS = 60
_GROWTH = 1.6  # of the penalty of the augmented Lagrangian
_PATIENCE = 15  # iterations after which the parts must be cheaper than the matrix
_STOP = 1e-7
_SUPPORT = 1e-6  # of the largest entry: what counts as sparse part before it is polished
_DUST = 1e-11  # and after
_POLISH = 300


@dataclass(frozen=True)
class Separation:
    """A = left @ right + sparse, up to the error asked for.

    Args:
        left: Shape (m, k).
        right: Shape (k, n).
        sparse: Shape (m, n).
    """

    left: np.ndarray
    right: np.ndarray
    sparse: np.ndarray

    @property
    def rank(self) -> int:
        """Rank of the low part."""
        return self.left.shape[1]

    @property
    def synapses(self) -> int:
        """Non-zeros with an identity block, before copies."""
        return _cost(self.rank, self.sparse.shape) + int(np.count_nonzero(self.sparse))

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Two factors of a strict chain; one of them copies the inputs or outputs of the sparse part.

        Returns:
            [left, sparse] and [right; identity], or [left, identity] and [right; sparse]: the one of fewer copies.
        """
        left, right = two_factors(self.left, self.right, True)
        rows, columns = np.any(self.sparse, axis=1), np.any(self.sparse, axis=0)
        if columns.sum() <= rows.sum():
            copied = np.eye(len(columns))[columns]
            return np.hstack([left, self.sparse[:, columns]]), np.vstack([right, copied])
        return np.hstack([left, np.eye(len(rows))[:, rows]]), np.vstack([right, self.sparse[rows]])


def separated_exactly(A: np.ndarray) -> Separation | None:
    """Principal component pursuit, then alternating projections on the rank and the support that it found.

    Args:
        A: Shape (m, n).

    Returns:
        The parts; None if they are not cheaper than A.

    Source: Candes, Li, Ma & Wright (2011); augmented Lagrangian: Lin, Chen & Ma (2010).
    """
    found = _pursuit(A)
    if found is None:
        return None
    rank, sparse_part = found
    support = np.abs(sparse_part) > _SUPPORT * np.abs(A).max()
    left, right = _top(A - sparse_part, rank)
    for _ in range(3):
        left, right = _completed(A, support, left, right)
        rest = A - left @ right
        now = np.abs(rest) > _DUST * np.abs(A).max()
        if np.array_equal(now, support):
            break
        support = now
    return Separation(left, right, np.where(support, A - left @ right, 0))


def separated_within(A: np.ndarray, rank: int, error: float, rounds: int = 4) -> Separation:
    """Keeps a part of given rank and the fewest largest entries of the rest.

    Args:
        A: Shape (m, n).
        rank: Of the low part.
        error: Relative Frobenius error allowed.
        rounds: Alternations between the two parts.

    Returns:
        The cheapest of the rounds.

    Source: Zhou & Tao (2011), GoDec.
    """
    best, sparse_part = None, np.zeros_like(A)
    budget = (error * float(np.linalg.norm(A))) ** 2
    for _ in range(rounds):
        left, right = _top(A - sparse_part, rank)
        rest = A - left @ right
        sparse_part = largest_entries(rest, budget)
        found = Separation(left, right, sparse_part)
        if best is None or found.synapses < best.synapses:
            best = found
    assert best is not None
    return best


def largest_entries(rest: np.ndarray, budget: float) -> np.ndarray:
    """The fewest entries without which the sum of squares is at most `budget`.

    Args:
        rest: Any matrix.
        budget: Squared Frobenius error allowed.

    Returns:
        The matrix with all other entries 0.
    """
    sizes = np.abs(rest).ravel()
    order = np.argsort(sizes)
    dropped = order[: np.searchsorted(np.cumsum(sizes[order] ** 2), budget, side="right")]
    kept = rest.copy().ravel()
    kept[dropped] = 0
    return kept.reshape(rest.shape)


def _cost(rank: int, shape: tuple[int, ...]) -> int:
    return rank * sum(shape) - rank * rank + rank


def _pursuit(A: np.ndarray) -> tuple[int, np.ndarray] | None:
    """Rank of the low part and the sparse part, to about seven digits; None if they do not get cheaper than A."""
    scale = float(np.linalg.norm(A))
    weight, top = max(A.shape) ** -0.5, float(np.linalg.norm(A, 2))
    multiplier = A / max(top, float(np.abs(A).max()) / weight)
    penalty, sparse_part = 1.25 / top, np.zeros_like(A)
    for step in range(_ITERATIONS):
        low, rank = _shrunk_rank(A - sparse_part + multiplier / penalty, 1 / penalty)
        sparse_part = _shrunk(A - low + multiplier / penalty, weight / penalty)
        rest = A - low - sparse_part
        multiplier = multiplier + penalty * rest
        penalty *= _GROWTH
        cheap = _cost(rank, A.shape) + np.count_nonzero(sparse_part) < np.count_nonzero(A)
        if step >= _PATIENCE and not cheap:
            return None
        if np.linalg.norm(rest) <= _STOP * scale:
            break
    return (rank, sparse_part) if rank and cheap else None


def _shrunk(X: np.ndarray, threshold: float) -> np.ndarray:
    sizes = np.abs(X)
    return X * (np.maximum(sizes - threshold, 0) / np.maximum(sizes, np.finfo(float).tiny))


def _shrunk_rank(X: np.ndarray, threshold: float) -> tuple[np.ndarray, int]:
    U, s, V = linalg.svd(X, full_matrices=False, check_finite=False)
    kept = int(np.count_nonzero(s > threshold))
    return (U[:, :kept] * (s[:kept] - threshold)) @ V[:kept], kept


def _top(X: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    U, s, V = linalg.svd(X, full_matrices=False, check_finite=False)
    return U[:, :rank] * s[:rank], V[:rank]


def _completed(
    A: np.ndarray, support: np.ndarray, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fits the rank to A outside of the support: the entries there are filled in by the present fit."""
    scale = float(np.abs(A).max())
    for _ in range(_POLISH):
        before = left @ right
        filled = np.where(support, before, A)
        Q, _ = linalg.qr(filled @ right.conj().T, mode="economic", check_finite=False)
        left, right = Q, Q.conj().T @ filled
        if np.abs(left @ right - before).max() <= 1e-15 * scale:
            break
    return left, right
