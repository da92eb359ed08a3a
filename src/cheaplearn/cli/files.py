"""Files of rows: .csv, .parquet and .npz, opened and checked as tables; flaws are named by file and column."""

from __future__ import annotations

import csv
import difflib
import warnings
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .cells import Place
from .exits import BadInput

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ENDINGS",
    "existing_file",
    "listed",
    "nearest",
    "read_arrays",
    "read_table",
    "require_column",
    "require_columns",
]

ENDINGS = (".csv", ".parquet", ".npz")


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
