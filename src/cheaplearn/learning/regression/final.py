"""The chosen family, fitted to all rows, with its errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...geometry import Geometry
from ...hamiltonian import Hamiltonian, Orbits, Variables
from ..families import Family
from .design import Design
from .expansion import expansion
from .ladder import Problem
from .moments import Moments
from .ridge import Ridge, deviations
from .rows import gradient
from .units import Units

__all__ = ["Estimate", "estimate", "hamiltonian_of", "refined"]

REFINEMENTS = 2


@dataclass(frozen=True, eq=False)
class Estimate:
    """Coefficients with what their errors follow from.

    Args:
        design: The columns.
        units: Units of variables and outputs.
        coefficients: In those units, the constant first, shape (columns, outputs).
        noise: Standard deviation of the noise in units of `units`, shape (outputs,); NaN where there are no more rows
            than numbers fitted.
        factors: F for each output, with covariance noise^2 F F^T of the coefficients, shapes (columns, any).
        freedom: Weight of the rows less the numbers fitted, shape (outputs,).
        unidentified: Which columns the rows do not determine, shape (columns,).
    """

    design: Design
    units: Units
    coefficients: np.ndarray
    noise: np.ndarray
    factors: tuple[np.ndarray, ...]
    freedom: np.ndarray
    unidentified: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Standard errors of the coefficients, NaN where not identified, shape (columns, outputs)."""
        errors = np.column_stack([
            sigma * np.sqrt(np.sum(F**2, axis=1)) for sigma, F in zip(self.noise, self.factors, strict=True)
        ])
        errors[self.unidentified] = np.nan
        for F, column in zip(self.factors, errors.T, strict=True):
            column[~F.any(axis=1)] = np.nan  # a sparse fit of another output has this term
        return errors

    def deviations_at(self, t: np.ndarray) -> np.ndarray:
        """Standard deviation of the fitted mean at points, in units of the noise, shape (rows, outputs)."""
        found = np.empty((len(t), len(self.factors)))
        size = self.design.rows_at_once
        for first in range(0, len(t), size):
            values = self.design.values(t[first : first + size])
            for k, F in enumerate(self.factors):
                found[first : first + size, k] = np.sqrt(np.sum((values @ F) ** 2, axis=1))
        return found


def estimate(problem: Problem, family: Family, rho: float, sums: Moments) -> Estimate:
    """Fits a family to all rows.

    The normal equations are solved twice more for the residuals, which are formed row by row: that gives the accuracy
    of a QR decomposition as long as the condition number of the columns is below 1e6 or so (Bjorck 1987).

    Args:
        problem: The data.
        family: The family.
        rho: The penalty.
        sums: Sums of all rows for its columns.

    Returns:
        The estimate.
    """
    design, units = problem.design(family), problem.units_of(family)
    ridge = Ridge(sums, deviations(sums))
    coefficients = ridge.solve(rho)
    for _ in range(REFINEMENTS):
        step = gradient(problem.rows, design, units, coefficients).cross
        step[1:] -= rho * (ridge.unit**2)[:, None] * coefficients[1:]
        coefficients = coefficients + ridge.solve(rho, step)
    residuals = gradient(problem.rows, design, units, coefficients).squares
    return refined(design, units, ridge, rho, coefficients, residuals)


def refined(
    design: Design, units: Units, ridge: Ridge, rho: float, coefficients: np.ndarray, residuals: np.ndarray
) -> Estimate:
    """Adds errors to coefficients.

    Args:
        design: The columns.
        units: Units of variables and outputs.
        ridge: The problem that was solved.
        rho: The penalty.
        coefficients: Shape (columns, outputs).
        residuals: Weighted sums of squared residuals, shape (outputs,).

    Returns:
        The estimate, with the classical covariance: noise of one size, independent of x.
    """
    freedom = ridge.sums.weight - ridge.degrees_of_freedom(rho)
    noise = np.sqrt(residuals / freedom) if freedom > 1e-9 else np.full(len(residuals), np.nan)
    F = ridge.factor(rho)
    unidentified = np.append(False, ridge.unidentified if rho == 0 else ridge.unit == 0)
    outputs = len(residuals)
    return Estimate(
        design, units, coefficients, np.maximum(noise, 0.0), (F,) * outputs, np.full(outputs, freedom), unidentified
    )


def hamiltonian_of(
    found: Estimate, family: Family, names: tuple[str, ...], outputs: np.ndarray, geometry: Geometry | None
) -> Hamiltonian:
    """Writes an estimate as energies, one for each output; minus their offsets is the constant of the prediction.

    Args:
        found: The estimate.
        family: What it was chosen from.
        names: Names of the variables.
        outputs: Names of the outputs.
        geometry: Where the variables live, or None.

    Returns:
        The Hamiltonian in the units of the outputs, with standard errors of scaled and raw couplings.
    """
    units, orbits = found.units, found.design.orbits
    theta = found.design.expanded(found.coefficients)[1:]
    errors = found.design.expanded(found.errors)[1:] if orbits is None else _tied_errors(found, orbits)
    intercept = units.y_center + units.y_scale * found.coefficients[0]
    return Hamiltonian(
        monomials=found.design.monomials,
        coefficients=theta * units.y_scale,
        offsets=intercept,
        classes=outputs,
        variables=Variables(names, ("real",) * len(names), units.center, units.scale),
        geometry=geometry,
        order=family.order,
        radius=family.radius,
        standard_errors=errors * units.y_scale,
        raw_standard_errors=_raw_errors(found) * units.y_scale,
        orbits=orbits,
    )


def _tied_errors(found: Estimate, orbits: Orbits) -> np.ndarray:
    """Returns the error of its orbit for each term, 0 for terms that must vanish."""
    errors = np.vstack([found.errors[1:], np.zeros((1, len(found.factors)))])
    return errors[orbits.index]


def _raw_errors(found: Estimate) -> np.ndarray:
    """Returns standard errors of the couplings of raw terms, shape (terms, outputs)."""
    units, monomials = found.units, found.design.monomials
    if np.all(units.center == 0):
        powers = np.concatenate([np.empty(0), *(units.scale[sites].prod(axis=1) for sites in monomials.sites)])
        own = found.errors[1:] if found.design.orbits is None else _tied_errors(found, found.design.orbits)
        return own / powers[:, None]
    E = expansion(monomials, 1 / units.scale, -units.center / units.scale)
    columns = []
    for sigma, F in zip(found.noise, found.factors, strict=True):
        raw = E.T @ found.design.expanded(F)
        columns.append(sigma * np.sqrt(np.sum(raw**2, axis=1)))
    errors = np.column_stack(columns)
    unknown = found.design.expanded(found.unidentified.astype(float)[:, None])[:, 0] != 0
    errors[(abs(E.T) @ unknown.astype(float)) > 0] = np.nan
    return errors[1:]
