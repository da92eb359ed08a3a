"""What the density requires of its arguments and samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, check_cv
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_feature_names, _check_sample_weight, check_consistent_length, validate_data

from .._messages import must_be
from ..geometry import Geometry
from ..hamiltonian import Alphabet
from .discrete.samples import DiscreteSamples, Place
from .discrete.states import sorted_states, states_of
from .mixed.columns import has_categories
from .namespaces import is_tensor, to_host

if TYPE_CHECKING:
    from .density import HamiltonianDensity
    from .discrete.cluster_samples import ClusterSamples
    from .mixed.samples import MixedSamples
    from .real.samples import RealSamples

__all__ = [
    "check_density_arguments",
    "collection_array",
    "density_folds",
    "is_collection",
    "read_samples",
    "term_limit",
]

OWNER = "HamiltonianDensity"
KINDS = ("real", "spin", "bit", "category")
Fold = tuple[np.ndarray, np.ndarray]
S = TypeVar("S", "DiscreteSamples", "MixedSamples", "RealSamples")
MOST_COUNTS = 2**62
METHODS = {
    "real": ("auto", "score matching", "likelihood"),
    "discrete": ("auto", "likelihood", "pseudolikelihood", "screening"),
    "mixed": ("auto", "score matching + pseudolikelihood"),
}
OF_REAL = {"bounds": None, "normalizable": "check"}
OF_DISCRETE = {"l1": 0.0, "threshold": 0.0, "labels": None}
REFUSED: dict[str, dict[str, Any]] = {
    "real": OF_DISCRETE,
    "discrete": OF_REAL,
    "mixed": {"l1": 0.0, "threshold": 0.0, "engine": "numpy"} | OF_REAL,
}


def check_density_arguments(model: HamiltonianDensity) -> None:
    """Refuses what makes no sense; order and radius are checked with the families.

    Args:
        model: The estimator.

    Raises:
        ValueError: If an argument is invalid.
    """
    sort = _sort_of(model.kind)
    methods = METHODS[sort]
    if model.method not in methods:
        requirement = f"one of {', '.join(methods)} for kind={model.kind!r}"
        raise ValueError(must_be("method", OWNER, requirement, repr(model.method)))
    for name, default in REFUSED[sort].items():
        value = getattr(model, name)
        if not (value is default or (isinstance(value, type(default)) and value == default)):
            raise ValueError(must_be(name, OWNER, f"{default!r} for kind={model.kind!r}", repr(value)))
    if model.normalizable not in {"check", "guarantee"}:
        raise ValueError(must_be("normalizable", OWNER, '"check" or "guarantee"', repr(model.normalizable)))
    if model.geometry is not None and not isinstance(model.geometry, Geometry):
        advice = "Pass for example Grid(8, 8)."
        raise ValueError(must_be("geometry", OWNER, "a geometry or None", repr(model.geometry), advice))
    if not (isinstance(model.regularization, str) and model.regularization in {"auto", "search"}):
        _check_number("regularization", model.regularization, '"auto", "search" or ')
    if not (isinstance(model.l1, str) and model.l1 == "auto"):
        _check_number("l1", model.l1, '"auto" or ')
    _check_number("max_terms", model.max_terms, "")
    _check_number("threshold", model.threshold, "")
    if model.threshold > 0 and not isinstance(model.l1, str) and model.l1 == 0:
        advice = 'Pass l1="auto".'
        raise ValueError(must_be("threshold", OWNER, "0 without L1", model.threshold, advice))
    jobs = model.n_jobs
    if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, Integral) or not (jobs > 0 or jobs == -1)):
        raise ValueError(must_be("n_jobs", OWNER, "None, -1 or a number of threads", repr(jobs)))
    if model.labels is not None and not has_categories(model.kind):
        raise ValueError(must_be("labels", OWNER, "None unless kind is category", repr(model.labels)))
    if not (isinstance(model.standard_errors, bool) or model.standard_errors == "auto"):
        raise ValueError(must_be("standard_errors", OWNER, '"auto", True or False', repr(model.standard_errors)))
    if model.terms is not None and "auto" in {str(model.order), str(model.radius)}:
        advice = 'Leave order=2 and radius="all" as they are: terms says all.'
        raise ValueError(must_be("terms", OWNER, "None if order or radius is chosen", "terms", advice))


def _sort_of(kind: Any) -> str:
    """Returns "real", "discrete" or "mixed"."""
    if isinstance(kind, str):
        if kind not in KINDS:
            raise ValueError(must_be("kind", OWNER, f"one of {', '.join(KINDS)}", repr(kind)))
        return "real" if kind == "real" else "discrete"
    if not isinstance(kind, list | tuple | Mapping):
        requirement = f"one of {', '.join(KINDS)}, or a list of these, one for each column, or a mapping from columns"
        raise ValueError(must_be("kind", OWNER, requirement, repr(kind)))
    kinds = list(kind.values() if isinstance(kind, Mapping) else kind)
    unknown = [one for one in kinds if one not in KINDS]
    if unknown:
        raise ValueError(must_be("kind", OWNER, f"made of {', '.join(KINDS)}", repr(unknown[0])))
    if "real" not in kinds or set(kinds) == {"real"}:
        advice = (
            'Pass kind="real" if all columns are real; columns that are all discrete can be read as kind="category".'
        )
        got = ", ".join(kinds) or "nothing"
        raise ValueError(must_be("kind", OWNER, "real for some columns and not for others", got, advice))
    return "mixed"


def term_limit(model: HamiltonianDensity) -> int:
    """Returns most monomials of a family: `max_terms` where families are compared, no limit where one is asked for."""
    several = isinstance(model.order, list | tuple) or "auto" in {str(model.order), str(model.radius)}
    return model.max_terms if several else int(np.iinfo(np.int64).max)


def _check_number(name: str, value: Any, also: str) -> None:
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 <= float(value) < np.inf:
        raise ValueError(must_be(name, OWNER, f"{also}a finite number, not negative", repr(value)))


def read_samples(
    model: HamiltonianDensity, X: Any, sample_weight: Any, groups: Any, place: Place
) -> DiscreteSamples | ClusterSamples:
    """Validates what was passed to `fit` and leaves out rows of weight 0, which count as no sample.

    Args:
        model: The estimator; gets `n_features_in_` and `feature_names_in_`.
        X: Samples.
        sample_weight: Weights or None.
        groups: Groups or None.
        place: Where samples are summed.

    Returns:
        The samples.

    Raises:
        ValueError: If a value is not of the kind (says row and column), weights are negative or all 0, the
            geometry has another number of sites, or a Dask collection is to be fitted on this machine.
    """
    if is_collection(X):
        return _read_collection(model, X, sample_weight, groups, place)
    X = read_rows(model, X, reset=True)
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    check_consistent_length(X, groups)
    check_geometry(model, X.shape[1])
    counted = np.flatnonzero(weight > 0)
    if not len(counted):
        raise ValueError(must_be("sample_weight", OWNER, "positive for some sample", "none"))
    names = _names(model)
    states = given_states(model, names) or [
        sorted_states(states_of(X[counted, i], counted, names[i]), names[i]) for i in range(len(names))
    ]
    alphabet = Alphabet(names, tuple(states))
    checked = X if model.kind != "category" or model.labels is not None else X[counted]
    codes = alphabet.encode(checked, OWNER)[counted if checked is X else slice(None)]
    chosen = None if groups is None else np.asarray(groups)[counted]
    return DiscreteSamples(codes, weight[counted], alphabet, chosen, counted, len(X))


def _read_collection(
    model: HamiltonianDensity, X: Any, sample_weight: Any, groups: Any, place: Place
) -> ClusterSamples:
    """Reads a Dask array or DataFrame; its rows stay on the cluster."""
    from .discrete.cluster_samples import read_collection
    from .discrete.distributed import ClusterPlace

    if not isinstance(place, ClusterPlace):
        advice = 'Pass engine="dask", or X.compute().'
        raise ValueError(must_be("engine", OWNER, '"dask" or an address for a Dask collection', '"numpy"', advice))
    X, names = collection_array(model, X, groups), _names(model)
    return read_collection(X, sample_weight, model.kind, names, given_states(model, names), place)


def is_collection(X: Any) -> bool:
    """Whether samples are a Dask array or DataFrame."""
    return type(X).__module__.partition(".")[0] in {"dask", "dask_expr"}


def collection_array(model: HamiltonianDensity, X: Any, groups: Any) -> Any:
    """Checks a Dask array or DataFrame as far as that needs no value.

    Args:
        model: The estimator; gets `n_features_in_` and `feature_names_in_`.
        X: The collection.
        groups: Must be None.

    Returns:
        The Dask array.

    Raises:
        ValueError: If groups are given, or shape or geometry do not fit.
    """
    if groups is not None:
        advice = "Groups only matter where families are compared, which needs an array."
        raise ValueError(must_be("groups", OWNER, "None for a Dask collection", "groups", advice))
    if hasattr(X, "to_dask_array"):
        _check_feature_names(model, X, reset=True)
        columns = np.asarray(X.columns, dtype=object)
        if all(isinstance(name, str) for name in columns):
            model.feature_names_in_ = columns
        X = X.to_dask_array()
    elif hasattr(model, "feature_names_in_"):
        del model.feature_names_in_
    if X.ndim != 2 or not X.shape[1] >= 1:
        raise ValueError(must_be("X", OWNER, "of shape (samples, n)", f"shape {X.shape}"))
    model.n_features_in_ = X.shape[1]
    check_geometry(model, X.shape[1])
    return X


def _names(model: HamiltonianDensity) -> tuple[str, ...]:
    return tuple(map(str, getattr(model, "feature_names_in_", [f"x{i}" for i in range(model.n_features_in_)])))


def check_geometry(model: HamiltonianDensity, n: int) -> None:
    if model.geometry is not None and model.geometry.n_sites != n:
        got = f"{model.geometry!r} with {model.geometry.n_sites} sites for {n} columns"
        advice = "Pass the geometry of the columns, or geometry=None."
        raise ValueError(must_be("geometry", OWNER, "one site per column of X", got, advice))


def read_rows(model: HamiltonianDensity, X: Any, reset: bool) -> np.ndarray:
    """Returns raw values as an array, after scikit-learn's checks of shape and column names."""
    finite = not has_categories(model.kind)
    return validate_data(
        model,
        to_host(X) if is_tensor(X) else X,
        reset=reset,
        dtype=np.float64 if finite else None,
        ensure_all_finite=finite,
    )


