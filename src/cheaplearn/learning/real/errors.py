r"""Standard errors of couplings fitted by score matching: the sandwich estimate.

The loss of one sample has the gradient s = A_s theta - b_s, so to first order the couplings have covariance

.. math:: C = A^{-1} V A^{-1} / W

with A the mean of A_s and V the covariance of s; a weight of 2 counts as two samples (Huber 1967).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, eye_array

from ..._messages import must_be
from .basis import ProductBasis
from .bounds import Bounds
from .site_terms import Block, Problem, to_host
from .solve import inverse_and_null
from .sums import ScoreSums

__all__ = ["CouplingCovariance", "ScoreMoments", "coupling_covariance", "covariance_of", "score_moments"]

SILENT = 1e-6  # share of a combination along directions without information from which on it is not identified


@dataclass(frozen=True, eq=False)
class CouplingCovariance:
    """Covariance of couplings, and what it does not hold.

    Args:
        matrix: Covariance within the directions that the samples determine, shape (K, K), nats^2.
        null: Orthonormal basis of the other directions, shape (K, K - rank).
    """

    matrix: np.ndarray
    null: np.ndarray

    @property
    def standard_errors(self) -> np.ndarray:
        """Standard errors of the couplings, shape (K,), nats; NaN where a coupling is not identified."""
        return self.errors_of(csr_array(eye_array(len(self.matrix))))

    def errors_of(self, combinations: csr_array) -> np.ndarray:
        """Standard errors of linear combinations.

        Args:
            combinations: One a row, shape (combinations, K): for example the couplings of monomials
                (`ProductBasis.to_monomials`) or of raw units.

        Returns:
            Shape (combinations,); NaN where a combination leans on a direction without information.
        """
        L = csr_array(combinations)
        variance = np.sum((L @ self.matrix) * L.toarray(), axis=1)
        errors = np.sqrt(np.maximum(variance, 0.0))
        if self.null.shape[1]:
            norms = np.sqrt(np.asarray(L.multiply(L).sum(axis=1)).ravel())
            errors[np.linalg.norm(L @ self.null, axis=1) > SILENT * norms] = np.nan
        return errors

    def mapped(self, matrix: csr_array) -> np.ndarray:
        """Returns the covariance M C M^T of M theta, shape (combinations, combinations)."""
        M = csr_array(matrix)
        return M @ (M @ self.matrix).T


def coupling_covariance(
    t: Any,
    weight: Any,
    basis: ProductBasis,
    theta: np.ndarray,
    sums: ScoreSums,
    ridge: float = 0.0,
    tying: csr_array | None = None,
    bounds: Bounds | None = None,
) -> CouplingCovariance:
    """Sandwich covariance in one more pass over the samples.

    Args:
        t: The samples of the fit, shape (samples, n), of any array namespace.
        weight: Their weights, shape (samples,), or None for 1.
        basis: The functions, T terms.
        theta: The fitted couplings, shape (K,).
        sums: Of these samples, tied as `tying` says.
        ridge: Of the fit; its bias is not part of the error.
        tying: P with theta = P u, shape (T, K), as `ProductBasis.tied` returns it; None for K = T.
        bounds: Walls of the variables.

    Returns:
        The covariance.

    Raises:
        ValueError: If shapes do not match or a sample is not valid.

    Guarantee: holds whether or not the true density is in the family (then around the best couplings of the
        family), for samples that are independent.
    Cost: per sample K^2 multiplications and 3 for each term and variable in it; 5 K^3 operations, or 17 K^3 where
        A is singular.
    """
    problem = Problem(t, weight, basis, tying, bounds)
    if len(sums) != problem.n_functions:
        requirement = f"of shape ({problem.n_functions},), as `sums` are"
        raise ValueError(must_be("theta", "coupling_covariance", requirement, f"{len(sums)} sums"))
    return covariance_of(score_moments(problem, theta), sums, ridge)


@dataclass(frozen=True, eq=False)
class ScoreMoments:
    """Sums over samples of the gradients s of their losses; those of disjoint samples add up.

    Args:
        square: Weighted sum of s s^T, shape (K, K).
        mean: Weighted sum of s, shape (K,).
        weight: Total weight.
    """

    square: np.ndarray
    mean: np.ndarray
    weight: float

    def __add__(self, other: ScoreMoments) -> ScoreMoments:
        """Returns the moments of both parts together."""
        return ScoreMoments(self.square + other.square, self.mean + other.mean, self.weight + other.weight)


def score_moments(problem: Problem, theta: np.ndarray) -> ScoreMoments:
    """Sums the gradients of the losses.

    Args:
        problem: Samples and functions.
        theta: The fitted couplings, shape (K,).

    Returns:
        What `covariance_of` needs of the samples.

    Raises:
        ValueError: If there are other couplings.
    """
    theta, K = np.asarray(theta, dtype=float), problem.n_functions
    if theta.shape != (K,):
        raise ValueError(must_be("theta", "score_moments", f"of shape ({K},)", f"shape {theta.shape}"))
    square, mean = np.zeros((K, K)), np.zeros(K)
    slopes = [problem.constant(site.pulled_back(theta[:, None])[:, 0]) for site in problem.sites]
    for block in problem.blocks(2 * K):
        scores = _scores(problem, block, slopes)
        mean += to_host(scores @ block.weight)
        if problem.weighted:
            scores *= problem.xp.sqrt(block.weight)
        square += to_host(scores @ scores.T)
    return ScoreMoments(square, mean, float(to_host(problem.weight).sum()))


def covariance_of(moments: ScoreMoments, sums: ScoreSums, ridge: float = 0.0) -> CouplingCovariance:
    """Sandwich covariance from sums.

    Args:
        moments: Of all samples.
        sums: Of the same samples.
        ridge: Of the fit.

    Returns:
        As `coupling_covariance`.

    Raises:
        ValueError: If they are of different functions.
    """
    if len(moments.mean) != len(sums):
        raise ValueError(must_be("moments", "covariance_of", f"of {len(sums)} functions", len(moments.mean)))
    W = moments.weight
    V = moments.square / W - np.outer(moments.mean / W, moments.mean / W)
    inverse, null = inverse_and_null(sums, ridge)
    return CouplingCovariance(inverse @ V @ inverse / W, null)


def _scores(problem: Problem, block: Block, slopes: list[Any]) -> Any:
    """Returns the gradients of the losses of a block, shape (K, samples)."""
    xp = problem.xp
    scores = xp.zeros((problem.n_functions, block.table.shape[1]), dtype=problem.dtype, device=problem.device)
    for i, (site, curving, slope) in enumerate(zip(problem.sites, problem.curving, slopes, strict=True)):
        force = slope @ xp.take(block.table, xp.asarray(site.columns, device=problem.device), axis=0)  # d_i H
        if block.g is not None:
            force = block.g[i, :] * force - block.slope[i, :]
        rows = site.derivatives(block.table)
        rows *= force
        scores[xp.asarray(site.functions, device=problem.device), :] += rows
        rows = curving.derivatives(block.table)
        if block.g is not None:
            rows *= block.g[i, :]
        scores[xp.asarray(curving.functions, device=problem.device), :] -= rows
    return scores
