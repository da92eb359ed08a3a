"""What the regressor requires of its arguments and training data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj, is_numpy_array
from sklearn.model_selection import GroupKFold, KFold, check_cv
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, validate_data

from ..._messages import must_be
from ...geometry import Geometry
from .chunks import Chunk
from .rows import LocalRows, Rows

if TYPE_CHECKING:
    from ..clusters import Workers
    from ..regressor import HamiltonianRegressor

__all__ = ["OWNER", "TrainingRows", "check_arguments", "is_foreign", "make_folds", "read_chunk", "read_rows"]

OWNER = "HamiltonianRegressor"


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Validated rows of positive weight.

    Args:
        rows: Where they are.
        weight: Their weights, shape (rows,).
        groups: Group of each, or None.
        places: Place of each among the rows passed to `fit`, shape (rows,).
        n_passed: Number of rows passed to `fit`.
        outputs: Names of the outputs.
        flat: Whether y had one dimension.
    """

    rows: Rows
    weight: np.ndarray
    groups: np.ndarray | None
    places: np.ndarray
    n_passed: int
    outputs: np.ndarray
    flat: bool


def check_arguments(model: HamiltonianRegressor) -> None:
    """Refuses what makes no sense; order, radius and symmetry are checked with the families.

    Args:
        model: The estimator.

    Raises:
        ValueError: If an argument is invalid.
    """
    if model.geometry is not None and not isinstance(model.geometry, Geometry):
        advice = "Pass for example Grid(8, 8)."
        raise ValueError(must_be("geometry", OWNER, "a geometry or None", repr(model.geometry), advice))
    if not isinstance(model.sparse, bool | np.bool_):
        raise ValueError(must_be("sparse", OWNER, "True or False", repr(model.sparse)))
    _check_number("max_terms", model.max_terms, 1.0)
    fixed = not (isinstance(model.regularization, str) and model.regularization == "auto")
    if fixed:
        _check_number("regularization", model.regularization, 0.0, '"auto" or ')
    if model.cv is None and ("auto" in {str(model.order), str(model.radius)} or not fixed):
        advice = "Pass order, radius and regularization, or cv=5."
        raise ValueError(must_be("cv", OWNER, "given if anything has to be chosen", None, advice))
    if model.sparse and fixed and float(model.regularization) > 0:
        advice = "Terms that are kept are fitted without a penalty."
        raise ValueError(must_be("regularization", OWNER, '"auto" or 0 if sparse', model.regularization, advice))


def _check_number(name: str, value: Any, least: float, also: str = "") -> None:
    if not (isinstance(value, Real) and not isinstance(value, bool) and least <= float(value) < np.inf):
        raise ValueError(must_be(name, OWNER, f"{also}a finite number, at least {least:g}", repr(value)))


def is_foreign(X: Any) -> bool:
    """Whether this is an array of the array API that is not NumPy's: it is used where it lies."""
    return is_array_api_obj(X) and not is_numpy_array(X) and not type(X).__module__.startswith(("dask", "ndonnx"))