def given_states(model: HamiltonianDensity, names: tuple[str, ...]) -> list[np.ndarray] | None:
    """Returns the states of each site as far as the arguments say them, or None for those that occur."""
    if model.kind != "category":
        return list(Alphabet.of_kinds(names, [model.kind] * len(names)).labels)
    if model.labels is None:
        return None
    given = list(model.labels)
    nested = bool(given) and isinstance(given[0], list | tuple | np.ndarray)
    per_site = [np.asarray(states) for states in given] if nested else [np.asarray(given)] * len(names)
    if len(per_site) != len(names):
        requirement = f"one list of states, or one for each of {len(names)} columns"
        raise ValueError(must_be("labels", OWNER, requirement, f"{len(per_site)} lists"))
    return per_site


def density_folds(cv: Any, samples: S, random_state: Any) -> tuple[S, list[Fold]]:
    """Splits the samples into training and held-out rows.

    Args:
        cv: Number of shuffled folds, or a scikit-learn splitter (``KFold(5)`` cuts a time series into blocks).
        samples: The samples; a splitter sees the rows that were passed to `fit`.
        random_state: Seed of the shuffle of an integer `cv`.

    Returns:
        The samples to be split, and pairs of positions in them (training, held out). Shuffled folds deal out counts: a
        row whose weight is a whole number appears once in each fold that gets some of it.

    Raises:
        ValueError: If `cv` is no number of folds or splitter, or a fold is empty.
    """
    if isinstance(cv, int | np.integer) and not isinstance(cv, bool):
        counts = samples.weight
        whole = bool(np.all(counts == np.round(counts)))
        available = int(min(counts.sum(), MOST_COUNTS)) if whole else len(samples.weight)
        if not 2 <= cv <= available:
            raise ValueError(must_be("cv", OWNER, f"between 2 and {available} folds", cv))
        if whole and counts.max() > 1 and samples.groups is None:
            return _dealt(int(cv), samples, random_state)
        grouped = samples.groups is not None
        cv = GroupKFold(int(cv)) if grouped else KFold(int(cv), shuffle=True, random_state=random_state)
    elif isinstance(cv, bool | str) or cv is None:
        raise ValueError(must_be("cv", OWNER, "a number of folds or a splitter", repr(cv)))
    folds = _folds_of(cv, samples)
    for number, (training, held_out) in enumerate(folds):
        if not len(training) or not len(held_out):
            got = f"nothing {'held out' if len(training) else 'to train on'} in fold {number}"
            raise ValueError(must_be("cv", OWNER, "such that every fold trains and holds out samples", got))
    return samples, folds


