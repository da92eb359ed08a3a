"""Partial sums of samples that live in another namespace than NumPy's, on whatever device (array API)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..._messages import must_be
from ..namespaces import like, namespace_of, to_host
from .losses import ConditionalLoss, Loss
from .partition import Sums
from .pattern import Pattern
from .score_moments import ScoreMoments, ScorePoint, score_moments

__all__ = ["ArrayPartition"]

BLOCK_ENTRIES = 1 << 26  # cofactors, fields and slopes of the samples worked on together
MOST_CELLS = 1 << 28  # of the dense matrix of couplings


@dataclass(eq=False)
class ArrayPartition:
    """Pseudo-likelihood of spins or bits, summed where a tensor lives; else as `Partition`.

    Sums and gradients are float64, products of the second derivative float32, as there. Couplings are a dense matrix,
    which devices multiply fastest. Standard errors, wanted once, are summed on this machine.

    Args:
        atoms: Shape (atoms, samples), int8, NumPy.
        weight: Sample weights, shape (samples,), NumPy.
        pattern: Where the couplings stand.
        loss: The pseudo-likelihood of spins or bits.
        example: An array that says namespace and device.

    Raises:
        ValueError: If the loss is another one, or the couplings are too many for a dense matrix.
    """

    atoms: np.ndarray
    weight: np.ndarray
    pattern: Pattern
    loss: Loss
    example: Any
    _kept: tuple[np.ndarray, dict[int, Any]] | None = field(default=None, repr=False)  # theta, curvatures

    def __post_init__(self) -> None:
        owner, advice = "HamiltonianDensity", "Pass X.cpu().numpy()."
        if not isinstance(self.loss, ConditionalLoss) or self.loss.kind == "category":
            got = f"a tensor for {type(self.loss).__name__} of kind {self.loss.kind}"
            raise ValueError(must_be("X", owner, "an array except for pseudo-likelihood of spins or bits", got, advice))
        if self.pattern.n_rows * self.pattern.n_columns > MOST_CELLS:
            got = f"a tensor for {self.pattern.n_rows:,} x {self.pattern.n_columns:,} of them"
            raise ValueError(
                must_be("X", owner, f"an array beyond {MOST_CELLS:,} pairs of cofactor and site", got, advice)
            )

    def first(self, theta: np.ndarray) -> Sums:
        """Sums, gradient and curvature, as `Partition.first`."""
        xp = self._xp
        W = self._couplings(theta, xp.float64)
        total: Sums | None = None
        curvatures: dict[int, Any] = {}
        for part in self._blocks():
            U, x, w = self._read(part, xp.float64)
            losses, slope, bend = self._loss(W @ U, x, w)
            curvatures[part.start] = xp.astype(bend, xp.float32)
            sums = Sums(*(to_host(a) for a in (losses, slope @ U.T, xp.sum(bend, axis=1))))
            total = sums if total is None else total.plus(sums)
        assert total is not None  # there are samples
        self._kept = (theta.copy(), curvatures)
        return total._replace(slots=total.slots[self.pattern.column, self.pattern.row])

    def second(self, theta: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Second derivative times a direction by slot, as `Partition.second`."""
        if self._kept is None or not np.array_equal(theta, self._kept[0]):
            self.first(theta)
        assert self._kept is not None
        xp, curvatures = self._xp, self._kept[1]
        V = self._couplings(direction, xp.float32)
        total = np.zeros((self.pattern.n_columns, self.pattern.n_rows))
        for part in self._blocks():
            U, _, _ = self._read(part, xp.float32)
            total += to_host(((V @ U) * curvatures[part.start]) @ U.T)
        return total[self.pattern.column, self.pattern.row]

    def score_moments(self, point: ScorePoint) -> ScoreMoments:
        """Second derivatives and squared scores, for standard errors."""
        return score_moments(self.atoms, self.weight, self.pattern, self.loss, point)

    def forget(self) -> None:
        """Frees what is kept between calls; the next call computes it anew."""
        self._kept = None

    @property
    def _xp(self) -> Any:
        return namespace_of(self.example)

    @cached_property
    def _moved(self) -> tuple[Any, Any, list[Any]]:
        """Atoms, weights and the atoms that each cofactor multiplies, on the device."""
        factors = [like(column, self.example) for block in self.pattern.cofactors for column in block.T]
        return like(self.atoms, self.example), like(self.weight, self.example), factors

    def _blocks(self) -> Iterator[slice]:
        count = self.atoms.shape[1]
        size = max(256, BLOCK_ENTRIES // (self.pattern.n_rows + 5 * self.pattern.n_columns))
        yield from (slice(first, min(first + size, count)) for first in range(0, count, size))

    def _read(self, part: slice, dtype: Any) -> tuple[Any, Any, Any]:
        """Returns cofactors U, shape (cofactors, samples), atoms and weights of some samples."""
        xp, (atoms, weight, factors) = self._xp, self._moved
        x = xp.astype(atoms[:, part], dtype)
        rows, done = [], 0
        for degree, block in enumerate(self.pattern.cofactors):
            if degree == 0:
                rows.append(xp.ones((len(block), x.shape[1]), dtype=dtype, device=self.example.device))
                continue
            product = xp.take(x, factors[done], axis=0)
            for column in factors[done + 1 : done + degree]:
                product = product * xp.take(x, column, axis=0)
            rows.append(product)
            done += degree
        return xp.concat(rows, axis=0), x, xp.astype(weight[part], dtype)

    def _couplings(self, theta: np.ndarray, dtype: Any) -> Any:
        """Returns W^T, shape (atoms, cofactors)."""
        W = np.zeros((self.pattern.n_columns, self.pattern.n_rows))
        W[self.pattern.column, self.pattern.row] = theta[self.pattern.term]
        return like(W, self.example, dtype)

    def _loss(self, F: Any, x: Any, w: Any) -> tuple[Any, Any, Any]:
        """Returns weighted losses of all sites, their derivatives by F, and their second derivatives."""
        xp = self._xp
        unit = 2 if self.loss.kind == "spin" else 1
        sign = x if self.loss.kind == "spin" else 2 * x - 1
        z = unit * sign * F  # energy of the observed state minus that of the other one
        e = xp.exp(-xp.abs(z))
        one = xp.ones_like(e)
        wrong = xp.where(z >= 0, one, e) / (1 + e)
        right = xp.where(z >= 0, e, one) / (1 + e)
        losses = xp.where(z >= 0, z, 0 * z) + xp.log1p(e)
        return losses @ w, wrong * sign * (unit * w), wrong * right * (unit**2 * w)
