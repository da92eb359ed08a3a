"""Groups that act on sites by permutations and signs: translations, reflections, rotations, permutations, sign flips.

`cl.groups.translations(cl.Grid(8, 8)) * cl.groups.reflections(cl.Grid(8, 8))` is their product. A fitted Hamiltonian
that is invariant has one coupling for each orbit of terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from .._messages import must_be
from .base import Geometry
from .grid import Grid

__all__ = [
    "Group",
    "block_translations",
    "permutations",
    "reflections",
    "rotations",
    "sign_flip",
    "signed_permutation",
    "translations",
]


@dataclass(frozen=True, eq=False)
class Group:
    """A group by its generators, each a signed map of sites: x_i goes to sign_i x_target(i).

    Open grids have no translations of their sites, but terms that stay inside when they are shifted are translates
    of one another. Their generators are partial maps: a term that would leave is not moved.

    Args:
        n_sites: Number of sites (variables).
        generators: Pairs (targets, signs), each of shape (n,): the site that each site goes to, -1 for out of the grid,
            and 1 or -1.
        name: What it is called in tables.
        within: For each generator None, or booleans of shape (n,): it moves only terms whose first site is marked.

    Raises:
        ValueError: If a generator is no signed map of the sites, one to one.
    """

    n_sites: int
    generators: tuple[tuple[np.ndarray, np.ndarray], ...]
    name: str
    within: tuple[np.ndarray | None, ...] = ()

    def __post_init__(self) -> None:
        if not self.within:
            object.__setattr__(self, "within", (None,) * len(self.generators))
        if not self.generators:
            raise ValueError(must_be("generators", "Group", "at least one", "none"))
        for targets, signs in self.generators:
            kept = targets[targets >= 0]
            if (
                targets.shape != (self.n_sites,)
                or len(np.unique(kept)) < len(kept)
                or kept.max(initial=0) >= len(targets)
            ):
                raise ValueError(
                    must_be("generators", "Group", f"maps of {self.n_sites} sites, one to one", targets.tolist())
                )
            if signs.shape != (self.n_sites,) or not np.all(np.abs(signs) == 1):
                raise ValueError(must_be("generators", "Group", "with signs 1 or -1", signs.tolist()))

    def __mul__(self, other: Group) -> Group:
        """Returns the group that both generate.

        Raises:
            ValueError: If they act on different numbers of sites.
        """
        if not isinstance(other, Group):
            return NotImplemented
        if other.n_sites != self.n_sites:
            raise ValueError(must_be("other", "Group", f"of {self.n_sites} sites", f"{other.n_sites}"))
        name = "+".join(dict.fromkeys([*self.name.split("+"), *other.name.split("+")]))
        return Group(self.n_sites, self.generators + other.generators, name, self.within + other.within)

    @property
    def has_signs(self) -> bool:
        """Whether some generator changes a sign."""
        return any(np.any(signs < 0) for _, signs in self.generators)

    @cached_property
    def site_orbits(self) -> np.ndarray:
        """Number of the orbit of each site, whatever the signs, shape (n,); blocks of a grid count as one."""
        links = [(np.flatnonzero(there >= 0), there[there >= 0]) for there, _ in self.generators]
        tails, heads = (np.concatenate(part) for part in zip(*links, strict=True))
        graph = csr_array((np.ones(len(tails)), (tails, heads)), shape=(self.n_sites, self.n_sites))
        return connected_components(graph, directed=False)[1]

    def __repr__(self) -> str:
        return f"Group({self.name}: {len(self.generators)} generators on {self.n_sites} sites)"


def translations(geometry: Grid) -> Group:
    """Shifts along every axis of a grid or chain; on open axes only terms that stay inside are tied.

    Args:
        geometry: The grid.

    Returns:
        The group, one generator per axis longer than 1.

    Raises:
        ValueError: If the geometry is no grid.

    Example:
        >>> [translations(Grid(3, periodic=ring)).generators[0][0].tolist() for ring in (True, False)]
        [[1, 2, 0], [1, 2, -1]]
    """
    grid = _grid(geometry, "translations")
    return _unsigned(grid, [_shifted(grid, axis) for axis in _long_axes(grid)], "translation")


def block_translations(geometry: Grid, size: int) -> Group:
    """Shifts within blocks: couplings are equal where terms begin in the same block of a grid.

    This is the rung between free couplings and translation invariance ("locally translation-invariant").

    Args:
        geometry: The grid.
        size: Sites along each edge of a block; blocks at the far edges may be smaller.

    Returns:
        The partial group.

    Raises:
        ValueError: If the geometry is no grid, or the size is not between 2 and the longest axis.
    """
    grid = _grid(geometry, "block_translations")
    longest = max(grid.shape)
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or not 2 <= size <= longest:
        raise ValueError(must_be("size", "block_translations", f"a whole number between 2 and {longest}", repr(size)))
    place = np.indices(grid.shape).reshape(len(grid.shape), -1)
    maps, within = [], []
    for axis in _long_axes(grid):
        maps.append(_shifted(grid, axis))
        within.append((place[axis] + 1 < grid.shape[axis]) & ((place[axis] + 1) % size > 0))
    group = _unsigned(grid, maps, f"translation in blocks of {size}")
    return Group(group.n_sites, group.generators, group.name, tuple(within))


def reflections(geometry: Grid, axes: Iterable[int] | None = None) -> Group:
    """Mirrors along axes of a grid or chain.

    Args:
        geometry: The grid.
        axes: Which; all if left out.

    Returns:
        The group.

    Raises:
        ValueError: If the geometry is no grid or has no such axis.
    """
    grid = _grid(geometry, "reflections")
    sites = np.arange(grid.n_sites).reshape(grid.shape)
    chosen = _long_axes(grid) if axes is None else list(axes)
    if not set(chosen) <= set(range(len(grid.shape))):
        raise ValueError(must_be("axes", "reflections", f"axes of {grid!r}", chosen))
    return _unsigned(grid, [np.flip(sites, axis).ravel() for axis in chosen], "reflection")


def rotations(geometry: Grid) -> Group:
    """Rotations by 90 degrees in every plane of two axes that are alike.

    Args:
        geometry: The grid.

    Returns:
        The group.

    Raises:
        ValueError: If no two axes have the same length and are closed alike.
    """
    grid = _grid(geometry, "rotations")
    axes = zip(grid.shape, grid.periodic, strict=True)
    alike = [(i, j) for (i, a), (j, b) in combinations(enumerate(axes), 2) if a == b and a[0] > 1]
    if not alike:
        raise ValueError(must_be("geometry", "rotations", "a grid with two axes that are alike", repr(grid)))
    sites = np.arange(grid.n_sites).reshape(grid.shape)
    return _unsigned(grid, [np.rot90(sites, axes=plane).ravel() for plane in alike], "rotation")


def permutations(n_sites: int, blocks: Iterable[Sequence[int]] | None = None) -> Group:
    """All permutations of the sites, or of the sites within each block.

    Args:
        n_sites: Number of sites.
        blocks: Sets of sites that may be exchanged among themselves; all sites are one if left out.

    Returns:
        The group, two generators per block.

    Raises:
        ValueError: If a block names a site twice or one that is not there.

    Example:
        >>> permutations(4, blocks=[(0, 2)]).generators[0][0].tolist()
        [2, 1, 0, 3]
    """
    maps = []
    for block in [range(n_sites)] if blocks is None else blocks:
        members = np.asarray(list(block), int)
        if len(np.unique(members)) < len(members) or np.any((members < 0) | (members >= n_sites)):
            requirement = f"sets of different sites between 0 and {n_sites - 1}"
            raise ValueError(must_be("blocks", "permutations", requirement, members.tolist()))
        for length in {min(2, len(members)), len(members)} - {0, 1}:  # a swap and a cycle generate all
            targets = np.arange(n_sites)
            targets[members[:length]] = np.roll(members[:length], -1)
            maps.append(targets)
    name = "permutation" if blocks is None else "permutation in blocks"
    return Group(n_sites, tuple((targets, np.ones(n_sites, int)) for targets in maps), name)


def sign_flip(n_sites: int, sites: Iterable[int] | None = None) -> Group:
    """Takes x to -x for all sites, or for some.

    Args:
        n_sites: Number of sites.
        sites: Which change their sign together; all if left out.

    Returns:
        The group.
    """
    signs = np.ones(n_sites, int)
    signs[slice(None) if sites is None else list(sites)] = -1
    name = "sign flip" if sites is None else "sign flip of some"
    return Group(n_sites, ((np.arange(n_sites), signs),), name)


def signed_permutation(targets: Sequence[int], signs: Sequence[int] | None = None, name: str = "permutation") -> Group:
    """The group that one map generates: x_i goes to sign_i x_target(i).

    Args:
        targets: Where each site goes, a permutation.
        signs: 1 or -1 for each site; all 1 if left out.
        name: What it is called in tables.

    Returns:
        The group.

    Raises:
        ValueError: If the targets are no permutation or a sign is not 1 or -1.
    """
    there = np.asarray(targets)
    n = len(there)
    if there.ndim != 1 or not np.array_equal(np.sort(there), np.arange(n)):
        raise ValueError(must_be("targets", "signed_permutation", f"a permutation of 0 .. {n - 1}", list(targets)))
    return Group(n, ((there.astype(int), np.ones(n, int) if signs is None else np.asarray(signs, int)),), name)


def _grid(geometry: Any, owner: str) -> Grid:
    if not isinstance(geometry, Grid):
        advice = "Pass for example Grid(8, 8); for other geometries give permutations."
        raise ValueError(must_be("geometry", owner, "a Grid or Chain", repr(geometry), advice))
    return geometry


def _long_axes(grid: Grid) -> list[int]:
    return [axis for axis, length in enumerate(grid.shape) if length > 1]


def _shifted(grid: Grid, axis: int) -> np.ndarray:
    sites = np.arange(grid.n_sites).reshape(grid.shape)
    targets = np.roll(sites, -1, axis)
    if not grid.periodic[axis]:
        np.moveaxis(targets, axis, 0)[-1] = -1
    return targets.ravel()


def _unsigned(geometry: Geometry, maps: list[np.ndarray], name: str) -> Group:
    ones = np.ones(geometry.n_sites, int)
    return Group(geometry.n_sites, tuple((targets, ones) for targets in maps), name)
