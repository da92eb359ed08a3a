"""The parts of an energy that share no unbounded variable; bounded variables become intervals of coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ...polynomial.monomials import Monomial

__all__ = ["Component", "Interval", "components_of", "fixed"]

Interval = tuple[Fraction, Fraction]
Terms = Mapping[Monomial, Fraction]


@dataclass(frozen=True)
class Component:
    """Terms in free real variables z_0 .. z_(n-1), each with an interval that holds its coefficient.

    Args:
        variables: Index of each z_i among all variables.
        terms: (low, high) by monomial of the z_i; the coefficient depends on the bounded variables.
    """

    variables: tuple[int, ...]
    terms: dict[Monomial, Interval]

    def __len__(self) -> int:
        return len(self.variables)

    @property
    def exact(self) -> bool:
        """Whether no coefficient varies."""
        return all(low == high for low, high in self.terms.values())


def components_of(terms: Terms, free: Iterable[int], ranges: Mapping[int, Interval]) -> list[Component]:
    """Splits an energy into connected components of its free variables.

    exp(-H) is a product over components for any values of the bounded variables, so its integral is finite
    if each component is bounded below by the same integrable function for all these values.

    Args:
        terms: Coefficient by monomial.
        free: The variables that may go to infinity; one that occurs nowhere is a component without terms.
        ranges: Interval of every other variable.

    Returns:
        The components, by their first variable. Constants are left out.

    Cost: linear in the number of terms.
    """
    parts: list[tuple[Monomial, Interval]] = []
    parent = {i: i for i in free}
    for monomial, coefficient in terms.items():
        inner = tuple((i, p) for i, p in monomial if i in parent)
        if inner:
            parts.append((inner, _interval(coefficient, [(ranges[i], p) for i, p in monomial if i not in parent])))
            for i, _ in inner[1:]:
                parent[_root(parent, i)] = _root(parent, inner[0][0])
    members: dict[int, list[int]] = {}
    for i in sorted(parent):
        members.setdefault(_root(parent, i), []).append(i)
    place = {i: (root, k) for root, group in members.items() for k, i in enumerate(group)}
    found: dict[int, dict[Monomial, Interval]] = {root: {} for root in members}
    for inner, (low, high) in parts:
        block = found[place[inner[0][0]][0]]
        local = tuple((place[i][1], p) for i, p in inner)
        before = block.get(local, (Fraction(0), Fraction(0)))
        block[local] = (before[0] + low, before[1] + high)
    return [
        Component(tuple(group), {m: c for m, c in found[root].items() if c != (0, 0)})
        for root, group in members.items()
    ]


def fixed(terms: Terms, values: Mapping[int, Fraction]) -> dict[Monomial, Fraction]:
    """Substitutes numbers for variables.

    Args:
        terms: Coefficient by monomial.
        values: Number by variable.

    Returns:
        Coefficient by monomial of the other variables; zeros are left out.
    """
    result: dict[Monomial, Fraction] = {}
    for monomial, coefficient in terms.items():
        inner = tuple((i, p) for i, p in monomial if i not in values)
        for i, p in monomial:
            if i in values:
                coefficient = coefficient * values[i] ** p
        result[inner] = result.get(inner, Fraction(0)) + coefficient
    return {monomial: coefficient for monomial, coefficient in result.items() if coefficient}


def _root(parent: dict[int, int], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


def _interval(coefficient: Fraction, factors: Iterable[tuple[Interval, int]]) -> Interval:
    low = high = Fraction(coefficient)
    for (least, most), power in factors:
        ends = [least**power, most**power] + [Fraction(0)] * (power % 2 == 0 and least < 0 < most)
        products = [low * end for end in ends] + [high * end for end in ends]
        low, high = min(products), max(products)
    return low, high
