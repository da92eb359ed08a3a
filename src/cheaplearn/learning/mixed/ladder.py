"""The ladder of real and discrete variables: every family is scored by the joint loss of held-out samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from operator import add

import numpy as np

from ..checkpoint import Checkpoint
from ..families import Family
from ..ladder import Ladder, build_ladder
from ..real.sums import ScoreSums, score_sums
from ..scoring import FamilyScore, mean_and_error
from .conditional import ConditionalLosses
from .fitting import weakest_ridge
from .objective import MixedObjective, joint_losses, minimised
from .samples import MixedSamples
from .terms import MixedTerms

__all__ = ["INDEPENDENT", "climb_mixed"]

Fold = tuple[np.ndarray, np.ndarray]
RIDGES = (1e-3, 1e-2, 1e-1, 1.0)  # after the weakest
TOLERANCE = 1e-5  # of gradients on folds: moves held-out losses by far less than their errors
IMPROVES = 0.1  # of a standard error: what a stronger ridge must gain for the next to be tried
UNIT = "units of the joint score"
INDEPENDENT = "independent variables"


def climb_mixed(
    families: dict[Family, MixedTerms],
    independent: MixedTerms,
    samples: MixedSamples,
    folds: list[Fold],
    ridge: float | None,
    checkpoint: Checkpoint,
    report: Callable[[], None],
) -> tuple[Ladder, np.ndarray]:
    """Scores all families and chooses.

    Args:
        families: Families with their terms.
        independent: Terms without any interaction: what the verdict counts from.
        samples: The samples.
        folds: Pairs of rows (training, held out).
        ridge: Dimensionless ridge, or None to search for each family.
        checkpoint: Keeps what is done.
        report: Called after each family.

    Returns:
        The ladder, and the losses of independent variables, shape (samples,).

    Cost: for each family one pass over the samples for the sums of score matching, shared by all folds and ridges,
        and about 4 passes per fold and ridge for the discrete sites.
    """
    baseline = _score(independent, samples, folds, weakest_ridge(samples)).losses
    scores = []
    for family, terms in families.items():
        scores.append((family, checkpoint.scored(family, partial(_score, terms, samples, folds, ridge))))
        report()
    count = {family: terms.n_free for family, terms in families.items()}
    return build_ladder(scores, samples.weight, count.__getitem__, baseline, UNIT), baseline


@dataclass(eq=False)
class _Fold:
    """One fold: what is trained, what is held out, and the couplings found last."""

    objective: MixedObjective
    held: np.ndarray
    rows: MixedSamples
    theta: np.ndarray
    converged: bool = True


def _score(terms: MixedTerms, samples: MixedSamples, folds: list[Fold], ridge: float | None) -> FamilyScore:
    """Returns the score at a given ridge, or at the smallest that is not worse than the best by more than one error.

    A ridge biases couplings, so none is used that is not needed; stronger ones are tried while they gain.
    """
    prepared = _prepared(terms, samples, folds)
    tried = [weakest_ridge(samples) if ridge is None else ridge]
    losses = [_losses(terms, prepared, tried[0], len(samples.weight))]
    for stronger in RIDGES if ridge is None else ():
        tried.append(stronger)
        losses.append(_losses(terms, prepared, stronger, len(samples.weight)))
        gain, error = mean_and_error(losses[-2] - losses[-1], samples.weight)
        if not gain > IMPROVES * error:
            break
    means = [mean_and_error(some, samples.weight)[0] for some in losses]
    best = int(np.argmin(means))
    picked = next(k for k in range(len(tried)) if _not_worse(losses[k] - losses[best], samples.weight))
    converged = all(fold.converged for fold in prepared)
    return FamilyScore(tried[picked], losses[picked], dict(zip(tried, means, strict=True)), converged)


def _not_worse(difference: np.ndarray, weight: np.ndarray) -> bool:
    mean, error = mean_and_error(difference, weight)
    return mean <= error


def _prepared(terms: MixedTerms, samples: MixedSamples, folds: list[Fold]) -> list[_Fold]:
    """Sums the score-matching half of every fold, from the held-out rows where they make up the samples."""
    held = [_sums(terms, samples.part(rows)) for _, rows in folds]
    everything = np.concatenate([rows for _, rows in folds])
    whole = len(folds) > 1 and np.array_equal(np.sort(everything), np.arange(len(samples.weight)))
    prepared = []
    for k, (training, rows) in enumerate(folds):
        kept = samples.part(training)
        rest = held[:k] + held[k + 1 :]
        complementary = whole and len(training) + len(rows) == len(samples.weight)
        sums = reduce(add, rest) if complementary else _sums(terms, kept)
        conditional = ConditionalLosses(terms, terms.variables.scaled(kept.X), kept.weight)
        objective = MixedObjective(sums, conditional, 0.0)
        prepared.append(_Fold(objective, rows, samples.part(rows), np.zeros(terms.n_free)))
    return prepared


def _sums(terms: MixedTerms, samples: MixedSamples) -> ScoreSums:
    return score_sums(terms.variables.scaled(samples.X), samples.weight, terms.basis, terms.tying)


def _losses(terms: MixedTerms, folds: list[_Fold], ridge: float, n_samples: int) -> np.ndarray:
    """Returns the mean loss of each sample where it was held out, NaN if never, shape (samples,)."""
    total, count = np.zeros(n_samples), np.zeros(n_samples)
    for fold in folds:
        optimum = minimised(fold.objective.with_ridge(ridge), fold.theta, TOLERANCE)
        fold.theta, fold.converged = optimum.theta, fold.converged and optimum.converged
        np.add.at(total, fold.held, joint_losses(terms, fold.rows, fold.theta[:, None])[:, 0])
        np.add.at(count, fold.held, 1.0)
    return np.where(count > 0, total / np.maximum(count, 1), math.nan)
