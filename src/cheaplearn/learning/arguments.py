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
from .namespaces import is_tensor, to_host

if TYPE_CHECKING:
    from .classifier import HamiltonianClassifier

__all__ = ["TrainingData", "check_arguments", "check_kinds", "read_kinds", "read_samples", "read_training_data"]

OWNER = "HamiltonianClassifier"
ENGINES = ("numpy", "streaming")
KINDS = ("real", "spin", "bit")
VALUES = {"spin": (-1.0, 1.0), "bit": (0.0, 1.0)}


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
    if model.levels != 0:
        advice = "Other values of `levels` are not built yet."
        raise ValueError(must_be("levels", OWNER, "0", repr(model.levels), advice))
    if model.engine not in ENGINES or (model.generative and model.engine != "numpy"):
        allowed = "'numpy' if generative=True" if model.generative else "'numpy' or 'streaming'"
        advice = "Other values of `engine` are not built yet."
        raise ValueError(must_be("engine", OWNER, allowed, repr(model.engine), advice))
    if model.generative and model.checkpoint is not None:
        raise ValueError(must_be("checkpoint", OWNER, "None if generative=True", repr(model.checkpoint)))
    if model.geometry is not None and not isinstance(model.geometry, Geometry):
        advice = "Pass for example Grid(8, 8)."
        raise ValueError(must_be("geometry", OWNER, "a geometry or None", repr(model.geometry), advice))
    _check_number("smoothness", model.smoothness, at_least=0.0)
    _check_number("max_terms", model.max_terms, at_least=1.0)
    fixed = not (isinstance(model.regularization, str) and model.regularization == "auto")
    if fixed:
        _check_number("regularization", model.regularization, at_least=np.finfo(float).tiny, also='"auto" or ')
    several = {"auto"} & {value for value in (model.order, model.radius, model.symmetry) if isinstance(value, str)}
    if model.cv is None and (several or not fixed):
        advice = "Pass order, radius, symmetry and regularization, or cv=5."
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
    X, y = validate_data(model, to_host(X) if is_tensor(X) else X, y, dtype=np.float64)
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
    kept = X if len(counted) == len(X) else X[counted]
    return TrainingData(kept, numbers, classes, weight[counted], chosen, counted, len(X))


def read_samples(model: HamiltonianClassifier, X: Any) -> np.ndarray:
    """Validates what a fitted classifier is to judge.

    Args:
        model: The fitted estimator.
        X: Samples; a PyTorch tensor is brought to NumPy.

    Returns:
        Shape (samples, n), float64, finite; spins and bits have their two values.

    Raises:
        ValueError: If they are of another shape, not finite, or no spins or bits where such are wanted.
    """
    values = validate_data(model, to_host(X) if is_tensor(X) else X, reset=False, dtype=np.float64)
    variables = model.hamiltonian_.variables
    if model.hamiltonian_.categories is None:
        check_kinds(values, variables.kinds, variables.names)
    return values


def read_kinds(kind: Any, n_variables: int) -> tuple[str, ...]:
    """Reads the argument `kind`.

    Args:
        kind: "real", "spin", "bit" or a list of them.
        n_variables: Number of columns.

    Returns:
        One kind per column.

    Raises:
        ValueError: If a kind is unknown or there is another number of them.
    """
    kinds = (kind,) * n_variables if isinstance(kind, str) else tuple(kind) if isinstance(kind, list | tuple) else ()
    if len(kinds) != n_variables or not all(isinstance(k, str) and k in KINDS for k in kinds):
        requirement = f"one of {', '.join(KINDS)}, or a list with one for each of {n_variables} columns"
        raise ValueError(must_be("kind", OWNER, requirement, repr(kind)))
    return kinds


def check_kinds(X: np.ndarray, kinds: tuple[str, ...], names: tuple[str, ...], rows: np.ndarray | None = None) -> None:
    """Refuses spins that are not -1 or 1, and bits that are not 0 or 1.

    Args:
        X: Samples, shape (samples, n).
        kinds: Kind of each column.
        names: Name of each column.
        rows: Number of each sample, for the message; counted from 0 if left out.

    Raises:
        ValueError: Naming the first cell that is wrong.
    """
    for column, kind in enumerate(kinds):
        if kind == "real":
            continue
        low, high = VALUES[kind]
        wrong = np.flatnonzero((X[:, column] != low) & (X[:, column] != high))
        if len(wrong):
            row = wrong[0] if rows is None else rows[wrong[0]]
            got = f"{X[wrong[0], column]:g} in row {row}, column {names[column]}"
            advice = 'Recode the column, or pass kind="real" for it.'
            raise ValueError(must_be("X", OWNER, f"{low:g} or {high:g} in columns of kind {kind}", got, advice))
