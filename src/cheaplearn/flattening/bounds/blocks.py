"""Splits a sparse matrix into what has an obvious rank and small dense blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from .moments import Entries, Ints, Moments

__all__ = ["Block", "blocks", "peeled"]


@dataclass(frozen=True)
class Block:
    """A connected part of a matrix, entry by entry; equal for equal matrices.

    Args:
        rows: Row of each entry.
        columns: Column of each entry.
        values: For each entry, index in `moments`.
        moments: Pairs (degree, moment).
        row_degrees: Degree of each row.
        column_degrees: Degree of each column.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    values: tuple[int, ...]
    moments: tuple[tuple[int, Fraction], ...]
    row_degrees: tuple[int, ...]
    column_degrees: tuple[int, ...]
    degrees: frozenset[int] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "degrees", frozenset(degree for degree, _ in self.moments))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        return len(self.row_degrees), len(self.column_degrees)

    def dense(self, numbers: Sequence[int]) -> NDArray[np.int64]:
        """Fills the matrix.

        Args:
            numbers: One number below 2^63 for each of `moments`.

        Returns:
            All entries.
        """
        matrix = np.zeros(self.shape, dtype=np.int64)
        matrix[list(self.rows), list(self.columns)] = np.array(numbers, dtype=np.int64)[list(self.values)]
        return matrix


def peeled(entries: Entries) -> tuple[int, Entries]:
    """Takes rows and columns away that have a single entry, each with the line that it meets.

    If column j has the one entry (i, j), the rank is 1 plus the rank without row i and column j, over any field.

    Args:
        entries: Non-zero entries.

    Returns:
        The rank that was taken away, and what is left.
    """
    lines = [_compressed(entries.rows), _compressed(entries.columns)]
    chosen = np.arange(len(entries))
    rank, idle, axis = 0, 0, 1
    while len(chosen) and idle < 2:
        along, across = lines[axis][chosen], lines[1 - axis][chosen]
        lone = np.bincount(along)[along] == 1
        idle = 0 if lone.any() else idle + 1
        if not idle:
            taken = np.zeros(across.max() + 1, dtype=np.bool_)
            taken[across[lone]] = True
            rank += int(taken.sum())
            chosen = chosen[~taken[across]]
        axis = 1 - axis
    return rank, entries.where(chosen)


def blocks(entries: Entries, moments: Moments) -> Iterator[tuple[Block, int]]:
    """Splits a matrix into parts that share no row and no column.

    Args:
        entries: Its non-zero entries.
        moments: Where they come from.

    Yields:
        Every distinct part, and how often it occurs.
    """
    if not len(entries):
        return
    rows, columns = _compressed(entries.rows), _compressed(entries.columns)
    size = rows.max() + 1 + columns.max() + 1
    graph = sparse.csr_array((np.ones(len(rows)), (rows, columns + rows.max() + 1)), shape=(size, size))
    _, part = connected_components(graph, directed=False)
    label = part[rows]
    order = np.lexsort((entries.columns, entries.rows, label))
    cuts = np.flatnonzero(np.diff(label[order])) + 1
    yield from Counter(_block(entries.where(chosen), moments) for chosen in np.split(order, cuts)).items()


def _block(entries: Entries, moments: Moments) -> Block:
    row_names, rows = np.unique(entries.rows, return_inverse=True)
    column_names, columns = np.unique(entries.columns, return_inverse=True)
    used: dict[int, int] = {}  # by first appearance, so that equal parts have equal indices
    values = tuple(used.setdefault(value, len(used)) for value in entries.values.tolist())
    return Block(
        tuple(rows.tolist()),
        tuple(columns.tolist()),
        values,
        tuple(moments.values[value] for value in used),
        tuple(moments.degrees[row_names].tolist()),
        tuple(moments.degrees[column_names].tolist()),
    )


def _compressed(names: Ints) -> Ints:
    return np.unique(names, return_inverse=True)[1].reshape(-1).astype(np.int64)
