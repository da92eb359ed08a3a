"""Checks that a function does not change under a group: exactly for polynomials, at random points for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .._messages import must_be
from ..hamiltonian import Hamiltonian
from ..polynomial import Polynomial

__all__ = ["assert_invariant"]

_Map = tuple[np.ndarray, np.ndarray]


def assert_invariant(
    source: Any, group: Any, tolerance: float | None = None, points: int = 200, scale: float = 1.0, seed: int = 0
) -> None:
    """Asserts that a function is invariant.

    Args:
        source: A polynomial (anything `Polynomial.coerce` takes), a `Hamiltonian`, a fitted estimator with
            `hamiltonian_`, or a callable from arrays of shape (samples, n) to values (a `Network`).
        group: A matrix of shape (n, n) (x -> A x), a permutation (targets: x_i goes to x_target(i)), a pair (targets,
            signs), or an object with `generators`, a list of such pairs. A target of -1 leaves the grid: then terms
            that stay inside are compared, which needs a polynomial or a Hamiltonian.
        tolerance: Largest difference, relative to the largest absolute value or coupling. None: 0 for signed
            permutations of polynomials and Hamiltonians, 1e-9 for matrices, and 1,000 roundings of the dtype of the
            values for callables.
        points: Number of random points for callables.
        scale: They are normal with this standard deviation.
        seed: Of the points.

    Raises:
        AssertionError: If it is not; names the generator, the worst term or point, and the difference.
        ValueError: If `group` is none of these, or a partial map meets a callable.

    Example:
        >>> assert_invariant("x*y + z^2", [1, 0, 2])
    """
    polynomials = _polynomials(source)
    for name, generator in _generators(group):
        if polynomials is None:
            _check_values(source, name, generator, tolerance, points, scale, seed)
            continue
        for label, polynomial in polynomials:
            _check_terms(polynomial, label, name, generator, tolerance)


def _polynomials(source: Any) -> list[tuple[str, Polynomial]] | None:
    hamiltonian = getattr(source, "hamiltonian_", source)
    if isinstance(hamiltonian, Hamiltonian):
        labels = [f"class {label}: " if len(hamiltonian.classes) > 1 else "" for label in hamiltonian.classes]
        return list(zip(labels, hamiltonian.to_polynomials(), strict=True))
    if callable(source) and not isinstance(source, Polynomial):
        return None
    return [("", Polynomial.coerce(source))]


def _generators(group: Any) -> Iterator[tuple[str, _Map | np.ndarray]]:
    if hasattr(group, "generators"):
        name = getattr(group, "name", type(group).__name__)
        within = getattr(group, "within", ()) or (None,) * len(group.generators)
        for k, ((targets, signs), inside) in enumerate(zip(group.generators, within, strict=True)):
            mapping = (np.asarray(targets), np.asarray(signs))
            yield f"generator {k} of {name}", mapping if inside is None else (*mapping, np.asarray(inside))  # type: ignore[misc]
        return
    if isinstance(group, tuple) and len(group) == 2 and np.ndim(group[0]) == 1:
        yield "the signed permutation", (np.asarray(group[0]), np.asarray(group[1]))
        return
    array = np.asarray(group)
    if array.ndim == 1 and array.dtype.kind in "iu":
        yield "the permutation", (array, np.ones(len(array), int))
    elif array.ndim == 2 and array.shape[0] == array.shape[1]:
        yield "the matrix", array
    else:
        requirement = "a square matrix, targets, (targets, signs) or an object with generators"
        raise ValueError(must_be("group", "assert_invariant", requirement, f"shape {array.shape}"))


def _check_terms(polynomial: Polynomial, label: str, name: str, generator: Any, tolerance: float | None) -> None:
    n = len(polynomial.variables)
    size = len(generator) if isinstance(generator, np.ndarray) else len(generator[0])
    if size != n:
        raise ValueError(must_be("group", "assert_invariant", f"a group that acts on {n} variables", f"one on {size}"))
    if isinstance(generator, np.ndarray):
        changed = _substituted(polynomial, generator)
        limit = 1e-9 if tolerance is None else tolerance
        differences: dict[Any, Fraction] = {
            m: Fraction(changed.terms.get(m, 0) - polynomial.terms.get(m, 0))
            for m in {*changed.terms, *polynomial.terms}
        }
    else:
        limit = tolerance or 0.0
        differences = _term_changes(polynomial, generator)
    largest = max((abs(value) for monomial, value in polynomial.terms.items() if monomial), default=Fraction(1))
    worst = max(differences, key=lambda monomial: abs(differences[monomial]), default=None)
    if worst is not None and abs(differences[worst]) > Fraction(limit) * largest:
        term = Polynomial({worst: 1}, polynomial.variables)
        before = float(polynomial.terms.get(worst, 0))
        message = (
            f"{label}not invariant under {name}: the coupling of {term} is {before:.17g}, and "
            f"{float(differences[worst]):.3g} more after the map (largest difference of all terms)"
        )
        raise AssertionError(message)


def _term_changes(polynomial: Polynomial, generator: Any) -> dict[Any, Fraction]:
    targets, signs, *within = generator
    differences: dict[Any, Fraction] = {}
    for monomial, value in polynomial.terms.items():
        moved = _moved(monomial, targets, signs)
        if moved is None or (within and monomial and not within[0][monomial[0][0]]):
            continue
        image, sign = moved
        differences[image] = sign * value - polynomial.terms.get(image, 0)
    # a term that none is taken to, though a term could be: its preimage is missing
    back = {int(target): i for i, target in enumerate(targets) if target >= 0}
    for monomial, value in polynomial.terms.items():
        if monomial in differences or any(i not in back for i, _ in monomial):
            continue
        preimage = tuple(sorted((back[i], power) for i, power in monomial))
        if within and preimage and not within[0][preimage[0][0]]:
            continue
        differences[monomial] = -value
    return differences


def _moved(monomial: Any, targets: np.ndarray, signs: np.ndarray) -> tuple[Any, int] | None:
    if any(targets[i] < 0 for i, _ in monomial):
        return None
    sign = int(np.prod([int(signs[i]) ** power for i, power in monomial], dtype=int))
    return tuple(sorted((int(targets[i]), power) for i, power in monomial)), sign


def _substituted(polynomial: Polynomial, matrix: np.ndarray) -> Polynomial:
    names = polynomial.variables
    rows = [Polynomial({((j, 1),): value for j, value in enumerate(row) if value}, names) for row in matrix.tolist()]
    total = Polynomial.constant(0, names)
    for monomial, value in polynomial.terms.items():
        product = Polynomial.constant(value, names)
        for i, power in monomial:
            product = product * rows[i] ** power
        total = total + product
    return total


def _check_values(
    function: Any, name: str, generator: Any, tolerance: float | None, points: int, scale: float, seed: int
) -> None:
    n = len(generator) if isinstance(generator, np.ndarray) else len(generator[0])
    matrix = generator if isinstance(generator, np.ndarray) else _matrix(generator, n)
    X = np.random.default_rng(seed).normal(size=(points, n)) * scale
    before, after = np.asarray(function(X)), np.asarray(function(X @ matrix.T))
    epsilon = float(np.finfo(before.dtype).eps) if before.dtype.kind == "f" else 0.0
    limit = 1000 * epsilon if tolerance is None else tolerance
    wide_before, wide_after = before.astype(np.float64), after.astype(np.float64)
    differences = np.abs(wide_after - wide_before).reshape(points, -1).max(axis=1)
    worst = int(np.argmax(differences))
    if not differences[worst] <= limit * max(float(np.abs(wide_before).max(initial=0.0)), 1e-300):
        message = (
            f"not invariant under {name}: at x = {X[worst].tolist()} the value changes by {differences[worst]:.3g} "
            f"(largest of {points} points)"
        )
        raise AssertionError(message)


def _matrix(generator: Sequence[np.ndarray], n: int) -> np.ndarray:
    targets, signs, *within = generator
    if within or np.any(targets < 0):
        advice = "Pass the polynomial or Hamiltonian: maps that leave the grid are checked on terms."
        raise ValueError(must_be("group", "assert_invariant", "a permutation for callables", "a partial map", advice))
    matrix = np.zeros((n, n))
    matrix[targets, np.arange(n)] = signs
    return matrix
