"""ln Z between two annealings: from independent sites to the model, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import logsumexp

from ..._messages import must_be
from ..factor_graph import FactorGraph
from ..sampling.gibbs import Chains, GibbsKernel
from ..sampling.samples import sample
from ..sampling.works import acceptance_ratio, effective_chains, log_mean
from .schedules import even_schedule, pilot_schedule, sigmoid_schedule

__all__ = ["AnnealedPartition", "annealed_log_partition"]

BLOCK = 1000  # steps whose energies are kept at once


@dataclass(frozen=True, eq=False)
class AnnealedPartition:
    """Estimates of ln Z in nats, Z the sum over all states of exp(-H).

    Attributes:
        log_partition: Bennett's acceptance ratio of all works: the best estimate.
        standard_error: Its standard error, if the chains are independent.
        forward: ln of the mean weight from base to model: at most ln Z in expectation.
        forward_standard_error: By jackknife over the chains.
        forward_effective_chains: (sum w)^2 / sum w^2; errors cannot be trusted where it is a few.
        reverse: Minus ln of the mean weight from model to base: at least ln Z in expectation, if the chains
            started from samples of the model.
        reverse_standard_error: By jackknife over the chains.
        reverse_effective_chains: As for `forward`.
        betas: The schedule, shape (steps + 1,), from 0 to 1.
        forward_works: W of each chain from base to model, so that exp(-W) is unbiased for Z, shape (chains,), nats.
        reverse_works: W of each chain on the way back, so that exp(W) is unbiased for 1 / Z, shape (chains,), nats.
        notes: Where the start samples came from, one sentence each.
    """

    log_partition: float
    standard_error: float
    forward: float
    forward_standard_error: float
    forward_effective_chains: float
    reverse: float
    reverse_standard_error: float
    reverse_effective_chains: float
    betas: np.ndarray = field(repr=False)
    forward_works: np.ndarray = field(repr=False)
    reverse_works: np.ndarray = field(repr=False)
    notes: tuple[str, ...] = ()

    @classmethod
    def of_works(
        cls, log_base: float, works: np.ndarray, undone: np.ndarray, betas: np.ndarray, notes: tuple[str, ...]
    ) -> AnnealedPartition:
        """Estimates ln Z from the works of both directions.

        Args:
            log_base: ln of the partition function at beta 0, nats.
            works: Of chains from base to model, shape (a >= 2,), nats.
            undone: With the same sign, of chains from model to base, shape (b >= 2,), nats.
            betas: The schedule.
            notes: Where the start samples came from.

        Returns:
            Both estimates and their combination.
        """
        forward, forward_error = log_mean(-works)
        reverse, reverse_error = log_mean(undone)
        best, error = acceptance_ratio(works, undone)
        return cls(
            log_partition=log_base + best,
            standard_error=error,
            forward=log_base + forward,
            forward_standard_error=forward_error,
            forward_effective_chains=effective_chains(-works),
            reverse=log_base - reverse,
            reverse_standard_error=reverse_error,
            reverse_effective_chains=effective_chains(undone),
            betas=betas,
            forward_works=works - log_base,
            reverse_works=undone - log_base,
            notes=notes,
        )

    def __repr__(self) -> str:
        return (
            f"AnnealedPartition(ln Z = {self.log_partition:.6g} +- {self.standard_error:.2g} nats, "
            f"forward {self.forward:.6g} +- {self.forward_standard_error:.2g}, "
            f"reverse {self.reverse:.6g} +- {self.reverse_standard_error:.2g}: "
            f"{len(self.forward_works)} and {len(self.reverse_works)} chains x {len(self.betas) - 1} steps)"
        )


def annealed_log_partition(
    graph: FactorGraph,
    random_state: int | np.random.Generator | None = None,
    steps: int = 2000,
    chains: int = 200,
    codes: np.ndarray | None = None,
    base_fields: Sequence[np.ndarray] | None = None,
    schedule: str | np.ndarray = "adaptive",
    sampler: str = "auto",
) -> AnnealedPartition:
    r"""Estimates ln Z from both sides by annealed importance sampling.

    Chains pass :math:`p_k \propto \exp(-(1 - \beta_k) A(x) - \beta_k H(x))`, :math:`A(x) = \sum_i a_i(x_i)`, with one
    Gibbs sweep at each step: forward from independent sites (beta = 0) to the model (beta = 1), and back with the
    time-reversed sweeps. Each step adds :math:`(\beta_{k+1} - \beta_k)(H(x) - A(x))` to a chain's work.

    Args:
        graph: The energy H.
        random_state: Seed; the same int gives the same result.
        steps: Steps of the schedule; both errors fall about as 1 / steps once they are small.
        chains: Chains each way.
        codes: Samples of the model for the way back, shape (m, n); `chains` of them are taken at random without
            replacement, or all if there are fewer. Default: drawn by `sample`, which warns if they have not mixed.
        base_fields: The tables a_i, one per site, nats. Good ones have the model's one-site marginals:
            ``-log(marginal)``. Default: the graph's own one-site tables.
        schedule: "adaptive" spends the steps where a forward pilot sees H - A fluctuate most; "sigmoid" is dense
            near both ends; or the betas themselves, rising from 0 to 1 (then `steps` is not used).
        sampler: Method of `sample` for the default of `codes`.

    Returns:
        Both estimates and their combination.

    Raises:
        ValueError: If an argument has a wrong shape or range, or a table is not finite.

    Guarantee:
        exp(forward) is unbiased for Z, for any steps. Hence forward <= ln Z in expectation, and by Markov's
        inequality P(forward > ln Z + a) <= exp(-a). If, and only if, `codes` are samples of the model, exp(-reverse)
        is unbiased for 1 / Z: then reverse >= ln Z in expectation and P(reverse < ln Z - a) <= exp(-a). Start samples
        that miss a mode make `reverse` (and `log_partition`) too small, and nothing here shows it. Standard errors
        assume independent chains and trust what the chains have seen: a mode no forward chain found is not in them.
    Cost: 2 x chains x steps Gibbs sweeps, a pilot of 1/10 of the forward half, and the start samples.
    Source: Neal (2001), annealed importance sampling; Burda, Grosse & Salakhutdinov (2015) and Grosse, Ghahramani &
        Adams (2015), bounds from both sides; Bennett (1976), acceptance ratio; Crooks (1999), why it applies.

    Example:
        >>> graph = FactorGraph.from_tables(np.array([2, 3]), {(0, 1): np.zeros((2, 3))})
        >>> found = annealed_log_partition(graph, 0, steps=10, chains=10, codes=np.zeros((10, 2), int))
        >>> round(found.forward, 6), round(found.reverse, 6)  # ln 6: nothing to anneal
        (1.791759, 1.791759)
    """
    for name, value in (("steps", steps), ("chains", chains)):
        if value != int(value) or value < 2:
            raise ValueError(must_be(name, "annealed_log_partition", "an integer of at least 2", value))
    rng = np.random.default_rng(random_state)
    base = _base(graph, base_fields)
    kernel = GibbsKernel(graph, base)
    log_base = float(sum(logsumexp(-table) for table in np.split(base, kernel.local_start[1:-1])))
    betas = _schedule(kernel, schedule, steps, chains, rng)

    works = _works(kernel, kernel.start(_base_samples(kernel, chains, rng), rng), betas, backwards=False)
    start, notes = _model_samples(graph, codes, chains, sampler, rng)
    undone = _works(kernel, kernel.start(start, rng), betas, backwards=True)

    return AnnealedPartition.of_works(log_base, works, undone, betas, notes)


def _works(kernel: GibbsKernel, chains: Chains, betas: np.ndarray, backwards: bool) -> np.ndarray:
    """Anneals chains along the schedule (or back) and returns sum over steps of (change of beta > 0) x (H - A)."""
    steps = np.diff(betas)
    inner = betas[1:-1]
    if backwards:
        steps, inner = steps[::-1], inner[::-1]
    works = steps[0] * (chains.energies - chains.linear)
    for first in range(0, len(inner), BLOCK):
        part = inner[None, first : first + BLOCK]
        H, A = kernel.run(chains, part.shape[1], part, 1 - part, backwards, trace=True)
        works += (H - A) @ steps[1 + first : 1 + first + BLOCK]
    return works


def _base_samples(kernel: GibbsKernel, chains: int, rng: np.random.Generator) -> np.ndarray:
    codes = np.empty((chains, kernel.graph.n_sites), np.int32)
    for site, table in enumerate(np.split(kernel.observable, kernel.local_start[1:-1])):
        p = np.exp(-table - logsumexp(-table))
        codes[:, site] = rng.choice(len(table), size=chains, p=p / p.sum())
    return codes


def _base(graph: FactorGraph, base_fields: Sequence[np.ndarray] | None) -> np.ndarray:
    start = np.concatenate([[0], np.cumsum(graph.sizes)])
    if base_fields is None:
        base = np.zeros(int(start[-1]))
        for factor in np.flatnonzero(graph.degrees == 1).tolist():
            site = graph.sites[graph.site_start[factor]]
            base[start[site] : start[site + 1]] += graph.table(factor)
        return base
    shapes = [np.shape(table) for table in base_fields]
    if shapes != [(q,) for q in graph.sizes.tolist()]:
        requirement = "one table per site, one number per state"
        raise ValueError(must_be("base_fields", "annealed_log_partition", requirement, f"shapes {shapes[:5]}"))
    return np.concatenate([np.asarray(table, dtype=np.float64) for table in base_fields])


def _model_samples(
    graph: FactorGraph, codes: np.ndarray | None, chains: int, sampler: str, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[str, ...]]:
    if codes is None:
        drawn = sample(graph, chains, sampler, rng)
        return drawn.codes, (f"The way back starts from {drawn!r}.",)
    if len(codes) < 2:
        raise ValueError(must_be("codes", "annealed_log_partition", "at least 2 samples", len(codes)))
    if len(codes) <= chains:
        return codes, (f"The way back starts from all {len(codes)} given samples.",)
    chosen = rng.choice(len(codes), size=chains, replace=False)
    return codes[chosen], (f"The way back starts from {chains} of {len(codes)} given samples, chosen at random.",)


def _schedule(
    kernel: GibbsKernel, schedule: str | np.ndarray, steps: int, chains: int, rng: np.random.Generator
) -> np.ndarray:
    if not isinstance(schedule, str):
        betas = np.asarray(schedule, dtype=np.float64)
        if betas.ndim != 1 or len(betas) < 2 or betas[0] != 0 or betas[-1] != 1 or np.any(np.diff(betas) < 0):
            requirement = "rising from 0 to 1"
            raise ValueError(must_be("schedule", "annealed_log_partition", requirement, f"shape {betas.shape}"))
        return betas
    if schedule not in {"adaptive", "sigmoid"}:
        raise ValueError(
            must_be("schedule", "annealed_log_partition", '"adaptive", "sigmoid" or betas', repr(schedule))
        )
    return sigmoid_schedule(steps) if schedule == "sigmoid" else _adapted(kernel, steps, chains, rng)


def _adapted(kernel: GibbsKernel, steps: int, chains: int, rng: np.random.Generator) -> np.ndarray:
    pilot = pilot_schedule(steps)
    moving = kernel.start(_base_samples(kernel, max(chains, 10), rng), rng)
    inner = pilot[None, 1:]
    H, A = kernel.run(moving, inner.shape[1], inner, 1 - inner, trace=True)
    return even_schedule(steps, pilot, (H - A).std(axis=0))
