"""Tables from .csv, .parquet and .npz files, and the bundled example; every flaw is named by row and column."""

from __future__ import annotations

import csv
import difflib
import warnings
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .cells import Place, finite_numbers, labels_of
from .exits import BadInput

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Samples",
    "existing_file",
    "listed",
    "nearest",
    "read_arrays",
    "read_features",
    "read_samples",
    "read_table",
    "require_column",
    "require_columns",
]

ENDINGS = (".csv", ".parquet", ".npz")


@dataclass(frozen=True)
class Samples:
    """Rows to learn from.

    Args:
        name: What they are called: the file's name without ending, or "digits".
        X: Finite numbers, shape (rows, variables).
        y: Labels, shape (rows,).
        variables: Name of each column of X.
        target: Name of the label column.
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


def read_samples(source: str, target: str | None) -> Samples:
    """Reads what to learn from.

    Args:
        source: "digits", or the path of a .csv, .parquet or .npz file.
        target: Column of the labels; None for "digits", and for .npz files with an array y.

    Returns:
        The rows.

    Raises:
        BadInput: If the file, the target or a cell cannot be used.
    """
    if source == "digits":
        return _digits(target)
    path = existing_file(source)
    if path.suffix == ".npz":
        return _npz_samples(path, target)
    table, place = read_table(path)
    if target is None:
        columns = listed(table.columns)
        message = (
            f"`--target` must name the column to learn (its values are the classes). Columns of {path}: {columns}. "
            "To learn how all columns depend on each other, pass --density instead."
        )
        raise BadInput(message)
    require_column(target, table, path)
    names = [name for name in table.columns if name != target]
    if not names or table.empty:
        what = "a row below the header" if names else f"a column besides the target {target!r}"
        message = f"{path} must have at least {what}."
        raise BadInput(message)
    y = labels_of(table[target], target, place)
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


def existing_file(source: str, endings: Sequence[str] = ENDINGS, other: str = "digits or ") -> Path:
    """Checks that there is something to read.

    Args:
        source: Path of the file.
        endings: What its name may end in.
        other: What else could have been named, for the message.

    Returns:
        The path.

    Raises:
        BadInput: If the ending is another one, or the file does not exist or is empty.
    """
    path = Path(source)
    if not path.name.lower().endswith(tuple(endings)):
        message = f"The source must be {other}a file ending in {', '.join(endings)}, got {source!r}."
        raise BadInput(message)
    if not path.is_file():
        message = f"The file {source!r} does not exist. Check the path (this is {Path.cwd()})."
        raise BadInput(message)
    if path.stat().st_size == 0:
        message = f"The file {source!r} is empty. It must have a header and at least one row."
        raise BadInput(message)
    return path


def read_table(path: Path) -> tuple[pd.DataFrame, Place]:
    """Reads a .csv or .parquet file.

    Args:
        path: The file.

    Returns:
        The table, and how its rows are counted.

    Raises:
        BadInput: If it is no such table, or two columns have one name.
    """
    if path.suffix == ".csv":
        return _read_csv(path), Place(path, first_row=2)
    try:
        import pyarrow.parquet as parquet
    except ImportError as err:
        message = f"Reading {path} needs pyarrow. Install it with: pip install 'cheaplearn[data]'."
        raise BadInput(message) from err
    try:
        table = parquet.read_table(path)
    except (ValueError, OSError) as err:
        message = f"{path} is no readable Parquet file: {err}."
        raise BadInput(message) from err
    _refuse_duplicates(table.column_names, path)
    return table.to_pandas(), Place(path, first_row=1)


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    # pandas 3 reads decimals exactly by default and deprecates saying so
    exact: dict[str, Any] = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), [])
        _refuse_duplicates(header, path)
        with warnings.catch_warnings():
            warnings.simplefilter(
                "error", pd.errors.ParserWarning
            )  # a row longer than the header would lose cells with a mere warning
            table = pd.read_csv(
                path,
                encoding="utf-8-sig",
                keep_default_na=False,
                na_values=[""],
                skip_blank_lines=False,  # keeps row numbers as in the file
                index_col=False,
                low_memory=False,
                **exact,
            )
    except UnicodeDecodeError as err:
        message = f"{path} must be text in UTF-8 ({err.reason} at byte {err.start}). Save it as UTF-8."
        raise BadInput(message) from err
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as err:
        message = f"{path} is no readable table: {str(err).strip()}. Every row must have as many cells as the header."
        raise BadInput(message) from err
    table.columns = header[: len(table.columns)]
    return _without_blank_end(table)


def _without_blank_end(table: pd.DataFrame) -> pd.DataFrame:
    """Empty lines after the last row hold no data."""
    filled = np.flatnonzero(table.notna().to_numpy().any(axis=1))
    return table.iloc[: filled[-1] + 1 if len(filled) else 0]


def _refuse_duplicates(header: list[str], path: Path) -> None:
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        message = f"The columns of {path} must have different names, got {twice[0]!r} more than once. Rename one."
        raise BadInput(message)


def require_column(name: str, table: pd.DataFrame, path: Path, option: str = "--target") -> None:
    """Refuses a name that is no column.

    Args:
        name: The name.
        table: The table.
        path: Where it came from.
        option: The option that named the column.

    Raises:
        BadInput: If there is no such column; says which one is nearest.
    """
    if name in table.columns:
        return
    hint = " The file has one column only: are its cells separated by commas?" if len(table.columns) == 1 else ""
    message = (
        f"`{option}` must be a column of {path}, got {name!r}{nearest(name, table)}. "
        f"Columns: {listed(table.columns)}.{hint}"
    )
    raise BadInput(message)


def require_columns(names: Sequence[str], table: pd.DataFrame, path: Path) -> None:
    """Refuses a table without a column that the model needs.

    Args:
        names: Columns the model was fitted to.
        table: The table.
        path: Where it came from.

    Raises:
        BadInput: If one is missing; says which one is nearest.
    """
    for name in names:
        if name not in table.columns:
            message = (
                f"{path} must have every column the model was fitted to; missing: {name!r}{nearest(name, table)}. "
                f"Columns of the file: {listed(table.columns)}."
            )
            raise BadInput(message)


def nearest(name: str, table: pd.DataFrame) -> str:
    """Suggests the column whose name is most like `name`, as a phrase; empty if none is."""
    near = difflib.get_close_matches(name, list(map(str, table.columns)), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def listed(columns: Any, most: int = 20) -> str:
    """Names columns or arrays, separated by commas, the first `most` of them."""
    names = [str(name) for name in columns]
    return ", ".join(names[:most]) + (f", ... ({len(names)} in all)" if len(names) > most else "")


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Reads an .npz file.

    Args:
        path: The file.

    Returns:
        Its arrays by name.

    Raises:
        BadInput: If it is no such file, or holds objects.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, zipfile.BadZipFile) as err:
        message = f"{path} must be an .npz file of plain arrays: {err}. Write it with numpy.savez(path, X=X, y=y)."
        raise BadInput(message) from err


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


def _npz_samples(path: Path, target: str | None) -> Samples:
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
    labels = labels_of(pd.Series(y), name, Place(path, first_row=1))
    return Samples(path.stem, X, labels, tuple(f"x{i}" for i in range(X.shape[1])), name)
