"""The convex functions of the couplings that are minimised: pseudo-likelihood and the logarithm of screening."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from .partition import Sums
from .pattern import Pattern
from .score_moments import ScoreMoments, ScorePoint
from .terms import Terms

__all__ = ["ConditionalObjective", "Objective", "Point", "SumsOfSamples"]

SMALLEST = 1e-200  # sum of screening weights: its products with gradients must not underflow


class SumsOfSamples(Protocol):
    """Sums over all samples, wherever they are: one `Partition`, or many on a cluster."""

    def first(self, theta: np.ndarray) -> Sums:
        """Returns sums, gradient and curvature at theta."""

    def second(self, theta: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Returns the second derivative at theta times a direction, by slot."""

    def score_moments(self, point: ScorePoint) -> ScoreMoments:
        """Returns second derivatives and squared scores, for standard errors."""


def _none() -> np.ndarray:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class Point:
    """An objective at some couplings.

    Args:
        theta: Couplings, shape (couplings,).
        value: Nats per unit of sample weight.
        gradient: Shape (couplings,).
        diagonal: About the diagonal of the second derivative, positive, shape (couplings,).
        slots: Gradient by slot (of conditional objectives).
        scale: Derivative of the value by the sum of each site, shape (n,) (of conditional objectives).
    """

    theta: np.ndarray
    value: float
    gradient: np.ndarray
    diagonal: np.ndarray
    slots: np.ndarray = field(default_factory=_none)
    scale: np.ndarray = field(default_factory=_none)


class Objective(Protocol):
    """A convex function of the couplings with second derivatives."""

    def at(self, theta: np.ndarray) -> Point:
        """Returns value, gradient and diagonal."""

    def second(self, point: Point, direction: np.ndarray) -> np.ndarray:
        """Returns the second derivative at a point times a direction."""

    def preconditioned(self, point: Point, residual: np.ndarray) -> np.ndarray:
        """Returns about the inverse of the second derivative times a residual."""

    def matrix(self, point: Point) -> np.ndarray | None:
        """Returns the second derivative as a matrix where that is cheaper than some products, else None."""


@dataclass(frozen=True, eq=False)
class ConditionalObjective:
    r"""Mean over samples of the conditional losses of all sites, or the sum of the logarithms of their means.

    .. math:: f(\theta) = \sum_i \langle \ell_i \rangle + \frac{\rho}{2 W} |\theta|^2 \quad \text{or} \quad
        f(\theta) = \sum_i \ln \langle e^{E_i} \rangle + \frac{\rho}{2 W} |\theta|^2

    with W the total sample weight. Categories are kept in the zero-sum gauge: f(P theta), P the projector on it.

    Args:
        terms: The family.
        pattern: Its slots.
        sums: The samples.
        total: W, their total weight.
        regularization: rho of each coupling, nats per squared coupling, shape (couplings,).
        logarithmic: Whether the logarithm of each site's mean is summed (screening).
        row_square: Mean square of each cofactor over the samples, shape (cofactors,).
    """

    terms: Terms
    pattern: Pattern
    sums: SumsOfSamples
    total: float
    regularization: np.ndarray
    logarithmic: bool
    row_square: np.ndarray

    def at(self, theta: np.ndarray) -> Point:
        """Value, gradient and about the diagonal of the second derivative.

        Args:
            theta: Couplings, shape (couplings,).

        Returns:
            The point; its value is infinite where float64 overflows or underflows (no line search goes there).
        """
        sums = self.sums.first(theta)
        penalty = self.regularization / self.total
        if self.logarithmic:
            if not np.all((sums.sites > SMALLEST) & (sums.sites < 1 / SMALLEST)):
                return Point(theta, np.inf, np.zeros_like(theta), np.ones_like(theta))
            value = float(np.sum(np.log(sums.sites / self.total)))
            scale = 1 / sums.sites
        else:
            value = float(sums.sites.sum() / self.total)
            scale = np.full(self.terms.n_sites, 1 / self.total)
        value += 0.5 * float(penalty @ theta**2)
        slots = sums.slots * scale[self._site_of_slot]
        gradient = self.terms.projected(self._by_term(slots) + penalty * theta)
        bend = (sums.curvature * scale[self.terms.site_of_atom])[self.pattern.column]
        bend *= self.row_square[self.pattern.row]
        diagonal = self._by_term(bend) + penalty
        return Point(theta, value, gradient, np.maximum(diagonal, 1e-12), slots, scale)

    def second(self, point: Point, direction: np.ndarray) -> np.ndarray:
        """Second derivative times a direction.

        Args:
            point: Where.
            direction: Shape (couplings,), in the zero-sum gauge.

        Returns:
            Shape (couplings,), about as exact as float32.
        """
        slots = self.sums.second(point.theta, direction) * point.scale[self._site_of_slot]
        if self.logarithmic:  # the second derivative of a logarithm of a mean is a variance
            sites = self._site_of_slot
            along = np.bincount(sites, point.slots * direction[self.pattern.term], self.terms.n_sites)
            slots -= point.slots * along[sites]
        return self.terms.projected(self._by_term(slots)) + self.regularization / self.total * direction

    def preconditioned(self, point: Point, residual: np.ndarray) -> np.ndarray:
        """Returns the residual divided by the diagonal, in the zero-sum gauge."""
        return self.terms.projected(residual / point.diagonal)

    def matrix(self, point: Point) -> np.ndarray | None:
        """Returns None: products are cheaper."""
        return None

    @property
    def _site_of_slot(self) -> np.ndarray:
        return self.terms.site_of_atom[self.pattern.column]

    def _by_term(self, slots: np.ndarray) -> np.ndarray:
        return np.bincount(self.pattern.term, slots, len(self.terms))
