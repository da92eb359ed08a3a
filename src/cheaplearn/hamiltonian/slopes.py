"""Values and gradients of a polynomial at many points: what samplers and searches follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from .._messages import must_be

if TYPE_CHECKING:
    from .hamiltonian import Hamiltonian

__all__ = ["Slopes"]

BLOCK = 128  # points walked together: their stacks stay in the first cache


class Slopes:
    """A polynomial of t = (x - center) / scale, ready to give values and gradients over x.

    Args:
        sites: The variables of each term in ascending order, repeated as often as their power.
        coefficients: Of each term, shape (terms,); equal terms add up.
        n: Number of variables.
        center: Of t, shape (n,); 0 if left out.
        scale: Of t, shape (n,); 1 if left out.
        constant: Added to all values.

    Guarantee:
        float64; each value is a Horner sum over the terms, wrong by at most about 2 (degree + terms that share a
        factor) roundings of the sum of all |terms|. Infinite and missing numbers pass through silently.
    Cost: per point and distinct prefix of a term four floating point operations, or seven if it has longer ones;
        memory of one block of 128 points. The sites are sorted once, at construction.

    Example:
        >>> slopes = Slopes([(0,), (0, 0, 1)], [5.0, 2.0], 2)  # 5 x + 2 x^2 y
        >>> slopes.values_and_gradients(np.array([[1.0, 3.0]]))
        (array([11.]), array([[17.,  2.]]))
    """

    def __init__(
        self,
        sites: Iterable[tuple[int, ...]],
        coefficients: Any,
        n: int,
        center: np.ndarray | None = None,
        scale: np.ndarray | None = None,
        constant: float = 0.0,
    ) -> None:
        self.n, self.constant = n, float(constant)
        self.center = np.zeros(n) if center is None else np.array(center, np.float64)
        self.scale = np.ones(n) if scale is None else np.array(scale, np.float64)
        table = _padded(list(sites))
        self._site, self._depth, self._coefficient = _tree(table, np.asarray(coefficients, np.float64))
        self._highest = table.shape[1]

    @classmethod
    def of_hamiltonian(cls, hamiltonian: Hamiltonian, column: int = 0) -> Slopes:
        """Takes one energy of a Hamiltonian.

        Args:
            hamiltonian: The Hamiltonian; its bits and spins are treated as real numbers.
            column: Which class.

        Returns:
            H of that class over raw x, nats. Terms with coefficient 0 are left out.

        Raises:
            ValueError: If its variables are categorical.
        """
        if hamiltonian.categories is not None:
            raise ValueError(must_be("hamiltonian", "Slopes", "of numbers", "categorical variables"))
        coefficients, variables = hamiltonian.coefficients[:, column], hamiltonian.variables
        sites = [term for term, c in zip(hamiltonian.monomials, coefficients.tolist(), strict=True) if c != 0]
        return cls(sites, coefficients[coefficients != 0], len(variables), variables.center, variables.scale)

    @classmethod
    def of_terms(
        cls, terms: Mapping[tuple[tuple[int, int], ...], Any], n: int, center: np.ndarray, scale: np.ndarray
    ) -> Slopes:
        """Takes the terms of a `Polynomial`.

        Args:
            terms: Coefficient of each monomial, which is a tuple of (variable, power).
            n: Number of variables.
            center: Of t, shape (n,).
            scale: Of t, shape (n,).

        Returns:
            The polynomial with its coefficients rounded to float64.
        """
        powers = [monomial for monomial in terms if monomial]
        sites = [tuple(chain.from_iterable((site,) * power for site, power in monomial)) for monomial in powers]
        coefficients = [float(terms[monomial]) for monomial in powers]
        return cls(sites, coefficients, n, center, scale, float(terms.get((), 0)))

    def values_and_gradients(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Evaluates.

        Args:
            X: Raw points, shape (samples, n).

        Returns:
            Values, shape (samples,), and their gradients over x, shape (samples, n).

        Raises:
            ValueError: If `X` has another number of columns.
        """
        from .slope_kernels import walk  # Numba loads here

        X = np.asarray(X, np.float64)
        if X.ndim != 2 or X.shape[1] != self.n:
            raise ValueError(must_be("X", "Slopes", f"of shape (samples, {self.n})", f"shape {X.shape}"))
        values, gradients = np.empty(len(X)), np.empty(X.shape)
        for first in range(0, len(X), BLOCK):
            part = slice(first, first + BLOCK)
            points = np.ascontiguousarray(((X[part] - self.center) / self.scale).T)
            product, total = np.ones((2, self._highest + 1, points.shape[1]))
            total[0] = self.constant
            slope = np.zeros(points.shape)
            walk(self._site, self._depth, self._coefficient, self._highest, points, product, total, slope)
            values[part], gradients[part] = total[0], slope.T / self.scale
        return values, gradients


def _padded(sites: list[tuple[int, ...]]) -> np.ndarray:
    """Returns the sites of each term, shape (terms, highest degree), followed by -1."""
    lengths = np.array([len(term) for term in sites], np.int64)
    table = np.full((len(sites), int(lengths.max(initial=1))), -1, np.int64)
    table[np.arange(table.shape[1]) < lengths[:, None]] = np.fromiter(chain.from_iterable(sites), np.int64)
    return table


def _tree(table: np.ndarray, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orders all prefixes of the terms as a depth-first walk; returns site, depth and coefficient of each."""
    order = np.lexsort(table.T[::-1])
    table, coefficients = table[order], coefficients[order]
    shared = np.zeros(table.shape, np.bool_)  # whether the prefix up to here is also one of the row before
    shared[1:] = np.logical_and.accumulate(table[1:] == table[:-1], axis=1)
    new = ~shared & (table >= 0)
    row, level = np.nonzero(new)
    summed = np.zeros(len(row))
    last = np.cumsum(new.sum(axis=1)) - 1  # the node where each term ends; equal terms end at the same
    np.add.at(summed, last, coefficients)
    return table[row, level], level + 1, summed
