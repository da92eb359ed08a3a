"""Couplings as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .exact import powers_of, raw_polynomials

if TYPE_CHECKING:
    from .hamiltonian import Hamiltonian

__all__ = ["couplings", "term_text"]

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
        standard_error, lower, upper (95 % interval; NaN where no error is known). Of scaled variables: term, class,
        value_scaled, value_raw, and a last row (term 1) with the constant that the expansion in raw variables leaves.
    """
    unscaled = np.all(hamiltonian.variables.center == 0) and np.all(hamiltonian.variables.scale == 1)
    return _own_units(hamiltonian) if unscaled else _both_units(hamiltonian)


def _own_units(hamiltonian: Hamiltonian) -> pd.DataFrame:
    terms, several = [term_text(sites, hamiltonian.variables.names) for sites in hamiltonian.monomials], 1
    columns: dict[str, Any] = {}
    if len(hamiltonian.classes) > 1:
        several = len(hamiltonian.classes)
        columns["class"] = np.tile(hamiltonian.classes, len(terms))
    value = hamiltonian.coefficients.ravel()
    error = np.full_like(value, np.nan)
    if hamiltonian.standard_errors is not None:
        error = hamiltonian.standard_errors.ravel()
    return pd.DataFrame(
        {"term": np.repeat(np.array(terms, object), several)}
        | columns
        | {
            "value": value,
            "standard_error": error,
            "lower": value - NORMAL_95 * error,
            "upper": value + NORMAL_95 * error,
        }
    )


def _both_units(hamiltonian: Hamiltonian) -> pd.DataFrame:
    terms = [*hamiltonian.monomials, ()]
    keys = [powers_of(sites) for sites in terms]
    raw = np.array([[float(p.terms.get(key, 0)) for key in keys] for p in raw_polynomials(hamiltonian)])
    scaled = np.vstack([hamiltonian.coefficients, np.zeros(len(hamiltonian.classes))])
    texts = [term_text(sites, hamiltonian.variables.names) for sites in terms]
    return pd.DataFrame({
        "term": np.repeat(texts, len(hamiltonian.classes)),
        "class": np.tile(hamiltonian.classes, len(terms)),
        "value_scaled": scaled.ravel(),
        "value_raw": raw.T.ravel(),
    })
