"""Sums of samples on a Dask cluster: every worker holds some partitions, and only sums travel.

Whatever lives on a worker is the result of a task whose inputs the scheduler keeps, so a lost worker costs time and
nothing else. Sums are merged in the order of the samples, whichever worker is first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

import numpy as np

from ..clusters import Workers, connected, number_of_partitions, one_thread
from .losses import Loss
from .partition import Partition, Sums
from .pattern import Pattern
from .score_moments import ScoreMoments, ScorePoint

if TYPE_CHECKING:
    from distributed import Future

__all__ = ["ClusterPlace", "ClusterSums", "Releasable", "cluster", "partition_on_worker"]

MOST_BYTES = 32 << 20  # of a partition on its way to a worker
KEPT_SHARE = 1 / 4  # of a worker's memory, for curvatures


class Releasable(Protocol):
    """What holds memory of a cluster."""

    def release(self) -> None:
        """Frees it."""


@contextmanager
def cluster(engine: str) -> Generator[ClusterPlace]:
    """Connects to a cluster; what was made there is released when the context is left.

    Args:
        engine: "dask" for the current Dask client, or the address of a scheduler.

    Yields:
        What divides samples among the workers.

    Raises:
        ValueError: If Dask is missing, has no client, or no scheduler or worker answers.
    """
    with connected(engine) as workers:
        place = ClusterPlace(workers)
        try:
            yield place
        finally:
            place.release()


@dataclass(eq=False)
class ClusterPlace:
    """Divides samples among workers.

    Args:
        workers: The cluster.
    """

    workers: Workers
    _made: WeakSet[Releasable] = field(default_factory=WeakSet, repr=False)

    def __call__(self, atoms: np.ndarray, weight: np.ndarray, pattern: Pattern, loss: Loss) -> ClusterSums:
        """Sends each worker its samples, one bit for each atom.

        Args:
            atoms: Shape (atoms, samples), int8, of two different values.
            weight: Sample weights, shape (samples,).
            pattern: Where the couplings stand.
            loss: What is summed.

        Returns:
            Their sums.
        """
        parts = _parts(atoms.shape[1], len(atoms), self.workers.n_threads)
        low = -1 if loss.kind == "spin" else 0
        packed = [(_packed(atoms[:, part]), weight[part], low) for part in parts]
        family = self.workers.put((pattern, loss))
        owners, share = self.workers.owners(len(parts)), self.share(len(parts))
        futures = [
            self.workers.submit(_unpacked_partition, *piece, family, share, owner=owner)
            for piece, owner in zip(packed, owners, strict=True)
        ]
        sums = ClusterSums(self.workers, futures, [part.start for part in parts])
        self.keep(sums)
        return sums

    def share(self, count: int) -> float:
        """Returns the share of a worker's memory that each of `count` partitions may keep curvatures in."""
        return KEPT_SHARE / math.ceil(count / len(self.workers.threads))

    def keep(self, made: Releasable) -> None:
        """Remembers to release what was made here, if it still exists then."""
        self._made.add(made)

    def release(self) -> None:
        """Frees the memory of the cluster."""
        for made in self._made:
            made.release()


@dataclass(eq=False)
class ClusterSums:
    """Sums over partitions that live on workers; the same methods as one `Partition`.

    Args:
        workers: The cluster; None once released.
        partitions: One future of a `Partition` for each part of the samples.
        offsets: Samples before each part.
    """

    workers: Workers | None
    partitions: list[Future]
    offsets: list[int]

    def first(self, theta: np.ndarray) -> Sums:
        """Returns sums, gradient and curvature at theta, shape (couplings,)."""
        return self._merged(_first, theta)

    def second(self, theta: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Returns the second derivative at theta times a direction, shape (slots,)."""
        return self._merged(_second, (theta, direction))

    def score_moments(self, point: ScorePoint) -> ScoreMoments:
        """Returns second derivatives and squared scores, for standard errors."""
        return self._merged(_score_moments, point)

    def release(self) -> None:
        """Frees the memory of the workers; sums can no longer be asked for."""
        self.workers, self.partitions = None, []

    def _merged(self, sums: Callable[..., Any], given: Any) -> Any:
        """Applies `sums` to every partition, what is given and the samples before it."""
        if self.workers is None:
            message = "the samples of this fit have left the cluster: fit again"
            raise RuntimeError(message)
        everywhere = [self.workers.put(given)] * len(self.partitions)
        parts = self.workers.map(sums, self.partitions, everywhere, self.offsets)
        return self.workers.merge(_plus, parts).result()


def _parts(count: int, n_atoms: int, n_threads: int) -> list[slice]:
    """Cuts samples into equal runs."""
    number = min(count, max(number_of_partitions(count, n_threads), math.ceil(count * n_atoms / 8 / MOST_BYTES)))
    bounds = [count * k // number for k in range(number + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(bounds)]


def _packed(atoms: np.ndarray) -> tuple[np.ndarray, int]:
    return np.packbits(atoms > 0, axis=1), atoms.shape[1]


def _unpacked_partition(
    packed: tuple[np.ndarray, int], weight: np.ndarray, low: int, family: tuple[Pattern, Loss], share: float
) -> Partition:
    bits, count = packed
    atoms = np.unpackbits(bits, axis=1, count=count).view(np.int8)
    return partition_on_worker(atoms if low == 0 else 2 * atoms - 1, weight, *family, share)


def partition_on_worker(atoms: np.ndarray, weight: np.ndarray, pattern: Pattern, loss: Loss, share: float) -> Partition:
    """Returns a partition that keeps curvatures in a share of the memory of the worker this runs on."""
    from distributed import get_worker
    from distributed.system import MEMORY_LIMIT

    memory = get_worker().memory_manager.memory_limit or MEMORY_LIMIT
    return Partition(atoms, weight, pattern, loss, threads=1, kept_bytes=int(share * memory))


def _first(partition: Partition, theta: np.ndarray, _: int) -> Sums:
    with one_thread():  # a worker's threads hold one partition each
        return partition.first(theta)


def _second(partition: Partition, given: tuple[np.ndarray, np.ndarray], _: int) -> np.ndarray:
    with one_thread():
        return partition.second(*given)


def _score_moments(partition: Partition, point: ScorePoint, offset: int) -> ScoreMoments:
    with one_thread():
        return partition.score_moments(replace(point, offset=offset))


def _plus(parts: list[Any]) -> Any:
    return reduce(lambda a, b: a + b if isinstance(a, np.ndarray) else a.plus(b), parts)
