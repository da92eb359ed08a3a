"""Chi-square tests of linear relations between couplings that carry errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import linalg, sparse, stats

from .source import Energies, Key

__all__ = ["aligned_covariance", "dense_covariance", "linear_test"]

_SAME = 1e-9  # relative size below which a combination of couplings has no noise


def aligned_covariance(energies: Energies, terms: tuple[Key, ...]) -> np.ndarray:
    """Orders the covariance of the couplings as wanted.

    Args:
        energies: With errors.
        terms: Output and monomial of each coupling; those without an error are known exactly.

    Returns:
        Shape (terms,) if errors are independent, else (terms, terms).
    """
    assert energies.covariance is not None
    place: Mapping[Key, int] = {key: i for i, key in enumerate(energies.keys)}
    found = [(i, place[key]) for i, key in enumerate(terms) if key in place]
    here, there = np.array(found, dtype=np.int64).reshape(-1, 2).T
    if energies.covariance.ndim == 1:
        variances = np.zeros(len(terms))
        variances[here] = energies.covariance[there]
        return variances
    covariance = np.zeros((len(terms),) * 2)
    covariance[np.ix_(here, here)] = energies.covariance[np.ix_(there, there)]
    return covariance


def dense_covariance(covariance: np.ndarray) -> np.ndarray:
    """Returns a matrix F with F F' = covariance.

    Args:
        covariance: Shape (terms,) or (terms, terms).

    Returns:
        Shape (terms, terms).
    """
    if covariance.ndim == 1:
        return np.diag(np.sqrt(covariance))
    values, vectors = linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def linear_test(D: Any, couplings: np.ndarray, covariance: np.ndarray) -> tuple[float, float, float]:
    """Tests whether D theta = 0.

    Args:
        D: Relations, sparse or dense, shape (relations, terms).
        couplings: Estimated theta, shape (terms,).
        covariance: Shape (terms,) or (terms, terms).

    Returns:
        Size of D theta (root of the sum of squares), the size expected from noise alone, and the p-value (chi-square
        with as many degrees of freedom as relations have independent noise; 0 if a noise-free one is violated).
    """
    D = sparse.csr_array(D)
    residual = np.asarray(D @ couplings)
    size = float(np.linalg.norm(residual))
    factor = dense_covariance(covariance)
    spread = D @ factor
    expected = float(np.sqrt(np.sum(spread**2)))
    u, s, _ = linalg.svd(spread, full_matrices=False, check_finite=False)
    kept = s > _SAME * s.max(initial=0.0)
    inside = u[:, kept].T @ residual
    outside = residual - u[:, kept] @ inside
    if np.linalg.norm(outside) > _SAME * max(float(np.abs(couplings).max(initial=0.0)), 1e-300):
        return size, expected, 0.0
    if not kept.any():
        return size, expected, 1.0
    return size, expected, float(stats.chi2.sf(float(np.sum((inside / s[kept]) ** 2)), int(kept.sum())))
