"""What the options of several commands mean: boxes, tolerances, kinds, grids, orders, radii."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .exits import BadInput

if TYPE_CHECKING:
    from ..geometry import Grid

__all__ = [
    "join_box_pairs",
    "read_box",
    "read_grid",
    "read_kinds",
    "read_numbers",
    "read_order",
    "read_radius",
    "read_strength",
    "read_symmetry",
    "set_off_signs",
]

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
    words = list(arguments)
    joined: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--":
            return [*joined, word, *words]
        if word == "--box" and words:
            value = words.pop(0)
            if words and _is_number(value) and _is_number(words[0]):
                value = f"{value}:{words.pop(0)}"
            word = f"--box={value}"
        joined.append(word)
    return joined


def set_off_signs(arguments: Sequence[str]) -> list[str]:
    """Puts a blank before formulas that begin with a minus sign, so that they are not taken for options.

    Args:
        arguments: The command line.

    Returns:
        The same command line unless its command takes formulas.

    Example:
        >>> set_off_signs(["compile", "-x*y", "--box=-1:1", "-o", "net.npz"])
        ['compile', ' -x*y', '--box=-1:1', '-o', 'net.npz']
    """
    words = list(arguments)
    if words[:1] not in (["compile"], ["verify"]):
        return words
    end = words.index("--") if "--" in words else len(words)
    return [f" {word}" if _is_negative(word) else word for word in words[:end]] + words[end:]


def _is_negative(word: str) -> bool:
    return len(word) > 1 and word[0] == "-" and word[1] not in "-o"


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


def read_numbers(texts: Sequence[str], option: str) -> float | list[float] | None:
    """Reads an option that takes one number, or one per output.

    Args:
        texts: Each a number or a list with commas.
        option: Name of the option, for the message.

    Returns:
        The number, the numbers, or None if there is no text.

    Raises:
        BadInput: If a text is no number.

    Example:
        >>> read_numbers(["1e-3"], "--tolerance"), read_numbers(["1e-3,1", "2"], "--tolerance")
        (0.001, [0.001, 1.0, 2.0])
    """
    numbers = []
    for text in texts:
        for word in text.strip().split(","):
            if not _is_number(word):
                got = repr(word) if word == text.strip() else f"{word!r} in {text!r}"
                message = f"`{option}` must be a number, or one per output, got {got}. Write for example {option} 1e-3."
                raise BadInput(message)
            numbers.append(float(word))
    return numbers[0] if len(numbers) == 1 else numbers or None


def read_kinds(texts: Sequence[str], variables: Sequence[str]) -> dict[str, str]:
    """Reads the values of `--variables`.

    Args:
        texts: Each "NAME=KIND", or "KIND" for all variables that no other text names.
        variables: All variables.

    Returns:
        Kind by name, unchecked: the library knows the kinds.

    Raises:
        BadInput: If two texts speak of the same variables.

    Example:
        >>> read_kinds(["bit", "y=real"], ["x", "y"])
        {'x': 'bit', 'y': 'real'}
    """
    given: dict[str, str] = {}
    for text in texts:
        name, _, kind = text.rpartition("=")
        if name in given:
            message = f"`--variables` must be given once for {name or 'all variables'}, got {given[name]} and {kind}."
            raise BadInput(message)
        given[name] = kind
    for_all = given.pop("", None)
    return given if for_all is None else dict.fromkeys(variables, for_all) | given


def read_grid(text: str | None, n_columns: int, periodic: bool = False) -> Grid | None:
    """Reads the value of `--grid`.

    Args:
        text: "8x8", "4x4x4", ..., or None.
        n_columns: Number of feature columns, one per site.
        periodic: Whether its axes close into rings.

    Returns:
        The grid, or None.

    Raises:
        BadInput: If the text is no grid, or has another number of sites than there are columns.
    """
    if text is None:
        if periodic:
            message = "`--periodic` must go with a grid, got none. Pass --grid, for example 8x8."
            raise BadInput(message)
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
    return Grid(*lengths, periodic=periodic)


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


def read_strength(text: str, option: str, words: Sequence[str] = ("auto",)) -> float | str:
    """Reads the value of `--l1` or `--regularization`.

    Args:
        text: A word or a number of at least 0.
        option: Name of the option.
        words: Words that have a meaning.

    Returns:
        The word or the number.

    Raises:
        BadInput: If it is neither.

    Example:
        >>> read_strength("0.01", "--l1")
        0.01
    """
    if text in words:
        return text
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        message = f"`{option}` must be {', '.join(words)} or a number of at least 0, got {text!r}."
        raise BadInput(message)
    return value


def read_symmetry(text: str) -> str | None:
    """Reads the value of `--symmetry`.

    Args:
        text: "none", "auto" or names joined by +, which the library knows.

    Returns:
        None, "auto" or the names.

    Raises:
        BadInput: If it is empty.

    Example:
        >>> read_symmetry("none"), read_symmetry("translation+reflection")
        (None, 'translation+reflection')
    """
    if not text.strip():
        message = "`--symmetry` must be none, auto or names joined by +, got nothing. Write --symmetry translation."
        raise BadInput(message)
    return None if text == "none" else text


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
