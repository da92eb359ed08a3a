"""Units of real variables: mean and standard deviation, made alike where a symmetry asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import mul

import numpy as np

from ..._messages import must_be
from ...geometry import Group
from ...hamiltonian import Variables
from ..scaling import symmetric_units
from .walls import Walls

__all__ = ["ColumnMoments", "column_moments", "shared_units", "unit_classes"]

OWNER = "HamiltonianDensity"
BLOCK_ENTRIES = 1 << 17  # of the samples that deviations are formed of at once: 1 MiB
FAR = 3.0  # standard deviations by which units that a symmetry asks for may miss the mean of a variable
UNLIKE = 10.0  # factor by which they may miss its standard deviation


@dataclass(frozen=True, eq=False)
class ColumnMoments:
    """Mean and spread of each column; those of disjoint samples add up.

    Args:
        mean: Weighted mean, shape (n,).
        squares: Weighted sum of squared deviations from it, shape (n,).
        weight: Total weight, positive.

    Source: Chan, Golub & LeVeque (1983), Algorithms for computing the sample variance.

    Example:
        >>> parts = [column_moments(np.array([[x]]), np.ones(1)) for x in (1.0, 3.0)]
        >>> both = parts[0] + parts[1]
        >>> both.mean.tolist(), both.standard_deviation.tolist()
        ([2.0], [1.0])
    """

    mean: np.ndarray
    squares: np.ndarray
    weight: float

    def __add__(self, other: ColumnMoments) -> ColumnMoments:
        """Returns the moments of both parts together."""
        weight = self.weight + other.weight
        apart, share = other.mean - self.mean, other.weight / weight
        squares = self.squares + other.squares + apart**2 * (self.weight * share)
        return ColumnMoments(self.mean + share * apart, squares, weight)

    @property
    def standard_deviation(self) -> np.ndarray:
        """Of each column, shape (n,)."""
        return np.sqrt(self.squares / self.weight)

    @property
    def varying(self) -> np.ndarray:
        """Which columns are not constant up to rounding, shape (n,)."""
        return self.standard_deviation > 1e-12 * np.maximum(np.abs(self.mean), np.finfo(float).tiny)


def column_moments(X: np.ndarray, weight: np.ndarray) -> ColumnMoments:
    """Returns the moments of samples.

    Args:
        X: Shape (samples, n).
        weight: Non-negative, not all 0, shape (samples,).

    Returns:
        The moments.
    """
    total = float(weight.sum())
    mean = (weight / total) @ X
    squares = np.zeros(X.shape[1])
    step = max(1, BLOCK_ENTRIES // max(1, X.shape[1]))
    for first in range(0, len(X), step):
        deviation = X[first : first + step] - mean
        deviation *= deviation
        squares += weight[first : first + step] @ deviation
    return ColumnMoments(mean, squares, total)


def unit_classes(n: int, group: Group | None, common: bool) -> np.ndarray:
    """Numbers the sets of variables that share a scale whatever the samples are.

    Args:
        n: Number of variables.
        group: The symmetry, or None.
        common: Whether all variables get one scale.

    Returns:
        Number of the class of each variable, shape (n,).
    """
    if common:
        return np.zeros(n, int)
    return np.arange(n) if group is None else group.site_orbits


def shared_units(
    names: Sequence[str],
    moments: ColumnMoments,
    choices: list[Group | None],
    walls: Walls,
    common: bool,
    centered: bool = True,
) -> tuple[Variables, list[Group | None], list[str]]:
    """Chooses mean and standard deviation as units, made alike where a symmetry asks for it.

    Args:
        names: Names of the variables.
        moments: Of the samples.
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
    mean, sd, varying = moments.mean, moments.standard_deviation, moments.varying
    sd = np.where(varying, sd, 1.0)
    if common and varying.any():
        sd = np.full_like(sd, np.sqrt(np.mean(sd[varying] ** 2)))
    kept, notes = [], []
    for group in choices:
        reason = "" if group is None else _ruled_out(group, mean, sd, walls, names)
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


def _ruled_out(group: Group, mean: np.ndarray, sd: np.ndarray, walls: Walls, names: Sequence[str]) -> str:
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
