"""What the variables are called, which values they take, and in which units monomials are formed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._messages import must_be

__all__ = ["KINDS", "Variables"]

KINDS = ("real", "bit", "spin")


@dataclass(frozen=True, eq=False)
class Variables:
    """Names, kinds and units of n variables; monomials are formed of t = (x - center) / scale.

    Args:
        names: One name per variable, all different.
        kinds: "real", "bit" (0 or 1) or "spin" (-1 or 1) for each.
        center: Raw value at which t = 0, shape (n,).
        scale: Raw length of one unit of t, shape (n,), positive.

    Raises:
        ValueError: If the lengths differ, a kind is unknown, a name repeats or a scale is not positive.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    center: np.ndarray
    scale: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(map(str, self.names)))
        object.__setattr__(self, "kinds", tuple(self.kinds))
        for name in ("center", "scale"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))
            if getattr(self, name).shape != (len(self.names),):
                shape = getattr(self, name).shape
                raise ValueError(must_be(name, "Variables", f"of shape ({len(self.names)},)", shape))
        if len(set(self.names)) != len(self.names):
            raise ValueError(must_be("names", "Variables", "all different", self.names))
        if len(self.kinds) != len(self.names) or not set(self.kinds) <= set(KINDS):
            requirement = f"one of {', '.join(KINDS)} for each of {len(self.names)} variables"
            raise ValueError(must_be("kinds", "Variables", requirement, self.kinds))
        if not (np.all(np.isfinite(self.center)) and np.all(np.isfinite(self.scale)) and np.all(self.scale > 0)):
            raise ValueError(must_be("scale", "Variables", "positive and finite", self.scale.tolist()))

    @classmethod
    def default(cls, n: int, kinds: Sequence[str] | None = None) -> Variables:
        """Returns variables x0 .. x(n-1) in raw units, all real unless `kinds` says otherwise."""
        names = tuple(f"x{i}" for i in range(n))
        return cls(names, tuple(kinds or ("real",) * n), np.zeros(n), np.ones(n))

    def __len__(self) -> int:
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Variables)
            and self.names == other.names
            and self.kinds == other.kinds
            and np.array_equal(self.center, other.center)
            and np.array_equal(self.scale, other.scale)
        )

    __hash__ = None  # type: ignore[assignment]

    def scaled(self, X: Any) -> np.ndarray:
        """Reads raw values as t.

        Args:
            X: Raw values, shape (samples, n).

        Returns:
            t = (X - center) / scale, float64, same shape.

        Raises:
            ValueError: If `X` is not two-dimensional with n columns.
        """
        values = np.asarray(X, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self):
            requirement = f"of shape (samples, {len(self)})"
            raise ValueError(must_be("X", "Hamiltonian", requirement, f"shape {values.shape}"))
        return (values - self.center) / self.scale


def _frozen(values: Any) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array
