"""Hyvarinen losses of single samples, for many couplings at once: held-out scores of a whole ladder in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from ..._messages import must_be
from .basis import ProductBasis
from .bounds import Bounds
from .site_terms import Block, Problem, to_host

__all__ = ["hyvarinen_losses"]


def hyvarinen_losses(
    t: Any,
    basis: ProductBasis,
    theta: np.ndarray,
    tying: csr_array | None = None,
    bounds: Bounds | None = None,
) -> np.ndarray:
    r"""Loss of every sample under every column of couplings.

    .. math:: \ell(t) = \sum_i \left[ g_i (\partial_i H)^2 / 2 - g_i \partial_{ii} H - g_i' \partial_i H \right]

    Up to a constant of the data its mean is half the Fisher divergence, so lower is better.

    Args:
        t: Scaled variables, shape (samples, n), floating point, of any array namespace.
        basis: The functions, T terms.
        theta: Couplings, shape (K, columns): families times ridges. A smaller family has zeros elsewhere.
        tying: P with theta = P u, shape (T, K), as `ProductBasis.tied` returns it; None for K = T.
        bounds: Walls of the variables; None if all are open.

    Returns:
        Losses, shape (samples, columns), in 1 / t^2, float64 NumPy.

    Raises:
        ValueError: If shapes do not match or a sample is not valid.

    Cost: per sample and column 2 multiplications for each term and variable in it; memory for the result and a
        block of 32 MiB or so.
    Source: Hyvarinen (2005); Hyvarinen (2007) for bounded variables.
    """
    problem = Problem(t, None, basis, tying, bounds)
    theta = np.asarray(theta, dtype=float)
    if theta.ndim != 2 or len(theta) != problem.n_functions:
        requirement = f"of shape ({problem.n_functions}, columns)"
        raise ValueError(must_be("theta", "hyvarinen_losses", requirement, f"shape {theta.shape}"))
    pulled = _Pulled(problem, theta)
    losses = np.empty((len(problem), theta.shape[1]))
    for block in problem.blocks(3 * theta.shape[1]):
        losses[block.rows] = to_host(pulled.losses(block)).T
    return losses


class _Pulled:
    """Couplings pulled back to the rows of the table: one product per variable gives d_i H of all columns."""

    def __init__(self, problem: Problem, theta: np.ndarray) -> None:
        self.problem = problem
        self.slopes = [problem.constant(site.pulled_back(theta).T) for site in problem.sites]
        curvatures = [(matrix.T @ theta).T for matrix in problem.curvatures]
        if problem.bounds is None:
            curvatures = [np.sum(curvatures, axis=0)] if curvatures else []
        self.curvatures = [_Support.of(matrix, problem) for matrix in curvatures]

    def losses(self, block: Block) -> Any:
        """Returns the losses of a block, shape (columns, samples)."""
        xp, problem = self.problem.xp, self.problem
        total = 0.0
        for i, (site, slope) in enumerate(zip(problem.sites, self.slopes, strict=True)):
            own = xp.asarray(site.columns, device=problem.device)
            force = slope @ xp.take(block.table, own, axis=0)  # d_i H
            if block.g is None:
                total = total + force * force / 2
            else:
                curvature = self.curvatures[i].times(block.table)
                total = total + block.g[i, :] * (force * force / 2 - curvature) - block.slope[i, :] * force
        if block.g is None and self.curvatures:
            total = total - self.curvatures[0].times(block.table)
        return total


class _Support:
    """A matrix over the table, kept on the rows where it is not zero."""

    def __init__(self, matrix: Any, rows: Any, problem: Problem) -> None:
        self.matrix, self.rows, self.xp = matrix, rows, problem.xp

    @classmethod
    def of(cls, matrix: np.ndarray, problem: Problem) -> _Support:
        rows = np.flatnonzero(matrix.any(axis=0))
        return cls(problem.constant(matrix[:, rows]), problem.xp.asarray(rows, device=problem.device), problem)

    def times(self, table: Any) -> Any:
        return self.matrix @ self.xp.take(table, self.rows, axis=0)
