"""One-parameter groups of an energy: the Lie algebra of its linear (or affine) symmetries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import linalg

from ..polynomial import Polynomial
from .action import build_action
from .algebra import identify
from .exact import null_space_of_rows
from .naming import linear_text, name_generator
from .null_vectors import Solver
from .readable import echelon
from .results import Generator
from .source import Energies

__all__ = ["Continuous", "find_continuous", "kernel_words"]


@dataclass(frozen=True, eq=False)
class Continuous:
    """The Lie algebra found.

    Args:
        generators: A basis.
        algebra: Its name.
        forms: Linear combinations of the real variables that the energy depends on, shape (forms, n).
        kernel: Directions along which it does not change, shape (directions, n).
    """

    generators: list[Generator]
    algebra: str
    forms: np.ndarray
    kernel: np.ndarray


def find_continuous(energies: Energies, affine: bool, solver: Solver) -> Continuous:
    """Finds all one-parameter groups of linear (or affine) maps of the real variables.

    Directions along which the energy does not change are set aside first: maps that only move points along them are
    symmetries of no interest, and are not listed.

    Args:
        energies: The energies.
        affine: Whether to look for translations and for rotations about other points, too.
        solver: Decides what counts as zero.

    Returns:
        The algebra.
    """
    n = len(energies.names)
    moving = [i for i in energies.used if energies.kinds[i] == "real"]
    if not moving:
        return Continuous([], "trivial", np.zeros((0, n)), np.eye(n)[_unused_real(energies)])
    slopes = build_action(energies, moving, linear=False, shifts=True)
    along, along_p = solver(slopes, energies, "directions")
    forms = _annihilator(along, len(moving), solver.method)
    pivots = _pivots(forms)
    reduced = _restricted(energies, {moving[i] for i in range(len(moving)) if i not in pivots})
    action = build_action(reduced, [moving[i] for i in pivots], shifts=affine)
    found, p_value = solver(action, reduced, "generators")
    F, G, kernel = np.zeros((len(pivots), n)), np.zeros((n, len(pivots))), np.zeros((len(along), n))
    F[:, moving], kernel[:, moving] = forms, along
    G[[moving[i] for i in pivots], range(len(pivots))] = 1
    generators = []
    for m in found:
        M, c = m[: len(pivots) ** 2].reshape(len(pivots), -1), m[len(pivots) ** 2 :]
        matrix, shift = G @ M @ F, G @ c if affine else None
        name = name_generator(matrix, shift, energies.names, solver.resolution)
        generators.append(Generator(matrix, shift, name, *solver.judged(m, action, reduced, p_value)))
    if affine:
        for k, direction in zip(along, kernel, strict=True):
            name = name_generator(np.zeros((n, n)), direction, energies.names)
            measured = solver.judged(k, slopes, energies, along_p)
            generators.append(Generator(np.zeros((n, n)), direction, name, *measured))
    algebra = identify([_homogeneous(generator) for generator in generators], solver.resolution)
    kernel = np.concatenate([kernel, np.eye(n)[_unused_real(energies)]])
    return Continuous(generators, algebra, F, kernel)


def _unused_real(energies: Energies) -> list[int]:
    return [i for i in range(len(energies.names)) if i not in energies.used and energies.kinds[i] == "real"]


def _restricted(energies: Energies, dropped: set[int]) -> Energies:
    """Sets variables to zero: on the remaining ones the energy is the function of its linear forms."""
    if not dropped:
        return energies
    kept = tuple(
        Polynomial({m: c for m, c in p.terms.items() if not dropped.intersection(i for i, _ in m)}, p.variables)
        for p in energies.polynomials
    )
    return energies.with_polynomials(kept)


def _annihilator(along: np.ndarray, n: int, method: str) -> np.ndarray:
    """Returns linear forms that vanish along the given directions, in echelon form, shape (n - directions, n)."""
    if not len(along):
        return np.eye(n)
    if method == "exact":
        rows = [[Fraction(value) for value in row] for row in along.tolist()]
        return np.array([[float(value) for value in vector] for vector in null_space_of_rows(rows, n)]).reshape(-1, n)
    forms = echelon(linalg.null_space(along).T)
    return np.where(np.abs(forms) < 1e-9, 0.0, forms).reshape(-1, n)


def _pivots(forms: np.ndarray) -> list[int]:
    """Returns for each row of an echelon form the column that is 1 there and 0 in all other rows."""
    alone = np.count_nonzero(forms, axis=0) == 1
    return [int(np.flatnonzero(alone & (row == 1))[0]) for row in forms]


def _homogeneous(generator: Generator) -> np.ndarray:
    if generator.shift is None:
        return generator.matrix
    n = len(generator.matrix)
    whole = np.zeros((n + 1, n + 1))
    whole[:n, :n], whole[:n, n] = generator.matrix, generator.shift
    return whole


def kernel_words(kernel: np.ndarray, names: Sequence[str]) -> list[str]:
    """Says along which directions the energy does not change.

    Args:
        kernel: Directions, shape (directions, n).
        names: Of the variables.

    Returns:
        Sentences.
    """
    alone = [names[int(np.flatnonzero(row)[0])] for row in kernel if np.count_nonzero(row) == 1]
    mixed = [linear_text(row, names) for row in kernel if np.count_nonzero(row) > 1]
    words = [f"does not depend on {', '.join(alone)}"] if alone else []
    return words + [f"invariant under translations along the direction {text}" for text in mixed]
