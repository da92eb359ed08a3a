"""The main job step by step: read, split, climb the ladder, compare, compile, check."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..report import FitResult, GenericSizes, TestScore
from .alternatives import score_mlp
from .exits import bad_input
from .steps import versions
from .supervised import MOST_JOBS, SupervisedJob
from .task import check_classes

if TYPE_CHECKING:
    from sklearn.model_selection import StratifiedKFold

    from ..learning import HamiltonianClassifier

__all__ = ["DEFAULT_TOLERANCE", "Job"]

DEFAULT_TOLERANCE = 1e-2  # nats: changes a probability by at most one percent of itself


class Job(SupervisedJob):
    """One fit of a classifier: checks when made, works when run."""

    @property
    def estimator(self) -> str:
        """Name of the class that learns."""
        return "HamiltonianClassifier"

    def check_target(self) -> None:
        """Refuses classes that cannot be split."""
        check_classes(self.samples.y, self.options.folds, self.options.test, self.samples.target)

    def run(self, checkpoint: Path | None = None) -> FitResult:
        """Does the work.

        Args:
            checkpoint: Folder in which scores of finished families are kept and looked for, or None.

        Returns:
            What the report tells.
        """
        training, test = self._split()
        model = self._fit(training, checkpoint)
        alternative = self._compare(training, test)
        network, tolerance, reached = self.compiled(model, DEFAULT_TOLERANCE, "nats")
        X, y = self.samples.X, self.samples.y
        return FitResult(
            name=self.samples.name,
            source=self.options.command,
            target=self.samples.target,
            rows=len(X),
            training_rows=len(training),
            folds=self.options.folds,
            ladder=model.ladder_,
            verdict=model.verdict_,
            notes=tuple(self.steps.notes),
            alternatives=(alternative,),
            generic=GenericSizes.of(X, len(model.classes_)),
            hamiltonian=model.hamiltonian_,
            network=network,
            tolerance=tolerance,
            tolerance_reached=reached,
            same_class=int(np.sum(network.predict(X) == _predictions(model, X))),
            test=_test_score(model, X[test], y[test]),
            seed=self.options.seed,
            versions=versions("cheaplearn", "numpy", "scipy", "scikit-learn", "onnx"),
            seconds=dict(self.steps.seconds),
            command=self.options.command,
            date=datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        )

    def _split(self) -> tuple[np.ndarray, np.ndarray]:
        from sklearn.model_selection import train_test_split

        rows = np.arange(len(self.samples.y))
        return train_test_split(
            rows, test_size=self.options.test, stratify=self.samples.y, random_state=self.options.seed
        )

    def _folds(self) -> StratifiedKFold:
        from sklearn.model_selection import StratifiedKFold

        return StratifiedKFold(self.options.folds, shuffle=True, random_state=self.options.seed)

    def _fit(self, training: np.ndarray, checkpoint: Path | None) -> HamiltonianClassifier:
        import pandas as pd

        from ..learning import HamiltonianClassifier

        model = HamiltonianClassifier(
            order=self.order,
            radius=self.radius,
            geometry=self.grid,
            symmetry=self.symmetry,
            cv=self._folds(),
            n_jobs=min(MOST_JOBS, os.cpu_count() or 1),
            random_state=self.options.seed,
            verbose=1,
            checkpoint=checkpoint,
        )
        X = pd.DataFrame(self.samples.X[training], columns=list(self.samples.variables))
        with self.steps.step("ladder", f"Scoring the ladder on {self.options.folds} folds of {len(training)} rows"):
            with bad_input():
                model.fit(X, self.samples.y[training])
        return model

    def _compare(self, training: np.ndarray, test: np.ndarray) -> Any:
        X, y = self.samples.X[training], self.samples.y[training]
        folds = self._folds().split(X, y)  # depends on the labels and the seed only: the same rows as in the ladder
        held_out = self.samples.X[test], self.samples.y[test]
        with self.steps.step("alternative", "Training a plain network on the same folds"):
            return score_mlp(X, y, folds, held_out, self.grid is not None, self.options.seed)


def _predictions(model: HamiltonianClassifier, X: np.ndarray) -> np.ndarray:
    return model.classes_[model.hamiltonian_.logits(X).argmax(axis=1)]


def _test_score(model: HamiltonianClassifier, X: np.ndarray, y: np.ndarray) -> TestScore:
    predicted = _predictions(model, X)
    confusion = np.zeros((len(model.classes_),) * 2, dtype=int)
    np.add.at(confusion, (np.searchsorted(model.classes_, y), np.searchsorted(model.classes_, predicted)), 1)
    return TestScore(right=int(np.sum(predicted == y)), rows=len(y), confusion=confusion)
