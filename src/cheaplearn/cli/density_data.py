"""Rows of bits, spins, categories or real numbers to learn a density from: tables, arrays and alignments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .cells import Place, finite_numbers
from .exits import BadInput, bad_input
from .files import ENDINGS, existing_file, listed, read_arrays, read_table, require_column
from .intervals import Pair, read_bounds
from .states import kind_of, read_states, states_of

if TYPE_CHECKING:
    import pandas as pd

    from ..learning import Alignment

__all__ = ["ALIGNMENT_ENDINGS", "DensityData", "is_alignment", "read_columns", "read_density_data", "read_letters"]

ALIGNMENT_ENDINGS = (".fasta", ".fa", ".a2m", ".a3m", ".sto", ".stk")
ALL_ENDINGS = (*ENDINGS, ".npy", *ALIGNMENT_ENDINGS, *(f"{ending}.gz" for ending in ALIGNMENT_ENDINGS))
WEIGHTS = ("counts", "weights")  # arrays of an .npz file that are used without being asked for


@dataclass(frozen=True)
class DensityData:
    """What to learn from.

    Args:
        name: What it is called: the file's name without endings.
        table: States, one named column per site.
        kind: "bit", "spin", "category" or "real".
        why: Why this kind, in words.
        weight: Weight of each row, or None.
        weighing: What the weights are: "none", "counts", "weights" or "reweighting".
        labels: The states of each column, for categories.
        notes: Sentences about what reading has changed.
        sequences: Whether the rows are sequences of an alignment.
        bounds: (low, high) of each column of real numbers, infinite where it does not end; None if none does.
    """

    name: str
    table: pd.DataFrame
    kind: str
    why: str
    weight: np.ndarray | None = None
    weighing: str = "none"
    labels: list[np.ndarray] | None = None
    notes: tuple[str, ...] = ()
    sequences: bool = False
    bounds: list[Pair] | None = None


def is_alignment(source: str) -> bool:
    """Whether the name of a file says that it is an alignment.

    Args:
        source: Path of the file.

    Returns:
        True if so.
    """
    return source.lower().removesuffix(".gz").endswith(ALIGNMENT_ENDINGS)


def read_density_data(
    source: str,
    kind: str,
    counts: str | None = None,
    weights: str | None = None,
    identity: float = 0.8,
    unknown: str = "refuse",
    bounds: Sequence[str] = (),
) -> DensityData:
    """Reads what to learn a density from.

    Args:
        source: Path of a table, an array or an alignment.
        kind: "auto", "bit", "spin", "category" or "real".
        counts: Column that says how often each row was seen, or None.
        weights: Column that weighs each row, or None.
        identity: For alignments: share of equal columns from which on two sequences count as one; 0 for none.
        unknown: For alignments: "refuse" or "gap".
        bounds: Texts of `--bounds`, for real numbers.

    Returns:
        The rows.

    Raises:
        BadInput: If the file, a column or a cell cannot be used.
    """
    if counts is not None and weights is not None:
        message = f"`--counts` must be left out where `--weights` is given, got {counts!r} and {weights!r}."
        raise BadInput(message)
    path = existing_file(source, ALL_ENDINGS, other="")
    if is_alignment(source):
        _refuse_bounds(bounds, "category")
        if counts is not None or weights is not None:
            message = (
                "`--counts` and `--weights` must be left out for alignments. Their weights follow from --identity."
            )
            raise BadInput(message)
        return _alignment_data(path, kind, identity, unknown)
    wanted = [name for name in (counts, weights) if name is not None] or list(WEIGHTS)
    table, place, unused = read_columns(path, wanted)
    table, weight, weighing = _without_weights(table, place, counts, weights)
    if table.empty or not len(table.columns):
        message = f"{path} must have at least a row and a column of states, got shape {table.shape}."
        raise BadInput(message)
    found, why = kind_of(kind, table, place)
    states = read_states(table, found, place)
    labels = [states_of(states[name]) for name in states.columns] if found == "category" else None
    notes = (f"Arrays of {path.name} that were not used: {listed(unused)}.",) if unused else ()
    walls = _walls(bounds, found, states, place)
    if found == "real":
        _refuse_constants(states)
    return DensityData(path.stem, states, found, why, weight, weighing, labels, notes, bounds=walls)


def _refuse_constants(table: pd.DataFrame) -> None:
    for name in table.columns:
        if table[name].nunique() == 1:
            message = (
                f"Every column of real numbers must vary, but {str(name)!r} is {table[name].iloc[0]:g} in every row: "
                "its density has no width. Leave the column out."
            )
            raise BadInput(message)


def _walls(bounds: Sequence[str], kind: str, table: pd.DataFrame, place: Place) -> list[Pair] | None:
    """Reads the bounds and refuses a cell beyond them."""
    _refuse_bounds(bounds, kind)
    names = [str(name) for name in table.columns]
    walls = read_bounds(bounds, names)
    if walls is None:
        return None
    low, high = np.array(walls).T
    beyond = np.argwhere((table.to_numpy() < low) | (table.to_numpy() > high))
    if len(beyond):
        row, column = beyond[0]
        value, where = table.iat[row, column], place(int(row), names[column])
        message = (
            f"The cell must be within the bounds {low[column]:g} to {high[column]:g} but is {value:g}: {where}. "
            "Correct the cell, or widen --bounds."
        )
        raise BadInput(message)
    return walls


def _refuse_bounds(bounds: Sequence[str], kind: str) -> None:
    if bounds and kind != "real":
        message = f"`--bounds` must go with real numbers, but the columns are of kind {kind}. Leave it out."
        raise BadInput(message)


def read_columns(path: Path, more: Sequence[str] = ()) -> tuple[pd.DataFrame, Place, list[str]]:
    """Reads a table or an array.

    Args:
        path: A .csv, .parquet, .npz or .npy file.
        more: Arrays of an .npz file, one number for each row, that become columns too if they are there.

    Returns:
        The cells as they are, how rows are counted, and the arrays of the file that were not used.

    Raises:
        BadInput: If the file cannot be used.
    """
    if path.suffix in {".csv", ".parquet"}:
        return (*read_table(path), [])
    arrays = read_arrays(path) if path.suffix == ".npz" else {"X": _npy(path)}
    name = next((name for name in ("X", "x", "S") if name in arrays), None)
    if name is None:
        message = f"{path} must hold an array X of shape (rows, columns); it holds {listed(arrays)}."
        raise BadInput(message)
    X = arrays.pop(name)
    if X.ndim != 2 or 0 in X.shape or X.dtype.kind not in "biufUS":
        shape = f"{X.dtype} of shape {X.shape}"
        message = f"Array {name} of {path} must be numbers or text of shape (rows, columns), got {shape}."
        raise BadInput(message)
    import pandas as pd

    table = pd.DataFrame(X.astype(str) if X.dtype.kind == "S" else X, columns=[f"x{i}" for i in range(X.shape[1])])
    beside = {key: arrays.pop(key) for key in more if key in arrays and arrays[key].shape == (len(X),)}
    return table.assign(**beside), Place(path, first_row=1), list(arrays)


def _npy(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as err:
        message = f"{path} must be an .npy file of a plain array: {err}. Write it with numpy.save(path, X)."
        raise BadInput(message) from err


def _without_weights(
    table: pd.DataFrame, place: Place, counts: str | None, weights: str | None
) -> tuple[pd.DataFrame, np.ndarray | None, str]:
    """Takes the column of counts or weights out of the table."""
    given = {"counts": counts, "weights": weights}
    if place.path.suffix == ".npz" and counts is None and weights is None:
        given = {name: name if name in table.columns else None for name in WEIGHTS}
        if None not in given.values():
            message = f"{place.path} holds both counts and weights. Name one of them with --counts or --weights."
            raise BadInput(message)
    for weighing, column in given.items():
        if column is not None:
            require_column(column, table, place.path, f"--{weighing}")
            values = finite_numbers(table, [column], place)[:, 0]
            _check_weights(values, weighing, column, place)
            return table.drop(columns=[name for name in given.values() if name]), values, weighing
    return table, None, "none"


def _check_weights(values: np.ndarray, weighing: str, column: str, place: Place) -> None:
    wrong = values < 0
    requirement = "at least 0"
    if weighing == "counts":
        wrong |= values != np.round(values)
        requirement = "a whole number of at least 0 (`--counts`)"
    if wrong.any():
        row = int(wrong.argmax())
        message = f"The cell must be {requirement} but is {values[row]:g}: {place(row, column)}. Correct the cell."
        raise BadInput(message)
    if not values.any():
        message = f"`--{weighing}` must name a column that is not all zero, got {column!r}."
        raise BadInput(message)


def _alignment_data(path: Path, kind: str, identity: float, unknown: str) -> DensityData:
    import pandas as pd

    if kind not in {"auto", "category"}:
        message = f"`--kind` must be category for alignments, got {kind!r}. Leave it out."
        raise BadInput(message)
    if not 0 <= identity <= 1:
        message = f"`--identity` must be a share from 0 (no reweighting) to 1, got {identity:g}."
        raise BadInput(message)
    alignment = read_letters(path, "auto", unknown)
    names = [f"c{k}" for k in range(1, alignment.sequences.shape[1] + 1)]
    data = DensityData(
        name=path.name.removesuffix(".gz").rsplit(".", 1)[0],
        table=pd.DataFrame(alignment.sequences, columns=names),
        kind="category",
        why="the file is an alignment",
        labels=[np.array(list(alignment.alphabet))] * len(names),
        notes=alignment.notes,
        sequences=True,
    )
    if identity == 0:
        return data
    from ..learning import sequence_weights

    return replace(data, weight=sequence_weights(alignment.codes, identity), weighing="reweighting")


def read_letters(path: Path, alphabet: str, unknown: str) -> Alignment:
    """Reads an alignment.

    Args:
        path: The file.
        alphabet: As for `read_alignment`.
        unknown: "refuse" or "gap".

    Returns:
        The alignment.

    Raises:
        BadInput: If Biopython is not installed, or the file cannot be used.
    """
    from ..learning import read_alignment

    try:
        with bad_input():
            return read_alignment(path, alphabet=alphabet, unknown=unknown)
    except ImportError as err:
        raise BadInput(str(err)) from err
