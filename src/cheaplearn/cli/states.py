"""Columns of bits, spins, categories or real numbers, every cell checked against the kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .cells import Place, finite_numbers, labels_of
from .exits import BadInput

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KINDS", "kind_of", "read_states", "refuse_unknown_states", "states_of"]

KINDS = ("auto", "bit", "spin", "category", "real")
VALUES = {"bit": (0, 1), "spin": (-1, 1)}


def kind_of(kind: str, table: pd.DataFrame, place: Place) -> tuple[str, str]:
    """Decides what the cells are.

    Args:
        kind: "auto" or what the user says.
        table: The columns.
        place: Where they came from.

    Returns:
        "bit", "spin", "category" or "real", and why in words.

    Raises:
        BadInput: If the kind is unknown or the cells leave it open.
    """
    if kind != "auto":
        if kind not in KINDS:
            message = f"`--kind` must be one of {', '.join(KINDS)}, got {kind!r}."
            raise BadInput(message)
        return kind, "as asked for"
    if any(table[name].dtype.kind not in "biuf" for name in table.columns):
        return "category", "a column holds text"
    X = finite_numbers(table, list(table.columns), place)
    for found, values in VALUES.items():
        if np.isin(X, values).all():
            return found, f"every cell is {values[0]} or {values[1]}"
    if np.any(X != np.round(X)):
        return "real", "there are fractions among the cells"
    row, column = np.argwhere(~np.isin(X, VALUES["bit"]))[0]
    where = place(int(row), str(table.columns[column]))
    message = (
        f"`--kind` must be given, because the cells are neither all 0 or 1 nor all -1 or 1; the first other than 0 and "
        f"1 is {X[row, column]:g}: {where}. Pass --kind category if the values are states, or --kind real if they are "
        "amounts."
    )
    raise BadInput(message)


def read_states(table: pd.DataFrame, kind: str, place: Place) -> pd.DataFrame:
    """Reads columns as states.

    Args:
        table: The columns.
        kind: "bit", "spin", "category" or "real".
        place: Where they came from.

    Returns:
        The same columns: int8 for bits and spins; whole numbers or text for categories; float64 for real numbers.

    Raises:
        BadInput: If a cell is none of the states; names the first one by row and column.
    """
    import pandas as pd

    names = list(table.columns)
    if kind == "category":
        return pd.DataFrame({name: _categories(table[name], str(name), place) for name in names})
    X = finite_numbers(table, names, place)
    if kind == "real":
        return pd.DataFrame(X, columns=names)
    wrong = ~np.isin(X, VALUES[kind])
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        low, high = VALUES[kind]
        other = next((k for k in VALUES if k != kind and np.isin(X, VALUES[k]).all()), "category")
        where = place(int(row), names[column])
        message = (
            f"The cell must be {low} or {high} (kind {kind}) but is {X[row, column]:g}: {where}. "
            f"Correct it, or pass --kind {other}."
        )
        raise BadInput(message)
    return pd.DataFrame(X.astype(np.int8), columns=names)


def _categories(cells: pd.Series, name: str, place: Place) -> np.ndarray:
    labels = labels_of(cells, name, place)
    if labels.dtype.kind == "f":
        row = int(np.argmax(labels != np.round(labels)))
        message = (
            f"The cell must be a state, a whole number or text (kind category), but is {labels[row]:g}: "
            f"{place(row, name)}. Round the column, or leave it out."
        )
        raise BadInput(message)
    return labels


def states_of(column: pd.Series) -> np.ndarray:
    """Lists the states of a column.

    Args:
        column: Whole numbers or text.

    Returns:
        Different states in ascending order; text as a plain NumPy string array.
    """
    cells = column.to_numpy()
    return np.unique(cells if cells.dtype.kind in "iu" else cells.astype(str))


def refuse_unknown_states(table: pd.DataFrame, labels: list[np.ndarray], place: Place) -> None:
    """Refuses states that the model does not know.

    Args:
        table: States as `read_states` returns them.
        labels: The states of each column.
        place: Where the table came from.

    Raises:
        BadInput: If there is one; names the first one by row and column.
    """
    for name, known in zip(table.columns, labels, strict=True):
        cells = table[name].to_numpy()
        wrong = ~np.isin(cells.astype(str), known.astype(str))
        if wrong.any():
            row = int(wrong.argmax())
            states = ", ".join(map(str, known[:30])) + (", ..." if len(known) > 30 else "")
            message = (
                f"The cell must be one of the states {states} but is {cells[row]}: {place(row, str(name))}. "
                "Correct it, or fit again with every state that can occur."
            )
            raise BadInput(message)
