"""`cheaplearn compile`: from formulas to a network with a certified error."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import NO, BadInput, bad_input, guarded, say
from .formulas import by_label, parsed, read_formulas
from .intervals import read_box
from .options import read_kinds, read_numbers

if TYPE_CHECKING:
    from ..circuit import Circuit
    from ..network import Network

__all__ = ["compile_formulas"]

HELP = """Compiles polynomials to one network whose error on a box is certified.

Every FORMULA is one output; NAME=FORMULA names it. Prints the size of the network and its certificate. Ends with \
exit code 1 if the tolerance cannot be certified, and says what could.

\b
Examples:
  cheaplearn compile "x*y + z**3/2" --box -1 1 --tolerance 1e-4 -o net.onnx
  cheaplearn compile "E=x*y" "F=y**2 - 1" --box x=-1:1 --box y=0:3
  cheaplearn compile "s*t + h*s" --variables spin --tolerance 1e-3
  cheaplearn compile --file formulas.txt --box -1 1 --dtype float64 --json
"""
_MANY_TERMS = 1_000  # from here on compiling takes long enough to be announced
_LOOK_LIKE_CONSTANTS = ("I", "pi", "inf", "nan")


@guarded
def compile_formulas(
    formulas: Annotated[
        list[str] | None,
        typer.Argument(metavar="FORMULA", help='Polynomials, for example "x*y + z**3/2" or "E=x*y".'),
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option(help="Formulas: text (one a line, # starts a comment) or .json (a list, or names and formulas)."),
    ] = None,
    box: Annotated[
        list[str] | None,
        typer.Option(metavar="LOW HIGH", help="Range of every variable; or NAME=LOW:HIGH, once per variable."),
    ] = None,
    variables: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=KIND", help="bit (0 or 1), spin (-1 or 1) or real; KIND alone is for all."),
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER", help="Largest certified error; or A,B,... one per output. [default: as small as possible]"
        ),
    ] = None,
    relative_tolerance: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER", help="The same relative to the sum of the largest sizes of the terms."),
    ] = None,
    dtype: Annotated[str, typer.Option(help="float32, float64 or float16.")] = "float32",
    activation: Annotated[
        str, typer.Option(help="silu, gelu, softplus, tanh, sigmoid, gaussian, exp, square, relu or auto.")
    ] = "silu",
    depth: Annotated[int | None, typer.Option(help="Most hidden layers. [default: as the products need]")] = None,
    strict_layers: Annotated[
        bool, typer.Option("--strict-layers", help="Every layer reads only the one before: no skips.")
    ] = False,
    form: Annotated[str | None, typer.Option(help="Weights of the ONNX file: dense, sparse or auto.")] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", help="File to write: .onnx, .npz, .json or .c; several -o are allowed."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
    seed: Annotated[int, typer.Option(help="Taken by every command; compiling draws nothing at random.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Compiles; `HELP` is its text.

    Args:
        formulas: FORMULA or NAME=FORMULA.
        file: Files with formulas.
        box: Texts of the box.
        variables: Texts of the kinds.
        tolerance: Texts of the largest certified error, one or one per output.
        relative_tolerance: The same for the relative one.
        dtype: Floating-point type.
        activation: Activation.
        depth: Most hidden layers.
        strict_layers: Whether skips are forbidden.
        form: Form of the ONNX file.
        output: Files to write.
        overwrite: Whether to replace them.
        seed: Not used.
        as_json: Whether to print JSON.

    Raises:
        Exit: With code 1 if the tolerance cannot be certified.
    """
    from .written import check_outputs, write_outputs

    check_outputs(output or [], overwrite, form)
    pairs = read_box(box or [])
    limits = read_numbers(tolerance or [], "--tolerance")
    relative = read_numbers(relative_tolerance or [], "--relative-tolerance")
    circuit = _circuit(formulas or [], file or [], variables or [])
    _require_box(circuit, pairs)

    from ..compiler import ToleranceError
    from ..compiler import compile as compile_network

    try:
        with bad_input():
            network = compile_network(
                circuit,
                {} if pairs is None else pairs,
                limits,
                dtype=dtype,
                activation=activation,
                depth=depth,
                strict_layers=strict_layers,
                relative_tolerance=relative,
            )
    except ToleranceError as err:
        message = str(err)
        if as_json:
            best = err.best if math.isfinite(err.best) else None
            typer.echo(json.dumps({"error": message, "best": best}))
        say(message)
        raise typer.Exit(NO) from err
    written = write_outputs(network, output or [], form)
    typer.echo(json.dumps(_facts(network, written)) if as_json else _text(network, written))


def _circuit(texts: list[str], files: list[Path], kinds: list[str]) -> Circuit:
    from ..circuit import Circuit

    formulas = read_formulas(texts, files)
    polynomials = [parsed(formula) for formula in formulas]
    names = list(dict.fromkeys(name for polynomial in polynomials for name in polynomial.variables))
    for name in _LOOK_LIKE_CONSTANTS:
        if name in names:
            say(f"Note: {name} is taken as the name of a variable; a formula has no constants but numbers.")
    terms = sum(len(polynomial) for polynomial in polynomials)
    if terms >= _MANY_TERMS:
        say(f"Compiling {terms:,} terms in {len(names):,} variables ...")
    with bad_input():
        return Circuit.coerce(by_label(formulas, polynomials), read_kinds(kinds, names))


def _require_box(circuit: Circuit, pairs: Any) -> None:
    named = pairs if isinstance(pairs, dict) else {}
    real = [name for name, kind in zip(circuit.variables, circuit.kinds, strict=True) if kind == "real"]
    missing = [name for name in real if name not in named]
    if not missing or isinstance(pairs, tuple) or not set(named) <= set(circuit.variables):
        return  # a name that is no variable is refused by the library: probably that of a missing one, misspelt
    message = (
        f"`--box` must be given to certify an error: the range of {_listed(missing)}. "
        f"Write for example --box -1 1 for all variables, or --box {missing[0]}=-1:1."
    )
    raise BadInput(message)


def _listed(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _facts(network: Network, written: list[dict[str, Any]]) -> dict[str, Any]:
    certificate = network.certificate
    assert certificate is not None
    shares = zip(network.labels, certificate.errors, certificate.truncations, certificate.roundings, strict=True)
    return {
        "variables": list(network.variables),
        "labels": list(network.labels),
        "neurons": network.neurons,
        "synapses": network.synapses,
        "depth": network.depth,
        "dtype": network.dtype.name,
        "activation": network.activation,
        "certified_error": certificate.error,
        "truncation": certificate.truncation,
        "rounding": certificate.rounding,
        "outputs": [
            {"label": label, "certified_error": error, "truncation": truncation, "rounding": rounding}
            for label, error, truncation, rounding in shares
        ],
        "box": certificate.box,
        "assumptions": list(certificate.assumptions),
        "formula_sha256": network.formula,
        "written": written,
    }


def _text(network: Network, written: list[dict[str, Any]]) -> str:
    assert network.certificate is not None
    inputs, outputs = list(network.variables), list(network.labels)
    lines = [
        f"{_listed(inputs, 10) or 'no input'} -> {_listed(outputs, 10)}: "
        f"{network.neurons} neurons, {network.synapses} synapses, depth {network.depth}",
        network.certificate.explain(),
    ]
    for facts in written:
        differences = facts.get("measured_difference", {}).items()
        measured = ", ".join(f"{runtime}: {difference:.2g}" for runtime, difference in differences)
        lines.append(f"Written to {facts['path']}." + (f" Measured difference of {measured}." if measured else ""))
    return "\n".join(lines)
