r"""Least squares with a penalty, all penalties from one eigendecomposition.

.. math:: \min_{\theta, b} \frac12 \sum_i w_i (u_i - b - \sum_j \theta_j \phi_j)^2
          + \frac{\rho}{2} \sum_j d_j^2 \theta_j^2

with d the standard deviation of each column, so that the penalty does not depend on units.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .moments import Moments

__all__ = ["RANK_TOLERANCE", "Ridge", "deviations"]

RANK_TOLERANCE = 1e-13  # of the largest eigenvalue: below, directions cannot be told from rounding


def deviations(sums: Moments) -> np.ndarray:
    """Standard deviation of each column but the constant.

    Args:
        sums: The sums of all rows.

    Returns:
        Shape (columns - 1,); 0 where a column is constant up to rounding.
    """
    mean_square = np.diagonal(sums.gram)[1:] / sums.weight
    variance = mean_square - (sums.gram[0, 1:] / sums.weight) ** 2
    return np.sqrt(np.where(variance > 1e-14 * mean_square, variance, 0.0))


@dataclass(frozen=True, eq=False)
class Ridge:
    """Solves for all penalties.

    Args:
        sums: Sums of the rows to train on.
        unit: Standard deviation of each column but the constant, 0 for columns to leave out (their coefficient is 0).
    """

    sums: Moments
    unit: np.ndarray

    @cached_property
    def inverse_unit(self) -> np.ndarray:
        """1 / d, and 0 where d is."""
        return np.divide(1.0, self.unit, out=np.zeros_like(self.unit), where=self.unit > 0)

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean of each column but the constant."""
        return self.sums.gram[0, 1:] / self.sums.weight

    @cached_property
    def spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues and vectors of the centred Gram matrix of columns in units of d, but those that are rounding."""
        G = self.sums.gram[1:, 1:] - self.sums.weight * np.outer(self.mean, self.mean)
        G *= self.inverse_unit
        G *= self.inverse_unit[:, None]
        values, vectors = np.linalg.eigh(G)
        kept = values > max(RANK_TOLERANCE * values[-1], np.finfo(float).tiny)
        return values[kept], vectors[:, kept]

    def solve(self, rho: float, cross: np.ndarray | None = None) -> np.ndarray:
        """Minimises the objective.

        Args:
            rho: The penalty, at least 0; without one the solution of least norm is taken.
            cross: Columns times outputs, those of `sums` if left out, shape (columns, outputs).

        Returns:
            Coefficients, that of the constant first, shape (columns, outputs).
        """
        b = self.sums.cross if cross is None else cross
        values, vectors = self.spectrum
        centred = (b[1:] - np.outer(self.mean, b[0])) * self.inverse_unit[:, None]
        theta = (vectors @ ((vectors.T @ centred) / (values + rho)[:, None])) * self.inverse_unit[:, None]
        return np.vstack([b[0] / self.sums.weight - self.mean @ theta, theta])

    def degrees_of_freedom(self, rho: float) -> float:
        """Returns the number of numbers fitted, the constant included: the trace of the hat matrix."""
        values, _ = self.spectrum
        return 1.0 + float(np.sum(values / (values + rho)))

    def factor(self, rho: float) -> np.ndarray:
        """Square root of the covariance of the coefficients for noise 1.

        Args:
            rho: The penalty.

        Returns:
            F, shape (columns, rank + 1), with covariance F F^T: that of the estimate, whose bias by the penalty it
            does not know of.
        """
        values, vectors = self.spectrum
        theta = self.inverse_unit[:, None] * vectors * (np.sqrt(values) / (values + rho))
        top = np.append(1 / np.sqrt(self.sums.weight), -self.mean @ theta)
        return np.vstack([top, np.hstack([np.zeros((len(theta), 1)), theta])])

    @property
    def unidentified(self) -> np.ndarray:
        """Which columns but the constant the rows do not determine (without a penalty), shape (columns - 1,)."""
        _, vectors = self.spectrum
        return np.sum(vectors**2, axis=1) < 1 - 1e-6
