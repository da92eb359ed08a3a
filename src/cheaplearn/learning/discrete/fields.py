"""Fields of all atoms, F = W^T U, and the way back to the slots of W: by BLAS, or slot by slot for sparse W."""

from __future__ import annotations

import numpy as np

from .pattern import Pattern

__all__ = ["cofactor_values", "fields", "is_dense", "slot_sums"]

DENSE_SHARE = 1 / 50  # share of W that is filled from which one BLAS product beats a loop over the slots
DENSE_CELLS = 1 << 25


def is_dense(pattern: Pattern) -> bool:
    """Whether W is worth holding as a matrix."""
    cells = pattern.n_rows * pattern.n_columns
    return cells <= DENSE_CELLS and len(pattern.row) >= DENSE_SHARE * cells


def cofactor_values(pattern: Pattern, x: np.ndarray) -> np.ndarray:
    """Values of all cofactors.

    Args:
        pattern: The cofactors.
        x: Atoms, shape (atoms, samples).

    Returns:
        U, shape (cofactors, samples), of the type of `x`.
    """
    U = np.empty((pattern.n_rows, x.shape[1]), x.dtype)
    first = 0
    for degree, block in enumerate(pattern.cofactors):
        part = U[first : first + len(block)]
        if degree == 0:
            part[:] = 1
        else:
            np.take(x, block[:, 0], axis=0, out=part)
            for column in block.T[1:]:
                part *= x[column]
        first += len(block)
    return U


def fields(pattern: Pattern, theta: np.ndarray, U: np.ndarray) -> np.ndarray:
    """Fields of all atoms.

    Args:
        pattern: Where the couplings stand in W.
        theta: Couplings, shape (couplings,).
        U: Cofactors, shape (cofactors, samples).

    Returns:
        F, shape (atoms, samples), of the type of U.

    Cost: 2 x cofactors x atoms x samples operations on BLAS, or 2 x slots x samples if W is sparse.
    """
    couplings = theta[pattern.term].astype(U.dtype)
    if is_dense(pattern):
        W = np.zeros((pattern.n_columns, pattern.n_rows), U.dtype)
        W[pattern.column, pattern.row] = couplings
        return W @ U
    from .local_kernels import accumulate

    F = np.zeros((pattern.n_columns, U.shape[1]), U.dtype)
    accumulate(pattern.column_start, pattern.row, couplings, U, F)
    return F


def slot_sums(pattern: Pattern, U: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Sums over samples of cofactor times slope.

    Args:
        pattern: The slots.
        U: Cofactors, shape (cofactors, samples).
        slope: Shape (atoms, samples), of the type of U.

    Returns:
        One sum for each slot, shape (slots,), float64.
    """
    if is_dense(pattern):
        return (slope @ U.T)[pattern.column, pattern.row].astype(np.float64)
    from .local_kernels import contract

    sums = np.empty(len(pattern.row))
    contract(pattern.column_start, pattern.row, U, slope, sums)
    return sums
