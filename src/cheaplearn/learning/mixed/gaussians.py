"""Energies that are quadratic in the real variables: exact ln Z, exact samples, and draws given the discrete ones."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import logsumexp

from ..._messages import must_be
from ...hamiltonian import Variables
from .columns import Columns
from .polynomials import ConditionalPolynomials, count_states, states_of_sites

__all__ = ["MAX_STATES", "ConditionalGaussians"]

MAX_STATES = 1 << 16  # that are summed
BLOCK_ENTRIES = 1 << 21  # of matrices held at once: 16 MiB
OWNER = "HamiltonianDensity"


class ConditionalGaussians:
    """A Gaussian of the real variables for each state of the discrete ones.

    Args:
        polynomials: H, of degree 2 in the real variables.
        variables: All columns, with their units.
        columns: What they are.
    """

    def __init__(self, polynomials: ConditionalPolynomials, variables: Variables, columns: Columns) -> None:
        self.polynomials, self.columns = polynomials, columns
        self.center, self.scale = variables.center[columns.real], variables.scale[columns.real]

    @property
    def n_states(self) -> int:
        """Number of states of all discrete sites."""
        return count_states(self.columns, self.columns.discrete_sites)

    def log_weights(self) -> np.ndarray:
        """Returns the logarithms of the integrals of exp(-H) over raw real variables, shape (states,), nats."""
        return np.concatenate([self.log_integrals(states) for states in self._blocks()])

    def log_partition(self) -> float:
        """Returns ln Z, nats."""
        return float(logsumexp(self.log_weights()))

    def _blocks(self) -> Iterator[np.ndarray]:
        m, sites = len(self.scale), self.columns.discrete_sites
        size = max(1, BLOCK_ENTRIES // (m * m + len(self.polynomials.products)))
        for first in range(0, self.n_states, size):
            yield states_of_sites(self.columns, sites, np.arange(first, min(first + size, self.n_states)))

    def log_integrals(self, states: np.ndarray) -> np.ndarray:
        """Integrals over the real variables for some states.

        Args:
            states: Values of all columns, shape (states, columns).

        Returns:
            Logarithms, shape (states,), nats.

        Raises:
            ValueError: If an integral is infinite.
        """
        K, b, c = self.polynomials.quadratic(self.polynomials.coefficients(states))
        L = self._factors(K)
        half = np.linalg.solve(L, b[:, :, None])[:, :, 0]
        roots = np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1)
        volume = len(self.scale) * math.log(2 * math.pi) / 2 + float(np.log(self.scale).sum())
        return volume - c - roots + (half**2).sum(axis=1) / 2

    def draw_reals(self, states: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draws the real variables given the discrete ones.

        Args:
            states: Values of all columns, shape (samples, columns).
            rng: Source of randomness.

        Returns:
            Raw values, shape (samples, real variables).
        """
        X = np.empty((len(states), len(self.scale)))
        size = max(1, BLOCK_ENTRIES // len(self.scale) ** 2)
        for first in range(0, len(states), size):
            part = slice(first, first + size)
            K, b, _ = self.polynomials.quadratic(self.polynomials.coefficients(states[part]))
            L = self._factors(K)
            noise = rng.normal(size=(*b.shape, 1)) - np.linalg.solve(L, b[:, :, None])
            X[part] = np.linalg.solve(np.swapaxes(L, 1, 2), noise)[:, :, 0]
        return self.center + self.scale * X

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draws independent samples of all columns, raw, shape (n, columns)."""
        log_weights = self.log_weights()
        share = np.exp(log_weights - logsumexp(log_weights))
        counts = rng.multinomial(n, share / share.sum())
        chosen = rng.permutation(np.repeat(np.arange(len(counts)), counts))
        values = states_of_sites(self.columns, self.columns.discrete_sites, chosen)
        values[:, self.columns.real] = self.draw_reals(values, rng)
        return values

    def _factors(self, K: np.ndarray) -> np.ndarray:
        try:
            return np.linalg.cholesky(K)
        except np.linalg.LinAlgError as error:
            requirement = "of a Hamiltonian whose squares are positive definite for every state"
            advice = "Fit more samples, or other terms."
            raise ValueError(must_be("density", OWNER, requirement, "one that is not", advice)) from error
