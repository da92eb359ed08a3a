"""The one place that calls the conic solver."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["ConicSolution", "solve_conic", "triangle_scales"]

TOLERANCE = 1e-10  # of gap and feasibility; what is reached is verified by the caller


class ConicSolution:
    """Outcome of the solver.

    Args:
        status: The solver's word for it.
        x: Primal variables.
        z: Dual variables, one per row.
    """

    def __init__(self, status: str, x: np.ndarray, z: np.ndarray) -> None:
        self.status, self.x, self.z = status, x, z

    @property
    def solved(self) -> bool:
        """Whether the solver reports a solution, be it of reduced accuracy."""
        return self.status in {"Solved", "AlmostSolved"}


def solve_conic(
    P: Any, q: np.ndarray, equalities: tuple[Any, np.ndarray], triangles: Any, rows: list[int]
) -> ConicSolution:
    """Minimises x^T P x / 2 + q^T x subject to E x = e and positive semidefinite matrices linear in x.

    Args:
        P: Positive semidefinite, sparse, shape (n, n); its upper triangle is read.
        q: Shape (n,).
        equalities: E, sparse, and e.
        triangles: Sparse map from x to the scaled upper triangles of the matrices, one after the other.
        rows: Number of rows of each matrix.

    Returns:
        The solution; z holds the multipliers of the equalities and then the dual matrices as scaled triangles.

    Cost: per iteration the cube of rows^2 / 2 for each matrix, and rows^4 / 8 numbers of memory.
    """
    import clarabel

    E, e = equalities
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = TOLERANCE
    A = sparse.vstack([E, -triangles]).tocsc()
    b = np.concatenate([e, np.zeros(triangles.shape[0])])
    cones = [clarabel.ZeroConeT(len(e))] if len(e) else []
    cones += [clarabel.PSDTriangleConeT(count) for count in rows]
    upper = sparse.triu(sparse.csc_matrix(P)).tocsc()
    solution = clarabel.DefaultSolver(upper, q, A, b, cones, settings).solve()
    return ConicSolution(str(solution.status), np.array(solution.x), np.array(solution.z))


def triangle_scales(pairs: list[tuple[int, int]]) -> np.ndarray:
    """Returns 1 on the diagonal and sqrt(2) off it.

    Args:
        pairs: (row, column) of each entry.

    Returns:
        Shape (entries,).
    """
    return np.array([1.0 if i == j else np.sqrt(2) for i, j in pairs])
