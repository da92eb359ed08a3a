"""Formulas of the command line: NAME=FORMULA as arguments, one a line in a text file, or in a JSON file."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .exits import BadInput

if TYPE_CHECKING:
    from ..polynomial import Polynomial

__all__ = ["Formula", "by_label", "parsed", "read_formulas"]

_NAME = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


class Formula(NamedTuple):
    """The text of one output and where it came from."""

    label: str | None
    text: str  # blanks stand for what came before it, so that columns count from the start of the line or argument
    place: str  # "" if it is the only one


def read_formulas(arguments: Sequence[str], files: Sequence[Path]) -> list[Formula]:
    """Collects the formulas of a command.

    Args:
        arguments: FORMULA or NAME=FORMULA.
        files: Text files (one formula a line, # starts a comment) or .json files (a list, or {"NAME": "FORMULA"}).

    Returns:
        All of them, arguments first.

    Raises:
        BadInput: If there is none, or a file cannot be read as such.
    """
    alone = len(arguments) == 1 and not files
    found = [_split(text, "" if alone else f"formula {k}") for k, text in enumerate(arguments, start=1)]
    for path in files:
        content = _content(path)
        found += _json_formulas(content, path) if path.suffix == ".json" else _text_formulas(content, path)
    if not found:
        where = f"{str(files[0])!r} holds none" if files else "none was given"
        message = f'`FORMULA` must be one polynomial or more, but {where}. Write for example "x*y + z**3/2".'
        raise BadInput(message)
    return found


def parsed(formula: Formula, variables: Sequence[str] | None = None) -> Polynomial:
    """Reads one formula.

    Args:
        formula: The formula.
        variables: Names that may occur, in this order; None for those that do.

    Returns:
        The polynomial.

    Raises:
        BadInput: If it is none; the message names place, column and sub-expression.
    """
    from ..polynomial import Polynomial

    try:
        return Polynomial.parse(formula.text, variables)
    except ValueError as err:
        raise BadInput(f"{formula.place}: {err}" if formula.place else str(err)) from err


def by_label(
    formulas: Sequence[Formula], polynomials: Sequence[Polynomial]
) -> list[Polynomial] | dict[str, Polynomial]:
    """Arranges polynomials the way `compile` takes them.

    Args:
        formulas: Where each came from.
        polynomials: The polynomials, in the same order.

    Returns:
        A list if no formula has a name, else a mapping from names; output k without one is called y<k>.

    Raises:
        BadInput: If two outputs have one name.
    """
    if all(formula.label is None for formula in formulas):
        return list(polynomials)
    named: dict[str, Polynomial] = {}
    for k, (formula, polynomial) in enumerate(zip(formulas, polynomials, strict=True)):
        label = formula.label or f"y{k}"
        if label in named:
            where = f"{formula.place}: " if formula.place else ""
            message = f"{where}the name {label!r} is that of an earlier output. Give every output its own name."
            raise BadInput(message)
        named[label] = polynomial
    return named


def _split(text: str, place: str) -> Formula:
    name = _NAME.match(text)
    if name is None:
        return Formula(None, text, place)
    return Formula(name[1], " " * name.end() + text[name.end() :], f"{place} ({name[1]})" if place else "")


def _content(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        message = f"{path}, line {line}: the file must be UTF-8 text, got the byte 0x{data[err.start]:02x}. Convert it."
        raise BadInput(message) from err


def _text_formulas(content: str, path: Path) -> list[Formula]:
    lines = [(k, line.partition("#")[0]) for k, line in enumerate(content.split("\n"), start=1)]
    return [_split(line.rstrip(), f"{path}, line {k}") for k, line in lines if line.strip()]


def _json_formulas(content: str, path: Path) -> list[Formula]:
    try:
        record = json.loads(content, object_pairs_hook=list)  # pairs: a name that comes twice is not lost
    except (ValueError, RecursionError) as err:
        place = f", line {err.lineno}, column {err.colno}" if isinstance(err, json.JSONDecodeError) else ""
        message = f"{path}{place}: the file must be JSON, got {err}. Correct it."
        raise BadInput(message) from err
    named = content.lstrip().startswith("{")
    pairs = record if named else [(None, value) for value in record] if isinstance(record, list) else [(None, record)]
    if not isinstance(record, list) or not all(isinstance(text, str) for _, text in pairs):
        message = f'{path}: the file must hold {{"NAME": "FORMULA", ...}} or ["FORMULA", ...], all of them texts.'
        raise BadInput(message)
    if any(label is not None and not label.strip() for label, _ in pairs):
        message = f"{path}: an output must have a name, got an empty one. Write one, or a list of formulas."
        raise BadInput(message)
    # The file is flat, so its strings are exactly the names and formulas, in order.
    strings = list(_JSON_STRING.finditer(content))[1 if named else 0 :: 2 if named else 1]
    found = []
    for (label, text), string in zip(pairs, strings, strict=True):
        line = content.count("\n", 0, string.start()) + 1
        column = string.start() - content.rfind("\n", 0, string.start())  # of the quotation mark
        plain = string.group() == f'"{text}"'  # nothing escaped: columns of the text are columns of the file
        place = f"{path}, line {line}" + ("" if plain else f", in the text at column {column}")
        found.append(Formula(label, (" " * column if plain else "") + text, place))
    return found
