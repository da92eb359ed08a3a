"""A change of variables in which a Lie algebra looks as round as it can: rotations become orthogonal."""

from __future__ import annotations

import numpy as np
from scipy import linalg

__all__ = ["balanced", "orthonormal"]

_STEPS = 400
_ROUND = 1e-4  # moment at which nothing is to be gained any more


def orthonormal(matrices: np.ndarray) -> np.ndarray:
    """Orthonormalises a basis of matrices in the Frobenius product.

    Args:
        matrices: Shape (dimension, n, n), independent.

    Returns:
        Same shape, same span.
    """
    flat = matrices.reshape(len(matrices), -1).astype(np.float64)
    flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return linalg.qr(flat.T, mode="economic")[0].T.reshape(matrices.shape)


def balanced(matrices: np.ndarray) -> np.ndarray:
    """Conjugates an algebra by the g that makes the volume of g M g^-1 smallest.

    Down the gradient of the logarithm of that volume, which is the sum of the commutators [M, M'] over an orthonormal
    basis. A reductive algebra has a minimum (Kempf and Ness), where so(p, q) is a sum of an antisymmetric and a
    symmetric part; another one may run away, and is returned as it was.

    Args:
        matrices: A basis, shape (dimension, n, n).

    Returns:
        An orthonormal basis of the conjugated algebra, same shape.

    Source: Kempf & Ness, The length of vectors in representation spaces (1979).
    """
    basis = orthonormal(matrices)
    step, moment = 0.25, _moment(basis)
    for _ in range(_STEPS):
        if np.linalg.norm(moment) <= _ROUND:
            return basis
        moved = _conjugated(basis, step * moment)
        new = _moment(moved[0])
        if moved[1] < 0:
            basis, moment, step = moved[0], new, min(step * 1.5, 2.0)
        else:
            step /= 3
        if step < 1e-12:
            break
    return basis if np.linalg.norm(moment) <= 0.05 else orthonormal(matrices)


def _moment(basis: np.ndarray) -> np.ndarray:
    return np.einsum("aij,akj->ik", basis, basis) - np.einsum("aji,ajk->ik", basis, basis)


def _conjugated(basis: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, float]:
    """Moves against a symmetric direction; returns the new basis and the change of the log-volume."""
    values, vectors = linalg.eigh(direction)
    g, back = (vectors * np.exp(-values)) @ vectors.T, (vectors * np.exp(values)) @ vectors.T
    moved = g @ basis @ back
    flat = moved.reshape(len(moved), -1)
    q, r = linalg.qr(flat.T, mode="economic")
    return q.T.reshape(basis.shape), float(np.sum(np.log(np.abs(r.diagonal()))))
