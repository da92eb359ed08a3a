"""Options that take intervals: `--box` and `--bounds`, for all variables or by name."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from .exits import BadInput

__all__ = ["Pair", "is_number", "join_pairs", "read_bounds", "read_box", "refuse_unknown"]

Pair = tuple[float, float]
OPTIONS = ("--box", "--bounds")
WHOLE = re.compile(r"(?:(.*)[=:])?([^=:]*):([^=:]*)", re.DOTALL)  # NAME=LOW:HIGH, NAME:LOW:HIGH or LOW:HIGH


def join_pairs(arguments: Sequence[str]) -> list[str]:
    """Writes `--box LOW HIGH` as `--box=LOW:HIGH`, so that one option takes both spellings; `--bounds` likewise.

    Args:
        arguments: The command line.

    Returns:
        The command line with every interval in one word.

    Example:
        >>> join_pairs(["x*y", "--box", "-1", "1", "--box", "y=0:2", "--bounds", "0", "inf"])
        ['x*y', '--box=-1:1', '--box=y=0:2', '--bounds=0:inf']
    """
    words = list(arguments)
    joined: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--":
            return [*joined, word, *words]
        if word in OPTIONS and words:
            value = words.pop(0)
            if words and is_number(value) and is_number(words[0]):
                value = f"{value}:{words.pop(0)}"
            word = f"{word}={value}"
        joined.append(word)
    return joined


def is_number(word: str) -> bool:
    """Whether a word is a number, infinity included."""
    try:
        float(word)
    except ValueError:
        return False
    return True


def read_box(texts: Sequence[str]) -> Pair | dict[str, Pair] | None:
    """Reads the values of `--box`.

    Args:
        texts: Each "LOW:HIGH" (for every variable), "NAME=LOW:HIGH" or "NAME:LOW:HIGH".

    Returns:
        One pair, a pair for each name, or None if there is no text.

    Raises:
        BadInput: If a text is neither, an interval is empty or infinite, or both spellings are mixed.

    Example:
        >>> read_box(["x=-1:1", "y=0:2"])
        {'x': (-1.0, 1.0), 'y': (0.0, 2.0)}
    """
    return _intervals(texts, "--box", "-1 1", "x=-1:1")


def read_bounds(texts: Sequence[str], names: Sequence[str]) -> list[Pair] | None:
    """Reads the values of `--bounds`.

    Args:
        texts: As for `read_box`; an end may be infinite.
        names: All variables.

    Returns:
        One pair for each variable, infinite where it does not end; None if there is no text.

    Raises:
        BadInput: If a text is no interval or empty, or names no variable.

    Example:
        >>> read_bounds(["y:0:inf"], ["x", "y"])
        [(-inf, inf), (0.0, inf)]
    """
    found = _intervals(texts, "--bounds", "0 inf", "x=0:inf")
    if found is None or isinstance(found, tuple):
        return None if found is None else [found] * len(names)
    for name in found:
        refuse_unknown(name, names, "--bounds")
    return [found.get(name, (-math.inf, math.inf)) for name in names]


def refuse_unknown(name: str, names: Sequence[str], option: str) -> None:
    """Refuses a name that is no variable.

    Args:
        name: The name.
        names: All variables.
        option: The option that has it.

    Raises:
        BadInput: If it is none of them.
    """
    if name not in names:
        listed = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        message = f"`{option}` must be about the variables {listed}, got an unknown variable {name!r}."
        raise BadInput(message)


def _intervals(texts: Sequence[str], option: str, pair: str, named: str) -> Pair | dict[str, Pair] | None:
    """Reads all texts of an option; the last two arguments are what its messages show as examples."""
    if not texts:
        return None
    found = dict(_interval(text, option, pair, named) for text in texts)
    if "" not in found:
        return found
    if len(texts) > 1:
        advice = f"({option} {pair}), or once per variable ({option} {named})"
        message = f"`{option}` must be given once for all variables {advice}."
        raise BadInput(message)
    return found[""]


def _interval(text: str, option: str, pair: str, named: str) -> tuple[str, Pair]:
    match = WHOLE.fullmatch(text)
    if match is None or not (is_number(match[2]) and is_number(match[3])):
        advice = f"Write {option} {pair}, or {option} {named} for one variable."
        message = f"`{option}` must be two numbers, got {text!r}. {advice}"
        raise BadInput(message)
    low, high = float(match[2]), float(match[3])
    if option == "--box" and not (math.isfinite(low) and math.isfinite(high)):
        message = f"`--box` must be bounded to certify an error, got {low:g} to {high:g}. Write --box -3 3."
        raise BadInput(message)
    if not low < high:
        got = f"{low:g} to {high:g}"
        message = f"`{option}` must not be empty (low < high), got {got}. Swap or correct the numbers."
        raise BadInput(message)
    return match[1] or "", (low, high)
