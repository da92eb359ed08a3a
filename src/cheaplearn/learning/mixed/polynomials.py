"""H as a polynomial of the real variables for each state of the discrete ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from scipy.sparse import csr_array

from ...hamiltonian import Hamiltonian
from .columns import Columns

__all__ = ["ConditionalPolynomials", "count_states", "states_of_sites"]

Term = tuple[int, ...]


def count_states(columns: Columns, sites: Sequence[int]) -> int:
    """Returns how many states some discrete sites have together."""
    return math.prod(len(columns.levels(site)) for site in sites)


def states_of_sites(columns: Columns, sites: Sequence[int], numbers: np.ndarray) -> np.ndarray:
    """Enumerates states of discrete sites; the last site changes fastest.

    Args:
        columns: The columns.
        sites: Which sites.
        numbers: Which states, counted from 0.

    Returns:
        Values of all columns, 0 for those of other sites, shape (states, columns).
    """
    left = np.asarray(numbers)
    values = np.zeros((len(left), len(columns)))
    for site in reversed(sites):
        levels = columns.levels(site)
        left, code = np.divmod(left, len(levels))
        values[:, columns.of_site[site]] = levels[code]
    return values


class ConditionalPolynomials:
    r"""H(t, s) = sum_r c_r(s) t^r, with c_r(s) multilinear in spins and bits.

    Args:
        hamiltonian: H of scaled variables, one class.
        columns: Its variables.

    Attributes:
        real_terms: The products of real variables r, numbered 0 .. m - 1 among themselves; the empty one is 1.
        products: The products of discrete columns that multiply them.
        weights: Coefficients, shape (products, real terms), nats.
    """

    def __init__(self, hamiltonian: Hamiltonian, columns: Columns) -> None:
        self.columns = columns
        rank = {column: k for k, column in enumerate(columns.real.tolist())}
        real: dict[Term, int] = {(): 0}
        discrete: dict[Term, int] = {(): 0}
        places = []
        for term in hamiltonian.monomials:
            r = tuple(rank[c] for c in term if c in rank)
            s = tuple(c for c in term if c not in rank)
            places.append((discrete.setdefault(s, len(discrete)), real.setdefault(r, len(real))))
        self.real_terms, self.products = list(real), list(discrete)
        shape = len(discrete), len(real)
        entries = hamiltonian.coefficients[:, 0], np.array(places, int).reshape(-1, 2).T
        self.weights = csr_array((entries[0], tuple(entries[1])), shape=shape)

    @property
    def degree(self) -> int:
        """Highest degree in the real variables of a term that is not zero."""
        used = np.unique(self.weights.tocoo().col[self.weights.tocoo().data != 0])
        return max((len(self.real_terms[r]) for r in used), default=0)

    def sites_beside(self, least: int) -> list[int]:
        """Returns the discrete sites in terms of at least this degree in the real variables."""
        found = self.weights.tocoo()
        pairs = zip(found.row.tolist(), found.col.tolist(), found.data.tolist(), strict=True)
        used = {c for s, r, value in pairs if value and len(self.real_terms[r]) >= least for c in self.products[s]}
        return sorted({int(self.columns.site_of_column[c]) for c in used})

    def coefficients(self, values: np.ndarray) -> np.ndarray:
        """Coefficients for some states.

        Args:
            values: Values of all columns (real ones do not matter), shape (states, columns).

        Returns:
            c_r(s), shape (states, real terms), nats.
        """
        multipliers = np.ones((len(values), len(self.products)))
        for degree, group in groupby(sorted(range(len(self.products)), key=self._degree), key=self._degree):
            which = list(group)
            if degree:
                factors = np.array([self.products[k] for k in which])
                multipliers[:, which] = np.prod(values[:, factors], axis=2)
        return (self.weights.T @ multipliers.T).T

    def _degree(self, product: int) -> int:
        return len(self.products[product])

    def ranges(self) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the coefficients over all states: spins between -1 and 1, bits between 0 and 1.

        Returns:
            Lower and upper, each of shape (real terms,).
        """
        kinds = self.columns.column_kinds
        low = np.array([-1.0 if any(kinds[c] == "spin" for c in factors) else 0.0 for factors in self.products])
        low[0] = 1.0
        negative, positive = self.weights.minimum(0), self.weights.maximum(0)
        return positive.T @ low + negative.sum(axis=0), negative.T @ low + positive.sum(axis=0)

    def quadratic(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Reads H = t K t / 2 + b t + c, of degree 2 at most.

        Args:
            coefficients: From `coefficients`, shape (states, real terms).

        Returns:
            K, b and c, of shapes (states, m, m), (states, m) and (states,).
        """
        states, m = len(coefficients), len(self.columns.real)
        K, b, c = np.zeros((states, m, m)), np.zeros((states, m)), coefficients[:, 0].copy()
        for r, term in enumerate(self.real_terms):
            if len(term) == 1:
                b[:, term[0]] += coefficients[:, r]
            elif len(term) == 2:
                K[:, term[0], term[1]] += coefficients[:, r]
                K[:, term[1], term[0]] += coefficients[:, r]
        return K, b, c
