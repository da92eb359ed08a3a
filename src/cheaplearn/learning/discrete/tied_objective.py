r"""An objective of tied couplings, seen as one of their orbits.

With Q the orthonormal columns of `Terms.tie` the couplings are :math:`\theta = Q \psi`, so that value, gradient
:math:`Q^T g` and second derivative :math:`Q^T H Q` are those of the same objective on the couplings that the symmetry
allows. The prior rho |theta|^2 is rho |psi|^2: the fit is the free one, restricted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from .newton import Optimum
from .objective import Objective, Point
from .terms import Terms

__all__ = ["TiedObjective", "TiedPoint", "untied"]


def _nowhere() -> Point:
    return Point(*np.empty((4, 0)))


@dataclass(frozen=True, eq=False)
class TiedPoint(Point):
    """A point whose numbers are those of orbits.

    Args:
        inner: The same point with the couplings of all terms.
    """

    inner: Point = field(default_factory=_nowhere)


@dataclass(frozen=True, eq=False)
class TiedObjective:
    """An objective on the couplings that a symmetry allows.

    Args:
        inner: Of the couplings of all terms.
        terms: The family, tied.
        tie: Its orthonormal columns, shape (couplings, orbits).

    Cost: that of the inner objective.
    """

    inner: Objective
    terms: Terms
    tie: csr_array

    def at(self, theta: np.ndarray) -> TiedPoint:
        """Returns value, gradient and diagonal at psi, shape (orbits,)."""
        point = self.inner.at(self.tie @ theta)
        return TiedPoint(theta, point.value, self._back @ point.gradient, self._shares @ point.diagonal, inner=point)

    def second(self, point: Point, direction: np.ndarray) -> np.ndarray:
        """Returns the second derivative at a point times a direction, shape (orbits,)."""
        return self._back @ self.inner.second(_inner(point), self.tie @ direction)

    def preconditioned(self, point: Point, residual: np.ndarray) -> np.ndarray:
        """Returns the residual divided by the diagonal; of categories in the zero-sum gauge."""
        z = residual / point.diagonal
        if self.terms.kind != "category":
            return z
        return self._back @ self.terms.projected(self.tie @ z)  # the gauge and the symmetry commute

    def matrix(self, point: Point) -> np.ndarray | None:
        """Returns the second derivative at a point where it is cheap, shape (orbits, orbits)."""
        matrix = self.inner.matrix(_inner(point))
        return None if matrix is None else self._back @ (self._back @ matrix).T

    @cached_property
    def _back(self) -> csr_array:
        """The transpose of the tie: from derivatives by couplings to those by orbits."""
        return self.tie.T.tocsr()

    @cached_property
    def _shares(self) -> csr_array:
        """Averages over each orbit."""
        return self._back**2


def untied(optimum: Optimum) -> Optimum:
    """Returns an optimum with the couplings of all terms."""
    return replace(optimum, point=_inner(optimum.point)) if isinstance(optimum.point, TiedPoint) else optimum


def _inner(point: Point) -> Point:
    assert isinstance(point, TiedPoint)
    return point.inner
