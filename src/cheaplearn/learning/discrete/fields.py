"""Fields of all atoms, F = W^T U, and the way back to the slots of W: by BLAS, or touching only what is not 0."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .pattern import Pattern

__all__ = ["Block", "Products", "cofactor_values", "products_of"]

DENSE_SHARE = 1 / 50  # share of W that is filled from which one BLAS product beats a loop over the slots
DENSE_CELLS = 1 << 25
ONE_HOT_STATES = 4  # atoms per site from which adding rows of W beats BLAS


def cofactor_values(pattern: Pattern, atoms: np.ndarray, dtype: type) -> np.ndarray:
    """Values of all cofactors.

    Args:
        pattern: The cofactors.
        atoms: Shape (atoms, samples).
        dtype: Floating-point type of the values.

    Returns:
        U, shape (cofactors, samples).
    """
    U: np.ndarray = np.empty((pattern.n_rows, atoms.shape[1]), dtype)
    first = 0
    for degree, block in enumerate(pattern.cofactors):
        part = U[first : first + len(block)]
        if degree == 0:
            part[:] = 1
        else:
            part[:] = atoms if degree == 1 and pattern.every_atom else atoms[block[:, 0]]
            for column in block.T[1:]:
                part *= atoms[column]
        first += len(block)
    return U


@dataclass(frozen=True, eq=False)
class Block:
    """Some samples.

    Args:
        x: Atoms, shape (atoms, samples), floating point.
        cofactors: What the products need of them.
    """

    x: np.ndarray
    cofactors: np.ndarray


@dataclass(frozen=True, eq=False)
class Products(ABC):
    """One way to compute fields from couplings, and sums by slot from slopes.

    Args:
        pattern: Where the couplings stand in W.
        dtype: Floating-point type to compute in.
    """

    pattern: Pattern
    dtype: type

    @abstractmethod
    def couplings(self, theta: np.ndarray) -> np.ndarray:
        """Returns W in the form that `fields` takes."""

    def read(self, atoms: np.ndarray) -> Block:
        """Returns a block of samples from their atoms, shape (atoms, samples), int8.

        It holds U; the atoms are a part of U if all of them are cofactors.
        """
        U = cofactor_values(self.pattern, atoms, self.dtype)
        first = len(self.pattern.cofactors[0])
        return Block(U[first : first + len(atoms)] if self.pattern.every_atom else atoms.astype(self.dtype), U)

    def cofactors(self, block: Block) -> np.ndarray:
        """Returns U, shape (cofactors, samples)."""
        return block.cofactors

    @abstractmethod
    def fields(self, W: np.ndarray, block: Block) -> np.ndarray:
        """Returns F, shape (atoms, samples)."""

    @abstractmethod
    def sums(self, block: Block, slope: np.ndarray) -> np.ndarray:
        """Returns sums over the samples of cofactor times slope (atoms, samples), in a form that adds up."""

    @abstractmethod
    def by_slot(self, sums: np.ndarray) -> np.ndarray:
        """Returns such sums by slot, shape (slots,)."""


def products_of(pattern: Pattern, dtype: type) -> Products:
    """Chooses the fastest way for a pattern.

    Args:
        pattern: Where the couplings stand in W.
        dtype: Floating-point type to compute in.

    Returns:
        The way.
    """
    cells = pattern.n_rows * pattern.n_columns
    if cells > DENSE_CELLS or len(pattern.row) < DENSE_SHARE * cells:
        return SlotProducts(pattern, dtype)
    if pattern.n_columns >= ONE_HOT_STATES * pattern.n_sites and len(pattern.cofactors) <= 2:
        return OneHotProducts(pattern, dtype)
    return DenseProducts(pattern, dtype)


class DenseProducts(Products):
    """BLAS: 2 x cofactors x atoms x samples operations."""

    def couplings(self, theta: np.ndarray) -> np.ndarray:
        """Returns W^T, shape (atoms, cofactors)."""
        W: np.ndarray = np.zeros((self.pattern.n_columns, self.pattern.n_rows), self.dtype)
        W[self.pattern.column, self.pattern.row] = theta[self.pattern.term]
        return W

    def fields(self, W: np.ndarray, block: Block) -> np.ndarray:
        """Returns W^T U."""
        return W @ block.cofactors

    def sums(self, block: Block, slope: np.ndarray) -> np.ndarray:
        """Returns slope U^T, shape (atoms, cofactors)."""
        return slope @ block.cofactors.T

    def by_slot(self, sums: np.ndarray) -> np.ndarray:
        """Picks the slots."""
        return sums[self.pattern.column, self.pattern.row].astype(np.float64)


class SlotProducts(Products):
    """A loop over the slots of a sparse W: 2 x slots x samples operations."""

    def couplings(self, theta: np.ndarray) -> np.ndarray:
        """Returns the coupling of each slot."""
        return theta[self.pattern.term].astype(self.dtype)

    def fields(self, W: np.ndarray, block: Block) -> np.ndarray:
        """Adds up slot by slot."""
        from .field_kernels import accumulate

        F = np.zeros_like(block.x)
        accumulate(self.pattern.column_start, self.pattern.row, W, block.cofactors, F)
        return F

    def sums(self, block: Block, slope: np.ndarray) -> np.ndarray:
        """Returns one sum for each slot."""
        from .field_kernels import contract

        sums = np.empty(len(self.pattern.row))
        contract(self.pattern.column_start, self.pattern.row, block.cofactors, slope, sums)
        return sums

    def by_slot(self, sums: np.ndarray) -> np.ndarray:
        """Returns them as they are."""
        return sums


class OneHotProducts(Products):
    """Pairs of categories: each sample adds one row of W per site, n x atoms x samples additions.

    Arrays are transposed views of (samples, atoms), so that whole rows of W are added.
    """

    @cached_property
    def row_of_atom(self) -> np.ndarray:
        """Row of W that each atom selects; atoms that are no cofactor select a last row of zeros."""
        pattern = self.pattern
        rows = np.full(pattern.n_columns, pattern.n_rows)
        if len(pattern.cofactors) > 1:
            atoms = pattern.cofactors[1][:, 0]
            rows[atoms] = len(pattern.cofactors[0]) + np.arange(len(atoms))
        return rows

    def couplings(self, theta: np.ndarray) -> np.ndarray:
        """Returns W with a row of zeros at the end, shape (cofactors + 1, atoms)."""
        W: np.ndarray = np.zeros((self.pattern.n_rows + 1, self.pattern.n_columns), self.dtype)
        W[self.pattern.row, self.pattern.column] = theta[self.pattern.term]
        return W

    def read(self, atoms: np.ndarray) -> Block:
        """Returns the atoms and the rows of W that each sample selects, shape (samples, n)."""
        x = np.ascontiguousarray(atoms.T)
        hot = self.row_of_atom[np.nonzero(x)[1]].reshape(-1, self.pattern.n_sites)
        return Block(x.astype(self.dtype).T, hot)

    def cofactors(self, block: Block) -> np.ndarray:
        """Computes U, which the products do without."""
        return cofactor_values(self.pattern, block.x, self.dtype)

    def fields(self, W: np.ndarray, block: Block) -> np.ndarray:
        """Adds up the rows that are selected."""
        from .field_kernels import add_rows

        F: np.ndarray = np.empty((block.x.shape[1], self.pattern.n_columns), self.dtype)
        F[:] = W[0] if len(self.pattern.cofactors[0]) else 0
        add_rows(block.cofactors, W, F)
        return F.T

    def sums(self, block: Block, slope: np.ndarray) -> np.ndarray:
        """Returns sums by row and atom, shape (cofactors + 1, atoms)."""
        from .field_kernels import scatter_rows

        sums: np.ndarray = np.zeros((self.pattern.n_rows + 1, self.pattern.n_columns), self.dtype)
        rows = np.ascontiguousarray(slope.T)
        scatter_rows(block.cofactors, rows, sums)
        if len(self.pattern.cofactors[0]):
            sums[0] = rows.sum(axis=0)
        return sums

    def by_slot(self, sums: np.ndarray) -> np.ndarray:
        """Picks the slots."""
        return sums[self.pattern.row, self.pattern.column].astype(np.float64)
