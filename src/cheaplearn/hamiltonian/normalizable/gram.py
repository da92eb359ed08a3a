"""Gram matrices: which monomials are squared, and where each product of two of them lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lcm

import numpy as np

from ...polynomial.monomials import Monomial, merge
from .cliques import chordal_cliques, grown_cliques

__all__ = ["MAX_ROWS", "GramBlocks", "gram_blocks", "half_monomials", "row_count"]

MAX_ROWS = 66  # of one Gram matrix: the solver needs rows^4 / 8 numbers for it
MAX_COST = 1e7  # numbers of the solver for all matrices together: about ten seconds
MAX_PRODUCTS = 20_000  # entries of all upper triangles together: many small matrices that overlap are slow, too


@dataclass(frozen=True)
class GramBlocks:
    """Gram matrices Q_C of a form: L = sum over C of v_C^T Q_C v_C.

    Args:
        bases: The monomials v_C of each matrix.
    """

    bases: tuple[tuple[Monomial, ...], ...]

    @cached_property
    def products(self) -> list[tuple[int, int, int, Monomial]]:
        """(matrix, row i, column j, product) of all upper triangles, column after column, i <= j."""
        return [
            (block, i, j, merge(basis[i], basis[j]))
            for block, basis in enumerate(self.bases)
            for j in range(len(basis))
            for i in range(j + 1)
        ]

    @cached_property
    def places(self) -> dict[Monomial, list[tuple[int, int, int]]]:
        """(matrix, i, j) of all pairs whose product is the monomial."""
        found: dict[Monomial, list[tuple[int, int, int]]] = {}
        for block, i, j, product in self.products:
            found.setdefault(product, []).append((block, i, j))
        return found

    def matrices(self, triangles: np.ndarray) -> list[np.ndarray]:
        """Unpacks upper triangles whose entries off the diagonal are scaled by sqrt(2).

        Args:
            triangles: Shape (products,).

        Returns:
            One symmetric matrix per basis.
        """
        result = [np.zeros((len(basis), len(basis))) for basis in self.bases]
        for (block, i, j, _), value in zip(self.products, triangles.tolist(), strict=True):
            result[block][i, j] = result[block][j, i] = value if i == j else value / np.sqrt(2)
        return result


def gram_blocks(supports: Iterable[Sequence[int]], degrees: Sequence[int]) -> list[GramBlocks]:
    """Chooses Gram matrices for a form, the cheaper choice first.

    Chordal cliques where the solver can hold them (for quadratic forms nothing is lost by them), otherwise cliques
    of the interaction graph (sparse sums of squares: a sufficient condition); then one matrix over all variables.

    Args:
        supports: Variables of each term.
        degrees: d_i by variable, even.

    Returns:
        One or two choices.
    """
    size = len(degrees)
    sets: list[tuple[int, ...]] = [*map(tuple, supports), *((i,) for i in range(size))]
    choices: list[list[tuple[int, ...]]] = []
    for cliques in _clique_choices(sets, size):
        if _affordable(cliques, degrees):
            choices.append(cliques)
            break
    everything = [tuple(range(size))]
    if everything not in choices and _affordable(everything, degrees):
        choices.append(everything)
    return [GramBlocks(tuple(half_monomials(clique, degrees) for clique in chosen)) for chosen in choices]


def half_monomials(clique: Sequence[int], degrees: Sequence[int]) -> tuple[Monomial, ...]:
    """Lists the monomials of weight 1/2, those with d_i / 2 as power of z_i among them.

    Args:
        clique: Variables in ascending order.
        degrees: d_i by variable.

    Returns:
        All z^b over these variables with sum b_i / d_i = 1/2.

    Example:
        >>> half_monomials((0, 1), [2, 4])
        (((1, 2),), ((0, 1),))
    """
    total = lcm(*(degrees[i] for i in clique))
    costs = [total // degrees[i] for i in clique]

    def fill(k: int, left: int) -> Iterable[Monomial]:
        if k == len(clique) - 1:
            if left % costs[k] == 0:
                yield ((clique[k], left // costs[k]),) if left else ()
            return
        for power in range(left // costs[k] + 1):
            for rest in fill(k + 1, left - power * costs[k]):
                yield ((clique[k], power), *rest) if power else rest

    return tuple(fill(0, total // 2))


def row_count(clique: Sequence[int], degrees: Sequence[int], limit: int) -> int:
    """Counts the monomials of weight 1/2 without listing them.

    Args:
        clique: Variables.
        degrees: d_i by variable.
        limit: Largest number of interest.

    Returns:
        The number, or limit + 1 if it is larger.
    """
    total = lcm(*(degrees[i] for i in clique))
    ways = [1] + [0] * (total // 2)
    for i in clique:
        cost = total // degrees[i]
        for amount in range(cost, total // 2 + 1):
            ways[amount] += ways[amount - cost]
    return min(ways[total // 2], limit + 1)


def _clique_choices(supports: list[tuple[int, ...]], size: int) -> Iterator[list[tuple[int, ...]]]:
    chordal = chordal_cliques(supports, size, widest=MAX_ROWS)
    if chordal is not None:
        yield chordal
    for widest in (MAX_ROWS, max(map(len, supports))):
        yield grown_cliques(supports, size, widest)


def _affordable(cliques: Iterable[Sequence[int]], degrees: Sequence[int]) -> bool:
    rows = [row_count(clique, degrees, MAX_ROWS) for clique in cliques]
    entries = [r * (r + 1) / 2 for r in rows]
    return max(rows) <= MAX_ROWS and sum(entries) <= MAX_PRODUCTS and sum(e**2 for e in entries) <= MAX_COST
