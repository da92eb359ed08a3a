"""What the report of a density tells: plain records, filled by whoever ran the fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from ..hamiltonian import Hamiltonian

__all__ = ["DensityResult", "HeldOut"]


@dataclass(frozen=True)
class HeldOut:
    """Log-probability of rows that took no part in any choice.

    Args:
        model: What was scored.
        log_likelihood: Mean of ln p(row), nats.
        standard_error: That of the mean, nats, as if rows were independent.
        rows: Number of rows.
    """

    model: str
    log_likelihood: float
    standard_error: float
    rows: int


@dataclass(frozen=True)
class DensityResult:
    """Everything the report of a density shows.

    Args:
        name: What was fitted, for the title.
        kind: "bit", "spin" or "category".
        sequences: Whether the rows are sequences of an alignment.
        rows: Rows of data, counts included.
        training_rows: Rows the ladder was fitted and scored on.
        effective_rows: Sum of the weights, or None if rows are not weighted.
        weighing: What the weights are: "none", "counts", "weights" or "reweighting".
        folds: Number of folds of the ladder.
        blocked: Whether folds and test rows are stretches of consecutive rows.
        ladder: Table `ladder_` of the estimator.
        ladder_score: "log-likelihood" or "pseudo-log-likelihood": what its losses are, nats per row; None if there
            was nothing to choose and no family was scored.
        baselines: Table `baselines_`: model, parameters, loss, standard_error; no rows if no family was scored.
        notes: Sentences about what was not done as asked or not done at all.
        hamiltonian: The chosen model, fitted to all training rows; one column.
        couplings: Its table of couplings: term, value, standard_error, lower, upper (nats).
        strengths: Norm of the coupling of every pair of columns, shape (n, n), nats.
        contacts: For alignments: first, second (columns from 1), separation, score; best first.
        method: How the couplings were fitted.
        regularization: Its penalty, nats per squared coupling.
        log_partition: ln Z, nats.
        log_partition_bounds: Bounds or interval of ln Z, nats.
        log_partition_method: How it was found.
        log_partition_verified: Whether the bounds can be relied on.
        test: Score of rows that took no part in any choice.
        test_baselines: Scores of the independent model and the Chow-Liu tree of the training rows on the same rows.
        seed: Seed of the split and the folds.
        versions: Name and version of what made this.
        seconds: Duration of each step.
        command: The command line that repeats it.
        date: Day it was made, ISO format.
        verdict: What the ladder says, in words.
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
    log_partition: float
    log_partition_bounds: tuple[float, float]
    log_partition_method: str
    log_partition_verified: bool
    test: HeldOut
    test_baselines: tuple[HeldOut, ...]
    seed: int
    versions: Mapping[str, str]
    seconds: Mapping[str, float] = field(default_factory=dict)
    command: str = ""
    date: str = ""
    verdict: str = ""

    @property
    def chosen(self) -> pd.Series:
        """The row of the ladder that was chosen."""
        return self.ladder[self.ladder["chosen"]].iloc[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each column."""
        alphabet = self.hamiltonian.alphabet
        assert alphabet is not None
        return alphabet.names

    def strongest(self, count: int) -> pd.DataFrame:
        """Couplings of two or more columns, largest value first.

        Args:
            count: How many.

        Returns:
            Rows of `couplings`; terms that a symmetry ties are one row.
        """
        degrees = np.concatenate([
            np.full(len(sites), d) for d, sites in enumerate(self.hamiltonian.monomials.sites, 1)
        ])
        orbits = self.hamiltonian.orbits
        degrees = degrees if orbits is None else degrees[orbits.first]
        table = self.couplings.iloc[: len(degrees)][degrees > 1]
        order = np.argsort(-table["value"].abs().to_numpy(), kind="stable")
        return table.iloc[order[:count]]

    def pair_signs(self) -> np.ndarray:
        """Whether a pair of columns is more often equal or both 1 (1), or less often (-1), than without its coupling.

        Returns:
            Shape (n, n): -sign of the coupling of degree 2 of bits or spins; 0 where there is none, and
            everywhere for categories.
        """
        n = len(self.names)
        signs = np.zeros((n, n))
        sites = self.hamiltonian.monomials.sites
        if self.kind != "category" and len(sites) > 1:
            first, last = len(sites[0]), len(sites[0]) + len(sites[1])
            i, j = sites[1].T
            signs[i, j] = signs[j, i] = -np.sign(self.hamiltonian.coefficients[first:last, 0])
        return signs
