"""Units of variables and outputs in which sums are formed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

__all__ = ["Summary", "Units"]


@dataclass(frozen=True, eq=False)
class Summary:
    """Extremes and sums of rows; those of two sets of rows merge.

    Args:
        low: Smallest value of each variable, shape (n,).
        high: Largest.
        total: Weighted sum of each variable.
        outputs: Weighted sum of each output, shape (outputs,).
        deviations: Weighted sum of squared deviations of each output from its mean.
        weight: Total weight.
        rows: Number of rows.
    """

    low: np.ndarray
    high: np.ndarray
    total: np.ndarray
    outputs: np.ndarray
    deviations: np.ndarray
    weight: float
    rows: int

    def plus(self, other: Summary) -> Summary:
        """Returns the summary of the rows of both."""
        weight = self.weight + other.weight
        apart = self.outputs / self.weight - other.outputs / other.weight
        return Summary(
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.total + other.total,
            self.outputs + other.outputs,
            self.deviations + other.deviations + apart**2 * self.weight * other.weight / weight,
            weight,
            self.rows + other.rows,
        )

    @property
    def output_units(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each output (1 where it is constant)."""
        mean = self.outputs / self.weight
        deviation = np.sqrt(self.deviations / self.weight)
        # rounding of a constant is no deviation
        return mean, np.where(deviation > 1e-15 * np.abs(mean), deviation, 1.0)

    def center_and_scale(self, shared: bool) -> tuple[np.ndarray, np.ndarray]:
        """Returns mean and half the range of each variable, as `scaling.center_and_scale` does of rows."""
        constant = self.low == self.high
        center = np.where(constant, self.low, self.total / self.weight)
        half_range = self.high / 2 - self.low / 2
        if shared and not constant.all():
            half_range = np.full_like(half_range, self.high.max() / 2 - self.low.min() / 2)
        return center, np.where(half_range > 0, half_range, 1.0)


@dataclass(frozen=True, eq=False)
class Units:
    """t = (x - center) / scale and u = (y - y_center) / y_scale.

    Args:
        center: Shape (n,).
        scale: Shape (n,), positive.
        y_center: Shape (outputs,).
        y_scale: Shape (outputs,), positive.
    """

    center: np.ndarray
    scale: np.ndarray
    y_center: np.ndarray
    y_scale: np.ndarray

    def same_variables(self, other: Units) -> bool:
        """Whether the variables have the same units in both."""
        return np.array_equal(self.center, other.center) and np.array_equal(self.scale, other.scale)

    def variables(self, X: Any) -> Any:
        """Returns t of raw rows, any array of the array API."""
        return (X - _like(self.center, X)) / _like(self.scale, X)

    def outputs(self, Y: Any) -> Any:
        """Returns u of raw outputs."""
        return (Y - _like(self.y_center, Y)) / _like(self.y_scale, Y)


def _like(values: np.ndarray, array: Any) -> Any:
    return array_namespace(array).asarray(values, dtype=array.dtype, device=device(array))
