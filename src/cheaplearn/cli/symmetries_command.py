"""`cheaplearn symmetries`: what leaves a formula, a fitted model or the density of samples as it is."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import BadInput, bad_input, guarded, say
from .files import ENDINGS

if TYPE_CHECKING:
    from ..symmetry import Structure, Symmetries

__all__ = ["symmetries"]

HELP = """Finds symmetries and structure, in words.

The source is a formula, a folder that fit has written, or a table of real samples (.csv, .parquet, .npz, .npy), to \
which a density of degree --order is fitted first.

\b
Examples:
  cheaplearn symmetries "x^2 + y^2 - z^2 - t^2"
  cheaplearn symmetries "(x - 1)^2 + y^2" --affine --json
  cheaplearn symmetries samples.csv --order 4
"""


@guarded
def symmetries(
    source: Annotated[str, typer.Argument(metavar="FORMULA | TABLE | MODEL", help="What to look at.")],
    order: Annotated[int, typer.Option(min=1, help="For tables: highest degree of the density.")] = 4,
    affine: Annotated[bool, typer.Option("--affine", help="Translations and other centres, too.")] = False,
    tolerance: Annotated[
        float | None, typer.Option(help="For formulas: what counts as zero, relative; 0 is exact. [default: see docs]")
    ] = None,
    variables: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=KIND", help="For formulas: bit, spin or real; KIND alone is for all."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Finds symmetries; `HELP` is its text.

    Args:
        source: Formula, file or folder.
        order: Highest degree fitted to samples.
        affine: Whether to look for affine maps, too.
        tolerance: What counts as zero.
        variables: Texts of the kinds.
        as_json: Whether to print JSON.

    Raises:
        BadInput: If the source cannot be used, or kinds are given for one that is no formula.
    """
    from ..symmetry import describe
    from ..symmetry import symmetries as find

    is_table = source.lower().endswith((*ENDINGS, ".npy"))
    if is_table:
        energy, kinds = _density(source, order), None
    elif Path(source).is_dir():
        from .model_folder import load_model

        energy, kinds = load_model(Path(source))[0], None
    else:
        energy, kinds = _formula(source, variables or [])
        variables = None
    if variables:
        message = f"`--variables` must be left out unless the source is a formula, got {variables} for {source!r}."
        raise BadInput(message)
    with bad_input():
        structure = describe(energy, variables=kinds)
        found = find(energy, affine=affine, tolerance=tolerance, variables=kinds)
    typer.echo(json.dumps(_facts(found, structure)) if as_json else _text(found, structure))


def _formula(text: str, kinds: list[str]) -> tuple[Any, dict[str, str] | None]:
    from .formulas import parsed, read_formulas
    from .options import read_kinds

    polynomial = parsed(read_formulas([text], [])[0])
    return polynomial, read_kinds(kinds, polynomial.variables)


def _density(source: str, order: int) -> Any:
    from ..symmetry.source import from_samples
    from .cells import finite_numbers
    from .density_data import read_columns
    from .files import existing_file

    path = existing_file(source, (*ENDINGS, ".npy"), other="a formula, a folder or ")
    table, place, unused = read_columns(path)
    if unused:
        say(f"Arrays of {path.name} that were not used: {', '.join(unused)}.")
    names = list(table.columns)
    numbers = finite_numbers(table, names, place)
    with bad_input():
        return from_samples(type(table)(numbers, columns=names), order)


def _facts(found: Symmetries, structure: Structure) -> dict[str, Any]:
    table = found.table.to_dict(orient="records")
    return {
        "variables": list(found.variables),
        "algebra": found.algebra,
        "dimension": found.dimension,
        "generators": [
            {"name": g.name, "matrix": g.matrix.tolist(), "shift": None if g.shift is None else g.shift.tolist()}
            for g in found.generators
        ],
        "symmetries": [
            {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}
            for row in table
        ],
        "signed_permutations": found.permutation_order,
        "order": structure.order,
        "components": [list(component) for component in structure.components],
        "words": found.words,
        "structure": _structure_words(structure),
    }


def _structure_words(structure: Structure) -> list[str]:
    return [sentence for sentence in structure.words if sentence not in structure.symmetries.words]


def _text(found: Symmetries, structure: Structure) -> str:
    lines = ["structure", *(f"  {sentence}" for sentence in _structure_words(structure))]
    lines += ["symmetries", *(f"  {sentence}" for sentence in found.words)]
    if found.generators or found.discrete:
        lines += ["", found.table.to_string(index=False, max_colwidth=60)]
    return "\n".join(lines)
