"""Butterflies whose rows and columns were shuffled: the pairs of each level are found from the entries.

If A is a butterfly in unknown orders of rows and columns, its rows form pairs and its columns two halves, such that the
two rows of every pair are proportional on each half. Both are read off the ratios of one row to all others. Every
half, with one row left of each pair, is again such a matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

__all__ = ["shuffled_butterfly_factors"]

_SAME_RATIO = 1e-6  # relative; what is found is measured against the matrix in the end
_PARALLEL = 1e-9  # 1 - |cosine| of two rows


@dataclass(frozen=True)
class _Block:
    """Part of the matrix that is left to explain: rows are units, columns are inputs."""

    values: np.ndarray
    units: np.ndarray
    inputs: np.ndarray


def shuffled_butterfly_factors(A: np.ndarray) -> list[sparse.csr_array] | None:
    """Writes a butterfly of unknown order as log2 n factors of two non-zeros a row.

    Args:
        A: Shape (n, n), n a power of two from 4 on, exact up to rounding.

    Returns:
        The factors in product order, or None if the rows do not form such pairs.
    """
    n = len(A)
    blocks, factors = [_Block(A, np.arange(n), np.arange(n))], []
    while len(blocks[0].values) > 2:
        rows, columns, values, halves = [], [], [], []
        for k, block in enumerate(blocks):
            found = _pairs_and_halves(block.values)
            if found is None:
                return None
            for a, half in enumerate(found[1]):
                start = k * len(block.values) + a * len(found[0])
                u, v = _rank_one(block.values[:, half][found[0]])
                units = start + np.arange(len(found[0]))
                rows.append(block.units[found[0]].ravel())
                columns.append(np.repeat(units, 2))
                values.append(u.ravel())
                halves.append(_Block(v, units, block.inputs[half]))
        factors.append(_sparse(rows, columns, values, n))
        blocks = halves
    factors.append(_innermost(blocks, n))
    return factors


def _pairs_and_halves(R: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]] | None:
    """Pairs of rows, shape (m / 2, 2), and the two halves of the columns on which they are proportional."""
    full = np.flatnonzero(np.all(R != 0, axis=1))
    if not len(full):
        return None
    for half in _candidate_halves(R, int(full[0])):
        halves = [np.flatnonzero(half), np.flatnonzero(~half)]
        pairs = _pairs(R, halves)
        if pairs is not None:
            return pairs, halves
    return None


def _candidate_halves(R: np.ndarray, pivot: int) -> np.ndarray:
    """Masks of columns: where the ratio of a row to the pivot takes one of exactly two values, each on one half."""
    others = np.delete(np.arange(len(R)), pivot)
    ratios = R[others] / R[pivot]
    near = _SAME_RATIO * np.abs(ratios).max(axis=1, keepdims=True)
    first = np.abs(ratios - ratios[:, :1]) <= near
    other = np.take_along_axis(ratios, np.argmin(first, axis=1)[:, None], axis=1)
    second = np.abs(ratios - other) <= near
    half = len(R) // 2
    return first[(first.sum(axis=1) == half) & (second.sum(axis=1) == half) & ~np.any(first & second, axis=1)]


def _pairs(R: np.ndarray, halves: list[np.ndarray]) -> np.ndarray | None:
    alike = np.full((len(R), len(R)), np.inf)
    for half in halves:
        rows = R[:, half]
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.all(lengths):
            return None
        alike = np.minimum(alike, np.abs((rows / lengths) @ (rows / lengths).conj().T))
    np.fill_diagonal(alike, -1)
    partner, rows_ = np.argmax(alike, axis=1), np.arange(len(R))
    if np.any(partner[partner] != rows_) or np.any(alike[rows_, partner] < 1 - _PARALLEL):
        return None
    first = rows_[rows_ < partner]
    return np.stack([first, partner[first]], axis=1)


def _rank_one(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows, shape (pairs, 2, columns), as (pairs, 2) weights times (pairs, columns) rows."""
    U, s, V = np.linalg.svd(pairs, full_matrices=False)
    root = np.sqrt(s[:, :1])
    return U[:, :, 0] * root, V[:, 0] * root


def _innermost(blocks: list[_Block], n: int) -> sparse.csr_array:
    rows = [np.repeat(block.units, 2) for block in blocks]
    columns = [np.tile(block.inputs, 2) for block in blocks]
    return _sparse(rows, columns, [block.values.ravel() for block in blocks], n)


def _sparse(rows: list[np.ndarray], columns: list[np.ndarray], values: list[np.ndarray], n: int) -> sparse.csr_array:
    places = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array((np.concatenate(values), places), shape=(n, n))
