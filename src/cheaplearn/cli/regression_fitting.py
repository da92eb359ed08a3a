"""The job of a regression step by step: split, climb the ladder, predict rows not used for it, compile, check."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..report import PredictedRows, RegressionResult
from ..report.formula_words import formula_text
from .exits import BadInput, bad_input
from .steps import versions
from .supervised import MOST_JOBS, SupervisedJob
from .task import check_rows

if TYPE_CHECKING:
    from ..learning import HamiltonianRegressor

__all__ = ["SHARE", "RegressionJob"]

SHARE = 1e-3  # of the standard deviation of the target: the default tolerance
LEVEL = 0.95  # of the prediction intervals


class RegressionJob(SupervisedJob):
    """One regression: checks when made, works when run."""

    @property
    def estimator(self) -> str:
        """Name of the class that learns."""
        return "HamiltonianRegressor"

    def check_target(self) -> None:
        """Refuses a target without variation, and too few rows."""
        y = self.samples.y
        check_rows(len(y), self.options.folds, self.options.test)
        if np.ptp(y) == 0:
            message = f"The target {self.samples.target!r} must vary, got {y[0]:g} in every row. Check the column."
            raise BadInput(message)

    def run(self, checkpoint: Path | None = None) -> RegressionResult:
        """Does the work.

        Args:
            checkpoint: Folder in which scores of finished families are kept and looked for, or None.

        Returns:
            What the report tells.
        """
        X, y = self.samples.X, np.asarray(self.samples.y, dtype=float)
        training, test = self._split()
        model = self._fit(X[training], y[training], checkpoint)
        with self.steps.step("test", f"Predicting {len(test):,} rows that took no part in any choice"):
            rows = PredictedRows(y[test], _predictions(model, X[test]), *_interval(model, X[test]), LEVEL)
        unit = f"units of {self.samples.target}"
        network, tolerance, reached = self.compiled(model, SHARE * float(y[training].std()), unit)
        formula, rounded = formula_text(model.formula_[0])
        return RegressionResult(
            name=self.samples.name,
            target=self.samples.target,
            rows=len(X),
            training_rows=len(training),
            folds=self.options.folds,
            ladder=model.ladder_,
            verdict=model.verdict_,
            notes=(*self.steps.notes, *(note for note in model.ladder_notes_ if note not in self.steps.notes)),
            hamiltonian=model.hamiltonian_,
            couplings=model.couplings,
            formula=formula,
            formula_note=_formula_note(model, self.samples.target, rounded),
            sparse=self.options.sparse,
            order=int(model.order_),
            noise=float(model.noise_),
            spread=model.spread_,
            network=network,
            tolerance=tolerance,
            tolerance_reached=reached,
            largest_difference=float(np.max(np.abs(network(X)[:, 0] - _predictions(model, X)))),
            test=rows,
            seed=self.options.seed,
            versions=versions("cheaplearn", "numpy", "scipy", "scikit-learn", "onnx"),
            seconds=dict(self.steps.seconds),
            command=self.options.command,
            date=datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        )

    def _split(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows to learn from and rows put aside, at random."""
        rows = len(self.samples.y)
        order = np.random.default_rng(self.options.seed).permutation(rows)
        held_out = round(self.options.test * rows)
        return np.sort(order[held_out:]), np.sort(order[:held_out])

    def _fit(self, X: np.ndarray, y: np.ndarray, checkpoint: Path | None) -> HamiltonianRegressor:
        import pandas as pd
        from sklearn.model_selection import KFold

        from ..learning import HamiltonianRegressor

        options = self.options
        model = HamiltonianRegressor(
            order=self.order,
            radius=self.radius,
            geometry=self.grid,
            symmetry=self.symmetry,
            cv=KFold(options.folds, shuffle=True, random_state=options.seed),
            n_jobs=min(MOST_JOBS, os.cpu_count() or 1),
            random_state=options.seed,
            verbose=1,
            sparse=options.sparse,
            checkpoint=checkpoint,
        )
        table = pd.DataFrame(X, columns=list(self.samples.variables))
        with self.steps.step("ladder", f"Scoring the ladder on {options.folds} folds of {len(X):,} rows"), bad_input():
            model.fit(table, pd.Series(y, name=self.samples.target))
        return model


def _predictions(model: HamiltonianRegressor, X: np.ndarray) -> np.ndarray:
    H = model.hamiltonian_
    return (H(X) + H.offsets)[:, 0]


def _interval(model: HamiltonianRegressor, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle, reach = _predictions(model, X), model.spread_.reach(model.hamiltonian_, X, LEVEL)[:, 0]
    return middle - reach, middle + reach


def _formula_note(model: HamiltonianRegressor, target: str, rounded: bool) -> str:
    notes = [note.removeprefix(f"{target}: ") for note in model.formula_notes_]
    if rounded:
        notes.append("Written with five digits; the files of the model hold all of them.")
    return " ".join(note[:1].upper() + note[1:] for note in notes)
