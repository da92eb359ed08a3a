"""The features of a family, evaluated for some rows at a time: monomials, or sums of them over orbits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..hamiltonian import Monomials, Orbits, Variables
from ..hamiltonian.features import monomial_values

__all__ = ["Columns"]

ENTRIES_AT_ONCE = 1 << 17  # values of monomials: 1 MiB stays in a cache
TERMS_AT_ONCE = 4096  # of which sums over orbits are formed


class Columns:
    """psi(x), one column per free coupling.

    A coupling that m terms share is one Gaussian variable with the precision m rho, so that the penalty is
    rho / 2 |theta|^2 summed over terms, tied or not: a tied family is the free one restricted to invariant
    couplings. Its column is the signed sum of the m terms divided by sqrt(m).

    Args:
        X: Raw values, shape (samples, n).
        variables: Units.
        monomials: The terms.
        orbits: Which are tied; None if none are.
    """

    def __init__(self, X: np.ndarray, variables: Variables, monomials: Monomials, orbits: Orbits | None) -> None:
        self.X, self.variables, self.monomials, self.orbits = X, variables, monomials, orbits
        self.n_rows = len(X)
        self.n_columns = len(monomials) if orbits is None else len(orbits)
        if orbits is not None:
            self._expand = orbits.matrix / np.sqrt(orbits.sizes)

    def row_blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yields rows and their values, a new array of shape (rows, columns) each, that may be overwritten."""
        width = len(self.monomials) if self.orbits is None else min(len(self.monomials), TERMS_AT_ONCE)
        step = max(16, ENTRIES_AT_ONCE // max(width, self.n_columns, 1))
        for start in range(0, self.n_rows, step):
            rows = slice(start, min(start + step, self.n_rows))
            yield rows, self._values(self.variables.scaled(self.X[rows]))

    def _values(self, t: np.ndarray) -> np.ndarray:
        if self.orbits is None:
            return np.hstack([monomial_values(t, sites) for sites in self.monomials.sites])
        total, done = np.zeros((len(t), self.n_columns)), 0
        for sites in self.monomials.blocks(TERMS_AT_ONCE):
            total += monomial_values(t, sites) @ self._expand[done : done + len(sites)]
            done += len(sites)
        return total

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the mean of each column and the Gram matrix of the centred columns."""
        mean = np.zeros(self.n_columns)
        for _, psi in self.row_blocks():
            mean += psi.sum(axis=0)
        mean /= self.n_rows
        gram = np.zeros((self.n_columns, self.n_columns))
        for _, psi in self.row_blocks():
            psi -= mean
            gram += psi.T @ psi
        return mean, gram

    def of_terms(self, theta: np.ndarray) -> np.ndarray:
        """Returns the couplings of terms from those of columns, shape (terms, classes)."""
        return theta if self.orbits is None else self._expand @ theta
