"""`cheaplearn fit`: from data to a model, a network with a proof, and a report."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from .exits import BadInput, guarded, say
from .intervals import read_box

if TYPE_CHECKING:
    from .density_data import DensityData
    from .density_fitting import DensityOptions
    from .supervised import FitOptions
    from .tables import Samples

__all__ = ["fit"]

HELP = """Finds the cheapest model that explains a table, and reports.

With --target NAME, a classifier if the values of that column are classes, or a regression if they are numbers (--task
says which); the model is compiled to a network with a certified error. With --density, the probability of whole rows of
bits, spins, categories or real numbers: how the columns depend on each other.

SOURCE is digits (scikit-learn's handwritten digits), or a .csv, .parquet or .npz file. In tables every column but the
target is a variable, in the order of the file (with --grid: row by row). In .npz files X (or x) holds the variables,
one row each, and y the labels, or the array that --target names; the variables are called x0, x1, ...
True and False count as 1 and 0. Rows with empty or infinite cells are refused, never skipped.
For densities also .npy, and alignments: .fasta, .fa, .a2m, .a3m, .sto, .stk, with .gz or without.

A fit that is interrupted keeps the families it has scored in NAME.partial; the same command goes on from there.

\b
Examples:
  cheaplearn fit digits -o digits-model
  cheaplearn fit forces.csv --target force --sparse -o forces-model
  cheaplearn fit spikes.npz --density --kind bit --blocked -o spikes-model
  cheaplearn fit spins.csv --density --grid 10x10 --periodic --order 2 -o spins-model
  cheaplearn fit family.fasta.gz -o family-model
  cheaplearn fit heights.csv --density --kind real --bounds 0 inf -o heights-model
"""


class _Work(NamedTuple):
    """A task as the command runs it."""

    run: Callable[[Path], Any]
    facts: Callable[[Any], dict[str, Any]]
    write: Callable[[Any, dict[str, Any], Path, Path | None], None]
    text: Callable[[Any, Path, Path], str]


@guarded
def fit(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="digits, or a table, an array or an alignment.")],
    target: Annotated[str | None, typer.Option(help="Column to learn: classes, or numbers.")] = None,
    density: Annotated[bool, typer.Option("--density", help="Learn the probability of whole rows.")] = False,
    kind: Annotated[str, typer.Option(help="Density: auto, bit, spin (-1, 1), category or real.")] = "auto",
    counts: Annotated[str | None, typer.Option(help="Density: column that says how often a row was seen.")] = None,
    weights: Annotated[str | None, typer.Option(help="Density: column that weighs each row.")] = None,
    grid: Annotated[str | None, typer.Option(help="Where the variables lie, for example 8x8.")] = None,
    periodic: Annotated[bool, typer.Option("--periodic", help="The axes of the grid close into rings.")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder to write. [default: NAME-model]")
    ] = None,
    order: Annotated[str, typer.Option(help="Highest degree: auto, 1, 2, 3, ... [alignments: 2]")] = "auto",
    radius: Annotated[
        str, typer.Option(help="Largest distance within a term: auto, all or a number. [alignments: all]")
    ] = "auto",
    symmetry: Annotated[
        str,
        typer.Option(
            help="What ties terms: none, auto, or names joined by + (translation, reflection, rotation, permutation, "
            "'sign flip', blocks:SIZE)."
        ),
    ] = "none",
    cv: Annotated[int, typer.Option(help="Folds that score the ladder.")] = 5,
    blocked: Annotated[
        bool, typer.Option("--blocked", help="Density: folds and test rows are stretches of rows (time series).")
    ] = False,
    test: Annotated[float, typer.Option(help="Share of rows kept out of every choice.")] = 0.2,
    bounds: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LOW HIGH",
            help="Real numbers: where the variables end (inf for nowhere); or NAME:LOW:HIGH, once for each.",
        ),
    ] = None,
    normalizable: Annotated[
        str,
        typer.Option(help="Real numbers: check whether the density exists, or guarantee that it does."),
    ] = "check",
    method: Annotated[
        str,
        typer.Option(
            help="Density: auto, likelihood, pseudolikelihood or screening; real numbers: auto, likelihood or 'score "
            "matching'."
        ),
    ] = "auto",
    l1: Annotated[
        str,
        typer.Option(help="Density: penalty that selects couplings: auto, or units of sqrt(ln(n^2 / 0.05) / rows)."),
    ] = "0",
    regularization: Annotated[str, typer.Option(help="Density: auto, search, or nats per squared coupling.")] = "auto",
    identity: Annotated[
        float, typer.Option(help="Alignments: share of equal columns that makes two sequences count as one; 0: none.")
    ] = 0.8,
    unknown: Annotated[
        str, typer.Option(help="Alignments: refuse letters such as X, or read them as a gap.")
    ] = "refuse",
    box: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LOW HIGH",
            help="Range the certificate covers; or NAME=LOW:HIGH. [default: range of the data]",
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            help="Largest certified error: nats, or units of the target of a regression. [default: 0.01, or 0.001 of "
            "the target's standard deviation; or the best reachable]"
        ),
    ] = None,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    activation: Annotated[str, typer.Option(help="silu, gelu, softplus or square.")] = "silu",
    sparse: Annotated[
        bool,
        typer.Option("--sparse", help="Regression: drop terms the data do not need; simple numbers become fractions."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    report: Annotated[Path | None, typer.Option(help="The report. [default: report.html in the folder]")] = None,
    task: Annotated[str, typer.Option(help="auto, classify, regress or density.")] = "auto",
) -> None:
    """Runs the main job; `HELP` is its text.

    Args:
        context: The command line as parsed.
        source: What to learn from.
        target: Label column.
        density: Whether to learn the probability of whole rows.
        kind: Kind of the columns of a density.
        counts: Column of counts.
        weights: Column of weights.
        grid: Grid as text.
        periodic: Whether the grid is periodic.
        output: Folder to write.
        order: Order as text.
        radius: Radius as text.
        symmetry: Symmetry as text.
        cv: Folds.
        blocked: Whether folds are stretches of rows.
        test: Share held out.
        bounds: Where real variables end, as texts.
        normalizable: Whether a density of real variables is to exist.
        method: How a density is fitted.
        l1: Penalty as text.
        regularization: Penalty as text.
        identity: Share of equal columns.
        unknown: What to do with unknown letters.
        box: Texts of the box.
        tolerance: Largest certified error.
        dtype: Floating-point type.
        activation: Activation.
        sparse: Whether a regression drops terms.
        seed: Seed.
        overwrite: Whether to replace.
        as_json: Whether to print JSON.
        report: Where the report goes.
        task: Task.
    """
    from .fit_options import refuse_foreign_options, wants_density
    from .staging import CHECKPOINT, check_target_folder, new_file, new_folder

    wanted = wants_density(source, target, task, density)
    given = _given(context)
    if wanted:
        refuse_foreign_options("density", given)
    folder = output or Path(f"{_stem(source)}-model")
    check_target_folder(folder, overwrite)
    apart = _separate_report(report, folder, overwrite)
    _require_report_packages()
    command = shlex.join(["cheaplearn", *sys.argv[1:]])
    if wanted:
        from .density_data import read_density_data
        from .density_fitting import DensityOptions

        data = read_density_data(source, kind, counts, weights, identity, unknown, bounds or [])
        if data.sequences:
            order, radius = _family_of_sequences(order, radius, given)
        choices = DensityOptions(
            grid, periodic, order, radius, method, l1, regularization, cv, blocked, test, seed, command, symmetry,
            normalizable,
        )  # fmt: skip
        work = _density_work(data, choices)
    else:
        from .supervised import FitOptions
        from .tables import read_samples

        options = FitOptions(
            grid, periodic, order, radius, cv, test, read_box(box or []), tolerance, dtype, activation, seed, task,
            command, symmetry, sparse,
        )  # fmt: skip
        work = _supervised_work(read_samples(source, target, task), options, given)
    with ExitStack() as stack:
        page = stack.enter_context(new_file(apart)) if apart else None
        partial = stack.enter_context(new_folder(folder, overwrite))
        result = work.run(partial / CHECKPOINT)
        facts = work.facts(result)
        work.write(result, facts, partial, page)
    place = apart or folder / "report.html"
    typer.echo(
        json.dumps(facts | {"folder": str(folder), "report": str(place)}, allow_nan=False)
        if as_json
        else work.text(result, folder, place)
    )


def _family_of_sequences(order: str, radius: str, given: list[str]) -> tuple[str, str]:
    """Pairs of all columns unless something else is asked for: a ladder over 21 letters takes hours."""
    order = order if "order" in given else "2"
    return order, radius if "radius" in given or order == "auto" else "all"


def _supervised_work(samples: Samples, options: FitOptions, given: list[str]) -> _Work:
    """Classifier or regression, as the target says if the user does not."""
    from .fit_options import refuse_foreign_options
    from .task import resolve_task

    task, why = resolve_task(options.task, samples.y)
    say(f"Task: {task} ({why}).")
    refuse_foreign_options(task, given)
    return _classifier_work(samples, options) if task == "classify" else _regression_work(samples, options)


def _regression_work(samples: Samples, options: FitOptions) -> _Work:
    from .regression_fitting import RegressionJob
    from .regression_summary import regression_facts, regression_text, write_regression_folder

    return _Work(RegressionJob(samples, options).run, regression_facts, write_regression_folder, regression_text)


def _classifier_work(samples: Samples, options: FitOptions) -> _Work:
    from .fitting import Job
    from .folder import write_folder
    from .summary import facts_of, summary_text

    return _Work(Job(samples, options).run, facts_of, write_folder, summary_text)


def _density_work(data: DensityData, options: DensityOptions) -> _Work:
    from .density_fitting import DensityJob
    from .density_folder import write_density_folder
    from .density_summary import density_facts, density_text

    return _Work(DensityJob(data, options).run, density_facts, write_density_folder, density_text)


def _given(context: typer.Context) -> list[str]:
    """Options that the user wrote."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def _stem(source: str) -> str:
    return Path(source.removesuffix(".gz")).stem


def _separate_report(report: Path | None, folder: Path, overwrite: bool) -> Path | None:
    """Where the report goes if not into the folder."""
    from .staging import check_target_file

    if report is None or report.resolve() == (folder / "report.html").resolve():
        return None
    if report.resolve().is_relative_to(folder.resolve()):
        message = f"`--report` must be report.html in the output folder or lie outside of it, got {str(report)!r}."
        raise BadInput(message)
    check_target_file(report, overwrite, "--report")
    return report


def _require_report_packages() -> None:
    if not (find_spec("jinja2") and find_spec("matplotlib")):
        message = "The report needs jinja2 and matplotlib. Install them with: pip install 'cheaplearn[report]'."
        raise BadInput(message)
