"""Draw samples of a factor graph, and say how many independent ones they are worth."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..._messages import must_be
from ..factor_graph import FactorGraph
from .cluster import ClusterMoves
from .couplings import is_pairwise_binary
from .moves import GibbsMoves, Moves, leading_observable
from .runs import WORST_RHAT, burned_in, collected
from .tempering import REPLICAS, TemperingMoves, adapt_betas

__all__ = ["Samples", "sample"]

METHODS = ("auto", "exact", "gibbs", "tempering", "cluster")
CHAINS = {"gibbs": 100, "tempering": 10, "cluster": 100}  # by default, if as many samples are wanted
BUDGET = 2_500_000_000  # two-state site updates (10-20 ns each) of the burn-in, and again of the sampling
LEAST_ESS = 100.0


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples and what is known of their quality.

    Attributes:
        codes: Shape (n, sites).
        method: Which sampler drew them.
        effective_sample_size: Independent samples they are worth: the least over the energy and the leading
            linear observable; at most n.
        autocorrelation_time: tau in sweeps (1: independent), the largest of both observables.
        chains: Number of independent chains; row k comes from chain k modulo chains.
        sweeps: Sweeps of each chain, burn-in included.
        burn_in: Sweeps of each chain that were dropped at first (after the adaptation of the betas, if any).
        thinning: Sweeps between samples of one chain.
        rhat: Split R-hat, the largest of both observables; 1 for exact samples.
        notes: What was decided or limited, one sentence each.
    """

    codes: np.ndarray = field(repr=False)
    method: str
    effective_sample_size: float
    autocorrelation_time: float
    chains: int
    sweeps: int
    burn_in: int
    thinning: int
    rhat: float
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        if self.method == "exact":
            return f"Samples({len(self):,} of {self.codes.shape[1]} sites, exact)"
        return (
            f"Samples({len(self):,} of {self.codes.shape[1]} sites by {self.method}, worth "
            f"{self.effective_sample_size:,.0f}: {self.chains} chains x {self.sweeps} sweeps, "
            f"autocorrelation {self.autocorrelation_time:.3g} sweeps, R-hat {self.rhat:.3f})"
        )


def sample(
    graph: FactorGraph,
    n: int,
    method: str = "auto",
    random_state: int | np.random.Generator | None = None,
    chains: int | None = None,
    burn_in: int | None = None,
    thinning: int | None = None,
    exact: Callable[[int, np.random.Generator], np.ndarray] | None = None,
) -> Samples:
    """Draws samples from p(x) proportional to exp(-H(x)).

    Args:
        graph: The energy H.
        n: How many samples.
        method: "exact" calls `exact`; "gibbs" starts chains at random states; "tempering" is parallel tempering with
            16 adapted temperatures, each chain one stack of replicas; "cluster" is Swendsen-Wang, for two-state sites
            in pairs, best for ferromagnets; "auto" is "exact" if `exact` is given, else "gibbs".
            `Samples.method` says which.
        random_state: Seed; the same int gives the same samples.
        chains: Independent chains; default: n, but at least 4 and at most 100 (10 with "tempering").
        burn_in: Sweeps dropped at first. Default: decided from the measured autocorrelation time tau: blocks of
            doubling length are swept and dropped until one is 40 tau long with split R-hat below 1.05, or until
            the budget of 2.5e9 site updates is spent.
        thinning: Sweeps between samples of one chain; default 2 tau, within the same budget, so that the samples
            are worth nearly n independent ones.
        exact: Draws exact samples: called as ``exact(n, rng)``, returns codes.

    Returns:
        The samples.

    Raises:
        ValueError: If an argument has no meaning.

    Warns:
        UserWarning: If split R-hat exceeds 1.05 or the samples are worth less than 100 (or n / 2) independent ones.

    Guarantee:
        None but for "exact": all chains may have missed the same mode. What is measured is that the chains agree on the
        energy and on the linear observable in which they differed most at first.

    Example:
        >>> graph = FactorGraph.from_tables(np.array([2, 2]), {(0, 1): np.array([[0.0, 1.0], [1.0, 0.0]])})
        >>> drawn = sample(graph, 400, random_state=0)
        >>> drawn.method, drawn.codes.shape, bool(drawn.effective_sample_size > 300)
        ('gibbs', (400, 2), True)
    """
    chosen = _chosen_method(method, exact)
    for name, value, least in (("n", n, 1), ("chains", chains, 1), ("burn_in", burn_in, 0), ("thinning", thinning, 1)):
        if value is not None and (value != int(value) or value < least):
            raise ValueError(must_be(name, "sample", f"an integer of at least {least}", value))
    rng = np.random.default_rng(random_state)
    if chosen == "exact":
        assert exact is not None
        return Samples(exact(n, rng), "exact", float(n), 1.0, n, 0, 0, 0, 1.0)
    count = chains or min(max(n, 4), CHAINS[chosen])
    drawn = _run(graph, _moves(chosen, graph, count, rng), chosen, n, count, burn_in, thinning)
    _warn(drawn)
    return drawn


