"""Samples of real and discrete variables, and their units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from ..._messages import must_be
from ...geometry import Group
from ...hamiltonian import Variables
from ...hamiltonian.walls import Walls
from ..discrete.states import sorted_states, states_of
from ..real.units import units_of_symmetries
from .columns import STATES, Columns, read_kinds

if TYPE_CHECKING:
    from ..density import HamiltonianDensity

__all__ = ["MixedSamples", "mixed_units", "open_walls", "read_mixed_samples"]

OWNER = "HamiltonianDensity"


@dataclass(frozen=True, eq=False)
class MixedSamples:
    """Rows of positive weight.

    Args:
        X: Values of the columns, shape (samples, columns), float64.
        weight: Positive sample weights, shape (samples,).
        groups: Group of each sample, or None.
        rows: Place of each sample among the rows passed to `fit`.
        n_rows: Number of rows passed to `fit`.
    """

    X: np.ndarray
    weight: np.ndarray
    groups: np.ndarray | None
    rows: np.ndarray
    n_rows: int

    def part(self, chosen: np.ndarray) -> MixedSamples:
        """Returns some of the samples."""
        groups = None if self.groups is None else self.groups[chosen]
        kept = {"X": self.X[chosen], "weight": self.weight[chosen], "rows": self.rows[chosen]}
        return replace(self, **kept, groups=groups)


def read_mixed_samples(
    model: HamiltonianDensity, X: Any, sample_weight: Any, groups: Any
) -> tuple[MixedSamples, Columns]:
    """Validates what was passed to `fit` and leaves out rows of weight 0.

    Args:
        model: The estimator; gets `n_features_in_` and `feature_names_in_`.
        X: Samples; a DataFrame with columns of text and numbers, for example.
        sample_weight: Weights or None.
        groups: Groups or None.

    Returns:
        The samples, and what their columns are.

    Raises:
        ValueError: If a value is not of the kind of its column, or weights are negative or all 0.
    """
    from ..density_arguments import check_geometry, read_rows

    if type(X).__module__.partition(".")[0] in {"dask", "dask_expr"}:
        advice = "Pass X.compute()."
        raise ValueError(must_be("X", OWNER, "an array for variables of several kinds", "a Dask collection", advice))
    raw = read_rows(model, X, reset=True)
    weight = _check_sample_weight(sample_weight, raw, dtype=np.float64, ensure_non_negative=True)
    check_consistent_length(raw, groups)
    check_geometry(model, raw.shape[1])
    counted = np.flatnonzero(weight > 0)
    if not len(counted):
        raise ValueError(must_be("sample_weight", OWNER, "positive for some sample", "none"))
    names = tuple(map(str, getattr(model, "feature_names_in_", [f"x{i}" for i in range(raw.shape[1])])))
    kinds = read_kinds(model.kind, names)
    given = _given_states(model.labels, names, kinds)
    states = [
        _states(kind, labels, raw, counted, site, names)
        for site, (kind, labels) in enumerate(zip(kinds, given, strict=True))
    ]
    columns = Columns(names, kinds, tuple(states))
    chosen = None if groups is None else np.asarray(groups)[counted]
    values = columns.encode(raw)[counted] if model.labels is not None else columns.encode(raw[counted])
    return MixedSamples(values, weight[counted], chosen, counted, len(raw)), columns


def _given_states(labels: Any, names: tuple[str, ...], kinds: tuple[str, ...]) -> list[Any]:
    """Reads the argument `labels`: states by name of column, or one entry for each column."""
    if labels is None:
        return [None] * len(names)
    if isinstance(labels, Mapping):
        strange = [name for name in labels if name not in names]
        if strange:
            raise ValueError(must_be("labels", OWNER, f"of the columns {', '.join(names[:10])}", repr(strange[0])))
        given = [labels.get(name) for name in names]
    else:
        given = list(labels)
    if len(given) != len(names):
        requirement = f"states by name, or one entry for each of {len(names)} columns"
        raise ValueError(must_be("labels", OWNER, requirement, f"{len(given)} entries"))
    for name, kind, states in zip(names, kinds, given, strict=True):
        if states is not None and kind != "category":
            raise ValueError(must_be("labels", OWNER, "None for columns that are no categories", f"some for {name}"))
    return given


def _states(
    kind: str, labels: Any, raw: np.ndarray, counted: np.ndarray, site: int, names: tuple[str, ...]
) -> np.ndarray | None:
    if kind == "real":
        return None
    if kind in STATES:
        return STATES[kind]
    found = set(labels) if labels is not None else states_of(raw[counted, site], counted, names[site])
    states = sorted_states(found, names[site])
    if len(states) < 2:
        advice = "Leave the column out, or pass all its states as labels."
        got = f"{states.tolist()} in column {names[site]}"
        raise ValueError(must_be("X", OWNER, "of at least two states in each column of categories", got, advice))
    return states


def open_walls(columns: Columns) -> Walls:
    """Returns that no variable ends anywhere."""
    return Walls.open(len(columns))


def mixed_units(
    columns: Columns, samples: MixedSamples, choices: list[Group | None], common: bool, centered: bool
) -> tuple[Variables, list[Group | None], list[str]]:
    """Chooses mean and standard deviation as units of real variables; spins and bits keep their own.

    Args:
        columns: The columns.
        samples: The samples.
        choices: The symmetries to be compared (of columns), None for none.
        common: Whether all real variables get one scale.
        centered: Whether the mean becomes 0; given terms stay what they are only without.

    Returns:
        The variables, the symmetries that are left, and a sentence for each that the samples rule out at once.

    Raises:
        ValueError: If they rule out all.
    """
    real = np.array(columns.column_kinds) == "real"
    w = samples.weight / samples.weight.sum()
    mean = np.where(real, w @ samples.X, 0.0)
    sd = np.sqrt(w @ (samples.X - mean) ** 2)
    varying = real & (sd > 1e-12 * np.maximum(np.abs(mean), np.finfo(float).tiny))
    sd = np.where(varying, sd, 1.0)
    if common and varying.any():
        sd = np.where(real, np.sqrt(np.mean(sd[varying] ** 2)), 1.0)
    center = mean if centered else np.zeros_like(mean)
    names = columns.column_names
    center, scale, kept, notes = units_of_symmetries(choices, mean, sd, center, open_walls(columns), names)
    return Variables(columns.column_names, columns.column_kinds, center, scale), kept, notes
