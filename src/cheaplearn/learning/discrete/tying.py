"""Families whose couplings a symmetry ties: one parameter for each orbit."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from ..._messages import must_be
from ...geometry import Group
from ...hamiltonian import Alphabet, Monomials, Orbits, find_orbits
from .terms import Terms, terms_of_sites

__all__ = ["check_states", "orbits_of_sets", "parameter_orbits", "subset", "tied", "whole_orbits"]

OWNER = "HamiltonianDensity"


def tied(terms: Terms, group: Group) -> Terms:
    """Ties the couplings of a family.

    Args:
        terms: The family, free.
        group: Acts on its sites. Tables of categories move with their axes, state by state.

    Returns:
        The family with its orbits, without the terms that the symmetry makes vanish (x to -x: odd terms).

    Raises:
        ValueError: If the group takes a term to one that is not there, a site to one with other states, or changes
            signs of anything but spins.
    """
    if terms.kind != "spin" and group.has_signs:
        raise ValueError(must_be("symmetry", OWNER, "without signs unless kind is spin", group.name))
    if terms.kind != "category":
        orbits = find_orbits(terms.monomials, group)
        kept = orbits.index >= 0
        smaller = terms if kept.all() else terms.subset(kept)  # one coupling for each set of sites
        orbits = Orbits(orbits.index[kept], orbits.sign[kept], orbits.name)
        return replace(smaller, orbits=orbits, symmetry=group, n_free=len(orbits))
    check_states(terms.alphabet, group)
    orbits = find_orbits(terms.monomials, _of_states(group, terms.alphabet.sizes))
    free = len(parameter_orbits("category", terms.alphabet, Monomials(terms.site_sets), group))
    return replace(terms, orbits=orbits, symmetry=group, n_free=free)


def subset(terms: Terms, kept: np.ndarray) -> Terms:
    """Returns the family of some sets of sites, tied as it was; `kept` as for `Terms.subset`, whole orbits only."""
    free = terms.subset(kept)
    return free if terms.symmetry is None else tied(free, terms.symmetry)


def parameter_orbits(kind: str, alphabet: Alphabet, sets: Monomials, group: Group) -> Orbits:
    """Orbits of the free parameters of a family.

    Args:
        kind: "spin", "bit" or "category".
        alphabet: The states of each site.
        sets: Sets of sites that interact.
        group: Ties their couplings.

    Returns:
        Orbits of the sets of spins or bits. For categories as many as the zero-sum tables that the group leaves as they
        are have dimensions: in any basis of q - 1 functions of a site that sum to zero over its states, it permutes
        their products, so those are the orbits of these products.

    Raises:
        ValueError: As for `tied`.
    """
    if kind != "category":
        return find_orbits(sets, group)
    check_states(alphabet, group)
    varied = alphabet.sizes > 1  # a table over a site of one state can only be zero
    fewer = Alphabet(alphabet.names, tuple(states[: max(len(states) - 1, 1)] for states in alphabet.labels))
    reduced = terms_of_sites("category", fewer, tuple(b[np.all(varied[b], axis=1)] for b in sets.sites), None)
    return find_orbits(reduced.monomials, _of_states(group, fewer.sizes))


def orbits_of_sets(terms: Terms) -> np.ndarray:
    """Returns which orbit each set of sites of a tied family is in, shape (sets,): such sets have a coupling in common.

    The sets are in the order of `Terms.group_of_term`.
    """
    assert terms.orbits is not None
    group = terms.group_of_term
    n_sets = int(group.max(initial=-1)) + 1
    size = n_sets + len(terms.orbits)
    links = (np.ones(len(terms)), (group, n_sets + terms.orbits.index))
    parts = connected_components(csr_array(links, shape=(size, size)), directed=False)[1][:n_sets]
    return np.unique(parts, return_inverse=True)[1]


def whole_orbits(pairs: list[tuple[int, int]], terms: Terms) -> list[tuple[int, int]]:
    """Leaves of some pairs of sites those whose terms are tied to terms of such pairs only."""
    if terms.orbits is None or len(terms.site_sets) < 2:
        return pairs
    first = len(terms.site_sets[0])
    tied_pairs = map(tuple, terms.site_sets[1].tolist())
    orbit_of = dict(zip(tied_pairs, orbits_of_sets(terms)[first:].tolist(), strict=False))
    size, hit = Counter(orbit_of.values()), Counter(orbit_of[pair] for pair in pairs if pair in orbit_of)
    return [pair for pair in pairs if pair not in orbit_of or hit[orbit_of[pair]] == size[orbit_of[pair]]]


def check_states(alphabet: Alphabet, group: Group) -> None:
    """Refuses a group that takes a site of an alphabet to one with other states, by a ValueError."""
    for targets, _ in group.generators:
        for site in np.flatnonzero(targets >= 0).tolist():
            own, other = alphabet.labels[site], alphabet.labels[targets[site]]
            if not np.array_equal(own, other):
                got = (
                    f"{group.name}: {alphabet.names[site]} has {len(own)}, {alphabet.names[targets[site]]} {len(other)}"
                )
                advice = "Pass labels=[...], the same states for all of them."
                raise ValueError(must_be("symmetry", OWNER, "one of columns with the same states", got, advice))


def _of_states(group: Group, sizes: np.ndarray) -> Group:
    """Returns the group as it acts on the states of all sites."""
    first = np.cumsum(sizes) - sizes
    site = np.repeat(np.arange(len(sizes)), sizes)
    state = np.arange(len(site)) - first[site]
    moves = []
    for targets, _ in group.generators:
        there = np.where(targets[site] >= 0, first[targets[site]] + state, -1)
        moves.append((there, np.ones(len(site), int)))
    within = tuple(None if mark is None else mark[site] for mark in group.within)
    return Group(len(site), tuple(moves), group.name, within)
