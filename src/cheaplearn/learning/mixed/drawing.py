"""Draw samples of real and discrete variables: exactly where states are few, else by chains."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..._messages import must_be
from ...hamiltonian import Hamiltonian
from ...hamiltonian.sampling import RealSamples
from ...hamiltonian.sampling.runs import WORST_RHAT, burned_in, collected
from .columns import Columns
from .gaussians import MAX_STATES, ConditionalGaussians
from .moves import MixedMoves

__all__ = ["draw_mixed"]

METHODS = ("auto", "exact", "gibbs")
CHAINS = 100  # by default, if as many samples are wanted
WINDOWS = (50, 100, 100, 50)  # moves in which units and step sizes are learned
BUDGET = 2e10  # visits of one term by one chain, of the burn-in and again of the sampling
OVERHEAD = 300  # terms that one variable's share of an evaluation is worth
LEAST_ESS = 100.0


def draw_mixed(
    hamiltonian: Hamiltonian,
    columns: Columns,
    gaussians: ConditionalGaussians | None,
    n: int,
    method: str = "auto",
    random_state: Any = None,
    chains: int | None = None,
    burn_in: int | None = None,
    thinning: int | None = None,
) -> RealSamples:
    """Draws samples of p(x, s) proportional to exp(-H(x, s)).

    Args:
        hamiltonian: H, one class.
        columns: Its variables.
        gaussians: Distributions of the real variables given the others where H is quadratic in them; else None.
        n: How many samples.
        method: "exact" (H quadratic in the real variables, at most 2^16 states of the others); "gibbs": sweeps over the
            discrete sites in turn with draws of the real variables given them, exact ones where H is quadratic, else
            paths of Hamiltonian Monte Carlo; "auto": exact where possible.
        random_state: Seed.
        chains: Independent chains; default n, but at least 4 and at most 100.
        burn_in: Moves dropped; default until chains agree.
        thinning: Moves between samples of a chain; default two autocorrelation times.

    Returns:
        Raw values of the columns.

    Raises:
        ValueError: If an argument has no meaning, or "exact" is not possible.

    Warns:
        UserWarning: If the chains have not mixed.
    """
    if method not in METHODS:
        raise ValueError(must_be("method", "HamiltonianDensity.sample", f"one of {', '.join(METHODS)}", repr(method)))
    for name, value, least in (("n", n, 1), ("chains", chains, 1), ("burn_in", burn_in, 0), ("thinning", thinning, 1)):
        if value is not None and (value != int(value) or value < least):
            requirement = f"an integer of at least {least}"
            raise ValueError(must_be(name, "HamiltonianDensity.sample", requirement, value))
    rng = np.random.default_rng(random_state)
    exact = gaussians is not None and gaussians.n_states <= MAX_STATES
    if method == "exact" and not exact:
        requirement = f"gibbs unless H is quadratic in the real variables and the others have <= {MAX_STATES:,} states"
        raise ValueError(must_be("method", "HamiltonianDensity.sample", requirement, "'exact'"))
    if gaussians is not None and exact and method != "gibbs":
        return RealSamples(gaussians.draw(n, rng), "exact", 1.0, float(n), 1.0, 1.0, n, 0, 0, 0)
    moves = MixedMoves(hamiltonian, columns, gaussians, chains or min(max(n, 4), CHAINS), rng)
    drawn = _chained(moves, len(hamiltonian.monomials), n, burn_in, thinning)
    _warn(drawn)
    return drawn


def _chained(moves: MixedMoves, terms: int, n: int, burn_in: int | None, thinning: int | None) -> RealSamples:
    moves.learn(WINDOWS)
    work = moves.steps * (terms + OVERHEAD * len(moves.columns)) * len(moves.values)
    affordable = max(1, int(BUDGET / work))

    def aim() -> None:
        T = moves.variables.scaled(moves.values)
        _, _, directions = np.linalg.svd(T - T.mean(axis=0), full_matrices=False)
        moves.watch(directions[0] / moves.variables.scale)

    burnt = burned_in(moves.advance, aim, burn_in, affordable, "moves")
    run = collected(moves.advance, lambda: moves.values.copy(), n, burnt.trace, thinning, affordable, "moves")
    notes = (*burnt.notes, *run.notes)
    if run.rhat > WORST_RHAT:
        notes = (*notes, f"Chains disagree: split R-hat is {run.rhat:.3g}, more than {WORST_RHAT}.")
    return RealSamples(
        run.states[:n],
        "gibbs",
        moves.acceptance,
        min(run.effective_sample_size * n / len(run.states), float(n)),
        run.autocorrelation_time,
        run.rhat,
        len(moves.values),
        burnt.dropped + run.rounds * run.thinning,
        burnt.dropped,
        run.thinning,
        notes,
    )


def _warn(drawn: RealSamples) -> None:
    if drawn.r_hat <= WORST_RHAT and drawn.effective_sample_size >= min(LEAST_ESS, len(drawn) / 2):
        return
    message = (
        f"The chains have not mixed: split R-hat {drawn.r_hat:.3g} (good: below {WORST_RHAT}), effective sample size "
        f"{drawn.effective_sample_size:.3g} of {len(drawn)}. Sample longer."
    )
    warnings.warn(message, UserWarning, stacklevel=3)
