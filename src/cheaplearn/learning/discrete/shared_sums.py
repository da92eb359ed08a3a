"""Sums of monomials that many families have in common, and couplings of one family as those of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .terms import Terms

__all__ = ["SharedSums", "embedded"]


@dataclass(frozen=True, eq=False)
class SharedSums:
    """Sums of all monomials of a family over some samples.

    Args:
        terms: The family.
        sums: Shape (couplings,).
    """

    terms: Terms
    sums: np.ndarray

    def of(self, terms: Terms) -> np.ndarray:
        """Returns the sums of a family that is a part of it.

        Args:
            terms: The part.

        Returns:
            Shape (couplings,).

        Raises:
            ValueError: If a monomial is not among those summed.
        """
        place = _places(self.terms, terms)
        if np.any(place < 0):
            message = "the sums of a larger family hold those of its parts only"
            raise ValueError(message)
        return self.sums[place]


def embedded(theta: np.ndarray, terms: Terms, into: Terms) -> np.ndarray:
    """Couplings of one family as those of another.

    Args:
        theta: Couplings of `terms`.
        terms: A family.
        into: Another one over the same sites.

    Returns:
        Couplings of `into`, zero where `terms` has none.
    """
    place = _places(terms, into)
    return np.where(place >= 0, theta[place], 0.0) if len(theta) else np.zeros(len(into))


def _places(whole: Terms, part: Terms) -> np.ndarray:
    """Returns where the monomials of one family stand in another, -1 for nowhere."""
    place = np.full(len(part), -1)
    first_whole = first_part = 0
    n_atoms = len(whole.site_of_atom)
    for degree, wanted in enumerate(part.monomials.sites):
        there = whole.monomials.sites[degree] if degree < whole.monomials.order else wanted[:0]
        if len(there) and len(wanted):
            keys, own = _keys(there, n_atoms), _keys(wanted, n_atoms)
            order = np.argsort(keys, kind="stable")
            found = order[np.minimum(np.searchsorted(keys, own, sorter=order), len(keys) - 1)]
            place[first_part : first_part + len(wanted)] = np.where(keys[found] == own, first_whole + found, -1)
        first_whole += len(there)
        first_part += len(wanted)
    return place


def _keys(monomials: np.ndarray, n_atoms: int) -> np.ndarray:
    """Returns one number (or, beyond 62 bits, one string of bytes) for each monomial."""
    if float(n_atoms) ** monomials.shape[1] < 2**62:
        return monomials @ (n_atoms ** np.arange(monomials.shape[1] - 1, -1, -1, dtype=np.int64))
    return np.ascontiguousarray(monomials.astype(">i4")).view(np.dtype((np.void, 4 * monomials.shape[1]))).ravel()
