r"""The convex function of the couplings that is minimised for real and discrete variables together.

.. math:: J(\theta) = \Big\langle \sum_{i\ \text{real}} \tfrac12 (\partial_i H)^2 - \partial_i^2 H
    \;-\; \sum_{i\ \text{discrete}} \ln p(s_i | \text{rest}) \Big\rangle + \frac{\rho}{2} \sum_k D_k \theta_k^2

Each part is smallest, over all densities, at the true conditional densities, so their sum is consistent. They are
added with weight 1, real variables in units of their standard deviations (1 / t^2), the others in nats. D is the
diagonal of the second derivative at couplings 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..discrete.newton import Optimum, minimise
from ..discrete.objective import Point
from ..real.scores import hyvarinen_losses
from ..real.sums import ScoreSums, score_sums
from .conditional import ConditionalLosses
from .samples import MixedSamples
from .terms import MixedTerms

__all__ = ["MixedObjective", "joint_losses", "minimised"]

FLOOR = 1e-12  # of the diagonal of the second derivative


@dataclass(frozen=True, eq=False)
class MixedObjective:
    """J, per unit of sample weight.

    Args:
        sums: Of score matching.
        conditional: Losses of the discrete sites.
        ridge: rho.
    """

    sums: ScoreSums
    conditional: ConditionalLosses
    ridge: float

    @classmethod
    def of(cls, terms: MixedTerms, samples: MixedSamples, ridge: float) -> MixedObjective:
        """Sums over samples."""
        t = terms.variables.scaled(samples.X)
        sums = score_sums(t, samples.weight, terms.basis, terms.tying)
        return cls(sums, ConditionalLosses(terms, t, samples.weight), ridge)

    def with_ridge(self, ridge: float) -> MixedObjective:
        """Returns the same sums with another ridge."""
        other = MixedObjective(self.sums, self.conditional, ridge)
        other.__dict__["unit"] = self.unit
        return other

    @cached_property
    def unit(self) -> np.ndarray:
        """D, shape (K,)."""
        _, _, bend = self.conditional.first(np.zeros(len(self.sums)))
        return (np.diag(self.sums.A) + bend) / self.sums.weight

    def at(self, theta: np.ndarray) -> Point:
        """Returns value, gradient and the diagonal of the second derivative."""
        sums, penalty = self.sums, self.ridge * self.unit
        value, slope, bend = self.conditional.first(theta)
        value = float(sums.loss(theta)) + value / sums.weight + 0.5 * float(penalty @ theta**2)
        gradient = (sums.A @ theta - sums.b + slope) / sums.weight + penalty * theta
        diagonal = (np.diag(sums.A) + bend) / sums.weight + penalty
        return Point(theta, value, gradient, np.maximum(diagonal, FLOOR))

    def second(self, point: Point, direction: np.ndarray) -> np.ndarray:
        """Returns the second derivative at a point times a direction."""
        return self.matrix(point) @ direction

    def preconditioned(self, point: Point, residual: np.ndarray) -> np.ndarray:
        """Returns the residual divided by the diagonal."""
        return residual / point.diagonal

    def matrix(self, point: Point) -> np.ndarray:
        """Returns the second derivative, shape (K, K)."""
        return self.curvature(point.theta) + np.diag(self.ridge * self.unit)

    def curvature(self, theta: np.ndarray) -> np.ndarray:
        """Returns the second derivative without the penalty, shape (K, K)."""
        return (self.sums.A + self.conditional.second(theta)) / self.sums.weight


def minimised(objective: MixedObjective, start: np.ndarray, tolerance: float) -> Optimum:
    """Minimises J by Newton's method.

    Args:
        objective: J.
        start: Couplings to start from, shape (K,).
        tolerance: Largest gradient relative to that at couplings 0.

    Returns:
        The optimum.

    Cost: 5 to 10 steps of samples x sum of K_i^2 multiplications (K_i couplings of discrete site i) and K^3 / 3.
    """
    return minimise(objective, start, tolerance)


def joint_losses(terms: MixedTerms, samples: MixedSamples, theta: np.ndarray) -> np.ndarray:
    """Returns J of single samples without the penalty, for couplings of shape (K, models): shape (samples, models)."""
    t = terms.variables.scaled(samples.X)
    score = hyvarinen_losses(t, terms.basis, theta, terms.tying)
    return score + ConditionalLosses(terms, t, samples.weight).losses(theta)
