"""Coordinates in which the softmax problem is small: as many as samples or couplings, whichever is fewer.

With a ridge penalty the optimum lies in the span of the samples' features, so with more couplings than
samples everything happens in the Gram matrix psi psi^T, which is summed over blocks of terms; the design
matrix is never held. With fewer couplings than samples the features themselves are rotated; they are held
only if they are small. Either way the columns come out centred and orthogonal, and the penalty stays
|w|^2: both problems have the same optimum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..geometry import Geometry
from ..hamiltonian import Variables, local_monomials
from .columns import Columns
from .families import Family
from .namespaces import like
from .orbit_blocks import OrbitBlock, orbit_blocks
from .prior import Prior, TermBlock, term_blocks
from .products import Compact, Held, Products, Streamed, held

__all__ = ["Coordinates", "DualCoordinates", "Features", "PrimalCoordinates"]

HELD_BYTES = 16 << 20  # features that are held in double precision (and again in single)
COMPACT_BYTES = 1 << 30  # features that are held in single precision; larger ones are streamed


@dataclass(frozen=True)
class PrimalCoordinates:
    """Rotated features: Z = (psi - mean) A.

    Args:
        products: Z, shape (samples, rank).
        columns: psi.
        mean: Of each column, shape (columns,).
        linear: A, shape (columns, rank).
    """

    products: Products
    columns: Columns
    mean: np.ndarray
    linear: np.ndarray

    @property
    def Z(self) -> np.ndarray:
        """The rotated features as an array, shape (samples, rank)."""
        return held(Streamed(self.columns, self.mean, self.linear)).Z

    def couplings(self, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the couplings in canonical order, and the mean logit that centring took away."""
        theta = self.linear @ W
        return self.columns.of_terms(theta), self.mean @ theta


@dataclass(frozen=True)
class DualCoordinates:
    """Coordinates of the samples: Z = U sqrt(S) of the centred Gram matrix U S U^T.

    Args:
        Z: Shape (samples, rank).
        back: U / sqrt(S), shape (samples, rank).
        features: The features.
        family: The monomials.
        example: Whose namespace and device the solver works in; NumPy's if None.
    """

    Z: np.ndarray
    back: np.ndarray
    features: Features
    family: Family
    example: Any = None

    @property
    def products(self) -> Products:
        """Z for the solver."""
        return Held(self.Z if self.example is None else like(self.Z, self.example))

    def couplings(self, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the couplings in canonical order, and the mean logit that centring took away.

        Columns of U sum to 0, so psi needs no centring here.
        """
        theta = np.zeros((self.family.n_terms, W.shape[1]))
        shift = np.zeros(W.shape[1])
        spread = self.back @ W
        for start, block in self.features.blocks(self.family):
            psi = block.whitened(self.features.t)
            w = psi.T @ spread
            theta[start + block.index] = block.couplings(w)
            shift += psi.mean(axis=0) @ w
        return theta, shift


Coordinates = PrimalCoordinates | DualCoordinates


class Features:
    """Whitened features of one data set, and the coordinates of any family over them.

    Args:
        X: Samples, shape (samples, n).
        geometry: Where the variables live, or None.
        smoothness: Correlation length of the prior, in steps; for free couplings only.
        variables: Kinds and units; real variables in the units of X if left out.
        streaming: Whether features of few couplings are never held.
        example: A tensor in whose namespace and on whose device the solver works; NumPy's if None.
    """

    def __init__(
        self,
        X: np.ndarray,
        geometry: Geometry | None,
        smoothness: float,
        variables: Variables | None = None,
        streaming: bool = False,
        example: Any = None,
    ) -> None:
        self.X, self.geometry, self.smoothness = X, geometry, smoothness
        self.variables = Variables.default(X.shape[1]) if variables is None else variables
        self.streaming, self.example = streaming, example
        self._grams: dict[int, tuple[float, np.ndarray]] = {}  # degree -> radius reached, Gram matrix

    @cached_property
    def t(self) -> np.ndarray:
        """The scaled variables, shape (samples, n)."""
        return self.variables.scaled(self.X)

    def blocks(self, family: Family) -> Iterator[tuple[int, TermBlock | OrbitBlock]]:
        """Yields blocks of terms and where their degree starts in canonical order, always in the same order."""
        monomials = family.monomials(len(self.variables), self.geometry, self.variables.kinds)
        orbits = family.orbits(monomials)
        start = 0
        for sites in monomials.sites:
            if orbits is None:
                yield from ((start, block) for block in term_blocks(sites, self.geometry, self.smoothness))
            else:
                part = slice(start, start + len(sites))
                blocks = orbit_blocks(sites, orbits.index[part], orbits.sign[part])
                yield from ((start, block) for block in blocks)
            start += len(sites)

    def coordinates(self, family: Family) -> Coordinates:
        """Coordinates of all samples.

        Args:
            family: The monomials.

        Returns:
            Centred orthogonal columns Z, by the cheaper of the two ways.

        Cost: for T couplings and N samples N^2 T + N^3 operations (dual, less what an earlier call with a
            smaller radius has summed), or N T^2 + T^3 (primal).
        """
        if family.n_couplings <= len(self.X):
            return self.primal(family)
        return self.dual(family)

    def primal(self, family: Family) -> PrimalCoordinates:
        """Returns the rotated whitened features, held as far as they are small."""
        monomials = family.monomials(len(self.variables), self.geometry, self.variables.kinds)
        columns = Columns(self.X, self.variables, monomials, family.orbits(monomials))
        prior = Prior(monomials, self.geometry, 0.0 if family.symmetry else self.smoothness)
        mean, gram = columns.moments()
        linear = prior.times(_spectrum(prior.whitened(gram))[1])
        del gram
        return PrimalCoordinates(self._products(columns, mean, linear), columns, mean, linear)

    def _products(self, columns: Columns, mean: np.ndarray, linear: np.ndarray) -> Products:
        entries = columns.n_rows * linear.shape[1]
        if self.example is not None:
            return held(Streamed(columns, mean, linear), self.example)
        if self.streaming or 4 * entries > COMPACT_BYTES:
            return Streamed(columns, mean, linear)
        if 8 * entries > HELD_BYTES:
            return Compact(columns, mean, linear)
        return held(Streamed(columns, mean, linear))

    def dual(self, family: Family) -> DualCoordinates:
        """Returns the factors of the Gram matrix, shape (samples, samples)."""
        if family.symmetry is None:
            gram = np.sum([self._gram(degree, family.radius) for degree in range(1, family.order + 1)], axis=0)
        else:
            gram = np.zeros((len(self.X),) * 2)
            for _, block in self.blocks(family):
                psi = block.whitened(self.t)
                gram += psi @ psi.T
        mean = gram.mean(axis=0)
        gram += mean.mean() - mean - mean[:, None]
        values, vectors = _spectrum(gram)
        return DualCoordinates(vectors * np.sqrt(values), vectors / np.sqrt(values), self, family, self.example)

    def _gram(self, degree: int, radius: float) -> np.ndarray:
        """Returns the Gram matrix of one degree; families of growing radius share the work."""
        reached, gram = self._grams.get(degree, (-1.0, np.zeros((len(self.X), len(self.X)))))
        if reached > radius:
            reached, gram = -1.0, np.zeros_like(gram)
        if reached < radius:
            n, kinds = len(self.variables), self.variables.kinds
            sites = local_monomials(n, degree, radius, self.geometry, kinds).sites[-1]
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
