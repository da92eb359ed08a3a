"""The generic alternative: scikit-learn's plain MLP on the same folds and the same units."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..report import Alternative

__all__ = ["HIDDEN", "score_mlp"]

HIDDEN = 100
MAX_EPOCHS = 500


@threadpool_limits.wrap(limits=1)  # measured on digits: 5 s with one BLAS thread, over 100 s with two that share a core
def score_mlp(
    X: np.ndarray,
    y: np.ndarray,
    folds: Iterable[tuple[np.ndarray, np.ndarray]],
    test: tuple[np.ndarray, np.ndarray],
    shared: bool,
    seed: int,
) -> Alternative:
    """Trains scikit-learn's MLPClassifier with its default settings on every fold and on all rows.

    Args:
        X: Training rows, shape (rows, variables).
        y: Labels.
        folds: Pairs of row numbers (training, held out): those of the ladder.
        test: X and y of the rows that took no part in any choice.
        shared: Whether all variables are measured in one unit, as in the ladder.
        seed: Seed of its starting weights.

    Returns:
        Its scores.
    """
    center, scale = _units(X, shared)
    Z = (X - center) / scale
    losses, hits, converged = np.full(len(X), np.nan), np.full(len(X), np.nan), True
    for training, held_out in folds:
        mlp, fine = _fit(Z[training], y[training], seed)
        converged &= fine
        losses[held_out], hits[held_out] = _scores(mlp, Z[held_out], y[held_out])
    mlp, fine = _fit(Z, y, seed)
    test_hits = _scores(mlp, (test[0] - center) / scale, test[1])[1]
    known = losses[np.isfinite(losses)]
    return Alternative(
        name=f"plain network (MLP, {HIDDEN} hidden neurons)",
        parameters=sum(w.size for w in [*mlp.coefs_, *mlp.intercepts_]),
        loss=float(known.mean()),
        standard_error=float(known.std(ddof=1) / np.sqrt(len(known))),
        accuracy=float(np.nanmean(hits)),
        test_accuracy=float(test_hits.mean()),
        note="" if converged and fine else f"training stopped after {MAX_EPOCHS} epochs before it converged",
    )


def _units(X: np.ndarray, shared: bool) -> tuple[np.ndarray, np.ndarray]:
    """Mean and half range of each variable, as in the ladder."""
    half_range = (X.max(axis=0) - X.min(axis=0)) / 2
    if shared:
        half_range[:] = (X.max() - X.min()) / 2
    return X.mean(axis=0), np.where(half_range > 0, half_range, 1.0)


def _fit(Z: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, bool]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mlp = MLPClassifier((HIDDEN,), max_iter=MAX_EPOCHS, random_state=seed).fit(Z, y)
    return mlp, not any(issubclass(warning.category, ConvergenceWarning) for warning in caught)


def _scores(mlp: Any, Z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-loss and hit (0 or 1) of each row."""
    p = mlp.predict_proba(Z)
    column = np.searchsorted(mlp.classes_, y)
    floor = np.finfo(p.dtype).tiny
    losses = -np.log(np.maximum(p[np.arange(len(y)), column], floor))
    return losses, mlp.classes_[p.argmax(axis=1)] == y
