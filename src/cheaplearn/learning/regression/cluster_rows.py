"""Rows on a Dask cluster: every worker holds some chunks; sums, and losses of single rows, travel."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._messages import must_be
from ..clusters import Workers
from .chunks import Chunk

if TYPE_CHECKING:
    from distributed import Future

__all__ = ["ClusterRows", "distributed_chunk", "distributed_collection"]

OWNER = "HamiltonianRegressor"
LEAST_ROWS = 1024  # of a chunk: fewer cost less than the message about them


@dataclass(frozen=True, eq=False)
class ClusterRows:
    """Chunks on workers.

    Args:
        workers: The cluster.
        chunks: One future of a `Chunk` each.
        bounds: Number of the first row of each chunk, and the number of rows.
    """

    workers: Workers
    chunks: list[Future]
    bounds: np.ndarray

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.bounds[-1])

    def map(self, function: Callable[..., Any], *given: Any, by_row: tuple[np.ndarray, ...] = ()) -> list[Any]:
        """Returns the result of each chunk, in order."""
        return self.workers.client.gather(self._submitted(function, given, by_row))

    def merged(
        self,
        function: Callable[..., Any],
        plus: Callable[[Any, Any], Any],
        *given: Any,
        by_row: tuple[np.ndarray, ...] = (),
    ) -> Any:
        """Returns the results of all chunks, merged on the workers in order."""
        merge = _Merge(plus)
        return self.workers.merge(merge, self._submitted(function, given, by_row)).result()

    def _submitted(
        self, function: Callable[..., Any], given: tuple[Any, ...], by_row: tuple[np.ndarray, ...]
    ) -> list[Future]:
        everywhere = self.workers.put(given)
        parts = [tuple(array[a:b] for array in by_row) for a, b in itertools.pairwise(self.bounds)]
        count = len(self.chunks)
        return self.workers.map(_applied, self.chunks, [function] * count, [everywhere] * count, parts)


@dataclass(frozen=True)
class _Merge:
    plus: Callable[[Any, Any], Any]

    def __call__(self, parts: list[Any]) -> Any:
        return reduce(self.plus, parts)


def _applied(chunk: Chunk, function: Callable[..., Any], given: tuple[Any, ...], parts: tuple[Any, ...]) -> Any:
    return function(chunk, *given, *parts)


def distributed_chunk(chunk: Chunk, workers: Workers) -> ClusterRows:
    """Sends each worker its part of rows that are here.

    Args:
        chunk: All rows.
        workers: The cluster.

    Returns:
        The rows there.
    """
    n = chunk.X.shape[0]
    count = max(1, min(workers.n_threads, n // LEAST_ROWS))
    bounds = np.array([n * k // count for k in range(count + 1)])
    parts = [slice(a, b) for a, b in itertools.pairwise(bounds)]
    futures = [
        workers.submit(_made, chunk.X[part], chunk.Y[part], chunk.weight[part], owner=owner)
        for part, owner in zip(parts, workers.owners(count), strict=True)
    ]
    return ClusterRows(workers, futures, bounds)


def distributed_collection(X: Any, y: Any, weight: np.ndarray | None, workers: Workers) -> tuple[ClusterRows, Any]:
    """Uses a Dask array where it is, chunk by chunk.

    Args:
        X: Dask array, shape (samples, n).
        y: Dask or NumPy array, shape (samples,) or (samples, outputs).
        weight: Shape (samples,), or None.
        workers: The cluster.

    Returns:
        Rows of positive weight, and the weight of every row that was passed.

    Raises:
        ValueError: If X and y have different numbers of rows, or a value is not finite.
    """
    import dask.array as da

    if np.isnan(X.shape[0]):
        X = X.compute_chunk_sizes()
    X = X.rechunk({1: -1})
    Y = y.compute_chunk_sizes() if isinstance(y, da.Array) and np.isnan(y.shape[0]) else y
    if Y.shape[0] != X.shape[0]:
        raise ValueError(must_be("y", OWNER, f"of {X.shape[0]} rows", f"{Y.shape[0]}"))
    passed = np.ones(X.shape[0]) if weight is None else np.asarray(weight, np.float64)
    if passed.shape != (X.shape[0],) or np.any(passed < 0) or not np.all(np.isfinite(passed)):
        raise ValueError(must_be("sample_weight", OWNER, f"{X.shape[0]} non-negative numbers", f"{passed.shape}"))
    edges = np.append(0, np.cumsum(X.chunks[0]))
    values = workers.compute(list(X.to_delayed().ravel()))
    if isinstance(Y, da.Array):
        columns = {} if Y.ndim == 1 else {1: -1}
        outputs: list[Any] = workers.compute(list(Y.rechunk({0: X.chunks[0], **columns}).to_delayed().ravel()))
    else:
        outputs = [Y[a:b] for a, b in itertools.pairwise(edges)]
    futures, bounds = [], [0]
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        kept = int(np.count_nonzero(passed[a:b]))
        if kept:
            futures.append(workers.submit(_made, values[k], outputs[k], passed[a:b]))
            bounds.append(bounds[-1] + kept)
    return ClusterRows(workers, futures, np.array(bounds)), passed


def _made(X: Any, y: Any, weight: np.ndarray) -> Chunk:
    """Validates the rows of a chunk, where they are."""
    X, Y = np.asarray(X, np.float64), np.asarray(y, np.float64)
    if not (np.all(np.isfinite(X)) and np.all(np.isfinite(Y))):
        raise ValueError(must_be("X", OWNER, "finite, and so must y", "NaN or infinity"))
    Y = Y[:, None] if Y.ndim == 1 else Y
    counted = weight > 0
    return Chunk(X, Y, weight) if counted.all() else Chunk(X[counted], Y[counted], weight[counted])
