"""The exact likelihood, where the partition function is exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ...hamiltonian.features import monomial_values
from ...hamiltonian.partition import Enumeration
from .exact_covariance import covariance, covariance_is_cheap
from .objective import Point
from .terms import Terms

__all__ = ["ExactSums", "LikelihoodObjective", "feature_squares", "feature_sums", "fisher_information"]

DIFFERENCE = 1e-4  # step of the numerical second derivative, relative to the length of the direction
BLOCK_ENTRIES = 1 << 22


class ExactSums(Protocol):
    """Enumeration or elimination over the states of a factor graph."""

    def calibrate(self, values: np.ndarray) -> tuple[float, np.ndarray]:
        """Returns ln Z and the probability of each table entry."""


@dataclass(frozen=True, eq=False)
class ExactPoint(Point):
    """A point of the likelihood.

    Args:
        p: Probability of every state, where the second derivative is cheap; else None.
        kept: The second derivative, once it was asked for.
    """

    p: np.ndarray | None = None
    kept: list[np.ndarray] = field(default_factory=list)


def feature_blocks(terms: Terms, atoms: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields values of the monomials, shape (couplings of the block, samples), from atoms, shape (atoms, samples)."""
    t = atoms.T.astype(np.float64)
    first = 0
    for block in terms.monomials.blocks(max(1, BLOCK_ENTRIES // max(1, len(t)))):
        yield slice(first, first + len(block)), monomial_values(t, block).T
        first += len(block)


def feature_sums(terms: Terms, atoms: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the weighted sum of every monomial over samples, shape (couplings,); atoms (atoms, samples)."""
    total = np.zeros(len(terms))
    rows = max(1, BLOCK_ENTRIES // max(1, len(terms)))
    for first in range(0, len(weight), rows):
        part = slice(first, first + rows)
        for terms_of, values in feature_blocks(terms, atoms[:, part]):
            total[terms_of] += values @ weight[part]
    return total


def feature_squares(
    terms: Terms, means: np.ndarray, atoms: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Squares of the scores of samples, the monomials less their means.

    Args:
        terms: The family.
        means: Mean of every monomial over all samples, shape (couplings,).
        atoms: Shape (atoms, samples).
        weight: Sample weights, shape (samples,).

    Returns:
        Weighted sums of the outer squares, shape (couplings, couplings), and of the scores, shape (couplings,); by
        orbit if couplings are tied.
    """
    T = len(terms) if terms.tie is None else terms.tie.shape[1]
    square, score = np.zeros((T, T)), np.zeros(T)
    rows = max(1, BLOCK_ENTRIES // len(terms))
    for first in range(0, len(weight), rows):
        part = slice(first, first + rows)
        phi = np.concatenate([values for _, values in feature_blocks(terms, atoms[:, part])])
        phi -= means[:, None]
        phi = phi if terms.tie is None else terms.tie.T @ phi
        square += (phi * weight[part]) @ phi.T
        score += phi @ weight[part]
    return square, score


@dataclass(frozen=True, eq=False)
class LikelihoodObjective:
    r"""Mean of -ln p over the samples.

    .. math:: f(\theta) = \ln Z(\theta) + \theta \cdot \langle\phi\rangle + \frac{\rho}{2 W} |\theta|^2

    Args:
        terms: The family.
        means: Mean of every monomial over the samples, shape (couplings,).
        total: W, total sample weight.
        regularization: rho of each coupling, nats per squared coupling, shape (couplings,).
        sums: Exact sums over the states of the family's factor graph.
    """

    terms: Terms
    means: np.ndarray
    total: float
    regularization: np.ndarray
    sums: ExactSums

    def at(self, theta: np.ndarray) -> ExactPoint:
        """Value, gradient and diagonal of the second derivative.

        Args:
            theta: Couplings, shape (couplings,).

        Returns:
            The point.
        """
        penalty = self.regularization / self.total
        _, tabulation = self.terms.tabulation
        p = None
        if isinstance(self.sums, Enumeration) and covariance_is_cheap(self.terms):
            p, log_partition = self.sums.solve(tabulation @ theta)
            expected = tabulation.T @ self.sums.marginals(p)
        else:
            log_partition, expected = self._calibrated(theta)
        value = log_partition + float(theta @ self.means) + 0.5 * float(penalty @ theta**2)
        square = 1.0 if self.terms.kind == "spin" else expected  # the mean of the square of a monomial
        gradient = self.terms.projected(self.means - expected + penalty * theta)
        return ExactPoint(theta, value, gradient, np.maximum(square - expected**2, 1e-12) + penalty, p=p)

    def second(self, point: Point, direction: np.ndarray) -> np.ndarray:
        """Second derivative times a direction: exact by enumeration of spins or bits, else by central differences.

        Args:
            point: Where.
            direction: Shape (couplings,).

        Returns:
            Shape (couplings,), to about 1e-7.
        """
        matrix = self.matrix(point)
        if matrix is not None:
            return matrix @ direction
        step = DIFFERENCE / max(float(np.abs(direction).max()), 1e-300)
        low = self._calibrated(point.theta - step * direction)[1]
        high = self._calibrated(point.theta + step * direction)[1]
        bend = self.terms.projected((low - high) / (2 * step))
        return bend + self.regularization / self.total * direction

    def matrix(self, point: Point) -> np.ndarray | None:
        """Returns the second derivative at a point where it is cheap, shape (couplings, couplings)."""
        if not isinstance(point, ExactPoint) or point.p is None:
            return None
        if not point.kept:
            H = covariance(self.terms, point.p)
            H[np.diag_indices_from(H)] += self.regularization / self.total
            point.kept.append(H)
        return point.kept[0]

    def preconditioned(self, point: Point, residual: np.ndarray) -> np.ndarray:
        """Returns the residual divided by the diagonal, in the zero-sum gauge."""
        return self.terms.projected(residual / point.diagonal)

    def _calibrated(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        _, tabulation = self.terms.tabulation
        log_partition, marginals = self.sums.calibrate(tabulation @ theta)
        return log_partition, tabulation.T @ marginals


def fisher_information(objective: LikelihoodObjective, point: Point) -> np.ndarray:
    """Second derivative of the mean of -ln p without the prior.

    Args:
        objective: The likelihood.
        point: The optimum.

    Returns:
        Shape (couplings, couplings); by orbit if couplings are tied.

    Cost: one second derivative (two calibrations) for each free coupling where they are not cheap.
    """
    free, tie = objective.regularization / objective.total, objective.terms.tie
    matrix = objective.matrix(point)
    if matrix is not None:
        information = matrix - np.diag(free)
        return information if tie is None else tie.T @ (tie.T @ information).T
    columns = np.eye(len(free)) if tie is None else tie.T.toarray()
    bends = np.column_stack([objective.second(point, column) - free * column for column in columns])
    information = bends if tie is None else tie.T @ bends
    return (information + information.T) / 2
