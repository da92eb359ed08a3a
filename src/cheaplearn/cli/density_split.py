"""Rows held out and rows to learn from: at random, from the end, or dealt out one count at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Part", "deal_counts", "split_rows"]


class Part(NamedTuple):
    """Rows of one side of the split."""

    table: pd.DataFrame
    weight: np.ndarray | None
    fold: np.ndarray | None  # fold of each row, where the split had to choose it

    @property
    def rows(self) -> int:
        """Samples in it: a count of 3 is three of them."""
        return len(self.table) if self.fold is None or self.weight is None else int(self.weight.sum())


def split_rows(
    table: pd.DataFrame, weight: np.ndarray | None, held_out: int, blocked: bool, rng: np.random.Generator
) -> tuple[Part, Part]:
    """Splits rows.

    Args:
        table: The rows.
        weight: Weight of each, or None.
        held_out: How many to hold out.
        blocked: Whether to hold out the last ones; otherwise they are drawn at random.
        rng: Source of chance.

    Returns:
        Training and test part, rows in their order.
    """
    order = np.arange(len(table)) if blocked else rng.permutation(len(table))
    parts = np.sort(order[: len(table) - held_out]), np.sort(order[len(table) - held_out :])
    first, second = (
        Part(table.iloc[rows].reset_index(drop=True), None if weight is None else weight[rows], None) for rows in parts
    )
    return first, second


def deal_counts(
    table: pd.DataFrame, counts: np.ndarray, test: float, folds: int, rng: np.random.Generator
) -> tuple[Part, Part]:
    """Deals counted samples to the test and to the folds, as if each were a row of its own.

    Args:
        table: Different rows.
        counts: How often each was seen.
        test: Share held out.
        folds: Number of folds.
        rng: Source of chance.

    Returns:
        Training and test part. A row of the table stands once for each fold that got some of its samples, with
        their number as weight.
    """
    left = counts.astype(np.int64)
    held_out = rng.multivariate_hypergeometric(left, round(test * left.sum()), method="marginals")
    left = left - held_out
    sizes = np.diff(np.linspace(0, left.sum(), folds + 1).round().astype(np.int64))
    dealt = []
    for size in sizes[:-1]:
        dealt.append(rng.multivariate_hypergeometric(left, size, method="marginals"))
        left = left - dealt[-1]
    dealt.append(left)
    rows = [np.flatnonzero(part) for part in dealt]
    place = np.concatenate(rows)
    weight = np.concatenate([part[part > 0] for part in dealt]).astype(float)
    fold = np.repeat(np.arange(folds), [len(part) for part in rows])
    seen = np.flatnonzero(held_out)
    return (
        Part(table.iloc[place].reset_index(drop=True), weight, fold),
        Part(table.iloc[seen].reset_index(drop=True), held_out[seen].astype(float), np.zeros(len(seen), int)),
    )
