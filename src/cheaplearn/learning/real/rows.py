"""Raw samples that are scaled block by block: no second copy of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import array_api_compat
import numpy as np

from ...hamiltonian import Variables

__all__ = ["ScaledRows"]


@dataclass(frozen=True, eq=False)
class ScaledRows:
    """t = (x - center) / scale of finite raw values, formed where it is asked for.

    Args:
        X: Raw values, shape (samples, n), float64, finite and within the walls.
        variables: Units.
        like: An empty array of the namespace, dtype and device that t is wanted in.

    Example:
        >>> variables = Variables(("x",), ("real",), np.array([1.0]), np.array([2.0]))
        >>> ScaledRows(np.array([[3.0], [5.0]]), variables, np.empty(0))[1:2, :]
        array([[2.]])
    """

    X: np.ndarray
    variables: Variables
    like: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """As of `X`."""
        return self.X.shape

    @property
    def dtype(self) -> Any:
        """Of t."""
        return self.like.dtype

    @property
    def ndim(self) -> int:
        """As of `X`."""
        return self.X.ndim

    def __getitem__(self, key: tuple[slice, slice]) -> Any:
        rows, columns = key
        t = self.X[rows, columns] - self.variables.center[columns]
        t /= self.variables.scale[columns]
        xp = array_api_compat.array_namespace(self.like)
        return xp.asarray(t, dtype=self.like.dtype, device=array_api_compat.device(self.like))
