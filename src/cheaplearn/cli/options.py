"""What the options of several commands mean: boxes, grids, orders, radii."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .exits import BadInput

if TYPE_CHECKING:
    from ..geometry import Grid

__all__ = ["join_box_pairs", "read_box", "read_grid", "read_order", "read_radius"]

Pair = tuple[float, float]


def join_box_pairs(arguments: Sequence[str]) -> list[str]:
    """Writes `--box LOW HIGH` as `--box=LOW:HIGH`, so that one option takes both spellings.

    Args:
        arguments: The command line.

    Returns:
        The command line with every box in one word.

    Example:
        >>> join_box_pairs(["x*y", "--box", "-1", "1", "--box", "y=0:2"])
        ['x*y', '--box=-1:1', '--box=y=0:2']
    """
    words, joined = list(arguments), []
    while words:
        word = words.pop(0)
        if word == "--box" and words:
            value = words.pop(0)
            if words and _is_number(value) and _is_number(words[0]):
                value = f"{value}:{words.pop(0)}"
            word = f"--box={value}"
        joined.append(word)
    return joined


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def read_box(texts: Sequence[str]) -> Pair | dict[str, Pair] | None:
    """Reads the values of `--box`.

    Args:
        texts: Each "LOW:HIGH" (for every variable) or "NAME=LOW:HIGH".

    Returns:
        One pair, a pair for each name, or None if there is no text.

    Raises:
        BadInput: If a text is neither, an interval is empty or infinite, or both spellings are mixed.

    Example:
        >>> read_box(["x=-1:1", "y=0:2"])
        {'x': (-1.0, 1.0), 'y': (0.0, 2.0)}
    """
    if not texts:
        return None
    named = {name: _interval(pair, text) for text in texts for name, _, pair in [text.rpartition("=")]}
    if "" not in named:
        return named
    if len(texts) > 1:
        message = "`--box` must be given once for all variables (--box -1 1), or once per variable (--box x=-1:1)."
        raise BadInput(message)
    return named[""]


def _interval(pair: str, text: str) -> Pair:
    try:
        low, high = (float(bound) for bound in pair.split(":"))
    except ValueError:
        message = f"`--box` must be two numbers, got {text!r}. Write --box -1 1, or --box x=-1:1 for one variable."
        raise BadInput(message) from None
    if not (math.isfinite(low) and math.isfinite(high)):
        message = f"`--box` must be bounded to certify an error, got {low:g} to {high:g}. Write --box -3 3."
        raise BadInput(message)
    if low >= high:
        message = f"`--box` must not be empty (low < high), got {low:g} to {high:g}. Swap or correct the numbers."
        raise BadInput(message)
    return low, high


def read_grid(text: str | None, n_columns: int) -> Grid | None:
    """Reads the value of `--grid`.

    Args:
        text: "8x8", "4x4x4", ..., or None.
        n_columns: Number of feature columns, one per site.

    Returns:
        The grid, or None.

    Raises:
        BadInput: If the text is no grid, or has another number of sites than there are columns.
    """
    if text is None:
        return None
    from ..geometry import Grid

    try:
        lengths = [int(length) for length in text.lower().split("x")]
    except ValueError:
        lengths = []
    if not lengths or min(lengths) < 1:
        message = f"`--grid` must be lengths joined by x, got {text!r}. Write for example --grid 8x8."
        raise BadInput(message)
    if math.prod(lengths) != n_columns:
        message = (
            f"`--grid` must have one site per feature column, got {text} = {math.prod(lengths)} sites for "
            f"{n_columns} columns. Correct the lengths, or remove columns that are no sites."
        )
        raise BadInput(message)
    return Grid(*lengths)


def read_order(text: str) -> int | str:
    """Reads the value of `--order`.

    Args:
        text: "auto" or a whole number.

    Returns:
        "auto" or the number.

    Raises:
        BadInput: If it is neither.
    """
    if text == "auto":
        return text
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    message = f"`--order` must be auto, 1, 2 or 3, got {text!r}."
    raise BadInput(message)


def read_radius(text: str, grid: Grid | None) -> int | str:
    """Reads the value of `--radius`.

    Args:
        text: "auto", "all" or a whole number.
        grid: Where the variables live, or None.

    Returns:
        "auto", "all" or the number.

    Raises:
        BadInput: If it is neither, or a distance is given without a grid.
    """
    if text in {"auto", "all"}:
        return text
    if not text.isdecimal():
        message = f"`--radius` must be auto, all or a whole number of at least 0, got {text!r}."
        raise BadInput(message)
    if grid is None and int(text) > 0:
        message = f"`--radius` must be auto, all or 0 without a grid, got {text}. Pass --grid, for example 8x8."
        raise BadInput(message)
    return int(text)
