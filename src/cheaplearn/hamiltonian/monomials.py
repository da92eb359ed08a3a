"""The local monomials of an order and radius, enumerated as cliques of neighbourhoods."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .._messages import must_be
from ..geometry import Geometry

__all__ = ["Monomials", "count_monomials", "local_monomials"]

SITES_AT_ONCE = 64  # whose monomials are counted together
ROWS_AT_ONCE = 1 << 16  # monomials extended together: bounds the memory of the enumeration


@dataclass(frozen=True, eq=False)
class Monomials:
    """Products of variables, grouped by degree; a variable may repeat (its power).

    Args:
        sites: One integer array per degree d = 1, 2, ..., shape (terms, d): the variables of each
            product in ascending order, rows in lexicographic order. ``[0, 0, 3]`` is x0^2 x3.
    """

    sites: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return sum(len(block) for block in self.sites)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        for block in self.sites:
            yield from map(tuple, block.tolist())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Monomials) or len(self.sites) != len(other.sites):
            return NotImplemented if not isinstance(other, Monomials) else False
        return all(np.array_equal(a, b) for a, b in zip(self.sites, other.sites, strict=True))

    __hash__ = None  # type: ignore[assignment]

    @property
    def order(self) -> int:
        """Highest degree."""
        return len(self.sites)

    @property
    def degrees(self) -> np.ndarray:
        """Degree of each term, shape (terms,)."""
        return np.repeat(np.arange(1, self.order + 1), [len(block) for block in self.sites])

    def blocks(self, size: int) -> Iterator[np.ndarray]:
        """Yields the terms in order, at most `size` rows of one degree at a time."""
        for block in self.sites:
            for start in range(0, len(block), size):
                yield block[start : start + size]


def local_monomials(
    n_variables: int,
    order: int,
    radius: float,
    geometry: Geometry | None = None,
    kinds: Sequence[str] | None = None,
) -> Monomials:
    """All monomials of degree 1 .. order whose variables lie within `radius` of each other.

    Real variables may repeat (powers); bits (x^2 = x) and spins (x^2 = 1) may not.

    Args:
        n_variables: Number of variables, one per site.
        order: Highest degree, at least 1.
        radius: Largest pairwise distance between the variables of one monomial; `math.inf` for all.
        geometry: Where the variables live; without one only radius 0 and `math.inf` have a meaning.
        kinds: "real", "bit" or "spin" for each variable; all real if left out.

    Returns:
        The monomials, by degree and then lexicographically.

    Raises:
        ValueError: If order or radius is invalid or the geometry has another number of sites.

    Cost: time and memory in proportion to the number of monomials (and of neighbouring pairs).

    Example:
        >>> from cheaplearn.geometry import Chain
        >>> list(local_monomials(3, 2, 1, Chain(3)))
        [(0,), (1,), (2,), (0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]
    """
    _check_family(n_variables, order, radius, geometry, kinds)
    near = _Neighbourhoods(n_variables, radius if order > 1 else 0, geometry, kinds)
    sites = [np.arange(n_variables)[:, None]]
    for _ in range(1, order):
        chunks = [near.extended(rows) for rows in _chunks(sites[-1])]
        sites.append(np.concatenate(chunks) if chunks else np.empty((0, sites[-1].shape[1] + 1), int))
    return Monomials(tuple(sites))


def count_monomials(
    n_variables: int,
    order: int,
    radius: float,
    geometry: Geometry | None = None,
    kinds: Sequence[str] | None = None,
    limit: float = math.inf,
) -> int:
    """Number of monomials that `local_monomials` returns, without keeping them.

    Args:
        n_variables: Number of variables.
        order: Highest degree.
        radius: Largest pairwise distance.
        geometry: Where the variables live.
        kinds: Kind of each variable; all real if left out.
        limit: Stop counting beyond this number.

    Returns:
        The exact number, or some number above `limit` if it is above `limit`.

    Cost: closed form for radius 0 and for all pairs (C(n + d, d) - 1 for n real variables),
        otherwise the time of the enumeration up to `limit`, in bounded memory.

    Example:
        >>> from cheaplearn.geometry import Grid
        >>> [count_monomials(64, 2, radius, Grid(8, 8)) for radius in (0, 1, 2, 3, 7)]
        [128, 338, 674, 1064, 2144]
    """
    _check_family(n_variables, order, radius, geometry, kinds)
    real = n_variables if kinds is None else sum(kind == "real" for kind in kinds)
    if radius == 0:
        return n_variables + (order - 1) * real
    if math.isinf(radius) or (geometry is not None and geometry.connected and radius >= geometry.max_radius):
        return _count_all(real, n_variables - real, order)
    near = _Neighbourhoods(n_variables, radius, geometry, kinds)
    count = n_variables
    sites = np.arange(n_variables)[:, None]
    for first in range(0, n_variables, SITES_AT_ONCE):
        count += near.count_extensions(sites[first : first + SITES_AT_ONCE], order - 1, limit - count)
        if count > limit:
            break
    return count


def _count_all(real: int, binary: int, order: int) -> int:
    """Returns the sum over degrees d and k of distinct binary factors: C(binary, k) C(real+d-k-1, d-k)."""

    def powers(degree: int) -> int:
        return math.comb(real + degree - 1, degree) if real else int(degree == 0)

    degrees = range(1, order + 1)
    return sum(math.comb(binary, k) * powers(d - k) for d in degrees for k in range(d + 1))


class _Neighbourhoods:
    """Upper neighbourhoods of all sites as one sorted list of pairs i <= j within the radius."""

    def __init__(self, n_variables: int, radius: float, geometry: Geometry | None, kinds: Sequence[str] | None) -> None:
        self.n = n_variables
        self.complete = math.isinf(radius)
        repeating = [site for site in range(n_variables) if kinds is None or kinds[site] == "real"]
        if self.complete:
            lower, higher = np.triu_indices(n_variables, 1)
        elif geometry is None or radius == 0:
            lower = higher = np.empty(0, int)
        else:
            lower, higher = geometry.neighbour_pairs(radius)
        pairs = np.concatenate([lower * self.n + higher, np.array(repeating, int) * (self.n + 1)])
        self.pair = np.sort(pairs, kind="stable")
        self.start = np.searchsorted(self.pair, np.arange(self.n + 1) * self.n)
        self.other = self.pair % max(self.n, 1)

    def extended(self, rows: np.ndarray) -> np.ndarray:
        """Returns every row with each variable appended that is not below its last and near all of them."""
        last = rows[:, -1]
        sizes = self.start[last + 1] - self.start[last]
        parent = np.repeat(np.arange(len(rows)), sizes)
        offset = np.arange(len(parent)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        added = self.other[self.start[last][parent] + offset]
        grown = np.column_stack([rows[parent], added])
        return grown if self.complete else grown[self._near_all(grown)]

    def _near_all(self, grown: np.ndarray) -> np.ndarray:
        keep = np.ones(len(grown), bool)
        for earlier in grown.T[:-2]:  # the last two are near by construction
            same = earlier == grown[:, -2]  # a repeated variable was checked with its repetition
            wanted = earlier * self.n + grown[:, -1]
            place = np.minimum(np.searchsorted(self.pair, wanted), max(len(self.pair) - 1, 0))
            keep &= same | (self.pair[place] == wanted) if len(self.pair) else same
        return keep

    def count_extensions(self, rows: np.ndarray, levels: int, limit: float) -> int:
        """Returns the number of monomials that grow from `rows` in at most `levels` steps, up to `limit`."""
        if levels == 0 or not len(rows):
            return 0
        count = 0
        for chunk in _chunks(rows):
            grown = self.extended(chunk)
            count += len(grown)
            if count > limit:
                break
            count += self.count_extensions(grown, levels - 1, limit - count)
        return count


def _chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield rows[start : start + ROWS_AT_ONCE]


def _check_family(
    n_variables: int, order: int, radius: float, geometry: Geometry | None, kinds: Sequence[str] | None
) -> None:
    owner = "local_monomials"
    if order < 1 or order != int(order):
        raise ValueError(must_be("order", owner, "an integer of at least 1", order))
    if math.isnan(radius) or radius < 0 or (math.isfinite(radius) and radius != int(radius)):
        raise ValueError(must_be("radius", owner, "a whole number of at least 0, or math.inf", radius))
    if geometry is None and radius not in {0, math.inf}:
        advice = "Pass a geometry, for example Grid(8, 8)."
        raise ValueError(must_be("radius", owner, "0 or math.inf without a geometry", radius, advice))
    if geometry is not None and geometry.n_sites != n_variables:
        got = f"{geometry.n_sites} sites for {n_variables} variables"
        raise ValueError(must_be("geometry", owner, "one site per variable", got))
    if kinds is not None and len(kinds) != n_variables:
        raise ValueError(must_be("kinds", owner, f"one per variable ({n_variables})", len(kinds)))
