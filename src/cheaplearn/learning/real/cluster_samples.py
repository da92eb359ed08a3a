"""Real samples on a Dask cluster: rows stay where they are; only sums travel, merged in the order of the samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from itertools import accumulate, pairwise
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._messages import must_be
from ...hamiltonian import Variables
from ..chunks import checked_weight, chunk_weights, neighbouring, results_of
from ..clusters import Workers, number_of_partitions, one_thread
from ..density_arguments import collection_array
from .errors import ScoreMoments
from .functions import Functions
from .gaussian_model import MomentSums
from .samples import RealSamples
from .sums import ScoreSums
from .units import ColumnMoments
from .walls import Walls

if TYPE_CHECKING:
    from distributed import Future

    from ..density import HamiltonianDensity

__all__ = ["ClusterPlace", "ClusterRealSamples"]

OWNER = "HamiltonianDensity"
MOST_BYTES = 32 << 20  # of a part on its way to a worker
Question = tuple[str, tuple[Any, ...]]


@dataclass(eq=False)
class ClusterPlace:
    """Brings samples to the workers.

    Args:
        workers: The cluster.
    """

    workers: Workers

    def sent(self, samples: RealSamples) -> ClusterRealSamples:
        """Sends each worker its rows, once."""
        count = samples.count
        parts = max(number_of_partitions(count, self.workers.n_threads), -(-samples.X.nbytes // MOST_BYTES))
        edges = [count * k // min(parts, count) for k in range(min(parts, count) + 1)]
        rows = [slice(a, b) for a, b in pairwise(edges)]
        owners = self.workers.owners(len(rows))
        pieces = [
            self.workers.submit(_kept, samples.part(some), owner=owner)
            for some, owner in zip(rows, owners, strict=True)
        ]
        return ClusterRealSamples(self.workers, pieces, np.diff(edges).tolist())

    def collected(self, model: HamiltonianDensity, X: Any, sample_weight: Any, groups: Any) -> ClusterRealSamples:
        """Reads the chunks of a Dask array or DataFrame where they are computed.

        Args:
            model: The estimator; gets `n_features_in_` and `feature_names_in_`.
            X: Dask array or DataFrame, shape (samples, n); the same each time it is computed, because lost chunks
                are computed again.
            sample_weight: None, an array, or a Dask array with chunks of as many rows.
            groups: Must be None.

        Returns:
            The samples; neighbouring chunks are joined, and rows of weight 0 are gone.

        Raises:
            ValueError: If a value is not finite (says row and column), weights are negative, all 0 or of another
                number, or the geometry has another number of sites.
        """
        X, workers = collection_array(model, X, groups), self.workers
        whole_rows = X if X.numblocks[1] == 1 else X.rechunk({1: -1})
        blocks = workers.compute(whole_rows.to_delayed().ravel().tolist())
        counts = [future.result() for future in workers.map(len, blocks)]
        offsets = [0, *accumulate(counts)][:-1]
        read = workers.map(_read, blocks, chunk_weights(sample_weight, counts, workers), offsets)
        counts = results_of(workers.map(_size, read))
        groups_of_chunks = neighbouring(counts, number_of_partitions(sum(counts), workers.n_threads))
        if not groups_of_chunks:
            raise ValueError(must_be("sample_weight", OWNER, "positive for some sample", "none"))
        owners = workers.owners(len(groups_of_chunks))
        pieces = [
            workers.submit(_joined, read[some], owner=owner)
            for some, owner in zip(groups_of_chunks, owners, strict=True)
        ]
        return ClusterRealSamples(workers, pieces, [sum(counts[some]) for some in groups_of_chunks])


@dataclass(eq=False)
class ClusterRealSamples:
    """Samples on a cluster: what a fit asks of `RealSamples`, merged over pieces.

    Args:
        workers: The cluster.
        pieces: One future of `RealSamples` for each part of the samples, none of them empty.
        counts: Samples of each.
    """

    workers: Workers
    pieces: list[Future]
    counts: list[int]

    @property
    def count(self) -> int:
        """Number of samples."""
        return sum(self.counts)

    def moments(self) -> ColumnMoments:
        """Returns mean and spread of each column."""
        return self._merged("moments")

    def outside(self, walls: Walls) -> tuple[int, int, float] | None:
        """Returns row, column and value of the first that is beyond a wall."""
        if walls.open:
            return None
        found = self._asked("outside", walls)
        return self.workers.merge(_first, found).result()

    def sums(self, functions: Functions) -> ScoreSums:
        """Returns the sums of score matching."""
        return self._merged("sums", functions)

    def gaussian_sums(self, variables: Variables) -> MomentSums:
        """Returns second moments of scaled variables."""
        return self._merged("gaussian_sums", variables)

    def score_moments(self, functions: Functions, theta: np.ndarray) -> ScoreMoments:
        """Returns the moments of the gradients of the losses at couplings, shape (K,)."""
        return self._merged("score_moments", functions, theta)

    def part(self, chosen: np.ndarray) -> ClusterRealSamples:
        """Returns some of the samples, by their positions: only these travel."""
        edges = np.cumsum([0, *self.counts])
        cuts = np.searchsorted(rows := np.sort(chosen), edges)
        some = [(k, rows[a:b] - edges[k]) for k, (a, b) in enumerate(pairwise(cuts.tolist())) if b > a]
        pieces = self.workers.map(RealSamples.part, [self.pieces[k] for k, _ in some], [place for _, place in some])
        return ClusterRealSamples(self.workers, pieces, [len(place) for _, place in some])

    def _asked(self, question: str, *given: Any) -> list[Future]:
        """Asks every piece."""
        once = [self.workers.put(value) for value in given]
        return self.workers.map(
            _answer, [question] * len(self.pieces), self.pieces, *([v] * len(self.pieces) for v in once)
        )

    def _merged(self, question: str, *given: Any) -> Any:
        return self.workers.merge(_added, self._asked(question, *given)).result()


def _kept(samples: RealSamples) -> RealSamples:
    return samples


def _read(block: Any, weight: Any, first_row: int) -> RealSamples | str:
    """Returns the samples of a chunk, or what is wrong with it."""
    try:
        weight = checked_weight(weight, len(block))
        X = np.asarray(block, dtype=np.float64)
    except (ValueError, TypeError) as err:
        return str(err)
    wrong = np.argwhere(~np.isfinite(X))
    if len(wrong):
        row, column = wrong[0].tolist()
        got = f"{X[row, column]} in row {row + first_row}, column {column}"
        return must_be("X", OWNER, "finite numbers", got, "Leave the row out, or fill the gap.")
    rows = np.flatnonzero(weight > 0)
    return RealSamples(X[rows], weight[rows], None, rows + first_row, len(X), np.empty(0))


def _size(samples: RealSamples | str) -> int | str:
    return samples if isinstance(samples, str) else samples.count


def _joined(parts: list[RealSamples]) -> RealSamples:
    if len(parts) == 1:
        return parts[0]
    whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ("X", "weight", "rows")}
    return replace(parts[0], **whole, n_rows=sum(part.n_rows for part in parts))


def _answer(question: str, samples: RealSamples, *given: Any) -> Any:
    with one_thread():  # a worker's threads hold one part each
        return getattr(samples, question)(*given)


def _added(parts: list[Any]) -> Any:
    return reduce(add, parts)


def _first(found: list[Any]) -> Any:
    return next((one for one in found if one is not None), None)
