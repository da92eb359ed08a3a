"""ln Z by the method that a graph allows: exact, or between two annealings."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..factor_graph import FactorGraph
from .log_partition import LogPartition, exact_log_partition

if TYPE_CHECKING:
    from .annealing import AnnealedPartition

__all__ = ["WIDEST_GAP", "bracketed", "estimate_log_partition"]

WIDEST_GAP = 0.1  # nats between forward and reverse annealing from which a value counts as not verified


def estimate_log_partition(
    graph: FactorGraph, random_state: Any = None, base_fields: Sequence[np.ndarray] | None = None, **options: Any
) -> LogPartition:
    """Computes ln Z exactly if that is possible, else brackets it by annealing forward and back.

    Args:
        graph: The tables.
        random_state: Seed of the annealing.
        base_fields: Tables of the sites from which annealing starts; best are minus the logarithms of the frequencies.
        **options: For `annealed_log_partition`: steps, chains, codes, schedule, sampler.

    Returns:
        ln Z. Annealed, its value is the upper end of the bracket (so that likelihoods are not flattered), and it is
        verified if the ends differ by at most 0.1 nats.

    Warns:
        UserWarning: If the bracket is wider.
    """
    exact = exact_log_partition(graph)
    if exact is not None:
        return exact
    from .annealing import annealed_log_partition  # Numba loads here

    found = annealed_log_partition(graph, random_state, base_fields=base_fields, **options)
    return bracketed(found)


def bracketed(found: AnnealedPartition) -> LogPartition:
    """Takes the upper end of a bracket by annealing.

    Args:
        found: From both sides.

    Returns:
        ln Z, verified if the ends differ by at most 0.1 nats.

    Warns:
        UserWarning: If they differ by more; it names the line that called the caller.
    """
    lower, upper = sorted((found.forward, found.reverse))
    result = LogPartition(upper, lower, upper, "annealing", found.standard_error, upper - lower <= WIDEST_GAP)
    if not result.verified:
        message = (
            f"ln Z is not verified: annealing forward and back differ by {upper - lower:.2g} nats (more than "
            f"{WIDEST_GAP}). The upper end is used. Pass more steps."
        )
        warnings.warn(message, UserWarning, stacklevel=4)
    return result
