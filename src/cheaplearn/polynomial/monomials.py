"""Monomials as tuples of (variable index, power) pairs, and what can be read off a sum of them.

A monomial lists only the variables it contains, sorted by index, with powers > 0; `()` is the constant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from .._messages import must_be

__all__ = [
    "MAX_POWER",
    "Coefficient",
    "Monomial",
    "Terms",
    "check_power",
    "degrees",
    "exponent_rows",
    "merge",
    "order",
    "relabel",
]

Monomial = tuple[tuple[int, int], ...]
Coefficient = int | Fraction
Terms = dict[Monomial, Coefficient]

MAX_POWER = 2**31 - 1  # of one variable: two powers still add up within 32 bits, which `products` relies on


def order(monomial: Monomial) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Key of the canonical order: by total degree, then lexicographic with x**2 before x*y before y**2.

    Args:
        monomial: The monomial.

    Returns:
        A sort key.
    """
    return sum(power for _, power in monomial), tuple((index, -power) for index, power in monomial)


def merge(left: Monomial, right: Monomial) -> Monomial:
    """Multiplies two monomials.

    Args:
        left: First factor.
        right: Second factor.

    Returns:
        Their product.

    Example:
        >>> merge(((0, 1), (2, 1)), ((0, 2),))
        ((0, 3), (2, 1))
    """
    if not left or not right or left[-1][0] < right[0][0]:
        return left + right
    powers = dict(left)
    for index, power in right:
        powers[index] = check_power(powers.get(index, 0) + power)
    return tuple(sorted(powers.items()))


def check_power(power: int) -> int:
    """Refuses powers beyond `MAX_POWER`.

    Args:
        power: Power of one variable.

    Returns:
        The same power.

    Raises:
        ValueError: If it is too high.
    """
    if power > MAX_POWER:
        raise ValueError(must_be("power", "Polynomial", f"at most {MAX_POWER} in one variable", power))
    return power


def degrees(terms: Iterable[Monomial]) -> dict[int, int]:
    """Finds the highest power of each variable.

    Args:
        terms: Monomials.

    Returns:
        Highest power by index of the variables that occur.
    """
    highest: dict[int, int] = {}
    for monomial in terms:
        for index, power in monomial:
            if power > highest.get(index, 0):
                highest[index] = power
    return highest


def relabel(terms: Mapping[Monomial, Fraction], new_index: Sequence[int]) -> dict[Monomial, Fraction]:
    """Renumbers the variables.

    Args:
        terms: Coefficient by monomial.
        new_index: New index of each old index; distinct for the variables that occur.

    Returns:
        The same polynomial in the new numbering.
    """
    return {
        tuple(sorted((new_index[index], power) for index, power in monomial)): coefficient
        for monomial, coefficient in terms.items()
    }


def exponent_rows(rows: Iterable[Sequence[int]]) -> list[Monomial]:
    """Turns dense exponent rows into monomials.

    Args:
        rows: One exponent per variable, each a plain int >= 0.

    Returns:
        One monomial per row.
    """
    return [tuple((index, power) for index, power in enumerate(row) if power) for row in rows]
