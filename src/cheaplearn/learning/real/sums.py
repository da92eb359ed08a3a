r"""The two sums of score matching: all that a fit needs to know of the samples.

.. math:: A_{kl} = \sum_s w_s \sum_i g_i\, \partial_i \phi_k\, \partial_i \phi_l, \qquad
          b_k = \sum_s w_s \sum_i (g_i\, \partial_{ii} \phi_k + g_i'\, \partial_i \phi_k)

so that the loss is theta^T A theta / 2 - b^T theta, minimal where A theta = b.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from ..._messages import must_be
from .basis import ProductBasis
from .bounds import Bounds
from .site_terms import Block, Problem, SiteTerms, to_host

__all__ = ["ScoreSums", "SplitSums", "score_sums", "split_sums", "sums_of"]

MAX_GRAM = 8192  # largest side of a matrix of products of products: 512 MiB of float64
GATHER = 100  # multiplications of one large product in the time that small ones lose per number copied for them


@dataclass(frozen=True, eq=False)
class ScoreSums:
    """Sums over samples, always float64 NumPy.

    Sums over disjoint samples add up to those of all samples, a smaller family's are a part of a larger one's,
    and those of orbits a contraction: one pass over the samples serves a whole ladder.

    Args:
        A: Shape (K, K), symmetric, positive semidefinite.
        b: Shape (K,).
        weight: Total weight of the samples.
        count: Number of samples.
        eps: Relative rounding of the arithmetic they were summed in.
    """

    A: np.ndarray
    b: np.ndarray
    weight: float
    count: int
    eps: float = float(np.finfo(np.float64).eps)

    def __len__(self) -> int:
        return len(self.b)

    def __add__(self, other: ScoreSums) -> ScoreSums:
        """Returns the sums of both parts together."""
        if len(self) != len(other):
            raise ValueError(must_be("other", "ScoreSums", f"of {len(self)} functions", len(other)))
        eps = max(self.eps, other.eps)
        return ScoreSums(self.A + other.A, self.b + other.b, self.weight + other.weight, self.count + other.count, eps)

    def part(self, index: np.ndarray) -> ScoreSums:
        """Restricts to some functions, shape (some,): those of a smaller family (`ProductBasis.places`)."""
        return ScoreSums(self.A[np.ix_(index, index)], self.b[index], self.weight, self.count, self.eps)

    def tied(self, tying: csr_array) -> ScoreSums:
        """Contracts to orbits.

        Args:
            tying: P with theta = P theta_tied, shape (K, orbits).

        Returns:
            P^T A P and P^T b.

        Raises:
            ValueError: If P has another number of rows.
        """
        if tying.shape[0] != len(self):
            raise ValueError(must_be("tying", "ScoreSums.tied", f"of shape ({len(self)}, orbits)", tying.shape))
        P = csr_array(tying).T
        A = P @ (P @ self.A).T
        return ScoreSums((A + A.T) / 2, P @ self.b, self.weight, self.count, self.eps)

    def loss(self, theta: np.ndarray) -> np.ndarray:
        """Mean Hyvarinen loss of couplings.

        Args:
            theta: Shape (K,) or (K, columns).

        Returns:
            theta^T A theta / 2 - b^T theta per weight, in 1 / t^2, shape () or (columns,).
        """
        return (np.sum(theta * (self.A @ theta), axis=0) / 2 - self.b @ theta) / self.weight


@dataclass(frozen=True, eq=False)
class SplitSums:
    r"""Sums apart for each class of variables, so that their units may be chosen after the samples are gone.

    The derivative by t_i' = t_i / r_i is r_i times that by t_i, so sums in other units of the variables of a class are
    those in the old units times r^2 (the functions stay as they are; walls keep the width of their weights).

    Args:
        functions: The functions that each class has a derivative of, ascending, shape (K_c,) each.
        squares: A of the derivatives by the variables of each class, shape (K_c, K_c) each.
        vectors: b of each class, shape (classes, K).
        weight: Total weight of the samples.
        count: Number of samples.
        eps: Relative rounding of the arithmetic they were summed in.
    """

    functions: tuple[np.ndarray, ...]
    squares: tuple[np.ndarray, ...]
    vectors: np.ndarray
    weight: float
    count: int
    eps: float

    def __add__(self, other: SplitSums) -> SplitSums:
        """Returns the sums of both parts together."""
        if self.vectors.shape != other.vectors.shape:
            requirement = f"of {len(self.vectors)} classes and {self.vectors.shape[1]} functions"
            raise ValueError(must_be("other", "SplitSums", requirement, other.vectors.shape))
        squares = tuple(a + b for a, b in zip(self.squares, other.squares, strict=True))
        whole = self.weight + other.weight, self.count + other.count, max(self.eps, other.eps)
        return SplitSums(self.functions, squares, self.vectors + other.vectors, *whole)

    def total(self, rates: np.ndarray | None = None) -> ScoreSums:
        """Adds the classes.

        Args:
            rates: r^2 of each class, shape (classes,); None for 1.

        Returns:
            A and b.
        """
        r = np.ones(len(self.squares)) if rates is None else rates
        K = self.vectors.shape[1]
        if len(self.squares) == 1 and len(self.functions[0]) == K:
            A = self.squares[0] if rates is None else r[0] * self.squares[0]
        else:
            A = np.zeros((K, K))
            for rate, own, square in zip(r, self.functions, self.squares, strict=True):
                A[np.ix_(own, own)] += rate * square
        return ScoreSums(A, r @ self.vectors, self.weight, self.count, self.eps)


def score_sums(
    t: Any, weight: Any, basis: ProductBasis, tying: csr_array | None = None, bounds: Bounds | None = None
) -> ScoreSums:
    """Sums over samples, in blocks of bounded memory.

    Args:
        t: Scaled variables, shape (samples, n), floating point, of any array namespace (NumPy, PyTorch, CuPy)
            and device; the products are formed there in its dtype.
        weight: Non-negative sample weights, shape (samples,); None for 1.
        basis: The functions, T terms.
        tying: P with theta = P u, shape (T, K), as `ProductBasis.tied` returns it: derivatives are summed over
            each orbit sample by sample, so only K x K numbers are kept. None for K = T.
        bounds: Walls of the variables; None if all are open.

    Returns:
        The sums. In float32 they agree with those of float64 to about 1e-6 of sqrt(A_kk A_ll).

    Raises:
        ValueError: If shapes do not match, t is not floating point, or a sample or weight is not valid.

    Cost: per sample the cheaper of sum over i of K_i^2 multiplications (K_i functions contain variable i; with
        orbits K_i U_i more, of U_i derivatives) and, without walls, C^2 for all C products of a lower order at
        once: n times cheaper where all variables interact. Memory: K^2 numbers and a block of 32 MiB or so.
    Source: Hyvarinen (2005), Estimation of non-normalized statistical models by score matching.
    """
    return sums_of(Problem(t, weight, basis, tying, bounds))


def sums_of(problem: Problem) -> ScoreSums:
    """Returns the sums over the samples of a problem."""
    return split_sums(problem, np.zeros(problem.basis.n_variables, int)).total()


def split_sums(problem: Problem, classes: np.ndarray) -> SplitSums:
    """Sums over samples, apart for each class of variables.

    Args:
        problem: Samples and functions.
        classes: Number of the class of each variable, 0, 1, ..., shape (n,) or longer.

    Returns:
        The sums.
    """
    used = np.unique(np.concatenate([np.empty(0, int), *(site.columns for site in problem.sites)]))
    together = problem.bounds is None and len(used) <= MAX_GRAM and len(used) ** 2 <= _by_site(problem.sites)
    means = _Means(problem)
    squares = _all_at_once(problem, used, means) if together else _site_by_site(problem, means)
    vectors = np.zeros((int(classes.max(initial=0)) + 1, problem.n_functions))
    for i, vector in enumerate(means.vectors(problem)):
        vectors[classes[i]] += vector
    functions, matrices = [], []
    for number in range(len(vectors)):
        sites = [(i, site) for i, site in enumerate(problem.sites) if classes[i] == number]
        own = np.unique(np.concatenate([np.empty(0, int), *(site.functions for _, site in sites)]))
        A = np.zeros((len(own), len(own)))
        for i, site in sites:
            place = np.searchsorted(own, site.functions)
            A[np.ix_(place, place)] += squares(i) * np.multiply.outer(site.factor, site.factor)
        functions.append(own)
        matrices.append(A)
    eps = float(problem.xp.finfo(problem.dtype).eps)
    weight = float(to_host(problem.weight).sum())
    return SplitSums(tuple(functions), tuple(matrices), vectors, weight, len(problem), eps)


def _by_site(sites: list[SiteTerms]) -> int:
    """Time per sample site by site, in multiplications of one large product."""
    contraction = sum(len(site.functions) * len(site.columns) for site in sites if site.matrix is not None)
    squares = sum(len(site.functions) ** 2 for site in sites)
    return squares + 2 * contraction + GATHER * sum(len(site.columns) for site in sites)


class _Means:
    """Weighted sums of the table: of g_i and g_i' times each product, for every variable where they differ."""

    def __init__(self, problem: Problem) -> None:
        n = 1 if problem.bounds is None else problem.basis.n_variables
        self.of_g = np.zeros((len(problem.basis.table), n))
        self.of_slope = np.zeros_like(self.of_g)

    def add(self, block: Block) -> None:
        if block.g is None:
            self.of_g[:, 0] += to_host(block.table @ block.weight)
            return
        n = self.of_g.shape[1]
        self.of_g += to_host(block.table @ (block.weight * block.g[:n, :]).T)
        self.of_slope += to_host(block.table @ (block.weight * block.slope[:n, :]).T)

    def vectors(self, problem: Problem) -> Iterator[np.ndarray]:
        """Yields the part of b that belongs to each variable, shape (K,)."""
        for i, (curvature, gradient) in enumerate(zip(problem.curvatures, problem.gradients, strict=True)):
            column = min(i, self.of_g.shape[1] - 1)
            yield curvature @ self.of_g[:, column] + gradient @ self.of_slope[:, column]


