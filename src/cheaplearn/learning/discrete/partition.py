"""Partial sums of one part of the samples; they add up over parts, so parts may live on other machines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .fields import Block, Products, products_of
from .losses import Loss
from .pattern import Pattern
from .score_moments import ScoreMoments, ScorePoint, score_moments

__all__ = ["Partition", "Sums"]

BLOCK_BYTES = 6 << 20  # fields, slopes and cofactors of one block of samples: about what caches hold
KEPT_BYTES = 1 << 30  # curvatures kept between calls; more is computed anew
LEAST_BYTES = 4 << 20  # of a block: below, waking threads takes longer than the sums


class Sums(NamedTuple):
    """What the samples of one part add to.

    Args:
        sites: Sum of the loss of each site, shape (n,).
        slots: Its derivative by each slot of W, shape (slots,).
        curvature: Second derivative by each field, summed, shape (atoms,).
    """

    sites: np.ndarray
    slots: np.ndarray
    curvature: np.ndarray

    def plus(self, other: Sums) -> Sums:
        """Returns the sums of both parts together."""
        return Sums(*(a + b for a, b in zip(self, other, strict=True)))


@dataclass(eq=False)
class Partition:
    """Some samples with their sums.

    Sums and gradients are float64. Products of the second derivative, which only steer the solver, are float32.

    Args:
        atoms: Shape (atoms, samples), int8.
        weight: Sample weights, shape (samples,).
        pattern: Where the couplings stand.
        loss: What is summed.
        threads: Blocks worked on at a time; 0 for one per core.
        kept_bytes: Memory that curvatures (and as much that samples) may take between calls; without enough of it they
            are computed anew.
    """

    atoms: np.ndarray
    weight: np.ndarray
    pattern: Pattern
    loss: Loss
    threads: int = 0
    kept_bytes: int = KEPT_BYTES
    _blocks: dict[int, Block] = field(default_factory=dict, repr=False)
    _kept: tuple[np.ndarray, dict[int, np.ndarray]] | None = field(default=None, repr=False)  # theta, curvatures

    def first(self, theta: np.ndarray) -> Sums:
        """Sums, gradient and curvature.

        Args:
            theta: Couplings, shape (couplings,).

        Returns:
            The sums of these samples.
        """
        keep = self._keeps
        self._kept = None  # frees the memory; an interrupted call leaves nothing behind
        curvatures: dict[int, np.ndarray] = {}

        products = products_of(self.pattern, np.float64)
        W = products.couplings(theta)

        def work(part: slice) -> Sums:
            block, w = products.read(self.atoms[:, part]), self.weight[part]
            sites, slope, kept = self.loss.first(products.fields(W, block), block.x, w)
            if not np.all(np.isfinite(sites)):  # a step that is too long
                return Sums(sites, products.sums(block, np.zeros_like(block.x)), np.zeros(len(block.x)))
            if keep:
                with np.errstate(over="ignore"):  # only where the line search will take a shorter step
                    curvatures[part.start] = kept.astype(np.float32)
            return Sums(sites, products.sums(block, slope), self.loss.curvature(kept, w))

        total = _total(self._map(work), Sums.plus)
        self._kept = (theta.copy(), curvatures) if keep else None
        return total._replace(slots=products.by_slot(total.slots))

    def second(self, theta: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Second derivative of the sums at theta times a direction.

        Args:
            theta: Couplings, shape (couplings,).
            direction: Shape (couplings,).

        Returns:
            By slot, shape (slots,); computed in float32, summed over blocks in float64.
        """
        if self._keeps and (self._kept is None or not np.array_equal(theta, self._kept[0])):
            self.first(theta)  # a copy on another worker: the same numbers to the last bit
        curvatures = self._kept[1] if self._kept else None

        products = products_of(self.pattern, np.float32)
        W, V = products.couplings(theta), products.couplings(direction)

        def work(part: slice) -> np.ndarray:
            block, w = self._block(products, part), self.weight[part].astype(np.float32)
            kept = curvatures[part.start] if curvatures else self.loss.first(products.fields(W, block), block.x, w)[2]
            slope = self.loss.second(kept, products.fields(V, block), block.x, w)
            return products.sums(block, slope).astype(np.float64)

        return products.by_slot(_total(self._map(work), np.add))

    def _block(self, products: Products, part: slice) -> Block:
        """Returns a block in float32, kept if all of them fit."""
        if (self.pattern.n_rows + self.pattern.n_columns) * self.atoms.shape[1] * 4 > self.kept_bytes:
            return products.read(self.atoms[:, part])
        if part.start not in self._blocks:
            self._blocks[part.start] = products.read(self.atoms[:, part])
        return self._blocks[part.start]

    def score_moments(self, point: ScorePoint) -> ScoreMoments:
        """Second derivatives and squared scores, for standard errors.

        Args:
            point: Where.

        Returns:
            The sums of these samples.
        """
        return score_moments(self.atoms, self.weight, self.pattern, self.loss, point)

    def forget(self) -> None:
        """Frees what is kept between calls; the next call computes it anew."""
        self._kept = None
        self._blocks.clear()

    def __sizeof__(self) -> int:
        return super().__sizeof__() + self.atoms.nbytes + self.weight.nbytes

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_kept": None, "_blocks": {}}  # a copy computes its own

    @property
    def _keeps(self) -> bool:
        return self.atoms.size * 4 <= self.kept_bytes

    def _map(self, work: Callable[[slice], Any]) -> Iterator[Any]:
        """Applies `work` to blocks of samples of bounded memory, several at a time."""
        count, cores = self.atoms.shape[1], self.threads or os.cpu_count() or 1
        width = 8 * (self.pattern.n_rows + 5 * self.pattern.n_columns)
        size = max(256, LEAST_BYTES // width, min(BLOCK_BYTES // width, -(-count // cores)))
        parts = [slice(first, min(first + size, count)) for first in range(0, count, size)]
        if cores == 1 or len(parts) == 1:
            yield from map(work, parts)
            return
        yield from _pool(cores).map(work, parts)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Returns threads that outlive a call: a fit makes a hundred calls of a few milliseconds."""
    return ThreadPoolExecutor(threads, "cheaplearn")


if hasattr(os, "register_at_fork"):  # threads do not survive a fork
    os.register_at_fork(after_in_child=_pool.cache_clear)


def _total(results: Iterator[Any], plus: Callable[[Any, Any], Any]) -> Any:
    total = next(results)
    for result in results:
        total = plus(total, result)
    return total
