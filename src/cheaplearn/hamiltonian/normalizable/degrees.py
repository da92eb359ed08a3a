"""The degree of every variable, the weight of every monomial, and the leading form that decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ...polynomial.monomials import Monomial
from .components import Component, Interval

__all__ = ["LeadingForm", "is_even", "leading_form", "weight"]


@dataclass(frozen=True)
class LeadingForm:
    """The terms of weight 1 of an energy: L(t^(1/d_1) z_1, ..., t^(1/d_n) z_n) = t L(z) for t > 0.

    Args:
        degrees: d_i, even.
        terms: (low, high) of the coefficient by monomial of weight 1; all pure powers z_i^d_i are among them.
        heavier: Monomials of weight above 1 that are not known to be nonnegative.
    """

    degrees: tuple[int, ...]
    terms: dict[Monomial, Interval]
    heavier: tuple[Monomial, ...]

    def pure(self, i: int) -> Interval:
        """Returns the coefficient of z_i^d_i."""
        return self.terms[(i, self.degrees[i]),]


def leading_form(component: Component) -> LeadingForm | str:
    r"""Finds the form whose positivity proves that the density exists.

    d_i is the highest power of z_i that stands alone; a monomial z^a weighs sum a_i / d_i. If the terms of
    weight 1 form a positive definite L and nothing weighs more, then H >= c sum \|z_i\|^d_i - C: on the surface
    sum \|z_i\|^d_i = t, L is at least c t and a term of weight w < 1 at most a constant times t^w. Terms of
    weight above 1 with even powers and a coefficient that is never negative only help and are dropped.

    Args:
        component: Terms in free variables.

    Returns:
        The form, or words that say how many variables have no even, positive highest power.
    """
    degrees = [0] * len(component)
    for monomial in component.terms:
        if len(monomial) == 1:
            degrees[monomial[0][0]] = max(degrees[monomial[0][0]], monomial[0][1])
    bare = sum(d == 0 or d % 2 == 1 or component.terms[(i, d),][0] <= 0 for i, d in enumerate(degrees))
    if bare:
        return f"{bare} of {len(degrees)} variables have no highest power of their own that is even and positive"
    leading: dict[Monomial, Interval] = {}
    heavier: list[Monomial] = []
    for monomial, interval in component.terms.items():
        size = weight(monomial, degrees)
        if size == 1:
            leading[monomial] = interval
        elif size > 1 and not (is_even(monomial) and interval[0] >= 0):
            heavier.append(monomial)
    return LeadingForm(tuple(degrees), leading, tuple(heavier))


def weight(monomial: Monomial, degrees: Sequence[int]) -> Fraction:
    """Weighs a monomial.

    Args:
        monomial: Pairs (variable, power).
        degrees: d_i by variable.

    Returns:
        Sum of power / d_i.

    Example:
        >>> weight(((0, 1), (1, 1)), [2, 4])
        Fraction(3, 4)
    """
    return sum((Fraction(power, degrees[i]) for i, power in monomial), Fraction(0))


def is_even(monomial: Monomial) -> bool:
    """Tells whether all powers are even.

    Args:
        monomial: Pairs (variable, power).

    Returns:
        True if the monomial is nowhere negative.
    """
    return all(power % 2 == 0 for _, power in monomial)
