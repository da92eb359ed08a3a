"""Exact proof that an energy falls without end along a curve, which no density survives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from ...polynomial.monomials import Monomial

__all__ = ["Curve", "fall", "rational", "whole"]


@dataclass(frozen=True)
class Curve:
    """z_i(s) = u_i s^w_i.

    Args:
        rates: u_i, exact.
        powers: w_i, whole numbers of at least 0, not all 0.
    """

    rates: tuple[Fraction, ...]
    powers: tuple[int, ...]


def fall(terms: Mapping[Monomial, Fraction], curve: Curve) -> tuple[int, Fraction] | None:
    """Finds the leading term of H along a curve, if it proves that exp(-H) is not integrable.

    Along the curve H is a polynomial in s. If its leading term c s^m has m > 0 and c < 0, then the integral of
    exp(-H) is infinite: for some k, H changes by at most 1 within a tube around the curve whose radius
    is s^-k, because its derivatives grow no faster than a power of s. The volume of the tube per length falls like a
    power of s, and exp(|c| s^m) grows faster than any power. (Of bounded variables a fixed share of the tube
    lies inside their box.)

    Args:
        terms: Exact terms of H, bounded variables being fixed.
        curve: One rate and power per variable.

    Returns:
        (m, c) if this proves divergence, otherwise None.

    Cost: linear in the terms, in rational arithmetic.
    """
    sums: dict[int, Fraction] = {}
    for monomial, coefficient in terms.items():
        value, power = coefficient, 0
        for i, p in monomial:
            value = value * curve.rates[i] ** p
            power += curve.powers[i] * p
        if value:
            sums[power] = sums.get(power, Fraction(0)) + value
    top = max((power for power, value in sums.items() if value), default=0)
    return (top, sums[top]) if top > 0 and sums[top] < 0 else None


def rational(values: Sequence[float], bits: int) -> tuple[Fraction, ...]:
    """Rounds floats to multiples of 2^-bits.

    Args:
        values: Finite floats.
        bits: Binary digits after the point.

    Returns:
        Exact numbers.
    """
    return tuple(Fraction(round(value * 2**bits), 2**bits) for value in values)


def whole(vector: Sequence[Fraction]) -> list[Fraction]:
    """Multiplies a vector by the common denominator, so that floats hold short results without rounding.

    Args:
        vector: Exact numbers.

    Returns:
        Whole numbers in the same proportions.
    """
    factor = lcm(*(value.denominator for value in vector))
    return [value * factor for value in vector]
