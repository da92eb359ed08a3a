"""The box that real variables may be confined to, and how paths are reflected by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._messages import must_be

__all__ = ["Walls"]


@dataclass(frozen=True, eq=False)
class Walls:
    """Lowest and highest value of each variable.

    Args:
        low: Shape (n,), minus infinity where there is no wall.
        high: Shape (n,), above `low`, infinity where there is no wall.
    """

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def open(cls, n: int) -> Walls:
        """Returns those of n variables that have none."""
        return cls(np.full(n, -np.inf), np.full(n, np.inf))

    @classmethod
    def read(cls, bounds: Any, n: int, owner: str) -> Walls:
        """Reads what the caller passed.

        Args:
            bounds: None, or (low, high) for each variable, shape (n, 2); None or infinity for no wall.
            n: Number of variables.
            owner: The function that was called, for the message.

        Returns:
            The walls.

        Raises:
            ValueError: If the shape is wrong or a pair does not rise.
        """
        if bounds is None:
            return cls.open(n)
        rows = [(-np.inf if low is None else low, np.inf if high is None else high) for low, high in bounds]
        pairs = np.array(rows, dtype=np.float64)
        if pairs.shape != (n, 2):
            raise ValueError(must_be("bounds", owner, f"one pair for each of {n} variables", f"{len(rows)} pairs"))
        wrong = np.flatnonzero(~(pairs[:, 0] < pairs[:, 1]))
        if len(wrong):
            raise ValueError(must_be("bounds", owner, "rising", f"{rows[wrong[0]]} for variable {wrong[0]}"))
        return cls(pairs[:, 0], pairs[:, 1])

    @cached_property
    def any(self) -> bool:
        """Whether there is a wall at all."""
        return bool(np.isfinite(self.low).any() or np.isfinite(self.high).any())

    def named(self, names: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Returns (low, high) by name."""
        return dict(zip(names, zip(self.low.tolist(), self.high.tolist(), strict=True), strict=True))

    def seen_from(self, center: np.ndarray, scale: np.ndarray) -> Walls:
        """Returns the walls of (x - center) / scale."""
        return Walls((self.low - center) / scale, (self.high - center) / scale)

    def contain(self, X: np.ndarray) -> np.ndarray:
        """Says which points lie within, shape (samples,)."""
        return np.all((X >= self.low) & (X <= self.high), axis=1)

    def reflect(self, X: np.ndarray, P: np.ndarray | None = None) -> None:
        """Folds points back into the box, in place, and turns their momenta as often as they hit a wall.

        Args:
            X: Points, shape (samples, n).
            P: Momenta, same shape.

        Guarantee:
            A fold keeps volumes and is its own way back, so that the detailed balance of leapfrog paths is kept.
        """
        if not self.any:
            return
        between = np.isfinite(self.low) & np.isfinite(self.high)
        width = np.where(between, self.high - self.low, 1.0)
        start = np.where(between, self.low, 0.0)
        unfolded = np.mod(X - start, 2 * width)
        turned = between & (unfolded > width)
        X[...] = np.where(between, start + np.where(turned, 2 * width - unfolded, unfolded), X)
        below, above = ~between & (self.low > X), ~between & (self.high < X)
        X[...] = np.where(below, 2 * self.low - X, np.where(above, 2 * self.high - X, X))
        if P is not None:
            P[turned | below | above] *= -1
