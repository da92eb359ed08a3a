"""One-parameter groups of an energy: the Lie algebra of its linear (or affine) symmetries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .action import Action, build_action
from .algebra import identify
from .exact import Vector, exact_null_space, null_space_of_rows
from .naming import linear_text, name_generator
from .noise import aligned_covariance, linear_test
from .numeric import NullSpace, noisy_null_space, rounded_null_space
from .readable import echelon, simplest, whole_numbers
from .results import Generator
from .source import Energies

__all__ = ["Continuous", "find_continuous", "kernel_words", "method_of"]

LEVEL = 1e-3  # of a test whether a symmetry is violated, before it is divided by the number of tests
ROUNDING = 1e-9  # default tolerance for couplings that look rounded
MOST_NOISE = 1 / 3  # a residual expected from noise above this share of the terms says nothing about symmetry


@dataclass(frozen=True, eq=False)
class Continuous:
    """The Lie algebra found.

    Args:
        generators: A basis.
        algebra: Its name.
        forms: Linear combinations of the real variables that the energy depends on, shape (forms, n).
        kernel: Directions along which it does not change, shape (directions, n).
        notes: Sentences about how sure the decision is.
    """

    generators: list[Generator]
    algebra: str
    forms: np.ndarray
    kernel: np.ndarray
    notes: list[str] = field(default_factory=list)


def method_of(energies: Energies, tolerance: float | None) -> str:
    """How null spaces are decided: "exact", "rounded" or "noisy"."""
    if energies.noisy:
        return "noisy"
    return "exact" if tolerance == 0 or (tolerance is None and not energies.rounded) else "rounded"


def find_continuous(energies: Energies, affine: bool, tolerance: float | None) -> Continuous:
    """Finds all one-parameter groups of linear (or affine) maps of the real variables.

    Directions along which the energy does not change are set aside first: maps that only move points along them are
    symmetries of no interest, and are not listed.

    Args:
        energies: The energies.
        affine: Whether to look for translations and for rotations about other points, too.
        tolerance: See `symmetries`.

    Returns:
        The algebra.
    """
    n, method = len(energies.names), method_of(energies, tolerance)
    moving = [i for i in energies.used if energies.kinds[i] == "real"]
    notes: list[str] = []
    if not moving:
        return Continuous([], "trivial", np.zeros((0, n)), np.eye(n)[_unused_real(energies)], notes)
    along = _null_vectors(
        build_action(energies, moving, linear=False, shifts=True), energies, method, tolerance, notes, "directions"
    )
    forms = _annihilator(along, len(moving), method)
    pivots = _pivots(forms)
    reduced = _restricted(energies, {moving[i] for i in range(len(moving)) if i not in pivots})
    action = build_action(reduced, [moving[i] for i in pivots], shifts=affine)
    found = _null_vectors(action, reduced, method, tolerance, notes, "generators")
    F = np.zeros((len(pivots), n))
    F[:, moving] = forms
    G = np.zeros((n, len(pivots)))
    G[[moving[i] for i in pivots], range(len(pivots))] = 1
    generators = [_generator(m, action, reduced, G, F, affine, energies.names, method) for m in found]
    kernel = np.zeros((len(along), n))
    kernel[:, moving] = along.reshape(len(along), len(moving))
    if affine:
        generators += [
            Generator(np.zeros((n, n)), k, name_generator(np.zeros((n, n)), k, energies.names), 0.0) for k in kernel
        ]
    kernel = np.concatenate([kernel, np.eye(n)[_unused_real(energies)]])
    algebra = identify(
        [_homogeneous(g) for g in generators], 1e-7 if method == "exact" else 1e-5 if method == "rounded" else 0.02
    )
    return Continuous(generators, algebra, F, kernel, notes)


def _unused_real(energies: Energies) -> list[int]:
    return [i for i in range(len(energies.names)) if i not in energies.used and energies.kinds[i] == "real"]


def _restricted(energies: Energies, dropped: set[int]) -> Energies:
    """Sets variables to zero: on the remaining ones the energy is the function of its linear forms."""
    if not dropped:
        return energies
    from ..polynomial import Polynomial

    kept = tuple(
        Polynomial({m: c for m, c in p.terms.items() if not dropped.intersection(i for i, _ in m)}, p.variables)
        for p in energies.polynomials
    )
    return energies.with_polynomials(kept)


def _null_vectors(
    action: Action, energies: Energies, method: str, tolerance: float | None, notes: list[str], what: str
) -> np.ndarray:
    """Returns a readable basis of the null space, shape (dimension, unknowns)."""
    if method == "exact":
        return _as_array(exact_null_space(action), action.n_unknowns)
    if method == "rounded":
        limit = tolerance or ROUNDING
        exact = exact_null_space(action)
        space = rounded_null_space(action, limit)
        if len(exact) == len(space.basis):
            return _as_array(exact, action.n_unknowns)
        window, passes = 1e-6, lambda m: _relative_residual(action, m) <= limit
    else:
        covariance = aligned_covariance(energies, action.terms)
        space = noisy_null_space(action, covariance, LEVEL / max(action.n_unknowns, 1))
        window = 0.25

        def passes(m: np.ndarray) -> bool:
            return linear_test(action.of_generator(m), action.couplings, covariance)[2] >= LEVEL / max(
                action.n_unknowns, 1
            )

    if not len(space.basis):
        return space.basis
    basis = np.array([simplest(m, window, passes) for m in echelon(space.basis)])
    if not space.clear:
        notes.append(_unclear(space, what))
    if method == "noisy":
        expected = [_expected(action, covariance, m) for m in basis]
        if max(expected) > MOST_NOISE:
            notes.append(
                f"{len(basis)} {what} are within the errors, but so would be many others: the errors of the couplings "
                f"leave {max(expected):.0%} of each term open. They are not reported; more data would decide."
            )
            return basis[:0]
    return basis


def _unclear(space: NullSpace, what: str) -> str:
    return (
        f"the number of {what} is not certain: the smallest singular value that is not zero is only "
        f"{space.gap:.3g} times the largest that counts as zero"
    )


def _as_array(basis: Sequence[Vector], n: int) -> np.ndarray:
    return np.array([whole_numbers(vector) for vector in basis]).reshape(-1, n)


def _annihilator(along: np.ndarray, n: int, method: str) -> np.ndarray:
    """Returns linear forms that vanish along the given directions, in echelon form, shape (n - directions, n)."""
    if not len(along):
        return np.eye(n)
    from fractions import Fraction

    if method == "exact":
        rows = [[Fraction(value) for value in row] for row in along.tolist()]
        return np.array([[float(value) for value in vector] for vector in null_space_of_rows(rows, n)]).reshape(-1, n)
    from scipy import linalg

    forms = echelon(linalg.null_space(along).T)
    return np.where(np.abs(forms) < 1e-9, 0.0, forms).reshape(-1, n)


def _pivots(forms: np.ndarray) -> list[int]:
    """Returns for each row of an echelon form the column that is 1 there and 0 in all other rows."""
    alone = np.count_nonzero(forms, axis=0) == 1
    return [int(np.flatnonzero(alone & (row == 1))[0]) for row in forms]


def _generator(
    m: np.ndarray,
    action: Action,
    energies: Energies,
    G: np.ndarray,
    F: np.ndarray,
    affine: bool,
    names: Sequence[str],
    method: str,
) -> Generator:
    k = len(F)
    matrix = G @ m[: k * k].reshape(k, k) @ F
    shift = G @ m[k * k :] if affine else None
    residual, expected, p_value = _relative_residual(action, m), 0.0, 1.0
    if method == "noisy":
        covariance = aligned_covariance(energies, action.terms)
        p_value = linear_test(action.of_generator(m), action.couplings, covariance)[2]
        expected = _expected(action, covariance, m)
    elif method == "exact":
        residual = 0.0
    return Generator(matrix, shift, name_generator(matrix, shift, names), residual, expected, p_value)


def _size(action: Action, m: np.ndarray) -> float:
    """Size of the terms of the residual before they cancel."""
    return float(np.linalg.norm(action.factor * action.couplings[action.term] * m[action.unknown])) or 1.0


def _relative_residual(action: Action, m: np.ndarray) -> float:
    return float(np.linalg.norm(action.matrix @ m)) / _size(action, m)


def _expected(action: Action, covariance: np.ndarray, m: np.ndarray) -> float:
    return linear_test(action.of_generator(m), action.couplings, covariance)[1] / _size(action, m)


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
