"""Rectangular lattices of any dimension, open or periodic, with the Chebyshev distance."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np

from .._messages import must_be
from .base import Geometry, checked_length

__all__ = ["Grid"]


class Grid(Geometry):
    """Rectangular lattice whose sites are numbered row by row (last axis fastest).

    The distance is the largest step count along any axis (Chebyshev), so that the sites within
    radius r of a site form a box of (2r + 1)^dimensions.

    Args:
        *shape: Number of sites along each axis.
        periodic: Whether the axes close into rings; one bool, or one per axis.

    Raises:
        ValueError: If the shape is empty or not of positive integers, or `periodic` does not match it.

    Cost: nothing is stored but the shape; `neighbours` takes time in proportion to its answer.

    Example:
        >>> grid = Grid(8, 8)
        >>> int(grid.distance(0, 9)), grid.neighbours(0, 1).tolist(), grid.max_radius
        (1, [1, 8, 9], 7)
    """

    def __init__(self, *shape: int, periodic: bool | Iterable[bool] = False) -> None:
        if not shape:
            raise ValueError(must_be("shape", "Grid", "at least one length", "none", "Pass Grid(8, 8)."))
        self.shape = tuple(checked_length(length, "shape", type(self).__name__) for length in shape)
        self.periodic = _one_per_axis(periodic, len(self.shape))

    @property
    def n_sites(self) -> int:
        """Number of sites: the product of the lengths."""
        return math.prod(self.shape)

    @property
    def max_radius(self) -> int:
        """Largest distance between two sites, in steps."""
        reaches = zip(self.shape, self.periodic, strict=True)
        return max(length // 2 if ring else length - 1 for length, ring in reaches)

    def distance(self, i: Any, j: Any) -> Any:
        """Chebyshev distance between sites.

        Args:
            i: Site or array of sites.
            j: Site or array of sites; broadcasts with `i`.

        Returns:
            Largest step count along any axis, in the broadcast shape of `i` and `j`.
        """
        first = np.unravel_index(self._checked_sites(i, "i"), self.shape)
        second = np.unravel_index(self._checked_sites(j, "j"), self.shape)
        steps = []
        for a, b, length, ring in zip(first, second, self.shape, self.periodic, strict=True):
            straight = np.abs(a - b)
            steps.append(np.minimum(straight, length - straight) if ring else straight)
        return np.max(np.broadcast_arrays(*steps), axis=0)

    def neighbours(self, site: int, radius: float) -> np.ndarray:
        """Sites of the box of half-width `radius` around `site`.

        Args:
            site: Site number.
            radius: Largest distance, in steps; `math.inf` means all.

        Returns:
            Site numbers, ascending, without `site`.
        """
        here = np.unravel_index(int(self._checked_sites(site, "site")), self.shape)
        reach = int(min(float(radius), self.max_radius))
        axes = [
            np.unique(np.arange(c - reach, c + reach + 1) % length)
            if ring
            else np.arange(max(0, c - reach), min(length, c + reach + 1))
            for c, length, ring in zip(map(int, here), self.shape, self.periodic, strict=True)
        ]
        box = np.ravel_multi_index(np.ix_(*axes), self.shape).ravel()
        return box[box != site]

    def neighbour_pairs(self, radius: float) -> tuple[np.ndarray, np.ndarray]:
        """All pairs i < j of sites within `radius`.

        Args:
            radius: Largest distance, in steps; `math.inf` means all.

        Returns:
            The lower and the higher site of each pair, by the lower and then by the higher one.
        """
        reach = int(min(float(radius), self.max_radius))
        sites = np.arange(self.n_sites)
        places = np.unravel_index(sites, self.shape)
        lower, higher = [sites[:0]], [sites[:0]]
        for steps in product(*(self._steps(axis, reach) for axis in range(len(self.shape)))):
            inside, moved = np.ones(self.n_sites, bool), []
            for place, step, length, ring in zip(places, steps, self.shape, self.periodic, strict=True):
                there = place + step
                inside &= ring | ((there >= 0) & (there < length))
                moved.append(there % length)
            other = np.ravel_multi_index(tuple(moved), self.shape)
            kept = inside & (other > sites)
            lower.append(sites[kept])
            higher.append(other[kept])
        first, second = np.concatenate(lower), np.concatenate(higher)
        order = np.lexsort((second, first))
        return first[order], second[order]

    def _steps(self, axis: int, reach: int) -> list[int]:
        """Returns steps along an axis that lead to different places."""
        steps, length = range(-reach, reach + 1), self.shape[axis]
        if self.periodic[axis]:
            return sorted({step % length for step in steps})
        return [step for step in steps if abs(step) < length]

    def coordinates(self, sites: Any) -> np.ndarray:
        """Where sites lie.

        Args:
            sites: Site numbers, shape (*batch,).

        Returns:
            Steps along each axis, shape (*batch, axes).
        """
        return np.stack(np.unravel_index(self._checked_sites(sites, "sites"), self.shape), axis=-1)

    def to_dict(self) -> dict[str, Any]:
        """Plain description of the grid.

        Returns:
            `kind`, `shape` and `periodic`.
        """
        return {"kind": "grid", "shape": list(self.shape), "periodic": list(self.periodic)}

    def __repr__(self) -> str:
        lengths = ", ".join(map(str, self.shape))
        if not any(self.periodic):
            return f"Grid({lengths})"
        return f"Grid({lengths}, periodic={True if all(self.periodic) else self.periodic})"


def _one_per_axis(periodic: bool | Iterable[bool], n_axes: int) -> tuple[bool, ...]:
    flags = tuple(periodic) if isinstance(periodic, Iterable) else (periodic,) * n_axes
    if len(flags) != n_axes or not all(isinstance(flag, bool | np.bool_) for flag in flags):
        raise ValueError(must_be("periodic", "Grid", f"one bool, or {n_axes} of them", periodic))
    return tuple(bool(flag) for flag in flags)