def _dealt(folds: int, samples: S, random_state: Any) -> tuple[S, list[Fold]]:
    """Deals the counts of all rows to folds of equal size; a row becomes one for each fold that gets some of it."""
    rng = check_random_state(random_state)
    rows, fold, weight = [], [], []
    left = samples.weight.astype(np.int64)
    for number in range(folds):
        share = rng.binomial(left, 1 / (folds - number))  # the last fold gets what is left
        got = np.flatnonzero(share)
        rows.append(got)
        fold.append(np.full(len(got), number))
        weight.append(share[got].astype(float))
        left = left - share
    of, kept = np.concatenate(fold), np.concatenate(rows)
    dealt = replace(samples.part(kept), weight=np.concatenate(weight))
    parts = [(np.flatnonzero(of != k), np.flatnonzero(of == k)) for k in range(folds)]
    return dealt, [(training, held_out) for training, held_out in parts if len(training) and len(held_out)]


def _folds_of(cv: Any, samples: S) -> list[Fold]:
    position = np.full(samples.n_rows, -1)
    position[samples.rows] = np.arange(len(samples.rows))
    groups = None
    if samples.groups is not None:
        groups = np.full(samples.n_rows, samples.groups[0])
        groups[samples.rows] = samples.groups
    parts = [
        (position[np.asarray(a)], position[np.asarray(b)])
        for a, b in check_cv(cv).split(np.zeros((samples.n_rows, 1)), None, groups)
    ]
    return [(a[a >= 0], b[b >= 0]) for a, b in parts]
