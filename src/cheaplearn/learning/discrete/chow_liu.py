"""Baselines: independent sites, and the best tree (Chow & Liu 1968)."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from ...hamiltonian import FactorGraph
from .start import site_frequencies

__all__ = ["chow_liu_tree", "independent_model", "parameters_of"]

SMOOTHING = 1.0  # weight added to each table, spread evenly: keeps unseen states possible
ROWS_AT_ONCE = 1 << 13


def independent_model(codes: np.ndarray, weight: np.ndarray, sizes: np.ndarray) -> FactorGraph:
    """Returns the model of independent sites as a normalised factor graph (ln Z = 0)."""
    frequencies = site_frequencies(codes, weight, sizes, SMOOTHING)
    return FactorGraph.from_tables(sizes, {(i,): -np.log(p) for i, p in enumerate(frequencies)})


def chow_liu_tree(codes: np.ndarray, weight: np.ndarray, sizes: np.ndarray) -> FactorGraph:
    """The tree of pairs with the highest likelihood.

    Args:
        codes: Shape (samples, n).
        weight: Sample weights, shape (samples,).
        sizes: States of each site, shape (n,).

    Returns:
        A normalised factor graph (ln Z = 0): -ln p of the root and -ln p(site | parent) of the others.

    Cost: 2 N (number of states of all sites)^2 operations.
    Source: Chow & Liu (1968).
    """
    first = np.cumsum(sizes) - sizes
    joint = _pair_weights(codes, weight, sizes)
    n = len(sizes)
    information = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1, n):
            table = _smoothed(joint[first[i] : first[i] + sizes[i], first[j] : first[j] + sizes[j]])
            outer = table.sum(axis=1)[:, None] * table.sum(axis=0)
            information[i, j] = np.sum(table * np.log(table / outer))
    # the sparse tree search reads 0 as "no edge": shift so that every pair may be used
    tree = minimum_spanning_tree(csr_array(np.triu(-information - 1.0, 1)))
    order, parent = breadth_first_order(tree, 0, directed=False)
    root = site_frequencies(codes[:, :1], weight, sizes[:1], SMOOTHING)[0]
    tables: dict[tuple[int, ...], np.ndarray] = {(0,): -np.log(root)}
    for site in order[1:].tolist():
        up = int(parent[site])
        table = _smoothed(joint[first[up] : first[up] + sizes[up], first[site] : first[site] + sizes[site]])
        given = -np.log(table / table.sum(axis=1, keepdims=True))
        tables[min(up, site), max(up, site)] = given if up < site else given.T
    return FactorGraph.from_tables(sizes, tables)


def parameters_of(graph: FactorGraph) -> int:
    """Returns the free parameters of a tree (or of independent sites)."""
    scopes = list(graph.scopes())
    single = sum(int(q) - 1 for q in graph.sizes)
    return single + sum(int(np.prod(graph.sizes[list(s)] - 1)) for s in scopes if len(s) == 2)


def _pair_weights(codes: np.ndarray, weight: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Returns the weight of every pair of states, shape (states of all sites, same)."""
    site = np.repeat(np.arange(len(sizes)), sizes)
    state = np.concatenate([np.arange(q) for q in sizes])
    total = np.zeros((len(site), len(site)))
    for start in range(0, len(codes), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        one_hot = (codes[part][:, site] == state).astype(np.float64)
        total += (one_hot * weight[part, None]).T @ one_hot
    return total


def _smoothed(table: np.ndarray) -> np.ndarray:
    return (table + SMOOTHING / table.size) / (table.sum() + SMOOTHING)
