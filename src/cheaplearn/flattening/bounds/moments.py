"""The moments ``M_(alpha+beta)`` of a polynomial as a sparse matrix, with its rows and columns graded by degree.

A term ``c x^gamma`` fills the entries (alpha, gamma - alpha) for the divisors ``x^alpha`` of ``x^gamma``. The entry is
``gamma! c`` times a weight of the degree, ``1 / sigma_|gamma|``, which is left to the caller.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..._messages import must_be

__all__ = ["Entries", "Moments", "Monomial", "divisor_counts"]

Ints = NDArray[np.int64]
Monomial = tuple[tuple[int, int], ...]

_MOST_ENTRIES = 40_000_000  # about 2 GB while they are made
_WORD = 1 << 62


@dataclass(frozen=True)
class Entries:
    """Non-zero entries of a part of the matrix.

    Args:
        rows: Monomial of each entry's row.
        columns: Monomial of each entry's column.
        values: Index of each entry's value.
    """

    rows: Ints
    columns: Ints
    values: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, chosen: NDArray[np.bool_] | Ints) -> Entries:
        """Keeps some entries.

        Args:
            chosen: Mask or indices.

        Returns:
            These entries.
        """
        return Entries(self.rows[chosen], self.columns[chosen], self.values[chosen])


class Moments:
    """All moments of one polynomial.

    Args:
        terms: Coefficient by monomial.
        owner: Public function that was called, for the message.

    Attributes:
        values: The distinct pairs (degree, alpha! coefficient).
        degrees: Degree of each monomial that is a row (and a column).
        entries: All entries.

    Raises:
        ValueError: If the polynomial has too many divisors.
    """

    def __init__(self, terms: Mapping[Monomial, Fraction], owner: str) -> None:
        size = sum(math.prod(power + 1 for _, power in monomial) for monomial in terms)
        if size > _MOST_ENTRIES:
            got = f"{size} of them"
            advice = "Bound a part of it: a polynomial with some variables set to 0 needs no more neurons."
            requirement = f"a polynomial with at most {_MOST_ENTRIES} divisors of its terms"
            raise ValueError(must_be("p", owner, requirement, got, advice))
        index: dict[tuple[int, Fraction], int] = {}
        by_powers: dict[tuple[int, ...], list[tuple[list[int], int]]] = {}
        for monomial, coefficient in terms.items():
            powers = tuple(power for _, power in monomial)
            moment = coefficient * math.prod(math.factorial(power) for power in powers)
            value = index.setdefault((sum(powers), moment), len(index))
            by_powers.setdefault(powers, []).append(([site for site, _ in monomial], value))
        self.values = tuple(index)
        self._collect(by_powers, _strides(terms))

    def _collect(self, by_powers: Mapping[tuple[int, ...], list[tuple[list[int], int]]], strides: Ints) -> None:
        keys, mirrored, degrees, values, start = [], [], [], [], 0
        for powers, members in by_powers.items():
            divisors = _divisors(powers)  # (divisors, factors)
            sites = np.array([sites for sites, _ in members], dtype=np.int64).reshape(len(members), len(powers))
            keys.append(np.einsum("gm,tmw->tgw", divisors, strides[sites]).reshape(-1, strides.shape[1]))
            size = len(members) * len(divisors)
            places = np.arange(start, start + size).reshape(len(members), -1)
            mirrored.append(places[:, ::-1].ravel())  # the cofactor of divisor g is divisor -1-g of the same term
            degrees.append(np.tile(divisors.sum(axis=1), len(members)))
            values.append(np.repeat([value for _, value in members], len(divisors)))
            start += size
        if not keys:
            empty = np.zeros(0, dtype=np.int64)
            self.degrees, self.entries = empty, Entries(empty, empty, empty)
            return
        rows = _numbered(np.concatenate(keys))
        self.entries = Entries(rows, rows[np.concatenate(mirrored)], np.concatenate(values))
        self.degrees = np.zeros(rows.max() + 1, dtype=np.int64)
        self.degrees[rows] = np.concatenate(degrees)

    def part(self, row_degrees: frozenset[int], column_degrees: frozenset[int], least: int = 0) -> Entries:
        """Selects rows and columns by their degree.

        Args:
            row_degrees: Degrees of the rows.
            column_degrees: Degrees of the columns.
            least: Lowest degree of the terms that count.

        Returns:
            The entries there.
        """
        rows, columns = self.degrees[self.entries.rows], self.degrees[self.entries.columns]
        chosen = np.isin(rows, list(row_degrees)) & np.isin(columns, list(column_degrees))
        return self.entries.where(chosen & (rows + columns >= least))


def divisor_counts(monomial: Monomial) -> list[int]:
    """Counts the divisors of a monomial.

    Args:
        monomial: Pairs (site, power).

    Returns:
        Their number by degree.

    Example:
        >>> divisor_counts(((0, 1), (1, 2)))  # 1; x, y; xy, y^2; xy^2
        [1, 2, 2, 1]
    """
    counts = [1]
    for _, power in monomial:
        counts = [sum(counts[max(k - power, 0) : k + 1]) for k in range(len(counts) + power)]
    return counts


def _divisors(powers: tuple[int, ...]) -> Ints:
    shape = tuple(power + 1 for power in powers)
    return np.indices(shape, dtype=np.int64).reshape(len(powers), math.prod(shape)).T


def _strides(terms: Mapping[Monomial, Fraction]) -> Ints:
    """Weights that turn exponents into numbers of a mixed radix, one per divisor, in as few words as they need."""
    radix: dict[int, int] = {}
    for monomial in terms:
        for site, power in monomial:
            radix[site] = max(radix.get(site, 1), power + 1)
    word, stride, places = 0, 1, []
    for site, base in sorted(radix.items()):
        if stride * base > _WORD:
            word, stride = word + 1, 1
        places.append((site, word, stride))
        stride *= base
    strides = np.zeros((max(radix, default=0) + 1, word + 1), dtype=np.int64)
    for site, word, stride in places:
        strides[site, word] = stride
    return strides


def _numbered(keys: Ints) -> Ints:
    """Numbers equal keys alike, in the order of the keys."""
    if keys.shape[1] == 1:
        return np.unique(keys[:, 0], return_inverse=True)[1].reshape(-1)
    return np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
