"""What `HamiltonianDensity(kind=[...]).fit` does for real and discrete variables together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..._messages import must_be
from ...hamiltonian import Variables
from ..checkpoint import Checkpoint, fingerprint
from ..density_arguments import density_folds, term_limit
from ..families import MAX_SIDE, Family, list_families
from ..ladder import Ladder, unscored
from ..progress import progress
from ..scoring import mean_and_error
from ..symmetry_names import read_symmetries
from .columns import Columns
from .existence import mixed_existence
from .fitting import fit_mixed_terms, weakest_ridge
from .ladder import INDEPENDENT, climb_mixed
from .model import MixedModel
from .samples import MixedSamples, mixed_units, read_mixed_samples
from .terms import MixedTerms, given_monomials, mixed_terms

if TYPE_CHECKING:
    from ...geometry import Group
    from ...hamiltonian.normalizable import Normalizability
    from ..density import HamiltonianDensity

__all__ = ["METHOD", "fit_mixed"]

OWNER = "HamiltonianDensity"
METHOD = "score matching + pseudolikelihood"
ORDERS = (2, 4)  # as of real variables
QUICK_OPERATIONS = 2e11  # of standard errors that "auto" computes: some seconds
SCORE = "Hyvarinen score - pseudo-log-likelihood"


def fit_mixed(model: HamiltonianDensity, X: Any, sample_weight: Any, groups: Any) -> tuple[MixedModel, bool, bool]:
    """Fits the family, or climbs the ladder and fits the chosen one.

    Args:
        model: The estimator; gets its fitted attributes.
        X: Samples.
        sample_weight: Weights or None.
        groups: Groups or None.

    Returns:
        What answers the questions about the density; whether every optimum was reached; whether that of the chosen
        family was.

    Raises:
        ValueError: If an argument or a sample is invalid.
    """
    samples, columns = read_mixed_samples(model, X, sample_weight, groups)
    choices, notes = _symmetries(model, columns)
    common, centered = model.geometry is not None, model.terms is None
    lifted = [None if group is None else columns.lifted(group) for group in choices]
    variables, kept, ruled_out = mixed_units(columns, samples, lifted, common, centered)
    choices = [group for group, tied in zip(choices, lifted, strict=True) if tied in kept]
    families, unfit = _families(model, columns, choices)
    model.ladder_notes_ = [*notes, *ruled_out, *unfit]
    given = None if model.terms is None else given_monomials(model.terms, columns)
    terms = {family: mixed_terms(family, columns, variables, model.geometry, given) for family in families}
    _check_sizes(terms)
    ladder = _ladder(model, samples, terms)
    model.ladder_, model.regularization_path_, model.verdict_ = ladder.table, ladder.path, ladder.verdict
    model.regularization_, family = ladder.regularization, ladder.family
    model.order_, model.radius_, model.symmetry_ = family.order, family.radius, family.symmetry_name
    model.method_, model.gauge_ = METHOD, "reference" if "category" in columns.kinds else "none"
    fit = fit_mixed_terms(terms[family], samples, ladder.regularization, _wants_errors(model, samples, terms[family]))
    model.hamiltonian_ = fit.hamiltonian
    model.normalizability_ = mixed_existence(fit.hamiltonian, columns)
    model.notes_ = [*fit.notes, *_existence_notes(model.normalizability_)]
    model.n_iter_, model.gradient_norm_ = max(fit.optimum.steps, 1), fit.optimum.gradient_norm
    reached = fit.optimum.converged
    return MixedModel(fit.hamiltonian, columns, model.normalizability_), ladder.converged and reached, reached


def _symmetries(model: HamiltonianDensity, columns: Columns) -> tuple[list[Group | None], list[str]]:
    """Reads the symmetries; of those that "auto" stands for, the ones that mix kinds are left out and named."""
    if model.symmetry != "auto":
        return read_symmetries(model.symmetry, model.geometry, len(columns.names), columns.kinds, OWNER), []
    kept: list[Group | None] = []
    notes = []
    for group in read_symmetries("auto", model.geometry, len(columns.names), columns.kinds, OWNER):
        try:
            if group is not None:
                columns.lifted(group)
            kept.append(group)
        except ValueError:
            notes.append(f"Symmetry {group} was not tried: it exchanges sites of different kinds or states.")
    return kept, notes


def _families(
    model: HamiltonianDensity, columns: Columns, choices: list[Group | None]
) -> tuple[list[Family], list[str]]:
    if model.terms is not None:
        monomials = given_monomials(model.terms, columns)
        return [Family(monomials.order, math.inf, len(monomials), choices[0])], []
    return list_families(
        len(columns.names),
        model.order,
        model.radius,
        model.geometry,
        term_limit(model),
        kinds=columns.kinds,
        owner=OWNER,
        symmetries=choices,
        orders=ORDERS,
    )


def _check_sizes(terms: dict[Family, MixedTerms]) -> None:
    for family, some in terms.items():
        if some.n_free > MAX_SIDE:
            advice = "Lower the order or the radius, pass terms, or tie them by a symmetry."
            raise ValueError(
                must_be(
                    "order",
                    OWNER,
                    f"such that at most {MAX_SIDE} couplings are free",
                    f"{some.n_free} of {family}",
                    advice,
                )
            )


def _ladder(model: HamiltonianDensity, samples: MixedSamples, terms: dict[Family, MixedTerms]) -> Ladder:
    fixed = None if isinstance(model.regularization, str) else float(model.regularization)
    if len(terms) == 1 and model.regularization != "search":
        ridge = weakest_ridge(samples) if fixed is None else fixed
        return unscored(list(terms), ridge, lambda family: terms[family].n_free)
    samples, folds = density_folds(model.cv, samples, model.random_state)
    first = next(iter(terms.values()))
    settings: dict[str, Any] = {
        "folds": [held.tolist() for _, held in folds],
        "ridge": fixed,
        "kind": first.columns.kinds,
    }
    settings |= {"task": OWNER, "terms": model.terms, "geometry": model.geometry}
    variables = first.variables
    key = fingerprint([samples.X, samples.weight, variables.center, variables.scale], settings)
    independent = _independent(first.columns, variables)
    with progress(len(terms), "families", model.verbose >= 1) as report:
        ladder, baseline = climb_mixed(
            terms, independent, samples, folds, fixed, Checkpoint(model.checkpoint, key), report
        )
    model.ladder_score_ = SCORE
    rows = [(INDEPENDENT, independent.n_free, *mean_and_error(baseline, samples.weight))]
    model.baselines_ = pd.DataFrame(rows, columns=["model", "parameters", "loss", "standard_error"])
    return ladder


def _independent(columns: Columns, variables: Variables) -> MixedTerms:
    """Returns terms of single sites: Gaussians and frequencies of states."""
    n = len(columns.names)
    return mixed_terms(Family(2, 0.0, n + len(columns.real)), columns, variables, None)


def _wants_errors(model: HamiltonianDensity, samples: MixedSamples, terms: MixedTerms) -> bool:
    operations = 12.0 * terms.n_free**3 + 2.0 * len(samples.X) * terms.n_free**2
    return model.standard_errors is True or (model.standard_errors == "auto" and operations <= QUICK_OPERATIONS)


def _existence_notes(found: Normalizability) -> list[str]:
    if found.verdict == "no":
        return [f"The fitted density does not exist: {found.proof}"]
    if found.verdict == "undecided":
        return [f"It was not decided whether the fitted density exists: {found.proof}"]
    return []
