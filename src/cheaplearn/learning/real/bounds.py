"""Walls of bounded and positive variables, and the weights that make score matching blind to them.

Without weights score matching drops the boundary term of an integration by parts and is biased wherever the
density does not vanish at a wall. A weight g_i that vanishes at the walls of variable i removes the term.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import array_api_compat
import numpy as np

from ..._messages import must_be

__all__ = ["Bounds"]


@dataclass(frozen=True, eq=False)
class Bounds:
    """Where each variable ends, in units of t.

    Args:
        low: Lower wall of each variable, -inf if there is none, shape (n,).
        high: Upper wall, inf if there is none, shape (n,).
        cap: Distance from a wall, in units of t, from which on samples have full weight; positive.

    Raises:
        ValueError: If the shapes differ, a wall is NaN, high is not above low, or the cap is not positive and finite.

    Source: Hyvarinen (2007), Some extensions of score matching; Yu, Drton & Shojaie (2019), Generalized score
        matching for non-negative data (the capped weight).

    Example:
        >>> bounds = Bounds(np.array([0.0]), np.array([np.inf]), cap=2.0)
        >>> g, slope = bounds.weights(np.array([[0.5], [3.0]]))
        >>> g.tolist(), slope.tolist()
        ([[0.25], [1.0]], [[0.5], [0.0]])
    """

    low: np.ndarray
    high: np.ndarray
    cap: float = 1.0

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            walls = np.array(getattr(self, name), dtype=float)
            walls.flags.writeable = False
            object.__setattr__(self, name, walls)
        if self.low.ndim != 1 or self.low.shape != self.high.shape:
            got = f"{self.low.shape} and {self.high.shape}"
            raise ValueError(must_be("low", "Bounds", "of the shape (n,) of `high`", got))
        if not np.all(self.low < self.high):
            raise ValueError(must_be("low", "Bounds", "below `high` everywhere", self.low[~(self.low < self.high)]))
        if not (np.isfinite(self.cap) and self.cap > 0):
            raise ValueError(must_be("cap", "Bounds", "a positive finite number", self.cap))

    @classmethod
    def scaled(cls, low: Any, high: Any, center: np.ndarray, scale: np.ndarray, cap: float = 1.0) -> Bounds:
        """Converts walls from raw units.

        Args:
            low: Raw lower walls, shape (n,) or one number.
            high: Raw upper walls.
            center: Raw value at which t = 0, shape (n,).
            scale: Raw length of one unit of t, shape (n,).
            cap: In units of t.

        Returns:
            The bounds of t = (x - center) / scale.
        """
        return cls((low - center) / scale, (high - center) / scale, cap)

    @property
    def open(self) -> bool:
        """Whether no variable has a wall: then all weights are 1."""
        return bool(np.all(np.isinf(self.low)) and np.all(np.isinf(self.high)))

    def check(self, t: Any) -> None:
        """Refuses samples beyond a wall.

        Args:
            t: Scaled variables, shape (samples, n).

        Raises:
            ValueError: If there is one, with its row and column, or if n is another.
        """
        xp = array_api_compat.array_namespace(t)
        if t.shape[1] != len(self.low):
            raise ValueError(must_be("bounds", "score matching", f"of {t.shape[1]} variables", len(self.low)))
        low, high = self._walls(t)
        outside = (t < low) | (t > high)
        if bool(xp.any(outside)):
            row, column = (int(index[0]) for index in xp.nonzero(outside))
            got = f"{float(t[row, column]):g} in row {row}, column {column}"
            advice = "Move the wall, or drop the row."
            raise ValueError(must_be("t", "score matching", "within the bounds", got, advice))

    def weights(self, t: Any) -> tuple[Any, Any]:
        """Weights g = min(distance to the nearer wall, cap) / cap and their slopes g'.

        Args:
            t: Scaled variables within the walls, shape (samples, n).

        Returns:
            g in [0, 1] and g' = dg_i / dt_i (1/cap, -1/cap or 0), each of shape (samples, n). A variable without
            walls has g = 1.
        """
        xp = array_api_compat.array_namespace(t)
        low, high = self._walls(t)
        below, above = t - low, high - t
        distance = xp.where(below < above, below, above)
        inside = distance < self.cap
        unit = xp.where(below < above, xp.ones_like(t), -xp.ones_like(t)) / self.cap
        return xp.where(inside, distance / self.cap, xp.ones_like(t)), xp.where(inside, unit, xp.zeros_like(t))

    def _walls(self, t: Any) -> tuple[Any, Any]:
        xp, device = array_api_compat.array_namespace(t), array_api_compat.device(t)
        low, high = (xp.asarray(walls.copy(), dtype=t.dtype, device=device) for walls in (self.low, self.high))
        return low, high  # copies: PyTorch refuses to share memory that may not be written
