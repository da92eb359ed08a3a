"""Homogeneous and quasi-homogeneous polynomials: what happens when every variable is scaled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from ..polynomial import Polynomial
from .exact import null_space_of_rows
from .separation import used_variables

__all__ = ["scaling_of", "scaling_text"]

Scaling = tuple[dict[int, int], int]  # weight by variable, and the power of the polynomial


def scaling_of(polynomial: Polynomial) -> Scaling | None:
    """Finds whole weights w and d with p(t^w1 x1, ...) = t^d p(x).

    Args:
        polynomial: p; a constant term is not looked at.

    Returns:
        Weights > 0 without a common divisor, and d > 0; all ones if p is homogeneous. None if there are none, or if
        they are not unique (then p has a scaling symmetry, which `symmetries` lists) and not all ones.
    """
    used = used_variables(polynomial)
    monomials = [dict(monomial) for monomial in polynomial.terms if monomial]
    degrees = {sum(monomial.values()) for monomial in monomials}
    if not monomials:
        return None
    if len(degrees) == 1:
        return dict.fromkeys(used, 1), degrees.pop()
    rows = [[Fraction(monomial.get(i, 0)) for i in used] + [Fraction(-1)] for monomial in monomials]
    basis = null_space_of_rows(rows, len(used) + 1)
    if len(basis) != 1:
        return None
    vector = basis[0]
    denominator = math.lcm(*(value.denominator for value in vector))
    whole = [int(value * denominator) for value in vector]
    divisor = math.gcd(*whole) * (1 if whole[-1] > 0 else -1)
    whole = [value // divisor for value in whole] if divisor else whole
    if min(whole) <= 0:
        return None
    return dict(zip(used, whole[:-1], strict=True)), whole[-1]


def scaling_text(scaling: Scaling, names: Sequence[str], constant: bool) -> str:
    """Puts a scaling into a sentence.

    Args:
        scaling: Weights and power.
        names: Of the variables.
        constant: Whether there is a constant term beside it.

    Returns:
        The sentence.
    """
    weights, power = scaling
    but = ", up to a constant" if constant else ""
    if set(weights.values()) == {1}:
        return f"homogeneous of degree {power}{but}"
    moves = ", ".join(
        f"{names[i]} -> t^{w} {names[i]}" if w > 1 else f"{names[i]} -> t {names[i]}" for i, w in weights.items()
    )
    return f"quasi-homogeneous{but}: {moves} multiplies it by t^{power}"
