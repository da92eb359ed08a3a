"""Sums over rows: all that least squares needs to know of the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ...hamiltonian import Orbits

__all__ = ["Moments"]


@dataclass(frozen=True, eq=False)
class Moments:
    """Weighted sums of products of columns and outputs; those of two sets of rows add up to those of both.

    Args:
        gram: Columns times columns, shape (columns, columns); the first column is the constant, so that
            `gram[0, 0]` is the total weight.
        cross: Columns times outputs, shape (columns, outputs).
        squares: Squared outputs, shape (outputs,).
    """

    gram: np.ndarray
    cross: np.ndarray
    squares: np.ndarray

    @classmethod
    def zero(cls, columns: int, outputs: int) -> Moments:
        """Returns the sums of no rows."""
        return cls(np.zeros((columns, columns)), np.zeros((columns, outputs)), np.zeros(outputs))

    @property
    def weight(self) -> float:
        """Total weight of the rows."""
        return float(self.gram[0, 0])

    def plus(self, other: Moments) -> Moments:
        """Returns the sums of the rows of both."""
        return Moments(self.gram + other.gram, self.cross + other.cross, self.squares + other.squares)

    def add(self, other: Moments) -> None:
        """Adds the sums of other rows in place."""
        for mine, others in ((self.gram, other.gram), (self.cross, other.cross), (self.squares, other.squares)):
            np.add(mine, others, out=mine)

    def part(self, columns: np.ndarray) -> Moments:
        """Returns the sums of some columns, the constant among them."""
        return Moments(self.gram[np.ix_(columns, columns)], self.cross[columns], self.squares)

    def tied(self, orbits: Orbits) -> Moments:
        """Returns the sums of columns that are added up in orbits: P^T G P."""
        P = _with_constant(orbits.matrix)
        return Moments(P.T @ (P.T @ self.gram.T).T, P.T @ self.cross, self.squares)

    def mapped(self, matrix: csr_array) -> Moments:
        """Returns the sums of the columns `matrix @ columns`, shape (new columns, columns)."""
        return Moments(matrix @ (matrix @ self.gram.T).T, matrix @ self.cross, self.squares)

    def of_shifted_outputs(self, shift: np.ndarray, scale: np.ndarray) -> Moments:
        """Returns the sums for outputs (y - shift) / scale."""
        means = self.cross[0]
        squares = self.squares - 2 * shift * means + shift**2 * self.weight
        return Moments(self.gram, (self.cross - self.gram[:, :1] * shift) / scale, squares / scale**2)


def _with_constant(matrix: csr_array) -> csr_array:
    """Returns the matrix with the constant as a first column of its own."""
    from scipy.sparse import block_diag

    return csr_array(block_diag([np.ones((1, 1)), matrix], format="csr"))
