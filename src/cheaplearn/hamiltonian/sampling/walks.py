"""Gibbs sweeps of sites of any alphabet and factors of any order: each update walks the tables of its site."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from ..factor_graph import FactorGraph
from .generator import next_uniform

__all__ = ["Walks", "table_sweeps", "walks"]

MAX_COPIES = 1 << 26  # numbers in the copies of the tables: 512 MiB
CACHED_CODES = 1 << 14  # codes of the chains that are swept together


class Walks(NamedTuple):
    """For each site, the tables that it is part of.

    Table k belongs to the site i with first[i] <= k < first[i + 1]. State s of that site reads
    ``values[base[k] + step[k] * s + sum(stride[o] * x[other[o]])`` for o in others[k] .. others[k + 1] - 1``].
    """

    sizes: np.ndarray
    local: np.ndarray  # all one-site tables of each site, summed, one site after the other
    local_start: np.ndarray
    first: np.ndarray
    base: np.ndarray
    step: np.ndarray
    others: np.ndarray
    other: np.ndarray
    stride: np.ndarray
    values: np.ndarray


def walks(graph: FactorGraph) -> Walks:
    """Prepares the walks of a graph; copies each table once per site with that site's axis last, if that fits.

    Args:
        graph: Any factor graph.

    Returns:
        Contiguous arrays for `table_sweeps`.
    """
    local_start = np.concatenate([[0], np.cumsum(graph.sizes)])
    local = np.zeros(int(local_start[-1]))
    for factor in np.flatnonzero(graph.degrees == 1).tolist():
        site = graph.sites[graph.site_start[factor]]
        local[local_start[site] : local_start[site + 1]] += graph.table(factor)

    factor_of = np.repeat(np.arange(len(graph)), graph.degrees)
    start, entry = graph.incidence
    coupled = graph.degrees[factor_of[entry]] > 1
    first = np.concatenate([[0], np.cumsum(coupled)])[start]
    entry = entry[coupled]
    lengths = np.diff(graph.table_start)[factor_of[entry]]
    copied = bool(lengths.sum() <= MAX_COPIES)
    others = np.concatenate([[0], np.cumsum(graph.degrees[factor_of[entry]] - 1)])
    base = np.concatenate([[0], np.cumsum(lengths)])[:-1] if copied else graph.table_start[factor_of[entry]]
    step = np.ones_like(entry) if copied else graph.strides[entry]
    other, stride = np.empty(int(others[-1]), np.int64), np.empty(int(others[-1]), np.int64)
    values = np.empty(int(lengths.sum())) if copied else graph.values
    places = (graph.sites, graph.site_start, graph.strides, graph.table_start)
    _lay_out(graph.sizes, *places, graph.values, entry, factor_of, others, base, copied, other, stride, values)
    return Walks(graph.sizes, local, local_start, first, base, step, others, other, stride, values)


@njit(cache=True, nogil=True)
def _lay_out(
    sizes: np.ndarray,
    sites: np.ndarray,
    site_start: np.ndarray,
    strides: np.ndarray,
    table_start: np.ndarray,
    tables: np.ndarray,
    entry: np.ndarray,
    factor_of: np.ndarray,
    others: np.ndarray,
    base: np.ndarray,
    copied: bool,
    other: np.ndarray,
    stride: np.ndarray,
    values: np.ndarray,
) -> None:
    for k in range(len(entry)):
        f, own = factor_of[entry[k]], strides[entry[k]]
        q = sizes[sites[entry[k]]]
        o = others[k]
        for e in range(site_start[f], site_start[f + 1]):
            if e != entry[k]:
                other[o] = sites[e]
                stride[o] = strides[e] * q if copied and e > entry[k] else strides[e]
                o += 1
        if copied:
            for high in range((table_start[f + 1] - table_start[f]) // (own * q)):
                for s in range(q):
                    for low in range(own):
                        value = tables[table_start[f] + (high * q + s) * own + low]
                        values[base[k] + (high * own + low) * q + s] = value


@njit(cache=True, nogil=True)
def _conditional(i: int, x: np.ndarray, w: Walks, copied: bool, energy: np.ndarray) -> None:
    """Writes the energies of all states of site i, given the other sites, up to a common constant."""
    q = w.sizes[i]
    for s in range(q):
        energy[s] = w.local[w.local_start[i] + s]
    for k in range(w.first[i], w.first[i + 1]):
        place = w.base[k]
        for o in range(w.others[k], w.others[k + 1]):
            place += w.stride[o] * x[w.other[o]]
        if q == 2:
            energy[0] += w.values[place]
            energy[1] += w.values[place + w.step[k]]
        elif copied:
            row = w.values[place : place + q]
            for s in range(q):
                energy[s] += row[s]
        else:
            for s in range(q):
                energy[s] += w.values[place + s * w.step[k]]


@njit(cache=True, nogil=True)
def _draw(
    q: int, energy: np.ndarray, slope: np.ndarray, beta: float, gamma: float, weight: np.ndarray, uniform: float
) -> int:
    """Draws a state with probability proportional to exp(-beta energy - gamma slope)."""
    if q == 2:
        odds = math.exp(beta * (energy[1] - energy[0]) + gamma * (slope[1] - slope[0]))
        return 1 if uniform * (1.0 + odds) < 1.0 else 0
    least = math.inf
    for s in range(q):
        weight[s] = beta * energy[s] + gamma * slope[s]
        least = min(least, weight[s])
    total = 0.0
    for s in range(q):
        total += math.exp(least - weight[s])
        weight[s] = total
    threshold = uniform * total
    new = 0
    while new < q - 1 and weight[new] <= threshold:
        new += 1
    return new


@njit(cache=True, nogil=True)
def table_sweeps(
    codes: np.ndarray,
    energies: np.ndarray,
    linear: np.ndarray,
    states: np.ndarray,
    w: Walks,
    slopes: np.ndarray,
    betas: np.ndarray,
    gammas: np.ndarray,
    sweeps: int,
    backwards: bool,
    trace: np.ndarray,
) -> None:
    """Sweeps all chains, some together, so that a site's tables are read from the cache.

    Args:
        codes: States, shape (chains, n), int32; changed, as are the three arrays that follow.
        energies: H of each chain, shape (chains,), nats.
        linear: The linear observable A(x) of each chain, shape (chains,).
        states: Generators, shape (chains, 4).
        w: The tables of each site.
        slopes: A as one table per site, laid out as `w.local`.
        betas: Factor of H, shape (chains or 1, sweeps or 1).
        gammas: Factor of A, shape as of `betas`.
        sweeps: How many.
        backwards: Whether to visit the last site first.
        trace: Takes H and A after each sweep, shape (2, chains, sweeps), or (2, 0, 0).
    """
    chains, n = codes.shape
    energy, weight = np.empty(w.sizes.max()), np.empty(w.sizes.max())
    copied = bool(np.all(w.step == 1))
    together = max(1, CACHED_CODES // n)
    for begin in range(0, chains, together):
        end = min(chains, begin + together)
        for t in range(sweeps):
            for k in range(n):
                i = n - 1 - k if backwards else k
                q = w.sizes[i]
                slope = slopes[w.local_start[i] : w.local_start[i] + q]
                for c in range(begin, end):
                    beta = betas[c % betas.shape[0], t % betas.shape[1]]
                    gamma = gammas[c % gammas.shape[0], t % gammas.shape[1]]
                    _conditional(i, codes[c], w, copied, energy)
                    new = _draw(q, energy, slope, beta, gamma, weight, next_uniform(states[c]))
                    old = codes[c, i]
                    energies[c] += energy[new] - energy[old]
                    linear[c] += slope[new] - slope[old]
                    codes[c, i] = new
            if trace.shape[1]:
                for c in range(begin, end):
                    trace[0, c, t] = energies[c]
                    trace[1, c, t] = linear[c]
