"""Translations of a periodic grid: which terms are translates of each other, and the density of one site."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from .._messages import must_be
from ..circuit import Circuit
from ..geometry import Grid
from ..polynomial import Polynomial
from .splitting import Monomial

__all__ = ["Box", "Lattice", "check_invariant", "checked_lattice", "density"]

Box = list[tuple[Fraction, Fraction]]
Displacement = tuple[int, ...]

_ADVICE = "Leave `geometry` out to compile without convolutions."


@dataclass(frozen=True)
class Lattice:
    """A periodic grid as a group of translations; a translation is named by the site to which it moves site 0.

    Args:
        shape: Sites along each axis; sites are numbered row by row.
    """

    shape: tuple[int, ...]

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self._coordinates)

    def moved(self, site: int, by: int) -> int:
        """Gives where a translation takes a site.

        Args:
            site: The site.
            by: The translation.

        Returns:
            Site number.
        """
        return int(self.all_moved(by)[site])

    def all_moved(self, by: int) -> np.ndarray:
        """Gives where a translation takes every site.

        Args:
            by: The translation.

        Returns:
            Site numbers, shape (sites,).
        """
        if by not in self._moves:
            axes = tuple(range(len(self.shape)))
            grid = np.arange(self.n_sites).reshape(self.shape)
            self._moves[by] = np.roll(grid, tuple(-c for c in self._coordinates[by]), axes).ravel()
        return self._moves[by]

    def difference(self, site: int, anchor: int) -> int:
        """Gives the translation that takes `anchor` to `site`.

        Args:
            site: Where it ends.
            anchor: Where it starts.

        Returns:
            The translation.
        """
        steps = zip(self._coordinates[site], self._coordinates[anchor], self.shape, strict=True)
        return int(np.ravel_multi_index([(a - b) % length for a, b, length in steps], self.shape))

    def displacement(self, site: int) -> Displacement:
        """Gives the shortest way from site 0 to a site.

        Args:
            site: The site.

        Returns:
            Steps along each axis, in (-length/2, length/2]: the same on every larger grid.
        """
        steps = zip(self._coordinates[site], self.shape, strict=True)
        return tuple(c if 2 * c <= length else c - length for c, length in steps)

    def anchored(self, monomial: Monomial) -> Monomial:
        """Gives the representative of all translates of a monomial.

        Args:
            monomial: Pairs (site, power).

        Returns:
            The translate that has a site at 0 and as few negative displacements as can be.
        """
        if not monomial:
            return monomial
        choices = []
        for anchor, _ in monomial:
            moved = sorted((self.difference(site, anchor), power) for site, power in monomial)
            key = sorted((self.displacement(site), power) for site, power in moved)
            choices.append((key, tuple(moved)))
        return max(choices)[1]

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """The translations by one step along each axis that is longer than one site."""
        axes = range(len(self.shape))
        units = ([int(i == axis) for i in axes] for axis in axes if self.shape[axis] > 1)
        return tuple(int(np.ravel_multi_index(unit, self.shape)) for unit in units)

    @cached_property
    def _coordinates(self) -> list[tuple[int, ...]]:
        return list(np.ndindex(*self.shape))

    @cached_property
    def _moves(self) -> dict[int, np.ndarray]:
        return {}


def checked_lattice(geometry: Any, circuit: Circuit) -> Lattice:
    """Reads the geometry that a caller asks for.

    Args:
        geometry: A periodic `Grid` or `Chain` with one site per input, in the order of the inputs.
        circuit: The function.

    Returns:
        Its translations.

    Raises:
        ValueError: If it is no periodic grid of as many sites as there are inputs.
    """
    if not isinstance(geometry, Grid) or not all(geometry.periodic):
        advice = f"Pass Grid(8, 8, periodic=True). {_ADVICE}"
        raise ValueError(must_be("geometry", "compile", "a grid that is periodic along every axis", geometry, advice))
    if geometry.n_sites != circuit.n_inputs:
        got = f"{geometry!r} with {geometry.n_sites} sites"
        requirement = f"of as many sites as there are inputs ({circuit.n_inputs})"
        raise ValueError(must_be("geometry", "compile", requirement, got, _ADVICE))
    return Lattice(geometry.shape)


def check_invariant(lattice: Lattice, circuit: Circuit, box: Box) -> None:
    """Checks exactly that a function does not change when all sites are translated.

    Args:
        lattice: The translations.
        circuit: The function.
        box: Range of each input.

    Raises:
        ValueError: Names the first input or term that differs from its translate.
    """
    per_site = zip(circuit.kinds, box, circuit.center, circuit.scale, strict=True)
    for name, facts in zip(circuit.variables, per_site, strict=True):
        first = circuit.kinds[0], box[0], circuit.center[0], circuit.scale[0]
        if facts != first:
            got = f"kind, box, center or scale of {name!r} unlike those of {circuit.variables[0]!r}"
            requirement = "a grid on which all inputs are alike"
            raise ValueError(must_be("geometry", "compile", requirement, got, f"Use the same for all. {_ADVICE}"))
    for label, output in zip(circuit.labels, circuit.outputs, strict=True):
        for step in lattice.steps:
            _check_step(lattice, label, output, step)


def _check_step(lattice: Lattice, label: str, output: Polynomial, step: int) -> None:
    moves = lattice.all_moved(step)
    for monomial, coefficient in output.terms.items():
        translate = tuple(sorted((int(moves[site]), power) for site, power in monomial))
        other = output.terms.get(translate, Fraction(0))
        if other != coefficient:
            names = output.variables
            got = (
                f"{float(coefficient):g} for {_word(monomial, names)} but {float(other):g} for its translate "
                f"{_word(translate, names)} in output {label!r}"
            )
            requirement = "a grid on which every term has the coefficient of its translates"
            advice = f"Inputs are read as sites row by row. {_ADVICE}"
            raise ValueError(must_be("geometry", "compile", requirement, got, advice))


def density(lattice: Lattice, circuit: Circuit) -> Circuit:
    """Finds what, added up over all translations, is the function.

    Args:
        lattice: The translations.
        circuit: An invariant function.

    Returns:
        The same inputs; each output has one term for all translates of a term, divided by the translations that change
        nothing in it.
    """
    n = lattice.n_sites
    outputs = []
    for output in circuit.outputs:
        members: dict[Monomial, int] = {}
        values: dict[Monomial, Fraction] = {}
        for monomial, coefficient in output.terms.items():
            anchored = lattice.anchored(monomial)
            members[anchored] = members.get(anchored, 0) + 1
            values[anchored] = coefficient
        terms = {monomial: values[monomial] * Fraction(members[monomial], n) for monomial in sorted(members)}
        outputs.append(Polynomial(terms, output.variables))
    return replace(circuit, outputs=tuple(outputs))


def _word(monomial: Monomial, names: tuple[str, ...]) -> str:
    return "*".join(names[site] + (f"**{power}" if power > 1 else "") for site, power in monomial) or "1"
