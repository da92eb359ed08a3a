"""ln Z of real variables between two annealings: from a Gaussian to H, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..._messages import must_be
from ..real_target import RealTarget
from ..sampling.gaussian import Gaussian
from ..sampling.hmc import sample_real
from ..sampling.real_moves import MOST_STEPS, PATH, PATHS
from ..sampling.step_sizes import TARGET
from ..sampling.trajectories import Trajectories
from .annealing import AnnealedPartition
from .schedules import even_schedule, pilot_schedule

__all__ = ["annealed_real_partition"]

BREADTH = 1.1  # of the Gaussian at beta 0, in deviations of the samples
FIT_SAMPLES = 10  # per variable, for that Gaussian
FIRST_MOVES = 30  # of the pilot at beta 0
LEARNING = 0.5  # change of ln size per shortfall of the acceptance


def annealed_real_partition(
    target: RealTarget,
    rng: np.random.Generator,
    steps: int = 1000,
    chains: int = 200,
    samples: np.ndarray | None = None,
) -> AnnealedPartition:
    r"""Estimates ln Z from both sides by annealed importance sampling.

    Chains pass :math:`p_k \propto \exp(-(1 - \beta_k) A(x) - \beta_k H(x))`, A a slightly broadened Gaussian fit of
    samples, with one Hamiltonian Monte Carlo path at each step: forward from the Gaussian (beta = 0), and back from
    samples of exp(-H). A pilot places the betas where H - A fluctuates and learns the step sizes of the paths.

    Args:
        target: The density.
        rng: Source of all randomness.
        steps: Of the schedule.
        chains: Each way.
        samples: Raw, independent, shape (m, n). The last part, at most half and at most `chains`, starts the way
            back; the Gaussian is fitted to the others.

    Returns:
        Both estimates and their combination, as of `annealed_log_partition`, with its guarantees: exp(forward) is
        unbiased for Z; exp(-reverse) is unbiased for 1 / Z if, and only if, the samples are right.

    Raises:
        ValueError: If there are fewer than 4 samples, or of another shape, or H falls without limit.

    Source: Neal (2001); Burda, Grosse & Salakhutdinov (2015); Bennett (1976).
    """
    X, notes = _model_samples(target, rng, chains, samples)
    back = min(chains, len(X) // 2)
    base = Gaussian.of_points(X[:-back], target.walls, BREADTH)
    schedule = _pilot(target, base, chains, steps, rng)
    forward = Trajectories(target.slopes, base, base.draw(chains, rng))
    works = _works(forward, schedule, rng, backwards=False)
    undone = _works(Trajectories(target.slopes, base, base.white(X[-back:])), schedule, rng, backwards=True)
    return AnnealedPartition.of_works(base.log_partition, works, undone, schedule.betas, notes)


@dataclass(frozen=True, eq=False)
class _Schedule:
    """Betas from 0 to 1, largest leapfrog step and length of the path at each: the same both ways, as they must be.

    All chains of one direction share a path length; were the other direction's drawn anew, the works of both would
    not obey Crooks' theorem for these lengths, and errors that assume independent chains would be too small.
    """

    betas: np.ndarray
    sizes: np.ndarray
    paths: np.ndarray


def _pilot(target: RealTarget, base: Gaussian, chains: int, steps: int, rng: np.random.Generator) -> _Schedule:
    """Anneals once, roughly, to see where H - A fluctuates and which step sizes are accepted."""
    pilot = pilot_schedule(steps)
    moving = Trajectories(target.slopes, base, base.draw(max(chains, 10), rng))
    size, sizes, deviations = 1.0, [], []
    for beta in [0.0] * FIRST_MOVES + pilot.tolist():
        chance = _follow(moving, size, PATH * rng.uniform(*PATHS), beta, rng)
        size *= math.exp(LEARNING * (float(chance.mean()) - TARGET))
        size = min(size, PATH)
        sizes.append(size)
        deviations.append(float((moving.H - moving.A).std()))
    betas = even_schedule(steps, pilot, np.array(deviations[FIRST_MOVES + 1 :]))
    logs = np.interp(betas, pilot, np.log(sizes[FIRST_MOVES:]))
    return _Schedule(betas, np.exp(logs), PATH * rng.uniform(*PATHS, size=len(betas)))


def _follow(moving: Trajectories, size: float, path: float, beta: float, rng: np.random.Generator) -> np.ndarray:
    count = min(math.ceil(path / size), MOST_STEPS)
    return moving.move(count, min(size, path / count), beta, rng)


def _works(moving: Trajectories, schedule: _Schedule, rng: np.random.Generator, backwards: bool) -> np.ndarray:
    """Anneals chains along the schedule (or back); returns sum over steps of (change of beta > 0) x (H - A)."""
    gaps = np.diff(schedule.betas)
    inner = list(range(1, len(gaps)))
    if backwards:
        gaps, inner = gaps[::-1], inner[::-1]
    works = gaps[0] * (moving.H - moving.A)
    for gap, k in zip(gaps[1:].tolist(), inner, strict=True):
        size, path, beta = schedule.sizes[k], schedule.paths[k], schedule.betas[k]
        _follow(moving, float(size), float(path), float(beta), rng)
        works += gap * (moving.H - moving.A)
    return works


def _model_samples(
    target: RealTarget, rng: np.random.Generator, chains: int, samples: np.ndarray | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    n = len(target.variables)
    if samples is None:
        wanted = chains + max(chains, FIT_SAMPLES * n)
        drawn = sample_real(target.hamiltonian, wanted, rng, bounds=target.bounds, existence=target.existence)
        return drawn.values, (f"The way back starts from the last of {drawn!r}.", *drawn.notes)
    X = np.asarray(samples, np.float64)
    if X.ndim != 2 or X.shape[1] != n or len(X) < 4 or not np.all(np.isfinite(X)):
        requirement = f"at least 4 finite samples of {n} variables"
        raise ValueError(must_be("samples", target.owner, requirement, f"shape {X.shape}"))
    if not target.walls.contain(X).all():
        outside = int(np.argmin(target.walls.contain(X)))
        raise ValueError(must_be("samples", target.owner, "within `bounds`", f"row {outside} outside"))
    return X, (f"The way back starts from the last of {len(X)} given samples.",)
