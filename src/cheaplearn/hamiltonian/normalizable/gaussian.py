"""Quadratic forms: their positive definiteness is decided, not only tested."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ...polynomial.monomials import Monomial
from .components import Interval
from .curves import rational, whole
from .definite import cholesky_proves, exact_pivots, matrix_of

__all__ = ["is_positive_definite", "not_positive"]

EXACT_ROWS = 60  # up to here rational elimination settles what floats cannot
VECTOR_BITS = 45  # of an eigenvector


def is_positive_definite(terms: dict[Monomial, Interval], size: int) -> bool:
    """Proves that a quadratic form is positive definite for all coefficients in their intervals.

    Args:
        terms: (low, high) by monomial of degree 2.
        size: Number of variables.

    Returns:
        True if proved; False says nothing.

    Cost: a Cholesky factorisation, and rational elimination up to 60 variables where that fails.
    """
    entries, slack = {}, [Fraction(0)] * size
    for monomial, (low, high) in terms.items():
        i, j = monomial[0][0], monomial[-1][0]
        share = Fraction(1 if i == j else 2)
        entries[i, j] = (low + high) / 2 / share
        error = (high - low) / 2 / share + abs(entries[i, j] - Fraction(float(entries[i, j])))
        slack[i] += error
        slack[j] += error if i != j else 0
    if cholesky_proves(matrix_of(entries, size), slack):
        return True
    varies = any(low != high for low, high in terms.values())
    return not varies and size <= EXACT_ROWS and exact_pivots(entries, size).definite


def not_positive(terms: dict[Monomial, Fraction], size: int) -> list[Fraction] | None:
    """Finds a vector on which a quadratic form is not positive.

    Args:
        terms: Coefficient by monomial; those of another degree than 2 are ignored.
        size: Number of variables.

    Returns:
        Up to 60 variables: an exact null vector or one with negative value, None if the form is positive definite.
        Above: the eigenvector of the least eigenvalue in floats, a mere candidate.
    """
    entries = {}
    for monomial, coefficient in terms.items():
        if sum(p for _, p in monomial) == 2:
            i, j = monomial[0][0], monomial[-1][0]
            entries[i, j] = coefficient if i == j else coefficient / 2
    if size <= EXACT_ROWS:
        vector = exact_pivots(entries, size).vector
        return None if vector is None else whole(vector)
    eigenvector = np.linalg.eigh(matrix_of(entries, size))[1][:, 0]
    return list(rational(eigenvector.tolist(), VECTOR_BITS))