def _all_at_once(problem: Problem, used: np.ndarray, means: _Means) -> Callable[[int], np.ndarray]:
    """Returns the square of each variable from one matrix of sums of products of two rows of the table."""
    xp, gram = problem.xp, np.zeros((len(used), len(used)))
    rows = xp.asarray(used, device=problem.device)
    everything = len(used) == len(problem.basis.table)
    for block in problem.blocks(0 if everything else len(used)):
        means.add(block)
        some = block.table if everything else xp.take(block.table, rows, axis=0)
        if problem.weighted:
            some = some * xp.sqrt(block.weight)
        gram += to_host(some @ some.T)

    def square(i: int) -> np.ndarray:
        site = problem.sites[i]
        place = np.searchsorted(used, site.columns)
        part = gram[np.ix_(place, place)]
        return part if site.matrix is None else site.matrix @ part @ site.matrix.T

    return square


def _site_by_site(problem: Problem, means: _Means) -> Callable[[int], np.ndarray]:
    """Returns the square of each variable, summed on its own."""
    xp, squares = problem.xp, [np.zeros((len(site.functions),) * 2) for site in problem.sites]
    widest = max((len(site.columns) + len(site.functions) for site in problem.sites), default=0)
    for block in problem.blocks(widest):
        means.add(block)
        for i, (site, square) in enumerate(zip(problem.sites, squares, strict=True)):
            rows = site.rows(block.table)
            if block.g is not None:
                rows *= xp.sqrt(block.weight * block.g[i, :])
            elif problem.weighted:
                rows *= xp.sqrt(block.weight)
            square += to_host(rows @ rows.T)
    return squares.__getitem__
