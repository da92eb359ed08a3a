"""The compiled loops that compare every sequence with every other."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["count_similar"]


@njit(cache=True, nogil=True)
def count_similar(columns: np.ndarray, needed: int, block: int) -> np.ndarray:  # pragma: no cover
    """Counts the sequences that agree with each sequence in enough columns, itself included.

    Args:
        columns: Letters, uint8, shape (L, N): one row for each column of the alignment.
        needed: Columns in which two sequences must agree.
        block: Sequences compared at a time.

    Returns:
        Counts, shape (N,).
    """
    length, count = columns.shape
    total = np.ones(count, np.int64)
    agreements = np.empty(block, np.int32)
    for first in range(0, count, block):
        last = min(first + block, count)
        for i in range(last - 1):
            agree = agreements[: last - first]
            agree[:] = 0
            for k in range(0, length, 255):  # 255 agreements fit into one byte
                _add_agreements(columns[k : k + 255, first:last], columns[k : k + 255, i], agree)
            for j in range(max(i + 1 - first, 0), last - first):  # every pair once
                near = agree[j] >= needed
                total[i] += near
                total[first + j] += near
    return total


@njit(cache=True, nogil=True)
def _add_agreements(block: np.ndarray, letters: np.ndarray, agree: np.ndarray) -> None:  # pragma: no cover
    """Adds the agreements of one sequence with many, byte by byte: this loop becomes vector instructions."""
    few = np.zeros(block.shape[1], np.uint8)
    for k in range(block.shape[0]):
        letter = letters[k]
        row = block[k]
        for j in range(len(few)):
            few[j] += np.uint8(row[j] == letter)
    for j in range(len(few)):
        agree[j] += few[j]
