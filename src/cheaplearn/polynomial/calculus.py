"""Derivatives and affine substitutions, all exact."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from .monomials import Monomial

__all__ = ["partial_derivatives", "shifted_and_scaled"]

ExactTerms = dict[Monomial, Fraction]


def partial_derivatives(terms: Mapping[Monomial, Fraction], n_variables: int) -> list[ExactTerms]:
    """Differentiates by every variable.

    Args:
        terms: Coefficient by monomial.
        n_variables: Number of variables.

    Returns:
        One sum of monomials per variable.

    Cost: one pass over the factors of all terms.
    """
    gradient: list[ExactTerms] = [{} for _ in range(n_variables)]
    for monomial, coefficient in terms.items():
        for position, (index, power) in enumerate(monomial):
            lowered = ((index, power - 1),) if power > 1 else ()
            gradient[index][monomial[:position] + lowered + monomial[position + 1 :]] = coefficient * power
    return gradient


def shifted_and_scaled(
    terms: Mapping[Monomial, Fraction], center: Sequence[Fraction], scale: Sequence[Fraction]
) -> ExactTerms:
    """Substitutes x = center + scale * u.

    Args:
        terms: Coefficient by monomial in x.
        center: Center of each variable.
        scale: Scale of each variable.

    Returns:
        Coefficient by monomial in u; vanishing terms are left out.

    Cost: a term turns into at most prod(power + 1) terms over its variables with a center other than 0.
    """
    result = dict(terms)
    for index in sorted({index for monomial in terms for index, _ in monomial}):
        if center[index]:
            result = _shifted(result, index, center[index])
    return {
        monomial: coefficient * math.prod(scale[index] ** power for index, power in monomial if scale[index] != 1)
        for monomial, coefficient in result.items()
        if coefficient and all(scale[index] for index, _ in monomial)
    }


def _shifted(terms: ExactTerms, index: int, center: Fraction) -> ExactTerms:
    binomials: dict[int, list[Fraction]] = {}  # by power: coefficients of (center + w)**power, from w**0 on
    result: ExactTerms = {}
    for monomial, coefficient in terms.items():
        position = next((position for position, pair in enumerate(monomial) if pair[0] == index), None)
        if position is None:
            result[monomial] = result.get(monomial, Fraction(0)) + coefficient
            continue
        power = monomial[position][1]
        if power not in binomials:
            binomials[power] = [math.comb(power, k) * center ** (power - k) for k in range(power + 1)]
        for k, factor in enumerate(binomials[power]):
            target = monomial[:position] + (((index, k),) if k else ()) + monomial[position + 1 :]
            result[target] = result.get(target, Fraction(0)) + coefficient * factor
    return result