def read_rows(
    model: HamiltonianRegressor, X: Any, y: Any, sample_weight: Any, groups: Any, workers: Workers | None = None
) -> TrainingRows:
    """Validates what was passed to `fit` and drops rows of weight 0, which count as no sample.

    Args:
        model: The estimator; gets `n_features_in_` and `feature_names_in_`.
        X: Samples.
        y: Outputs.
        sample_weight: Weights or None.
        groups: Groups or None.
        workers: The cluster that is to hold them, None for this process.

    Returns:
        The rows to train on.

    Raises:
        ValueError: If X or y is not finite, or the geometry has another number of sites.
    """
    if is_collection(X):
        return _collection_rows(model, X, y, sample_weight, groups, workers)
    if is_foreign(X):
        if workers is not None:
            advice = 'Pass engine="numpy": tensors are used where they lie.'
            raise ValueError(must_be("X", OWNER, "a NumPy or Dask array where engine is a cluster", type(X), advice))
        return _foreign_rows(model, X, y, sample_weight, groups)
    passed = y
    X, y = validate_data(model, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
    y = np.asarray(y, dtype=np.float64)
    check_sites(model, X.shape[1])
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    check_consistent_length(X, groups)
    counted = np.flatnonzero(weight > 0)
    if len(counted) < 2:
        got = f"n_samples = {len(counted)}"
        raise ValueError(must_be("X", OWNER, "at least 2 samples of positive weight", got, "Gather more samples."))
    check_total(weight)
    chosen = None if groups is None else np.asarray(groups)[counted]
    Y = y[:, None] if y.ndim == 1 else y
    n_passed = len(X)
    if len(counted) < len(X):
        X, Y, weight = X[counted], Y[counted], weight[counted]
    rows: Rows = LocalRows(Chunk(X, Y, weight))
    if workers is not None:
        from .cluster_rows import distributed_chunk

        rows = distributed_chunk(Chunk(X, Y, weight), workers)
    return TrainingRows(rows, weight, chosen, counted, n_passed, output_names(passed, y), y.ndim == 1)


def read_chunk(
    model: HamiltonianRegressor, X: Any, y: Any, sample_weight: Any, first: bool
) -> tuple[Chunk, TrainingRows]:
    """Validates what was passed to `partial_fit`.

    Args:
        model: The estimator.
        X: Samples.
        y: Outputs.
        sample_weight: Weights or None.
        first: Whether this is the first chunk; others must have as many columns.

    Returns:
        The rows of positive weight, as a chunk and with their names.

    Raises:
        ValueError: If X or y is not finite, or X has another number of columns.
    """
    passed = y
    X, y = validate_data(model, X, y, dtype=np.float64, multi_output=True, y_numeric=True, reset=first)
    check_sites(model, X.shape[1])
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    y, counted = np.asarray(y, np.float64), np.flatnonzero(weight > 0)
    if not len(counted):
        raise ValueError(must_be("sample_weight", f"{OWNER}.partial_fit", "positive somewhere", "0 everywhere"))
    Y = y[:, None] if y.ndim == 1 else y
    chunk = Chunk(X[counted], Y[counted], weight[counted])
    names = output_names(passed, y)
    return chunk, TrainingRows(LocalRows(chunk), weight[counted], None, counted, len(X), names, y.ndim == 1)


def is_collection(X: Any) -> bool:
    """Whether this is a Dask array or DataFrame."""
    return type(X).__module__.startswith("dask")


def _collection_rows(
    model: HamiltonianRegressor, X: Any, y: Any, sample_weight: Any, groups: Any, workers: Workers | None
) -> TrainingRows:
    """Reads a Dask array or DataFrame, which stays on the cluster."""
    if workers is None:
        advice = 'Pass engine="dask", or X.compute().'
        raise ValueError(must_be("X", OWNER, 'a NumPy array where engine is "numpy"', type(X).__name__, advice))
    if model.checkpoint is not None:
        advice = "The samples cannot be told apart without reading them all here."
        raise ValueError(must_be("checkpoint", OWNER, "None for a Dask collection", repr(model.checkpoint), advice))
    from .cluster_rows import distributed_collection

    model.__dict__.pop("feature_names_in_", None)
    if hasattr(X, "columns"):
        model.feature_names_in_ = np.array(list(X.columns), dtype=object)
        X = X.to_dask_array(lengths=True)
    passed, y = y, y.to_dask_array(lengths=True) if hasattr(y, "to_dask_array") else y
    y = y if is_collection(y) else np.asarray(y, dtype=np.float64)
    if sample_weight is not None:
        sample_weight = np.asarray(sample_weight, dtype=np.float64)
    model.n_features_in_ = int(X.shape[1])
    check_sites(model, model.n_features_in_)
    rows, weight = distributed_collection(X, y, sample_weight, workers)
    check_total(weight)
    counted = np.flatnonzero(weight > 0)
    chosen = None if groups is None else np.asarray(groups)[counted]
    return TrainingRows(rows, weight[counted], chosen, counted, len(weight), output_names(passed, y), y.ndim == 1)


def check_total(weight: np.ndarray) -> None:
    """Refuses weights that cannot be numbers of samples, such as shares that sum to 1.

    Args:
        weight: Shape (rows,).

    Raises:
        ValueError: If their sum is below 2.
    """
    total = float(weight.sum())
    if total < 2 * (1 - 1e-9):
        advice = "Multiply weights that are shares by the number of samples."
        requirement = "numbers of samples, at least 2 in all"
        raise ValueError(must_be("sample_weight", OWNER, requirement, f"a sum of {total:g}", advice))


def check_sites(model: HamiltonianRegressor, n: int) -> None:
    """Refuses a geometry of another number of sites.

    Args:
        model: The estimator.
        n: Number of variables.

    Raises:
        ValueError: If the geometry does not have n sites.
    """
    if model.geometry is not None and model.geometry.n_sites != n:
        got = f"{model.geometry!r} with {model.geometry.n_sites} sites for {n} columns"
        advice = "Pass the geometry of the columns, or geometry=None."
        raise ValueError(must_be("geometry", OWNER, "one site per column of X", got, advice))


def _foreign_rows(model: HamiltonianRegressor, X: Any, y: Any, sample_weight: Any, groups: Any) -> TrainingRows:
    """Reads arrays of the array API: PyTorch, CuPy, ...; sums are formed in their type and on their device."""
    xp = array_namespace(X)
    if X.ndim != 2 or not xp.isdtype(X.dtype, "real floating"):
        raise ValueError(must_be("X", OWNER, "of shape (samples, n), floating point", f"{X.shape}, {X.dtype}"))
    Y = xp.asarray(y, dtype=X.dtype, device=device(X))
    if Y.ndim not in {1, 2} or Y.shape[0] != X.shape[0]:
        raise ValueError(must_be("y", OWNER, f"of shape ({X.shape[0]},) or ({X.shape[0]}, outputs)", tuple(Y.shape)))
    if not (bool(xp.all(xp.isfinite(X))) and bool(xp.all(xp.isfinite(Y)))):
        raise ValueError(must_be("X", OWNER, "finite, and so must y", "NaN or infinity"))
    check_sites(model, int(X.shape[1]))
    weight = np.ones(int(X.shape[0])) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    counted = np.flatnonzero(weight > 0)
    if weight.shape != (int(X.shape[0]),) or np.any(weight < 0) or len(counted) < 2:
        requirement = f"{X.shape[0]} non-negative numbers, two or more of them positive"
        raise ValueError(must_be("sample_weight", OWNER, requirement, f"{weight.shape}"))
    check_total(weight)
    model.n_features_in_ = int(X.shape[1])
    model.__dict__.pop("feature_names_in_", None)
    flat = Y.ndim == 1
    Y = Y[:, None] if flat else Y
    w = xp.asarray(weight, dtype=X.dtype, device=device(X))
    if len(counted) < len(weight):
        index = xp.asarray(counted, device=device(X))
        X, Y, w = X[index, :], Y[index, :], w[index]
    chosen = None if groups is None else np.asarray(groups)[counted]
    return TrainingRows(
        LocalRows(Chunk(X, Y, w)), weight[counted], chosen, counted, len(weight), output_names(y, y), flat
    )


def output_names(passed: Any, y: Any) -> np.ndarray:
    """Returns names of outputs: those of a DataFrame or Series, else "y", or "y0", "y1", ..."""
    if hasattr(passed, "columns"):
        return np.array([str(name) for name in passed.columns])
    if y.ndim == 1:
        name = getattr(passed, "name", None)
        return np.array([name if isinstance(name, str) else "y"])
    return np.array([f"y{k}" for k in range(y.shape[1])])


def make_folds(cv: Any, data: TrainingRows, n_features: int, random_state: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Splits the rows into training and held-out ones.

    Args:
        cv: Number of shuffled folds, a scikit-learn splitter or an iterable of splits.
        data: The rows. Those of weight 0 are gone from them, but a splitter sees (and an iterable counts) the rows that
            were passed to `fit`.
        n_features: Number of variables.
        random_state: Seed of the shuffle of an integer `cv`.

    Returns:
        Pairs of rows (training, held out).

    Raises:
        ValueError: If `cv` is no such thing, there are fewer rows than folds, or a fold trains or tests nothing.
    """
    if isinstance(cv, int | np.integer) and not isinstance(cv, bool):
        n_rows = len(data.places)
        if not 2 <= cv <= n_rows:
            advice = "Lower `cv`, or gather more samples." if cv > n_rows else ""
            raise ValueError(must_be("cv", OWNER, f"between 2 and the number of samples, {n_rows}", cv, advice))
        kind = KFold if data.groups is None else GroupKFold
        splitter = kind(int(cv), shuffle=True, random_state=random_state)
        folds = list(splitter.split(np.zeros((n_rows, 1)), groups=data.groups))
    else:
        folds = _folds_of_splitter(cv, data, n_features)
    for number, (training, held) in enumerate(folds):
        if len(training) < 2 or not len(held):
            got = f"{len(training)} training and {len(held)} held-out samples in fold {number}"
            raise ValueError(must_be("cv", OWNER, "such that every fold trains and tests", got))
    return folds


def _folds_of_splitter(cv: Any, data: TrainingRows, n_features: int) -> list[tuple[np.ndarray, np.ndarray]]:
    if isinstance(cv, bool | str) or not (hasattr(cv, "split") or isinstance(cv, Iterable)):
        raise ValueError(must_be("cv", OWNER, "a number of folds, a splitter or an iterable of splits", repr(cv)))
    groups = None
    if data.groups is not None:
        groups = np.full(data.n_passed, data.groups[0])
        groups[data.places] = data.groups
    position = np.full(data.n_passed, -1)
    position[data.places] = np.arange(len(data.places))
    splits = check_cv(cv).split(np.zeros((data.n_passed, n_features)), np.zeros(data.n_passed), groups)
    parts = [(position[np.asarray(a)], position[np.asarray(b)]) for a, b in splits]
    return [(a[a >= 0], b[b >= 0]) for a, b in parts]
