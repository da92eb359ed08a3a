"""Sums of terms over orbits, block by block of whole orbits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ..hamiltonian.features import monomial_values

__all__ = ["OrbitBlock", "orbit_blocks"]

TERMS_AT_ONCE = 1024


@dataclass(frozen=True)
class OrbitBlock:
    """Whole orbits of terms of one degree, their couplings independent a priori.

    Args:
        index: Position of each term among those of its degree, shape (terms,).
        sites: Variables of each term, shape (terms, degree).
        expand: Couplings of terms from weights of orbits: signs over sqrt(terms of the orbit), shape (terms, orbits).
    """

    index: np.ndarray
    sites: np.ndarray
    expand: csr_array

    def whitened(self, t: np.ndarray) -> np.ndarray:
        """Returns signed sums of the terms of each orbit over sqrt(terms), shape (samples, orbits)."""
        return monomial_values(t, self.sites) @ self.expand

    def couplings(self, weights: np.ndarray) -> np.ndarray:
        """Returns the couplings of the terms, shape (terms, classes)."""
        return self.expand @ weights


def orbit_blocks(sites: np.ndarray, orbit: np.ndarray, sign: np.ndarray) -> Iterator[OrbitBlock]:
    """Cuts terms of one degree into blocks of whole orbits.

    Args:
        sites: Variables of each term, shape (terms, degree).
        orbit: Orbit of each term, -1 for terms without a coupling, shape (terms,).
        sign: 1 or -1, shape (terms,).

    Yields:
        Blocks of `TERMS_AT_ONCE` terms, or as many more as complete the last orbit.
    """
    order = np.argsort(orbit, kind="stable")
    order = order[orbit[order] >= 0]
    starts = np.flatnonzero(np.diff(orbit[order], prepend=-1))  # first term of each orbit
    while len(starts):
        first = starts[0]
        beyond = starts[starts >= first + TERMS_AT_ONCE]
        end = beyond[0] if len(beyond) else len(order)
        index = order[first:end]
        _, column, size = np.unique(orbit[index], return_inverse=True, return_counts=True)
        entries = (sign[index] / np.sqrt(size[column]), (np.arange(len(index)), column))
        yield OrbitBlock(index, sites[index], csr_array(entries, shape=(len(index), len(size))))
        starts = beyond
