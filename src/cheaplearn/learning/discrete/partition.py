"""Partial sums of one part of the samples; they add up over parts, so parts may live on other machines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .fields import Block, Products, products_of
from .losses import Loss
from .pattern import Pattern
from .score_moments import ScoreMoments, ScorePoint, score_moments

__all__ = ["Partition", "Sums"]

BLOCK_BYTES = 24 << 20  # fields, slopes and cofactors of one block of samples
KEPT_BYTES = 1 << 30  # curvatures kept between calls; more is computed anew
LEAST_BYTES = 4 << 20  # of a block: below, starting threads takes longer than the sums


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
    """

    atoms: np.ndarray
    weight: np.ndarray
    pattern: Pattern
    loss: Loss
    threads: int = 0
    _kept: dict[int, np.ndarray] = field(default_factory=dict, repr=False)
    _blocks: dict[int, Block] = field(default_factory=dict, repr=False)
    _theta: np.ndarray | None = field(default=None, repr=False)

    def first(self, theta: np.ndarray) -> Sums:
        """Sums, gradient and curvature.

        Args:
            theta: Couplings, shape (couplings,).

        Returns:
            The sums of these samples.
        """
        keep = self.atoms.size * 4 <= KEPT_BYTES
        self._theta = theta.copy() if keep else None

        products = products_of(self.pattern, np.float64)
        W = products.couplings(theta)

        def work(part: slice) -> Sums:
            block, w = products.read(self.atoms[:, part]), self.weight[part]
            sites, slope, kept = self.loss.first(products.fields(W, block), block.x, w)
            if keep:
                self._kept[part.start] = kept.astype(np.float32)
            return Sums(sites, products.sums(block, slope), self.loss.curvature(kept, w))

        total = _total(self._map(work), Sums.plus)
        return total._replace(slots=products.by_slot(total.slots))

    def second(self, theta: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Second derivative of the sums at theta times a direction.

        Args:
            theta: Couplings, shape (couplings,).
            direction: Shape (couplings,).

        Returns:
            By slot, shape (slots,); computed in float32, summed over blocks in float64.
        """
        known = self._theta is not None and np.array_equal(theta, self._theta)

        products = products_of(self.pattern, np.float32)
        W, V = products.couplings(theta), products.couplings(direction)

        def work(part: slice) -> np.ndarray:
            block, w = self._block(products, part), self.weight[part].astype(np.float32)
            kept = self._kept[part.start] if known else self.loss.first(products.fields(W, block), block.x, w)[2]
            slope = self.loss.second(kept, products.fields(V, block), block.x, w)
            return products.sums(block, slope).astype(np.float64)

        return products.by_slot(_total(self._map(work), np.add))

    def _block(self, products: Products, part: slice) -> Block:
        """Returns a block in float32, kept if all of them fit."""
        if (self.pattern.n_rows + self.pattern.n_columns) * self.atoms.shape[1] * 4 > KEPT_BYTES:
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

    def _map(self, work: Callable[[slice], Any]) -> Iterator[Any]:
        """Applies `work` to blocks of samples of bounded memory, several at a time."""
        count, cores = self.atoms.shape[1], self.threads or os.cpu_count() or 1
        width = 8 * (self.pattern.n_rows + 5 * self.pattern.n_columns)
        size = max(128, LEAST_BYTES // width, min(BLOCK_BYTES // width, -(-count // cores)))
        parts = [slice(first, min(first + size, count)) for first in range(0, count, size)]
        if cores == 1 or len(parts) == 1:
            yield from map(work, parts)
            return
        with ThreadPoolExecutor(cores) as pool:
            yield from pool.map(work, parts)


def _total(results: Iterator[Any], plus: Callable[[Any, Any], Any]) -> Any:
    total = next(results)
    for result in results:
        total = plus(total, result)
    return total
