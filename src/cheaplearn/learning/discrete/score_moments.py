"""Second derivatives and squared scores of samples: sums that add up over partitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from .fields import Block, Products, products_of
from .losses import Loss
from .pattern import Pattern

__all__ = ["ScoreMoments", "ScorePoint", "gathered", "score_moments"]

BLOCK_ENTRIES = 1 << 23


class ScoreMoments(NamedTuple):
    """Sums over samples.

    Args:
        information: Second derivative of the mean loss, shape (couplings, couplings); by orbit if they are tied.
        square: Weighted sum of the outer squares of the scores (derivatives of the loss of one sample), same shape.
        score: Weighted sum of the scores, shape (couplings,).
        weight: Total weight of the samples whose scores were summed.
    """

    information: np.ndarray
    square: np.ndarray
    score: np.ndarray
    weight: float

    def plus(self, other: ScoreMoments) -> ScoreMoments:
        """Returns the sums of both parts together."""
        return ScoreMoments(
            self.information + other.information,
            self.square + other.square,
            self.score + other.score,
            self.weight + other.weight,
        )


@dataclass(frozen=True, eq=False)
class ScorePoint:
    """Where scores are wanted.

    Args:
        theta: Couplings, shape (couplings,).
        scale: Derivative of the objective by the mean loss of each site, shape (n,): 1 for pseudo-likelihood.
        centre: For the logarithm of a mean its derivative by slot; else None.
        total: Total weight of all samples, not only of this part.
        step: Every how many samples a score is squared.
        offset: Samples before this part: which scores are squared does not depend on how samples are divided.
        tie: Orthonormal columns of tied couplings (`Terms.tie`): moments are by orbit then. None if all are free.
    """

    theta: np.ndarray
    scale: np.ndarray
    centre: np.ndarray | None
    total: float
    step: int
    offset: int = 0
    tie: csr_array | None = None

    @property
    def size(self) -> int:
        """Number of free couplings."""
        return len(self.theta) if self.tie is None else self.tie.shape[1]

    def chosen(self, first: int) -> slice:
        """Returns the samples of a block whose scores are squared; `first` samples of the part come before it."""
        return slice(-(self.offset + first) % self.step, None, self.step)


def gathered(tie: csr_array | None, terms: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Adds up derivatives by the couplings of a site's terms to derivatives by what ties them.

    Args:
        tie: Shape (couplings, orbits), one entry a row; None if all couplings are free.
        terms: Coupling of each row, shape (rows,).
        values: Derivatives, shape (rows, ...).

    Returns:
        Which couplings (or orbits), each once, and their derivatives.
    """
    if tie is None:
        return terms, values
    orbits, place = np.unique(tie.indices[terms], return_inverse=True)
    mix = csr_array((tie.data[terms], (place, np.arange(len(terms)))), shape=(len(orbits), len(terms)))
    return orbits, mix @ values


def score_moments(
    atoms: np.ndarray, weight: np.ndarray, pattern: Pattern, loss: Loss, point: ScorePoint
) -> ScoreMoments:
    """Sums over some samples.

    Args:
        atoms: Shape (atoms, samples).
        weight: Sample weights, shape (samples,).
        pattern: The slots.
        loss: The loss.
        point: Where.

    Returns:
        The moments. The information lacks the prior, and for screening the squared means of the sites.

    Cost: 2 N (sum over sites of the square of the number of its couplings) + 2 N T^2 / step operations.
    """
    T = point.size
    total = ScoreMoments(np.zeros((T, T)), np.zeros((T, T)), np.zeros(T), 0.0)
    products = products_of(pattern, np.float64)
    W = products.couplings(point.theta)
    size = max(64, BLOCK_ENTRIES // (T + pattern.n_rows))
    for first in range(0, atoms.shape[1], size):
        part, chosen = slice(first, first + size), point.chosen(first)
        _add_block(total, products, W, products.read(atoms[:, part]), weight[part], loss, point, chosen)
        total = total._replace(weight=total.weight + float(weight[part][chosen].sum()))
    return total


def _add_block(
    total: ScoreMoments,
    products: Products,
    W: np.ndarray,
    block: Block,
    w: np.ndarray,
    loss: Loss,
    point: ScorePoint,
    chosen: slice,
) -> None:
    pattern, U = products.pattern, products.cofactors(block)
    _, slope, kept = loss.first(products.fields(W, block), block.x, np.ones(len(w)))
    root = np.sqrt(w)
    scores = np.zeros((point.size, len(w[chosen])))
    for site, own_atoms in enumerate(map(slice, loss.first_atom, loss.first_atom + loss.sizes)):
        slots = slice(pattern.column_start[own_atoms.start], pattern.column_start[own_atoms.stop])
        own = slope[pattern.column[slots]][:, chosen] * U[pattern.row[slots]][:, chosen]
        if point.centre is not None:  # the score of the logarithm of a mean
            own -= point.centre[slots, None] * kept[site, chosen]
        terms, own = gathered(point.tie, pattern.term[slots], own)
        scores[terms] += point.scale[site] * own
        for sign, some, y in loss.squares(kept, block.x, own_atoms, site):
            part = slice(pattern.column_start[some.start], pattern.column_start[some.stop])
            V = y[pattern.column[part] - some.start] * U[pattern.row[part]]
            V *= root
            terms, V = gathered(point.tie, pattern.term[part], V)
            total.information[np.ix_(terms, terms)] += sign * point.scale[site] / point.total * (V @ V.T)
    total.score[...] += scores @ w[chosen]
    scores *= np.sqrt(w[chosen])
    total.square[...] += scores @ scores.T  # a matrix and its own transpose: half the operations
