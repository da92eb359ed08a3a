"""The families of the ladder: which orders and radii there are, and which fit the budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._messages import must_be
from ..geometry import Geometry, Group
from ..hamiltonian import Monomials, Orbits, count_monomials, find_orbits, local_monomials

__all__ = ["MAX_SIDE", "NO_TERM", "ORDERS", "Family", "list_families", "softmax_excess"]

ORDERS = (1, 2, 3)
MAX_SIDE = 6000  # largest side of a square matrix to factor: minutes, not hours
NO_TERM = "the symmetry leaves no term"  # a family that does not exist rather than one that is too large
OWNER = "HamiltonianClassifier"


@dataclass(frozen=True)
class Family:
    """All monomials of degree 1 .. order within a radius, tied or not.

    Args:
        order: Highest degree.
        radius: Largest pairwise distance; `math.inf` for all.
        n_terms: Number of monomials.
        symmetry: The group that ties them; None if all are free.
        n_orbits: Number of orbits, if they are tied.
    """

    order: int
    radius: float
    n_terms: int
    symmetry: Group | None = None
    n_orbits: int | None = None

    @property
    def n_couplings(self) -> int:
        """Free couplings: monomials, or orbits of them."""
        return self.n_terms if self.n_orbits is None else self.n_orbits

    @property
    def symmetry_name(self) -> str | None:
        """Name of the symmetry, None if there is none."""
        return None if self.symmetry is None else self.symmetry.name

    def monomials(self, n_variables: int, geometry: Geometry | None, kinds: Sequence[str] | None = None) -> Monomials:
        """Returns the terms."""
        return local_monomials(n_variables, self.order, self.radius, geometry, kinds)

    def orbits(self, monomials: Monomials) -> Orbits | None:
        """Returns which of its terms are tied, None if none are."""
        return None if self.symmetry is None else find_orbits(monomials, self.symmetry)

    def __str__(self) -> str:
        tied = "" if self.symmetry is None else f", {self.symmetry.name}"
        return f"order {self.order}, radius {'all' if math.isinf(self.radius) else int(self.radius)}{tied}"


def list_families(
    n_variables: int,
    order: Any,
    radius: Any,
    geometry: Geometry | None,
    max_terms: int,
    excess: Callable[[Family], str] = lambda family: "",
    kinds: Sequence[str] | None = None,
    owner: str = OWNER,
    symmetries: Sequence[Group | None] = (None,),
    orders: tuple[int, ...] = ORDERS,
) -> tuple[list[Family], list[str]]:
    """Lists the families to fit and says which are left out.

    Order 1 has radius 0 only. An order or radius that adds nothing to a smaller one is no family of its own, and
    neither is a symmetry that ties nothing.

    Args:
        n_variables: Number of variables.
        order: "auto" for 1, 2, 3, or one order, or a list of orders.
        radius: "auto" for all radii the geometry knows, "all", one radius, or a list of radii.
        geometry: Where the variables live, or None.
        max_terms: Families with more monomials are not fitted.
        excess: Says why else a family is too large to fit; empty if it is not.
        kinds: Kind of each variable; all real if left out.
        owner: Who is called, for messages.
        symmetries: Groups that tie terms, None for free terms.
        orders: What "auto" stands for.

    Returns:
        Families by radius and order, and one sentence for each family that exceeds the budget.

    Raises:
        ValueError: If order or radius is invalid, or no family fits the budget.
    """
    radii = _radii(radius, geometry, owner)
    families: list[Family] = []
    notes: list[str] = []
    shapes: list[Family] = []
    for r in radii:
        for d in _orders(order, owner, orders):
            if d == 1 and r != radii[0]:
                continue
            reach = 0.0 if d == 1 else r
            shape = Family(d, reach, count_monomials(n_variables, d, reach, geometry, kinds, max_terms))
            if any(other.order <= d and other.n_terms == shape.n_terms for other in shapes):
                continue
            if shape.n_terms > max_terms:
                notes.append(f"{shape} was not fitted: it has more than max_terms={max_terms} monomials.")
                continue
            for family, flaw in _tied(shape, symmetries, n_variables, geometry, kinds):
                reason = flaw or excess(family)
                if reason:
                    notes.append(f"{family} was not fitted: {reason}.")
                else:
                    families.append(family)
                    shapes.append(shape)
    if not families:
        advice = "Raise `max_terms`, or pass a smaller order or radius."
        raise ValueError(must_be("order", owner, "such that a family fits the budget", " ".join(notes), advice))
    return families, notes


def _tied(
    shape: Family,
    symmetries: Sequence[Group | None],
    n_variables: int,
    geometry: Geometry | None,
    kinds: Sequence[str] | None,
) -> Iterator[tuple[Family, str]]:
    """Yields the family with its terms free or tied, and why it cannot be fitted, if so."""
    monomials = None
    counts = {shape.n_terms} if None in symmetries else set()
    for group in symmetries:
        if group is None:
            yield shape, ""
            continue
        monomials = monomials or shape.monomials(n_variables, geometry, kinds)
        try:
            size = len(find_orbits(monomials, group))
        except ValueError as error:
            yield replace(shape, symmetry=group), str(error).rstrip(".")
            continue
        if size == 0:
            yield replace(shape, symmetry=group), NO_TERM
        elif size not in counts or len(symmetries) == 1:  # a larger group that ties no more is no rung
            counts.add(size)
            yield replace(shape, symmetry=group, n_orbits=size), ""


def softmax_excess(family: Family, n_samples: int) -> str:
    """Says why a family is too large for the classifier; empty if it is not."""
    size = family.n_couplings
    if min(size, n_samples) > MAX_SIDE:
        return f"{size} couplings and {n_samples} samples both exceed {MAX_SIDE}"
    return ""


def _orders(order: Any, owner: str, orders: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(order, str) and order == "auto":
        return orders
    several = tuple(order) if isinstance(order, list | tuple) else (order,)
    if not several or not all(isinstance(d, int | np.integer) and not isinstance(d, bool) and d >= 1 for d in several):
        raise ValueError(must_be("order", owner, '"auto", an integer of at least 1 or a list of such', repr(order)))
    return tuple(sorted({int(d) for d in several}))


def _radii(radius: Any, geometry: Geometry | None, owner: str) -> list[float]:
    if isinstance(radius, list | tuple) and radius:
        return sorted({reach for one in radius for reach in _radii(one, geometry, owner)})
    if isinstance(radius, str) and radius == "auto":
        if geometry is None:
            return [0.0, math.inf]
        finite: list[float] = [float(r) for r in range(geometry.max_radius + 1)]
        return finite if geometry.connected else [*finite, math.inf]
    if isinstance(radius, str) and radius == "all":
        return [math.inf]
    whole = isinstance(radius, int | float) and (radius == math.inf or (radius >= 0 and radius == int(radius)))
    if not whole or isinstance(radius, bool):
        requirement = '"auto", "all", a whole number of at least 0 or a list of such'
        raise ValueError(must_be("radius", owner, requirement, repr(radius)))
    if geometry is None and radius not in {0, math.inf}:
        advice = "Pass a geometry, for example Grid(8, 8)."
        raise ValueError(must_be("radius", owner, "0 or all without a geometry", radius, advice))
    return [float(radius)]
