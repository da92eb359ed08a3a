"""`cheaplearn fit`: from data to a model, a network with a proof, and a report."""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from .exits import BadInput, guarded
from .options import read_box

__all__ = ["fit"]

HELP = """Finds the cheapest model that explains a table, compiles it to a network with a certified error, and reports.

SOURCE is digits (scikit-learn's handwritten digits), or a .csv, .parquet or .npz file. In tables every column but the
target is a variable, in the order of the file (with --grid: row by row). In .npz files X (or x) holds the variables,
one row each, and y the labels, or the array that --target names; the variables are called x0, x1, ...
True and False count as 1 and 0. Rows with empty or infinite cells are refused, never skipped.
"""


@guarded
def fit(
    source: Annotated[str, typer.Argument(help="digits, or a .csv, .parquet or .npz file.")],
    target: Annotated[str | None, typer.Option(help="Column whose values are the classes.")] = None,
    grid: Annotated[str | None, typer.Option(help="Where the variables lie, for example 8x8.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder to write. [default: NAME-model]")
    ] = None,
    order: Annotated[str, typer.Option(help="Highest degree: auto, 1, 2 or 3.")] = "auto",
    radius: Annotated[str, typer.Option(help="Largest distance within a term: auto, all or a number.")] = "auto",
    cv: Annotated[int, typer.Option(help="Folds that score the ladder.")] = 5,
    test: Annotated[float, typer.Option(help="Share of rows kept out of every choice.")] = 0.2,
    box: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LOW HIGH",
            help="Range the certificate covers; or NAME=LOW:HIGH. [default: range of the data]",
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(help="Largest certified error, nats. [default: 0.01, or the best reachable]"),
    ] = None,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    activation: Annotated[str, typer.Option(help="silu, gelu, softplus or square.")] = "silu",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    report: Annotated[Path | None, typer.Option(help="The report. [default: report.html in the folder]")] = None,
    task: Annotated[str, typer.Option(help="auto, classify, regress or density.")] = "auto",
) -> None:
    """Runs the main job; `HELP` is its text.

    Args:
        source: What to learn from.
        target: Label column.
        grid: Grid as text.
        output: Folder to write.
        order: Order as text.
        radius: Radius as text.
        cv: Folds.
        test: Share held out.
        box: Texts of the box.
        tolerance: Largest certified error.
        dtype: Floating-point type.
        activation: Activation.
        seed: Seed.
        overwrite: Whether to replace.
        as_json: Whether to print JSON.
        report: Where the report goes.
        task: Task.
    """
    from .staging import check_target_folder, new_file, new_folder

    folder = output or Path(f"{Path(source).stem}-model")
    check_target_folder(folder, overwrite)
    apart = _separate_report(report, folder, overwrite)
    _require_report_packages()

    from .fitting import FitOptions, Job
    from .folder import write_folder
    from .summary import facts_of, summary_text
    from .tables import read_samples

    command = shlex.join(["cheaplearn", *sys.argv[1:]])
    options = FitOptions(
        grid, order, radius, cv, test, read_box(box or []), tolerance, dtype, activation, seed, task, command
    )
    job = Job(read_samples(source, target), options)
    with ExitStack() as stack:
        page = stack.enter_context(new_file(apart)) if apart else None
        partial = stack.enter_context(new_folder(folder, overwrite))
        result = job.run()
        facts = facts_of(result)
        write_folder(result, facts, partial, page)
    place = apart or folder / "report.html"
    typer.echo(
        json.dumps(facts | {"folder": str(folder), "report": str(place)}, allow_nan=False)
        if as_json
        else summary_text(result, folder, place)
    )


def _separate_report(report: Path | None, folder: Path, overwrite: bool) -> Path | None:
    """Where the report goes if not into the folder."""
    from .staging import check_target_file

    if report is None or report.resolve() == (folder / "report.html").resolve():
        return None
    if report.resolve().is_relative_to(folder.resolve()):
        message = f"`--report` must be report.html in the output folder or lie outside of it, got {str(report)!r}."
        raise BadInput(message)
    check_target_file(report, overwrite)
    return report


def _require_report_packages() -> None:
    if not (find_spec("jinja2") and find_spec("matplotlib")):
        message = "The report needs jinja2 and matplotlib. Install them with: pip install 'cheaplearn[report]'."
        raise BadInput(message)
