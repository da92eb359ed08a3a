"""Coordinates in which the softmax problem is small: as many as samples or terms, whichever is fewer.

With a ridge penalty the optimum lies in the span of the samples' features, so with more terms than
samples everything happens in the Gram matrix psi psi^T, which is summed over blocks of terms; the design
matrix is never held. With fewer terms than samples the terms themselves are rotated. Either way the
columns come out centred and orthogonal, and the penalty stays |w|^2: both problems have the same optimum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..geometry import Geometry
from ..hamiltonian import local_monomials
from .families import Family
from .prior import TermBlock, term_blocks

__all__ = ["Coordinates", "DualCoordinates", "Features", "PrimalCoordinates"]


@dataclass(frozen=True)
class PrimalCoordinates:
    """Rotated features: Z = (psi - mean) V.

    Args:
        Z: Shape (samples, rank).
        rotation: V, shape (terms, rank).
    """

    Z: np.ndarray
    rotation: np.ndarray

    def weights(self, W: np.ndarray, psi: np.ndarray, start: int) -> np.ndarray:
        """Returns the weights of the whitened features `psi` (the block that begins at `start`)."""
        return self.rotation[start : start + psi.shape[1]] @ W


@dataclass(frozen=True)
class DualCoordinates:
    """Coordinates of the samples: Z = U sqrt(S) of the centred Gram matrix U S U^T.

    Args:
        Z: Shape (samples, rank).
        back: U / sqrt(S), shape (samples, rank).
    """

    Z: np.ndarray
    back: np.ndarray

    def weights(self, W: np.ndarray, psi: np.ndarray, start: int) -> np.ndarray:
        """Returns the weights of `psi`; columns of U sum to 0, so psi needs no centring."""
        return psi.T @ (self.back @ W)


Coordinates = PrimalCoordinates | DualCoordinates


class Features:
    """Whitened features of one data set, and the coordinates of any family over them.

    Args:
        t: Scaled variables, shape (samples, n).
        geometry: Where the variables live, or None.
        smoothness: Correlation length of the prior, in steps.
    """

    def __init__(self, t: np.ndarray, geometry: Geometry | None, smoothness: float) -> None:
        self.t, self.geometry, self.smoothness = t, geometry, smoothness
        self._grams: dict[int, tuple[float, np.ndarray]] = {}  # degree -> radius reached, Gram matrix

    def blocks(self, family: Family) -> Iterator[tuple[int, TermBlock]]:
        """Yields the degree and each block of terms of a family, always in the same order."""
        monomials = local_monomials(self.t.shape[1], family.order, family.radius, self.geometry)
        for degree, sites in enumerate(monomials.sites, start=1):
            for block in term_blocks(sites, self.geometry, self.smoothness):
                yield degree, block

    def coordinates(self, family: Family) -> Coordinates:
        """Coordinates of all samples.

        Args:
            family: The monomials.

        Returns:
            Centred orthogonal columns Z, by the cheaper of the two ways.

        Cost: for T terms and N samples N^2 T + N^3 operations (dual, less what an earlier call with a
            smaller radius has summed), or N T^2 + T^3 (primal).
        """
        if family.n_terms <= len(self.t):
            return self.primal(family)
        return self.dual(family)

    def primal(self, family: Family) -> PrimalCoordinates:
        """Returns the rotated whitened features, shape (samples, terms), which are held at once."""
        psi = np.hstack([block.whitened(self.t) for _, block in self.blocks(family)])
        psi -= psi.mean(axis=0)
        _, rotation = _spectrum(psi.T @ psi)
        return PrimalCoordinates(psi @ rotation, rotation)

    def dual(self, family: Family) -> DualCoordinates:
        """Returns the factors of the Gram matrix, shape (samples, samples)."""
        gram = np.sum([self._gram(degree, family.radius) for degree in range(1, family.order + 1)], axis=0)
        mean = gram.mean(axis=0)
        gram += mean.mean() - mean - mean[:, None]
        values, vectors = _spectrum(gram)
        return DualCoordinates(vectors * np.sqrt(values), vectors / np.sqrt(values))

    def _gram(self, degree: int, radius: float) -> np.ndarray:
        """Returns the Gram matrix of one degree; families of growing radius share the work."""
        reached, gram = self._grams.get(degree, (-1.0, np.zeros((len(self.t), len(self.t)))))
        if reached > radius:
            reached, gram = -1.0, np.zeros_like(gram)
        if reached < radius:
            sites = local_monomials(self.t.shape[1], degree, radius, self.geometry).sites[-1]
            extent = _extents(sites, self.geometry)
            for block in term_blocks(sites[extent > reached], self.geometry, self.smoothness):
                psi = block.whitened(self.t)
                gram = gram + psi @ psi.T
            self._grams[degree] = (radius, gram)
        return gram


def _spectrum(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns eigenvalues and vectors of a positive semidefinite matrix, without those that are rounding."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > len(values) * np.finfo(float).eps * max(values[-1], np.finfo(float).tiny)
    return values[kept], np.ascontiguousarray(vectors[:, kept])


def _extents(sites: np.ndarray, geometry: Geometry | None) -> np.ndarray:
    """Returns the largest pairwise distance within each term."""
    extent = np.zeros(len(sites))
    for i in range(sites.shape[1]):
        for j in range(i):
            a, b = sites[:, i], sites[:, j]
            far = np.where(a == b, 0.0, np.inf) if geometry is None else geometry.distance(a, b)
            extent = np.maximum(extent, far)
    return extent
