"""Conditional distributions of single sites given all others."""

from __future__ import annotations

import numpy as np

from .factor_graph import FactorGraph

__all__ = ["pseudo_log_likelihood"]


def pseudo_log_likelihood(graph: FactorGraph, codes: np.ndarray) -> np.ndarray:
    """Sum over sites of ln p(x_i | rest).

    Args:
        graph: The energies.
        codes: Shape (samples, n).

    Returns:
        Nats, shape (samples,).

    Cost: one table lookup per sample, factor, site of the factor and state of that site.
    """
    from .conditional_kernels import conditional_log_sums  # Numba loads here

    start, entry = graph.incidence
    factor = np.repeat(np.arange(len(graph)), graph.degrees)[entry]
    total = np.zeros(len(codes))
    conditional_log_sums(
        codes.astype(np.int64),
        graph.sizes,
        start,
        entry,
        factor,
        graph.sites,
        graph.site_start,
        graph.strides,
        graph.table_start,
        graph.values,
        total,
    )
    return total
