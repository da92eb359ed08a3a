"""The prior over couplings: independent, or varying smoothly from site to site of a grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..geometry import Geometry, Grid
from ..hamiltonian import Monomials
from ..hamiltonian.features import monomial_values

__all__ = ["INDEPENDENT_SHARE", "Prior", "TermBlock", "term_blocks"]

INDEPENDENT_SHARE = 0.1  # part of the prior variance that is not shared with neighbours
COLUMNS_AT_ONCE = 1024


@dataclass(frozen=True)
class TermBlock:
    """Monomials of one degree whose couplings have a common Gaussian prior.

    Args:
        index: Position of each term in the array of sites it was cut from, shape (terms,).
        sites: Variables of each term, shape (terms, degree).
        factors: R in pieces (start, R_s): the prior covariance is R R^T / regularization,
            block-diagonal. Empty if it is the unit matrix.
    """

    index: np.ndarray
    sites: np.ndarray
    factors: tuple[tuple[int, np.ndarray], ...]

    def whitened(self, t: np.ndarray) -> np.ndarray:
        """Returns features whose couplings are independent a priori: phi(t) R, shape (samples, terms)."""
        values = monomial_values(t, self.sites)
        for start, factor in self.factors:
            part = slice(start, start + len(factor))
            values[:, part] = values[:, part] @ factor
        return values

    def couplings(self, weights: np.ndarray) -> np.ndarray:
        """Returns the couplings from those of the whitened features: R w, shape (terms, classes)."""
        result = weights.copy()
        for start, factor in self.factors:
            part = slice(start, start + len(factor))
            result[part] = factor @ weights[part]
        return result


class Prior:
    """The factor R of the prior covariance R R^T / regularization of all couplings of a free family.

    Args:
        monomials: The terms.
        geometry: Where the variables live.
        smoothness: Correlation length in steps; 0 for independent couplings, R = 1.
    """

    def __init__(self, monomials: Monomials, geometry: Geometry | None, smoothness: float) -> None:
        self._factors: list[tuple[np.ndarray, np.ndarray]] = []
        start = 0
        for sites in monomials.sites if smoothness and isinstance(geometry, Grid) else ():
            for block in term_blocks(sites, geometry, smoothness):
                for first, factor in block.factors:
                    self._factors.append((start + block.index[first : first + len(factor)], factor))
            start += len(sites)

    def times(self, M: np.ndarray) -> np.ndarray:
        """Overwrites M, shape (terms, columns), with R M and returns it."""
        for place, factor in self._factors:
            M[place] = factor @ M[place]
        return M

    def whitened(self, gram: np.ndarray) -> np.ndarray:
        """Overwrites a Gram matrix of monomials with that of the whitened features, R^T gram R, and returns it."""
        for place, factor in self._factors:
            gram[place] = factor.T @ gram[place]
        for place, factor in self._factors:
            gram[:, place] = gram[:, place] @ factor
        return gram


def term_blocks(sites: np.ndarray, geometry: Geometry | None, smoothness: float) -> Iterator[TermBlock]:
    r"""Cuts terms of one degree into blocks and gives each its prior.

    On a grid, terms that are translates of one another form a shape. Within a shape the couplings are a
    Gaussian process over the position: correlation (1 - s) exp(-distance^2 / (2 smoothness^2)) with
    s = `INDEPENDENT_SHARE`, and variance 1 for every coupling. This lies between free
    couplings (smoothness 0) and translation invariance (infinite smoothness).

    Args:
        sites: Variables of each term, shape (terms, degree).
        geometry: Where the variables live; only grids and chains know translations.
        smoothness: Correlation length in steps; 0 for independent couplings.

    Yields:
        Blocks of about `COLUMNS_AT_ONCE` terms that together hold every term once.
    """
    if smoothness == 0 or not isinstance(geometry, Grid):
        for start in range(0, len(sites), COLUMNS_AT_ONCE):
            index = np.arange(start, min(start + COLUMNS_AT_ONCE, len(sites)))
            yield TermBlock(index, sites[index], ())
        return
    pending: list[tuple[np.ndarray, np.ndarray]] = []
    for members, positions in _shapes(sites, geometry):
        pending.append((members, _factor(positions, geometry, smoothness)))
        if sum(len(group) for group, _ in pending) >= COLUMNS_AT_ONCE:
            yield _joined(sites, pending)
            pending = []
    if pending:
        yield _joined(sites, pending)


def _joined(sites: np.ndarray, groups: list[tuple[np.ndarray, np.ndarray]]) -> TermBlock:
    index = np.concatenate([members for members, _ in groups])
    starts = np.cumsum([0, *(len(members) for members, _ in groups)])
    factors = [(int(start), factor) for start, (_, factor) in zip(starts, groups, strict=False)]
    return TermBlock(index, sites[index], tuple((s, f) for s, f in factors if len(f) > 1))


def _shapes(sites: np.ndarray, grid: Grid) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the terms of each shape with the coordinates of their anchors."""
    keys, anchors = _canonical(sites, grid)
    _, shape_of = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(shape_of, kind="stable")
    cuts = np.flatnonzero(np.diff(shape_of[order])) + 1
    for members in np.split(order, cuts):
        yield members, anchors[members]


def _canonical(sites: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Returns the displacements of each term from its anchor, the anchor chosen so that translates agree.

    On a ring any factor may come first in site order, so every factor is tried as the anchor and the
    lexicographically smallest list of displacements is kept.
    """
    where = grid.coordinates(sites)  # (terms, degree, axes)
    # open axes get room for negative displacements, so that nothing wraps there
    spans = np.array([n if ring else 2 * n for n, ring in zip(grid.shape, grid.periodic, strict=True)])
    best, anchors = np.empty(0), where[:, 0]
    for candidate in range(sites.shape[1]):
        steps = (where - where[:, candidate : candidate + 1]) % spans
        keys = np.sort(np.ravel_multi_index(tuple(np.moveaxis(steps, -1, 0)), tuple(spans)), axis=1)
        if candidate == 0:
            best = keys
            continue
        smaller = _lexicographically_smaller(keys, best)
        best = np.where(smaller[:, None], keys, best)
        anchors = np.where(smaller[:, None], where[:, candidate], anchors)
    return best, anchors


def _lexicographically_smaller(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    first_difference = np.argmax(a != b, axis=1)[:, None]
    return (np.take_along_axis(a, first_difference, 1) < np.take_along_axis(b, first_difference, 1))[:, 0]


def _factor(positions: np.ndarray, grid: Grid, smoothness: float) -> np.ndarray:
    """Returns the Cholesky factor of the correlation between anchors, shape (anchors, anchors)."""
    squared = np.zeros((len(positions), len(positions)))
    for x, length, ring in zip(positions.T, grid.shape, grid.periodic, strict=True):
        step = np.abs(x[:, None] - x)
        # on a ring the chord keeps the correlation positive definite; the arc would not
        squared += (length / np.pi * np.sin(np.pi * step / length)) ** 2 if ring else step**2
    correlation = (1 - INDEPENDENT_SHARE) * np.exp(-squared / (2 * smoothness**2))
    np.fill_diagonal(correlation, 1.0)
    return np.linalg.cholesky(correlation)
