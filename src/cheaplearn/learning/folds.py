"""Who is held out when: the splits of the ladder and what must be true of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv

from .._messages import must_be
from .arguments import TrainingData

__all__ = ["make_folds"]

OWNER = "HamiltonianClassifier"
Fold = tuple[np.ndarray, np.ndarray]


def make_folds(cv: Any, data: TrainingData, random_state: Any) -> list[Fold]:
    """Splits the samples into training and held-out rows.

    Args:
        cv: Number of stratified shuffled folds, or a scikit-learn splitter, or an iterable of splits.
        data: The samples. Rows of weight 0 are gone from them, but a splitter sees (and an iterable
            counts) the rows that were passed to `fit`.
        random_state: Seed of the shuffle of an integer `cv`.

    Returns:
        Pairs of positions in `data` (training, held out).

    Raises:
        ValueError: If a class has fewer samples than folds, or is missing from a training part.
    """
    if isinstance(cv, int | np.integer) and not isinstance(cv, bool):
        _check_counts(int(cv), data.y, data.classes)
        kind = StratifiedKFold if data.groups is None else StratifiedGroupKFold
        splitter = kind(int(cv), shuffle=True, random_state=random_state)
        folds = [(np.asarray(a), np.asarray(b)) for a, b in splitter.split(data.X, data.y, data.groups)]
    else:
        folds = _folds_of_splitter(cv, data)
    for number, (training, held_out) in enumerate(folds):
        missing = np.setdiff1d(np.arange(len(data.classes)), data.y[training])
        if len(missing) or not len(held_out):
            absent = f"none of class {data.classes.tolist()[missing[0]]!r}" if len(missing) else "nothing held out"
            advice = "Lower `cv`, or pass a splitter that keeps every class in every training part."
            requirement = "such that every fold trains every class"
            raise ValueError(must_be("cv", OWNER, requirement, f"{absent} in fold {number}", advice))
    return folds


def _folds_of_splitter(cv: Any, data: TrainingData) -> list[Fold]:
    if isinstance(cv, bool | str) or not (hasattr(cv, "split") or isinstance(cv, Iterable)):
        requirement = "a number of folds, a splitter or an iterable of splits"
        raise ValueError(must_be("cv", OWNER, requirement, repr(cv)))
    X, y = np.zeros((data.n_rows, data.X.shape[1])), np.zeros(data.n_rows, int)
    X[data.rows], y[data.rows] = data.X, data.y
    groups = None
    if data.groups is not None:
        groups = np.full(data.n_rows, data.groups[0])
        groups[data.rows] = data.groups
    position = np.full(data.n_rows, -1)
    position[data.rows] = np.arange(len(data.rows))
    splits = check_cv(cv, y, classifier=True).split(X, y, groups)
    parts = [(position[np.asarray(a)], position[np.asarray(b)]) for a, b in splits]
    return [(a[a >= 0], b[b >= 0]) for a, b in parts]


def _check_counts(cv: int, y: np.ndarray, classes: np.ndarray) -> None:
    if cv < 2:
        raise ValueError(must_be("cv", OWNER, "at least 2 folds", cv))
    counts = np.bincount(y, minlength=len(classes))
    if counts.min() < cv:
        fewest = int(counts.argmin())
        got = f"{counts[fewest]} of class {classes.tolist()[fewest]!r}"
        advice = f"Lower `cv` to {counts[fewest]} or less, or gather more samples of this class."
        if counts[fewest] < 2:
            advice = "Gather more samples of this class or leave it out."
        raise ValueError(must_be("y", OWNER, f"at least cv={cv} samples of every class", got, advice))
