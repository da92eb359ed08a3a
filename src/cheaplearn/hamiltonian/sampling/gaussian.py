"""The Gaussian whose units samplers move in, and from which annealing starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import log_ndtr
from scipy.stats import truncnorm

from ..walls import Walls

__all__ = ["DENSE_VARIABLES", "Gaussian"]

DENSE_VARIABLES = 200  # up to which correlations are used
POINTS_PER_VARIABLE = 5  # correlations of fewer points are shrunk by half


@dataclass(frozen=True, eq=False)
class Gaussian:
    """exp(-|z|^2 / 2) of z = factor^-1 (x - mean), within walls.

    Args:
        mean: Shape (n,).
        factor: Lower triangle, shape (n, n), or positive deviations, shape (n,), as there must be with walls.
        walls: Of raw x.
    """

    mean: np.ndarray
    factor: np.ndarray
    walls: Walls

    @classmethod
    def of_points(cls, X: np.ndarray, walls: Walls, breadth: float = 1.0) -> Gaussian:
        """Fits mean and covariance; with walls or many variables variances only.

        Args:
            X: Points, shape (samples, n).
            walls: Of x.
            breadth: Factor of all deviations.

        Returns:
            The Gaussian; its correlations are shrunk toward zero where points are few.
        """
        mean, samples, n = X.mean(axis=0), *X.shape
        deviations = X - mean
        spread = breadth * np.maximum(deviations.std(axis=0), 1e-12 * (1 + np.abs(mean)))
        if walls.any or n > DENSE_VARIABLES or n == 1:
            return cls(mean, spread, walls)
        scaled = deviations * breadth / spread
        correlations = scaled.T @ scaled / samples * (samples / (samples + POINTS_PER_VARIABLE * n))
        np.fill_diagonal(correlations, 1.0)
        return cls(mean, spread[:, None] * np.linalg.cholesky(correlations), walls)

    @cached_property
    def white_walls(self) -> Walls:
        """The walls of z."""
        return self.walls.seen_from(self.mean, self.factor) if self.walls.any else self.walls

    @cached_property
    def log_partition(self) -> float:
        """Logarithm of the integral of exp(-|z|^2 / 2) over raw x within the walls."""
        deviations = self.factor if self.factor.ndim == 1 else np.diag(self.factor)
        whole = float(np.log(deviations).sum()) + len(self.mean) * math.log(2 * math.pi) / 2
        if not self.walls.any:
            return whole
        low, high = self.white_walls.low, self.white_walls.high
        low, high = np.where(low > 0, -high, low), np.where(low > 0, -low, high)  # the tail that floats resolve
        return whole + float((log_ndtr(high) + np.log1p(-np.exp(log_ndtr(low) - log_ndtr(high)))).sum())

    def draw(self, samples: int, rng: np.random.Generator) -> np.ndarray:
        """Draws z, shape (samples, n)."""
        shape = samples, len(self.mean)
        if not self.walls.any:
            return rng.normal(size=shape)
        return truncnorm.rvs(self.white_walls.low, self.white_walls.high, size=shape, random_state=rng)

    def raw(self, Z: np.ndarray) -> np.ndarray:
        """Returns x of z, shape (samples, n)."""
        return self.mean + (Z * self.factor if self.factor.ndim == 1 else Z @ self.factor.T)

    def white(self, X: np.ndarray) -> np.ndarray:
        """Returns z of x, shape (samples, n)."""
        if self.factor.ndim == 1:
            return (X - self.mean) / self.factor
        return solve_triangular(self.factor, (X - self.mean).T, lower=True).T

    def pulled_back(self, gradients: np.ndarray) -> np.ndarray:
        """Returns gradients over z of gradients over x, shape (samples, n)."""
        return gradients * self.factor if self.factor.ndim == 1 else gradients @ self.factor
