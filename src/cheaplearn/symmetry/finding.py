"""`cl.symmetries`: which maps leave an energy as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .._messages import must_be
from .continuous import Continuous, find_continuous, kernel_words
from .discrete import find_discrete
from .held_out import held_out_changes
from .maps import MapTest
from .null_vectors import LEVEL, ROUNDING, Solver, method_of
from .results import Symmetries
from .sentences import continuous_words
from .source import Energies, is_samples, read_source
from .whitened import find_whitened, is_skewed

__all__ = ["find_symmetries", "symmetries"]

_TESTS = 100  # what the level of each test of a discrete symmetry is divided by, where couplings have errors


def symmetries(
    source: Any,
    X: Any = None,
    affine: bool = False,
    tolerance: float | None = None,
    seed: int = 0,
    variables: Mapping[str, str] | None = None,
    order: int = 4,
) -> Symmetries:
    r"""Finds the symmetries of a polynomial, a Hamiltonian, a fitted model or samples.

    One-parameter groups of linear maps solve :math:`\nabla H(x) \cdot M x = 0`, which is linear in M: an exact null
    space for exact polynomials, a tolerance and a gap for rounded ones, and a rank test against the errors of the
    couplings for fitted models. Discrete candidates are sign flips, permutations, signed permutations, those of the
    geometry, and rotations by 360/k degrees of coordinate planes.

    Args:
        source: Anything `Polynomial.coerce` takes, a `Hamiltonian` (several classes: the differences of their
            energies), an estimator with `hamiltonian_`, or samples (2-D array or DataFrame), to which a density of
            degree `order` is fitted; discrete symmetries are also judged by the held-out score of tied couplings.
        X: Rows, shape (samples, n), where the change of H under each symmetry is measured, too (one-parameter groups:
            its rate along M x).
        affine: Whether to look for translations and rotations about other points, too.
        tolerance: Relative size of what counts as zero, for couplings without statistical errors. None: 0 (exact), or
            1e-9 where coefficients look like results of float64 arithmetic (binary fractions of more than 40 bits).
        seed: Seed of the rows that are drawn where X has more than 10,000.
        variables: Kind by name for polynomials: "real" (if left out), "spin" (-1, 1) or "bit" (0, 1). Spins and bits
            have no one-parameter groups.
        order: Highest degree fitted to samples.

    Returns:
        Generators, the name of their Lie algebra, discrete symmetries, sentences and residuals.

    Guarantee: for exact polynomials the algebra, the sign flips and (unless a sentence says otherwise) the signed
        permutations are complete and exact. Every non-degenerate quadratic form has an algebra so(p, q).

    Cost: terms x degree x n entries and an elimination with n^2 unknowns.

    Raises:
        ValueError: If the tolerance is negative, or X does not have n columns.

    Example:
        >>> import cheaplearn as cl
        >>> found = cl.symmetries("(x^2 + y^2 + z^2)^2 + x^2 + y^2 + z^2")
        >>> found.algebra, found.dimension, found.words[0]
        ('so(3)', 3, 'invariant under rotations of (x, y, z)')
    """
    if tolerance is not None and not (np.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(must_be("tolerance", "symmetries", "at least 0 or None", tolerance))
    sampled = is_samples(source)
    X = source if sampled and X is None else X
    energies = read_source(source, "symmetries", variables, order)
    skewed = sampled and is_skewed(source)
    found = find_symmetries(energies, affine, tolerance, (source, order) if skewed else None)
    if X is None:
        return found
    from .rows import changes_on_rows

    held_out = held_out_changes(found.discrete, source, order, seed) if sampled else {}
    return replace(found, changes=changes_on_rows(found, energies, X, seed), held_out=held_out)


def find_symmetries(
    energies: Energies, affine: bool, tolerance: float | None, samples: tuple[Any, int] | None = None
) -> Symmetries:
    """Finds the symmetries of energies that were read.

    Args:
        energies: The energies.
        affine: As of `symmetries`.
        tolerance: As of `symmetries`.
        samples: Samples and the order to fit where one-parameter groups are better looked for in whitened variables.

    Returns:
        The symmetries.
    """
    method = method_of(energies, tolerance)
    limit = 0.0 if method == "exact" else (tolerance or ROUNDING)
    if not energies.used:
        return Symmetries(energies.names, [], "trivial", [], ["constant: every map leaves it as it is"])
    solver = Solver(method, limit)
    if samples is None:
        continuous = find_continuous(energies, affine, solver)
    else:
        continuous = find_whitened(*samples, affine, solver)
    discrete = find_discrete(MapTest(energies, limit, LEVEL / _TESTS))
    words = _words(energies, continuous, solver, affine) + discrete.words
    if not continuous.generators and not discrete.symmetries:
        words.append("no symmetry found among linear one-parameter groups, sign flips, permutations and rotations")
    words += solver.notes + discrete.notes
    return Symmetries(
        energies.names, continuous.generators, continuous.algebra, discrete.symmetries, words, discrete.order
    )


def _words(energies: Energies, continuous: Continuous, solver: Solver, affine: bool) -> list[str]:
    names = energies.names
    words = [] if not energies.differences else ["symmetries of the posterior p(y|x): of the differences of energies"]
    words += continuous_words(continuous.generators, continuous.algebra, names, solver)
    listed = kernel_words(continuous.kernel, names)
    words += [text for text in listed if not (affine and "direction" in text)]
    if solver.method == "rounded" and continuous.generators:
        worst = max(generator.residual for generator in continuous.generators)
        if worst:
            words.append(f"holds to the rounding of the coefficients: the largest relative residual is {worst:.2g}")
    return words
