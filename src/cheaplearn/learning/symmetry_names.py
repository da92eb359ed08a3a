"""Which symmetries a ladder climbs: names, groups, or all that the geometry has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .._messages import must_be
from ..geometry import Geometry, Grid, Group
from ..geometry import groups as make

__all__ = ["read_symmetries"]

NAMES = ("translation", "reflection", "rotation", "permutation", "sign flip", "blocks:SIZE")


def read_symmetries(
    symmetry: Any, geometry: Geometry | None, n_variables: int, kinds: Sequence[str] | None, owner: str
) -> list[Group | None]:
    """Reads the argument `symmetry` of an estimator.

    Args:
        symmetry: None for free couplings; a `Group`; a name or several joined by "+" ("translation", "reflection",
            "rotation", "permutation", "sign flip", "blocks:4"); "auto" for all that the geometry has, from free to most
            symmetric; or a list of these.
        geometry: Where the variables live, or None.
        n_variables: Their number.
        kinds: Their kinds; all real if left out. Only real variables and spins change their sign.
        owner: Who is called, for messages.

    Returns:
        Groups, None for free couplings, each once.

    Raises:
        ValueError: If a name is unknown, the geometry has no such symmetry, or a group acts on other variables.
    """
    signed = kinds is None or set(kinds) <= {"real", "spin"}
    found: list[Group | None] = []
    for choice in symmetry if isinstance(symmetry, list | tuple) else [symmetry]:
        if isinstance(choice, str) and choice == "auto":
            found += _rungs(geometry, n_variables, signed)
        elif choice is None:
            found.append(None)
        else:
            found.append(_group(choice, geometry, n_variables, signed, owner))
    if not found:
        raise ValueError(must_be("symmetry", owner, "None, a group, a name or a list of these", repr(symmetry)))
    named: dict[str | None, Group | None] = {}
    for group in found:
        named.setdefault(None if group is None else group.name, group)
    return list(named.values())


def _rungs(geometry: Geometry | None, n: int, signed: bool) -> list[Group | None]:
    """Returns free couplings, couplings tied in blocks, and ever larger groups."""
    rungs: list[Group | None] = [None]
    largest: Group | None = None
    if isinstance(geometry, Grid):
        size = math.ceil(max(geometry.shape) / 2)
        if size > 1:
            rungs.append(make.block_translations(geometry, size))
        largest = make.translations(geometry)
        rungs.append(largest)
        largest = largest * make.reflections(geometry)
        rungs.append(largest)
        if _has_rotations(geometry):
            largest = largest * make.rotations(geometry)
            rungs.append(largest)
    elif geometry is None and n > 1:
        largest = make.permutations(n)
        rungs.append(largest)
    if signed:
        flip = make.sign_flip(n)
        rungs += [flip] if largest is None else [flip, largest * flip]
    return rungs


def _has_rotations(grid: Grid) -> bool:
    axes = [axis for axis in zip(grid.shape, grid.periodic, strict=True) if axis[0] > 1]
    return len(set(axes)) < len(axes)


def _group(choice: Any, geometry: Geometry | None, n: int, signed: bool, owner: str) -> Group:
    if isinstance(choice, str):
        parts = [_named(name.strip(), geometry, n, owner) for name in choice.split("+")]
        group = parts[0]
        for part in parts[1:]:
            group = group * part
    elif isinstance(choice, Group):
        group = choice
    else:
        advice = 'Pass for example "translation" or cl.groups.permutations(n).'
        raise ValueError(must_be("symmetry", owner, "None, a group, a name or a list of these", repr(choice), advice))
    if group.n_sites != n:
        raise ValueError(must_be("symmetry", owner, f"a group that acts on {n} variables", repr(group)))
    if group.has_signs and not signed:
        raise ValueError(must_be("symmetry", owner, "without signs unless all variables are real or spins", group.name))
    return group


def _named(name: str, geometry: Geometry | None, n: int, owner: str) -> Group:
    if name == "permutation":
        return make.permutations(n)
    if name == "sign flip":
        return make.sign_flip(n)
    word, _, size = name.partition(":")
    if word == "blocks" and size.isdecimal():
        return make.block_translations(_grid(geometry, name, owner), int(size))
    build = {"translation": make.translations, "reflection": make.reflections, "rotation": make.rotations}.get(name)
    if build is None:
        raise ValueError(must_be("symmetry", owner, f"made of the names {', '.join(NAMES)}", repr(name)))
    return build(_grid(geometry, name, owner))


def _grid(geometry: Geometry | None, name: str, owner: str) -> Grid:
    if not isinstance(geometry, Grid):
        advice = "Pass geometry=Grid(...) or Chain(...)."
        raise ValueError(
            must_be("symmetry", owner, "such that the geometry has it", f"{name!r} of {geometry!r}", advice)
        )
    return geometry
