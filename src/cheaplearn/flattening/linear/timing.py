"""Wall-clock time of a chain beside that of its dense matrix."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .base import LinearMap

__all__ = ["Timing", "time_against_dense"]


@dataclass(frozen=True)
class Timing:
    """Median seconds of one application to all samples.

    Args:
        chain_seconds: Of the chain: one sparse product a factor (SciPy, one thread).
        dense_seconds: Of the dense matrix: one product (BLAS, as many threads as it takes).
        samples: Vectors multiplied at a time.
    """

    chain_seconds: float
    dense_seconds: float
    samples: int

    @property
    def ratio(self) -> float:
        """Dense seconds over those of the chain: > 1 where the chain is faster."""
        return self.dense_seconds / self.chain_seconds


def time_against_dense(chain: LinearMap, samples: int, repeats: int) -> Timing:
    """Times both on the same random vectors.

    Args:
        chain: The chain.
        samples: Vectors at a time.
        repeats: Timed applications of each, after one that is not timed.

    Returns:
        The medians.
    """
    matrix = chain.dense()
    columns = np.random.default_rng(0).standard_normal((chain.shape[1], samples)).astype(matrix.dtype)
    chain_seconds = _median(lambda: chain.apply(columns), repeats)
    return Timing(chain_seconds, _median(lambda: matrix @ columns, repeats), samples)


def _median(call: Callable[[], object], repeats: int) -> float:
    call()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
