"""What the arguments of a density of real variables say, before a sample is summed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._messages import must_be
from ...geometry import Group
from ...hamiltonian import Monomials, Variables, find_orbits
from ...hamiltonian.walls import Walls
from ..density_arguments import term_limit
from ..families import MAX_SIDE, Family, list_families
from ..symmetry_names import read_symmetries
from .fitting import RealTerms
from .units import ColumnMoments, shared_units
from .walls import read_walls

if TYPE_CHECKING:
    from ..density import HamiltonianDensity

__all__ = ["RealSetting", "explicit_monomials", "real_terms"]

OWNER = "HamiltonianDensity"
REAL_ORDERS = (2, 4)  # of odd order no density of open variables exists


@dataclass(frozen=True, eq=False)
class RealSetting:
    """What the arguments say, before a sample is summed.

    Args:
        names: Of the variables.
        walls: Where they end.
        choices: Symmetries to be compared, None for none.
        common: Whether all variables get one scale.
        centered: Whether their mean becomes 0.
    """

    names: tuple[str, ...]
    walls: Walls
    choices: list[Group | None]
    common: bool
    centered: bool

    @classmethod
    def of(cls, model: HamiltonianDensity) -> RealSetting:
        """Reads the arguments of an estimator that knows its columns.

        Args:
            model: The estimator.

        Returns:
            The setting.

        Raises:
            ValueError: If bounds or symmetries make no sense for these columns.
        """
        n = model.n_features_in_
        names = tuple(map(str, getattr(model, "feature_names_in_", [f"x{i}" for i in range(n)])))
        choices = read_symmetries(model.symmetry, model.geometry, n, None, OWNER)
        walls = read_walls(model.bounds, names)
        return cls(names, walls, choices, model.geometry is not None, model.terms is None)

    def units(self, moments: ColumnMoments) -> tuple[Variables, list[Group | None], list[str]]:
        """Returns units, the symmetries that the samples do not rule out, and a sentence for each other one."""
        return shared_units(self.names, moments, self.choices, self.walls, self.common, self.centered)

    def families(self, model: HamiltonianDensity, choices: list[Group | None]) -> tuple[list[Family], list[str]]:
        """Returns the families to be compared, and a sentence for each that is too large."""
        return _families(model, len(self.names), choices)


def _families(model: HamiltonianDensity, n: int, choices: list[Any]) -> tuple[list[Family], list[str]]:
    if model.terms is not None:
        monomials = explicit_monomials(model.terms, n)
        return [Family(monomials.order, math.inf, len(monomials), choices[0])], []

    def excess(family: Family) -> str:
        return f"{family.n_couplings} couplings exceed {MAX_SIDE}" if family.n_couplings > MAX_SIDE else ""

    return list_families(
        n,
        model.order,
        model.radius,
        model.geometry,
        term_limit(model),
        excess,
        owner=OWNER,
        symmetries=choices,
        orders=REAL_ORDERS,
    )


def explicit_monomials(terms: Any, n: int) -> Monomials:
    """Reads a list of products of variables.

    Args:
        terms: Sets of sites; a site that occurs twice is squared.
        n: Number of variables.

    Returns:
        The different products.

    Raises:
        ValueError: If a term is no list of sites.
    """
    found: set[tuple[int, ...]] = set()
    for term in terms:
        sites = tuple(sorted(term)) if isinstance(term, tuple | list) else (term,)
        if not sites or not all(isinstance(s, int | np.integer) and 0 <= s < n for s in sites):
            requirement = f"products of sites 0 .. {n - 1}, such as (0, 0, 1) for x0^2 x1"
            raise ValueError(must_be("terms", OWNER, requirement, repr(term)))
        found.add(tuple(map(int, sites)))
    order = max(map(len, found), default=0)
    if not order:
        raise ValueError(must_be("terms", OWNER, "at least one product of sites", "none"))
    blocks = (sorted(term for term in found if len(term) == d) for d in range(1, order + 1))
    return Monomials(tuple(np.array(block, int).reshape(-1, d) for d, block in enumerate(blocks, start=1)))


def real_terms(model: HamiltonianDensity, family: Family, variables: Variables, walls: Walls) -> RealTerms:
    """Returns the terms of a family (those that were given, if they were)."""
    n = len(variables)
    if model.terms is None:
        monomials = family.monomials(n, model.geometry)
    else:
        monomials = explicit_monomials(model.terms, n)
    orbits = None if family.symmetry is None else find_orbits(monomials, family.symmetry)
    return RealTerms(family, monomials, orbits, variables, walls, model.geometry)
