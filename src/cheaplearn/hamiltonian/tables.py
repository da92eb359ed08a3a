"""Couplings as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .exact import powers_of, raw_polynomials

if TYPE_CHECKING:
    from .hamiltonian import Hamiltonian

__all__ = ["couplings", "term_text"]


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
        Columns term, class, value_scaled, value_raw (nats): one row per term and class, then the
        constant (term 1) that the expansion in raw variables leaves.
    """
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
