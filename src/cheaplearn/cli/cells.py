"""Columns of cells as finite numbers; a cell that is none is named by file, row and column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .exits import BadInput

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Place", "finite_numbers", "labels_of"]


@dataclass(frozen=True)
class Place:
    """How rows of a file are counted.

    Args:
        path: The file.
        first_row: Number of the first row of data: 2 below the header of a .csv, otherwise 1.
    """

    path: Path
    first_row: int

    def __call__(self, row: int, column: str) -> str:
        """Names a cell."""
        header = ", the header is row 1" if self.first_row == 2 else ", the first row is 1"
        return f"{self.path}, row {row + self.first_row}, column {column!r} (rows as in the file{header})"


def finite_numbers(table: pd.DataFrame, names: Sequence[str], place: Place) -> np.ndarray:
    """Reads columns as numbers.

    A cell that is empty, no number or infinite is refused as bad input; the first of its column is named.

    Args:
        table: The table.
        names: Columns to read.
        place: Where the table came from.

    Returns:
        Shape (rows, columns), float64, finite.
    """
    return np.column_stack([_column(table[name], name, place) for name in names])


def _column(cells: pd.Series, name: str, place: Place) -> np.ndarray:
    if cells.dtype.kind not in "biuf":
        cells = _parsed(cells, name, place)
    values = cells.to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = int(wrong.argmax())
        what = "is empty or NaN" if np.isnan(values[row]) else f"is infinite ({values[row]})"
        advice = "Fill it with a value, or remove the row."
        message = f"The cell must be a finite number but {what}: {place(row, name)}. {advice}"
        raise BadInput(message)
    return values


def _parsed(cells: pd.Series, name: str, place: Place) -> pd.Series:
    import pandas as pd

    numbers = pd.to_numeric(cells, errors="coerce")
    texts = cells.astype(object)
    wrong = (numbers.isna() & ~texts.isna() & ~texts.astype(str).str.strip().str.lower().isin(["", "nan"])).to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        advice = "Correct the cell, or remove the column if it is no measurement."
        message = f"The cell must be a number but is {texts.iloc[row]!r}: {place(row, name)}. {advice}"
        raise BadInput(message)
    return numbers.astype(np.float64)


def labels_of(cells: pd.Series, name: str, place: Place) -> np.ndarray:
    """Reads a column as labels.

    Args:
        cells: The target column.
        name: Its name.
        place: Where it came from.

    Returns:
        Integers, text or floats, shape (rows,); text as a plain NumPy string array.

    Raises:
        BadInput: If a cell is empty or infinite.
    """
    if cells.dtype.kind in "iu":
        return cells.to_numpy(dtype=np.int64)
    if cells.dtype.kind == "f":
        values = _column(cells, name, place)
        whole = bool(np.all(values == np.round(values)) and np.all(np.abs(values) < 2**53))
        return values.astype(np.int64) if whole else values
    texts = cells.astype(object)
    empty = (texts.isna() | (texts.astype(str).str.strip() == "")).to_numpy()
    if empty.any():
        message = f"The label must not be empty: {place(int(empty.argmax()), name)}. Fill it, or remove the row."
        raise BadInput(message)
    return np.array([str(text) for text in texts])
