"""The density job step by step: split, climb the ladder, score on rows that took no part in any choice."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..report import DensityResult
from .density_data import DensityData
from .density_findings import discrete_findings, real_findings
from .density_split import Part, deal_counts, split_rows
from .exits import BadInput, bad_input, say
from .options import checked_symmetry, read_grid, read_order, read_radius, read_strength
from .steps import Steps, versions
from .task import check_split

if TYPE_CHECKING:
    import pandas as pd

    from ..geometry import Grid
    from ..learning import HamiltonianDensity

__all__ = ["DensityJob", "DensityOptions"]

MOST_COUNTS = 10**9  # what NumPy's multivariate hypergeometric numbers can deal out
PENALTY = 0.02  # for each effective sequence: Ekeberg et al., Physical Review E 87, 012707 (2013), lambda = 0.01
CONTACT_SEPARATION = 5  # columns nearer than this touch whatever the fold


@dataclass(frozen=True)
class DensityOptions:
    """What the user asked for.

    Args:
        grid: Grid as text, or None.
        periodic: Whether its axes close into rings.
        order: "auto" or a number, as text.
        radius: "auto", "all" or a number, as text.
        method: How couplings are fitted, as the estimator calls it, or "auto".
        l1: "auto" or a number, as text.
        regularization: "auto" or a number, as text.
        folds: Number of folds of the ladder.
        blocked: Whether folds and test rows are stretches of consecutive rows.
        test: Share of rows kept out of every choice.
        seed: Seed of everything random.
        command: The command line.
        symmetry: "none", "auto" or names joined by +.
        normalizable: Of real variables: "check" or "guarantee".
    """

    grid: str | None
    periodic: bool
    order: str
    radius: str
    method: str
    l1: str
    regularization: str
    folds: int
    blocked: bool
    test: float
    seed: int
    command: str = ""
    symmetry: str = "none"
    normalizable: str = "check"


@dataclass
class DensityJob:
    """One fit of a density: checks when made, works when run.

    Args:
        data: What to learn from.
        options: What was asked for.

    Raises:
        BadInput: If options and data do not fit together.
    """

    data: DensityData
    options: DensityOptions
    steps: Steps = field(default_factory=Steps)

    def __post_init__(self) -> None:
        data, options = self.data, self.options
        say(f"Task: density of {len(data.table.columns)} columns of kind {data.kind} ({data.why}).")
        for note in data.notes:
            self.steps.note(note)
        check_split(options.folds, options.test)
        self.grid: Grid | None = read_grid(options.grid, len(data.table.columns), options.periodic)
        self.order = read_order(options.order)
        self.radius = read_radius(options.radius, self.grid)
        self.symmetry = checked_symmetry(
            options.symmetry, self.grid, len(data.table.columns), "HamiltonianDensity", data.kind
        )
        self._check_options_of_kinds()
        self.l1 = read_strength(options.l1, "--l1")
        self.regularization = read_strength(options.regularization, "--regularization", ("auto", "search"))
        if options.blocked and data.weighing == "counts":
            message = "`--blocked` must be left out with counts: they do not say in which order the rows came."
            raise BadInput(message)
        self._check_rows()

    def run(self, checkpoint: Path | None = None) -> DensityResult:
        """Does the work.

        Args:
            checkpoint: Folder in which scores of finished families are kept and looked for, or None.

        Returns:
            What the report tells.
        """
        data, weight = self.data, self.data.weight
        training, test = self._split()
        model = self._fit(training, checkpoint)
        if data.kind == "real":
            found = real_findings(model, data, training, test, self.steps)
        else:
            found = discrete_findings(model, training, test, self.steps)
        return DensityResult(
            name=data.name,
            kind=data.kind,
            sequences=data.sequences,
            rows=training.rows + test.rows,
            training_rows=training.rows,
            effective_rows=float(weight.sum()) if weight is not None and data.weighing != "counts" else None,
            weighing=data.weighing,
            folds=self.options.folds,
            blocked=self.options.blocked,
            ladder=model.ladder_,
            ladder_score=getattr(model, "ladder_score_", None),  # neither is there if nothing was to be chosen
            baselines=getattr(model, "baselines_", model.ladder_.iloc[:0]),
            notes=self._notes(model),
            hamiltonian=model.hamiltonian_,
            couplings=model.hamiltonian_.couplings,
            strengths=found.strengths,
            contacts=_contacts(found.strengths, data.table.columns) if data.sequences else None,
            method=model.method_,
            regularization=float(model.regularization_),
            partition=found.partition,
            test=found.test,
            test_baselines=found.test_baselines,
            seed=self.options.seed,
            versions=versions("cheaplearn", "numpy", "scipy", "numba"),
            seconds=dict(self.steps.seconds),
            command=self.options.command,
            date=datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            verdict=model.verdict_ if hasattr(model, "ladder_score_") else "",
            real=found.real,
        )

    def _penalty(self, training: Part) -> float | str:
        """What was asked for; for alignments "auto" is the usual choice, because letters are seen too rarely."""
        if not self.data.sequences or self.regularization != "auto":
            return self.regularization
        rows = len(training.table) if training.weight is None else float(training.weight.sum())
        self.steps.note(
            f"Regularization {PENALTY * rows:.4g} nats per squared coupling: {PENALTY} for each of {rows:,.1f} "
            "effective sequences, the usual choice for alignments (Ekeberg et al. 2013). --regularization takes "
            "another value."
        )
        return PENALTY * rows

    def _notes(self, model: HamiltonianDensity) -> tuple[str, ...]:
        """Every sentence once: the estimator warns of the first of its own."""
        own = [*model.ladder_notes_, *model.notes_]
        repeated = tuple(f"HamiltonianDensity: {note}" for note in own)
        return (*(note for note in self.steps.notes if not note.startswith(repeated)), *own)

    def _check_options_of_kinds(self) -> None:
        options, kind = self.options, self.data.kind
        if options.normalizable not in {"check", "guarantee"}:
            message = f"`--normalizable` must be check or guarantee, got {options.normalizable!r}."
            raise BadInput(message)
        if options.normalizable != "check" and kind != "real":
            message = f"`--normalizable` must go with real numbers, but the columns are of kind {kind}. Leave it out."
            raise BadInput(message)

    def _check_rows(self) -> None:
        rows = len(self.data.table)
        if self.data.weighing == "counts" and self.data.weight is not None:
            rows = int(self.data.weight.sum())
            if rows >= MOST_COUNTS:
                message = f"`--counts` must add up to less than {MOST_COUNTS:,}, got {rows:,}. Divide them."
                raise BadInput(message)
        left = rows - self._test_rows(rows)
        if self._test_rows(rows) < 1 or left < self.options.folds:
            message = (
                f"`--test` and `--cv` must leave a row to score and one for each of {self.options.folds} folds, got a "
                f"share of {self.options.test:g} of {rows} rows. Lower --cv, or gather more rows."
            )
            raise BadInput(message)

    def _test_rows(self, rows: int) -> int:
        return round(self.options.test * rows)

    def _split(self) -> tuple[Part, Part]:
        """Training and test rows: the last ones if blocked, counts dealt out one by one, or else at random."""
        table, weight = self.data.table, self.data.weight
        rng = np.random.default_rng(self.options.seed)
        if self.data.weighing == "counts" and weight is not None:
            return deal_counts(table, weight, self.options.test, self.options.folds, rng)
        return split_rows(table, weight, self._test_rows(len(table)), self.options.blocked, rng)

    def _folds(self, training: Part) -> Any:
        from sklearn.model_selection import KFold, PredefinedSplit

        if training.fold is not None:
            return PredefinedSplit(training.fold)
        if self.options.blocked:
            return KFold(self.options.folds)
        return KFold(self.options.folds, shuffle=True, random_state=self.options.seed)

    def _fit(self, training: Part, checkpoint: Path | None) -> HamiltonianDensity:
        from ..learning import HamiltonianDensity

        options = self.options
        of_real: dict[str, Any] = {"bounds": self.data.bounds, "normalizable": options.normalizable}
        model = HamiltonianDensity(
            kind=self.data.kind,
            order=self.order,
            radius=self.radius,
            geometry=self.grid,
            method=options.method,
            regularization=self._penalty(training),
            l1=self.l1,
            cv=self._folds(training),
            labels=self.data.labels,
            random_state=options.seed,
            verbose=1,
            symmetry=self.symmetry,
            checkpoint=checkpoint,
            **(of_real if self.data.kind == "real" else {}),
        )
        how = "blocks of consecutive rows" if options.blocked else "folds"
        what = f"Scoring the ladder on {options.folds} {how} of {training.rows:,} rows"
        if "auto" not in {self.order, self.radius, self.symmetry}:
            what = f"Fitting order {self.order}, radius {self.radius} to {training.rows:,} rows"
        with self.steps.step("fit", what), bad_input():
            model.fit(training.table, sample_weight=training.weight)
        return model


def _contacts(strengths: np.ndarray, names: pd.Index) -> pd.DataFrame:
    from ..learning import contact_scores, top_contacts

    scores = contact_scores(strengths)
    table = top_contacts(scores, len(names) ** 2, CONTACT_SEPARATION)
    return table.assign(first=table["first"] + 1, second=table["second"] + 1)  # columns are counted from 1 in files
