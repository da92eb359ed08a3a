"""Quartic forms in squares: ``sum c_ij t_i^2 t_j^2`` is a quadratic form of the squares, one square per eigenvalue.

``(t_1^2 + ... + t_n^2)^2`` is one square of a sum, where products of squares take two each.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from flint import arb, fmpq

from .splitting import Monomial, degree

__all__ = ["cheaper_in_squares"]


def cheaper_in_squares(terms: Mapping[Monomial, Mapping[int, fmpq]]) -> list[Monomial]:
    """Looks for the terms ``t_i^4`` and ``t_i^2 t_j^2`` that are fewer squares as a form.

    Args:
        terms: Coefficients by monomial and output.

    Returns:
        The monomials, all of that kind; none if a fourth power (one square more) and a product of two squares (two)
        each cost no more.
    """
    even = [m for m in terms if degree(m) == 4 and all(power % 2 == 0 for _, power in m)]
    return even if _rank(even, terms) < sum(len(monomial) for monomial in even) else []


def _rank(even: list[Monomial], terms: Mapping[Monomial, Mapping[int, fmpq]]) -> int:
    """Sum over the outputs; in float64, as it only decides which way is taken."""
    place = {site: i for i, site in enumerate(sorted({site for monomial in even for site, _ in monomial}))}
    matrices: dict[int, np.ndarray] = {}
    for monomial in even:
        i, j = place[monomial[0][0]], place[monomial[-1][0]]
        for k, coefficient in terms[monomial].items():
            value = float(arb(coefficient).mid()) / (1 if i == j else 2)
            matrix = matrices.setdefault(k, np.zeros((len(place), len(place))))
            matrix[i, j] = matrix[j, i] = value
    if not all(np.all(np.isfinite(matrix)) for matrix in matrices.values()):
        return 2 * len(place) ** 2 * len(matrices)  # beyond float64: certified as it is, or refused
    return sum(int(np.linalg.matrix_rank(matrix)) for matrix in matrices.values())
