"""The folder that a fit of a density leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..report import DensityResult, write_report
from .model_folder import save_model

__all__ = ["write_density_folder"]


def write_density_folder(result: DensityResult, facts: dict[str, Any], folder: Path, report: Path | None) -> None:
    """Writes model, ladder, couplings, contacts and report.

    Args:
        result: What was found.
        facts: The same as plain JSON values.
        folder: An existing folder.
        report: Another place for the report, or None for report.html in the folder.
    """
    save_model(folder, result.hamiltonian, None, facts)
    result.ladder.to_csv(folder / "ladder.csv", index=False)
    result.couplings.to_csv(folder / "couplings.csv", index=False)
    if result.contacts is not None:
        result.contacts.to_csv(folder / "contacts.csv", index=False)
    write_report(result, report or folder / "report.html")
