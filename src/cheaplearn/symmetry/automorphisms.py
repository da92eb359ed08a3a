"""The group of all signed permutations that leave an energy as it is: a search pruned by terms and orbits."""

from __future__ import annotations

from dataclasses import dataclass

from .maps import MapTest, SignedMap, map_key
from .source import Key

__all__ = ["Automorphisms", "find_automorphisms"]

BUDGET = 200_000  # images of terms that are compared before the search gives up


@dataclass(frozen=True)
class Automorphisms:
    """A group of signed permutations.

    Args:
        generators: Of the group; each fixes more variables than the one after it.
        order: Number of elements; of those found, if the search was not completed.
        complete: Whether the search was completed.
    """

    generators: tuple[SignedMap, ...]
    order: int
    complete: bool


class _OutOfBudget(Exception):
    pass


def find_automorphisms(test: MapTest, signed: bool, budget: int = BUDGET) -> Automorphisms:
    """Finds generators and the order of the group.

    Variables are fixed one after another; for each, one element of the group is searched that fixes all before it and
    moves it to each place its orbit does not contain yet. The order is the product of the sizes of these orbits.

    Args:
        test: Of the energy.
        signed: Whether variables may change their sign.
        budget: Comparisons of couplings before the search stops.

    Returns:
        The group; variables that do not occur stay where they are.

    Cost: exponential at worst, a few comparisons per term and variable in practice.
    """
    return _Search(test, signed, budget).run()


class _Search:
    def __init__(self, test: MapTest, signed: bool, budget: int) -> None:
        self.test, self.signed, self.budget = test, signed, budget
        self.n = len(test.energies.names)
        self.base = _connected_order(test)
        self.colours = _colours(test) if test.exact else dict.fromkeys(self.base, 0)
        place = {variable: i for i, variable in enumerate(self.base)}
        self.ready: list[list[Key]] = [[] for _ in self.base]  # terms whose last variable is this one
        for key in test.terms:
            self.ready[max(place[variable] for variable, _ in key[1])].append(key)

    def run(self) -> Automorphisms:
        generators: list[SignedMap] = []
        order, complete = 1, True
        for level in reversed(range(len(self.base))):
            orbit = self._orbit(self.base[level], generators)
            for image in self.base[level:]:
                for sign in (1, -1) if self.signed else (1,):
                    if (image, sign) in orbit:
                        continue
                    try:
                        found = self._element(level, image, sign)
                    except _OutOfBudget:
                        complete, found = False, None
                    if found is not None:
                        generators.append(found)
                        orbit = self._orbit(self.base[level], generators)
            order *= len(orbit)
        return Automorphisms(tuple(generators), order, complete)

    def _orbit(self, start: int, generators: list[SignedMap]) -> set[tuple[int, int]]:
        orbit, new = {(start, 1)}, [(start, 1)]
        while new:
            variable, sign = new.pop()
            for targets, signs in generators:
                moved = (targets[variable], sign * signs[variable])
                if moved not in orbit:
                    orbit.add(moved)
                    new.append(moved)
        return orbit

    def _element(self, level: int, image: int, sign: int) -> SignedMap | None:
        targets, signs = list(range(self.n)), [1] * self.n
        targets[self.base[level]], signs[self.base[level]] = image, sign
        taken = {*self.base[:level], image}
        if not self._fits(level, targets, signs):
            return None
        return self._extended(level + 1, targets, signs, taken)

    def _extended(self, depth: int, targets: list[int], signs: list[int], taken: set[int]) -> SignedMap | None:
        if depth == len(self.base):
            found = (tuple(targets), tuple(signs))
            return found if self.test(found).holds else None
        variable = self.base[depth]
        for image in [variable, *(other for other in self.base if other != variable)]:
            if image in taken:
                continue
            for sign in (1, -1) if self.signed else (1,):
                targets[variable], signs[variable] = image, sign
                if self._fits(depth, targets, signs):
                    further = self._extended(depth + 1, targets, signs, taken | {image})
                    if further is not None:
                        return further
        targets[variable], signs[variable] = variable, 1
        return None

    def _fits(self, depth: int, targets: list[int], signs: list[int]) -> bool:
        kinds, variable = self.test.energies.kinds, self.base[depth]
        image = targets[variable]
        if kinds[variable] != kinds[image] or self.colours[variable] != self.colours[image]:
            return False
        for key in self.ready[depth]:
            self.budget -= 1
            if self.budget < 0:
                raise _OutOfBudget
            moved = map_key(key, (targets, signs))  # type: ignore[arg-type]
            assert moved is not None
            if not self.test.agrees(key, *moved):
                return False
        return True


def _colours(test: MapTest) -> dict[int, int]:
    """Tells variables apart by the terms they occur in, until that tells no more: images have the same colour."""
    colours = dict.fromkeys(test.energies.used, 0)
    for _ in range(len(colours)):
        seen: dict[int, list[object]] = {variable: [] for variable in colours}
        for k, monomial in test.terms:
            size = abs(test.values[k, monomial])
            pattern = sorted((colours[variable], power) for variable, power in monomial)
            for variable, power in monomial:
                seen[variable].append((k, size, power, tuple(pattern)))
        signs = {variable: (colours[variable], tuple(sorted(seen[variable]))) for variable in colours}  # type: ignore[type-var]
        number = {sign: i for i, sign in enumerate(sorted(set(signs.values())))}
        refined = {variable: number[sign] for variable, sign in signs.items()}
        if len(number) == len(set(colours.values())):
            return refined
        colours = refined
    return colours


def _connected_order(test: MapTest) -> list[int]:
    """Orders the variables so that each shares terms with those before it: then terms prune the search early."""
    neighbours: dict[int, set[int]] = {variable: set() for variable in test.energies.used}
    for _, monomial in test.terms:
        for variable, _ in monomial:
            neighbours[variable].update(other for other, _ in monomial)
    order: list[int] = []
    rest = set(neighbours)
    while rest:
        best = max(sorted(rest), key=lambda variable: (len(neighbours[variable].intersection(order)), -variable))
        order.append(best)
        rest.discard(best)
    return order
