"""Proximal Newton method: a convex objective plus a group norm, whose optimum has exact zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .newton import FLOOR, Optimum
from .objective import Objective, Point

__all__ = ["GroupNorm", "minimise_sparse"]

MAX_STEPS = 60
MAX_PRODUCTS = 200  # within one step
POWER_STEPS = 8
HALVINGS = 30


@dataclass(frozen=True, eq=False)
class GroupNorm:
    """Sum over groups of strength times Euclidean norm; a group of one coupling is a plain L1 term.

    Args:
        group: Number of the group of each coupling, shape (couplings,).
        strength: Of each group, not negative, shape (groups,).
    """

    group: np.ndarray
    strength: np.ndarray

    def value(self, theta: np.ndarray) -> float:
        """Returns the penalty."""
        return float(self.strength @ self._norms(theta))

    def shrunk(self, theta: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Proximal map: the minimiser of |x - theta|^2 / (2 step) + penalty(x), step constant within groups."""
        norms = self._norms(theta)
        cut = np.zeros(len(norms))
        np.maximum.at(cut, self.group, step)
        cut *= self.strength
        factor = np.where(norms > cut, 1 - cut / np.where(norms > 0, norms, 1), 0.0)
        return theta * factor[self.group]

    def common(self, diagonal: np.ndarray) -> np.ndarray:
        """Returns the largest value within each group, for every member."""
        top = np.zeros(len(self.strength))
        np.maximum.at(top, self.group, diagonal)
        return top[self.group]

    def _norms(self, theta: np.ndarray) -> np.ndarray:
        return np.sqrt(np.bincount(self.group, theta**2, len(self.strength)))


def minimise_sparse(
    objective: Objective, norm: GroupNorm, start: np.ndarray, tolerance: float = 1e-6
) -> tuple[Optimum, np.ndarray]:
    """Minimises objective + group norm.

    Args:
        objective: Smooth convex part.
        norm: The penalty.
        start: Couplings to start from.
        tolerance: Largest proximal step, relative to that from zero, both in units of the diagonal.

    Returns:
        The optimum, and which groups are not zero there or not penalised, shape (groups,).

    Source: proximal Newton method (Lee, Sun & Saunders 2014) with accelerated proximal steps inside
        (Beck & Teboulle 2009) and restarts (O'Donoghue & Candes 2015).
    """
    zero = objective.at(np.zeros_like(start))
    reference = max(_residual(zero, norm), FLOOR * max(len(start), 1) ** 0.5)
    point = objective.at(start) if np.any(start) else zero
    products = 0
    for step in range(MAX_STEPS + 1):
        size = _residual(point, norm) / reference
        if size <= tolerance or step == MAX_STEPS:
            break
        direction, used = _direction(objective, norm, point, 0.1 * size)
        products += used
        nearer = _shortened(objective, norm, point, direction)
        if nearer is None:
            break
        point = nearer
    kept = (np.bincount(norm.group, point.theta != 0, len(norm.strength)) > 0) | (norm.strength == 0)
    return Optimum(point, size, size <= tolerance, step, products), kept


def _residual(point: Point, norm: GroupNorm) -> float:
    """Returns the length of one proximal gradient step."""
    metric = norm.common(point.diagonal)
    moved = norm.shrunk(point.theta - point.gradient / metric, 1 / metric) - point.theta
    return float(np.sqrt(np.sum(metric * moved**2)))


def _direction(objective: Objective, norm: GroupNorm, point: Point, accuracy: float) -> tuple[np.ndarray, int]:
    """Minimises the quadratic model plus the norm; returns the change and the number of products."""
    metric = norm.common(point.diagonal)
    metric = metric * _largest_ratio(objective, point, metric)
    base = point.theta
    x = y = base
    momentum, products = 1.0, POWER_STEPS
    first = None
    for _ in range(MAX_PRODUCTS):
        gradient = point.gradient + (objective.second(point, y - base) if np.any(y != base) else 0.0)
        products += 1
        new = norm.shrunk(y - gradient / metric, 1 / metric)
        change = float(np.sqrt(np.sum(metric * (new - y) ** 2)))
        first = change if first is None else first
        if change <= accuracy * first or change == 0:
            x = new
            break
        if np.sum(metric * (y - new) * (new - x)) > 0:  # overshot: restart the acceleration
            momentum = 1.0
        faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        y = new + (momentum - 1) / faster * (new - x)
        x, momentum = new, faster
    return x - base, products


def _largest_ratio(objective: Objective, point: Point, metric: np.ndarray) -> float:
    """Returns a bound that the second derivative nearly never exceeds in units of the metric (power iteration)."""
    v = np.random.default_rng(0).normal(size=len(metric))
    v = objective.preconditioned(point, v)
    ratio = 1.0
    for _ in range(POWER_STEPS):
        v /= np.sqrt(np.sum(metric * v**2))
        image = objective.second(point, v)
        ratio = float(v @ image)
        v = image / metric
    return 1.3 * max(ratio, 1e-12)


def _shortened(objective: Objective, norm: GroupNorm, point: Point, direction: np.ndarray) -> Point | None:
    before = point.value + norm.value(point.theta)
    promised = float(point.gradient @ direction) + norm.value(point.theta + direction) - norm.value(point.theta)
    rounding = 1e-14 * (1 + abs(before))
    for k in range(HALVINGS):
        length = 0.5**k
        new = objective.at(point.theta + length * direction)
        if new.value + norm.value(new.theta) <= before + 1e-4 * length * promised + rounding:
            return new
    return None
