"""The ladder: every family scored on the same folds, and the cheapest that is good enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from .checkpoint import Checkpoint
from .families import Family
from .scoring import FamilyScore, frequency_losses, mean_and_error, score_family
from .spaces import Spaces
from .verdict import verdict

__all__ = ["Ladder", "build_ladder", "choose", "climb", "parameter_count", "unscored"]


@dataclass(frozen=True)
class Ladder:
    """What climbing the ladder found.

    Args:
        table: One row per family, columns as in `HamiltonianClassifier.ladder_`.
        path: One row per family and regularisation tried.
        family: The family chosen.
        regularization: Its regularisation.
        converged: Whether every fit on every fold reached its tolerance.
        verdict: What the table says, in words.
    """

    table: pd.DataFrame
    path: pd.DataFrame
    family: Family
    regularization: float
    converged: bool
    verdict: str = ""


def climb(
    spaces: Spaces,
    families: list[Family],
    Y: np.ndarray,
    weight: np.ndarray,
    folds: list[tuple[np.ndarray, np.ndarray]],
    regularization: float | None,
    n_jobs: int | None,
    report: Callable[[], None],
    checkpoint: Checkpoint,
) -> Ladder:
    """Scores all families and chooses.

    Args:
        spaces: Whitened features of all samples.
        families: Families by growing radius.
        Y: One-hot classes, shape (samples, classes).
        weight: Sample weights, shape (samples,).
        folds: Pairs of rows (training, held out).
        regularization: Fixed value, or None to search for each family.
        n_jobs: Families scored at a time, in threads of one BLAS thread each; None for one, -1 for one per core.
        report: Called after each family.
        checkpoint: Keeps finished scores, and knows those of an earlier run.

    Returns:
        The ladder; the same whatever `n_jobs` is, up to rounding.
    """

    def score(family: Family) -> tuple[Family, FamilyScore]:
        def compute() -> FamilyScore:
            return score_family(spaces.coordinates(family).products, Y, weight, folds, regularization)

        result = checkpoint.scored(family, compute)
        report()
        return family, result

    with threadpool_limits(1):  # measured: two BLAS threads wait for each other and take four times as long
        parallel = Parallel(n_jobs, prefer="threads", pre_dispatch="n_jobs", batch_size=1)
        scores = parallel(delayed(score)(family) for family in families)
    count = parameter_count(Y.shape[1])
    return build_ladder(scores, weight, count, frequency_losses(Y, weight, folds))


def parameter_count(n_classes: int) -> Callable[[Family], int]:
    """Returns what counts the parameters of a family: couplings and an offset for each class."""
    return lambda family: (family.n_couplings + 1) * n_classes


def unscored(families: list[Family], regularization: float | None, count: Callable[[Family], int]) -> Ladder:
    """The ladder of one family that is fitted without being scored.

    Args:
        families: The one family.
        regularization: Its regularisation, which must be given.
        count: Number of free parameters of a family.

    Returns:
        A ladder whose losses are NaN.

    Raises:
        ValueError: If there is anything to choose.
    """
    if len(families) != 1 or regularization is None:
        message = "a ladder without folds has exactly one family and a given regularization"
        raise ValueError(message)
    score = FamilyScore(regularization, np.array([]), {}, converged=True)
    return build_ladder([(families[0], score)], np.array([]), count)


def choose(parameters: np.ndarray, losses: np.ndarray, standard_error: float) -> int:
    """Fewest parameters within one standard error of the lowest loss.

    Args:
        parameters: Parameters of each family, by order and then radius.
        losses: Mean held-out loss of each, nats.
        standard_error: That of the lowest loss, nats.

    Returns:
        Row of the family chosen; among equals the first.

    Example:
        >>> choose(np.array([10, 20, 30]), np.array([0.9, 0.52, 0.5]), 0.03)
        1
    """
    eligible = losses <= losses.min() + standard_error
    return int(np.argmin(np.where(eligible, parameters, np.inf)))


def build_ladder(
    scores: list[tuple[Family, FamilyScore]],
    weight: np.ndarray,
    count: Callable[[Family], int],
    baseline: np.ndarray | None = None,
    unit: str = "nats",
) -> Ladder:
    """Tabulates the scores of families and chooses one.

    Args:
        scores: Families with their scores on the same folds.
        weight: Sample weights, shape (samples,).
        count: Number of free parameters of a family.
        baseline: Held-out loss of each sample under a model without couplings, shape (samples,), if there is one.
        unit: Of the losses.

    Returns:
        The ladder, by order, then radius, then number of parameters.
    """
    scores = sorted(scores, key=lambda pair: (pair[0].order, pair[0].radius, count(pair[0])))
    rows = np.array([mean_and_error(score.losses, weight) for _, score in scores])
    parameters = np.array([count(family) for family, _ in scores])
    best = int(np.argmin(rows[:, 0]))
    chosen = choose(parameters, rows[:, 0], rows[best, 1])
    differences = [mean_and_error(score.losses - scores[best][1].losses, weight)[1] for _, score in scores]
    table = pd.DataFrame({
        "order": [family.order for family, _ in scores],
        "radius": [family.radius for family, _ in scores],
        "symmetry": pd.Series([family.symmetry_name for family, _ in scores], dtype=object),
        "levels": 0,
        "parameters": parameters,
        "loss": rows[:, 0],
        "standard_error": rows[:, 1],
        "difference": rows[:, 0] - rows[best, 0],
        "difference_standard_error": differences,
        "chosen": np.arange(len(scores)) == chosen,
    })
    family, score = scores[chosen]
    converged = all(score.converged for _, score in scores)
    words = verdict(
        [(f, int(k), s.losses) for (f, s), k in zip(scores, parameters, strict=True)], chosen, weight, baseline, unit
    )
    return Ladder(table, _path(scores), family, score.regularization, converged, words)


def _path(scores: list[tuple[Family, FamilyScore]]) -> pd.DataFrame:
    rows = [
        (family.order, family.radius, family.symmetry_name, value, score.path[value], value == score.regularization)
        for family, score in scores
        for value in sorted(score.path, reverse=True)
    ]
    return pd.DataFrame(rows, columns=["order", "radius", "symmetry", "regularization", "loss", "picked"])
