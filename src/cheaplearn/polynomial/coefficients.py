"""What counts as a number here, and its exact rational value."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from .._messages import must_be

__all__ = ["common_denominator", "exact_fraction", "is_number", "size_in_bits"]

Key = TypeVar("Key")

# Beyond this size one shared denominator makes every product longer than reducing each fraction by itself.
_LONGEST_COMMON_DENOMINATOR_BITS = 1024


def is_number(value: object) -> bool:
    """Tells whether a value is a real number that has an exact rational value; booleans are none.

    Args:
        value: Any object.

    Returns:
        True for int, Fraction, float, Decimal and the NumPy and SymPy scalars like them, nan included.
    """
    if isinstance(value, bool | np.bool_):
        return False
    return isinstance(value, numbers.Rational | float | Decimal | np.floating)


def exact_fraction(value: Any, argument: str, owner: str) -> Fraction:
    """Converts a number to a fraction without rounding: a float gives its exact binary value.

    Args:
        value: The number.
        argument: Name of the checked argument, for the message.
        owner: Public function that received it, for the message.

    Returns:
        The exact value.

    Raises:
        TypeError: If `value` is no real number (booleans, complex numbers and text are none).
        ValueError: If `value` is nan or infinite.

    Example:
        >>> exact_fraction(0.5, "value", "Polynomial.constant")
        Fraction(1, 2)
    """
    if type(value) is Fraction:
        return value
    if not is_number(value):
        advice = "Pass an int, a Fraction or a float; Fraction('0.1') is the exact decimal."
        raise TypeError(must_be(argument, owner, "a real number", f"{value!r} ({type(value).__name__})", advice))
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if not math.isfinite(value):
        advice = "Remove or replace the entry before building the polynomial."
        raise ValueError(must_be(argument, owner, "finite", repr(value), advice))
    return Fraction(*map(int, value.as_integer_ratio()))


def size_in_bits(value: int | Fraction) -> int:
    """Measures how much memory a coefficient takes.

    Args:
        value: The coefficient.

    Returns:
        Bits of the numerator plus bits of the denominator.
    """
    return value.numerator.bit_length() + value.denominator.bit_length()


def common_denominator(terms: Mapping[Key, int | Fraction]) -> tuple[dict[Key, int | Fraction], int]:
    """Writes coefficients over one denominator, because integers multiply ten times faster than fractions.

    Args:
        terms: Coefficient by key.

    Returns:
        The coefficients times the denominator, and the denominator. Where that denominator would be too long
        to pay off, the coefficients as they are, and 1.
    """
    denominator = 1
    for value in terms.values():
        denominator = math.lcm(denominator, value.denominator)
        if denominator.bit_length() > _LONGEST_COMMON_DENOMINATOR_BITS:
            return dict(terms), 1
    return {key: value.numerator * (denominator // value.denominator) for key, value in terms.items()}, denominator
