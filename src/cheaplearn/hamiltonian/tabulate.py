"""Monomials of spins, bits and category indicators as tables over their sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._messages import must_be
from .factor_graph import FactorGraph, check_table_size

if TYPE_CHECKING:
    from .hamiltonian import Hamiltonian

__all__ = ["tabulate"]


def tabulate(hamiltonian: Hamiltonian, column: int = 0) -> FactorGraph:
    """Groups the monomials by their sites and writes one table for each set of sites.

    Args:
        hamiltonian: Of spins, bits or categories, in their own units.
        column: Which class.

    Returns:
        The factor graph, by degree and then by sites; energies equal those of the Hamiltonian.

    Raises:
        ValueError: If a variable is real or scaled, or the tables would not fit.
    """
    _check(hamiltonian)
    alphabet = hamiltonian.alphabet
    assert alphabet is not None
    sizes = alphabet.sizes
    sites_of, values_of, starts = _atoms(hamiltonian, sizes)
    scopes: list[np.ndarray] = []
    tables: list[np.ndarray] = []
    total = 0
    first = 0
    for atoms in hamiltonian.monomials.sites:
        coefficients = hamiltonian.coefficients[first : first + len(atoms), column]
        first += len(atoms)
        if not len(atoms):
            continue
        degree = atoms.shape[1]
        scope, group = np.unique(sites_of[atoms], axis=0, return_inverse=True)
        length = np.prod(sizes[scope].astype(float), axis=1)
        check_table_size(float(length.sum()) + total, degree)
        whole = length.astype(np.int64)
        start = np.concatenate([[0], np.cumsum(whole)])
        table = np.zeros(int(start[-1]))
        _add(table, start[group], sizes[sites_of[atoms]], [values_of[starts[a]] for a in atoms.T], coefficients)
        scopes.append(scope)
        tables.append(table)
        total += int(start[-1])
    degrees = np.repeat([s.shape[1] for s in scopes], [len(s) for s in scopes]) if scopes else np.empty(0, int)
    flat = np.concatenate([s.ravel() for s in scopes]) if scopes else np.empty(0, int)
    values = np.concatenate(tables) if tables else np.empty(0)
    site_start = np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64)
    return FactorGraph(sizes, flat.astype(np.int64), site_start, values)


def _atoms(hamiltonian: Hamiltonian, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the site of each variable, and which (row of) values it takes in the states of its site.

    A spin reads (-1, 1) of its two states, a bit (0, 1), the indicator of state a one 1 at place a.
    """
    widest = int(sizes.max(initial=2))
    if hamiltonian.categories is None:
        rows = np.array([[-1.0, 1.0], [0.0, 1.0]])
        kinds = np.array([kind == "bit" for kind in hamiltonian.variables.kinds], int)
        return np.arange(len(sizes)), rows, kinds
    sites = np.repeat(np.arange(len(sizes)), sizes)
    states = np.concatenate([np.arange(q) for q in sizes])
    return sites, np.eye(widest), states


def _add(
    table: np.ndarray, start: np.ndarray, shape: np.ndarray, functions: list[np.ndarray], coefficients: np.ndarray
) -> None:
    """Adds coefficient times the product of one function of each site to the tables that begin at `start`."""
    degree = shape.shape[1]
    strides = np.ones_like(shape)
    for k in range(degree - 2, -1, -1):
        strides[:, k] = strides[:, k + 1] * shape[:, k + 1]
    stack = [(0, start, coefficients, np.arange(len(start)))]
    while stack:
        k, place, product, terms = stack.pop()
        if k == degree:
            np.add.at(table, place, product)
            continue
        for state in range(int(shape[terms, k].max(initial=0))):
            factor = functions[k][terms, state]
            kept = (factor != 0) & (state < shape[terms, k])
            if kept.any():
                where = place[kept] + state * strides[terms[kept], k]
                stack.append((k + 1, where, product[kept] * factor[kept], terms[kept]))


def _check(hamiltonian: Hamiltonian) -> None:
    variables = hamiltonian.variables
    if "real" in variables.kinds:
        got = f"the real variable {variables.names[variables.kinds.index('real')]}"
        raise ValueError(must_be("hamiltonian", "FactorGraph", "of spins, bits or categories", got))
    if np.any(variables.center != 0) or np.any(variables.scale != 1):
        raise ValueError(must_be("hamiltonian", "FactorGraph", "in its own units", "scaled variables"))
