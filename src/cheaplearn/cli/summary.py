"""What a fit found: as text for people, as one JSON object for programs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from ..report import FitResult
from ..report.result import CompiledResult
from ..report.words import at_most
from .numbers import number_or_none

__all__ = [
    "aligned",
    "coupling_facts",
    "facts_of",
    "family_facts",
    "family_text",
    "interval_text",
    "ladder_lines",
    "learned_facts",
    "model_line",
    "network_facts",
    "radius_word",
    "symmetry_word",
    "summary_text",
]


def facts_of(result: FitResult) -> dict[str, Any]:
    """Collects the numbers of a fit.

    Args:
        result: What was found.

    Returns:
        Plain JSON values; losses in nats per sample, errors in nats.
    """
    test = result.test
    return learned_facts("classify", result) | {
        "alternatives": [vars(alternative) for alternative in result.alternatives],
        "test": {
            "accuracy": test.accuracy,
            "standard_error": test.standard_error,
            "right": test.right,
            "rows": test.rows,
            "confusion": test.confusion.tolist(),
        },
        "network": network_facts(result) | {"same_class_as_model": result.same_class},
    }


def learned_facts(task: str, result: CompiledResult) -> dict[str, Any]:
    """Collects what every fit of a target tells.

    Args:
        task: "classify" or "regress".
        result: What was found.

    Returns:
        Plain JSON values.
    """
    return {
        "task": task,
        "name": result.name,
        "target": result.target,
        "rows": result.rows,
        "training_rows": result.training_rows,
        "folds": result.folds,
        "seed": result.seed,
        "ladder": [family_facts(row) for _, row in result.ladder.iterrows()],
        "chosen": family_facts(result.chosen),
        "verdict": result.verdict,
        "notes": list(result.notes),
        "seconds": {name: round(seconds, 3) for name, seconds in result.seconds.items()},
        "versions": dict(result.versions),
    }


def network_facts(result: CompiledResult) -> dict[str, Any]:
    """Collects the numbers of a network.

    Args:
        result: What was found.

    Returns:
        Plain JSON values.
    """
    network = result.network
    return {
        "neurons": network.neurons,
        "synapses": network.synapses,
        "depth": network.depth,
        "dtype": network.dtype.name,
        "activation": network.activation,
        "certified_error": network.certificate.error if network.certificate else None,
        "tolerance": result.tolerance,
        "tolerance_reached": result.tolerance_reached,
    }


def coupling_facts(row: Any) -> dict[str, Any]:
    """Collects one row of a table of couplings: value and interval, and how many terms a symmetry ties to it."""
    numbers = ("value", "standard_error", "lower", "upper")
    terms = {"terms": int(row["terms"])} if "terms" in row else {}
    return {"term": str(row["term"])} | terms | {name: number_or_none(row[name]) for name in numbers}


def interval_text(row: Any, number: str) -> str:
    """Writes the interval of a coupling in the format `number`; empty if it is not known."""
    low, high = number_or_none(row["lower"]), number_or_none(row["upper"])
    return "" if low is None or high is None else f"  ({low:{number}} to {high:{number}})"


def aligned(lines: list[tuple[str, str]]) -> list[str]:
    """Writes names and values below each other."""
    width = max(len(name) for name, _ in lines)
    return [f"    {name:<{width}}  {value}" for name, value in lines]


def family_facts(row: pd.Series) -> dict[str, Any]:
    """Collects one row of a ladder.

    Args:
        row: The row.

    Returns:
        Plain JSON values; losses in nats per sample, None where there is none.
    """
    return {
        "order": int(row["order"]),
        "radius": radius_word(row["radius"]),
        "symmetry": symmetry_word(row) or None,
        "parameters": int(row["parameters"]),
        "loss": number_or_none(row["loss"]),
        "standard_error": number_or_none(row["standard_error"]),
        "difference": number_or_none(row["difference"]),
        "difference_standard_error": number_or_none(row["difference_standard_error"]),
        "chosen": bool(row["chosen"]),
    }


def symmetry_word(row: pd.Series) -> str:
    """Returns the symmetry of a row of a ladder; empty if its couplings are free."""
    return row["symmetry"] if isinstance(row["symmetry"], str) else ""


def family_text(row: pd.Series) -> str:
    """Names the family of a row of a ladder."""
    tied = symmetry_word(row)
    return f"order {row['order']}, radius {radius_word(row['radius'])}" + (f", {tied}" if tied else "")


def radius_word(radius: float) -> int | str:
    """Returns a whole radius, or "all"."""
    return "all" if math.isinf(radius) else int(radius)


def summary_text(result: FitResult, folder: Path, report: Path) -> str:
    """Says what was found and where it is.

    Args:
        result: What was found.
        folder: The folder with model and network.
        report: The report.

    Returns:
        Lines of aligned text.
    """
    return "\n".join([
        *_ladder_lines(result),
        "",
        *_finding_lines(result),
        "",
        f"  model    {folder}",
        f"  report   {report}",
    ])


def _ladder_lines(result: FitResult) -> list[str]:
    lines = [
        f"Ladder of {result.name}: held-out log-loss on {result.folds} folds of {result.training_rows} rows",
        "",
        *ladder_lines(result.ladder),
    ]
    return lines + [model_line(m.name, m.parameters, m.loss, m.standard_error) for m in result.alternatives]


def ladder_lines(ladder: pd.DataFrame, loss: str = "loss (nats)") -> list[str]:
    """Writes the families of a ladder, one on a line under a heading that names the loss."""
    names = [symmetry_word(row) for _, row in ladder.iterrows()]
    width = max([len(name) for name in [*names, "symmetry"]]) if any(names) else 0
    lines = [f"  order  radius{_column('symmetry', width)}  parameters    {loss}"]
    for name, (_, row) in zip(names, ladder.iterrows(), strict=True):
        mark = "  <- chosen" if row["chosen"] else ""
        shape = f"  {row['order']:>5}  {radius_word(row['radius']):>6}{_column(name or 'none', width)}"
        lines.append(f"{shape}  {row['parameters']:>10,}    {row['loss']:.4f} ± {row['standard_error']:.4f}{mark}")
    return lines


def _column(text: str, width: int) -> str:
    return f"  {text:<{width}}" if width else ""


def model_line(name: str, parameters: int, loss: float, standard_error: float) -> str:
    """Writes what a model beside the ladder reaches."""
    return f"  {name}: {parameters:,} parameters, {loss:.4f} ± {standard_error:.4f}"


def _finding_lines(result: FitResult) -> list[str]:
    chosen, network, test = result.chosen, result.network, result.test
    certificate = network.certificate
    error = f"{at_most(certificate.error)} nats" if certificate else "none"
    missed = "" if result.tolerance_reached else f" (best reachable; {result.tolerance:g} was aimed at)"
    return [
        f"  choice   {family_text(chosen)}: {chosen['parameters']:,} parameters",
        f"  verdict  {result.verdict}",
        f"  accuracy {test.accuracy:.4f} ± {test.standard_error:.4f} on {test.rows} rows not used for the choice",
        f"  network  {network.neurons:,} neurons, {network.synapses:,} synapses, depth {network.depth}",
        f"  error    at most {error}, certified in {network.dtype.name}{missed}",
        f"  check    same class as the model on {result.same_class:,} of {result.rows:,} rows",
    ]
