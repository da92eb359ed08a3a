"""Exact sparse affine rows: {column: rational}, column 0 being the constant 1."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TypeAlias

from flint import arb, fmpq

__all__ = ["CONSTANT", "ROUNDUP", "Row", "add_multiple", "middle", "rational", "up", "upper"]

Row: TypeAlias = dict[int, fmpq]
CONSTANT = 0

# Bounds are sums and products of non-negative float64 numbers, fewer than 2^20 operations deep, each with relative
# error at most 2^-53. Multiplying a result once by this factor therefore makes it an upper bound.
ROUNDUP = 1.0 + 2.0**-30


def rational(number: float | Fraction) -> fmpq:
    """Converts exactly.

    Args:
        number: A finite float or a fraction.

    Returns:
        The same number.
    """
    numerator, denominator = number.as_integer_ratio()
    return fmpq(numerator, denominator)


def up(number: fmpq) -> float:
    """Rounds the absolute value of a rational up.

    Args:
        number: Any rational.

    Returns:
        A float64 not below the absolute value of `number`; infinite where there is none.
    """
    size = abs(number)
    try:
        return math.nextafter(int(size.p) / int(size.q), math.inf) if size else 0.0
    except OverflowError:
        return math.inf


def middle(ball: arb) -> fmpq:
    """Gives the midpoint of a ball exactly.

    Args:
        ball: Any real ball.

    Returns:
        The number.
    """
    mantissa, exponent = ball.mid().man_exp()
    return fmpq(int(mantissa)) * fmpq(2) ** int(exponent)


def upper(ball: arb) -> float:
    """Rounds the largest absolute value in a ball up.

    Args:
        ball: Any real ball.

    Returns:
        A float64 not below any absolute value in `ball`.
    """
    size = float(abs(ball).abs_upper())
    return math.nextafter(size, math.inf) if size else 0.0


def add_multiple(row: Row, factor: fmpq, other: Row) -> None:
    """Adds a multiple of another row in place; entries that cancel vanish.

    Args:
        row: The row that changes.
        factor: The multiple.
        other: The row that is added.
    """
    if not factor:
        return
    for column, value in other.items():
        if column not in row:
            row[column] = factor * value
        elif total := row[column] + factor * value:
            row[column] = total
        else:
            del row[column]
