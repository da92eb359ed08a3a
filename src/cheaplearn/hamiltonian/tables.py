"""Couplings as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .exact import powers_of, raw_polynomials

if TYPE_CHECKING:
    from .hamiltonian import Hamiltonian
    from .orbits import Orbits

__all__ = ["NORMAL_95", "couplings", "term_text"]

NORMAL_95 = 1.959963984540054  # quantile of the normal distribution


def term_text(sites: Sequence[int], names: Sequence[str]) -> str:
    """Writes a monomial.

    Args:
        sites: Sites in ascending order, repeated as often as their power.
        names: Name of each variable.

    Returns:
        The monomial as text that `Polynomial.parse` reads if the names are identifiers.

    Example:
        >>> term_text((0, 0, 1), ["x", "y"])
        'x**2*y'
    """
    factors = [names[site] if power == 1 else f"{names[site]}**{power}" for site, power in powers_of(sites)]
    return "*".join(factors) or "1"


def couplings(hamiltonian: Hamiltonian) -> pd.DataFrame:
    """Tabulates every coupling of every class.

    Args:
        hamiltonian: The Hamiltonian.

    Returns:
        One row per term and class, nats. Of variables in their own units: term, class (if there are several), value,
        standard_error, lower, upper (95 % interval; NaN where no error is known). Of scaled variables: term, class (if
        there are several), value_scaled, value_raw, a last row (term 1) with the constant that the expansion in raw
        variables leaves, and if errors are known standard_error_scaled, standard_error, lower, upper (of the raw
        value). Terms that a symmetry ties are one row, their first, with their number in the column terms; a coupling
        that must vanish has none. (Raw values that are not tied, because terms at the edge of an open grid have fewer
        neighbours, are listed one by one.)
    """
    unscaled = np.all(hamiltonian.variables.center == 0) and np.all(hamiltonian.variables.scale == 1)
    return _own_units(hamiltonian) if unscaled else _both_units(hamiltonian)


def _own_units(hamiltonian: Hamiltonian) -> pd.DataFrame:
    value = hamiltonian.coefficients
    columns = {"value": value} | _interval(value, hamiltonian.standard_errors)
    rows = None if hamiltonian.orbits is None else hamiltonian.orbits.first
    return _table(hamiltonian, list(hamiltonian.monomials), columns, rows)


def _both_units(hamiltonian: Hamiltonian) -> pd.DataFrame:
    terms = [*hamiltonian.monomials, ()]
    keys = [powers_of(sites) for sites in terms]
    raw = np.array([[float(p.terms.get(key, 0)) for key in keys] for p in raw_polynomials(hamiltonian)]).T
    nothing = np.zeros((1, len(hamiltonian.classes)))
    columns = {"value_scaled": np.vstack([hamiltonian.coefficients, nothing]), "value_raw": raw}
    if hamiltonian.standard_errors is not None:
        columns["standard_error_scaled"] = np.vstack([hamiltonian.standard_errors, nothing * np.nan])
    if hamiltonian.raw_standard_errors is not None:
        columns |= _interval(raw, np.vstack([hamiltonian.raw_standard_errors, nothing * np.nan]))
    rows = None
    if hamiltonian.orbits is not None and _tied(raw[:-1], hamiltonian.orbits):
        rows = np.append(hamiltonian.orbits.first, len(terms) - 1)
    return _table(hamiltonian, terms, columns, rows)


def _tied(values: np.ndarray, orbits: Orbits) -> bool:
    """Whether values are equal within each orbit and vanish outside, up to rounding."""
    expected = orbits.matrix @ values[orbits.first]
    return bool(np.all(np.abs(values - expected) <= 1e-9 * np.abs(values).max(initial=0.0)))


def _interval(value: np.ndarray, errors: np.ndarray | None) -> dict[str, np.ndarray]:
    """Returns standard errors and the ends of 95 % intervals."""
    error = np.full_like(value, np.nan) if errors is None else errors
    return {"standard_error": error, "lower": value - NORMAL_95 * error, "upper": value + NORMAL_95 * error}


def _table(
    hamiltonian: Hamiltonian, terms: list[tuple[int, ...]], columns: dict[str, np.ndarray], rows: np.ndarray | None
) -> pd.DataFrame:
    """One row per term (or per chosen one, with the size of its orbit) and class."""
    chosen = np.arange(len(terms)) if rows is None else rows
    texts = np.array([term_text(terms[row], hamiltonian.variables.names) for row in chosen], object)
    several = len(hamiltonian.classes)
    table: dict[str, np.ndarray] = {"term": np.repeat(texts, several)}
    if rows is not None and hamiltonian.orbits is not None:
        sizes = np.append(hamiltonian.orbits.sizes, [1] * (len(rows) - len(hamiltonian.orbits)))
        table["terms"] = np.repeat(sizes, several)
    if several > 1:
        table["class"] = np.tile(hamiltonian.classes, len(chosen))
    return pd.DataFrame(table | {name: values[chosen].ravel() for name, values in columns.items()})
