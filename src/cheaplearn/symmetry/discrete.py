"""Discrete symmetries of an energy: sign flips, permutations, rotations by fractions of a turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from .automorphisms import Automorphisms, find_automorphisms
from .maps import MapTest, SignedMap, Verdict, map_matrix, order_of
from .named_maps import Named, blocks_that_swap, cycle_text, geometry_maps, interchangeable_sets, sequence_maps, tested
from .naming import tuple_text
from .results import DiscreteSymmetry
from .signs import find_sign_flips, flip
from .turns import Plane, plane_sets, rotation_matrix, turn_order
from .variable_names import momenta

__all__ = ["Discrete", "find_discrete"]

_MOST_SEARCHED = 64  # variables up to which the whole group of signed permutations is searched
_MOST_PLANE_SETS = 400
_MOST_TURNED_TERMS = 1500


@dataclass(frozen=True, eq=False)
class Discrete:
    """Discrete symmetries found.

    Args:
        symmetries: Each with a name and residuals.
        words: Sentences.
        order: Number of signed permutations that leave the energy as it is; None if the search was not completed.
    """

    symmetries: list[DiscreteSymmetry]
    words: list[str]
    order: int | None
    notes: list[str] = field(default_factory=list)


def find_discrete(test: MapTest) -> Discrete:
    """Finds discrete symmetries.

    Sign flips are complete (see `signs`), signed permutations are complete unless the search says that it stopped,
    rotations by 360/k degrees are looked for in every coordinate plane and pair of planes.

    Args:
        test: Of the energy.

    Returns:
        The symmetries; a sentence each.
    """
    names, n = test.energies.names, len(test.energies.names)
    flips = find_sign_flips(test)
    found: list[tuple[Named, Verdict]] = [
        ((_flip_name(flipped, test), "sign flip", flip(sorted(flipped), n)), Verdict(True)) for flipped in flips
    ]
    found += [((name, "sign flip", flip(variables, n)), Verdict(True)) for name, variables in _named_flips(test, flips)]
    words = _flip_words(flips, test)
    sets = interchangeable_sets(test)
    for members in sets:
        name = (
            f"permutations of {tuple_text(members, names)}"
            if len(members) > 2
            else f"swap of {names[members[0]]} and {names[members[1]]}"
        )
        found.append(((name, "permutation", _cycle(members, n)), Verdict(True)))
        words.append(f"invariant under all {name}" if len(members) > 2 else f"invariant under the {name}")
    others = (
        tested(test, geometry_maps(test))
        + _new_ones(tested(test, sequence_maps(test)), sets)
        + tested(test, blocks_that_swap(test))
    )
    found += others
    words += [f"invariant under the {named[0]}" for named, _ in others]
    group, extra = _rest_of_the_group(
        test, [*(named[2] for named, _ in found), *(_cycle(members[:2], n) for members in sets)]
    )
    found += [((cycle_text(mapping, names), _kind(mapping), mapping), Verdict(True)) for mapping in extra]
    words += [f"invariant under {cycle_text(mapping, names)}" for mapping in extra[:6]]
    symmetries = [_symmetry(named, test) for named, _ in _distinct(found)]
    turns = _turns(test)
    words += [f"invariant under the {turn.name}" for turn in turns]
    if group is not None and group.order > 1:
        bound = "" if group.complete else "at least "
        words.append(f"signed permutations of the variables that leave it as it is: {bound}{group.order}")
    complete = group is not None and group.complete
    notes = [] if complete else ["the search for permutations was not completed: there may be more of them"]
    real = sum(test.energies.kinds[i] == "real" for i in test.energies.used)
    if _too_large_to_turn(test, real):
        notes.append("rotations by fractions of a turn were not looked for: too many variables or terms")
    elif len(plane_sets(range(real), _MOST_PLANE_SETS)) == math.comb(real, 2) and real > 3:
        notes.append("rotations by fractions of a turn were looked for in single planes only: too many pairs of planes")
    return Discrete(symmetries + turns, words, group.order if group is not None and complete else None, notes)


def _symmetry(named: Named, test: MapTest) -> DiscreteSymmetry:
    name, kind, mapping = named
    verdict = test(mapping)
    full = min(mapping[0]) >= 0
    return DiscreteSymmetry(
        name,
        kind,
        map_matrix(mapping),
        order_of(mapping) if full else 0,
        verdict.residual,
        verdict.expected,
        verdict.p_value,
    )


def _distinct(found: list[tuple[Named, Verdict]]) -> list[tuple[Named, Verdict]]:
    first: dict[SignedMap, tuple[Named, Verdict]] = {}
    for named, verdict in found:
        first.setdefault(named[2], (named, verdict))
    return list(first.values())


def _kind(mapping: SignedMap) -> str:
    return "permutation" if min(mapping[1]) > 0 else "signed permutation"


def _cycle(members: Sequence[int], n: int) -> SignedMap:
    targets = list(range(n))
    for i, j in zip(members, [*members[1:], members[0]], strict=True):
        targets[i] = j
    return tuple(targets), (1,) * n


def _flip_name(flipped: frozenset[int], test: MapTest) -> str:
    names, members = test.energies.names, sorted(flipped)
    bits = [test.energies.kinds[i] == "bit" for i in members]
    if all(bits):
        return f"complement of {tuple_text(members, names)}"
    if len(members) == 1:
        return f"{names[members[0]]} -> -{names[members[0]]}"
    return f"{tuple_text(members, names)} -> -{tuple_text(members, names)}"


def _flip_words(flips: list[frozenset[int]], test: MapTest) -> list[str]:
    names, n = test.energies.names, len(test.energies.names)
    if not flips:
        return []
    alone = [next(iter(flipped)) for flipped in flips if len(flipped) == 1]
    words = []
    if len(alone) > 3:
        words.append(
            f"even in each of {tuple_text(sorted(alone), names)}: invariant under x -> -x of every one of them"
        )
    else:
        words += [f"invariant under {_flip_name(frozenset({i}), test)}" for i in sorted(alone)]
    words += [f"invariant under {_flip_name(flipped, test)}" for flipped in flips if len(flipped) > 1]
    for name, _ in _named_flips(test, flips):
        words.append(f"invariant under {name}")
    return words if n else []


def _named_flips(test: MapTest, flips: list[frozenset[int]]) -> list[tuple[str, list[int]]]:
    """Flips of several variables at once that physics has a name for."""
    names, used = test.energies.names, test.energies.used
    pairs = momenta(names, used)
    candidates: list[tuple[str, list[int]]] = []
    if len(pairs) > 1:
        candidates.append((
            f"time reversal {tuple_text(list(pairs), names)} -> -{tuple_text(list(pairs), names)}",
            list(pairs),
        ))
    for p, x in pairs.items():
        mirror = f"the mirror {names[x]} -> -{names[x]} together with {names[p]} -> -{names[p]}"
        candidates.append((mirror, sorted((p, x))))
    if len(used) > 1:
        candidates.append((
            f"the change of all signs {tuple_text(used, names)} -> -{tuple_text(used, names)}",
            list(used),
        ))
    listed = set(flips)
    return [
        (name, members) for name, members in candidates if frozenset(members) not in listed and _in_span(members, flips)
    ]


def _in_span(members: Sequence[int], flips: list[frozenset[int]]) -> bool:
    rest, reduced = frozenset(members), dict[int, frozenset[int]]()
    for flipped in flips:
        row = flipped
        while row and max(row) in reduced:
            row = row ^ reduced[max(row)]
        if row:
            reduced[max(row)] = row
    while rest and max(rest) in reduced:
        rest = rest ^ reduced[max(rest)]
    return not rest


def _new_ones(found: list[tuple[Named, Verdict]], sets: list[list[int]]) -> list[tuple[Named, Verdict]]:
    """Leaves out maps that follow from others: permutations within `sets`, and the same map with other signs."""
    home = {i: k for k, members in enumerate(sets) for i in members}
    seen: set[tuple[int, ...]] = set()
    new = []
    for named, verdict in found:
        targets = named[2][0]
        follows = all(i == j or home.get(i, -1) == home.get(j, -2) for i, j in enumerate(targets))
        if not follows and targets not in seen:
            new.append((named, verdict))
        seen.add(targets)
    return new


def _rest_of_the_group(test: MapTest, known: list[SignedMap]) -> tuple[Automorphisms | None, list[SignedMap]]:
    """Searches the whole group; returns it and generators that the known maps do not generate."""
    if not 0 < len(test.energies.used) <= _MOST_SEARCHED:
        return None, []
    group = find_automorphisms(test, signed=True)
    from sympy.combinatorics import PermutationGroup

    n = len(test.energies.names)
    identity = _on_signed(((*range(n),), (1,) * n))
    have = PermutationGroup([_on_signed(mapping) for mapping in known if min(mapping[0]) >= 0] or [identity])
    missing: list[SignedMap] = []
    for mapping in sorted(
        group.generators, key=lambda mapping: (min(mapping[1]) < 0, sum(i != j for i, j in enumerate(mapping[0])))
    ):
        element = _on_signed(mapping)
        if not have.contains(element):
            missing.append(mapping)
            have = PermutationGroup([*have.generators, element])
    return group, missing


def _on_signed(mapping: SignedMap) -> object:
    from sympy.combinatorics import Permutation

    n = len(mapping[0])
    plus = [target if sign > 0 else target + n for target, sign in zip(*mapping, strict=True)]
    return Permutation(plus + [(image + n) % (2 * n) for image in plus])


def _turns(test: MapTest) -> list[DiscreteSymmetry]:
    names, kinds = test.energies.names, test.energies.kinds
    variables = [i for i in test.energies.used if kinds[i] == "real"]
    if _too_large_to_turn(test, len(variables)):
        return []
    orders: dict[tuple[Plane, ...], int] = {}
    found = []
    conjugate = {x: p for p, x in momenta(names, test.energies.used).items()}
    for candidate in plane_sets(variables, _MOST_PLANE_SETS):
        planes = candidate
        order, residual, expected, p_value = turn_order(test, planes)
        orders[planes] = order
        if order < 3:
            continue
        alone = [orders[tuple(sorted(plane)),] for plane in planes]  # type: ignore[index]
        physical = len(planes) == 2 and _are_conjugate(planes, conjugate)
        if physical and planes[0][0] in conjugate.values():  # coordinates first
            planes = planes[::-1]
        if len(planes) > 1 and not physical and all(k == 0 or k % order == 0 for k in alone):
            continue
        name = f"{order}-fold rotation of {' together with '.join(tuple_text(plane, names) for plane in planes)}"
        matrix = rotation_matrix(planes, order, len(names))
        found.append(DiscreteSymmetry(name, "rotation", matrix, order, residual, expected, p_value))
    return found


def _too_large_to_turn(test: MapTest, real: int) -> bool:
    return len(test.terms) > _MOST_TURNED_TERMS or math.comb(real, 2) > _MOST_PLANE_SETS


def _are_conjugate(planes: Sequence[Plane], conjugate: dict[int, int]) -> bool:
    first, second = planes
    pairs = [(conjugate.get(i), j) for i, j in zip(first, second, strict=True)]
    back = [(conjugate.get(j), i) for i, j in zip(first, second, strict=True)]
    return all(p == j for p, j in pairs) or all(p == i for p, i in back)
