"""What `HamiltonianDensity(kind="real").fit` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..._messages import must_be
from ..checkpoint import Checkpoint, fingerprint
from ..density_arguments import density_folds, is_collection
from ..families import Family
from ..ladder import Ladder, unscored
from ..progress import progress
from ..scoring import mean_and_error
from .fitting import RealFit, RealTerms, fit_gaussian, fit_real_terms
from .gaussian import MAX_COUPLINGS
from .ladder import INDEPENDENT, climb_real
from .model import RealModel
from .places import Place, place_of
from .samples import RealSamples, Samples, Summed, read_real_samples
from .setting import RealSetting, real_terms
from .walls import Walls, check_inside

if TYPE_CHECKING:
    from ...hamiltonian import Variables
    from ..density import HamiltonianDensity

__all__ = ["describe_ladder", "existence_notes", "fit_family", "fit_real", "is_gaussian", "one_family", "real_model"]

OWNER = "HamiltonianDensity"
QUICK_OPERATIONS = 2e11  # of standard errors that "auto" computes: some seconds
SCORE = "Hyvarinen score"


def fit_real(model: HamiltonianDensity, X: Any, sample_weight: Any, groups: Any) -> RealModel:
    """Fits the family, or climbs the ladder and fits the chosen one.

    Args:
        model: The estimator; gets its fitted attributes.
        X: Samples.
        sample_weight: Weights or None.
        groups: Groups or None.

    Returns:
        What answers the questions about the density.

    Raises:
        ValueError: If an argument or a sample is invalid.
    """
    with place_of(model.engine) as place:
        if is_collection(X):
            samples, summed = None, place.collected(model, X, sample_weight, groups)
        else:
            samples = read_real_samples(model, X, sample_weight, groups)
            summed = place.sent(samples)
        return _fit_samples(model, place, samples, summed)


def _fit_samples(model: HamiltonianDensity, place: Place, samples: RealSamples | None, summed: Samples) -> RealModel:
    """Fits samples (None if they are not on this machine) that are summed at a place."""
    setting = RealSetting.of(model)
    check_inside(summed.outside(setting.walls), setting.names)
    variables, choices, notes = setting.units((summed if samples is None else samples).moments())
    families, unfit = setting.families(model, choices)
    model.ladder_notes_ = [*notes, *unfit]
    if len(families) == 1 and model.regularization != "search":
        ladder = one_family(model, families)
    elif samples is None:
        advice = "Pass one order, one radius, one symmetry and a regularization, or X.compute()."
        requirement = "an array where families or regularizations are compared"
        raise ValueError(must_be("X", OWNER, requirement, "a Dask collection", advice))
    else:
        ladder = _climbed(model, place, samples, summed, families, variables, setting.walls)
    describe_ladder(model, ladder)
    terms = real_terms(model, ladder.family, variables, setting.walls)
    K = ladder.family.n_couplings
    quick = 12.0 * K**3 + 2.0 * summed.count * K**2 <= QUICK_OPERATIONS
    wanted = model.standard_errors is True or (model.standard_errors == "auto" and quick)
    fit = fit_family(model, terms, summed, summed if wanted else None)
    model.notes_ = [*fit.notes, *existence_notes(fit)]
    return real_model(model, fit, setting.walls)


def one_family(model: HamiltonianDensity, families: list[Family]) -> Ladder:
    """Returns the ladder of one family that is fitted without being compared."""
    ridge = 0.0 if isinstance(model.regularization, str) else float(model.regularization)
    return unscored(families, ridge, lambda family: family.n_couplings)


def describe_ladder(model: HamiltonianDensity, ladder: Ladder) -> None:
    """Sets the attributes that say what was compared and chosen."""
    model.ladder_, model.regularization_path_, model.verdict_ = ladder.table, ladder.path, ladder.verdict
    model.regularization_ = ladder.regularization
    family = ladder.family
    model.order_, model.radius_, model.symmetry_ = family.order, family.radius, family.symmetry_name


def real_model(model: HamiltonianDensity, fit: RealFit, walls: Walls) -> RealModel:
    """Sets the attributes that say what was fitted; returns what answers the questions about it."""
    model.hamiltonian_, model.normalizability_ = fit.hamiltonian, fit.existence
    model.n_iter_, model.gradient_norm_ = 1, fit.gradient_norm
    return RealModel(fit.hamiltonian, walls, fit.existence, model.random_state)


def _climbed(
    model: HamiltonianDensity,
    place: Place,
    samples: RealSamples,
    summed: Samples,
    families: list[Family],
    variables: Variables,
    walls: Walls,
) -> Ladder:
    fixed = None if isinstance(model.regularization, str) else float(model.regularization)
    if model.terms is not None:
        advice = 'Pass a number or "auto" (none).'
        raise ValueError(must_be("regularization", OWNER, "a number if terms are given", '"search"', advice))
    dealt, folds = density_folds(model.cv, samples, model.random_state)
    if dealt is not samples:
        samples, summed = dealt, place.sent(dealt)
    settings = {"folds": [held.tolist() for _, held in folds], "ridge": fixed, "kind": "real", "task": OWNER}
    key = fingerprint([samples.X, samples.weight, variables.center, variables.scale, walls.low, walls.high], settings)
    with progress(len(families), "families", model.verbose >= 1) as report:
        ladder, baseline = climb_real(
            families,
            samples,
            summed,
            folds,
            variables,
            walls.scaled(variables),
            model.geometry,
            fixed,
            Checkpoint(model.checkpoint, key),
            report,
        )
    model.ladder_score_ = SCORE
    rows = [(INDEPENDENT, 2 * len(variables), *mean_and_error(baseline, samples.weight))]
    model.baselines_ = pd.DataFrame(rows, columns=["model", "parameters", "loss", "standard_error"])
    return ladder


def fit_family(model: HamiltonianDensity, terms: RealTerms, summed: Summed, samples: Samples | None) -> RealFit:
    """Fits one family by the method that the arguments ask for.

    Args:
        model: The estimator, with its `regularization_`; gets `method_`.
        terms: The family.
        summed: Sums of the samples.
        samples: The samples themselves if standard errors of score matching are wanted, else None.

    Returns:
        The fit.

    Raises:
        ValueError: If the method does not suit the family.
    """
    guarantee = model.normalizable == "guarantee"
    gaussian = is_gaussian(terms)
    if model.method == "likelihood" and not gaussian:
        requirement = "score matching unless all terms have order 2, with every square among them, and no bounds"
        raise ValueError(must_be("method", OWNER, requirement, "'likelihood'"))
    plain = gaussian and model.regularization_ == 0 and not guarantee and terms.family.n_couplings <= MAX_COUPLINGS
    if model.method == "likelihood" or (model.method == "auto" and plain):
        moments = summed.gaussian_sums(terms.variables)
        if model.method == "likelihood" or moments.spans:
            model.method_ = "likelihood"
            return fit_gaussian(terms, moments)
    model.method_ = "score matching"
    return fit_real_terms(terms, samples, summed.sums(terms.functions), model.regularization_, guarantee)


def is_gaussian(terms: RealTerms) -> bool:
    """Whether the density of the family is a Gaussian."""
    return terms.monomials.order <= 2 and terms.walls.open and _all_squares(terms)


def _all_squares(terms: RealTerms) -> bool:
    squares = [block for block in terms.monomials.sites if block.shape[1] == 2]
    return bool(squares) and int(np.sum(squares[0][:, 0] == squares[0][:, 1])) == len(terms.variables)


def existence_notes(fit: RealFit) -> list[str]:
    """Says what a reader must know about the existence of the density."""
    found = fit.existence
    if found.verdict == "no":
        return [
            f'The fitted density does not exist: {found.proof} normalizable="guarantee" fits the nearest that does.'
        ]
    if found.verdict == "undecided":
        return [f"It was not decided whether the fitted density exists: {found.proof}"]
    return []
