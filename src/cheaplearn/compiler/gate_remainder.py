r"""Proven ranges of an even polynomial remainder ``R(t) = sum_j d_j t^(2j) + tail`` on ``0 <= t <= 1``.

A function whose second derivative is at most B in absolute value stays within ``B h^2 / 8`` of its chords on a grid of
step h. Values on the grid are computed in float64 with a bound of their rounding; B is ``sum_j 2j (2j-1) |d_j|``. The
same holds for ``R / t^2``, whose coefficients are shifted, and products are bounded cell by cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from flint import arb

from .rows import ROUNDUP, upper

__all__ = ["Ripple", "ripple_of"]

_COARSE, _FINE = 512, 8192  # cells
_SLACK = 0.002  # accepted excess of the bounds
_TINY = 1e-290  # covers underflow


@dataclass(frozen=True)
class Ripple:
    """Values of a remainder on a grid and what lies between.

    Args:
        values: ``R(i / n)`` without its tail, shape (n + 1,).
        quotients: The same of ``R / t^2``.
        value_slack: Bound on what R can exceed the larger end of a cell by.
        quotient_slack: The same of ``R / t^2``.
    """

    values: np.ndarray
    quotients: np.ndarray
    value_slack: float
    quotient_slack: float

    @property
    def largest(self) -> float:
        """Upper bound of ``|R|``."""
        return float(np.abs(self.values).max() + self.value_slack) * ROUNDUP

    @property
    def largest_quotient(self) -> float:
        """Upper bound of ``|R| / t^2``."""
        return float(np.abs(self.quotients).max() + self.quotient_slack) * ROUNDUP

    @property
    def largest_difference(self) -> float:
        """Upper bound of ``|R(s) - R(t)|`` where ``s + t <= 1``."""
        high = np.maximum(self.values[:-1], self.values[1:])  # (cells,)
        low = np.minimum(self.values[:-1], self.values[1:])
        # s in cell i leaves t <= 1 - i/n, the cells 0 .. n-1-i
        high_before = np.maximum.accumulate(high)[::-1]
        low_before = np.minimum.accumulate(low)[::-1]
        difference = max((high - low_before).max(), (high_before - low).max())
        return float(difference + 2.0 * self.value_slack) * ROUNDUP


def ripple_of(coefficients: list[arb], tail: float) -> Ripple:
    """Bounds a remainder to within a percent, unless the tail is larger than that.

    Args:
        coefficients: ``d_1, d_2, ...`` as balls.
        tail: Bound of what the polynomial misses, relative to t^2.

    Returns:
        The grid of values with slacks.

    Guarantee: the three bounds hold for every real t in [0, 1].
    Cost: one or two Horner evaluations on at most 8192 points.
    """
    d = np.array([float(ball.mid()) for ball in coefficients])
    uncertain = sum(upper(ball - arb(middle)) for ball, middle in zip(coefficients, d, strict=True)) + tail
    j = np.arange(1, len(d) + 1)
    curvature = float(np.abs(d) @ (2 * j * (2 * j - 1)))
    quotient_curvature = float(np.abs(d) @ ((2 * j - 2) * np.maximum(2 * j - 3, 0)))
    rounding = (2 * len(d) + 4) * 2.0**-53 * float(np.abs(d).sum())

    cells, values, quotients = _COARSE, *_evaluate(d, _COARSE)
    while cells < _FINE and (
        curvature / (8 * cells**2) > _SLACK * np.abs(values).max()
        or quotient_curvature / (8 * cells**2) > _SLACK * np.abs(quotients).max()
    ):
        cells *= 2
        values, quotients = _evaluate(d, cells)
    fixed = uncertain + rounding * (1 + 2.0**-20) + _TINY
    return Ripple(
        values,
        quotients,
        (curvature / (8 * cells**2) + fixed) * ROUNDUP,
        (quotient_curvature / (8 * cells**2) + fixed) * ROUNDUP,
    )


@cache
def _squares(cells: int) -> np.ndarray:
    return np.square(np.arange(cells + 1) / cells)  # exact: powers of two up to 2^13


def _evaluate(d: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    tau = _squares(cells)
    quotients = np.full(cells + 1, d[-1])
    for coefficient in d[-2::-1]:
        quotients *= tau
        quotients += coefficient
    return quotients * tau, quotients
