"""How strongly two sites are coupled, whatever their alphabets."""

from __future__ import annotations

import numpy as np

from .factor_graph import FactorGraph

__all__ = ["pair_strengths"]


def pair_strengths(graph: FactorGraph) -> np.ndarray:
    """Root mean square of each pair table in the zero-sum gauge.

    Args:
        graph: The energies; tables of other degrees than 2 do not count.

    Returns:
        Shape (n, n), symmetric, nats; for two spins |J|.

    Example:
        >>> table = np.array([[0.5, -0.5], [-0.5, 0.5]]) + [[3.0], [4.0]]
        >>> pair_strengths(FactorGraph.from_tables(np.array([2, 2]), {(0, 1): table})).tolist()
        [[0.0, 0.5], [0.5, 0.0]]
    """
    strengths = np.zeros((graph.n_sites, graph.n_sites))
    for factor in np.flatnonzero(graph.degrees == 2).tolist():
        i, j = graph.sites[graph.site_start[factor] : graph.site_start[factor + 1]]
        table = graph.table(factor)
        table = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
        strengths[i, j] = strengths[j, i] = np.sqrt(np.mean(table**2))
    return strengths
