"""`cheaplearn flatten`: what depth buys a polynomial or a linear map."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .ellipsis import expanded
from .exits import BadInput, bad_input, guarded, say
from .formulas import parsed, read_formulas
from .intervals import read_box
from .linear_maps import read_linear_map
from .staging import check_target_file, new_file
from .steps import versions

if TYPE_CHECKING:
    from ..flattening import Flattening
    from ..flattening.linear import FactorChain, SkipChain, Timing

__all__ = ["flatten_formula"]

HELP = """Compares flat and deep networks, beside a proven lower bound.

FORMULA is one polynomial; x1*x2*...*x8 is written out. With --linear the subject is a linear map: fft:N, rfft:N, \
hadamard:N, haar:N, dct:N, daubechies:N, daubechies:N:ORDER, strassen:N, strassen:N:LEVELS, or a matrix FILE.npy \
(.npz, .csv) for which a cheaper chain of factors is sought.

\b
Examples:
  cheaplearn flatten "x1*x2*...*x8"
  cheaplearn flatten "x*y*z + x**2" --biases --activation silu --report page.html
  cheaplearn flatten --linear fft:256
  cheaplearn flatten --linear weights.npy --error 0.01 --json
"""

_ERROR = 1e-10


@guarded
def flatten_formula(
    formula: Annotated[str | None, typer.Argument(metavar="FORMULA", help="A polynomial.")] = None,
    linear: Annotated[str | None, typer.Option(metavar="MAP", help="A linear map instead, such as fft:256.")] = None,
    error: Annotated[
        float, typer.Option(help="For a matrix file: largest relative error (Frobenius) of its factors.")
    ] = _ERROR,
    activation: Annotated[str, typer.Option(help="softplus, silu, gelu, tanh, sigmoid, gaussian or exp.")] = "softplus",
    biases: Annotated[
        bool, typer.Option("--biases", help="Ordinary networks: each neuron has a bias, skips are free.")
    ] = False,
    box: Annotated[
        list[str] | None,
        typer.Option(metavar="LOW HIGH", help="Range of every variable; or NAME=LOW:HIGH. [default: -1 1]"),
    ] = None,
    dtype: Annotated[
        list[str] | None, typer.Option(help="float32, float64; several are allowed. [default: both]")
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Every rank over the rationals, none modulo a prime.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="PAGE.html", help="Write a page with tables and figure.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing page.")] = False,
    seed: Annotated[int, typer.Option(help="For --linear: of random matrices and of the search for factors.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Flattens; `HELP` is its text.

    Args:
        formula: Text of the polynomial.
        linear: Name of a linear map, or a file.
        error: Largest relative error of factors.
        activation: Activation.
        biases: Whether the model has biases and skips.
        box: Texts of the box.
        dtype: Where errors are certified.
        exact: Whether all ranks are exact.
        report: Page to write.
        overwrite: Whether to replace it.
        seed: Of what is random.
        as_json: Whether to print JSON.

    Raises:
        BadInput: If there is not exactly one subject.
    """
    if (formula is None) == (linear is None):
        message = (
            '`FORMULA` or `--linear` must be given, and only one of them. Write cheaplearn flatten "x1*x2*...*x8".'
        )
        raise BadInput(message)
    if linear is None and error != _ERROR:
        message = f"`--error` must go with --linear FILE, got {error} with a formula. Leave it out."
        raise BadInput(message)
    if report:
        if report.suffix.lower() not in {".html", ".htm"}:
            message = f"`--report` must end in .html, got {str(report)!r}. Correct the ending."
            raise BadInput(message)
        check_target_file(report, overwrite, "--report")
    command = shlex.join(["cheaplearn", "flatten", formula or "--linear", *([linear] if linear else [])])
    if linear is not None:
        _flatten_linear(linear, error, seed, report, command, as_json=as_json)
        return
    from ..flattening import flatten

    text = expanded(str(formula))
    if "..." in text:
        message = (
            f"`FORMULA` must use three dots as in x1*x2*...*x8 or x0+x2+...+x8, got {text!r}. Write the terms out."
        )
        raise BadInput(message)
    polynomial = parsed(read_formulas([text], [])[0])
    pairs = read_box(box or [])
    with bad_input():
        f = flatten(
            polynomial,
            activation,
            biases,
            (-1, 1) if pairs is None else pairs,
            dtypes=tuple(dtype or ("float32", "float64")),
            exact=exact or None,
        )
    if report:
        from ..report import FlatteningPage

        _write(FlatteningPage(f, command, _versions()), report)
    typer.echo(json.dumps(_facts(f)) if as_json else str(f))


