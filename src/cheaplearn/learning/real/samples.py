"""Samples of real variables, their units and walls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import mul
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from ..._messages import must_be
from ...geometry import Group
from ...hamiltonian import Variables
from ..scaling import symmetric_units
from .bounds import Bounds

if TYPE_CHECKING:
    from ..density import HamiltonianDensity

__all__ = ["RealSamples", "Walls", "read_real_samples", "read_walls", "ruled_out", "shared_units"]

OWNER = "HamiltonianDensity"
FAR = 3.0  # standard deviations by which units that a symmetry asks for may miss the mean of a variable
UNLIKE = 10.0  # factor by which they may miss its standard deviation


@dataclass(frozen=True, eq=False)
class RealSamples:
    """Rows of positive weight.

    Args:
        X: Raw values, shape (samples, n), float64.
        weight: Positive sample weights, shape (samples,).
        groups: Group of each sample, or None.
        rows: Place of each sample among the rows passed to `fit`.
        n_rows: Number of rows passed to `fit`.
        like: An empty array of the namespace, dtype and device that sums are computed in.
    """

    X: np.ndarray
    weight: np.ndarray
    groups: np.ndarray | None
    rows: np.ndarray
    n_rows: int
    like: Any

    def part(self, chosen: np.ndarray) -> RealSamples:
        """Returns some of the samples."""
        groups = None if self.groups is None else self.groups[chosen]
        kept = {"X": self.X[chosen], "weight": self.weight[chosen], "rows": self.rows[chosen]}
        return replace(self, **kept, groups=groups)

    def scaled(self, variables: Variables) -> tuple[Any, Any]:
        """Returns scaled variables and weights where sums are computed, shapes (samples, n) and (samples,)."""
        xp, device = array_api_compat.array_namespace(self.like), array_api_compat.device(self.like)
        t, w = variables.scaled(self.X), self.weight
        return tuple(xp.asarray(a, dtype=self.like.dtype, device=device) for a in (t, w))


@dataclass(frozen=True, eq=False)
class Walls:
    """Where variables end, in raw units.

    Args:
        low: Shape (n,), -inf where a variable is open.
        high: Shape (n,), inf where it is open.
    """

    low: np.ndarray
    high: np.ndarray

    @property
    def open(self) -> bool:
        """Whether there is none."""
        return bool(np.all(np.isinf(self.low)) and np.all(np.isinf(self.high)))

    def scaled(self, variables: Variables) -> Bounds | None:
        """Returns the walls of the scaled variables, None if there is none."""
        return None if self.open else Bounds.scaled(self.low, self.high, variables.center, variables.scale)

    def named(self, names: Sequence[str]) -> dict[str, tuple[float, float]] | None:
        """Returns (low, high) by name, None if there is none."""
        pairs = zip(self.low.tolist(), self.high.tolist(), strict=True)
        return None if self.open else dict(zip(names, pairs, strict=True))

    def inside(self, X: np.ndarray) -> np.ndarray:
        """Returns which samples are within all walls, shape (samples,)."""
        return np.all((X >= self.low) & (X <= self.high), axis=1)


def read_real_samples(model: HamiltonianDensity, X: Any, sample_weight: Any, groups: Any) -> RealSamples:
    """Validates what was passed to `fit` and leaves out rows of weight 0.

    Args:
        model: The estimator; gets `n_features_in_` and `feature_names_in_`.
        X: Samples; an array of PyTorch or CuPy is summed where it is.
        sample_weight: Weights or None.
        groups: Groups or None.

    Returns:
        The samples.

    Raises:
        ValueError: If a value is not finite, or weights are negative or all 0.
    """
    from ..density_arguments import check_geometry, read_rows

    like = _empty_like(X)
    values = read_rows(model, _on_host(X), reset=True)
    weight = _check_sample_weight(_on_host(sample_weight), values, dtype=np.float64, ensure_non_negative=True)
    check_consistent_length(values, groups)
    check_geometry(model, values.shape[1])
    counted = np.flatnonzero(weight > 0)
    if not len(counted):
        raise ValueError(must_be("sample_weight", OWNER, "positive for some sample", "none"))
    chosen = None if groups is None else np.asarray(groups)[counted]
    return RealSamples(values[counted], weight[counted], chosen, counted, len(values), like)


def _on_host(X: Any) -> Any:
    return X.detach().cpu().numpy() if array_api_compat.is_torch_array(X) else X


def _empty_like(X: Any) -> Any:
    if array_api_compat.is_array_api_obj(X) and not array_api_compat.is_numpy_array(X):
        xp = array_api_compat.array_namespace(X)
        if not xp.isdtype(X.dtype, "real floating"):
            raise ValueError(must_be("X", OWNER, "of a floating-point type", X.dtype))
        return xp.empty((0,), dtype=X.dtype, device=array_api_compat.device(X))
    return np.empty(0)


def read_walls(bounds: Any, names: Sequence[str], X: np.ndarray) -> Walls:
    """Reads the argument `bounds`.

    Args:
        bounds: None; one pair (low, high) for all variables, None for an open end; one pair for each; or a mapping from
            names to pairs.
        names: Names of the variables.
        X: Samples, which must lie within.

    Returns:
        The walls.

    Raises:
        ValueError: If it is none of these, or a sample is outside.
    """
    n = len(names)
    pairs: list[Any]
    if bounds is None:
        pairs = [(None, None)] * n
    elif isinstance(bounds, Mapping):
        unknown = [name for name in bounds if name not in names]
        if unknown:
            raise ValueError(must_be("bounds", OWNER, f"about the variables {list(names)[:10]}", repr(unknown[0])))
        pairs = [bounds.get(name, (None, None)) for name in names]
    elif len(bounds) == 2 and not any(isinstance(end, Sequence | np.ndarray) for end in bounds):
        pairs = [tuple(bounds)] * n
    else:
        pairs = list(bounds)
    if len(pairs) != n or any(len(pair) != 2 for pair in pairs):
        raise ValueError(
            must_be("bounds", OWNER, f"a pair (low, high), or one for each of {n} variables", repr(bounds))
        )
    low = np.array([-np.inf if pair[0] is None else pair[0] for pair in pairs], float)
    high = np.array([np.inf if pair[1] is None else pair[1] for pair in pairs], float)
    if not np.all(low < high):
        raise ValueError(must_be("bounds", OWNER, "pairs (low, high) with low < high", repr(bounds)))
    outside = np.argwhere((X < low) | (X > high))
    if len(outside):
        row, column = outside[0]
        got = f"{X[row, column]:g} in row {row}, column {names[column]!r}"
        raise ValueError(must_be("X", OWNER, "within the bounds", got, "Widen the bounds or leave the row out."))
    return Walls(low, high)


def shared_units(
    names: Sequence[str],
    samples: RealSamples,
    choices: list[Group | None],
    walls: Walls,
    common: bool,
    centered: bool = True,
) -> tuple[Variables, list[Group | None], list[str]]:
    """Chooses mean and standard deviation as units, made alike where a symmetry asks for it.

    Args:
        names: Names of the variables.
        samples: The samples.
        choices: The symmetries to be compared, None for none.
        walls: Walls of the variables.
        common: Whether all variables get one scale.
        centered: Whether the mean becomes 0; given terms stay what they are only without.

    Returns:
        The variables; the symmetries that samples and walls do not rule out at once; and a sentence for each that they
        do: one that would need units more than 3 standard deviations off the mean of a variable, or 10 times its size.

    Raises:
        ValueError: If they rule out all.
    """
    w = samples.weight / samples.weight.sum()
    mean = w @ samples.X
    sd = np.sqrt(w @ (samples.X - mean) ** 2)
    varying = sd > 1e-12 * np.maximum(np.abs(mean), np.finfo(float).tiny)
    sd = np.where(varying, sd, 1.0)
    if common and varying.any():
        sd = np.full_like(sd, np.sqrt(np.mean(sd[varying] ** 2)))
    kept, notes = [], []
    for group in choices:
        reason = "" if group is None else ruled_out(group, mean, sd, walls, names)
        if reason:
            notes.append(f"Symmetry {group} was not tried: {reason}.")
        else:
            kept.append(group)
    if not kept:
        advice = "Centre the columns, or pass symmetry=None."
        raise ValueError(must_be("symmetry", OWNER, "such that the samples can have it", " ".join(notes), advice))
    center, scale = mean if centered else np.zeros_like(mean), sd
    groups = [group for group in kept if group is not None]
    if groups:  # units that all of them leave alone
        center, scale = symmetric_units(center, scale, reduce(mul, groups))
    return Variables(tuple(names), ("real",) * len(names), center, scale), kept, notes


def ruled_out(group: Group, mean: np.ndarray, sd: np.ndarray, walls: Walls, names: Sequence[str]) -> str:
    """Says why a symmetry cannot be that of the samples, whatever the couplings; empty if it can.

    Args:
        group: The symmetry.
        mean: Of each variable, shape (n,).
        sd: Standard deviation of each, shape (n,).
        walls: Where they end.
        names: Of the variables.

    Returns:
        A clause for a note.
    """
    center, scale = symmetric_units(mean, sd, group)
    far = np.flatnonzero(np.abs(center - mean) > FAR * sd)
    if len(far):
        i = far[0]
        return f"{names[i]} has mean {mean[i]:.4g}, {abs(center[i] - mean[i]) / sd[i]:.1f} standard deviations off"
    unlike = np.flatnonzero(np.maximum(scale / sd, sd / scale) > UNLIKE)
    if len(unlike):
        i = unlike[0]
        return f"{names[i]} has standard deviation {sd[i]:.4g}, not about {scale[i]:.4g} like the others"
    for targets, signs in group.generators:
        here = np.flatnonzero(targets >= 0)
        there, sign = targets[here], signs[here]
        low = np.where(sign > 0, walls.low[here], -walls.high[here])
        high = np.where(sign > 0, walls.high[here], -walls.low[here])
        if np.any(low != walls.low[there]) or np.any(high != walls.high[there]):
            return "the bounds do not have it"
    return ""
