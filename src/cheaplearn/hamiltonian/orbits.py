"""Terms that a symmetry makes equal: one coupling for each orbit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from .._messages import must_be
from ..geometry import Group
from .monomials import Monomials

__all__ = ["Orbits", "find_orbits"]

ForEachTerm = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Orbits:
    """Which terms share a coupling.

    Args:
        index: Orbit of each term, shape (terms,); -1 where the symmetry makes the coupling vanish (x to -x: odd terms).
        sign: 1 or -1, the coupling of the term relative to its orbit's, shape (terms,).
        name: Name of the symmetry.
    """

    index: np.ndarray
    sign: np.ndarray
    name: str

    def __len__(self) -> int:
        return int(self.index.max(initial=-1)) + 1

    @cached_property
    def matrix(self) -> csr_array:
        """Couplings of terms from those of orbits, shape (terms, orbits), entries 1, -1 or 0."""
        kept = np.flatnonzero(self.index >= 0)
        entries = (self.sign[kept].astype(np.float64), (kept, self.index[kept]))
        return csr_array(entries, shape=(len(self.index), len(self)))

    @cached_property
    def sizes(self) -> np.ndarray:
        """Number of terms in each orbit, shape (orbits,)."""
        return np.bincount(self.index[self.index >= 0], minlength=len(self))

    @cached_property
    def first(self) -> np.ndarray:
        """First term of each orbit, whose sign is 1, shape (orbits,)."""
        terms = np.full(len(self), len(self.index))
        kept = np.flatnonzero(self.index >= 0)
        np.minimum.at(terms, self.index[kept], kept)
        return terms


def find_orbits(monomials: Monomials, group: Group) -> Orbits:
    """Finds the orbits of terms under a group.

    Args:
        monomials: The terms.
        group: Acts on their variables.

    Returns:
        The orbits, numbered by their first term.

    Raises:
        ValueError: If the group takes a term to one that is not among them.

    Cost: terms x generators, and a sort.

    Example:
        >>> from cheaplearn.geometry import Chain, groups
        >>> from cheaplearn.hamiltonian import local_monomials
        >>> ring = Chain(5, periodic=True)
        >>> find_orbits(local_monomials(5, 2, 1, ring), groups.translations(ring)).sizes.tolist()
        [5, 5, 5]
    """
    T = len(monomials)
    sources, images, signs = (np.concatenate(parts) for parts in zip(*_moved(monomials, group), strict=True))
    # a term and its negative are two nodes: where they are connected the coupling must vanish
    flipped = np.where(signs < 0, T, 0)
    tails = np.concatenate([sources, sources + T])
    heads = np.concatenate([images + flipped, images + T - flipped])
    _, part = connected_components(
        csr_array((np.ones(len(tails)), (tails, heads)), shape=(2 * T, 2 * T)), directed=False
    )
    plus, minus = part[:T], part[T:]
    key = np.minimum(plus, minus)
    vanishes = plus == minus
    _, first, orbit = np.unique(key, return_index=True, return_inverse=True)
    kept = ~vanishes[first]
    rank = np.full(len(first), -1)
    rank[np.flatnonzero(kept)[np.argsort(first[kept])]] = np.arange(kept.sum())
    sign = np.where(plus == plus[first][orbit], 1, -1)
    return Orbits(rank[orbit], np.where(vanishes, 1, sign), group.name)


def _moved(monomials: Monomials, group: Group) -> list[ForEachTerm]:
    """Returns for every generator the terms it moves, where to, and with which sign."""
    moved = [(np.empty(0, int), np.empty(0, int), np.empty(0, int))]
    start = 0
    for sites in monomials.sites:
        keys = _keys(sites, group.n_sites)
        order = np.argsort(keys, kind="stable")
        for (targets, signs), within in zip(group.generators, group.within, strict=True):
            there = targets[sites]
            stays = np.all(there >= 0, axis=1) & (True if within is None else within[sites[:, 0]])
            wanted = _keys(np.sort(there[stays], axis=1), group.n_sites)
            place = np.minimum(np.searchsorted(keys, wanted, sorter=order), max(len(keys) - 1, 0))
            found = order[place] if len(keys) else place
            if len(wanted) and np.any(keys[found] != wanted):
                lost = np.flatnonzero(stays)[np.flatnonzero(keys[found] != wanted)[0]]
                got = f"{group.name}: variables {sites[lost].tolist()} go to {np.sort(there[lost]).tolist()}"
                advice = 'Pass radius="all", or a symmetry of the geometry.'
                raise ValueError(must_be("symmetry", "find_orbits", "such that it takes terms to terms", got, advice))
            moved.append((np.flatnonzero(stays) + start, found + start, signs[sites[stays]].prod(axis=1)))
        start += len(sites)
    return moved


def _keys(sites: np.ndarray, n: int) -> np.ndarray:
    """Returns one number for each row, larger for rows that are lexicographically larger."""
    if float(n) ** sites.shape[1] < 2**62:
        powers = n ** np.arange(sites.shape[1] - 1, -1, -1, dtype=np.int64)
        return sites @ powers
    return np.ascontiguousarray(sites.astype(">i4")).view(np.dtype((np.void, 4 * sites.shape[1]))).ravel()
