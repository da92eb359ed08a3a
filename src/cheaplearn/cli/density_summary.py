"""What a fit of a density found: as text for people, as one JSON object for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..report import DensityResult, HeldOut, RealFindings
from ..report.density_words import counted_sites, escape_words, loss_words, tied_term
from .numbers import number_or_none
from .summary import (
    aligned,
    coupling_facts,
    family_facts,
    family_text,
    interval_text,
    ladder_lines,
    model_line,
)

if TYPE_CHECKING:
    from ..hamiltonian.partition import LogPartition

__all__ = ["density_facts", "density_text"]

SHOWN = 8  # couplings in the text
LISTED = 20  # couplings and contacts in the JSON object
GUARANTEE = "--normalizable guarantee fits the nearest couplings whose density exists."


def density_facts(result: DensityResult) -> dict[str, Any]:
    """Collects the numbers of a fit.

    Args:
        result: What was found.

    Returns:
        Plain JSON values; losses and ln p in nats per sample (Hyvarinen scores have no unit), couplings in nats.
    """
    return {
        "task": "density",
        "name": result.name,
        "kind": result.kind,
        "sequences": result.sequences,
        "rows": result.rows,
        "training_rows": result.training_rows,
        "effective_rows": result.effective_rows,
        "weighing": result.weighing,
        "folds": result.folds,
        "blocked": result.blocked,
        "seed": result.seed,
        "score": result.ladder_score,
        "ladder": [family_facts(row) for _, row in result.ladder.iterrows()],
        "chosen": family_facts(result.chosen),
        "verdict": result.verdict,
        "baselines": [
            {
                "model": str(row["model"]),
                "parameters": int(row["parameters"]),
                "loss": number_or_none(row["loss"]),
                "standard_error": number_or_none(row["standard_error"]),
            }
            for _, row in result.baselines.iterrows()
        ],
        "method": result.method,
        "regularization": result.regularization,
        "log_partition": None if result.partition is None else _partition_facts(result.partition),
        "test": None if result.test is None else _test_facts(result.test, result.test_baselines, "log_likelihood"),
        **({} if result.real is None else _real_facts(result.real, result.names)),
        "couplings": [coupling_facts(row) for _, row in result.strongest(LISTED).iterrows()],
        "contacts": None if result.contacts is None else result.contacts.head(LISTED).to_dict("records"),
        "notes": list(result.notes),
        "seconds": {name: round(seconds, 3) for name, seconds in result.seconds.items()},
        "versions": dict(result.versions),
    }


def _partition_facts(partition: LogPartition) -> dict[str, Any]:
    return {
        "value": float(partition.value),
        "lower": number_or_none(partition.lower),
        "upper": number_or_none(partition.upper),
        "standard_error": float(partition.standard_error),
        "method": partition.method,
        "verified": bool(partition.verified),
    }


def _test_facts(chosen: HeldOut, others: Iterable[HeldOut], score: str) -> dict[str, Any]:
    def facts(one: HeldOut) -> dict[str, Any]:
        return {score: one.mean, "standard_error": one.standard_error, "rows": one.rows}

    return facts(chosen) | {"baselines": [{"model": other.model} | facts(other) for other in others]}


def _real_facts(real: RealFindings, names: Sequence[str]) -> dict[str, Any]:
    existence = real.existence
    pairs = None if real.bounds is None else [[number_or_none(end) for end in pair] for pair in real.bounds]
    return {
        "existence": {
            "verdict": existence.verdict,
            "proof": existence.proof,
            "method": existence.method,
            "direction": existence.direction,
            "powers": existence.powers,
        },
        "bounds": None if pairs is None else dict(zip(names, pairs, strict=True)),
        "test_hyvarinen": _test_facts(real.scores[0], real.scores[1:], "hyvarinen_score"),
    }


def density_text(result: DensityResult, folder: Path, report: Path) -> str:
    """Says what was found and where it is.

    Args:
        result: What was found.
        folder: The folder with the model.
        report: The report.

    Returns:
        Lines of aligned text.
    """
    return "\n".join([
        *_ladder_lines(result),
        "",
        *_finding_lines(result),
        "",
        *_coupling_lines(result),
        "",
        f"  model    {folder}",
        f"  report   {report}",
    ])


def _ladder_lines(result: DensityResult) -> list[str]:
    if result.ladder_score is None:
        return [f"Density of {result.name}: one family was asked for, and fitted to {result.training_rows:,} rows"]
    how = "blocks" if result.blocked else "folds"
    lines = [
        f"Ladder of {result.name}: {loss_words(result.ladder_score)} on {result.folds} {how} of "
        f"{result.training_rows:,} rows",
        "",
        *ladder_lines(result.ladder, f"{result.loss}{result.unit}"),
    ]
    return lines + [model_line(*row) for row in result.baselines.itertuples(index=False)]


def _finding_lines(result: DensityResult) -> list[str]:
    chosen = result.chosen
    lines = [
        f"  choice   {family_text(chosen)}: {chosen['parameters']:,} parameters for {counted_sites(result)}",
        *([f"  verdict  {result.verdict}"] if result.verdict else []),
        f"  method   {result.method}, {'ridge' if result.real else 'regularization'} {result.regularization:g}",
        *([] if result.real is None else _real_lines(result.real)),
        *([] if result.partition is None else [f"  ln Z     {_partition_words(result.partition)}"]),
    ]
    if result.test is not None:
        lines += _score_lines("ln p", [result.test, *result.test_baselines], "nats a row ")
    if result.effective_rows is not None:
        lines.append(f"  weights  {result.effective_rows:,.1f} effective rows of {result.rows:,}")
    return lines


def _real_lines(real: RealFindings) -> list[str]:
    escape = escape_words(real.existence)
    lines = [f"  exists   {real.existence.verdict}: {real.existence.proof}"]
    if escape:
        lines += [f"           Along {escape} the energy falls without end.", f"           {GUARANTEE}"]
    return lines + _score_lines("score", real.scores, "(Hyv\u00e4rinen, lower is better) ")


def _score_lines(name: str, scores: Sequence[HeldOut], unit: str) -> list[str]:
    chosen, *others = scores
    lines = [
        f"  {name:<8} {chosen.mean:.4f} ± {chosen.standard_error:.4f} {unit}on {chosen.rows:,} rows not used for the "
        "choice"
    ]
    return lines + [f"           {one.mean:.4f} ± {one.standard_error:.4f} {one.model}" for one in others]


def _partition_words(partition: LogPartition) -> str:
    low, high = partition.lower, partition.upper
    error = f" ± {partition.standard_error:.2g}" if partition.standard_error else ""
    between = f" from both sides: {low:.6g} and {high:.6g}" if partition.method == "annealing" else ""
    verified = "" if partition.verified else " (not verified)"
    return f"{partition.value:.6g}{error} nats, {partition.method}{between}{verified}"


def _coupling_lines(result: DensityResult) -> list[str]:
    strongest = result.strongest(SHOWN)
    if strongest.empty:
        return ["  no couplings: the columns are independent"]
    known = "; 95 % intervals" if strongest["lower"].notna().any() else ""
    what, number = "couplings (terms of H, nats", "+.4f"
    if result.real is not None:
        what, number = "terms of H (nats per unit of the term, in the units of the data", "+.4g"
    lines = [
        (tied_term(row), f"{row['value']:{number}}{interval_text(row, number)}") for _, row in strongest.iterrows()
    ]
    return [f"  strongest {what}{known})", *aligned(lines)]
