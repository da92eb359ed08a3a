"""The folder that a fit leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..report import FitResult, write_report
from .model_folder import save_model

__all__ = ["write_folder"]


def write_folder(result: FitResult, facts: dict[str, Any], folder: Path, report: Path | None) -> None:
    """Writes model, network, ladder and report.

    Args:
        result: What was found.
        facts: The same as plain JSON values.
        folder: An existing folder.
        report: Another place for the report, or None for report.html in the folder.
    """
    save_model(folder, result.hamiltonian, result.target, facts)
    result.network.save(folder / "network.npz")
    result.network.to_onnx(folder / "model.onnx")
    result.ladder.to_csv(folder / "ladder.csv", index=False)
    write_report(result, report or folder / "report.html")
