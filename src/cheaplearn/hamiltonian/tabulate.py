"""Monomials of spins, bits and category indicators as tables over their sites."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from .._messages import must_be
from .factor_graph import FactorGraph, check_table_size

if TYPE_CHECKING:
    from .hamiltonian import Hamiltonian

__all__ = ["table_patterns", "tabulate"]


def tabulate(hamiltonian: Hamiltonian, column: int = 0) -> FactorGraph:
    """Writes one table for each set of sites that some monomial couples.

    Args:
        hamiltonian: Of spins, bits or categories, in their own units.
        column: Which class.

    Returns:
        The factor graph, by degree and then by sites; energies equal those of the Hamiltonian.

    Raises:
        ValueError: If a variable is real or scaled, or the tables would not fit.
    """
    graph, patterns = table_patterns(hamiltonian)
    return replace(graph, values=patterns @ hamiltonian.coefficients[:, column])


def table_patterns(hamiltonian: Hamiltonian) -> tuple[FactorGraph, csr_array]:
    """The tables of each monomial alone: what `tabulate` sums.

    Args:
        hamiltonian: Of spins, bits or categories, in their own units; its coefficients do not matter.

    Returns:
        The factor graph with all tables zero, and the sparse matrix, shape (table entries, terms), that writes
        coefficients into its tables.

    Raises:
        ValueError: If a variable is real or scaled, or the tables would not fit.
    """
    _check(hamiltonian)
    alphabet = hamiltonian.alphabet
    assert alphabet is not None  # `_check` refuses real variables
    sizes = alphabet.sizes
    sites_of, functions, function_of = _atoms(hamiltonian, sizes)
    scopes: list[np.ndarray] = []
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    total = term = 0
    for atoms in hamiltonian.monomials.sites:
        if len(atoms):
            scope, group = np.unique(sites_of[atoms], axis=0, return_inverse=True)
            lengths = np.prod(sizes[scope].astype(float), axis=1)
            check_table_size(float(lengths.sum()) + total, atoms.shape[1])
            start = total + np.concatenate([[0], np.cumsum(lengths.astype(np.int64))])
            values = [functions[function_of[column]] for column in atoms.T]
            place, value, of = _products(start[group], sizes[sites_of[atoms]], values)
            entries.append((place, value, of + term))
            scopes.append(scope)
            total = int(start[-1])
        term += len(atoms)
    degrees = np.repeat([s.shape[1] for s in scopes], [len(s) for s in scopes]) if scopes else np.empty(0, int)
    flat = np.concatenate([s.ravel() for s in scopes]) if scopes else np.empty(0, int)
    site_start = np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64)
    rows, data, columns = map(np.concatenate, zip(*entries, strict=True)) if entries else (np.empty(0, int),) * 3
    patterns = csr_array((data, (rows, columns)), shape=(total, term))
    return FactorGraph(sizes, flat.astype(np.int64), site_start, np.zeros(total)), patterns


def _atoms(hamiltonian: Hamiltonian, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the site of each variable, the functions of a state, and which of them each variable is.

    A spin reads (-1, 1) of its two states, a bit (0, 1), the indicator of state a one 1 at place a.
    """
    if hamiltonian.categories is None:
        functions = np.array([[-1.0, 1.0], [0.0, 1.0]])
        return np.arange(len(sizes)), functions, np.array([k == "bit" for k in hamiltonian.variables.kinds], int)
    sites = np.repeat(np.arange(len(sizes)), sizes)
    return sites, np.eye(int(sizes.max(initial=1))), np.concatenate([np.arange(q) for q in sizes])


def _products(
    start: np.ndarray, shape: np.ndarray, functions: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns place, value and term of the non-zero entries of products of one function of each site."""
    place, value, term = start, np.ones(len(start)), np.arange(len(start))
    for k, function in enumerate(functions):
        stride = np.prod(shape[term, k + 1 :], axis=1)
        grown = []
        for state in range(int(shape[:, k].max(initial=0))):
            factor = function[term, state] * (state < shape[term, k])
            kept = np.flatnonzero(factor)
            grown.append((place[kept] + state * stride[kept], value[kept] * factor[kept], term[kept]))
        place, value, term = map(np.concatenate, zip(*grown, strict=True))
    return place, value, term


def _check(hamiltonian: Hamiltonian) -> None:
    variables = hamiltonian.variables
    if "real" in variables.kinds:
        got = f"the real variable {variables.names[variables.kinds.index('real')]}"
        raise ValueError(must_be("hamiltonian", "FactorGraph", "of spins, bits or categories", got))
    if np.any(variables.center != 0) or np.any(variables.scale != 1):
        raise ValueError(must_be("hamiltonian", "FactorGraph", "in its own units", "scaled variables"))
