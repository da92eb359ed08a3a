"""A basis of generators that people can read: few entries, simple numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from scipy import linalg

from .exact import Vector

__all__ = ["echelon", "simplest", "whole_numbers"]

_LARGEST_DENOMINATOR = 12


def whole_numbers(vector: Vector) -> np.ndarray:
    """Scales an exact generator to small whole numbers.

    Args:
        vector: Exact entries.

    Returns:
        The same direction in float64: all entries whole numbers without a common divisor if those are below 2^53,
        else with a largest entry of 1. The last entry that is not zero is positive.
    """
    denominator = math.lcm(*(value.denominator for value in vector))
    whole = [value.numerator * (denominator // value.denominator) for value in vector]
    divisor = math.gcd(*whole) or 1
    whole = [value // divisor for value in whole]
    last = next((value for value in reversed(whole) if value), 1)
    whole = [value if last > 0 else -value for value in whole]
    largest = max(map(abs, whole), default=1)
    if largest < 2**53:
        return np.array(whole, dtype=np.float64)
    return np.array([float(Fraction(value, largest)) for value in whole])


def echelon(basis: np.ndarray) -> np.ndarray:
    """Reduces an orthonormal basis so that each vector has a 1 where all others have 0.

    Args:
        basis: Shape (dimension, unknowns).

    Returns:
        Another basis of the same space; pivots are chosen by column-pivoted QR, so that entries stay moderate.
    """
    if not len(basis):
        return basis
    pivots = linalg.qr(basis, mode="r", pivoting=True)[1][: len(basis)]
    reduced = linalg.solve(basis[:, np.sort(pivots)], basis)
    reduced[:, np.sort(pivots)] = np.eye(len(basis))
    last = np.array([row[np.flatnonzero(np.abs(row) > 0.5 * np.abs(row).max())[-1]] for row in reduced])
    return reduced * np.where(last < 0, -1.0, 1.0)[:, None]


def simplest(m: np.ndarray, window: float, passes: Callable[[np.ndarray], bool]) -> np.ndarray:
    """Replaces entries by simple fractions near them if the generator is as good a symmetry then.

    Args:
        m: Entries, the largest about 1.
        window: How far an entry may move.
        passes: Whether a generator is a symmetry.

    Returns:
        The rounded generator if it passes, else `m` itself.
    """
    for denominator in (1, _LARGEST_DENOMINATOR):
        rounded = np.array([float(Fraction(value).limit_denominator(denominator)) for value in m.tolist()])
        if rounded.any() and np.abs(rounded - m).max() <= window and passes(rounded):
            return rounded
    return m
