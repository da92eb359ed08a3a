"""Samples of real variables, and what a fit asks of them wherever they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, Protocol

import array_api_compat
import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from ..._messages import must_be
from ...hamiltonian import Variables
from ...hamiltonian.walls import Walls
from ..namespaces import is_tensor, to_host
from .errors import ScoreMoments, score_moments
from .functions import Functions
from .gaussian_model import MomentSums, moment_sums
from .rows import ScaledRows
from .sums import ScoreSums, SplitSums, split_sums, sums_of
from .units import ColumnMoments, column_moments

if TYPE_CHECKING:
    from ..density import HamiltonianDensity

__all__ = ["RealSamples", "Samples", "Summed", "read_real_samples"]

OWNER = "HamiltonianDensity"
BLOCK_ENTRIES = 1 << 20  # of the samples that are scaled at once: 8 MiB


class Summed(Protocol):
    """What a fit of one family asks for: sums over samples that may be gone."""

    def sums(self, functions: Functions) -> ScoreSums:
        """Returns the sums of score matching."""

    def gaussian_sums(self, variables: Variables) -> MomentSums:
        """Returns second moments of scaled variables."""


class Samples(Summed, Protocol):
    """What is asked of samples, wherever they are; all answers are merged over parts of them."""

    @property
    def count(self) -> int:
        """Number of samples."""

    def moments(self) -> ColumnMoments:
        """Returns mean and spread of each column."""

    def outside(self, walls: Walls) -> tuple[int, int, float] | None:
        """Returns row, column and value of the first that is beyond a wall."""

    def score_moments(self, functions: Functions, theta: np.ndarray) -> ScoreMoments:
        """Returns the moments of the gradients of the losses at couplings, shape (K,), for standard errors."""

    def part(self, chosen: np.ndarray) -> Samples:
        """Returns some of the samples, by their positions."""


@dataclass(frozen=True, eq=False)
class RealSamples:
    """Rows of positive weight.

    Args:
        X: Raw values, shape (samples, n), float64.
        weight: Positive sample weights, shape (samples,).
        groups: Group of each sample, or None.
        rows: Place of each sample among the rows passed to `fit`.
        n_rows: Number of rows passed to `fit`.
        like: An empty array of the namespace, dtype and device that sums are computed in.
    """

    X: np.ndarray
    weight: np.ndarray
    groups: np.ndarray | None
    rows: np.ndarray
    n_rows: int
    like: Any

    def part(self, chosen: np.ndarray | slice) -> RealSamples:
        """Returns some of the samples."""
        groups = None if self.groups is None else self.groups[chosen]
        kept = self.X[chosen], self.weight[chosen], groups, self.rows[chosen]
        return RealSamples(*kept, self.n_rows, self.like)

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.X)

    def moments(self) -> ColumnMoments:
        """Returns mean and spread of each column."""
        return column_moments(self.X, self.weight)

    def outside(self, walls: Walls) -> tuple[int, int, float] | None:
        """Returns row (of those passed to `fit`), column and value of the first that is beyond a wall."""
        if not walls.any:
            return None
        found = np.argwhere((self.X < walls.low) | (self.X > walls.high))
        if not len(found):
            return None
        row, column = found[0].tolist()
        return int(self.rows[row]), column, float(self.X[row, column])

    def sums(self, functions: Functions) -> ScoreSums:
        """Returns the sums of score matching."""
        return sums_of(functions.problem(self.X, self._uneven, self.like))

    def split_sums(self, functions: Functions, classes: np.ndarray) -> SplitSums:
        """Returns the sums of score matching, apart for each class of variables."""
        return split_sums(functions.problem(self.X, self._uneven, self.like), classes)

    def gaussian_sums(self, variables: Variables) -> MomentSums:
        """Returns second moments of scaled variables."""
        t, weight = ScaledRows(self.X, variables, self.like), self._uneven
        xp, device = array_api_compat.array_namespace(self.like), array_api_compat.device(self.like)
        step = max(1, BLOCK_ENTRIES // max(1, self.X.shape[1]))
        parts = []
        for first in range(0, max(len(self.X), 1), step):
            rows = slice(first, first + step)
            w = None if weight is None else xp.asarray(weight[rows], dtype=self.like.dtype, device=device)
            parts.append(moment_sums(t[rows, :], w))
        return reduce(add, parts)

    def score_moments(self, functions: Functions, theta: np.ndarray) -> ScoreMoments:
        """Returns the moments of the gradients of the losses at couplings, shape (K,)."""
        return score_moments(functions.problem(self.X, self._uneven, self.like), theta)

    @property
    def _uneven(self) -> np.ndarray | None:
        """The weights, None if all are 1."""
        return None if np.all(self.weight == 1) else self.weight

    def scaled(self, variables: Variables) -> tuple[Any, Any]:
        """Returns scaled variables and weights where sums are computed, shapes (samples, n) and (samples,)."""
        xp, device = array_api_compat.array_namespace(self.like), array_api_compat.device(self.like)
        t, w = variables.scaled(self.X), self.weight
        return tuple(xp.asarray(a, dtype=self.like.dtype, device=device) for a in (t, w))


def read_real_samples(
    model: HamiltonianDensity, X: Any, sample_weight: Any, groups: Any = None, reset: bool = True
) -> RealSamples:
    """Validates what was passed to `fit` and leaves out rows of weight 0.

    Args:
        model: The estimator; gets `n_features_in_` and `feature_names_in_`.
        X: Samples; an array of PyTorch or CuPy is summed where it is.
        sample_weight: Weights or None.
        groups: Groups or None.
        reset: Whether the columns may be other ones than before.

    Returns:
        The samples; they share memory with `X` if they can.

    Raises:
        ValueError: If a value is not finite, or weights are negative or all 0.
    """
    from ..density_arguments import check_geometry, read_rows

    like = _empty_like(X)
    values = read_rows(model, X, reset=reset)
    given = to_host(sample_weight) if is_tensor(sample_weight) else sample_weight
    weight = _check_sample_weight(given, values, dtype=np.float64, ensure_non_negative=True)
    check_consistent_length(values, groups)
    check_geometry(model, values.shape[1])
    counted, n_rows = np.flatnonzero(weight > 0), len(values)
    if not len(counted):
        raise ValueError(must_be("sample_weight", OWNER, "positive for some sample", "none"))
    chosen = None if groups is None else np.asarray(groups)[counted]
    if len(counted) < len(values):
        values, weight = values[counted], weight[counted]
    return RealSamples(values, weight, chosen, counted, n_rows, like)


def _empty_like(X: Any) -> Any:
    if array_api_compat.is_array_api_obj(X) and not array_api_compat.is_numpy_array(X):
        xp = array_api_compat.array_namespace(X)
        if not xp.isdtype(X.dtype, "real floating"):
            raise ValueError(must_be("X", OWNER, "of a floating-point type", X.dtype))
        return xp.empty((0,), dtype=X.dtype, device=array_api_compat.device(X))
    return np.empty(0)
