"""Folds as sums of cells: rows that train in the same folds are summed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .moments import Moments

__all__ = ["Cells"]

Fold = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Cells:
    """Which rows train and are held out in which fold.

    Args:
        training: How often each row trains in each fold, shape (rows, folds).
        held: Whether it is held out there, same shape.
        membership: How often each row counts in each cell, shape (rows, cells).
        of_fold: Cells whose sums add up to the training rows of each fold, and in the last row to all rows, shape
            (folds + 1, cells).
    """

    training: np.ndarray
    held: np.ndarray
    membership: np.ndarray
    of_fold: np.ndarray

    @classmethod
    def of(cls, folds: list[Fold], n_rows: int) -> Cells:
        """Divides rows into cells: those of K folds into K, so that every row is summed once.

        Where the training parts overlap in too many ways for that, every fold is a cell and so are all rows.

        Args:
            folds: Pairs of rows (training, held out); may be empty.
            n_rows: Number of rows.

        Returns:
            The cells.
        """
        training, held = np.zeros((2, n_rows, len(folds)), np.uint8)
        for number, (trains, tested) in enumerate(folds):
            np.add.at(training[:, number], trains, 1)
            held[tested, number] = 1
        patterns, which = np.unique(training, axis=0, return_inverse=True)
        if len(patterns) <= len(folds) + 2:
            membership = np.zeros((n_rows, len(patterns)), np.uint8)
            membership[np.arange(n_rows), which.ravel()] = 1
            of_fold = np.vstack([patterns.T, np.ones(len(patterns), np.uint8)])
        else:
            membership = np.column_stack([training, np.ones(n_rows, np.uint8)])
            of_fold = np.eye(len(folds) + 1, dtype=np.uint8)
        return cls(training, held, membership, of_fold)

    def sums(self, of_cells: list[Moments], fold: int) -> Moments:
        """Returns the sums of the training rows of a fold (-1: of all rows)."""
        chosen = [(times, cell) for times, cell in zip(self.of_fold[fold], of_cells, strict=True) if times]
        total = Moments.zero(len(of_cells[0].gram), len(of_cells[0].squares))
        for times, cell in chosen:
            total.add(Moments(times * cell.gram, times * cell.cross, times * cell.squares) if times > 1 else cell)
        return total
