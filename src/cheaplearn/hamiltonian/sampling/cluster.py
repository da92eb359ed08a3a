"""Cluster sampling of two-state sites coupled in pairs: it hardly slows down near a ferromagnet's critical point."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..._messages import must_be
from ..factor_graph import FactorGraph
from .couplings import is_pairwise_binary, pair_couplings
from .generator import generator_states, next_uniform
from .gibbs import GibbsKernel
from .moves import random_codes

__all__ = ["ClusterMoves", "cluster_sweeps"]


class ClusterMoves:
    r"""Chains of Swendsen-Wang sweeps for :math:`H = c - \sum_{i<j} K_{ij} s_i s_j - \sum_i h_i s_i`, s = -1, 1.

    Args:
        graph: Of two-state sites, factors of at most two sites; any signs and fields.
        chains: How many.
        rng: Draws the first states and seeds the chains.

    Raises:
        ValueError: If a site has another number of states, a factor more than two sites or a table is not finite.
    """

    def __init__(self, graph: FactorGraph, chains: int, rng: np.random.Generator) -> None:
        if not is_pairwise_binary(graph):
            advice = 'Use method "gibbs" or "tempering".'
            got = f"up to {graph.sizes.max(initial=0)} states and {graph.degrees.max(initial=0)} sites"
            raise ValueError(must_be("graph", "cluster", "of two-state sites coupled in pairs", got, advice))
        self._kernel = GibbsKernel(graph)  # keeps energies and observables
        slopes, first, second, coupling = pair_couplings(graph)
        self._bonds = first, second, coupling / 4
        np.add.at(slopes, first, coupling / 2)
        np.add.at(slopes, second, coupling / 2)
        self._fields = slopes / 2  # of +s_i in H
        self._codes = random_codes(graph, chains, rng)
        self._states = generator_states(rng, chains)
        self._constant = graph.energies(self._codes[:1])[0] - self._spin_energy(self._codes[:1])[0]
        self.watch(np.zeros(2 * graph.n_sites))

    @property
    def codes(self) -> np.ndarray:
        """The states now, shape (chains, n)."""
        return self._codes

    @codes.setter
    def codes(self, codes: np.ndarray) -> None:
        self._codes = np.array(codes, np.int32, order="C")

    def watch(self, observable: np.ndarray) -> None:
        """Sets the linear observable: tables of all sites, shape (sum of sizes,)."""
        self._tables = np.asarray(observable, dtype=np.float64)

    def advance(self, sweeps: int, beta: np.ndarray | float = 1.0) -> np.ndarray:
        """Moves on and returns energy (nats) and observable after each sweep, shape (2, chains, sweeps)."""
        trace = np.empty((2, len(self._codes), sweeps))
        betas = np.ascontiguousarray(np.broadcast_to(np.asarray(beta, np.float64), len(self._codes)))
        _swendsen_wang(self._codes, self._states, *self._bonds, self._fields, betas, self._tables, sweeps, trace)
        trace[0] += self._constant
        return trace

    def _spin_energy(self, codes: np.ndarray) -> np.ndarray:
        s = 2.0 * codes - 1
        first, second, coupling = self._bonds
        return s[:, first] * s[:, second] @ coupling + s @ self._fields


def cluster_sweeps(
    graph: FactorGraph, codes: np.ndarray, sweeps: int, rng: np.random.Generator, beta: np.ndarray | float = 1.0
) -> np.ndarray:
    """Flips clusters: each satisfied coupling K joins its sites with probability 1 - exp(-2 beta |K|).

    A field is a coupling to a ghost spin whose cluster stays; each other cluster flips with probability 1/2.

    Args:
        graph: Of two-state sites, factors of at most two sites; any signs and fields.
        codes: States, shape (chains, n); changed in place.
        sweeps: How often all clusters are made anew.
        rng: Seeds one generator per chain; the same state of `rng` gives the same result.
        beta: p is proportional to exp(-beta H): one number, or one per chain.

    Returns:
        H of each chain at the end, shape (chains,), nats.

    Raises:
        ValueError: If the graph is another, or a code is not 0 or 1.

    Guarantee:
        Leaves exp(-beta H) invariant for all signs and fields. Fast only where clusters follow the order: in
        ferromagnets. With frustration they join nearly everything and little moves.
    Cost: one random number per satisfied coupling and nearly linear union-find, per sweep.
    Source: Swendsen & Wang (1987); signs and ghost spin as in Wang & Swendsen (1990).
    """
    moves = ClusterMoves(graph, len(codes), rng)
    moves._kernel.check(codes)
    moves.codes = codes
    energies = moves.advance(sweeps, beta)[0, :, -1] if sweeps else graph.energies(codes)
    codes[...] = moves.codes
    return energies


@njit(cache=True, nogil=True)
def _root(parent: np.ndarray, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]  # halve the path
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def _swendsen_wang(
    codes: np.ndarray,
    states: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    coupling: np.ndarray,
    fields: np.ndarray,
    betas: np.ndarray,
    tables: np.ndarray,
    sweeps: int,
    trace: np.ndarray,
) -> None:
    """Sweeps all chains; energies here are sum coupling s s + sum fields s, so order lowers them."""
    chains, n = codes.shape
    parent, flip = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64)  # the ghost is site n
    join, pull = np.empty(len(first)), np.empty(n)
    for c in range(chains):
        x, state = codes[c], states[c]
        for b in range(len(first)):
            join[b] = -math.expm1(-2 * betas[c] * abs(coupling[b]))
        for i in range(n):
            pull[i] = -math.expm1(-2 * betas[c] * abs(fields[i]))
        for t in range(sweeps):
            for i in range(n + 1):
                parent[i], flip[i] = i, -1
            for b in range(len(first)):
                aligned = x[first[b]] == x[second[b]]
                if aligned == (coupling[b] < 0) and next_uniform(state) < join[b]:
                    one, two = _root(parent, first[b]), _root(parent, second[b])
                    parent[min(one, two)] = max(one, two)
            for i in range(n):
                if (x[i] == 1) == (fields[i] < 0) and next_uniform(state) < pull[i]:
                    parent[_root(parent, i)] = n
            flip[n] = 0
            for i in range(n):
                root = _root(parent, i)
                if flip[root] < 0:
                    flip[root] = 1 if next_uniform(state) < 0.5 else 0
                x[i] ^= flip[root]
            energy, linear = 0.0, 0.0
            for b in range(len(first)):
                energy += coupling[b] if x[first[b]] == x[second[b]] else -coupling[b]
            for i in range(n):
                energy += (2 * x[i] - 1) * fields[i]
                linear += tables[2 * i + x[i]]
            trace[0, c, t], trace[1, c, t] = energy, linear
