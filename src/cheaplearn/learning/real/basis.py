r"""The functions :math:`\phi_k` of a real Hamiltonian: products of Hermite polynomials, and their derivatives.

Both He_p and t^p satisfy f_p' = p f_(p-1), so a derivative of a product is a multiple of a shorter product:
every first and second derivative is read from one table of products (`ProductTable`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import array_api_compat
import numpy as np
from scipy.sparse import csr_array, eye_array

from ..._messages import must_be
from ...hamiltonian import Monomials
from .conversion import hermite_to_monomials, powers_divided, tied_hermite
from .product_table import ProductTable

__all__ = ["ProductBasis", "VariableTerms"]


@dataclass(frozen=True, eq=False)
class VariableTerms:
    """The terms that contain one variable, and where their derivatives by it stand in the table.

    Args:
        terms: Which terms, ascending, shape (T_i,).
        powers: Power p of the variable in each, shape (T_i,).
        first: Row of the product with the power lowered by 1: the derivative is p times it, shape (T_i,).
        second: Row of the product with the power lowered by 2 (0 where p = 1): the second derivative is
            p (p - 1) times it, shape (T_i,).
    """

    terms: np.ndarray
    powers: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def gradient(self, n_terms: int, n_rows: int) -> csr_array:
        """Returns the matrix that takes the table to the derivatives of all terms, shape (n_terms, n_rows)."""
        return csr_array((self.powers.astype(float), (self.terms, self.first)), shape=(n_terms, n_rows))

    def curvature(self, n_terms: int, n_rows: int) -> csr_array:
        """Returns the matrix that takes the table to the second derivatives, shape (n_terms, n_rows)."""
        twice = self.powers > 1
        factor = (self.powers * (self.powers - 1.0))[twice]
        return csr_array((factor, (self.terms[twice], self.second[twice])), shape=(n_terms, n_rows))


@dataclass(frozen=True, eq=False)
class ProductBasis:
    """One function per monomial, of the same exponents: a product of Hermite polynomials, or the monomial itself.

    Products of Hermite polynomials of standardised variables are nearly orthogonal, so the normal equations stay
    well conditioned. They span the same functions as the monomials (up to a constant) if the set is closed under
    division by squares: with x^3 y also x y. Every family of `local_monomials` is, and so are its members of one
    parity. Other sets keep their monomials.

    Args:
        monomials: The exponents.
        hermite: Whether Hermite polynomials are wanted; afterwards, whether they are used.
        fixed: Variables by which nothing is differentiated: they only multiply (spins beside real variables).

    Example:
        >>> from cheaplearn.hamiltonian import local_monomials
        >>> basis = ProductBasis(local_monomials(1, 4, 0))
        >>> basis.values(np.array([[2.0]]))  # He_p(2) = 2, 3, 2, -5
        array([[ 2.,  3.,  2., -5.]])
        >>> basis.to_monomials().toarray()[1]  # t^2 has weight 1 in He_2 and -6 in He_4
        array([ 0.,  1.,  0., -6.])
    """

    monomials: Monomials
    hermite: bool = True
    fixed: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        closed = all(
            divided in self.place for product in self.place for _, divided in powers_divided(product, 2) if divided
        )
        object.__setattr__(self, "hermite", bool(self.hermite and closed))

    def __len__(self) -> int:
        return len(self.monomials)

    @cached_property
    def place(self) -> dict[tuple[int, ...], int]:
        """Number of each term, by its variables with repetition."""
        return {product: k for k, product in enumerate(self.monomials)}

    @cached_property
    def n_variables(self) -> int:
        """Least number of variables: one more than the highest that occurs."""
        return 1 + max((int(block.max()) for block in self.monomials.sites if block.size), default=-1)

    def places(self, monomials: Iterable[tuple[int, ...]]) -> np.ndarray:
        """Finds the terms of a smaller family.

        Args:
            monomials: Products of variables, for example another `Monomials`.

        Returns:
            Number of each in this basis, shape (terms,): the index for `ScoreSums.part`.

        Raises:
            ValueError: If one is missing, or the smaller family would not span its own monomials.
        """
        wanted = list(monomials)
        missing = next((product for product in wanted if product not in self.place), None)
        if missing is not None:
            raise ValueError(must_be("monomials", "ProductBasis.places", "terms of this basis", missing))
        inside = set(wanted)
        if self.hermite:
            for product in wanted:
                if any(divided and divided not in inside for _, divided in powers_divided(product, 2)):
                    requirement = "closed under division by squares (with x^3 y also x y)"
                    advice = "Use ProductBasis(monomials, hermite=False)."
                    raise ValueError(must_be("monomials", "ProductBasis.places", requirement, product, advice))
        return np.array([self.place[product] for product in wanted], dtype=int)

    @cached_property
    def table(self) -> ProductTable:
        """The products of which the derivatives are multiples; row 0 is the constant 1."""
        once = (d for product in self.place for _, d in self._divided(product, 1))
        twice = (d for product in self.place for _, d in self._divided(product, 2))
        return ProductTable([*once, *twice], self.n_variables, self.hermite)

    def _divided(self, product: tuple[int, ...], by: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yields the variables that a product is differentiated by, and what is left of it."""
        return ((v, divided) for v, divided in powers_divided(product, by) if v not in self.fixed)

    @cached_property
    def by_variable(self) -> tuple[VariableTerms, ...]:
        """The terms that contain each variable."""
        rows: list[list[tuple[int, int, int, int]]] = [[] for _ in range(self.n_variables)]
        place = self.table.place
        for product, k in self.place.items():
            twice = dict(self._divided(product, 2))
            for v, divided in self._divided(product, 1):
                second = place[twice[v]] if v in twice else 0
                rows[v].append((k, product.count(v), place[divided], second))
        arrays = (np.array(some, dtype=int).reshape(-1, 4) for some in rows)
        return tuple(VariableTerms(*array.T.copy()) for array in arrays)

    @cached_property
    def _values(self) -> tuple[ProductTable, np.ndarray]:
        table = ProductTable(self.place, self.n_variables, self.hermite)
        return table, np.array([table.place[product] for product in self.place], dtype=int)

    def values(self, t: Any) -> Any:
        """Evaluates the functions.

        Args:
            t: Scaled variables, shape (samples, n).

        Returns:
            phi_k(t), shape (samples, terms), in the namespace of `t`.
        """
        table, rows = self._values
        return _picked(table.values(t), rows, np.ones(len(rows)), t)

    def derivatives(self, t: Any, variable: int) -> tuple[Any, Any]:
        """Evaluates first and second derivatives by one variable of the terms that contain it.

        Args:
            t: Scaled variables, shape (samples, n).
            variable: Which, i.

        Returns:
            d_i phi and d_ii phi of the terms `by_variable[i].terms`, each of shape (samples, T_i).
        """
        own, rows = self.by_variable[variable], self.table.values(t)
        return (
            _picked(rows, own.first, own.powers, t),
            _picked(rows, own.second, own.powers * (own.powers - 1), t),
        )

    def to_monomials(self) -> csr_array:
        """Returns M with theta_monomial = M theta_basis, shape (terms, terms); the constant is dropped."""
        if not self.hermite:
            return csr_array(eye_array(len(self)))
        return hermite_to_monomials(self.place)

    def tied(self, tying: csr_array) -> tuple[csr_array, csr_array]:
        """Ties couplings of monomials in terms of this basis.

        Args:
            tying: P with theta_monomial = P theta_tied, shape (terms, K): orbits of terms of one degree.

        Returns:
            P' for `score_sums` and its kin (theta_basis = P' u, shape (terms, K)) and R with theta_tied = R u,
            shape (K, K), so that M P' = P R. For orbits of a group of permutations P' = P.

        Raises:
            ValueError: If the shape does not match, an orbit mixes degrees or has no term of its own.
        """
        if tying.shape[0] != len(self):
            raise ValueError(must_be("tying", "ProductBasis.tied", f"of shape ({len(self)}, orbits)", tying.shape))
        if not self.hermite:
            return csr_array(tying), csr_array(eye_array(tying.shape[1]))
        return tied_hermite(self.place, tying)


def _picked(rows: Any, index: np.ndarray, factor: np.ndarray, like: Any) -> Any:
    """Returns chosen rows of a table, each times a number, as columns."""
    xp, device = array_api_compat.array_namespace(like), array_api_compat.device(like)
    taken = xp.take(rows, xp.asarray(index, device=device), axis=0)
    scaled = taken * xp.asarray(factor.astype(float), dtype=like.dtype, device=device)[:, None]
    return xp.permute_dims(scaled, (1, 0))
