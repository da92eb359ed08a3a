"""`cheaplearn verify`: is this network the one for these formulas, and can its certificate be broken?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from .exits import NO, BadInput, bad_input, guarded
from .formulas import Formula, parsed, read_formulas
from .options import read_kinds
from .saved_network import SavedNetwork, read_network

if TYPE_CHECKING:
    from ..circuit import Circuit

__all__ = ["verify"]

HELP = """Checks a network file against its formulas: compares the fingerprint, then searches for an input that breaks \
the certificate.

Pass the formulas in the order of the outputs, and the kinds of the variables as for compile. Ends with exit code 1 if \
the file was compiled from another formula, or if an error above the certified one was found.

\b
Examples:
  cheaplearn verify net.npz "x*y + z**3/2"
  cheaplearn verify net.onnx --file formulas.txt --json
"""


class _Found(NamedTuple):
    label: str
    found: float
    certified: float
    at: list[float]

    @property
    def holds(self) -> bool:
        return self.found <= self.certified  # False for nan too

    @property
    def ratio(self) -> float | None:
        return self.certified / self.found if self.found else None


@guarded
def verify(
    network: Annotated[Path, typer.Argument(help="File of compile: .npz, .json or .onnx.")],
    formulas: Annotated[
        list[str] | None, typer.Argument(metavar="FORMULA", help="What it was compiled from, one per output.")
    ] = None,
    file: Annotated[list[Path] | None, typer.Option(help="Formulas: text (one a line) or .json.")] = None,
    variables: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=KIND", help="bit (0 or 1), spin (-1 or 1) or real; KIND alone is for all."),
    ] = None,
    effort: Annotated[int, typer.Option(min=1, help="Random points of each kind, per output.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the search.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Verifies; `HELP` is its text.

    Args:
        network: The file.
        formulas: FORMULA or NAME=FORMULA, in the order of the outputs.
        file: Files with formulas.
        variables: Texts of the kinds.
        effort: Random points of each kind.
        seed: Seed of the search.
        as_json: Whether to print JSON.

    Raises:
        Exit: With code 1 if the formula is another one or the certificate is broken.
    """
    saved = read_network(network)
    circuit = _circuit(saved, read_formulas(formulas or [], file or []), variables or [])
    same = circuit.fingerprint == saved.net.formula
    found = [_search(saved, circuit, k, seed, effort) for k in range(len(circuit.outputs))]
    typer.echo(json.dumps(_facts(saved, circuit, same, found)) if as_json else _text(saved, same, found))
    if not same or not all(one.holds for one in found):
        raise typer.Exit(NO)


def _circuit(saved: SavedNetwork, formulas: list[Formula], kinds: list[str]) -> Circuit:
    from ..circuit import Circuit

    names, labels = saved.net.variables, saved.net.labels
    if len(formulas) != len(labels):
        message = f"`FORMULA` must be given once per output of the network ({len(labels)}), got {len(formulas)}."
        raise BadInput(message)
    for formula, label in zip(formulas, labels, strict=True):
        if saved.named and formula.label not in {None, label}:
            message = (
                f"The output {label!r} of the network must get a formula of that name, got {formula.label!r}. "
                f"Pass the formulas in the order {', '.join(labels)}."
            )
            raise BadInput(message)
    polynomials = [parsed(formula, names) for formula in formulas]
    with bad_input():
        named = [formula.label or label for formula, label in zip(formulas, labels, strict=True)]
        return Circuit.from_polynomials(polynomials, read_kinds(kinds, names), named)


def _search(saved: SavedNetwork, circuit: Circuit, k: int, seed: int, effort: int) -> _Found:
    """Looks for the worst error of one output: a small bound must not hide behind a large one."""
    from ..testing import worst_error

    assert saved.net.certificate is not None
    found, where = worst_error(saved.net, circuit, seed, effort, saved.evaluate, output=k)
    return _Found(circuit.labels[k], found, saved.net.certificate.errors[k], where.tolist())


def _facts(saved: SavedNetwork, circuit: Circuit, same: bool, found: list[_Found]) -> dict[str, Any]:
    return {
        "same_formula": same,
        "holds": same and all(one.holds for one in found),
        "formula_sha256": circuit.fingerprint,
        "network_sha256": saved.net.formula,
        "runtime": saved.runtime,
        "outputs": [
            {"label": one.label, "found": one.found, "certified": one.certified, "ratio": one.ratio, "at": one.at}
            for one in found
        ],
    }


def _text(saved: SavedNetwork, same: bool, found: list[_Found]) -> str:
    from ..network import rounded_up

    lines = ["formula      the one the network was compiled from (equal fingerprints)"]
    if not same:
        lines = ["formula      NOT the one the network was compiled from (fingerprints differ)"]
    for one in found:
        at = ", ".join(f"{name} = {value!r}" for name, value in zip(saved.net.variables, one.at, strict=True))
        ratio = f" ({one.ratio:.1f} times that)" if one.ratio is not None and one.holds else ""
        lines += [
            f"{one.label}",
            f"  found      {one.found:.3g} by search in {saved.runtime}, at {at or 'no input'}",
            f"  certified  {rounded_up(one.certified):.3g}{ratio}: {'holds' if one.holds else 'BROKEN'}",
        ]
    return "\n".join(lines)
