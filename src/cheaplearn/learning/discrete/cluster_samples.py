"""Samples that stay on a Dask cluster: each chunk of a Dask array is encoded where it is, and only sums travel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._messages import must_be
from ...hamiltonian import Alphabet
from ..chunks import checked_weight, chunk_weights, neighbouring, results_of
from ..clusters import number_of_partitions
from .distributed import ClusterPlace, ClusterSums, partition_on_worker
from .losses import Loss
from .partition import Partition
from .pattern import Pattern
from .samples import DiscreteSamples, Place
from .states import sorted_states, states_of
from .terms import Terms

if TYPE_CHECKING:
    from distributed import Future

__all__ = ["ClusterSamples", "read_collection"]

OWNER = "HamiltonianDensity"


def read_collection(
    X: Any, sample_weight: Any, kind: str, names: tuple[str, ...], states: list[np.ndarray] | None, place: ClusterPlace
) -> ClusterSamples:
    """Encodes the chunks of a Dask array where they are computed.

    Args:
        X: Dask array, shape (samples, n); the same each time it is computed, because lost chunks are computed again.
        sample_weight: None, an array, or a Dask array with chunks of as many rows.
        kind: "spin", "bit" or "category".
        names: Name of each column.
        states: States of each column, or None for those that occur.
        place: The cluster.

    Returns:
        The samples; neighbouring chunks are joined, and different rows of a chunk are there once.

    Raises:
        ValueError: If a value is no state (says row and column) or weights are negative, all 0 or of another number.
    """
    workers = place.workers
    whole_rows = X if X.numblocks[1] == 1 else X.rechunk({1: -1})
    blocks = workers.compute(whole_rows.to_delayed().ravel().tolist())
    counts = [f.result() for f in workers.map(len, blocks)]
    offsets = [0, *accumulate(counts)]
    weights = chunk_weights(sample_weight, counts, workers)
    if states is None:
        found = results_of(workers.map(partial(_states, names=names), blocks, weights, offsets[:-1]))
        states = [
            sorted_states(set().union(*sets), name) for sets, name in zip(zip(*found, strict=True), names, strict=True)
        ]
    alphabet = Alphabet(names, tuple(states))
    shared = workers.put(alphabet)
    encoded = workers.map(_encoded, blocks, weights, offsets[:-1], [shared] * len(blocks))
    counts = results_of(workers.map(_size, encoded))
    groups = neighbouring(counts, number_of_partitions(sum(counts), workers.n_threads))
    owners = workers.owners(len(groups))
    pieces = [workers.submit(_joined, encoded[part], owner=owner) for part, owner in zip(groups, owners, strict=True)]
    sizes = [f.result() for f in workers.map(_size_and_total, pieces)]
    if not sizes:
        raise ValueError(must_be("sample_weight", OWNER, "positive for some sample", "none"))
    total = sum(weight for _, weight in sizes)
    samples = ClusterSamples(alphabet, total, [count for count, _ in sizes], place, pieces)
    place.keep(samples)
    return samples


@dataclass(eq=False)
class ClusterSamples:
    """Samples on a cluster: what a fit asks of `DiscreteSamples`, merged over pieces.

    Args:
        alphabet: The states of each site.
        total: Total sample weight.
        counts: Different rows of each piece.
        place: The cluster; None once released.
        pieces: One future of `DiscreteSamples` for each run of chunks.
    """

    alphabet: Alphabet
    total: float
    counts: list[int]
    place: ClusterPlace | None
    pieces: list[Future]

    @property
    def count(self) -> int:
        """Number of rows; equal rows of different pieces count several times."""
        return sum(self.counts)

    def distinct(self) -> ClusterSamples:
        """Returns these samples: the rows of a piece are different."""
        return self

    def number_distinct(self, limit: int) -> int:
        """Returns how many rows are different, counted up to a limit."""
        if max(self.counts) >= limit:
            return limit
        return min(limit, len(self._merged(_different, partial(_some_different, limit=limit))))

    def state_weights(self) -> list[np.ndarray]:
        """Returns for each site the weight of each of its states, shape (q,)."""
        return np.split(self._merged(_added, _state_weights), np.cumsum(self.alphabet.sizes)[:-1])

    def joint_states(self) -> np.ndarray:
        """Returns which two states occur together, over all states of all sites, shape (S, S)."""
        return self._merged(_added, DiscreteSamples.joint_states)

    def sums(self, _: Place, pattern: Pattern, loss: Loss) -> ClusterSums:
        """Returns what sums losses over the samples, where these are."""
        place = self._open
        share = place.share(len(self.pieces))
        partitions = self._mapped(partial(_partition, share=share), (pattern, loss))
        sums = ClusterSums(place.workers, partitions, [0, *accumulate(self.counts)][:-1])
        place.keep(sums)
        return sums

    def square_sums(self, kind: str, pattern: Pattern, step: int) -> np.ndarray:
        """Returns the summed squares of each cofactor over every `step`-th sample, and last their weight."""
        return self._merged(_added, _square_sums, (kind, pattern, step))

    def feature_sums(self, terms: Terms) -> np.ndarray:
        """Returns the weighted sum of every monomial, shape (couplings,)."""
        return self._merged(_added, DiscreteSamples.feature_sums, terms)

    def feature_squares(self, terms: Terms, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns weighted sums of outer squares of monomials less their means, and of these."""
        return self._merged(_both_added, _feature_squares, (terms, means))

    def release(self) -> None:
        """Frees the memory of the workers; sums can no longer be asked for."""
        self.place, self.pieces = None, []

    @property
    def _open(self) -> ClusterPlace:
        if self.place is None:
            message = "the samples of this fit have left the cluster: fit again"
            raise RuntimeError(message)
        return self.place

    def _mapped(self, function: Callable[..., Any], *given: Any) -> list[Future]:
        """Applies a function to every piece and what is given."""
        workers = self._open.workers
        return workers.map(function, self.pieces, *([workers.put(value)] * len(self.pieces) for value in given))

    def _merged(self, plus: Callable[..., Any], function: Callable[..., Any], *given: Any) -> Any:
        parts = self._mapped(function, *given)
        return self._open.workers.merge(plus, parts).result()