def _chosen_method(method: str, exact: Any) -> str:
    if method not in METHODS:
        raise ValueError(must_be("method", "sample", f"one of {', '.join(METHODS)}", repr(method)))
    if method == "exact" and exact is None:
        advice = "Pass a function that draws exact samples."
        raise ValueError(must_be("exact", "sample", 'given with method "exact"', None, advice))
    if method == "auto":
        return "gibbs" if exact is None else "exact"
    return method


def _moves(method: str, graph: FactorGraph, chains: int, rng: np.random.Generator) -> Moves:
    if method == "tempering":
        return TemperingMoves(graph, chains, rng)
    if method == "cluster":
        return ClusterMoves(graph, chains, rng)
    return GibbsMoves(graph, chains, rng)


def _run(
    graph: FactorGraph, moves: Moves, method: str, n: int, chains: int, burn_in: int | None, thinning: int | None
) -> Samples:
    replicas, notes, adapted = 1, [], 0
    if isinstance(moves, TemperingMoves):
        replicas, adapted = REPLICAS, adapt_betas(moves)
        notes = [f"{REPLICAS} betas from {moves.betas[0]:.3g} to 1, adapted in {adapted} sweeps before the burn-in."]
    affordable = max(1, int(BUDGET / (chains * replicas * sweep_cost(graph))))  # sweeps
    first = burned_in(moves.advance, lambda: moves.watch(leading_observable(graph, moves.codes)), burn_in, affordable)
    code = np.uint8 if graph.sizes.max(initial=0) <= 256 else np.int32
    run = collected(moves.advance, lambda: moves.codes.astype(code), n, first.trace, thinning, affordable)
    size = run.effective_sample_size * n / len(run.states)
    sweeps = adapted + first.dropped + run.rounds * run.thinning
    return Samples(
        run.states[:n],
        method,
        min(size, float(n)),
        run.autocorrelation_time,
        chains,
        sweeps,
        first.dropped,
        run.thinning,
        run.rhat,
        (*notes, *first.notes, *run.notes),
    )


def sweep_cost(graph: FactorGraph) -> float:
    """Estimates the cost of one sweep of one chain in updates of two-state sites coupled in pairs."""
    if is_pairwise_binary(graph):
        return float(graph.n_sites)
    return graph.n_sites + float(graph.sizes[graph.sites].sum()) / 15


def _warn(drawn: Samples) -> None:
    least = min(LEAST_ESS, len(drawn) / 2)
    if drawn.rhat <= WORST_RHAT and drawn.effective_sample_size >= least:
        return
    message = (
        f"The chains have not mixed: split R-hat {drawn.rhat:.3g} (good: below {WORST_RHAT}), effective sample size "
        f"{drawn.effective_sample_size:.3g} of {len(drawn)}, autocorrelation {drawn.autocorrelation_time:.3g} sweeps. "
        "Sample longer or by another method."
    )
    warnings.warn(message, UserWarning, stacklevel=3)
