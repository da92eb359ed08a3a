"""`cheaplearn compile`: from a formula to a network with a certified error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import BadInput, bad_input, guarded
from .options import read_box

if TYPE_CHECKING:
    from ..network import Network

__all__ = ["compile_formula"]

HELP = """Compiles a polynomial, for example "x*y + z**3/2", to a network whose error on a box is certified.

Prints the size of the network and its certificate. Ends with exit code 1 if the tolerance cannot be certified.
"""


@guarded
def compile_formula(
    formula: Annotated[str, typer.Argument(help='Polynomial, for example "x*y + z**3/2".')],
    box: Annotated[
        list[str] | None,
        typer.Option(metavar="LOW HIGH", help="Range of every variable; or NAME=LOW:HIGH, once per variable."),
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="Largest certified error. [default: as small as possible]")
    ] = None,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    activation: Annotated[str, typer.Option(help="silu, gelu, softplus or square.")] = "silu",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="ONNX file to write.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Compiles; `HELP` is its text.

    Args:
        formula: The polynomial.
        box: Texts of the box.
        tolerance: Largest certified error.
        dtype: Floating-point type.
        activation: Activation.
        output: ONNX file to write.
        overwrite: Whether to replace it.
        as_json: Whether to print JSON.

    Raises:
        BadInput: If the box is missing or the output is no .onnx file.
    """
    from .staging import check_target_file, new_file

    if output is not None:
        if output.suffix != ".onnx":
            message = f"`--output` must end in .onnx, got {str(output)!r}."
            raise BadInput(message)
        check_target_file(output, overwrite)
    pairs = read_box(box or [])

    from ..compiler import compile as compile_network
    from ..polynomial import Polynomial

    with bad_input():
        polynomial = Polynomial.parse(formula)
    if pairs is None and polynomial.variables:
        message = "`--box` must be given to certify an error: the range of the variables. Write for example --box -1 1."
        raise BadInput(message)
    with bad_input():
        network = compile_network(polynomial, pairs or {}, tolerance, dtype=dtype, activation=activation)
    if output is not None:
        with new_file(output) as partial, bad_input():
            network.to_onnx(partial)
    typer.echo(json.dumps(_facts(network, output)) if as_json else _text(network, output))


def _facts(network: Network, output: Path | None) -> dict[str, Any]:
    certificate = network.certificate
    assert certificate is not None
    return {
        "neurons": network.neurons,
        "synapses": network.synapses,
        "depth": network.depth,
        "dtype": network.dtype.name,
        "activation": network.activation,
        "certified_error": certificate.error,
        "truncation": certificate.truncation,
        "rounding": certificate.rounding,
        "box": certificate.box,
        "assumptions": list(certificate.assumptions),
        "formula_sha256": network.formula,
        "output": str(output) if output else None,
    }


def _text(network: Network, output: Path | None) -> str:
    assert network.certificate is not None
    lines = [
        f"{network.neurons} neurons, {network.synapses} synapses, depth {network.depth}",
        network.certificate.explain(),
    ]
    if output:
        lines.append(f"Written to {output}.")
    return "\n".join(lines)
