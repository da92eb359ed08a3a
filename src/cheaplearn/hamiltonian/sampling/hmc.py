"""Draw samples of real variables: exactly from Gaussians, else by Hamiltonian Monte Carlo, tempered where needed."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..._messages import must_be
from ..gaussian_model import GaussianModel
from ..hamiltonian import Hamiltonian
from ..normalizable import Normalizability
from ..real_target import RealTarget
from .gaussian import Gaussian
from .real_moves import RealMoves
from .real_samples import RealSamples
from .runs import WORST_RHAT, BurnIn, burned_in, collected

__all__ = ["sample_real"]

METHODS = ("auto", "exact", "hmc", "tempering")
CHAINS = {"hmc": 100, "tempering": 32}  # by default, if as many samples are wanted
SETTLING = 50  # moves
WINDOWS = (50, 100, 200)  # moves, each in the units that the one before has shown
BASE_BREADTH = 1.5  # of the Gaussian at beta 0, over all points that chains have seen
REPLICAS = 8  # at first
FIRST_BETA = 0.05
REPLICA_WINDOWS = (50, 100, 200, 200)  # moves
WORST_SWAPS = 0.3  # twice as many replicas are taken while swaps are accepted less often
MOST_REPLICAS = 64
BUDGET = 4e10  # visits of one term by one chain (about 0.5 ns) of the burn-in, and again of the sampling
PATIENCE = 20  # "auto" gives up on chains that do not agree after this share of the budget
OVERHEAD = 300  # terms that one variable's share of a leapfrog step is worth
LEAST_ESS = 100.0


def sample_real(
    hamiltonian: Hamiltonian,
    n: int,
    random_state: int | np.random.Generator | None = None,
    method: str = "auto",
    chains: int | None = None,
    burn_in: int | None = None,
    thinning: int | None = None,
    start: np.ndarray | None = None,
    bounds: Any = None,
    existence: Normalizability | None = None,
) -> RealSamples:
    """Draws samples from p(x) proportional to exp(-H(x)), x real.

    Args:
        hamiltonian: H, of one class and real variables.
        n: How many samples.
        random_state: Seed; the same int gives the same samples.
        method: "exact" for order 2 without walls; "hmc" is Hamiltonian Monte Carlo with learned units and step sizes;
            "tempering" adds replicas between H and a broad Gaussian, for several wells; "auto" is "exact" where
            possible, else "hmc", and "tempering" if the chains of "hmc" disagree at the end of the burn-in.
            `RealSamples.method` and `notes` say what was done.
        chains: Independent chains; default: n, but at least 4 and at most 100 (32 stacks with "tempering").
        burn_in: Moves dropped after units and sizes have been learned. Default: blocks of doubling length until one
            is 40 autocorrelation times tau long with split R-hat below 1.05, or the budget is spent.
        thinning: Moves between samples of one chain; default 2 tau, within the same budget.
        start: Raw points that chains start from, shape (m, n); drawn with replacement. Default: twice the scale
            around the center, so that chains find different wells; uniform between two walls.
        bounds: (low, high) for each variable, None or infinity for no wall: paths are reflected there.
        existence: What `normalizability` says of H, if it was asked before; None to ask it.

    Returns:
        The samples.

    Raises:
        ValueError: If an argument has no meaning, or no density exp(-H) exists and that was seen.
        FloatingPointError: If chains run away.

    Warns:
        UserWarning: If split R-hat exceeds 1.05 or the samples are worth less than 100 (or n / 2) independent ones.

    Guarantee:
        "exact" up to rounding. Otherwise moves leave exp(-H) invariant once learning has ended; that all chains agree
        is measured, for the energy and the direction in which they differed most, but a well that none has found
        stays unknown. H that falls only along narrow valleys may pass as a density.
    Cost: for each move some 2 to 10 leapfrog steps of all chains, more where H is stiff; see `Slopes`.
    Source: Neal (2011); Hoffman & Gelman (2014) for the step size; Syed et al. (2022) for the replicas.

    Example:
        >>> from cheaplearn.hamiltonian import Monomials, Variables
        >>> sites = [np.empty((0, degree), int) for degree in (1, 2, 3)] + [np.zeros((1, 4), int)]
        >>> one, label = np.ones((1, 1)), np.array(["H"])
        >>> H = Hamiltonian(Monomials(tuple(sites)), one, np.zeros(1), label, Variables.default(1), None, 4, 0)  # x^4
        >>> drawn = sample_real(H, 1000, random_state=0)
        >>> drawn.method, drawn.values.shape, bool(drawn.r_hat < 1.05)
        ('hmc', (1000, 1), True)
    """
    if method not in METHODS:
        raise ValueError(must_be("method", "sample_real", f"one of {', '.join(METHODS)}", repr(method)))
    for name, value, least in (("n", n, 1), ("chains", chains, 1), ("burn_in", burn_in, 0), ("thinning", thinning, 1)):
        if value is not None and (value != int(value) or value < least):
            raise ValueError(must_be(name, "sample_real", f"an integer of at least {least}", value))
    target, rng = RealTarget(hamiltonian, bounds, "sample_real", existence), np.random.default_rng(random_state)
    if method == "exact" and not target.is_gaussian:
        got = "walls" if target.walls.any else f"degree {target.degree}"
        raise ValueError(must_be("method", "sample_real", "another than exact unless H is a Gaussian", got))
    if method == "exact" or (method == "auto" and target.is_gaussian):
        values = GaussianModel.of_hamiltonian(hamiltonian, "sample_real").draw(n, rng)
        return RealSamples(values, "exact", 1.0, float(n), 1.0, 1.0, n, 0, 0, 0)
    drawn = _chained(target, n, method, chains, burn_in, thinning, start, rng)
    _warn(drawn)
    return drawn


def _chained(
    target: RealTarget,
    n: int,
    method: str,
    chains: int | None,
    burn_in: int | None,
    thinning: int | None,
    start: np.ndarray | None,
    rng: np.random.Generator,
) -> RealSamples:
    count = chains or min(max(n, 4), CHAINS["hmc"])
    first = target.wide_points(count, rng) if start is None else _given(target, start, count, rng)
    moves, seen = _learned(target, first, rng)
    notes: tuple[str, ...] = ()
    if method != "tempering":
        affordable = max(1, _affordable(target, moves) // (1 if method == "hmc" else PATIENCE))
        burnt = burned_in(moves.advance, lambda: _aim(target, moves), burn_in, affordable, "moves")
        if method == "hmc" or burnt.agreed:
            return _drawn(target, moves, burnt, "hmc", n, thinning, notes)
        notes = (f"Chains of hmc disagreed or were slow, so replicas were added. {burnt.notes[0]}",)
        seen = np.concatenate([seen, moves.values])
    stacks = chains or min(max(n, 4), CHAINS["tempering"])
    moves = _tempered(target, seen, stacks, rng)
    betas = moves.replicas.betas
    notes += (f"{len(betas)} replicas in each of {stacks} stacks, betas from 0, then {betas[1]:.3g}, to 1.",)
    burnt = burned_in(moves.advance, lambda: _aim(target, moves), burn_in, _affordable(target, moves), "moves")
    return _drawn(target, moves, burnt, "tempering", n, thinning, notes)


def _learned(target: RealTarget, X: np.ndarray, rng: np.random.Generator) -> tuple[RealMoves, np.ndarray]:
    """Lets chains settle and learns units and step size; returns the points of the last window too."""
    variables = target.variables
    units = Gaussian(variables.center, np.array(variables.scale), target.walls)
    moves = RealMoves(target.slopes, units, X, np.ones(1), rng)
    moves.settle(SETTLING)
    seen = X
    for window in WINDOWS:
        target.refuse_runaways(moves.values)
        seen = moves.learn(window)
        moves.use_units(Gaussian.of_points(seen, target.walls))
    moves.learn(WINDOWS[0])
    target.refuse_runaways(moves.values)
    return moves, seen


def _tempered(target: RealTarget, seen: np.ndarray, stacks: int, rng: np.random.Generator) -> RealMoves:
    """Starts stacks of replicas between H and a Gaussian as broad as all that was seen; learns sizes and betas."""
    base = Gaussian.of_points(seen, target.walls, BASE_BREADTH)
    replicas = REPLICAS
    while True:
        betas = np.concatenate([[0.0], np.geomspace(FIRST_BETA, 1, replicas - 1)])
        first = seen[rng.integers(len(seen), size=stacks * replicas)]
        moves = RealMoves(target.slopes, base, first, betas, rng)
        for window in REPLICA_WINDOWS:
            moves.learn(window, even_out=True)
        moves.learn(REPLICA_WINDOWS[-1])
        if moves.replicas.swap_rates.min() > WORST_SWAPS or 2 * replicas > MOST_REPLICAS:
            return moves
        replicas *= 2


def _drawn(
    target: RealTarget,
    moves: RealMoves,
    burnt: BurnIn,
    method: str,
    n: int,
    thinning: int | None,
    notes: tuple[str, ...],
) -> RealSamples:
    acceptances = []

    def advance(count: int) -> np.ndarray:
        trace = moves.advance(count)
        acceptances.append(float(moves.acceptance.mean()))
        return trace

    run = collected(advance, lambda: moves.values, n, burnt.trace, thinning, _affordable(target, moves), "moves")
    target.refuse_runaways(moves.values)
    if run.rhat > WORST_RHAT:
        notes += (f"Chains disagree: split R-hat is {run.rhat:.3g}, more than {WORST_RHAT}.",)
    return RealSamples(
        run.states[:n],
        method,
        float(np.mean(acceptances)),
        min(run.effective_sample_size * n / len(run.states), float(n)),
        run.autocorrelation_time,
        run.rhat,
        len(moves.replicas.place),
        burnt.dropped + run.rounds * run.thinning,
        burnt.dropped,
        run.thinning,
        (*notes, *burnt.notes, *run.notes),
    )


def _aim(target: RealTarget, moves: RealMoves) -> None:
    """Watches the direction of t in which chains differ most."""
    T = target.variables.scaled(moves.values)
    _, _, directions = np.linalg.svd(T - T.mean(axis=0), full_matrices=False)
    moves.watch(directions[0] / target.variables.scale)


def _affordable(target: RealTarget, moves: RealMoves) -> int:
    chains = moves.replicas.place.size
    work = len(target.hamiltonian.monomials) + OVERHEAD * len(target.variables)
    return max(1, int(BUDGET / (chains * moves.steps * work)))


def _given(target: RealTarget, start: np.ndarray, chains: int, rng: np.random.Generator) -> np.ndarray:
    points = np.asarray(start, np.float64)
    n = len(target.variables)
    if points.ndim != 2 or points.shape[1] != n or not len(points) or not np.all(np.isfinite(points)):
        requirement = f"finite numbers of shape (points, {n})"
        raise ValueError(must_be("start", "sample_real", requirement, f"shape {points.shape}"))
    if not target.walls.contain(points).all():
        outside = int(np.argmin(target.walls.contain(points)))
        raise ValueError(must_be("start", "sample_real", "within `bounds`", f"row {outside} outside"))
    return points[rng.integers(len(points), size=chains)]


def _warn(drawn: RealSamples) -> None:
    least = min(LEAST_ESS, len(drawn) / 2)
    if drawn.r_hat <= WORST_RHAT and drawn.effective_sample_size >= least:
        return
    reach = "" if math.isfinite(drawn.autocorrelation_time) else " or more"
    message = (
        f"The chains have not mixed: split R-hat {drawn.r_hat:.3g} (good: below {WORST_RHAT}), effective sample size "
        f"{drawn.effective_sample_size:.3g} of {len(drawn)}, autocorrelation {drawn.autocorrelation_time:.3g}{reach} "
        "moves. Sample longer or by another method."
    )
    warnings.warn(message, UserWarning, stacklevel=3)
