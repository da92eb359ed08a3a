"""The main job step by step: read, split, climb the ladder, compare, compile, check."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..report import FitResult, GenericSizes, TestScore
from .alternatives import score_mlp
from .exits import bad_input, say
from .options import read_grid, read_order, read_radius, read_symmetry
from .steps import Steps, versions
from .tables import Samples
from .task import check_classes, resolve_task

if TYPE_CHECKING:
    from sklearn.model_selection import StratifiedKFold

    from ..geometry import Grid
    from ..learning import HamiltonianClassifier
    from ..network import Network

__all__ = ["DEFAULT_TOLERANCE", "FitOptions", "Job"]

MOST_JOBS = 4  # families scored at a time: each holds its own features in memory
DEFAULT_TOLERANCE = 1e-2  # nats: changes a probability by at most one percent of itself


@dataclass(frozen=True)
class FitOptions:
    """What the user asked for.

    Args:
        grid: Grid as text, or None.
        periodic: Whether its axes close into rings.
        order: "auto" or a number, as text.
        radius: "auto", "all" or a number, as text.
        folds: Number of folds of the ladder.
        test: Share of rows kept out of every choice.
        box: Range of the variables, per name or for all; None for the range of the data.
        tolerance: Largest certified error, nats; None for the default, which may be exceeded with a note.
        dtype: "float32" or "float64".
        activation: Name of the activation.
        seed: Seed of everything random.
        task: "auto" or a task.
        command: The command line.
        symmetry: "none", "auto" or names joined by +.
    """

    grid: str | None
    periodic: bool
    order: str
    radius: str
    folds: int
    test: float
    box: Any
    tolerance: float | None
    dtype: str
    activation: str
    seed: int
    task: str
    command: str = ""
    symmetry: str = "none"


@dataclass
class Job:
    """One fit: checks when made, works when run.

    Args:
        samples: What to learn from.
        options: What was asked for.

    Raises:
        BadInput: If options and samples do not fit together.
    """

    samples: Samples
    options: FitOptions
    steps: Steps = field(default_factory=Steps)

    def __post_init__(self) -> None:
        samples, options = self.samples, self.options
        task, why = resolve_task(options.task, samples.y)
        say(f"Task: {task} ({why}).")
        check_classes(samples.y, options.folds, options.test, samples.target)
        self.grid: Grid | None = read_grid(options.grid or samples.grid, samples.X.shape[1], options.periodic)
        self.order = read_order(options.order)
        self.radius = read_radius(options.radius, self.grid)
        self.symmetry = self._symmetry()
        self.box = self._box()
        self._check_compiler_options()

    def run(self) -> FitResult:
        """Does the work.

        Returns:
            What the report tells.
        """
        training, test = self._split()
        model = self._fit(training)
        alternative = self._compare(training, test)
        network, tolerance, reached = self._compile(model)
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

    def _symmetry(self) -> str | None:
        """Reads the symmetry, so that a wrong one is refused before the long fit."""
        from ..learning.symmetry_names import read_symmetries

        symmetry = read_symmetry(self.options.symmetry)
        with bad_input():
            read_symmetries(symmetry, self.grid, self.samples.X.shape[1], None, "HamiltonianClassifier")
        return symmetry

    def _box(self) -> dict[str, tuple[float, float]]:
        names, X = self.samples.variables, self.samples.X
        given = self.options.box or self.samples.box
        if isinstance(given, tuple):
            return dict.fromkeys(names, given)
        given = given or {}
        unknown = [name for name in given if name not in names]
        if unknown:
            from .exits import BadInput

            listed = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
            message = f"`--box` must be about the variables {listed}, got an unknown variable {unknown[0]!r}."
            raise BadInput(message)
        data = zip(names, X.min(axis=0).tolist(), X.max(axis=0).tolist(), strict=True)
        return {name: given.get(name, (low, high)) for name, low, high in data}

    def _check_compiler_options(self) -> None:
        """Compiles a toy with the same options, so that a wrong one is refused before the long fit."""
        from ..compiler import compile as compile_network
        from ..polynomial import Polynomial

        with bad_input():
            toy = Polynomial.parse("x")
            compile_network(toy, (-1, 1), None, dtype=self.options.dtype, activation=self.options.activation)
            if self.options.tolerance is not None:
                loose = max(self.options.tolerance, 1.0) if self.options.tolerance > 0 else self.options.tolerance
                compile_network(toy, (-1, 1), loose)

    def _split(self) -> tuple[np.ndarray, np.ndarray]:
        from sklearn.model_selection import train_test_split

        rows = np.arange(len(self.samples.y))
        return train_test_split(
            rows, test_size=self.options.test, stratify=self.samples.y, random_state=self.options.seed
        )

    def _folds(self) -> StratifiedKFold:
        from sklearn.model_selection import StratifiedKFold

        return StratifiedKFold(self.options.folds, shuffle=True, random_state=self.options.seed)

    def _fit(self, training: np.ndarray) -> HamiltonianClassifier:
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

    def _compile(self, model: HamiltonianClassifier) -> tuple[Network, float, bool]:
        """Compiles to the tolerance; only a default tolerance may give way, and then it is said."""
        from ..compiler import ToleranceError
        from ..compiler import compile as compile_network

        options = self.options
        wanted = DEFAULT_TOLERANCE if options.tolerance is None else options.tolerance
        what = f"Compiling to {options.dtype} with a certified error of at most {wanted:g} nats"
        with self.steps.step("compile", what):
            try:
                network = compile_network(model, self.box, wanted, options.dtype, options.activation)
                return network, wanted, True
            except ToleranceError as err:
                if options.tolerance is not None or err.network is None:
                    raise
                self.steps.note(f"The default tolerance of {wanted:g} nats is out of reach in {options.dtype}: {err}")
                return err.network, wanted, False


def _predictions(model: HamiltonianClassifier, X: np.ndarray) -> np.ndarray:
    return model.classes_[model.hamiltonian_.logits(X).argmax(axis=1)]


def _test_score(model: HamiltonianClassifier, X: np.ndarray, y: np.ndarray) -> TestScore:
    predicted = _predictions(model, X)
    confusion = np.zeros((len(model.classes_),) * 2, dtype=int)
    np.add.at(confusion, (np.searchsorted(model.classes_, y), np.searchsorted(model.classes_, predicted)), 1)
    return TestScore(right=int(np.sum(predicted == y)), rows=len(y), confusion=confusion)
