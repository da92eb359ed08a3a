"""The flat forms that a polynomial has, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from flint import fmpq

from ...polynomial import Polynomial
from .essential import essential_variables
from .form import FlatForm
from .lattice import lattice_form
from .patterns import pattern_form, pattern_size
from .simplices import quadratic_form

__all__ = ["flat_forms", "scaled_terms"]

MOST_NEURONS = 2**16  # of sign patterns that are built

Exponents = tuple[int, ...]


def scaled_terms(p: Polynomial, reach: Sequence[Fraction]) -> dict[Exponents, fmpq]:
    """Coefficients in variables ``t_i = x_i / reach_i``.

    Args:
        p: The polynomial.
        reach: Positive.

    Returns:
        Coefficient by exponents over all variables.
    """
    found = {}
    for monomial, coefficient in p.terms.items():
        exponents = [0] * len(p.variables)
        total = Fraction(coefficient)
        for site, power in monomial:
            exponents[site] = power
            total *= reach[site] ** power
        found[tuple(exponents)] = fmpq(total.numerator, total.denominator)
    return found


def flat_forms(terms: Mapping[Exponents, fmpq]) -> tuple[FlatForm, ...]:
    """Builds every construction that applies.

    Args:
        terms: Coefficient by exponents, over variables of size at most 1.

    Returns:
        Fewest neurons first.
    """
    fewer = essential_variables(terms)
    if fewer:
        return tuple(map(fewer.over_all, flat_forms(fewer.terms)))
    degree = max((sum(alpha) for alpha in terms), default=0)
    found = [quadratic_form(terms), lattice_form(terms, degree)]
    if sum(pattern_size(alpha) for alpha in terms) <= MOST_NEURONS:
        found.append(pattern_form(terms, degree))
    return tuple(sorted((form for form in found if form), key=lambda form: form.neurons))
