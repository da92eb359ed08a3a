r"""Exact rows as arrays: every rational as a pair high + low of float64 numbers.

``high`` is the nearest float64, ``low`` the nearest float64 to what is left, so ``|c - high - low| <= 2^-106 |c|``: far
below anything a bound of this package counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from flint import fmpq

from .rows import CONSTANT, Row, rational

__all__ = ["ExactRows", "exact_rows", "product_error", "split"]


@dataclass(frozen=True)
class ExactRows:
    """Affine rows over numbered sources.

    Args:
        row: Row of each entry, ascending, shape (entries,).
        source: Source of each entry.
        high: Coefficients, leading part.
        low: Coefficients, what is left.
        constant_high: Constants, shape (rows,).
        constant_low: Likewise.
    """

    row: np.ndarray
    source: np.ndarray
    high: np.ndarray
    low: np.ndarray
    constant_high: np.ndarray
    constant_low: np.ndarray

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.constant_high)


def split(number: fmpq) -> tuple[float, float]:
    """Writes a rational as high + low.

    Args:
        number: Any rational.

    Returns:
        The two floats; infinite where the number is too large.
    """
    p, q = number.p, number.q
    try:
        high = int(p) / int(q)
    except OverflowError:
        return (np.inf if p > 0 else -np.inf), 0.0
    if q == 1 and -(2**53) <= p <= 2**53:
        return high, 0.0
    rest = number - rational(high)
    return high, (int(rest.p) / int(rest.q) if rest else 0.0)


def exact_rows(rows: Sequence[Row], source_of: Callable[[int, fmpq], tuple[int, fmpq, fmpq]]) -> ExactRows:
    """Turns rows into arrays.

    Args:
        rows: Rows over the columns of a program.
        source_of: Gives for a column and its coefficient the source, the coefficient there and what is added to the
            constant.

    Returns:
        The same rows over sources.
    """
    row, source, high, low = [], [], [], []
    constants = []
    for i, entries in enumerate(rows):
        constant = entries.get(CONSTANT, fmpq(0))
        for column, value in entries.items():
            if column == CONSTANT:
                continue
            index, coefficient, shift = source_of(column, value)
            if shift:
                constant += shift
            leading, rest = split(coefficient)
            row.append(i)
            source.append(index)
            high.append(leading)
            low.append(rest)
        constants.append(split(constant))
    constant_high, constant_low = np.array(constants, dtype=np.float64).reshape(-1, 2).T
    return ExactRows(
        np.array(row, dtype=np.int64),
        np.array(source, dtype=np.int64),
        np.array(high, dtype=np.float64),
        np.array(low, dtype=np.float64),
        constant_high,
        constant_low,
    )


def product_error(a: np.ndarray, b: np.ndarray, product: np.ndarray) -> np.ndarray:
    """Gives ``a b - fl(a b)`` exactly (Dekker 1971), barring overflow and underflow.

    Args:
        a: Float64.
        b: Float64, same shape.
        product: ``fl(a b)``.

    Returns:
        The error of the product.
    """
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scaled = a * 134217729.0  # 2^27 + 1
    high = scaled - (scaled - a)
    return high, a - high
