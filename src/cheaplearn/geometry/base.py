"""What every geometry can answer: how many sites, how far apart, who is near."""

from __future__ import annotations

from abc import ABC, abstractmethod
from operator import index
from typing import Any

import numpy as np

from .._messages import must_be

__all__ = ["Geometry"]


class Geometry(ABC):
    """Sites 0 .. n_sites - 1 with a distance between any two of them.

    A monomial has radius r if all its sites lie within pairwise distance r of each other.
    Two geometries are equal if `to_dict` says the same of both.
    """

    @property
    @abstractmethod
    def n_sites(self) -> int:
        """Number of sites."""

    @property
    @abstractmethod
    def max_radius(self) -> int:
        """Largest finite distance between two sites: the radius from which nothing is added."""

    @abstractmethod
    def distance(self, i: Any, j: Any) -> Any:
        """Distance between sites `i` and `j` (numbers or arrays that broadcast), in steps."""

    @abstractmethod
    def neighbours(self, site: int, radius: float) -> np.ndarray:
        """Sites within `radius` of `site`, ascending, without `site` itself."""

    def neighbour_pairs(self, radius: float) -> tuple[np.ndarray, np.ndarray]:
        """All pairs i < j of sites within `radius`.

        Args:
            radius: Largest distance, in steps; `math.inf` means all.

        Returns:
            The lower and the higher site of each pair, by the lower and then by the higher one.
        """
        near = [self.neighbours(site, radius) for site in range(self.n_sites)]
        above = [others[others > site] for site, others in enumerate(near)]
        return np.repeat(np.arange(self.n_sites), list(map(len, above))), np.concatenate(above)

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Plain, JSON-able description; `geometry_from_dict` reads it back."""

    @property
    def connected(self) -> bool:
        """Whether a finite radius reaches every pair of sites."""
        return True

    def _checked_sites(self, sites: Any, argument: str) -> np.ndarray:
        array = np.asarray(sites)
        inside = np.issubdtype(array.dtype, np.integer) and bool(np.all((array >= 0) & (array < self.n_sites)))
        if not inside:
            requirement = f"site numbers between 0 and {self.n_sites - 1}"
            raise ValueError(must_be(argument, type(self).__name__, requirement, sites))
        return array

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Geometry) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.n_sites))


def checked_length(value: Any, argument: str, owner: str) -> int:
    """Reads a number of sites, which must be an integer of at least 1.

    Args:
        value: What the caller passed.
        argument: Its name.
        owner: The class that was called.

    Returns:
        The number as an `int`.

    Raises:
        ValueError: If it is not a positive integer.
    """
    try:
        length = index(value)
    except TypeError:
        length = 0
    if length < 1 or isinstance(value, bool):
        raise ValueError(must_be(argument, owner, "positive integers", value, "Pass for example Grid(8, 8)."))
    return length
