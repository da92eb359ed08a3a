"""Null spaces in float64: of couplings known to rounding, and of couplings with statistical errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse, stats

from .action import Action
from .noise import dense_covariance

__all__ = ["NullSpace", "noisy_null_space", "rounded_null_space"]

_CHUNK = 4096  # rows that are made dense at once
_GAP = 30.0  # between the largest singular value called zero and the next
_SWEEPS = 4  # of reweighting
_MOST = 60  # dimensions that are tried with statistical errors


@dataclass(frozen=True)
class NullSpace:
    """Directions whose residual is zero, as far as the couplings are known.

    Args:
        basis: Orthonormal, shape (dimension, unknowns).
        gap: Smallest singular value that is not zero over the largest one that is; inf without either.
        clear: Whether the decision is: a gap wide enough.
        p_value: Of the hypothesis that all of them are symmetries; 1 where errors are those of rounding.
    """

    basis: np.ndarray
    gap: float
    clear: bool
    p_value: float = 1.0


def rounded_null_space(action: Action, tolerance: float) -> NullSpace:
    """Finds directions whose residual is at most rounding.

    Args:
        action: The system.
        tolerance: Largest singular value that counts as zero, relative to the largest, after each row was divided by
            the largest coupling it is made of (`Action.scales`).

    Returns:
        The null space. A direction counts only below the tolerance; where no gap of a factor of 30 separates those
        below from the rest, `clear` is False.

    Cost: QR of the rows in chunks and an SVD of size unknowns.
    """
    scales = np.where(action.scales > 0, action.scales, 1.0)
    values, vectors = _right_singular(sparse.diags_array(1 / scales) @ action.matrix, action.n_unknowns)
    relative = values / (values.max(initial=0.0) or 1.0)
    dimension = int(np.sum(relative <= tolerance))
    return _cut(relative, vectors, dimension, floor=tolerance * 1e-3)


def noisy_null_space(action: Action, covariance: np.ndarray, alpha: float) -> NullSpace:
    """Finds the largest space of directions whose residual is within the errors of the couplings.

    Rows are whitened by the standard deviation they have for the directions at hand (reweighted a few times); the rank
    is tested by the statistic of Kleibergen and Paap, from the largest dimension that could be down to 0.

    Args:
        action: The system.
        covariance: Of the couplings, shape (terms,) or (terms, terms).
        alpha: Level of each test.

    Returns:
        The null space and its p-value.

    Source: Kleibergen & Paap, Generalized reduced rank tests using the singular value decomposition, Journal of
        Econometrics 133, 97 (2006).
    """
    n = action.n_unknowns
    covariance = np.asarray(covariance)
    typical = _row_deviations(action, covariance, np.eye(n)) if n else np.zeros(0)
    values, vectors = _whitened(action, typical)
    reach = float(np.sqrt(max(len(action.terms), 1)))
    first = min(int(np.sum(values <= 10 * reach)), n, _MOST)
    for dimension in range(first, 0, -1):
        basis, values = vectors[-dimension:], np.zeros(0)
        for _ in range(_SWEEPS):
            values, found = _whitened(action, _row_deviations(action, covariance, basis))
            basis = found[-dimension:]
        p_value = _rank_test(action, covariance, basis, values)
        if p_value >= alpha:
            last, before = values[-dimension], values[-dimension - 1] if dimension < n else np.inf
            gap = float(before / last) if last > 0 else np.inf
            return NullSpace(basis, gap, bool(before > 2 * reach), p_value)
    return NullSpace(np.zeros((0, n)), np.inf, clear=True)


def _cut(relative: np.ndarray, vectors: np.ndarray, dimension: int, floor: float) -> NullSpace:
    n = len(relative)
    if dimension == 0:
        return NullSpace(np.zeros((0, vectors.shape[1])), np.inf, clear=True)
    last = max(float(relative[n - dimension]), floor * 1e-6)
    before = float(relative[n - dimension - 1]) if dimension < n else np.inf
    return NullSpace(vectors[n - dimension :], before / last, before / last >= _GAP)


def _right_singular(matrix: sparse.csr_array, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns all n singular values, descending, and the right singular vectors as rows."""
    triangle = np.zeros((0, n))
    for start in range(0, matrix.shape[0], _CHUNK):
        stacked = np.vstack([triangle, matrix[start : start + _CHUNK].toarray()])
        triangle = linalg.qr(stacked, mode="r", check_finite=False)[0][:n] if len(stacked) > n else stacked
    _, values, vectors = linalg.svd(triangle, full_matrices=True, check_finite=False)
    return np.concatenate([values, np.zeros(n - len(values))]), vectors


def _whitened(action: Action, deviations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = deviations > 0
    # a row without noise must vanish: it is weighed as if its error were far below all others
    smallest = deviations[known].min(initial=np.inf)
    floor = 1e-3 * smallest if np.isfinite(smallest) else 1.0
    return _right_singular(
        sparse.diags_array(1 / np.where(known, deviations, floor)) @ action.matrix, action.n_unknowns
    )


def _row_deviations(action: Action, covariance: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Root mean square over the basis of the standard deviation of each row of the residual."""
    variances = np.zeros(len(action.rows))
    for m in basis:
        B = action.of_generator(m)
        if covariance.ndim == 1:
            variances += B.power(2) @ covariance
        else:
            variances += np.asarray((B @ covariance) * B.toarray()).sum(axis=1)
    return np.sqrt(variances / max(len(basis), 1))


def _rank_test(action: Action, covariance: np.ndarray, basis: np.ndarray, values: np.ndarray) -> float:
    """P-value of the hypothesis that the residual of every direction in `basis` is zero."""
    R = action.matrix
    deviations = _row_deviations(action, covariance, basis)
    known = deviations > 0
    noise_free = np.abs(R[np.flatnonzero(~known)] @ basis.T)
    if noise_free.size and noise_free.max() > 1e-6 * np.abs(action.couplings).max():
        return 0.0
    rows = np.flatnonzero(known)
    W = sparse.diags_array(1 / deviations[rows]) @ R[rows]
    # U2: the directions of residuals that no change of the basis vectors can reach
    complement = linalg.null_space(basis)
    reach = W @ complement
    left, sizes, _ = linalg.svd(reach, full_matrices=True, check_finite=False)
    rank = int(np.sum(sizes > 1e-9 * sizes.max(initial=0.0)))
    U2 = left[:, rank:]
    residual = np.concatenate([U2.T @ (W @ m) for m in basis])
    factor = dense_covariance(covariance)
    spread = np.vstack([U2.T @ (action.of_generator(m)[rows] @ factor / deviations[rows, None]) for m in basis])
    # directions whose noise is of second order (an error of the basis times an error of the couplings) do not count
    blur = 3 / max(float(values[len(values) - len(basis) - 1]), 3.0) if len(basis) < len(values) else 0.0
    u, s, _ = linalg.svd(spread, full_matrices=False, check_finite=False)
    kept = s > max(1e-8, min(blur, 0.2)) * s.max(initial=0.0)
    if not kept.any():
        return 1.0
    statistic = float(np.sum((u[:, kept].T @ residual / s[kept]) ** 2))
    return float(stats.chi2.sf(statistic, int(kept.sum())))
