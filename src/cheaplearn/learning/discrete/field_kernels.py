"""Loops behind the fields: over the slots of a sparse W, and over the states that samples have."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["accumulate", "add_rows", "contract", "scatter_rows"]


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


@njit(cache=True, nogil=True, fastmath=True)
def add_rows(hot: np.ndarray, W: np.ndarray, F: np.ndarray) -> None:
    """Adds to the fields of each sample the rows of W that it selects.

    Args:
        hot: Rows, shape (samples, sites).
        W: Shape (rows, atoms).
        F: Shape (samples, atoms); added to.
    """
    for sample in range(hot.shape[0]):
        for site in range(hot.shape[1]):
            row = hot[sample, site]
            for atom in range(W.shape[1]):
                F[sample, atom] += W[row, atom]


@njit(cache=True, nogil=True, fastmath=True)
def scatter_rows(hot: np.ndarray, slope: np.ndarray, sums: np.ndarray) -> None:
    """Adds the slopes of each sample to the rows that it selects.

    Args:
        hot: Rows, shape (samples, sites).
        slope: Shape (samples, atoms).
        sums: Shape (rows, atoms); added to.
    """
    for sample in range(hot.shape[0]):
        for site in range(hot.shape[1]):
            row = hot[sample, site]
            for atom in range(sums.shape[1]):
                sums[row, atom] += slope[sample, atom]
