"""Energies: variables, local monomials, couplings, and what follows from them."""

from __future__ import annotations

from .alphabet import Alphabet
from .factor_graph import FactorGraph
from .hamiltonian import Hamiltonian
from .monomials import Monomials, count_monomials, local_monomials
from .orbits import Orbits, find_orbits
from .variables import Variables

__all__ = [
    "Alphabet",
    "FactorGraph",
    "Hamiltonian",
    "Monomials",
    "Orbits",
    "Variables",
    "count_monomials",
    "find_orbits",
    "local_monomials",
]
