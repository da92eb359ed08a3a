"""What the classifier requires of its arguments and training data."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, validate_data

from .._messages import must_be
from ..geometry import Geometry

if TYPE_CHECKING:
    from .classifier import HamiltonianClassifier

__all__ = ["TrainingData", "check_arguments", "read_training_data"]

OWNER = "HamiltonianClassifier"


@dataclass(frozen=True)
class TrainingData:
    """Validated rows of positive weight.

    Args:
        X: Shape (samples, n), float64, finite.
        y: Class numbers, shape (samples,).
        classes: Label of each class number, ascending.
        weight: Positive weights, shape (samples,).
        groups: Group of each sample, or None.
        rows: Place of each sample among the rows passed to `fit`, shape (samples,).
        n_rows: Number of rows passed to `fit`.
    """

    X: np.ndarray
    y: np.ndarray
    classes: np.ndarray
    weight: np.ndarray
    groups: np.ndarray | None
    rows: np.ndarray
    n_rows: int


def check_arguments(model: HamiltonianClassifier) -> None:
    """Refuses what is not built yet or makes no sense; order and radius are checked with the families.

    Args:
        model: The estimator.

    Raises:
        ValueError: If an argument is invalid.
    """
    for name, only in (("symmetry", None), ("levels", 0), ("engine", "numpy")):
        value = getattr(model, name)
        if value != only:
            advice = f"Other values of `{name}` are not built yet."
            raise ValueError(must_be(name, OWNER, repr(only), repr(value), advice))
    if model.geometry is not None and not isinstance(model.geometry, Geometry):
        advice = "Pass for example Grid(8, 8)."
        raise ValueError(must_be("geometry", OWNER, "a geometry or None", repr(model.geometry), advice))
    _check_number("smoothness", model.smoothness, at_least=0.0)
    _check_number("max_terms", model.max_terms, at_least=1.0)
    fixed = not (isinstance(model.regularization, str) and model.regularization == "auto")
    if fixed:
        _check_number("regularization", model.regularization, at_least=np.finfo(float).tiny, also='"auto" or ')
    if model.cv is None and ("auto" in {str(model.order), str(model.radius)} or not fixed):
        advice = "Pass order, radius and regularization, or cv=5."
        raise ValueError(must_be("cv", OWNER, "given if anything has to be chosen", None, advice))


def _check_number(name: str, value: Any, at_least: float, also: str = "") -> None:
    fine = isinstance(value, Real) and not isinstance(value, bool) and at_least <= float(value) < np.inf
    if not fine:
        least = "positive" if 0 < at_least < 1 else f"at least {at_least:g}"
        raise ValueError(must_be(name, OWNER, f"{also}a finite number, {least}", repr(value)))


def read_training_data(model: HamiltonianClassifier, X: Any, y: Any, sample_weight: Any, groups: Any) -> TrainingData:
    """Validates what was passed to `fit` and drops rows of weight 0, which count as no sample.

    Args:
        model: The estimator; gets `n_features_in_` and `feature_names_in_`.
        X: Samples.
        y: Labels.
        sample_weight: Weights or None.
        groups: Groups or None.

    Returns:
        The rows to train on.

    Raises:
        ValueError: If X is not finite, y is no classification target or has one class, or the geometry has
            another number of sites.
    """
    X, y = validate_data(model, X, y, dtype=np.float64)
    check_classification_targets(y)
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    check_consistent_length(X, groups)
    if model.geometry is not None and model.geometry.n_sites != X.shape[1]:
        got = f"{model.geometry!r} with {model.geometry.n_sites} sites for {X.shape[1]} columns"
        advice = "Pass the geometry of the columns, or geometry=None."
        raise ValueError(must_be("geometry", OWNER, "one site per column of X", got, advice))
    counted = np.flatnonzero(weight > 0)
    classes, numbers = np.unique(np.asarray(y)[counted], return_inverse=True)
    if len(classes) < 2:
        got = f"only one class, {classes.tolist()[0]!r}" if len(classes) else "no sample of positive weight"
        raise ValueError(must_be("y", OWNER, "of at least two classes", got, "Check the target column."))
    chosen = None if groups is None else np.asarray(groups)[counted]
    return TrainingData(X[counted], numbers, classes, weight[counted], chosen, counted, len(X))
