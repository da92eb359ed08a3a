"""What a report tells: plain records, filled by whoever ran the fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from ..hamiltonian import Hamiltonian
    from ..network import Network

__all__ = ["Alternative", "FitResult", "GenericSizes", "TestScore"]


@dataclass(frozen=True)
class Alternative:
    """A generic model trained on the same folds, to compare with.

    Args:
        name: What it is, in words.
        parameters: Free parameters.
        loss: Held-out log-loss, nats per sample.
        standard_error: That of the loss.
        accuracy: Share of held-out rows classified correctly.
        test_accuracy: The same on the rows that took no part in any choice.
        note: Anything the reader should know, for example that training did not converge.
    """

    name: str
    parameters: int
    loss: float
    standard_error: float
    accuracy: float
    test_accuracy: float
    note: str = ""


@dataclass(frozen=True)
class GenericSizes:
    """How large models without structure would be.

    Args:
        values: v, number of different values a variable takes in the data (the largest over the variables).
        variables: n.
        classes: K.
        log10_table: Decimal logarithm of the v^n rows of a table that lists every possible input.
        full_orders: Degree d and free parameters (C(n + d, d)) K of all polynomials up to that degree.
    """

    values: int
    variables: int
    classes: int
    log10_table: float
    full_orders: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, X: np.ndarray, n_classes: int) -> GenericSizes:
        """Counts for a data set.

        Args:
            X: Shape (rows, variables).
            n_classes: Number of classes.

        Returns:
            The sizes.

        Example:
            >>> GenericSizes.of(np.array([[0, 1], [1, 0], [2, 0]]), n_classes=2).full_orders
            ((1, 6), (2, 12), (3, 20))
        """
        n = X.shape[1]
        values = max(len(np.unique(column)) for column in X.T)
        orders = tuple((d, math.comb(n + d, d) * n_classes) for d in (1, 2, 3))
        return cls(values, n, n_classes, n * math.log10(values), orders)


@dataclass(frozen=True)
class TestScore:
    """Accuracy on rows that took no part in any choice.

    Args:
        right: Rows classified correctly.
        rows: Rows in all.
        confusion: Counts, shape (classes, classes): true class by row, predicted by column.
    """

    __test__ = False  # not a test of pytest, whatever its name

    right: int
    rows: int
    confusion: np.ndarray

    @property
    def accuracy(self) -> float:
        """Share classified correctly."""
        return self.right / self.rows

    @property
    def standard_error(self) -> float:
        """Half of Wilson's 68 % interval, which stays above zero where every row is right."""
        p, n = self.accuracy, self.rows
        return math.sqrt(p * (1 - p) / n + 1 / (4 * n * n)) / (1 + 1 / n)


@dataclass(frozen=True)
class FitResult:
    """Everything the report shows.

    Args:
        name: What was fitted, for the title.
        source: Where the data came from.
        target: Name of the label column.
        rows: Rows of data.
        training_rows: Rows the ladder was fitted and scored on.
        folds: Number of folds of the ladder.
        ladder: Table `ladder_` of the classifier.
        notes: Sentences about what was not done as asked or not done at all.
        alternatives: Generic models on the same folds.
        generic: Sizes of models without structure.
        hamiltonian: The chosen model, fitted to all training rows.
        network: The network compiled from it, with its certificate.
        tolerance: Largest error asked for, nats.
        tolerance_reached: Whether the certificate meets it.
        same_class: Rows on which network and model name the same class.
        test: Accuracy on rows that took no part in any choice.
        seed: Seed of the split, the folds and the alternatives.
        versions: Name and version of what made this.
        seconds: Duration of each step.
        command: The command line that repeats it.
        date: Day it was made, ISO format.
        verdict: What the ladder says, in words.
    """

    name: str
    source: str
    target: str
    rows: int
    training_rows: int
    folds: int
    ladder: pd.DataFrame
    notes: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    generic: GenericSizes
    hamiltonian: Hamiltonian
    network: Network
    tolerance: float
    tolerance_reached: bool
    same_class: int
    test: TestScore
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
