"""Which families of spins, bits or categories a density climbs, and by which method they are fitted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..geometry import Group
from ..hamiltonian import Alphabet, Monomials
from .density_arguments import term_limit
from .discrete.terms import Terms, explicit_sites, local_terms, terms_of_sites
from .discrete.tying import check_states, parameter_orbits, tied
from .families import Family, list_families
from .symmetry_names import read_symmetries

if TYPE_CHECKING:
    from .density import HamiltonianDensity

__all__ = ["choose_method", "discrete_families"]

OWNER = "HamiltonianDensity"
QUICK_STATES, QUICK_TERMS = 1 << 16, 2000  # up to which "auto" takes the exact likelihood


def discrete_families(model: HamiltonianDensity, alphabet: Alphabet) -> tuple[dict[Family, Terms], list[str]]:
    """Lists the families an estimator is to fit.

    Args:
        model: The estimator; its kind, terms, order, radius, geometry, symmetry and max_terms.
        alphabet: The states of each site.

    Returns:
        Families with their couplings, and one sentence for each family that is not fitted.

    Raises:
        ValueError: If order, radius, terms or symmetry is invalid, or no family fits the budget.
    """
    n, kind = len(alphabet), model.kind
    kinds = ("spin",) * n if kind == "spin" else ("bit",) * n
    groups = read_symmetries(model.symmetry, model.geometry, n, kinds, OWNER)
    if kind == "category" and len(groups) == 1 and groups[0] is not None:
        check_states(alphabet, groups[0])
    if model.terms is not None:
        sets = explicit_sites(model.terms, alphabet.names)
        return _over_sets(terms_of_sites(kind, alphabet, sets, model.geometry), groups), []
    families, notes = list_families(
        n,
        model.order,
        model.radius,
        model.geometry,
        term_limit(model),
        kinds=kinds,
        owner=OWNER,
        symmetries=groups,
        orbits_of=partial(parameter_orbits, kind, alphabet),
    )
    free: dict[tuple[int, float], Terms] = {}
    found: dict[Family, Terms] = {}
    seen: set[tuple[bytes, ...]] = set()
    for family in families:
        shape = (family.order, family.radius)
        if shape not in free:
            free[shape] = local_terms(kind, alphabet, *shape, model.geometry)
        terms = free[shape] if family.symmetry is None else tied(free[shape], family.symmetry)
        same = _numbers(terms)
        if same not in seen:  # where signs flip, order 3 adds nothing to order 2
            seen.add(same)
            found[family] = terms
    return found, notes


def _numbers(terms: Terms) -> tuple[bytes, ...]:
    """Tells families apart: sets of sites, and which of them are tied."""
    sets = [block.tobytes() for block in terms.site_sets if len(block)]
    return (*sets, b"" if terms.orbits is None else terms.orbits.index.tobytes() + terms.orbits.sign.tobytes())


def _over_sets(terms: Terms, groups: Sequence[Group | None]) -> dict[Family, Terms]:
    """Returns the family of given sets of sites, free or tied."""
    n_sets = len(Monomials(terms.site_sets))
    found = {}
    for group in groups:
        own = terms if group is None else tied(terms, group)
        found[Family(terms.order, math.inf, n_sets, group, own.n_free)] = own
    return found


def choose_method(method: str, alphabet: Alphabet, families: dict[Family, Terms]) -> str:
    """Reads the argument `method`.

    Args:
        method: What was asked for.
        alphabet: The states of each site.
        families: What is to be fitted.

    Returns:
        The method; for "auto" the likelihood up to 2^16 states and 2,000 couplings, else the pseudo-likelihood.
    """
    if method != "auto":
        return method
    couplings = max(len(terms) for terms in families.values())
    quick = math.prod(alphabet.sizes.tolist()) <= QUICK_STATES and couplings <= QUICK_TERMS
    return "likelihood" if quick else "pseudolikelihood"
