"""What the options of several commands mean: tolerances, kinds, grids, orders, radii, symmetries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .exits import BadInput, bad_input
from .intervals import is_number

if TYPE_CHECKING:
    from ..geometry import Grid

__all__ = [
    "read_grid",
    "read_kinds",
    "read_numbers",
    "read_order",
    "read_radius",
    "read_strength",
    "checked_symmetry",
    "read_symmetry",
    "set_off_signs",
]


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
            if not is_number(word):
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


def checked_symmetry(text: str, grid: Grid | None, n_columns: int, owner: str, kind: str = "real") -> str | None:
    """Reads the value of `--symmetry`, so that a wrong one is refused before a long fit.

    Args:
        text: As for `read_symmetry`.
        grid: Where the variables live, or None.
        n_columns: Their number.
        owner: The estimator.
        kind: Of the variables: only real ones and spins change their sign.

    Returns:
        As `read_symmetry`.

    Raises:
        BadInput: If a name is unknown, or the grid has no such symmetry.
    """
    from ..learning.symmetry_names import read_symmetries

    symmetry = read_symmetry(text)
    with bad_input():
        read_symmetries(symmetry, grid, n_columns, (kind,) * n_columns, owner)
    return symmetry


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
