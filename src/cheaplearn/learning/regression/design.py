"""Values of terms at rows, in arrays of any kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from ...hamiltonian import Monomials, Orbits

__all__ = ["BLOCK_ENTRIES", "Design"]

BLOCK_ENTRIES = 1 << 18  # values held at once: 2 MiB of float64


@dataclass(frozen=True, eq=False)
class Design:
    """Columns of a regression: the constant 1, then one for each term, or for each orbit of terms.

    Args:
        monomials: The terms.
        orbits: Which of them are tied; their columns are added up. None if all are free.
    """

    monomials: Monomials
    orbits: Orbits | None = None

    @property
    def n_columns(self) -> int:
        """Number of columns, the constant included."""
        return 1 + (len(self.monomials) if self.orbits is None else len(self.orbits))

    @property
    def rows_at_once(self) -> int:
        """Rows whose values fit into one block."""
        return max(16, BLOCK_ENTRIES // self.n_columns)

    @cached_property
    def degrees(self) -> np.ndarray:
        """Degree of each column, shape (columns,)."""
        degrees = self.monomials.degrees
        return np.append(0, degrees if self.orbits is None else degrees[self.orbits.first])

    def values(self, t: Any) -> Any:
        """Evaluates all columns.

        Args:
            t: Variables in the units of the terms, shape (rows, n), NumPy or any array of the array API.

        Returns:
            Shape (rows, columns), of the kind, type and device of `t`.

        Cost: one product per row and degree of each term.
        """
        xp = array_namespace(t)
        ones = xp.ones((t.shape[0], 1), dtype=t.dtype, device=device(t))
        if self.orbits is None:
            return xp.concat([ones, *(_products(t, sites) for sites in self.monomials.sites if len(sites))], axis=1)
        return xp.concat([ones, self._tied(t, self.orbits)], axis=1)

    def expanded(self, coefficients: np.ndarray) -> np.ndarray:
        """Returns coefficients of the constant and all terms, shape (1 + terms, ...), from those of the columns."""
        if self.orbits is None:
            return coefficients
        flat = coefficients[1:].reshape(len(self.orbits), -1)
        of_terms = (self.orbits.matrix @ flat).reshape(-1, *coefficients.shape[1:])
        return np.concatenate([coefficients[:1], of_terms])

    def _tied(self, t: Any, orbits: Orbits) -> Any:
        xp = array_namespace(t)
        total = xp.zeros((t.shape[0], len(orbits)), dtype=t.dtype, device=device(t))
        start, terms_at_once = 0, max(1, BLOCK_ENTRIES // max(t.shape[0], 1))
        for sites in self.monomials.blocks(terms_at_once):
            part = orbits.matrix[start : start + len(sites)]
            used = np.unique(part.indices)
            dense = xp.asarray(part[:, used].toarray(), dtype=t.dtype, device=device(t))
            columns = xp.asarray(used, device=device(t))
            total[:, columns] += _products(t, sites) @ dense
            start += len(sites)
        return total


def _products(t: Any, sites: np.ndarray) -> Any:
    """Returns products of variables of one degree, shape (rows, terms)."""
    xp = array_namespace(t)
    index = xp.asarray(np.ascontiguousarray(sites.T), device=device(t))
    values = xp.take(t, index[0], axis=1)
    for d in range(1, sites.shape[1]):
        values *= xp.take(t, index[d], axis=1)
    return values
