"""Gibbs sweeps of two-state sites coupled in pairs: each chain keeps the local field of every site."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..factor_graph import FactorGraph
from .generator import next_uniform

__all__ = ["dense_sweeps", "is_pairwise_binary", "pair_couplings", "sparse_sweeps"]


def is_pairwise_binary(graph: FactorGraph) -> bool:
    """Says whether all sites have two states and no factor more than two sites."""
    return bool(np.all(graph.sizes == 2) and graph.degrees.max(initial=0) <= 2)


def pair_couplings(graph: FactorGraph) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    r"""Writes the energy of codes 0 and 1 as :math:`c + \sum_i h_i x_i + \sum_{i<j} J_{ij} x_i x_j`.

    Args:
        graph: Of two-state sites, factors of at most two sites.

    Returns:
        h, shape (n,); and the pairs: their first sites, their second sites, J, shape (pairs,) each; nats.
    """
    fields = np.zeros(graph.n_sites)
    single = np.flatnonzero(graph.degrees == 1)
    place = graph.table_start[single]
    np.add.at(fields, graph.sites[graph.site_start[single]], graph.values[place + 1] - graph.values[place])
    pairs = np.flatnonzero(graph.degrees == 2)
    first, second = graph.sites[graph.site_start[pairs]], graph.sites[graph.site_start[pairs] + 1]
    table = graph.values[graph.table_start[pairs][:, None] + np.arange(4)]  # 00, 01, 10, 11
    np.add.at(fields, first, table[:, 2] - table[:, 0])
    np.add.at(fields, second, table[:, 1] - table[:, 0])
    return fields, first, second, table[:, 3] - table[:, 2] - table[:, 1] + table[:, 0]


@njit(cache=True, nogil=True)
def dense_sweeps(
    codes: np.ndarray,
    fields: np.ndarray,
    energies: np.ndarray,
    linear: np.ndarray,
    states: np.ndarray,
    couplings: np.ndarray,
    slopes: np.ndarray,
    betas: np.ndarray,
    gammas: np.ndarray,
    sweeps: int,
    backwards: bool,
    trace: np.ndarray,
) -> None:
    """Sweeps all chains; a flip updates the fields of all sites.

    Args:
        codes: States, shape (chains, n), int32; changed, as are the four arrays that follow.
        fields: H(x_i = 1) - H(x_i = 0) for each chain and site, same shape, nats.
        energies: H of each chain, shape (chains,), nats.
        linear: The linear observable A(x) of each chain, shape (chains,).
        states: Generators, shape (chains, 4).
        couplings: J, symmetric with zero diagonal, shape (n, n), nats.
        slopes: A(x_i = 1) - A(x_i = 0), shape (n,).
        betas: Factor of H, shape (chains or 1, sweeps or 1).
        gammas: Factor of A, shape as of `betas`.
        sweeps: How many.
        backwards: Whether to visit the last site first.
        trace: Takes H and A after each sweep, shape (2, chains, sweeps), or (2, 0, 0).
    """
    chains, n = codes.shape
    for c in range(chains):
        x, field, state = codes[c], fields[c], states[c]
        for t in range(sweeps):
            beta = betas[c % betas.shape[0], t % betas.shape[1]]
            gamma = gammas[c % gammas.shape[0], t % gammas.shape[1]]
            for k in range(n):
                i = n - 1 - k if backwards else k
                odds = math.exp(beta * field[i] + gamma * slopes[i])
                new = 1 if next_uniform(state) * (1.0 + odds) < 1.0 else 0
                change = new - x[i]
                if change != 0:
                    x[i] = new
                    energies[c] += change * field[i]
                    linear[c] += change * slopes[i]
                    row = couplings[i]
                    for j in range(n):
                        field[j] += change * row[j]
            if trace.shape[1]:
                trace[0, c, t] = energies[c]
                trace[1, c, t] = linear[c]


@njit(cache=True, nogil=True)
def sparse_sweeps(
    codes: np.ndarray,
    fields: np.ndarray,
    energies: np.ndarray,
    linear: np.ndarray,
    states: np.ndarray,
    start: np.ndarray,
    neighbour: np.ndarray,
    coupling: np.ndarray,
    slopes: np.ndarray,
    betas: np.ndarray,
    gammas: np.ndarray,
    sweeps: int,
    backwards: bool,
    trace: np.ndarray,
) -> None:
    """Sweeps all chains; a flip updates the fields of the neighbours. Arguments as of `dense_sweeps`, but J by rows.

    Args:
        codes: See there, as all others that are not listed here.
        fields: See there.
        energies: See there.
        linear: See there.
        states: See there.
        start: Where the neighbours of each site begin, shape (n + 1,).
        neighbour: Neighbours of all sites one after the other.
        coupling: J of each of them, nats.
        slopes: See there.
        betas: See there.
        gammas: See there.
        sweeps: See there.
        backwards: See there.
        trace: See there.
    """
    chains, n = codes.shape
    for c in range(chains):
        x, field, state = codes[c], fields[c], states[c]
        for t in range(sweeps):
            beta = betas[c % betas.shape[0], t % betas.shape[1]]
            gamma = gammas[c % gammas.shape[0], t % gammas.shape[1]]
            for k in range(n):
                i = n - 1 - k if backwards else k
                odds = math.exp(beta * field[i] + gamma * slopes[i])
                new = 1 if next_uniform(state) * (1.0 + odds) < 1.0 else 0
                change = new - x[i]
                if change != 0:
                    x[i] = new
                    energies[c] += change * field[i]
                    linear[c] += change * slopes[i]
                    for p in range(start[i], start[i + 1]):
                        field[neighbour[p]] += change * coupling[p]
            if trace.shape[1]:
                trace[0, c, t] = energies[c]
                trace[1, c, t] = linear[c]
