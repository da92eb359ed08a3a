"""What a regression found: as text for people, as one JSON object for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..report import RegressionResult, write_report
from ..report.density_words import tied_term
from ..report.words import at_most
from .model_folder import save_model
from .numbers import number_or_none
from .summary import (
    aligned,
    coupling_facts,
    family_text,
    interval_text,
    ladder_lines,
    learned_facts,
    network_facts,
)

__all__ = ["regression_facts", "regression_text", "write_regression_folder"]

SHOWN = 8  # terms in the text
LISTED = 20  # terms in the JSON object
LONGEST = 160  # characters of a formula in the text


def regression_facts(result: RegressionResult) -> dict[str, Any]:
    """Collects the numbers of a fit.

    Args:
        result: What was found.

    Returns:
        Plain JSON values; losses in nats per sample, errors in the units of the target.
    """
    test = result.test
    return learned_facts("regress", result) | {
        "formula": result.formula,
        "formula_note": result.formula_note,
        "sparse": result.sparse,
        "order": result.order,
        "terms": result.terms,
        "noise": number_or_none(result.noise),
        "test": {
            "rows": test.rows,
            "r2": number_or_none(test.r2),
            "r2_standard_error": number_or_none(test.r2_error),
            "rmse": test.rmse,
            "rmse_standard_error": test.rmse_error,
            "interval_level": test.level,
            "covered": test.covered,
        },
        "network": network_facts(result) | {"largest_difference_from_model": result.largest_difference},
        "couplings": [coupling_facts(row) for _, row in result.strongest(LISTED).iterrows()],
    }


def regression_text(result: RegressionResult, folder: Path, report: Path) -> str:
    """Says what was found and where it is.

    Args:
        result: What was found.
        folder: The folder with model and network.
        report: The report.

    Returns:
        Lines of aligned text.
    """
    heading = (
        f"Ladder of {result.name}: held-out log-loss of {result.target} (in units of its standard deviation) on "
        f"{result.folds} folds of {result.training_rows} rows"
    )
    return "\n".join([
        heading,
        "",
        *ladder_lines(result.ladder),
        "",
        *_finding_lines(result),
        "",
        *_term_lines(result),
        "",
        f"  model    {folder}",
        f"  report   {report}",
    ])


def _finding_lines(result: RegressionResult) -> list[str]:
    chosen, network, test = result.chosen, result.network, result.test
    certificate = network.certificate
    error = at_most(certificate.error) if certificate else "none"
    missed = "" if result.tolerance_reached else f" (best reachable; {result.tolerance:.3g} was aimed at)"
    lines = [
        f"  choice   {family_text(chosen)}: {chosen['parameters']:,} parameters",
        f"  verdict  {result.verdict}",
        f"  formula  {result.target} = {_cut(result.formula, result.terms)}",
        f"           {result.formula_note}",
        *([] if result.sparse else ["           --sparse drops terms that the data do not need."]),
        f"  R^2      {test.r2:.4f} ± {test.r2_error:.4f} on {test.rows:,} rows not used for the choice",
        f"  RMSE     {test.rmse:.4g} ± {test.rmse_error:.2g} units of {result.target}; noise {result.noise:.4g}",
    ]
    if test.covered is not None:
        share = f"{test.covered / test.rows:.3f} ± {test.coverage_error:.3f}"
        lines.append(f"  inside   {share} of these rows lie in their {100 * test.level:.0f} % interval")
    return [
        *lines,
        f"  network  {network.neurons:,} neurons, {network.synapses:,} synapses, depth {network.depth}",
        f"  error    at most {error} units of {result.target}, certified in {network.dtype.name}{missed}",
        f"  check    differs from the model by {result.largest_difference:.2g} at most on the {result.rows:,} rows",
    ]


def _cut(formula: str, terms: int) -> str:
    if len(formula) <= LONGEST:
        return formula
    return f"{formula[:LONGEST].rsplit(' ', 1)[0].rstrip(' +-')} ... ({terms} terms; all in couplings.csv)"


def _term_lines(result: RegressionResult) -> list[str]:
    strongest = result.strongest(SHOWN)
    if strongest.empty:
        return ["  no terms: the prediction is a constant"]
    known = "; 95 % intervals" if strongest["lower"].notna().any() else ""
    lines = [(tied_term(row), f"{row['value']:+.4g}{interval_text(row, '+.4g')}") for _, row in strongest.iterrows()]
    what = f"sorted in scaled units; values: units of {result.target} per unit of the term{known}"
    return [f"  strongest terms ({what})", *aligned(lines)]


def write_regression_folder(result: RegressionResult, facts: dict[str, Any], folder: Path, report: Path | None) -> None:
    """Writes model, network, ladder, couplings and report.

    Args:
        result: What was found.
        facts: The same as plain JSON values.
        folder: An existing folder.
        report: Another place for the report, or None for report.html in the folder.
    """
    save_model(folder, result.hamiltonian, result.target, facts, result.spread.to_arrays())
    result.network.save(folder / "network.npz")
    result.network.to_onnx(folder / "model.onnx")
    result.ladder.to_csv(folder / "ladder.csv", index=False)
    result.couplings.to_csv(folder / "couplings.csv", index=False)
    write_report(result, report or folder / "report.html")
