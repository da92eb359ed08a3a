"""What is fitted of real and discrete variables together: terms, and the functions that are summed for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..._messages import must_be
from ...geometry import Geometry
from ...hamiltonian import Monomials, Variables
from ..families import Family
from ..real.basis import ProductBasis
from ..real.fitting import RealTerms
from ..real.setting import explicit_monomials
from .columns import Columns
from .samples import open_walls

__all__ = ["MixedTerms", "given_monomials", "mixed_terms"]

OWNER = "HamiltonianDensity"


@dataclass(frozen=True, eq=False)
class MixedTerms(RealTerms):
    """Products of real variables, spins and bits.

    Args:
        columns: What the variables are.
    """

    columns: Columns

    @cached_property
    def basis(self) -> ProductBasis:
        """The functions, differentiated by real variables: what score matching sums."""
        return ProductBasis(self.monomials, fixed=frozenset(self.columns.discrete.tolist()))

    @cached_property
    def cofactors(self) -> ProductBasis:
        """The same functions, differentiated by spins and bits: what they are multiplied with."""
        return ProductBasis(self.monomials, fixed=frozenset(self.columns.real.tolist()))

    @property
    def n_free(self) -> int:
        """Free couplings."""
        return len(self.monomials) if self.orbits is None else len(self.orbits)


def given_monomials(terms: object, columns: Columns) -> Monomials:
    """Reads the argument `terms`.

    Args:
        terms: Products of sites; only real ones may repeat.
        columns: The sites.

    Returns:
        The different products of sites.

    Raises:
        ValueError: If a term is no list of sites, or a discrete site repeats.
    """
    monomials = explicit_monomials(terms, len(columns.names))
    for term in monomials:
        for site in set(term):
            if columns.kinds[site] != "real" and term.count(site) > 1:
                got = f"{term} with {columns.names[site]}, a {columns.kinds[site]}, more than once"
                raise ValueError(must_be("terms", OWNER, "such that only real variables repeat", got))
    return monomials


def mixed_terms(
    family: Family, columns: Columns, variables: Variables, geometry: Geometry | None, given: Monomials | None = None
) -> MixedTerms:
    """Returns the terms of a family.

    Args:
        family: Order, radius and symmetry (of sites).
        columns: The sites.
        variables: The columns as variables.
        geometry: Where the sites live, or None.
        given: Products of sites instead of those of the family.

    Returns:
        Its terms, products of columns.
    """
    sites = family.monomials(len(columns.names), geometry, columns.kinds) if given is None else given
    monomials = columns.expanded(sites)
    tied = (
        family
        if family.symmetry is None
        else Family(family.order, family.radius, len(monomials), columns.lifted(family.symmetry))
    )
    return MixedTerms(tied, monomials, tied.orbits(monomials), variables, open_walls(columns), geometry, columns)
