"""Where real variables end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._messages import must_be
from ...hamiltonian import Variables
from .bounds import Bounds

__all__ = ["Walls", "check_inside", "read_walls"]

OWNER = "HamiltonianDensity"


@dataclass(frozen=True, eq=False)
class Walls:
    """Where variables end, in raw units.

    Args:
        low: Shape (n,), -inf where a variable is open.
        high: Shape (n,), inf where it is open.
    """

    low: np.ndarray
    high: np.ndarray

    @property
    def open(self) -> bool:
        """Whether there is none."""
        return bool(np.all(np.isinf(self.low)) and np.all(np.isinf(self.high)))

    def scaled(self, variables: Variables) -> Bounds | None:
        """Returns the walls of the scaled variables, None if there is none."""
        return None if self.open else Bounds.scaled(self.low, self.high, variables.center, variables.scale)

    def named(self, names: Sequence[str]) -> dict[str, tuple[float, float]] | None:
        """Returns (low, high) by name, None if there is none."""
        pairs = zip(self.low.tolist(), self.high.tolist(), strict=True)
        return None if self.open else dict(zip(names, pairs, strict=True))

    def inside(self, X: np.ndarray) -> np.ndarray:
        """Returns which samples are within all walls, shape (samples,)."""
        return np.all((X >= self.low) & (X <= self.high), axis=1)


def read_walls(bounds: Any, names: Sequence[str]) -> Walls:
    """Reads the argument `bounds`.

    Args:
        bounds: None; one pair (low, high) for all variables, None for an open end; one pair for each; or a mapping from
            names to pairs.
        names: Names of the variables.

    Returns:
        The walls.

    Raises:
        ValueError: If it is none of these.
    """
    n = len(names)
    pairs: list[Any]
    if bounds is None:
        pairs = [(None, None)] * n
    elif isinstance(bounds, Mapping):
        unknown = [name for name in bounds if name not in names]
        if unknown:
            raise ValueError(must_be("bounds", OWNER, f"about the variables {list(names)[:10]}", repr(unknown[0])))
        pairs = [bounds.get(name, (None, None)) for name in names]
    elif len(bounds) == 2 and not any(isinstance(end, Sequence | np.ndarray) for end in bounds):
        pairs = [tuple(bounds)] * n
    else:
        pairs = list(bounds)
    if len(pairs) != n or any(len(pair) != 2 for pair in pairs):
        raise ValueError(
            must_be("bounds", OWNER, f"a pair (low, high), or one for each of {n} variables", repr(bounds))
        )
    low = np.array([-np.inf if pair[0] is None else pair[0] for pair in pairs], float)
    high = np.array([np.inf if pair[1] is None else pair[1] for pair in pairs], float)
    if not np.all(low < high):
        raise ValueError(must_be("bounds", OWNER, "pairs (low, high) with low < high", repr(bounds)))
    return Walls(low, high)


def check_inside(found: tuple[int, int, float] | None, names: Sequence[str]) -> None:
    """Refuses samples beyond a wall.

    Args:
        found: Row, column and value of the first, None if there is none.
        names: Names of the variables.

    Raises:
        ValueError: If there is one.
    """
    if found is not None:
        row, column, value = found
        got = f"{value:g} in row {row}, column {names[column]!r}"
        raise ValueError(must_be("X", OWNER, "within the bounds", got, "Widen the bounds or leave the row out."))
