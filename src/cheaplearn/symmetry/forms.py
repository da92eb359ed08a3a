"""Quadratic forms that a Lie algebra keeps: what a rotation or Lorentz group leaves invariant."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from scipy import linalg

from ..polynomial import Polynomial
from .exact import null_space_of_rows

__all__ = ["form_text", "invariant_forms"]

_FEW = 3  # generic elements that stand for a large algebra


def invariant_forms(
    matrices: Sequence[np.ndarray], moved: Sequence[int], exact: bool, tolerance: float = 1e-6
) -> list[np.ndarray]:
    """Finds symmetric Q with Q M + M' Q = 0 for every generator M.

    Args:
        matrices: Generators, shape (n, n).
        moved: Variables that Q may contain.
        exact: Whether entries are exact numbers; then the null space is exact.
        tolerance: Relative size of what counts as zero.

    Returns:
        A basis of the forms, each of shape (n, n).
    """
    used = np.asarray(moved)
    inner = np.array([M[np.ix_(used, used)] for M in matrices])
    pairs = [(a, b) for a in range(len(used)) for b in range(a, len(used))]
    if len(inner) > _FEW:  # generic elements generate the algebra, or nearly; what they keep is checked below
        weights = np.random.default_rng(0).integers(-9, 10, (_FEW, len(inner))).astype(np.float64)
        generic = np.tensordot(weights, inner, 1)
    else:
        generic = inner
    system = _system(generic, pairs)
    if exact:
        exact_rows = [[Fraction(value) for value in row] for row in np.unique(system, axis=0).tolist() if any(row)]
        solutions = [np.array([float(v) for v in s]) for s in null_space_of_rows(exact_rows, len(pairs))]
    else:
        _, values, vectors = linalg.svd(system, full_matrices=len(system) < len(pairs))
        values = np.concatenate([values, np.zeros(max(len(pairs) - len(values), 0))])
        solutions = list(vectors[values <= tolerance * max(float(values.max(initial=0.0)), 1e-300)])
    forms = [_as_matrix(solution, pairs, used, len(matrices[0])) for solution in solutions]
    return [Q for Q in forms if all(_is_kept(Q, M, tolerance) for M in matrices)]


def _system(matrices: np.ndarray, pairs: list[tuple[int, int]]) -> np.ndarray:
    """Equations Q M + M' Q = 0 for the upper triangle of Q, one block of rows for each matrix."""
    n = matrices.shape[1]
    above = np.triu_indices(n)
    system = np.zeros((len(matrices), len(above[0]), len(pairs)))
    for column, (i, j) in enumerate(pairs):
        product = np.zeros((len(matrices), n, n))  # Q M for Q with ones at (i, j) and (j, i)
        product[:, i] += matrices[:, j]
        if i != j:
            product[:, j] += matrices[:, i]
        product += product.transpose(0, 2, 1)
        system[:, :, column] = product[:, above[0], above[1]]
    return system.reshape(-1, len(pairs))


def _is_kept(Q: np.ndarray, M: np.ndarray, tolerance: float) -> bool:
    product = Q @ M
    return bool(np.abs(product + product.T).max() <= 10 * tolerance * np.abs(Q).max() * np.abs(M).max())


def _as_matrix(solution: np.ndarray, pairs: list[tuple[int, int]], used: np.ndarray, n: int) -> np.ndarray:
    place = int(np.argmax(np.abs(solution) > 1e-9 * np.abs(solution).max()))
    first = solution[place] * (1 if pairs[place][0] == pairs[place][1] else 2)
    Q = np.zeros((n, n))
    for (i, j), value in zip(pairs, (solution / first).tolist(), strict=True):
        Q[used[i], used[j]] = Q[used[j], used[i]] = value
    return Q


def form_text(Q: np.ndarray, names: Sequence[str]) -> str:
    """Writes x' Q x as a polynomial, coefficients to 6 digits.

    Args:
        Q: Shape (n, n).
        names: Of the variables.

    Returns:
        Such as "x**2 + y**2 - 2*x*y".
    """
    parts = []
    for i, j in zip(*np.triu_indices(len(Q)), strict=True):
        value = Q[i, j] * (1 if i == j else 2)
        if abs(value) > 1e-9 * np.abs(Q).max():
            monomial = ((int(i), 2),) if i == j else ((int(i), 1), (int(j), 1))
            parts.append((monomial, Fraction(f"{value:.6g}")))
    return str(Polynomial(dict(parts), tuple(names)))
