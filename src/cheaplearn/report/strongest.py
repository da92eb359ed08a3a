"""The largest couplings of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from ..hamiltonian import Hamiltonian

__all__ = ["strongest_terms"]


def strongest_terms(hamiltonian: Hamiltonian, couplings: pd.DataFrame, count: int, least_degree: int) -> pd.DataFrame:
    """Sorts the terms of a model with one column.

    Args:
        hamiltonian: The model.
        couplings: Its table `couplings`.
        count: How many terms are wanted.
        least_degree: Terms of a lower degree are left out, as is the constant.

    Returns:
        Columns term, value, standard_error, lower, upper, ...: values per unit of the term in raw units, sorted by
        strength in scaled units if the variables have such.
    """
    orbits, degrees = hamiltonian.orbits, hamiltonian.monomials.degrees
    rows = np.arange(len(degrees)) if orbits is None or "terms" not in couplings else orbits.first
    table = couplings.iloc[: len(rows)].rename(columns={"value_raw": "value"})
    table = table.reindex(columns=[*dict.fromkeys([*table.columns, "standard_error", "lower", "upper"])])
    size = table["value_scaled" if "value_scaled" in table else "value"].abs().to_numpy()
    wanted = degrees[rows] >= least_degree
    order = np.argsort(-size[wanted], kind="stable")
    return table[wanted].iloc[order[:count]]
