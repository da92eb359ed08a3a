"""The states that occur in columns of raw categories."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..._messages import must_be

__all__ = ["sorted_states", "states_of"]

OWNER = "HamiltonianDensity"


def states_of(column: np.ndarray, rows: np.ndarray, name: str) -> set[Any]:
    """Different values of a column.

    Args:
        column: Raw values, shape (samples,).
        rows: Number of each row, for the message.
        name: Name of the column.

    Returns:
        The values.

    Raises:
        ValueError: If a value is missing (None, NaN or pd.NA); says where the first one is.
    """
    missing = rows[np.asarray(pd.isna(column))]
    if len(missing):
        advice = "Name missing values as a state of their own, or leave the row out."
        raise ValueError(must_be("X", OWNER, f"without missing values in column {name}", f"row {missing[0]}", advice))
    return set(column.tolist())


def sorted_states(states: set[Any], name: str) -> np.ndarray:
    """Returns the states in ascending order; a ValueError says that they are of several types."""
    try:
        return np.array(sorted(states))
    except TypeError as err:
        raise ValueError(must_be("X", OWNER, f"of one type in column {name}", "text and numbers")) from err
