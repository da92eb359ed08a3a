"""Held-out log-loss of one family, with its regularisation picked on the same folds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import logsumexp

from .namespaces import to_host
from .softmax import SoftmaxProblems

__all__ = [
    "FOLD_TOLERANCE",
    "FamilyScore",
    "frequency_losses",
    "mean_and_error",
    "pick_regularization",
    "score_family",
]

FOLD_TOLERANCE = 1e-2  # relative gradient norm: moves a mean held-out loss by about 1e-2 of its error
EXPONENTS = (-8, 12)  # regularisation 10^(k/2): 1e-4 to 1e6
START = 0


@dataclass
class FamilyScore:
    """Scores of one family.

    Args:
        regularization: The value picked.
        losses: Held-out loss of each sample there, nats; NaN where never held out. Shape (samples,).
        path: Mean held-out loss at every value that was tried.
        converged: Whether every fit reached its tolerance.
    """

    regularization: float
    losses: np.ndarray
    path: dict[float, float]
    converged: bool


def score_family(
    Z: Any,
    Y: np.ndarray,
    weight: np.ndarray,
    folds: list[tuple[np.ndarray, np.ndarray]],
    regularization: float | None,
) -> FamilyScore:
    """Scores a family on all folds.

    Args:
        Z: Coordinates of all samples, shape (samples, rank): an array or `Products`.
        Y: One-hot classes, shape (samples, classes).
        weight: Sample weights, shape (samples,).
        folds: Pairs of rows (training, held out).
        regularization: The value to use, or None to search 10^(k/2).

    Returns:
        The scores, at the regularisation that `pick_regularization` picks.
    """
    trial = _Trial(Z, Y, weight, folds)
    score = pick_regularization(trial.losses, weight, regularization)
    score.converged = trial.converged
    return score


def pick_regularization(
    losses_at: Callable[[float], np.ndarray], weight: np.ndarray, regularization: float | None
) -> FamilyScore:
    """Scores one regularisation, or searches for the best.

    Args:
        losses_at: Held-out loss of each sample at a regularisation, shape (samples,).
        weight: Sample weights, shape (samples,).
        regularization: The value to use, or None to search 10^(k/2).

    Returns:
        The scores. If searched: the largest value whose loss exceeds the lowest by no more than one
        standard error of their paired difference - couplings no larger than the data call for.
    """
    if regularization is not None:
        losses = losses_at(regularization)
        path = {regularization: mean_and_error(losses, weight)[0]}
        return FamilyScore(regularization, losses, path, converged=True)
    tried = _search(losses_at, weight)
    means = {value: mean_and_error(losses, weight)[0] for value, losses in tried.items()}
    lowest = min(means, key=lambda value: (means[value], -value))
    near = [value for value in tried if _not_worse(tried[value] - tried[lowest], weight)]
    picked = max([lowest, *near])
    return FamilyScore(picked, tried[picked], means, converged=True)


def mean_and_error(losses: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Weighted mean over the samples that were held out, and its standard error.

    Args:
        losses: One value per sample, NaN where there is none, shape (samples,).
        weight: Sample weights, which count as numbers of samples, shape (samples,).

    Returns:
        Mean and standard error, in the units of `losses`; NaN if nothing was held out.
    """
    known = np.isfinite(losses)
    if not known.any():
        return math.nan, math.nan
    values, w = losses[known], weight[known]
    mean = float(w @ values / w.sum())
    return mean, float(np.sqrt(w @ (values - mean) ** 2) / w.sum())


def _not_worse(difference: np.ndarray, weight: np.ndarray) -> bool:
    mean, error = mean_and_error(difference, weight)
    return mean <= error


def _search(losses_at: Callable[[float], np.ndarray], weight: np.ndarray) -> dict[float, np.ndarray]:
    """Returns the losses met while walking down as long as they fall noticeably, or else up."""
    tried: dict[float, np.ndarray] = {}

    def improves(exponent: int, best: np.ndarray) -> bool:
        losses = tried[10 ** (exponent / 2)] = losses_at(10 ** (exponent / 2))
        mean, error = mean_and_error(best, weight)
        return mean_and_error(losses, weight)[0] < mean - 0.1 * error

    best = tried[10 ** (START / 2)] = losses_at(10 ** (START / 2))
    for step in (-1, 1):
        exponent = START + step
        while EXPONENTS[0] <= exponent <= EXPONENTS[1] and improves(exponent, best):
            best = tried[10 ** (exponent / 2)]
            exponent += step
        if exponent < START - 1:
            break
    return tried


def frequency_losses(Y: np.ndarray, weight: np.ndarray, folds: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Held-out log-loss of a model without couplings: the class frequencies of the training part of each fold.

    Args:
        Y: One-hot classes, shape (samples, classes).
        weight: Sample weights, shape (samples,).
        folds: Pairs of rows (training, held out); every training part has every class.

    Returns:
        Nats, averaged where a sample was held out more than once, NaN where never. Shape (samples,).
    """
    training_weight, held = _shares(weight, folds)
    frequencies = training_weight.T @ Y / training_weight.sum(axis=0)[:, None]
    losses = -(Y @ np.log(frequencies).T)
    return _averaged(losses, held)


def _shares(weight: np.ndarray, folds: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Returns training weights and how often each sample is held out, shape (samples, folds) each."""
    training_weight = np.zeros((len(weight), len(folds)))
    held = np.zeros(training_weight.shape)  # rows may be held out more than once, or never
    for number, (training, held_out) in enumerate(folds):
        np.add.at(training_weight[:, number], training, weight[training])
        np.add.at(held[:, number], held_out, 1.0)
    return training_weight, held


def _averaged(losses: np.ndarray, held: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.sum(losses * held, axis=1) / held.sum(axis=1)


@dataclass
class _Trial:
    """Fits all folds at one regularisation, starting from where the last fit ended."""

    Z: Any
    Y: np.ndarray
    weight: np.ndarray
    folds: list[tuple[np.ndarray, np.ndarray]]
    converged: bool = True
    start: Any = None
    problems: SoftmaxProblems = field(init=False)

    def __post_init__(self) -> None:
        training_weight, self._held = _shares(self.weight, self.folds)
        self.problems = SoftmaxProblems(self.Z, self.Y, training_weight)

    def losses(self, regularization: float) -> np.ndarray:
        optima = self.problems.solve(regularization, self.start, FOLD_TOLERANCE)
        self.converged &= bool(optima.converged.all())
        self.start = optima.weights
        logits = to_host(optima.logits)
        hit = np.sum(logits * self.Y[:, None], axis=2)
        return _averaged(logsumexp(logits, axis=2) - hit, self._held)  # (samples, folds)
