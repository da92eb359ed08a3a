"""What a fit of a density found: as text for people, as one JSON object for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..report import DensityResult
from ..report.density_words import counted_sites, loss_words
from .summary import family_facts, ladder_lines, model_line, number_or_none, radius_word, symmetry_word

__all__ = ["density_facts", "density_text"]

SHOWN = 8  # couplings in the text
LISTED = 20  # couplings and contacts in the JSON object


def density_facts(result: DensityResult) -> dict[str, Any]:
    """Collects the numbers of a fit.

    Args:
        result: What was found.

    Returns:
        Plain JSON values; losses and ln p in nats per sample, couplings in nats.
    """
    low, high = result.log_partition_bounds
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
        "log_partition": {
            "value": result.log_partition,
            "lower": number_or_none(low),
            "upper": number_or_none(high),
            "method": result.log_partition_method,
            "verified": result.log_partition_verified,
        },
        "test": {
            "log_likelihood": result.test.log_likelihood,
            "standard_error": result.test.standard_error,
            "rows": result.test.rows,
            "baselines": [vars(other) for other in result.test_baselines],
        },
        "couplings": [_coupling(row) for _, row in result.strongest(LISTED).iterrows()],
        "contacts": None if result.contacts is None else result.contacts.head(LISTED).to_dict("records"),
        "notes": list(result.notes),
        "seconds": {name: round(seconds, 3) for name, seconds in result.seconds.items()},
        "versions": dict(result.versions),
    }


def _coupling(row: Any) -> dict[str, Any]:
    numbers = ("value", "standard_error", "lower", "upper")
    return {"term": str(row["term"])} | {name: number_or_none(row[name]) for name in numbers}


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
        *ladder_lines(result.ladder),
    ]
    return lines + [model_line(*row) for row in result.baselines.itertuples(index=False)]


def _finding_lines(result: DensityResult) -> list[str]:
    chosen, test = result.chosen, result.test
    tied = symmetry_word(chosen)
    family = f"order {chosen['order']}, radius {radius_word(chosen['radius'])}{', ' if tied else ''}{tied}"
    score = f"{test.log_likelihood:.4f} ± {test.standard_error:.4f} nats a row"
    lines = [
        f"  choice   {family}: {chosen['parameters']:,} parameters for {counted_sites(result)}",
        f"  verdict  {result.verdict}",
        f"  method   {result.method}, regularization {result.regularization:g}",
        f"  ln Z     {result.log_partition:.6g} nats, {_partition_words(result)}",
        f"  ln p     {score} on {test.rows:,} rows not used for the choice",
    ]
    lines += [
        f"           {one.log_likelihood:.4f} ± {one.standard_error:.4f} {one.model}" for one in result.test_baselines
    ]
    if result.effective_rows is not None:
        lines.append(f"  weights  {result.effective_rows:,.1f} effective rows of {result.rows:,}")
    return lines


def _partition_words(result: DensityResult) -> str:
    low, high = result.log_partition_bounds
    between = f" from both sides: {low:.6g} and {high:.6g}" if low < high else ""
    return f"{result.log_partition_method}{between}{'' if result.log_partition_verified else ' (not verified)'}"


def _coupling_lines(result: DensityResult) -> list[str]:
    strongest = result.strongest(SHOWN)
    if strongest.empty:
        return ["  no couplings: the columns are independent"]
    terms = [_with_orbit(row) for _, row in strongest.iterrows()]
    width = max(map(len, terms))
    known = "; 95 % intervals" if strongest["lower"].notna().any() else ""
    return [f"  strongest couplings (terms of H, nats{known})"] + [
        f"    {term:<{width}}  {row['value']:+.4f}{_interval(row)}"
        for term, (_, row) in zip(terms, strongest.iterrows(), strict=True)
    ]


def _with_orbit(row: Any) -> str:
    """Writes a term, and how many a symmetry ties to it."""
    more = int(row.get("terms", 1)) - 1
    return f"{row['term']}{f' and {more:,} like it' if more else ''}"


def _interval(row: Any) -> str:
    low, high = number_or_none(row["lower"]), number_or_none(row["upper"])
    return "" if low is None or high is None else f"  ({low:+.4f} to {high:+.4f})"
