r"""Sign patterns with merged copies, corrected so that every part has one degree.

The pattern of ``t^gamma`` sums over directions with coefficients ``gamma_i - 2 k_i``, weight
``prod (-1)^k_i C(gamma_i, k_i)``: ``prod (gamma_i + 1)`` of them. Its moment of ``t^beta`` is
``prod D(gamma_i, beta_i)``, ``D(r, m) = sum_k (-1)^k C(r, k) (r - 2k)^m``, which vanishes unless ``beta_i >= gamma_i``
and ``beta_i - gamma_i`` is even, and is ``2^r r!`` for m = r. What a pattern of low degree leaves at higher degrees up
to d is taken away by patterns of those degrees; a homogeneous polynomial needs none of that.
Source: Lin, Tegmark & Rolnick (2017), section II.E; Boij, Carlini & Geramita (2011) for merged copies.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from flint import fmpq

from ...compiler.sign_patterns import corner_sum
from .form import FlatForm, Moments

__all__ = ["pattern_form", "pattern_size"]

Exponents = tuple[int, ...]
_NOTHING = fmpq(0)


@dataclass(frozen=True)
class _PatternMoments(Moments):
    """Moments of patterns are largest where every t_i is 1: their coefficients all have one sign."""

    shares: Mapping[int, Mapping[Exponents, fmpq]]  # of each pattern, by part

    def largest(self, form: FlatForm, order: int, factors: Mapping[int, float], by_neuron: float) -> float:
        totals: dict[Exponents, float] = {}
        for k, patterns in self.shares.items():
            for gamma, share in patterns.items():
                totals[gamma] = totals.get(gamma, 0.0) + float(int(share.p) / int(share.q)) * factors[k]
        bound = 0.0
        for gamma, total in totals.items():
            b = sum(gamma)
            if (order - b) % 2 == 0 and order >= b:
                bound += abs(total) * (2 * corner_sum(b, order) if b else float(order == 0))
        return min(by_neuron, bound * (1 + 2.0**-40))


def pattern_size(exponents: Exponents) -> int:
    """Counts the directions of a pattern.

    Args:
        exponents: gamma.

    Returns:
        ``prod (gamma_i + 1)``.
    """
    return math.prod(r + 1 for r in exponents)


def pattern_form(terms: Mapping[Exponents, fmpq], degree: int) -> FlatForm:
    """Writes a polynomial by sign patterns.

    Args:
        terms: Coefficient by exponents, over variables of size at most 1.
        degree: Its degree.

    Returns:
        The form; patterns share directions.

    Cost: the directions of all patterns.
    """
    shares: dict[int, dict[Exponents, fmpq]] = {}
    for alpha, coefficient in terms.items():
        part = shares.setdefault(sum(alpha), {})
        factor = coefficient * math.prod(map(math.factorial, alpha))
        for gamma, share in _corrected(alpha, degree).items():
            part[gamma] = part.get(gamma, _NOTHING) + factor * share
    place: dict[Exponents, int] = {}
    parts: dict[int, dict[int, fmpq]] = {}
    for k, patterns in shares.items():
        part_weights = parts.setdefault(k, {})
        for gamma, share in patterns.items():
            for direction, count in _pattern(gamma) if share else ():
                j = place.setdefault(direction, len(place))
                part_weights[j] = part_weights.get(j, _NOTHING) + share * count
    used = sorted({j for part_weights in parts.values() for j, weight in part_weights.items() if weight})
    directions = list(place)
    return FlatForm(
        "sign patterns",
        tuple(tuple(map(fmpq, directions[j])) for j in used),
        {k: [weights.get(j, _NOTHING) for j in used] for k, weights in parts.items()},
        degree,
        _PatternMoments(shares),
    )


@cache
def _corrected(alpha: Exponents, degree: int) -> dict[Exponents, fmpq]:
    """Shares of patterns that have the moment 1 of ``t^alpha`` and 0 of all others up to the degree."""
    found = {alpha: fmpq(1)}
    for beta in _above(alpha, degree):
        left = math.prod(_difference(r, m) for r, m in zip(alpha, beta, strict=True))
        for gamma, share in _corrected(beta, degree).items():
            found[gamma] = found.get(gamma, _NOTHING) - left * share
    norm = math.prod(_difference(r, r) for r in alpha)
    return {gamma: share / norm for gamma, share in found.items()}


def _above(alpha: Exponents, degree: int) -> Iterator[Exponents]:
    """Exponents that differ from alpha by even numbers where alpha is not 0, up to a degree."""
    room = (degree - sum(alpha)) // 2
    steps = product(*(range(room + 1) if r else (0,) for r in alpha))
    for step in steps:
        if 0 < sum(step) <= room:
            yield tuple(r + 2 * s for r, s in zip(alpha, step, strict=True))


@cache
def _difference(r: int, m: int) -> int:
    return sum((-1) ** k * math.comb(r, k) * (r - 2 * k) ** m for k in range(r + 1))


def _pattern(gamma: Exponents) -> Iterator[tuple[Exponents, int]]:
    for minus in product(*(range(r + 1) for r in gamma)):
        count = math.prod((-1) ** k * math.comb(r, k) for r, k in zip(gamma, minus, strict=True))
        yield tuple(r - 2 * k for r, k in zip(gamma, minus, strict=True)), count
