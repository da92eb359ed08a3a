"""Covariances of monomials of spins or bits under a distribution over all states, by one transform."""

from __future__ import annotations

import numpy as np

from .terms import Terms

__all__ = ["covariance", "covariance_is_cheap"]

MOST_TERMS = 4000  # 128 MiB for the matrix


def covariance_is_cheap(terms: Terms) -> bool:
    """Whether `covariance` takes these terms."""
    return terms.kind != "category" and 0 < len(terms) <= MOST_TERMS


def covariance(terms: Terms, p: np.ndarray) -> np.ndarray:
    """Covariances of all pairs of monomials.

    A product of two monomials is a monomial again: of the sites in either (bits), or in one of the two only (spins).
    So all covariances are looked up among the means of all 2^n monomials, which one transform of p gives.

    Args:
        terms: Of spins or bits.
        p: Probability of each of the 2^n states in C order.

    Returns:
        Shape (couplings, couplings).

    Cost: n 2^n + T^2 operations.
    """
    n = terms.n_sites
    means = _means(p, n, terms.kind)
    masks = np.concatenate([(1 << (n - 1 - block)).sum(axis=1) for block in terms.monomials.sites])
    both = masks[:, None] ^ masks if terms.kind == "spin" else masks[:, None] | masks
    first = means[masks]
    return means[both] - np.outer(first, first)


def _means(p: np.ndarray, n: int, kind: str) -> np.ndarray:
    """Returns the mean of every monomial, numbered by the sites in it (site 0 is the highest bit)."""
    means = p.copy()
    for site in range(n):
        pairs = means.reshape(-1, 2, 1 << site)
        low, high = pairs[:, 0].copy(), pairs[:, 1]
        pairs[:, 0] += high
        if kind == "spin":
            high -= low
    return means
