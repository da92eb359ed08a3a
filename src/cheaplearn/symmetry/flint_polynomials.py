"""Polynomials as python-flint objects and back: division and factoring over the rationals."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ..polynomial import Polynomial

__all__ = ["divided", "factors_of", "from_flint", "to_flint"]


def to_flint(polynomial: Polynomial) -> Any:
    """Converts to an fmpq_mpoly over the variables of the polynomial.

    Args:
        polynomial: The polynomial.

    Returns:
        The flint object, in graded order.
    """
    import flint

    n = len(polynomial.variables)
    context = flint.fmpq_mpoly_ctx.get([f"v{i}" for i in range(max(n, 1))], flint.Ordering.degrevlex)
    terms = {}
    for monomial, value in polynomial.terms.items():
        exponents = [0] * max(n, 1)
        for i, power in monomial:
            exponents[i] = power
        terms[tuple(exponents)] = flint.fmpq(value.numerator, value.denominator)
    return context.from_dict(terms)


def from_flint(polynomial: Any, variables: tuple[str, ...]) -> Polynomial:
    """Converts back.

    Args:
        polynomial: An fmpq_mpoly.
        variables: Names.

    Returns:
        The polynomial.
    """
    terms: Mapping[Any, Any] = polynomial.to_dict()
    return Polynomial(
        {
            tuple((i, int(e)) for i, e in enumerate(exponents) if e): Fraction(int(c.p), int(c.q))
            for exponents, c in terms.items()
        },
        variables,
    )


def divided(numerator: Polynomial, divisor: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Divides with remainder, in graded order.

    Args:
        numerator: The dividend.
        divisor: Over the same variables, not zero.

    Returns:
        Quotient and remainder.
    """
    quotient, remainder = divmod(to_flint(numerator), to_flint(divisor))
    return from_flint(quotient, numerator.variables), from_flint(remainder, numerator.variables)


def factors_of(polynomial: Polynomial) -> tuple[Fraction, list[tuple[Polynomial, int]]]:
    """Factors over the rationals.

    Args:
        polynomial: Not zero.

    Returns:
        The constant, and irreducible factors with multiplicities.
    """
    constant, factors = to_flint(polynomial).factor()
    found = [(from_flint(factor, polynomial.variables), int(power)) for factor, power in factors]
    return Fraction(int(constant.p), int(constant.q)), found
