"""Sums along the axes of a dense tensor, in place and in blocks that stay in the cache."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["add_zero_state", "add_to_zero_state"]

BLOCK = 1 << 15  # numbers worked on at once: 256 KiB
COLUMNS = 32  # neighbours that a sweep over slow axes reads together: four cache lines


def add_zero_state(dense: np.ndarray, sizes: tuple[int, ...]) -> None:
    """Along every axis adds the numbers of state 0 to those of all other states, in place.

    Args:
        dense: All numbers in C order, shape (product of sizes,), float64.
        sizes: Length of each axis.

    Cost: one addition per number and axis; memory is read once for about 15 bits of axes, then for 10 bits each.
    """
    for outer, group, inner in _sweeps(sizes):
        _sweep(dense, outer, np.array(group, np.int64), inner, min(inner, COLUMNS), False)


def add_to_zero_state(dense: np.ndarray, sizes: tuple[int, ...]) -> None:
    """The transpose of `add_zero_state`: along every axis adds all other states to state 0, in place.

    Args:
        dense: All numbers in C order, shape (product of sizes,), float64.
        sizes: Length of each axis.
    """
    for outer, group, inner in _sweeps(sizes):
        _sweep(dense, outer, np.array(group, np.int64), inner, min(inner, COLUMNS), True)


def _sweeps(sizes: tuple[int, ...]) -> list[tuple[int, tuple[int, ...], int]]:
    """Splits the axes, fastest first, into groups that fit a block: (numbers before, axes, numbers after)."""
    sweeps = []
    last = len(sizes)
    while last:
        inner = math.prod(sizes[last:])
        room = BLOCK // min(inner, COLUMNS)
        first = last - 1
        while first and math.prod(sizes[first - 1 : last]) <= room:
            first -= 1
        sweeps.append((math.prod(sizes[:first]), sizes[first:last], inner))
        last = first
    return sweeps


@njit(cache=True, nogil=True)
def _sweep(
    dense: np.ndarray, outer: int, sizes: np.ndarray, inner: int, columns: int, transposed: bool
) -> None:  # pragma: no cover - compiled
    """Copies tiles of some columns, sums along the axes of the group inside the tile, and copies back."""
    group = 1
    for size in sizes:
        group *= size
    tile = np.empty(group * columns)
    for block in range(outer):
        for column in range(0, inner, columns):
            width = min(columns, inner - column)
            start = block * group * inner + column
            for row in range(group):
                for k in range(width):
                    tile[row * width + k] = dense[start + row * inner + k]
            left, right = 1, group * width
            for size in sizes:
                right //= size
                _sum_along(tile, left, size, right, transposed)
                left *= size
            for row in range(group):
                for k in range(width):
                    dense[start + row * inner + k] = tile[row * width + k]


@njit(cache=True, nogil=True)
def _sum_along(
    tile: np.ndarray, left: int, size: int, right: int, transposed: bool
) -> None:  # pragma: no cover - compiled
    for before in range(left):
        zero = before * size * right
        for state in range(1, size):
            here = zero + state * right
            if transposed:
                for k in range(right):
                    tile[zero + k] += tile[here + k]
            else:
                for k in range(right):
                    tile[here + k] += tile[zero + k]
