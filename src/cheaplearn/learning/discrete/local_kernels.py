"""Loops over the slots of a sparse W: the cost of local families is in proportion to their couplings."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["accumulate", "contract"]


@njit(cache=True, nogil=True, fastmath=True)
def accumulate(start: np.ndarray, row: np.ndarray, couplings: np.ndarray, U: np.ndarray, F: np.ndarray) -> None:
    """Adds coupling times cofactor to the field of each atom.

    Args:
        start: Where the slots of each atom begin, shape (atoms + 1,).
        row: Cofactor of each slot.
        couplings: Coupling of each slot.
        U: Shape (cofactors, samples).
        F: Shape (atoms, samples); added to.
    """
    for atom in range(len(start) - 1):
        for slot in range(start[atom], start[atom + 1]):
            coupling, cofactor = couplings[slot], row[slot]
            for sample in range(U.shape[1]):
                F[atom, sample] += coupling * U[cofactor, sample]


@njit(cache=True, nogil=True, fastmath=True)
def contract(start: np.ndarray, row: np.ndarray, U: np.ndarray, slope: np.ndarray, sums: np.ndarray) -> None:
    """Sums cofactor times slope over the samples for each slot.

    Args:
        start: Where the slots of each atom begin, shape (atoms + 1,).
        row: Cofactor of each slot.
        U: Shape (cofactors, samples).
        slope: Shape (atoms, samples).
        sums: One number for each slot; overwritten.
    """
    for atom in range(len(start) - 1):
        for slot in range(start[atom], start[atom + 1]):
            cofactor = row[slot]
            total = U[cofactor, 0] * slope[atom, 0] * 0
            for sample in range(U.shape[1]):
                total += U[cofactor, sample] * slope[atom, sample]
            sums[slot] = total
