"""The ladder of regressions: families scored on sums that are formed once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from ...geometry import Geometry
from ...hamiltonian import Monomials, local_monomials
from ..checkpoint import Checkpoint
from ..families import MAX_SIDE, Family
from ..ladder import Ladder, build_ladder
from ..scaling import symmetric_units
from ..scoring import FamilyScore, mean_and_error
from .cells import Cells
from .design import Design
from .moments import Moments
from .ridge import Ridge, deviations
from .rows import Rows, moments, squares
from .units import Units

__all__ = ["NOISE_FLOOR", "PENALTIES", "Problem", "climb_regressions", "regression_excess", "units_of"]

NOISE_FLOOR = 1e-12  # of the standard deviation of an output: residuals below are rounding
PENALTIES = (0.0, *(10.0**k for k in range(-4, 7)))


def regression_excess(family: Family, n_samples: int, every: bool) -> str:
    """Says why a family is too large; empty if it is not.

    Args:
        family: The family.
        n_samples: Number of samples.
        every: Whether its order was asked for; else no family above order 1 has more couplings than samples.

    Returns:
        The reason, to follow "was not fitted:".
    """
    size = family.n_couplings
    if size > MAX_SIDE:
        return f"it has {size} couplings, more than {MAX_SIDE}"
    if not every and family.order > 1 and size > n_samples:
        return f"it has more couplings ({size}) than samples ({n_samples})"
    return ""


def units_of(family: Family, units: Units, from_zero: bool) -> Units:
    """Returns units that the symmetry of a family leaves alone.

    Args:
        family: The family.
        units: Mean and half range of the variables.
        from_zero: Whether t = 0 is x = 0, so that terms of t are terms of x up to a factor, a power of two.

    Returns:
        The units.
    """
    center, scale = units.center, units.scale
    if from_zero:
        reach = np.abs(center) + scale
        center, scale = np.zeros_like(center), np.exp2(np.ceil(np.log2(reach)))
    if family.symmetry is not None:
        center, scale = symmetric_units(center, scale, family.symmetry)
    if from_zero:
        scale = np.exp2(np.ceil(np.log2(scale)))
    return Units(center, scale, units.y_center, units.y_scale)


@dataclass(frozen=True, eq=False)
class Problem:
    """What families are scored on.

    Args:
        rows: The rows.
        units: Mean and half range of variables, mean and deviation of outputs.
        geometry: Where the variables live, or None.
        cells: Folds.
        total_weight: Weight of each row, shape (rows,).
        from_zero: Whether terms are formed of x up to a factor, not of x - mean.
    """

    rows: Rows
    units: Units
    geometry: Geometry | None
    cells: Cells
    total_weight: np.ndarray
    from_zero: bool = False

    def units_of(self, family: Family) -> Units:
        """Returns the units of a family."""
        return units_of(family, self.units, self.from_zero)

    def design(self, family: Family) -> Design:
        """Returns the columns of a family."""
        monomials = family.monomials(len(self.units.center), self.geometry)
        return Design(monomials, family.orbits(monomials))


@dataclass(eq=False)
class SharedSums:
    """Sums of the cells, formed once for families that are contained in one another.

    Args:
        problem: The data.
        families: All families that will be asked for.
    """

    problem: Problem
    families: list[Family]

    def __post_init__(self) -> None:
        self._kept: dict[tuple[int, float, bytes], tuple[Design, list[Moments]]] = {}

    def of(self, family: Family) -> list[Moments]:
        """Returns the sums of each cell for the columns of a family.

        Args:
            family: The family.

        Returns:
            A block of the sums of the largest family that contains it, contracted if terms are tied.
        """
        design = self.problem.design(family)
        if family.n_terms > MAX_SIDE:  # only the sums of orbits fit
            return moments(self.problem.rows, design, self.problem.units_of(family), self.problem.cells.membership)
        shared, sums = self._shared(family)
        columns = _columns(design.monomials, shared.monomials)
        parts = sums if len(columns) == shared.n_columns else [cell.part(columns) for cell in sums]
        return parts if design.orbits is None else [cell.tied(design.orbits) for cell in parts]

    def _shared(self, family: Family) -> tuple[Design, list[Moments]]:
        units = self.problem.units_of(family)
        alike = [f for f in self.families if f.n_terms <= MAX_SIDE and self.problem.units_of(f).same_variables(units)]
        largest = max(
            (f for f in alike if f.order >= family.order and f.radius >= family.radius), key=lambda f: f.n_terms
        )
        key = (largest.order, largest.radius, units.center.tobytes() + units.scale.tobytes())
        if key not in self._kept:
            monomials = local_monomials(len(units.center), largest.order, largest.radius, self.problem.geometry)
            design = Design(monomials)
            self._kept[key] = design, moments(self.problem.rows, design, units, self.problem.cells.membership)
        return self._kept[key]


def _columns(part: Monomials, whole: Monomials) -> np.ndarray:
    """Returns where the constant and the terms of a family stand among those of a larger one."""
    places, start = [np.zeros(1, int)], 1
    for some, every in zip(part.sites, whole.sites, strict=False):
        if len(some) == len(every):
            places.append(np.arange(start, start + len(every)))
        else:
            index = {key: k for k, key in enumerate(map(bytes, every.astype(">i8")))}
            places.append(start + np.array([index[key] for key in map(bytes, some.astype(">i8"))], int))
        start += len(every)
    return np.concatenate(places)


def climb_regressions(
    problem: Problem,
    families: list[Family],
    regularization: float | None,
    checkpoint: Checkpoint,
    n_jobs: int | None,
    report: Callable[[], None],
) -> Ladder:
    """Scores all families and chooses.

    Args:
        problem: The data and folds.
        families: The families.
        regularization: The penalty, or None to choose one of `PENALTIES` for each family.
        checkpoint: Where scores are kept.
        n_jobs: Families scored at a time, in threads.
        report: Called after each family.

    Returns:
        The ladder; its baseline is the constant model.
    """
    shared = SharedSums(problem, families)
    penalties = PENALTIES if regularization is None else (regularization,)

    def score(family: Family) -> tuple[Family, FamilyScore]:
        found = checkpoint.scored(family, lambda: _Trial(problem, family, shared, penalties).score())
        report()
        return family, found

    parallel = Parallel(n_jobs if n_jobs else 1, require="sharedmem")
    scores = parallel(delayed(score)(family) for family in families)
    outputs = len(problem.units.y_scale)
    baseline = _baseline(problem)
    return build_ladder(scores, problem.total_weight, lambda f: (f.n_couplings + 1) * outputs, baseline)


@dataclass(eq=False)
class _Trial:
    """One family on all folds at all penalties."""

    problem: Problem
    family: Family
    shared: SharedSums
    penalties: tuple[float, ...]

    def score(self) -> FamilyScore:
        """Returns the losses at the penalty that `pick_penalty` picks."""
        problem, cells = self.problem, self.problem.cells
        design = self.problem.design(self.family)
        weights, dof, coefficients = self._solved()
        residuals, held = squares(
            problem.rows,
            design,
            problem.units_of(self.family),
            coefficients,
            cells.training,
            cells.held,
        )
        losses = _losses(residuals, weights[:, None] - dof, held, cells.held)
        tried = {rho: losses[:, k] for k, rho in enumerate(self.penalties)}
        return pick_penalty(tried, problem.total_weight)

    def _solved(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Solves all folds, one after the other.

        Returns:
            Training weights, shape (folds,); numbers fitted, shape (folds, settings); and coefficients, shape (columns,
            folds, settings, outputs).
        """
        cells, sums = self.problem.cells, self.shared.of(self.family)
        unit = deviations(cells.sums(sums, -1))
        weights, dof, coefficients = [], [], []
        for fold in range(cells.training.shape[1]):
            ridge = Ridge(cells.sums(sums, fold), unit)
            weights.append(ridge.sums.weight)
            dof.append([ridge.degrees_of_freedom(rho) for rho in self.penalties])
            coefficients.append([ridge.solve(rho) for rho in self.penalties])
        return np.array(weights), np.array(dof), np.moveaxis(np.array(coefficients), 2, 0)


