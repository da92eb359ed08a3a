"""What the report of a density tells: plain records, filled by whoever ran the fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .strongest import strongest_terms

if TYPE_CHECKING:
    import pandas as pd

    from ..hamiltonian import Hamiltonian
    from ..hamiltonian.normalizable import Normalizability
    from ..hamiltonian.partition import LogPartition

__all__ = ["DensityResult", "HeldOut", "RealFindings"]

_AXES = {
    "log-likelihood": "held-out loss (nats per row)",
    "pseudo-log-likelihood": "held-out pseudo-likelihood loss (nats per row)",
    "Hyvarinen score": "held-out Hyv\u00e4rinen score per row (lower is better)",
}


@dataclass(frozen=True)
class HeldOut:
    """Score of rows that took no part in any choice.

    Args:
        model: What was scored.
        mean: Mean of ln p(row), nats, or of another score.
        standard_error: That of the mean, as if rows were independent.
        rows: Number of rows.
    """

    model: str
    mean: float
    standard_error: float
    rows: int


@dataclass(frozen=True)
class RealFindings:
    """What only a density of real variables has.

    Args:
        existence: Whether the density exists, and why.
        bounds: (low, high) of each variable, infinite where it does not end; None if none does.
        scores: Hyvarinen scores of the rows that took no part in any choice, in the units of the ladder: of the chosen
            model and of independent Gaussians. Lower is better.
    """

    existence: Normalizability
    bounds: tuple[tuple[float, float], ...] | None
    scores: tuple[HeldOut, ...]


@dataclass(frozen=True)
class DensityResult:
    """Everything the report of a density shows.

    Args:
        name: What was fitted, for the title.
        kind: "bit", "spin", "category" or "real".
        sequences: Whether the rows are sequences of an alignment.
        rows: Rows of data, counts included.
        training_rows: Rows the ladder was fitted and scored on.
        effective_rows: Sum of the weights, or None if rows are not weighted.
        weighing: What the weights are: "none", "counts", "weights" or "reweighting".
        folds: Number of folds of the ladder.
        blocked: Whether folds and test rows are stretches of consecutive rows.
        ladder: Table `ladder_` of the estimator.
        ladder_score: "log-likelihood" or "pseudo-log-likelihood" (what its losses are the negative of, nats per row),
            or "Hyvarinen score" (no nats); None if there was nothing to choose and no family was scored.
        baselines: Table `baselines_`: model, parameters, loss, standard_error; no rows if no family was scored.
        notes: Sentences about what was not done as asked or not done at all.
        hamiltonian: The chosen model, fitted to all training rows; one column.
        couplings: Its table `couplings`.
        strengths: Norm of the coupling of every pair of columns, shape (n, n), nats; of real variables in their scaled
            units.
        contacts: For alignments: first, second (columns from 1), separation, score; best first.
        method: How the couplings were fitted.
        regularization: Its penalty, nats per squared coupling.
        partition: ln Z; None if the density does not exist, or ln Z could not be found.
        test: ln p of rows that took no part in any choice; None without ln Z.
        test_baselines: The same of models that need no choice, fitted to the training rows.
        seed: Seed of the split and the folds.
        versions: Name and version of what made this.
        seconds: Duration of each step.
        command: The command line that repeats it.
        date: Day it was made, ISO format.
        verdict: What the ladder says, in one sentence.
        real: What only a density of real variables has.
    """

    name: str
    kind: str
    sequences: bool
    rows: int
    training_rows: int
    effective_rows: float | None
    weighing: str
    folds: int
    blocked: bool
    ladder: pd.DataFrame
    ladder_score: str | None
    baselines: pd.DataFrame
    notes: tuple[str, ...]
    hamiltonian: Hamiltonian
    couplings: pd.DataFrame
    strengths: np.ndarray
    contacts: pd.DataFrame | None
    method: str
    regularization: float
    partition: LogPartition | None
    test: HeldOut | None
    test_baselines: tuple[HeldOut, ...]
    seed: int
    versions: Mapping[str, str]
    seconds: Mapping[str, float] = field(default_factory=dict)
    command: str = ""
    date: str = ""
    verdict: str = ""
    real: RealFindings | None = None

    @property
    def chosen(self) -> pd.Series:
        """The row of the ladder that was chosen."""
        return self.ladder[self.ladder["chosen"]].iloc[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each column."""
        alphabet = self.hamiltonian.alphabet
        return self.hamiltonian.variables.names if alphabet is None else alphabet.names

    @property
    def unit(self) -> str:
        """Unit of the losses of the ladder, in brackets; empty if they have none that has a name."""
        return " (nats)" if self.real is None else ""

    @property
    def axis(self) -> str:
        """What the axis of losses in a picture of the ladder says."""
        return _AXES[self.ladder_score or "log-likelihood"]

    @property
    def loss(self) -> str:
        """What the losses of the ladder are called."""
        return "loss" if self.real is None else "Hyv\u00e4rinen score"

    @property
    def n_couplings(self) -> int:
        """How many couplings there are for `strongest` to choose from."""
        return len(self.strongest(len(self.couplings)))

    def strongest(self, count: int) -> pd.DataFrame:
        """Couplings of two or more columns, largest first; of real variables all terms but the constant.

        Args:
            count: How many.

        Returns:
            Columns term, value, standard_error, lower, upper: nats, of real variables per unit of the term in raw
            units (sorted by strength in scaled ones).
        """
        return strongest_terms(self.hamiltonian, self.couplings, count, 2 if self.real is None else 1)

    def pair_signs(self) -> np.ndarray:
        """Whether a pair of columns is more often equal or both 1 (1), or less often (-1), than without its coupling.

        Returns:
            Shape (n, n): -sign of the coupling of degree 2 of bits, spins or real variables (1: they tend to be on the
            same side of their means); 0 where there is none, and everywhere for categories.
        """
        n = len(self.names)
        signs = np.zeros((n, n))
        sites = self.hamiltonian.monomials.sites
        if self.kind != "category" and len(sites) > 1:
            first, last = len(sites[0]), len(sites[0]) + len(sites[1])
            i, j = sites[1].T
            signs[i, j] = signs[j, i] = -np.sign(self.hamiltonian.coefficients[first:last, 0])
            np.fill_diagonal(signs, 0)
        return signs
