"""Loops over samples and sites behind the conditional losses of categories."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["softmax_losses", "softmax_second"]


@njit(cache=True, nogil=True, fastmath=True)
def softmax_losses(
    F: np.ndarray, x: np.ndarray, w: np.ndarray, first: np.ndarray, sums: np.ndarray, slope: np.ndarray, p: np.ndarray
) -> None:
    """Log-losses of the observed states, their derivatives and the probabilities.

    Args:
        F: Energies, shape (atoms, samples); memory in the order of samples is fastest.
        x: One-hot states, same shape.
        w: Sample weights, shape (samples,).
        first: First atom of each site, and the number of atoms at the end, shape (n + 1,).
        sums: Weighted loss of each site, shape (n,); added to.
        slope: Weighted derivative, shape (atoms, samples); overwritten.
        p: Probabilities, shape (atoms, samples); overwritten.
    """
    for sample in range(F.shape[1]):
        for site in range(len(first) - 1):
            start, stop = first[site], first[site + 1]
            lowest = F[start, sample]
            for atom in range(start, stop):
                lowest = min(lowest, F[atom, sample])
            total = F[start, sample] * 0
            hit = total
            for atom in range(start, stop):
                weight = np.exp(lowest - F[atom, sample])
                p[atom, sample] = weight
                total += weight
                hit += (F[atom, sample] - lowest) * x[atom, sample]
            for atom in range(start, stop):
                p[atom, sample] /= total
                slope[atom, sample] = (x[atom, sample] - p[atom, sample]) * w[sample]
            sums[site] += w[sample] * (hit + np.log(total))


@njit(cache=True, nogil=True, fastmath=True)
def softmax_second(p: np.ndarray, A: np.ndarray, w: np.ndarray, first: np.ndarray) -> None:
    """Multiplies a change of the energies by the weighted covariance of the states, in place.

    Args:
        p: Probabilities, shape (atoms, samples).
        A: Change of the energies, same shape; overwritten.
        w: Sample weights, shape (samples,).
        first: First atom of each site, and the number of atoms at the end.
    """
    for sample in range(A.shape[1]):
        for site in range(len(first) - 1):
            mean = A[first[site], sample] * 0
            for atom in range(first[site], first[site + 1]):
                mean += p[atom, sample] * A[atom, sample]
            for atom in range(first[site], first[site + 1]):
                A[atom, sample] = w[sample] * p[atom, sample] * (A[atom, sample] - mean)
