"""Log partition functions, and which exact method suits a graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..factor_graph import FactorGraph
from .enumeration import MAX_STATES, Enumeration
from .junction_tree import JunctionTree, try_junction_tree

__all__ = ["LogPartition", "exact_log_partition", "exact_method", "exact_sampler"]

FEW_STATES = 1 << 16  # enumerated without looking for anything better: a millisecond
CHEAP_STATES = 1 << 20  # for samples: 8 MiB
CHEAP_COST = 1 << 24  # for samples: some tenths of a second and at most 64 MiB
TABLE_COST = 16  # time per number of a junction tree, over that of an enumeration per state and site


@dataclass(frozen=True)
class LogPartition:
    """ln Z = ln of the sum over all states, or of the integral over all real x, of exp(-H), nats.

    Args:
        value: The result or best estimate.
        lower: Below it; the value itself if that is exact up to rounding.
        upper: Above it; the value itself if that is exact up to rounding.
        method: How it was found.
        standard_error: Of the value; 0 if it is exact.
        verified: Whether the value is exact, or the checks of an estimate passed.

    Example:
        >>> LogPartition(1.5, 1.5, 1.5, "elimination", verified=True)
        LogPartition(1.5 nats, exact by elimination)
    """

    value: float
    lower: float
    upper: float
    method: Literal["enumeration", "elimination", "annealing", "Gaussian integral", "quadrature"]
    standard_error: float = 0.0
    verified: bool = False

    def __repr__(self) -> str:
        if self.method != "annealing":
            return f"LogPartition({self.value:.10g} nats, exact by {self.method})"
        return (
            f"LogPartition({self.value:.10g} nats, between {self.lower:.10g} and {self.upper:.10g}, "
            f"standard error {self.standard_error:.2g}, by annealing, {'' if self.verified else 'not '}verified)"
        )


def exact_method(
    graph: FactorGraph, max_states: int = MAX_STATES, max_cost: int | None = None
) -> Enumeration | JunctionTree | None:
    """Chooses how to sum over all states: by enumeration up to 2^16 states, else by the cheaper way that is possible.

    Both have `log_partition(values)`, `calibrate(values)`, `sampler(values)` and `sample(values, n, rng)`.

    Args:
        graph: Sizes and scopes.
        max_states: Most states to enumerate, at most 2^25.
        max_cost: Most numbers in all tables of a junction tree; None for as many as it allows.

    Returns:
        The method for this structure, or None if neither is possible within the limits.
    """
    states = math.prod(graph.sizes.tolist())
    if states <= min(FEW_STATES, max_states):
        return Enumeration(graph)
    tree = try_junction_tree(graph)
    if tree is not None and max_cost is not None and tree.cost > max_cost:
        tree = None
    if states <= max_states and (tree is None or states * graph.n_sites <= TABLE_COST * tree.cost):
        return Enumeration(graph)
    return tree


def exact_log_partition(graph: FactorGraph) -> LogPartition | None:
    """Computes ln Z by enumeration or elimination, as `exact_method` chooses.

    Args:
        graph: The tables.

    Returns:
        ln Z with lower = upper = value (exact up to rounding), or None if the graph has more than 2^25 states and
        too large tables.

    Cost: at most about one second and 600 MB by enumeration, ten seconds and 2 GiB by elimination.

    Example:
        >>> exact_log_partition(FactorGraph.from_tables(np.full(40, 2), {(0, 39): np.zeros((2, 2))}))
        LogPartition(27.72588722 nats, exact by elimination)
    """
    method = exact_method(graph)
    if method is None:
        return None
    value = method.log_partition(graph.values)
    return LogPartition(value, value, value, _name(method), verified=True)


def exact_sampler(graph: FactorGraph) -> Callable[[int, np.random.Generator], np.ndarray] | None:
    """Prepares exact independent samples where that is cheap.

    Cheap means at most 2^20 states, or a junction tree with at most 2^24 numbers in all tables: about a
    second and 64 MiB to prepare, and then one look-up per state (enumeration) or per factor and site (junction tree).

    Args:
        graph: The tables.

    Returns:
        A function of (n, rng) that returns codes, shape (n, sites); or None where it is not cheap.
    """
    method = exact_method(graph, CHEAP_STATES, CHEAP_COST)
    return None if method is None else method.sampler(graph.values)


def _name(method: Enumeration | JunctionTree) -> Literal["enumeration", "elimination"]:
    return "enumeration" if isinstance(method, Enumeration) else "elimination"
