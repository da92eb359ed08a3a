"""Maps that have a name: swaps, all permutations of a set, cyclic shifts, reversals, those of a geometry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product

import numpy as np

from ..geometry import Group
from ..geometry.grid import Grid
from ..geometry.groups import reflections, rotations, translations
from .maps import MapTest, SignedMap, Verdict, cycles_of
from .naming import tuple_text
from .variable_names import families, momenta

__all__ = [
    "Named",
    "blocks_that_swap",
    "cycle_text",
    "geometry_maps",
    "interchangeable_sets",
    "sequence_maps",
    "tested",
]

Named = tuple[str, str, SignedMap]  # name, kind, map


def interchangeable_sets(test: MapTest) -> list[list[int]]:
    """Finds the sets of variables any two of which can be exchanged.

    Args:
        test: Of the energy.

    Returns:
        Sets of at least two variables.
    """
    sets: list[list[int]] = []
    for variable in test.energies.used:
        home = next((s for s in sets if test(_swap([(s[0], variable)], len(test.energies.names))).holds), None)
        if home is None:
            sets.append([variable])
        else:
            home.append(variable)
    return [members for members in sets if len(members) > 1]


def blocks_that_swap(test: MapTest) -> Iterator[Named]:
    """Yields exchanges of two coordinates together with their momenta."""
    names, pairs = test.energies.names, momenta(test.energies.names, test.energies.used)
    for (p, x), (other_p, other_x) in combinations(pairs.items(), 2):
        name = f"swap of ({names[x]}, {names[p]}) with ({names[other_x]}, {names[other_p]})"
        yield name, "permutation", _swap([(x, other_x), (p, other_p)], len(names))


def sequence_maps(test: MapTest) -> Iterator[Named]:
    """Yields shifts and reversals of the order of the variables, alone and with signs of whole families."""
    names, n = test.energies.names, len(test.energies.names)
    groups = families(names, test.energies.used)
    length = len(groups[0][1])
    if length < 3:
        return
    shapes: list[tuple[str, Callable[[list[int]], list[int]]]] = [
        ("cyclic shift", lambda members: members[1:] + members[:1]),
        ("reversal of the order", lambda members: members[::-1]),
    ]
    for (shape, moved), flipped in product(shapes, product((1, -1), repeat=min(len(groups), 4))):
        signs_of = [*flipped, *[1] * (len(groups) - len(flipped))]
        targets, signs = list(range(n)), [1] * n
        for (_, members), sign in zip(groups, signs_of, strict=True):
            for i, j in zip(members, moved(members), strict=True):
                targets[i], signs[i] = j, sign
        changed = [prefix or "x" for (prefix, _), sign in zip(groups, signs_of, strict=True) if sign < 0]
        of = " and ".join(tuple_text(members, names) for _, members in groups)
        with_signs = f" with {', '.join(f'{prefix} -> -{prefix}' for prefix in changed)}" if changed else ""
        if changed and not any(prefix for prefix, _ in groups):
            with_signs = " with a change of all signs"
        kind = "signed permutation" if changed else "permutation"
        yield f"{shape} of {of}{with_signs}", kind, (tuple(targets), tuple(signs))


def geometry_maps(test: MapTest) -> Iterator[Named]:
    """Yields translations, reflections and rotations by 90 degrees of the grid the variables live on."""
    grid = test.energies.geometry
    if not isinstance(grid, Grid):
        return
    axes = [axis for axis, length in enumerate(grid.shape) if length > 1]
    groups: list[Group] = [translations(grid), reflections(grid)]
    alike = [(grid.shape[a], grid.periodic[a]) == (grid.shape[b], grid.periodic[b]) for a, b in combinations(axes, 2)]
    if any(alike):
        groups.append(rotations(grid))
    for group, what in zip(groups, ("translation", "reflection", "rotation by 90 degrees"), strict=False):
        for k, (targets, signs) in enumerate(group.generators):
            along = f" along axis {axes[k]}" if what != "rotation by 90 degrees" and len(axes) > 1 else ""
            inside = " (of terms that stay inside)" if np.any(targets < 0) else ""
            yield f"{what} of {grid!r}{along}{inside}", what, (tuple(targets.tolist()), tuple(signs.tolist()))


def cycle_text(mapping: SignedMap, names: Sequence[str]) -> str:
    """Writes a signed permutation, such as "x -> y -> z -> x" or "x -> y -> -x".

    Args:
        mapping: Targets and signs.
        names: Of the variables.

    Returns:
        The cycles, then variables that only change their sign.
    """
    targets, signs = mapping
    cycles = cycles_of(targets)
    moved = {i for cycle in cycles for i in cycle}
    texts = []
    for cycle in cycles:
        sign, text = 1, names[cycle[0]]
        for i in cycle:
            sign *= signs[i]
            text += f" -> {'-' if sign < 0 else ''}{names[targets[i]]}"
        texts.append(text)
    texts += [f"{names[i]} -> -{names[i]}" for i in range(len(targets)) if i not in moved and signs[i] < 0]
    return ", ".join(texts)


def tested(test: MapTest, candidates: Iterator[Named]) -> list[tuple[Named, Verdict]]:
    """Keeps the maps that are symmetries.

    Args:
        test: Of the energy.
        candidates: Maps and their names.

    Returns:
        Those that hold, with verdicts.
    """
    judged = ((named, test(named[2])) for named in candidates)
    return [(named, verdict) for named, verdict in judged if verdict.holds]


def _swap(pairs: Sequence[tuple[int, int]], n: int) -> SignedMap:
    targets = list(range(n))
    for i, j in pairs:
        targets[i], targets[j] = j, i
    return tuple(targets), (1,) * n