def _flatten_linear(name: str, error: float, seed: int, report: Path | None, command: str, *, as_json: bool) -> None:
    found, notes = read_linear_map(name, error, seed)
    timing, difference = found.measure(), found.error()
    if report:
        from ..report import LinearPage

        _write(LinearPage(found, timing, difference, command, _versions(), tuple(notes)), report)
    if as_json:
        typer.echo(json.dumps(_linear_facts(found, timing, difference, notes)))
    else:
        typer.echo(_linear_text(found, timing, difference, notes))


def _write(page: Any, path: Path) -> None:
    from ..report import write_report

    with new_file(path) as partial:
        write_report(page, partial)
    say(f"Written to {path}.")


def _versions() -> dict[str, str]:
    return versions("cheaplearn", "numpy", "scipy", "python-flint")


def _facts(f: Flattening) -> dict[str, Any]:
    rows = f.table.to_dict(orient="records")
    return {
        "polynomial": str(f.polynomial),
        "activation": f.activation,
        "biases": f.biases,
        "box": {name: [float(low), float(high)] for name, (low, high) in f.box.items()},
        "bounds": [
            {
                "neurons": _finite(b.neurons),
                "name": b.name,
                "model": b.model,
                "proof": b.proof,
                "arithmetic": b.arithmetic,
                "survives_limits": b.survives_limits,
                "holds_at_any_depth": b.holds_at_any_depth,
            }
            for b in f.bounds
        ],
        "lower_bound": _finite(f.lower_bound.neurons),
        "table": [{key: _finite(value) for key, value in row.items()} for row in rows],
        "flat_neurons": f.flat.neurons,
        "deep_neurons": f.deep.neurons,
        "cost": f.cost,
        "bits_lost": {dtype: _finite(bits) for dtype, bits in f.bits_lost.items()},
        "size": f.size,
    }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _linear_facts(m: FactorChain | SkipChain, timing: Timing, difference: float, notes: list[str]) -> dict[str, Any]:
    return {
        "map": m.name,
        "shape": list(m.shape),
        "layers": m.depth,
        "synapses": m.synapses,
        "dense_synapses": m.dense_synapses,
        "flattening_cost": m.flattening_cost,
        "largest_difference": difference,
        "time_ratio": timing.ratio,
        "table": json.loads(m.table.to_json(orient="records")),
        "notes": notes,
    }


def _linear_text(m: FactorChain | SkipChain, timing: Timing, difference: float, notes: list[str]) -> str:
    lines = [repr(m), "", m.table.to_string(index=False), ""]
    if m.flattening_cost == 1:
        lines.append("One dense matrix: no cheaper chain of layers.")
    elif m.flattening_cost > 1:
        lines.append(f"Flattening costs {m.flattening_cost:.3g} times as many synapses.")
    else:
        lines.append(
            f"The dense matrix is cheaper: the layers take {1 / m.flattening_cost:.3g} times as many synapses."
        )
    lines.append(f"Largest difference from the matrix, computed independently: {difference:.2g}.")
    lines.append(f"Measured here: the dense matrix takes {timing.ratio:.3g} times as long as the layers.")
    return "\n".join([*lines, *notes])
