"""Chunks of a Dask collection: their weights, what is wrong with them, and how they are joined."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .._messages import must_be
from .clusters import Workers

if TYPE_CHECKING:
    from distributed import Future

__all__ = ["checked_weight", "chunk_weights", "neighbouring", "results_of"]

OWNER = "HamiltonianDensity"


def chunk_weights(given: Any, counts: list[int], workers: Workers) -> list[Any]:
    """Returns the weights of each chunk: arrays, futures of them, or None."""
    if given is None:
        return [None] * len(counts)
    if hasattr(given, "to_delayed"):
        blocks = workers.compute(given.to_delayed().ravel().tolist())
        lengths = [f.result() for f in workers.map(len, blocks)]
        if given.ndim != 1 or lengths != counts:
            advice = "Use sample_weight.rechunk((X.chunks[0],))."
            requirement = "a Dask array with chunks of as many rows as those of X"
            raise ValueError(must_be("sample_weight", OWNER, requirement, f"chunks of {lengths[:5]} ... rows", advice))
        return blocks
    weight = np.asarray(given, np.float64)
    if weight.shape != (sum(counts),):
        raise ValueError(must_be("sample_weight", OWNER, f"of shape ({sum(counts)},)", f"shape {weight.shape}"))
    return np.split(weight, np.cumsum(counts)[:-1])


def results_of(futures: list[Future]) -> list[Any]:
    """Returns the results in order, or raises the first message among them."""
    results = [future.result() for future in futures]
    for result in results:
        if isinstance(result, str):
            raise ValueError(result)
    return results


def checked_weight(weight: Any, count: int) -> np.ndarray:
    """Returns the weights of a chunk of `count` rows, refusing those that are none."""
    weight = np.ones(count) if weight is None else np.asarray(weight, np.float64)
    if not np.all((weight >= 0) & np.isfinite(weight)):
        wrong = weight[~((weight >= 0) & np.isfinite(weight))][0]
        raise ValueError(must_be("sample_weight", OWNER, "finite and not negative", wrong))
    return weight


def neighbouring(counts: list[int], number: int) -> list[slice]:
    """Divides chunks of so many samples into about equal runs, none of them empty."""
    ends = np.cumsum(counts)
    group = np.minimum((ends - np.array(counts) / 2) * number // max(ends[-1], 1), number - 1)
    bounds = [0, *(1 + np.flatnonzero(np.diff(group))).tolist(), len(counts)]
    return [slice(a, b) for a, b in pairwise(bounds) if sum(counts[a:b])]
