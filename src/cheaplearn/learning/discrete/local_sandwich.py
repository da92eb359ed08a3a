"""Standard errors of very many couplings of local families: the sandwich with a sparse second derivative."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array

from .fields import products_of
from .objective import ConditionalObjective, Point
from .partition import Partition
from .sandwich import GUARD, CouplingErrors
from .score_moments import ScorePoint

__all__ = ["local_entries", "local_errors"]

SCORES = 1000  # samples whose scores are solved for
COLUMNS = 64  # of them at once
BLOCK_ENTRIES = 1 << 23  # cofactors and atoms of the samples summed at once for the second derivative
TOLERANCE = 1e-4  # of the solutions
MOST_STEPS = 500


def local_entries(objective: ConditionalObjective) -> int:
    """Returns an upper bound of the entries of the second derivative that are not zero."""
    sites = objective.terms.site_of_atom[objective.pattern.column]
    return int((np.bincount(sites).astype(np.int64) ** 2).sum())


def local_errors(
    objective: ConditionalObjective, partition: Partition, optimum: Point, point: ScorePoint
) -> CouplingErrors:
    r"""Sandwich errors from solutions of A u = score for some samples: their mean square is the variance.

    Args:
        objective: Of spins or bits.
        partition: All samples.
        optimum: The optimum.
        point: The same, as scores need it.

    Returns:
        The errors. `sandwich` is known to about 1 / sqrt(2 SCORES) = 2 %; `curvature` is that of each coupling
        with all others held, which is a lower bound.

    Cost: 2 N (number of entries of A) operations, and SCORES solutions by conjugate gradients.
    """
    A = _information(objective, partition, point)
    guard = objective.regularization / objective.total + GUARD * float(A.diagonal().mean())
    A = (A + diags_array(guard)).tocsr()
    count = len(partition.weight)
    chosen = np.arange(0, count, max(1, count // SCORES))
    weight = partition.weight[chosen]
    total, square = np.zeros(len(point.theta)), np.zeros(len(point.theta))
    for first in range(0, len(chosen), COLUMNS):
        part = slice(first, first + COLUMNS)
        solved = _solved(A, _scores(objective, partition, point, chosen[part]))
        total += solved @ weight[part]
        square += solved**2 @ weight[part]
    mean = total / weight.sum()
    variance = (square / weight.sum() - mean**2) / objective.total
    diagonal = A.diagonal()
    free = optimum.gradient - objective.regularization / objective.total * optimum.theta
    return CouplingErrors(
        sandwich=np.sqrt(np.maximum(variance, 0)),
        curvature=np.sqrt(1 / (diagonal * objective.total)),
        prior_share=np.clip(guard / diagonal, 0, 1),
        pulled=np.abs(_solved(A, free[:, None])[:, 0]),
    )


def _information(objective: ConditionalObjective, partition: Partition, point: ScorePoint) -> csr_array:
    """Sums the second derivative of the mean, site by site, as a sparse matrix."""
    pattern, loss, T = partition.pattern, partition.loss, len(point.theta)
    products = products_of(pattern, np.float64)
    W = products.couplings(point.theta)
    bounds = pattern.column_start  # one atom per site
    blocks = [np.zeros((b - a, b - a)) for a, b in pairwise(bounds)]
    rows_at_once = max(64, BLOCK_ENTRIES // (pattern.n_rows + pattern.n_columns))
    for first in range(0, len(partition.weight), rows_at_once):
        part = slice(first, first + rows_at_once)
        block, w = products.read(partition.atoms[:, part]), partition.weight[part]
        kept, U = loss.first(products.fields(W, block), block.x, w)[2], products.cofactors(block)
        for site, (a, b) in enumerate(pairwise(bounds)):
            for sign, _, y in loss.squares(kept, block.x, slice(site, site + 1), site):
                V = y * U[pattern.row[a:b]]
                blocks[site] += sign * point.scale[site] / point.total * ((V * w) @ V.T)
    if objective.logarithmic and point.centre is not None:
        for site, (a, b) in enumerate(pairwise(bounds)):
            blocks[site] -= np.outer(point.centre[a:b], point.centre[a:b])
    terms = [pattern.term[a:b] for a, b in pairwise(bounds)]
    rows = np.concatenate([np.repeat(own, len(own)) for own in terms])
    columns = np.concatenate([np.tile(own, len(own)) for own in terms])
    return coo_array((np.concatenate([b.ravel() for b in blocks]), (rows, columns)), shape=(T, T)).tocsr()


def _scores(objective: ConditionalObjective, partition: Partition, point: ScorePoint, chosen: np.ndarray) -> np.ndarray:
    """Returns the derivative of the loss of each chosen sample, shape (couplings, samples)."""
    pattern = partition.pattern
    products = products_of(pattern, np.float64)
    block = products.read(partition.atoms[:, chosen])
    F = products.fields(products.couplings(point.theta), block)
    _, slope, kept = partition.loss.first(F, block.x, np.ones(len(chosen)))
    own = slope[pattern.column] * products.cofactors(block)[pattern.row]
    if point.centre is not None:
        own -= point.centre[:, None] * kept[pattern.column]
    own *= point.scale[pattern.column][:, None]
    gather = csr_array((np.ones(len(own)), (pattern.term, np.arange(len(own)))), shape=(len(point.theta), len(own)))
    return gather @ own


def _solved(A: csr_array, right: np.ndarray) -> np.ndarray:
    """Solves A u = b for all columns together by conjugate gradients, preconditioned by the diagonal."""
    inverse = 1 / A.diagonal()[:, None]
    u, residual = np.zeros_like(right), right.copy()
    z = inverse * residual
    search, power = z.copy(), np.einsum("ij,ij->j", residual, z)
    goal = TOLERANCE**2 * power
    for _ in range(MOST_STEPS):
        going = power > goal
        if not going.any():
            break
        image = A @ search
        step = np.where(going, power / np.maximum(np.einsum("ij,ij->j", search, image), 1e-300), 0.0)
        u += step * search
        residual -= step * image
        z = inverse * residual
        before, power = power, np.where(going, np.einsum("ij,ij->j", residual, z), power)
        search = z + np.where(going, power / np.maximum(before, 1e-300), 0.0) * search
    return u
