"""What to learn a target from, and rows to predict: tables, arrays and the bundled example."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .cells import Place, finite_numbers, labels_of
from .exits import BadInput
from .files import existing_file, listed, read_arrays, read_table, require_column, require_columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Samples", "read_features", "read_samples"]


@dataclass(frozen=True)
class Samples:
    """Rows to learn from.

    Args:
        name: What they are called: the file's name without ending, or "digits".
        X: Finite numbers, shape (rows, variables).
        y: Labels or numbers, shape (rows,).
        variables: Name of each column of X.
        target: Name of the target column.
        grid: Grid known for this source, as text, or None.
        box: Range of the variables known for this source, or None.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    variables: tuple[str, ...]
    target: str
    grid: str | None = None
    box: tuple[float, float] | None = None


def read_samples(source: str, target: str | None, task: str = "auto") -> Samples:
    """Reads what to learn from.

    Args:
        source: "digits", or the path of a .csv, .parquet or .npz file.
        target: Column of the target; None for "digits", and for .npz files with an array y.
        task: "regress" if the target must be numbers.

    Returns:
        The rows.

    Raises:
        BadInput: If the file, the target or a cell cannot be used.
    """
    if source == "digits":
        return _digits(target)
    path = existing_file(source)
    if path.suffix == ".npz":
        return _npz_samples(path, target, task)
    table, place = read_table(path)
    if target is None:
        columns = listed(table.columns)
        message = (
            f"`--target` must name the column to learn (classes or numbers). Columns of {path}: {columns}. "
            "To learn how all columns depend on each other, pass --density instead."
        )
        raise BadInput(message)
    require_column(target, table, path)
    names = [name for name in table.columns if name != target]
    if not names or table.empty:
        what = "a row below the header" if names else f"a column besides the target {target!r}"
        message = f"{path} must have at least {what}."
        raise BadInput(message)
    y = _target_of(table[target], target, place, task)
    return Samples(path.stem, finite_numbers(table, names, place), y, tuple(names), target)


def read_features(source: str, variables: tuple[str, ...], target: str) -> tuple[np.ndarray, list[str]]:
    """Reads rows to predict.

    Args:
        source: Path of a .csv, .parquet or .npz file.
        variables: Columns the model needs.
        target: Column of the labels when the model was fitted; ignored if present.

    Returns:
        Shape (rows, variables), and the names of columns that are neither variable nor target.

    Raises:
        BadInput: If the file, a column or a cell cannot be used.
    """
    path = existing_file(source)
    if path.suffix == ".npz":
        X = _matrix(read_arrays(path), path)
        if X.shape[1] != len(variables):
            message = f"Array X of {path} must have {len(variables)} columns as in training, got {X.shape[1]}."
            raise BadInput(message)
        return X, []
    table, place = read_table(path)
    require_columns(variables, table, path)
    extra = [name for name in table.columns if name not in {*variables, target}]
    return finite_numbers(table, variables, place), extra


def _digits(target: str | None) -> Samples:
    if target is not None:
        message = f"`--target` must be left out for digits (the target is the digit), got {target!r}."
        raise BadInput(message)
    from sklearn.datasets import load_digits

    data = load_digits()
    names = tuple(f"pixel_{i // 8}_{i % 8}" for i in range(64))
    return Samples("digits", data.data, data.target, names, "digit", "8x8", (0.0, 16.0))


def _matrix(arrays: dict[str, np.ndarray], path: Path) -> np.ndarray:
    name = next((name for name in ("X", "x") if name in arrays), None)
    if name is None:
        message = f"{path} must hold an array X of shape (rows, variables); it holds {listed(arrays)}."
        raise BadInput(message)
    X = arrays[name]
    if X.ndim != 2 or 0 in X.shape or X.dtype.kind not in "biuf":
        message = (
            f"Array {name} of {path} must be numbers of shape (rows, variables), got {X.dtype} of shape {X.shape}. "
            "Reshape images to one row each."
        )
        raise BadInput(message)
    import pandas as pd

    names = [f"x{i}" for i in range(X.shape[1])]
    return finite_numbers(pd.DataFrame(X, columns=names), names, Place(path, first_row=1))


def _target_of(cells: pd.Series, name: str, place: Place, task: str) -> np.ndarray:
    """Reads a target as labels, or as numbers if these are asked for."""
    if task == "regress":
        return finite_numbers(cells.to_frame(name), [name], place)[:, 0]
    return labels_of(cells, name, place)


def _npz_samples(path: Path, target: str | None, task: str) -> Samples:
    import pandas as pd

    arrays = read_arrays(path)
    X = _matrix(arrays, path)
    name = target or next((name for name in ("y", "Y") if name in arrays), "y")
    if name not in arrays:
        message = f"{path} must hold an array {name!r} of labels, one per row; it holds {listed(arrays)}."
        raise BadInput(message)
    y = arrays[name]
    if y.shape != (len(X),):
        message = f"Array {name} of {path} must have shape ({len(X)},), one label per row of X, got {y.shape}."
        raise BadInput(message)
    labels = _target_of(pd.Series(y), name, Place(path, first_row=1), task)
    return Samples(path.stem, X, labels, tuple(f"x{i}" for i in range(X.shape[1])), name)
