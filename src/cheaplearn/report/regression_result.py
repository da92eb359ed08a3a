"""What the report of a regression tells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .result import CompiledResult, wilson_error
from .strongest import strongest_terms

if TYPE_CHECKING:
    import pandas as pd

    from ..learning.regression.intervals import Spread

__all__ = ["PredictedRows", "RegressionResult"]


@dataclass(frozen=True, eq=False)
class PredictedRows:
    """Predictions for rows that took no part in any choice.

    Args:
        actual: What the rows say, shape (rows,).
        predicted: What the model says.
        lower: Lower ends of the intervals that should contain `level` of the rows; NaN if they are not known.
        upper: Their upper ends.
        level: That share.
    """

    actual: np.ndarray
    predicted: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    level: float = 0.95

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.actual)

    @property
    def rmse(self) -> float:
        """Root of the mean squared error, in the units of the target."""
        return float(np.sqrt(np.mean(self._squares)))

    @property
    def rmse_error(self) -> float:
        """Standard error of `rmse`, to first order."""
        return float(self._squares.std() / math.sqrt(self.rows) / (2 * self.rmse)) if self.rmse else 0.0

    @property
    def r2(self) -> float:
        """Share of the variance that is explained; NaN if all rows have one value."""
        spread = float(np.var(self.actual))
        return 1 - float(np.mean(self._squares)) / spread if spread else math.nan

    @property
    def r2_error(self) -> float:
        """Standard error of `r2`, to first order in numerator and denominator."""
        deviations = (self.actual - self.actual.mean()) ** 2
        if not deviations.any():
            return math.nan
        influence = (self._squares - (1 - self.r2) * deviations) / deviations.mean()
        return float(influence.std() / math.sqrt(self.rows))

    @property
    def covered(self) -> int | None:
        """Rows within their interval; None if the intervals are not known."""
        if not np.all(np.isfinite(self.lower)):
            return None
        return int(np.sum((self.lower <= self.actual) & (self.actual <= self.upper)))

    @property
    def coverage_error(self) -> float:
        """Standard error of the share of rows within their interval."""
        return wilson_error(self.covered or 0, self.rows)

    @property
    def _squares(self) -> np.ndarray:
        return (self.actual - self.predicted) ** 2


@dataclass(frozen=True, kw_only=True)
class RegressionResult(CompiledResult):
    """Everything the report of a regression shows.

    Args:
        couplings: Table `couplings` of the regressor.
        formula: The prediction as text.
        formula_note: How the formula relates to what was fitted.
        sparse: Whether terms that the data do not need were dropped.
        order: Order of what was fitted; with `sparse` it may be another than that of the chosen family.
        spread: How uncertain predictions are: what is saved with the model.
        noise: Standard deviation of the noise, in the units of the target; NaN if it is not known.
        largest_difference: Of the network's outputs from the predictions of the model on the rows of the data.
        test: Predictions for rows that took no part in any choice.
    """

    couplings: pd.DataFrame
    formula: str
    formula_note: str
    sparse: bool
    order: int
    noise: float
    spread: Spread
    largest_difference: float
    test: PredictedRows

    axis: ClassVar[str] = "held-out log-loss (nats per row)"  # what the picture of the ladder says
    loss: ClassVar[str] = "loss"
    unit: ClassVar[str] = " (nats)"

    @property
    def baselines(self) -> pd.DataFrame:
        """Models beside the ladder: none."""
        return self.ladder.iloc[:0]

    @property
    def terms(self) -> int:
        """Terms of the formula, or orbits of terms, without the constant."""
        orbits = self.hamiltonian.orbits
        return len(self.hamiltonian.monomials) if orbits is None else len(orbits)

    @property
    def numbers(self) -> int:
        """Numbers that the prediction is made of."""
        constant = int(self.hamiltonian.offsets[0] != 0)
        return self.terms + constant if self.sparse else int(self.chosen["parameters"])

    def strongest(self, count: int) -> pd.DataFrame:
        """Terms, strongest in scaled units first.

        Args:
            count: How many.

        Returns:
            Columns term, value, standard_error, lower, upper (units of the target per unit of the term in raw units).
        """
        return strongest_terms(self.hamiltonian, self.couplings, count, 1)
