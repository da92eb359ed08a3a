r"""Taylor series of the even or the odd part of an activation about a bias, with a proven tail.

Write ``sigma(b + z) = sum_n c_n z^n``. The coefficients are balls (python-flint power series). sigma is analytic in the
disc ``|z| <= rho``, so by Cauchy ``|c_n| <= M rho^-n`` with M the largest ``|sigma|`` on its circle, which is covered
by complex balls. Hence the terms beyond ``z^(2J)`` sum to at most ``M x^(J+1) / (1 - x)`` in absolute value,
``x = (z / rho)^2``. Source: Cauchy's estimate; docs/theory/gates.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from flint import acb, arb, arb_series, ctx

from .rows import ROUNDUP, upper

__all__ = ["FORMULAS", "MAX_TERMS", "EvenSeries", "Formula", "even_series", "odd_series", "working_precision"]

MAX_TERMS = 96  # powers of z^2 that are kept at most
_PRECISION = 400  # bits: three scales of size 2^-24 cancel 150 bits, the constants want 200
_ARCS = 512


@dataclass(frozen=True)
class Formula:
    """An activation as arithmetic that means the same for real and complex balls and for power series.

    Args:
        evaluate: The arithmetic.
        height: Distance of the nearest singularity from the real axis; all lie on the imaginary axis.
        branch: Whether the singularities are branch points, with cuts that run parallel to the real axis.
    """

    evaluate: Callable[[Any], Any]
    height: float
    branch: bool = False

    def radius(self, bias: float) -> float:
        """Radius of a disc about the bias in which the activation is analytic."""
        return min(0.95 * (self.height if self.branch else math.hypot(bias, self.height)), 5.0)


FORMULAS = {
    "silu": Formula(lambda z: z / (1 + (-z).exp()), math.pi),
    "gelu": Formula(lambda z: z / 2 * (1 + (z / arb(2).sqrt()).erf()), math.inf),
    "softplus": Formula(lambda z: (1 + z.exp()).log(), math.pi, branch=True),
    "tanh": Formula(lambda z: 1 - 2 / (1 + (2 * z).exp()), math.pi / 2),
    "sigmoid": Formula(lambda z: 1 / (1 + (-z).exp()), math.pi),
    "gaussian": Formula(lambda z: (-z * z).exp(), math.inf),
    "exp": Formula(lambda z: z.exp(), math.inf),
}


@dataclass(frozen=True)
class EvenSeries:
    """Even (or odd) Taylor coefficients of one activation at one bias.

    Args:
        coefficients: Balls of ``c_0, c_2, c_4, ...`` (MAX_TERMS + 1 of them); of ``c_1, c_3, ...`` in an odd series.
        radius: rho.
        size: M.
    """

    coefficients: tuple[arb, ...]
    radius: float
    size: float

    def tail(self, z_max: float, terms: int) -> float:
        """Bounds the even terms beyond a power.

        Args:
            z_max: Largest |z|.
            terms: J; the terms up to ``z^(2J)`` (``z^(2J+1)`` in an odd series) are kept.

        Returns:
            Upper bound of ``sum_(j > J) |c_2j| z_max^(2j)``, which also bounds the odd terms; infinite outside it.
        """
        ratio = z_max / self.radius * ROUNDUP
        if ratio >= 1.0:
            return math.inf
        return self.size * ratio ** (2 * terms + 2) / (1.0 - ratio * ratio) * ROUNDUP


@cache
def even_series(activation: str, bias: float) -> EvenSeries:
    """Expands an activation about a bias.

    Args:
        activation: Key of FORMULAS.
        bias: A float64, taken exactly.

    Returns:
        The coefficients and what bounds their tail.

    Cost: a few milliseconds, once for each pair of arguments.
    """
    return _part(activation, bias, 0)


@cache
def odd_series(activation: str, bias: float) -> EvenSeries:
    """Expands the odd part of an activation about a bias.

    Args:
        activation: Key of FORMULAS.
        bias: A float64, taken exactly.

    Returns:
        The coefficients of ``z, z^3, ...`` and what bounds their tail.

    Cost: a few milliseconds, once for each pair of arguments.
    """
    return _part(activation, bias, 1)


def _part(activation: str, bias: float, parity: int) -> EvenSeries:
    formula = FORMULAS[activation]
    radius = formula.radius(bias)
    with working_precision(_PRECISION, 2 * MAX_TERMS + 2):
        series = formula.evaluate(arb_series([bias, 1]))
        coefficients = tuple(series[2 * j + parity] for j in range(MAX_TERMS + 1))
    with working_precision(64):
        size = max(upper(abs(formula.evaluate(point))) for point in _circle(bias, radius))
    return EvenSeries(coefficients, radius, size)


@contextmanager
def working_precision(bits: int = _PRECISION, length: int = 10) -> Generator[None, None, None]:
    """Sets the precision of balls and the length of power series for a block.

    Args:
        bits: Precision in bits.
        length: Coefficients a power series keeps.

    Yields:
        Nothing.
    """
    before = ctx.prec, ctx.cap
    ctx.prec, ctx.cap = bits, length
    try:
        yield
    finally:
        ctx.prec, ctx.cap = before


def _circle(center: float, radius: float) -> Iterator[acb]:
    """Balls that cover a circle."""
    half = arb.pi() / _ARCS
    for k in range(_ARCS):
        angle = 2 * k * half + half * arb(0, 1)
        yield acb(center + radius * angle.cos(), radius * angle.sin())
