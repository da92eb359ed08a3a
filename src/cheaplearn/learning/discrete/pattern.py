"""All conditional distributions as one matrix product: fields = cofactors x couplings.

The energy of atom c given the rest is a sum over the terms that contain c, of the coupling times the product of
the other atoms (the cofactor). With the values of all different cofactors in a matrix U (cofactors, samples) the
fields of all atoms are W^T U, where W holds the coupling of cofactor u and atom c at (u, c): each coupling of
d atoms occupies d places of W, its slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .terms import Terms

__all__ = ["Pattern", "slots_of"]


@dataclass(frozen=True, eq=False)
class Pattern:
    """Where couplings stand in W; slots are sorted by column, then by row.

    Args:
        cofactors: Products of k = 0, 1, ... atoms, shape (rows of that degree, k): the rows of W in turn.
        row: Cofactor of each slot, shape (slots,).
        column: Atom of each slot.
        term: Coupling of each slot.
        n_columns: Number of atoms.
        n_sites: Number of sites.
    """

    cofactors: tuple[np.ndarray, ...]
    row: np.ndarray
    column: np.ndarray
    term: np.ndarray
    n_columns: int
    n_sites: int

    @cached_property
    def n_rows(self) -> int:
        """Number of different cofactors."""
        return sum(len(block) for block in self.cofactors)

    @cached_property
    def every_atom(self) -> bool:
        """Whether each atom alone is a cofactor (then those rows of U are the atoms)."""
        return len(self.cofactors) > 1 and len(self.cofactors[1]) == self.n_columns

    @cached_property
    def column_start(self) -> np.ndarray:
        """Where the slots of each column begin, shape (columns + 1,)."""
        return np.searchsorted(self.column, np.arange(self.n_columns + 1))


def slots_of(terms: Terms) -> Pattern:
    """Lays out the couplings of a family.

    Args:
        terms: The family.

    Returns:
        The pattern: each coupling of d atoms once in each of d columns.
    """
    n_atoms = len(terms.site_of_atom)
    cofactors: list[np.ndarray] = []
    rows, columns, numbers = [], [], []
    done = first_term = 0
    for block in terms.monomials.sites:
        degree = block.shape[1]
        if len(block):
            others = np.concatenate([np.delete(block, k, axis=1) for k in range(degree)])
            different, place = _different(others, n_atoms)
            rows.append(done + place)
            columns.append(block.T.ravel())
            numbers.append(np.tile(np.arange(first_term, first_term + len(block)), degree))
            cofactors.append(different)
            done += len(different)
        else:
            cofactors.append(np.empty((0, degree - 1), np.int64))
        first_term += len(block)
    row, column, term = (np.concatenate([np.empty(0, np.int64), *part]) for part in (rows, columns, numbers))
    order = np.lexsort((row, column))
    return Pattern(tuple(cofactors), row[order], column[order], term[order], n_atoms, terms.n_sites)


def _different(products: np.ndarray, n_atoms: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the different rows, ascending, and which of them each row is."""
    if products.shape[1] == 0:
        return products[:1], np.zeros(len(products), np.int64)
    if float(n_atoms) ** products.shape[1] < 2**62:  # one number per row sorts much faster than rows
        keys = np.zeros(len(products), np.int64)
        for column in products.T:
            keys = keys * n_atoms + column
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        return products[first], place
    different, place = np.unique(products, axis=0, return_inverse=True)
    return different, place
