"""Hamiltonians of order 2 as the Gaussians they are: exact samples, exact ln Z."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from .._messages import must_be
from .hamiltonian import Hamiltonian

__all__ = ["GaussianModel", "degree_of"]


def degree_of(hamiltonian: Hamiltonian) -> int:
    """Highest degree of a term that is not zero in every class."""
    used = np.any(hamiltonian.coefficients != 0, axis=1)
    return int(hamiltonian.monomials.degrees[used].max(initial=0))


@dataclass(frozen=True, eq=False)
class GaussianModel:
    """exp(-H), H = t K t / 2 + b t over t = (x - center) / scale.

    Args:
        precision: K, symmetric and positive definite, shape (n, n), nats.
        field: b, shape (n,), nats.
        center: Of t, shape (n,).
        scale: Of t, shape (n,).
    """

    precision: np.ndarray
    field: np.ndarray
    center: np.ndarray
    scale: np.ndarray

    @classmethod
    def of_hamiltonian(cls, hamiltonian: Hamiltonian, owner: str) -> GaussianModel:
        """Reads the first class of a Hamiltonian of order 2.

        Args:
            hamiltonian: No term of higher degree may have a coefficient.
            owner: The function that was called, for the message.

        Returns:
            The Gaussian.

        Raises:
            ValueError: If the quadratic form is not positive definite: the message names a direction.
        """
        n = len(hamiltonian.variables)
        K, b, done = np.zeros((n, n)), np.zeros(n), 0
        for sites in hamiltonian.monomials.sites[:2]:
            c = hamiltonian.coefficients[done : done + len(sites), 0]
            done += len(sites)
            if sites.shape[1] == 1:
                np.add.at(b, sites[:, 0], c)
            else:
                np.add.at(K, (sites[:, 0], sites[:, 1]), c)
        found = cls(K + K.T, b, hamiltonian.variables.center, hamiltonian.variables.scale)
        found._check(hamiltonian.variables.names, owner)
        return found

    @property
    def mean(self) -> np.ndarray:
        """Mean of raw x, shape (n,)."""
        return self.center - self.scale * self._solve(self.field)

    @property
    def log_partition(self) -> float:
        """Logarithm of the integral of exp(-H) over raw x, nats."""
        n = len(self.field)
        determinant = 2 * np.log(np.diag(self._root)).sum()
        lift = self.field @ self._solve(self.field) / 2
        return float(n * math.log(2 * math.pi) / 2 - determinant / 2 + lift + np.log(self.scale).sum())

    def draw(self, samples: int, rng: np.random.Generator) -> np.ndarray:
        """Draws raw x, shape (samples, n); the cost of one triangular solution each."""
        Z = rng.normal(size=(len(self.field), samples))
        return self.mean + self.scale * solve_triangular(self._root, Z, lower=True, trans="T").T

    @cached_property
    def _root(self) -> np.ndarray:
        return cholesky(self.precision, lower=True)

    def _solve(self, right: np.ndarray) -> np.ndarray:
        return solve_triangular(self._root, solve_triangular(self._root, right, lower=True), lower=True, trans="T")

    def _check(self, names: tuple[str, ...], owner: str) -> None:
        values, vectors = np.linalg.eigh(self.precision)
        if values[0] > len(values) * np.finfo(float).eps * np.abs(values).max(initial=0):
            return
        largest = np.argsort(-np.abs(vectors[:, 0]))[:3]
        words = ", ".join(f"{names[i]}: {vectors[i, 0]:.2g}" for i in largest)
        got = f"a quadratic form with eigenvalue {values[0]:.3g} along ({words})"
        advice = "No density exp(-H) exists: pass `bounds`, or fit with a guarantee that it exists."
        raise ValueError(must_be("hamiltonian", owner, "rising in all directions", got, advice))
