"""In which order to sum over the sites of a factor graph, so that the largest table stays small."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from ..factor_graph import FactorGraph

__all__ = ["Elimination", "best_elimination"]

MAX_COST = 1 << 29  # numbers in all tables together: about ten seconds, and 2 GiB of messages
FILL_SITES = 1000  # more sites than this are not ordered by fill, whose bookkeeping is in Python


@dataclass(frozen=True)
class Elimination:
    """Sites in the order in which they are summed over, and what each then depends on.

    Args:
        sites: The sites of two states or more.
        separators: For each of them the later sites that share a table with it when its turn comes.
        entries: Numbers in the largest table (a site and its separator).
        cost: Numbers in all tables together.
    """

    sites: tuple[int, ...]
    separators: tuple[frozenset[int], ...]
    entries: int
    cost: int

    @property
    def width(self) -> int:
        """Sites in the largest table, minus 1."""
        return max((len(separator) for separator in self.separators), default=0)


def best_elimination(graph: FactorGraph, limit: int) -> Elimination | None:
    """Searches a cheap order: smallest table first, least fill first, order of the sites, reverse Cuthill-McKee.

    Args:
        graph: Sizes and scopes.
        limit: Most numbers in one table.

    Returns:
        The order of least cost (for a forest the first one, whose tables are as small as any), or None if every order
        tried needs a larger table or 2^29 numbers in all.

    Cost: dense graphs are given up at the first table that is too large; a chain of 10,000 sites takes 0.1 s.
    """
    sizes = graph.sizes.tolist()
    pairs = _pairs(graph)
    weights = np.log2(graph.sizes)
    smallest = (weights + np.bincount(pairs.ravel(), weights[pairs[:, ::-1].ravel()], len(sizes)))[weights > 0]
    if len(smallest) and smallest.min() > math.log2(limit) + 1e-9:
        return None  # whichever site comes first, its table is too large
    neighbours: list[set[int]] = [set() for _ in sizes]
    for a, b in pairs.tolist():
        neighbours[a].add(b)
        neighbours[b].add(a)
    best: Elimination | None = None
    for priority, affects in _priorities(sizes, pairs):
        cost = MAX_COST if best is None else best.cost - 1
        found = _eliminate([set(near) for near in neighbours], sizes, priority, affects, limit, cost)
        best = found or best
        if best is not None and best.width <= 1:
            break  # a forest: no order has smaller tables
    return best


def _pairs(graph: FactorGraph) -> np.ndarray:
    """Returns the pairs of sites, of two states or more, that share a factor, shape (pairs, 2)."""
    n = graph.n_sites
    numbers = [np.empty(0, np.int64)]
    for degree in range(2, int(graph.degrees.max(initial=0)) + 1):
        first = graph.site_start[:-1][graph.degrees == degree]
        scopes = graph.sites[first[:, None] + np.arange(degree)]
        numbers += [np.unique(scopes[:, a] * n + scopes[:, b]) for a, b in itertools.combinations(range(degree), 2)]
    pairs = np.stack(np.divmod(np.unique(np.concatenate(numbers)), max(n, 1)), axis=1)
    return pairs[np.all(graph.sizes[pairs] > 1, axis=1)]


Priority = Callable[[list[set[int]], int], Any]
Affected = Callable[[list[set[int]], set[int]], Iterable[int]]


def _priorities(sizes: list[int], pairs: np.ndarray) -> Iterable[tuple[Priority, Affected]]:
    """Yields what to eliminate first, and whose priority changes when a separator becomes a clique."""
    weight = [math.log2(size) for size in sizes]

    def entries(neighbours: list[set[int]], site: int) -> float:
        return weight[site] + sum(weight[other] for other in neighbours[site])

    def fill(neighbours: list[set[int]], site: int) -> tuple[int, float]:
        near = neighbours[site]
        return sum(len(near - neighbours[other]) - 1 for other in near), entries(neighbours, site)

    def separator(neighbours: list[set[int]], clique: set[int]) -> set[int]:
        return clique

    def around(neighbours: list[set[int]], clique: set[int]) -> set[int]:
        return clique.union(*(neighbours[site] for site in clique))

    yield entries, separator
    if len(sizes) <= FILL_SITES:
        yield fill, around
    yield _in_order(list(range(len(sizes))))
    yield _in_order(_cuthill_mckee(len(sizes), pairs))


def _in_order(order: list[int]) -> tuple[Priority, Affected]:
    place = {site: k for k, site in enumerate(order)}
    return (lambda _, site: place[site]), (lambda _, __: ())


def _cuthill_mckee(n: int, pairs: np.ndarray) -> list[int]:
    both = np.concatenate([pairs, pairs[:, ::-1]])
    adjacency = coo_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(n, n))
    return reverse_cuthill_mckee(adjacency.tocsr(), symmetric_mode=True).tolist() if len(both) else list(range(n))


def _eliminate(
    neighbours: list[set[int]], sizes: list[int], priority: Priority, affects: Affected, limit: int, max_cost: int
) -> Elimination | None:
    """Takes the sites by priority and joins their neighbours; None once a table or the cost is too large."""
    current = {site: priority(neighbours, site) for site, size in enumerate(sizes) if size > 1}
    heap = [(rank, site) for site, rank in current.items()]
    heapify(heap)
    sites, separators, largest, cost = [], [], 1, 0
    while heap:
        rank, site = heappop(heap)
        if current.get(site) != rank:
            continue  # an older priority of this site
        clique = neighbours[site]
        entries = sizes[site] * math.prod(sizes[other] for other in clique)
        cost += entries
        if entries > limit or cost > max_cost:
            return None
        largest = max(largest, entries)
        sites.append(site)
        separators.append(frozenset(clique))
        del current[site]
        for other in clique:
            neighbours[other] |= clique
            neighbours[other] -= {site, other}
        for other in affects(neighbours, clique):
            renewed = priority(neighbours, other)
            if renewed != current[other]:
                current[other] = renewed
                heappush(heap, (renewed, other))
    return Elimination(tuple(sites), tuple(separators), largest, cost)
