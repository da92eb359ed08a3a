"""What `HamiltonianDensity(kind="real").fit` does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..._messages import must_be
from ...hamiltonian import Monomials, find_orbits
from ..checkpoint import Checkpoint, fingerprint
from ..density_arguments import density_folds
from ..families import MAX_SIDE, Family, list_families
from ..ladder import Ladder, unscored
from ..progress import progress
from ..scoring import mean_and_error
from ..symmetry_names import read_symmetries
from .fitting import RealFit, RealTerms, fit_gaussian, fit_real_terms
from .gaussian import MAX_COUPLINGS
from .ladder import INDEPENDENT, climb_real
from .model import RealModel
from .samples import RealSamples, Walls, read_real_samples, read_walls, shared_units

if TYPE_CHECKING:
    from ...hamiltonian import Variables
    from ..density import HamiltonianDensity

__all__ = ["fit_real"]

OWNER = "HamiltonianDensity"
REAL_ORDERS = (2, 4)  # of odd order no density of open variables exists
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
    samples = read_real_samples(model, X, sample_weight, groups)
    names = tuple(map(str, getattr(model, "feature_names_in_", [f"x{i}" for i in range(samples.X.shape[1])])))
    walls = read_walls(model.bounds, names, samples.X)
    choices = read_symmetries(model.symmetry, model.geometry, len(names), None, OWNER)
    common, centered = model.geometry is not None, model.terms is None
    variables, choices, notes = shared_units(names, samples, choices, walls, common, centered)
    families, unfit = _families(model, len(names), choices)
    model.ladder_notes_ = [*notes, *unfit]
    ladder = _ladder(model, samples, families, variables, walls)
    model.ladder_, model.regularization_path_, model.verdict_ = ladder.table, ladder.path, ladder.verdict
    model.regularization_ = ladder.regularization
    family = ladder.family
    model.order_, model.radius_, model.symmetry_ = family.order, family.radius, family.symmetry_name
    terms = real_terms(model, family, variables, walls)
    fit = _fit(model, terms, samples)
    model.hamiltonian_, model.normalizability_ = fit.hamiltonian, fit.existence
    model.notes_ = [*fit.notes, *_existence_notes(fit)]
    model.n_iter_, model.gradient_norm_ = 1, fit.gradient_norm
    return RealModel(fit.hamiltonian, walls, fit.existence, model.random_state)


def _families(model: HamiltonianDensity, n: int, choices: list[Any]) -> tuple[list[Family], list[str]]:
    if model.terms is not None:
        monomials = explicit_monomials(model.terms, n)
        return [Family(monomials.order, math.inf, len(monomials), choices[0])], []
    several = "auto" in {str(model.order), str(model.radius)} or isinstance(model.order, list | tuple)
    limit = model.max_terms if several else np.iinfo(np.int64).max

    def excess(family: Family) -> str:
        return f"{family.n_couplings} couplings exceed {MAX_SIDE}" if family.n_couplings > MAX_SIDE else ""

    return list_families(
        n,
        model.order,
        model.radius,
        model.geometry,
        limit,
        excess,
        owner=OWNER,
        symmetries=choices,
        orders=REAL_ORDERS,
    )


def explicit_monomials(terms: Any, n: int) -> Monomials:
    """Reads a list of products of variables.

    Args:
        terms: Sets of sites; a site that occurs twice is squared.
        n: Number of variables.

    Returns:
        The different products.

    Raises:
        ValueError: If a term is no list of sites.
    """
    found: set[tuple[int, ...]] = set()
    for term in terms:
        sites = tuple(sorted(term)) if isinstance(term, tuple | list) else (term,)
        if not sites or not all(isinstance(s, int | np.integer) and 0 <= s < n for s in sites):
            requirement = f"products of sites 0 .. {n - 1}, such as (0, 0, 1) for x0^2 x1"
            raise ValueError(must_be("terms", OWNER, requirement, repr(term)))
        found.add(tuple(map(int, sites)))
    order = max(map(len, found), default=0)
    if not order:
        raise ValueError(must_be("terms", OWNER, "at least one product of sites", "none"))
    blocks = (sorted(term for term in found if len(term) == d) for d in range(1, order + 1))
    return Monomials(tuple(np.array(block, int).reshape(-1, d) for d, block in enumerate(blocks, start=1)))


def real_terms(model: HamiltonianDensity, family: Family, variables: Variables, walls: Walls) -> RealTerms:
    """Returns the terms of a family (those that were given, if they were)."""
    n = len(variables)
    if model.terms is None:
        monomials = family.monomials(n, model.geometry)
    else:
        monomials = explicit_monomials(model.terms, n)
    orbits = None if family.symmetry is None else find_orbits(monomials, family.symmetry)
    return RealTerms(family, monomials, orbits, variables, walls, model.geometry)


def _ladder(
    model: HamiltonianDensity, samples: RealSamples, families: list[Family], variables: Variables, walls: Walls
) -> Ladder:
    fixed = None if isinstance(model.regularization, str) else float(model.regularization)
    if len(families) == 1 and model.regularization != "search":
        return unscored(families, 0.0 if fixed is None else fixed, lambda family: family.n_couplings)
    if model.terms is not None:
        advice = 'Pass a number or "auto" (none).'
        raise ValueError(must_be("regularization", OWNER, "a number if terms are given", '"search"', advice))
    samples, folds = density_folds(model.cv, samples, model.random_state)
    settings = {"folds": [held.tolist() for _, held in folds], "ridge": fixed, "kind": "real", "task": OWNER}
    key = fingerprint([samples.X, samples.weight, variables.center, variables.scale, walls.low, walls.high], settings)
    with progress(len(families), "families", model.verbose >= 1) as report:
        ladder, baseline = climb_real(
            families,
            samples,
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


def _fit(model: HamiltonianDensity, terms: RealTerms, samples: RealSamples) -> RealFit:
    K = terms.family.n_couplings
    operations = 12.0 * K**3 + 2.0 * len(samples.X) * K**2
    wanted = model.standard_errors is True or (model.standard_errors == "auto" and operations <= QUICK_OPERATIONS)
    guarantee = model.normalizable == "guarantee"
    gaussian = terms.monomials.order <= 2 and terms.walls.open and _all_squares(terms)
    if model.method == "likelihood" and not gaussian:
        requirement = "score matching unless all terms have order 2, with every square among them, and no bounds"
        raise ValueError(must_be("method", OWNER, requirement, "'likelihood'"))
    plain = gaussian and model.regularization_ == 0 and not guarantee
    if model.method == "likelihood" or (model.method == "auto" and plain and _spans(samples, K)):
        model.method_ = "likelihood"
        return fit_gaussian(terms, samples)
    model.method_ = "score matching"
    return fit_real_terms(terms, samples, terms.sums(samples), model.regularization_, wanted, guarantee)


def _spans(samples: RealSamples, couplings: int) -> bool:
    """Whether the samples spread in every direction, and there are not too many couplings for Newton's method."""
    spread = np.cov(samples.X.T, aweights=samples.weight, ddof=0).reshape(samples.X.shape[1], -1)
    unit = np.sqrt(np.diag(spread))
    if couplings > MAX_COUPLINGS or not np.all(unit > 0):
        return False
    return bool(np.linalg.eigvalsh(spread / unit / unit[:, None])[0] > 1e-10)


def _all_squares(terms: RealTerms) -> bool:
    squares = [block for block in terms.monomials.sites if block.shape[1] == 2]
    return bool(squares) and int(np.sum(squares[0][:, 0] == squares[0][:, 1])) == len(terms.variables)


def _existence_notes(fit: RealFit) -> list[str]:
    found = fit.existence
    if found.verdict == "no":
        return [
            f'The fitted density does not exist: {found.proof} normalizable="guarantee" fits the nearest that does.'
        ]
    if found.verdict == "undecided":
        return [f"It was not decided whether the fitted density exists: {found.proof}"]
    return []