def pick_penalty(tried: dict[float, np.ndarray], weight: np.ndarray) -> FamilyScore:
    """Picks the penalty of a family.

    Args:
        tried: Held-out loss of each sample at each penalty.
        weight: Sample weights, shape (samples,).

    Returns:
        The scores at the penalty picked: 0 (couplings without bias, whose intervals mean what they say) unless one is
        better by more than one standard error of the paired difference; then the largest that is not worse than the
        best by more than that.
    """
    means = {rho: mean_and_error(losses, weight)[0] for rho, losses in tried.items()}
    lowest = min(means, key=lambda rho: (means[rho], rho))

    def near(rho: float) -> bool:
        mean, error = mean_and_error(tried[rho] - tried[lowest], weight)
        return mean <= error

    picked = 0.0 if 0.0 in tried and near(0.0) else max(rho for rho in tried if near(rho))
    return FamilyScore(picked, tried[picked], means, converged=True)


def _losses(residuals: np.ndarray, freedom: np.ndarray, held: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    r"""Gaussian log-loss of each row, averaged over the folds in which it was held out.

    Args:
        residuals: Weighted squared training residuals, shape (folds, settings, outputs), in deviations of the outputs.
        freedom: Training weight less the numbers fitted, shape (folds, settings).
        held: Squared held-out residuals, shape (pairs, settings, outputs).
        pairs: Whether a row is held out in a fold, shape (rows, folds).

    Returns:
        Sum over outputs of :math:`\frac12 \ln 2\pi\sigma^2 + r^2/2\sigma^2`, nats, shape (rows, settings); NaN for rows
        that were never held out.
    """
    row, fold = np.nonzero(pairs)
    free = np.maximum(freedom, 0.0)[:, :, None]
    variance = np.divide(residuals, free, out=np.zeros_like(residuals), where=free > 0)
    variance = np.maximum(variance, NOISE_FLOOR**2)[fold]
    missed = np.maximum(held - NOISE_FLOOR**2, 0.0)  # rounding must not choose between families that are all exact
    loss = np.sum(0.5 * np.log(2 * math.pi * variance) + missed / (2 * variance), axis=2)
    total, count = np.zeros((len(pairs), loss.shape[1])), pairs.sum(axis=1)
    np.add.at(total, row, loss)
    with np.errstate(invalid="ignore"):
        return total / count[:, None]


def _baseline(problem: Problem) -> np.ndarray:
    """Returns the held-out loss of each row under the constant model, shape (rows,)."""
    design, cells = Design(Monomials(())), problem.cells
    sums = moments(problem.rows, design, problem.units, cells.membership)
    folds = [cells.sums(sums, fold) for fold in range(cells.training.shape[1])]
    means = np.array([fold.cross[0] / fold.weight for fold in folds])
    residuals, held = squares(problem.rows, design, problem.units, means[None, :, None, :], cells.training, cells.held)
    freedom = np.array([[fold.weight - 1] for fold in folds])
    return _losses(residuals, freedom, held, cells.held)[:, 0]
