"""Proofs that a symmetric matrix is positive definite: Cholesky with an error bound, or exact pivots."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

__all__ = ["ExactPivots", "cholesky_proves", "exact_pivots", "matrix_of"]

Entries = Mapping[tuple[int, int], Fraction]
UNIT = Fraction(1, 2**53)  # rounding error of one float64 operation
TINY = Fraction(1, 2**960)  # covers underflow


def matrix_of(entries: Entries, size: int) -> np.ndarray:
    """Rounds a symmetric matrix to float64.

    Args:
        entries: Values at (i, j) with i <= j; others are 0.
        size: Number of rows.

    Returns:
        Shape (size, size).
    """
    matrix = np.zeros((size, size))
    for (i, j), value in entries.items():
        matrix[i, j] = matrix[j, i] = float(value)
    return matrix


def cholesky_proves(matrix: np.ndarray, slack: list[Fraction]) -> bool:
    r"""Proves that A - E is positive definite for every symmetric E with row sums of \|E_ij\| at most `slack`.

    If Cholesky's algorithm in floating point runs to the end on a symmetric matrix B of size n, in any order
    of summation, then :math:`\lambda_{min}(B) \ge -\phi\,\mathrm{tr} B` with phi = g / (1 - g) and g =
    (n + 1) u / (1 - (n + 1) u), u = 2^-53 (S. M. Rump, BIT 46 (2006) 433; N. Higham, Accuracy and Stability,
    theorem 10.3). B is A with a smaller diagonal; that A_ii - B_ii exceeds this bound and the slack is
    checked in rational arithmetic. By Gershgorin's circles -E lowers no eigenvalue by more than its row sums.

    Args:
        matrix: A, symmetric, shape (n, n), float64.
        slack: Bound of each row sum.

    Returns:
        True if proved. False says nothing.

    Cost: n^3 / 3 flops and n exact operations.
    """
    size = len(matrix)
    if not np.all(np.isfinite(matrix)) or size == 0 or not np.all(np.diag(matrix) > 0):
        return False
    gamma = (size + 1) * UNIT / (1 - (size + 1) * UNIT)
    diagonal = [Fraction(value) for value in np.diag(matrix).tolist()]
    bound = gamma / (1 - gamma) * sum(diagonal) + TINY
    lower = np.array([float(a - bound - s) for a, s in zip(diagonal, slack, strict=True)])
    lower = np.nextafter(lower, -np.inf)
    if not np.all(lower > 0) or np.any(np.diag(matrix) < lower):
        return False
    if any(a - Fraction(b) < bound + s for a, b, s in zip(diagonal, lower.tolist(), slack, strict=True)):
        return False
    shifted = matrix.copy()
    np.fill_diagonal(shifted, lower)
    try:
        np.linalg.cholesky(shifted)
    except np.linalg.LinAlgError:
        return False
    return True


class ExactPivots:
    """Outcome of exact elimination: positive definite, or a vector on which the form is not positive.

    Args:
        definite: Whether all pivots are positive.
        vector: Otherwise u with u^T A u <= 0, and A u = 0 if that is 0.
    """

    def __init__(self, definite: bool, vector: list[Fraction] | None = None) -> None:
        self.definite, self.vector = definite, vector


def exact_pivots(entries: Entries, size: int) -> ExactPivots:
    """Decides in rational arithmetic whether a symmetric matrix is positive definite.

    Args:
        entries: Values at (i, j) with i <= j.
        size: Number of rows.

    Returns:
        The decision. At the first pivot p <= 0 of row k, u = (-A_k^-1 a, 1, 0, ...) has u^T A u = p; if p = 0 but
        A u != 0, a step along some axis makes the form negative.

    Cost: size^3 / 3 operations on fractions whose length grows with the size; seconds at 60 rows.
    """
    import flint

    full = [[flint.fmpq(0)] * size for _ in range(size)]
    for (i, j), value in entries.items():
        full[i][j] = full[j][i] = flint.fmpq(value.numerator, value.denominator)
    rows = [row[:] for row in full]
    for k in range(size):
        if rows[k][k] <= 0:
            return ExactPivots(False, _not_positive(full, rows, k))
        for i in range(k + 1, size):
            if rows[i][k] != 0:
                factor = rows[i][k] / rows[k][k]
                for j in range(k + 1, size):
                    rows[i][j] -= factor * rows[k][j]
    return ExactPivots(True)


def _not_positive(full: list, rows: list, k: int) -> list[Fraction]:
    size = len(full)
    u = [full[0][0] * 0] * size
    u[k] = u[k] + 1
    for i in reversed(range(k)):  # rows[:k] are the upper triangular factor: its product with u vanishes
        u[i] = -sum((rows[i][j] * u[j] for j in range(i + 1, k + 1)), u[0] * 0) / rows[i][i]
    image = [sum((a * b for a, b in zip(row, u, strict=True)), u[0] * 0) for row in full]
    if rows[k][k] == 0:
        for j in range(size):
            if image[j] != 0:  # (u + e e_j) A (u + e e_j) = 2 e image_j + e^2 A_jj
                step = -image[j] / (abs(full[j][j]) + 1)
                u[j] = u[j] + step
                break
    return [Fraction(int(value.p), int(value.q)) for value in u]
