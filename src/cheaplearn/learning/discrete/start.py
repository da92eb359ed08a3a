"""Simple models that need no solver: independent sites, and the couplings to start from."""

from __future__ import annotations

import numpy as np

from .terms import Terms

__all__ = ["independent_couplings", "site_frequencies", "smoothed_frequencies", "state_weights"]


def site_frequencies(codes: np.ndarray, weight: np.ndarray, sizes: np.ndarray, smoothing: float) -> list[np.ndarray]:
    """Frequencies of the states of each site.

    Args:
        codes: Shape (samples, n).
        weight: Sample weights, shape (samples,).
        sizes: States of each site, shape (n,).
        smoothing: Weight added to each site, spread evenly over its states.

    Returns:
        For each site its frequencies, shape (q,), all positive if `smoothing` is.
    """
    return smoothed_frequencies(state_weights(codes, weight, sizes), smoothing)


def state_weights(codes: np.ndarray, weight: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    """Returns for each site the weight of each of its states, shape (q,)."""
    return [np.bincount(column, weight, q) for column, q in zip(codes.T, sizes, strict=True)]


def smoothed_frequencies(counts: list[np.ndarray], smoothing: float) -> list[np.ndarray]:
    """Returns the frequencies of states of such weights, `smoothing` added to each site."""
    return [(count + smoothing / len(count)) / (count.sum() + smoothing) for count in counts]


def independent_couplings(terms: Terms, frequencies: list[np.ndarray]) -> np.ndarray:
    """Couplings of the independent model with given frequencies.

    Args:
        terms: The family; sites without a field of their own stay uniform.
        frequencies: Of the states of each site, positive.

    Returns:
        Fields that reproduce the frequencies, and zeros for all products, shape (couplings,).
    """
    theta = np.zeros(len(terms))
    if terms.kind == "category":
        for first, (sets, *shape) in terms.tables:
            if len(shape) == 1:
                sites = terms.site_of_atom[terms.monomials.sites[0][first : first + sets * shape[0], 0]]
                fields = np.concatenate([-np.log(frequencies[site]) for site in sites[:: shape[0]]])
                theta[first : first + len(fields)] = fields
        return terms.projected(theta)
    odds = np.array([np.log(p[0] / p[1]) if len(p) == 2 else 0.0 for p in frequencies])
    sites = terms.monomials.sites[0][:, 0]
    theta[: len(sites)] = odds[sites] / (2 if terms.kind == "spin" else 1)
    return theta
