"""Truncated Newton method for smooth convex objectives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from .objective import Objective, Point

__all__ = ["FLOOR", "Optimum", "minimise", "shortened"]

MAX_STEPS = 100  # Newton steps; 5 to 10 are usual
MAX_PRODUCTS = 300  # of the second derivative within one step
HALVINGS = 30
GUARD = 1e-10  # of the diagonal: keeps the factorisation possible in flat directions
LOOSEST = 1e-6  # relative gradient that `enough` may stop at
FLOOR = 1e-3  # least gradient per coupling (in units of the diagonal) that the tolerance is measured by


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where a solver stopped.

    Args:
        point: The objective there.
        gradient_norm: Norm of the gradient relative to that of the reference, both in units of the diagonal.
        converged: Whether that is within the tolerance.
        steps: Newton steps.
        products: Products of the second derivative.
        reference: What the norm of the gradient is relative to.
    """

    point: Point
    gradient_norm: float
    converged: bool
    steps: int
    products: int
    reference: float = 1.0

    @property
    def theta(self) -> np.ndarray:
        """Couplings, shape (couplings,)."""
        return self.point.theta


def minimise(
    objective: Objective,
    start: np.ndarray,
    tolerance: float = 1e-8,
    enough: float = 0.0,
    cold: bool = False,
    max_steps: int = MAX_STEPS,
    reference: float | None = None,
) -> Optimum:
    """Minimises a smooth convex objective.

    Args:
        objective: What to minimise.
        start: Couplings to start from.
        tolerance: Largest norm of the gradient relative to the reference.
        enough: A Newton decrement (norm of the gradient in units of the second derivative) that is small enough, if the
            gradient also is at most 1e-6 of the reference.
        cold: Whether the gradient at `start` is the reference for the tolerance, not that at zero.
        max_steps: Most Newton steps.
        reference: What the norm of the gradient is relative to, if it is known.

    Returns:
        The optimum; never raises for lack of convergence.

    Source: truncated Newton method of Dembo & Steihaug (1983), preconditioned by the diagonal.
    """
    point = objective.at(start if cold or reference is not None else np.zeros_like(start))
    if reference is None:
        reference = max(_norm(objective, point), FLOOR * max(len(start), 1) ** 0.5)
        if not cold and np.any(start):
            point = objective.at(start)
    goal = tolerance
    products = 0
    for step in range(max_steps + 1):
        norm = _norm(objective, point) / reference
        if norm <= goal or step == max_steps:
            point = _polished(objective, point)
            break
        direction, used = _newton_direction(objective, point, _forcing(norm, goal))
        products += used
        # the same gradient means a larger error where the second derivative is smaller than its diagonal
        stretch = float(np.sqrt(max(-point.gradient @ direction, 0.0))) / (norm * reference)
        goal = max(tolerance, min(enough / (reference * max(stretch, 1.0)), LOOSEST))
        nearer = shortened(objective, point, direction)
        if nearer is None:  # no descent in float64: as near as rounding allows
            break
        point = nearer
    return Optimum(point, norm, norm <= goal, step, products, reference)


def _polished(objective: Objective, point: Point) -> Point:
    """Takes one more step where the second derivative is a matrix: it doubles the digits for nothing."""
    if objective.matrix(point) is None:
        return point
    nearer = objective.at(point.theta + _newton_direction(objective, point, 0.0)[0])
    return nearer if _norm(objective, nearer) < _norm(objective, point) else point


def shortened(objective: Objective, point: Point, direction: np.ndarray) -> Point | None:
    """Takes a step, halved until the value falls as it should (Armijo).

    Args:
        objective: What to minimise.
        point: Where from.
        direction: A direction of descent.

    Returns:
        The new point, or None if no step is short enough.
    """
    slope = float(point.gradient @ direction)
    rounding = 1e-14 * (1 + abs(point.value))
    for k in range(HALVINGS):
        length = 0.5**k
        new = objective.at(point.theta + length * direction)
        if new.value <= point.value + 1e-4 * length * slope + rounding:
            return new
    return None


def _forcing(norm: float, tolerance: float) -> float:
    """Returns how exactly a step is solved: ever better (superlinear), but not beyond the tolerance."""
    return max(min(0.25, norm**0.75), min(0.25, 0.5 * tolerance / norm))


def _newton_direction(objective: Objective, point: Point, accuracy: float) -> tuple[np.ndarray, int]:
    """Returns d with H d = -g (by preconditioned conjugate gradients if H is no matrix) and the number of products."""
    H = objective.matrix(point)
    if H is not None:
        guarded = H + np.diag(GUARD * np.diag(H) + np.finfo(float).tiny)
        return -cho_solve(cho_factor(guarded, lower=True), point.gradient), 1
    d, residual = np.zeros_like(point.gradient), -point.gradient
    z = objective.preconditioned(point, residual)
    search, power = z, float(residual @ z)
    goal = accuracy**2 * power
    for count in range(1, MAX_PRODUCTS + 1):
        image = objective.second(point, search)
        bend = float(search @ image)
        if bend <= 0:  # lost to rounding in a flat direction
            return (d if count > 1 else search), count
        step = power / bend
        d += step * search
        residual = residual - step * image
        z = objective.preconditioned(point, residual)
        power, before = float(residual @ z), power
        if power <= goal:
            break
        search = z + power / before * search
    return d, count


def _norm(objective: Objective, point: Point) -> float:
    return float(np.sqrt(max(point.gradient @ objective.preconditioned(point, point.gradient), 0.0)))
