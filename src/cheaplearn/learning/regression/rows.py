"""Where the rows are: in one array here, or in chunks elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .chunks import Chunk, gradient_of, merged_triangle, moments_of, squares_of, summary_of, triangle_of
from .design import Design
from .moments import Moments
from .units import Summary, Units

__all__ = ["LocalRows", "Rows", "gradient", "moments", "squares", "summary", "triangle"]


class Rows(Protocol):
    """Applies functions of a chunk to all chunks."""

    @property
    def n_rows(self) -> int:
        """Number of rows."""

    def map(self, function: Callable[..., Any], *given: Any, by_row: tuple[np.ndarray, ...] = ()) -> list[Any]:
        """Returns `function(chunk, *given, *by_row)` of every chunk in order; `by_row` are cut as the rows are."""

    def merged(
        self,
        function: Callable[..., Any],
        plus: Callable[[Any, Any], Any],
        *given: Any,
        by_row: tuple[np.ndarray, ...] = (),
    ) -> Any:
        """Returns these results merged by `plus`, in order."""


@dataclass(frozen=True, eq=False)
class LocalRows:
    """One chunk in this process.

    Args:
        chunk: All rows.
    """

    chunk: Chunk

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.chunk.X.shape[0])

    def map(self, function: Callable[..., Any], *given: Any, by_row: tuple[np.ndarray, ...] = ()) -> list[Any]:
        """Returns the one result."""
        return [function(self.chunk, *given, *by_row)]

    def merged(
        self,
        function: Callable[..., Any],
        plus: Callable[[Any, Any], Any],
        *given: Any,
        by_row: tuple[np.ndarray, ...] = (),
    ) -> Any:
        """Returns the one result."""
        return function(self.chunk, *given, *by_row)


def summary(rows: Rows) -> Summary:
    """Returns extremes and sums of all rows."""
    return rows.merged(summary_of, Summary.plus)


def moments(rows: Rows, design: Design, units: Units, membership: np.ndarray) -> list[Moments]:
    """Returns the sums of each cell, `moments_of` all rows."""
    return rows.merged(moments_of, _cells_plus, design, units, by_row=(membership,))


def _cells_plus(some: list[Moments], others: list[Moments]) -> list[Moments]:
    return [a.plus(b) for a, b in zip(some, others, strict=True)]


def squares(
    rows: Rows, design: Design, units: Units, coefficients: np.ndarray, training: np.ndarray, held: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns what `squares_of` returns, of all rows."""
    parts = rows.map(squares_of, design, units, coefficients, by_row=(training, held))
    return np.sum([total for total, _ in parts], axis=0), np.concatenate([kept for _, kept in parts])


def gradient(rows: Rows, design: Design, units: Units, coefficients: np.ndarray) -> Moments:
    """Returns what `gradient_of` returns, of all rows."""
    return rows.merged(gradient_of, Moments.plus, design, units, coefficients)


def triangle(rows: Rows, design: Design, units: Units) -> np.ndarray:
    """Returns the triangle of all rows."""
    return rows.merged(triangle_of, merged_triangle, design, units)
