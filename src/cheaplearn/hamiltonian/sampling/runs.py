"""How long chains of any kind are run: burn-in until they agree, then samples two autocorrelation times apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .autocorrelation import effective_sample_size, integrated_autocorrelation_time, split_rhat

__all__ = ["WORST_RHAT", "BurnIn", "Run", "burned_in", "collected", "largest"]

FIRST_BLOCK = 50  # sweeps
BLOCK_TIMES = 40  # autocorrelation times in the last block of the burn-in: R-hat of a good run is then near 1.025
SPACING = 2  # autocorrelation times between samples: neighbours correlate by exp(-4) if decay is exponential
WORST_RHAT = 1.05

Advance = Callable[[int], np.ndarray]


@dataclass(frozen=True, eq=False)
class BurnIn:
    """What was dropped at first.

    Args:
        dropped: Sweeps of each chain.
        trace: Two observables during the last part, shape (2, chains, sweeps).
        notes: How it ended.
        agreed: Whether that part was long enough and its chains agreed; True if its length was given.
    """

    dropped: int
    trace: np.ndarray
    notes: tuple[str, ...]
    agreed: bool


@dataclass(frozen=True, eq=False)
class Run:
    """States and what they are worth.

    Args:
        states: In rounds, each of all chains, shape (rounds x chains, n).
        effective_sample_size: The least over both observables, at the sweeps that were kept.
        autocorrelation_time: The largest of both observables, in sweeps.
        rhat: Likewise.
        rounds: Samples of each chain.
        thinning: Sweeps between them.
        notes: What limited them.
    """

    states: np.ndarray
    effective_sample_size: float
    autocorrelation_time: float
    rhat: float
    rounds: int
    thinning: int
    notes: tuple[str, ...]


def burned_in(
    advance: Advance, aim: Callable[[], None], burn_in: int | None, affordable: int, unit: str = "sweeps"
) -> BurnIn:
    """Sweeps and drops, in blocks of doubling length until one is 40 tau long with split R-hat below 1.05.

    Args:
        advance: Moves all chains on and returns two observables after each sweep, shape (2, chains, sweeps).
        aim: Chooses the second observable by how the chains differ now; called after the first block.
        burn_in: How many sweeps instead.
        affordable: Most sweeps.
        unit: What sweeps are called in notes.

    Returns:
        How long it took and how it ended.
    """
    if burn_in is not None:
        first = advance(burn_in // 2)
        aim()
        return BurnIn(burn_in, advance(burn_in - first.shape[2]), (), True)
    length, total = min(FIRST_BLOCK, affordable), 0
    while True:
        trace = advance(length)
        total += length
        if total == length:
            aim()
        else:
            tau = largest(integrated_autocorrelation_time, trace)
            if length >= BLOCK_TIMES * tau and largest(split_rhat, trace) < WORST_RHAT:
                note = f"Burn-in: {total} {unit}, its last {length} are {length / tau:.0f} tau long."
                return BurnIn(total, trace, (note,), True)
            if total + 2 * length > affordable:
                note = f"Burn-in ended after {total} {unit}, too few for tau = {tau:.0f} {unit}."
                return BurnIn(total, trace, (note,), False)
            length *= 2


def collected(
    advance: Advance,
    snapshot: Callable[[], np.ndarray],
    n: int,
    trace: np.ndarray,
    thinning: int | None,
    affordable: int,
    unit: str = "sweeps",
) -> Run:
    """Takes samples.

    Args:
        advance: As for `burned_in`.
        snapshot: Returns the states now, shape (chains, n); copied.
        n: How many samples at least.
        trace: Of the burn-in.
        thinning: Sweeps between samples of one chain; default 2 tau.
        affordable: Most sweeps that the default may take in all.
        unit: What sweeps are called in notes.

    Returns:
        The samples, and what they are worth.
    """
    notes: tuple[str, ...] = ()
    rounds = -(-n // trace.shape[1])
    if thinning is None:
        tau = largest(integrated_autocorrelation_time, trace) if trace.size else 1.0
        thinning = math.ceil(SPACING * tau)
        if rounds * thinning > affordable:
            thinning = max(1, affordable // rounds)
            reason = f"less than {SPACING} tau = {SPACING * tau:.0f}: it took too long."
            notes = (f"Thinning is {thinning} {unit}, {reason}",)
    first = snapshot()
    states = np.empty((rounds, *first.shape), first.dtype)
    production = []
    for k in range(rounds):
        production.append(advance(thinning))
        states[k] = snapshot()
    kept = np.stack([block[:, :, -1] for block in production], axis=2)  # (2, chains, rounds)
    whole = np.concatenate([trace, *production], axis=2)
    return Run(
        states.reshape(-1, first.shape[1]),
        min(effective_sample_size(row) for row in kept),
        largest(integrated_autocorrelation_time, whole),
        largest(split_rhat, whole) if whole.shape[2] >= 4 else math.inf,
        rounds,
        thinning,
        notes,
    )


def largest(measure: Callable[[np.ndarray], float], traces: np.ndarray) -> float:
    """Returns the largest of a measure over several observables, shape (observables, chains, sweeps)."""
    return max(measure(trace) for trace in traces)