def _states(block: Any, weight: Any, first_row: int, names: tuple[str, ...]) -> list[set[Any]] | str:
    """Returns the states of each column that occur in a chunk, or what is wrong with it."""
    try:
        X = np.asarray(block)
        counted = np.flatnonzero(checked_weight(weight, len(X)) > 0)
        return [states_of(X[counted, i], counted + first_row, name) for i, name in enumerate(names)]
    except ValueError as err:
        return str(err)


def _encoded(block: Any, weight: Any, first_row: int, alphabet: Alphabet) -> DiscreteSamples | str:
    """Returns the samples of a chunk, different rows once, or what is wrong with it."""
    try:
        weight = checked_weight(weight, len(block))
        codes = alphabet.encode(block, OWNER, first_row)
    except ValueError as err:
        return str(err)
    rows = np.flatnonzero(weight > 0)
    samples = DiscreteSamples(codes[rows], weight[rows], alphabet, None, rows + first_row, len(codes))
    return samples.distinct() if len(rows) else samples


def _size(samples: DiscreteSamples | str) -> int | str:
    return samples if isinstance(samples, str) else samples.count


def _joined(parts: list[DiscreteSamples]) -> DiscreteSamples:
    if len(parts) == 1:
        return parts[0]
    codes, weight, rows = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("codes", "weight", "rows")
    )
    return replace(parts[0], codes=codes, weight=weight, rows=rows, n_rows=len(rows)).distinct()


def _size_and_total(samples: DiscreteSamples) -> tuple[int, float]:
    return samples.count, samples.total


def _state_weights(samples: DiscreteSamples) -> np.ndarray:
    return np.concatenate(samples.state_weights())


def _some_different(samples: DiscreteSamples, limit: int) -> np.ndarray:
    return samples.codes[:limit]


def _different(parts: list[np.ndarray]) -> np.ndarray:
    return np.unique(np.concatenate(parts), axis=0)


def _square_sums(samples: DiscreteSamples, given: tuple[str, Pattern, int]) -> np.ndarray:
    return samples.square_sums(*given)


def _feature_squares(samples: DiscreteSamples, given: tuple[Terms, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return samples.feature_squares(*given)


def _partition(samples: DiscreteSamples, family: tuple[Pattern, Loss], share: float) -> Partition:
    pattern, loss = family
    return partition_on_worker(samples.atoms(loss.kind), samples.weight, pattern, loss, share)


def _added(parts: list[np.ndarray]) -> np.ndarray:
    return sum(parts[1:], start=parts[0])


def _both_added(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    first, second = zip(*parts, strict=True)
    return _added(first), _added(second)
