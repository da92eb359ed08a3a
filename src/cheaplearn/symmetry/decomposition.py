"""Polynomials that are functions of one polynomial: p = f(h(x, y, ...))."""

from __future__ import annotations

from fractions import Fraction

from ..polynomial import Polynomial
from .flint_polynomials import divided, factors_of

__all__ = ["Composition", "decompose"]

Composition = tuple[Polynomial, Polynomial]  # f in one variable "g", and h


def decompose(polynomial: Polynomial) -> Composition | None:
    """Finds f of the highest degree r >= 2 and h of degree >= 2 with p = f(h) and no constant in h.

    The homogeneous part of highest degree of p is a constant times the r-th power of that of h; the lower parts of h
    follow from those of p one degree after another by exact division, and f from the digits of p in base h.

    Args:
        polynomial: p.

    Returns:
        f (a polynomial in "g") and h, or None if p is no such function.

    Guarantee: complete over the rationals.

    Source: von zur Gathen, Gutierrez & Rubio, Multivariate polynomial decomposition, AAECC 14, 11 (2003).

    Example:
        >>> f, h = decompose(Polynomial.parse("(x*y + z)^3 + 2*(x*y + z)"))
        >>> str(f), str(h)
        ('2*g + g**3', 'z + x*y')
    """
    degree = polynomial.degree
    parts = _homogeneous_parts(polynomial)
    for r in range(degree // 2, 1, -1):  # h of degree 1 is a linear form: see `Structure.forms`
        if degree % r == 0:
            inner = _inner(polynomial, parts, r)
            outer = None if inner is None else _outer(polynomial, inner, r)
            if inner is not None and outer is not None:
                return outer, inner
    return None


def _homogeneous_parts(polynomial: Polynomial) -> dict[int, Polynomial]:
    parts: dict[int, dict[tuple[tuple[int, int], ...], Fraction]] = {}
    for monomial, value in polynomial.terms.items():
        parts.setdefault(sum(power for _, power in monomial), {})[monomial] = value
    return {degree: Polynomial(terms, polynomial.variables) for degree, terms in parts.items()}


def _inner(polynomial: Polynomial, parts: dict[int, Polynomial], r: int) -> Polynomial | None:
    degree = polynomial.degree
    size = degree // r
    constant, factors = factors_of(parts[degree])
    if any(power % r for _, power in factors):
        return None
    top = Polynomial.constant(1, polynomial.variables)
    for factor, power in factors:
        top = top * factor ** (power // r)
    slope = top ** (r - 1) * (constant * r)
    inner = top
    zero = Polynomial.constant(0, polynomial.variables)
    for lower in range(1, size):
        known = _homogeneous_parts(inner**r * constant).get(degree - lower, zero)
        quotient, remainder = divided(parts.get(degree - lower, zero) - known, slope)
        if not remainder.is_zero:
            return None
        inner = inner + quotient
    return inner


def _outer(polynomial: Polynomial, inner: Polynomial, r: int) -> Polynomial | None:
    terms: dict[tuple[tuple[int, int], ...], Fraction] = {}
    rest = polynomial
    for power in range(r + 1):
        rest, digit = divided(rest, inner)
        if digit.degree:
            return None
        if not digit.is_zero:
            terms[((0, power),) if power else ()] = digit.terms[()]
    return Polynomial(terms, ("g",)) if rest.is_zero else None
