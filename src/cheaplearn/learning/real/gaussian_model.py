r"""A family of Gaussians: log-likelihood, gradient and Fisher information by its couplings.

.. math:: H = \sum_i h_i t_i + \sum_{i \le j} J_{ij} t_i t_j, \qquad \Lambda_{ii} = 2 J_{ii},\ \Lambda_{ij} = J_{ij},
          \qquad \ln Z = \tfrac n2 \ln 2\pi - \tfrac12 \ln\det\Lambda + \tfrac12 h^T \Lambda^{-1} h

The mean of H plus ln Z is convex in (h, J). With a constant t_n = 1 as one more variable every function is a
product t_a t_b, so all that is needed is Q = E[(t, 1) (t, 1)^T] and mu = E[(t, 1)] of the samples and of the model:

.. math:: \mathrm{Cov}(t_a t_b, t_c t_d) = Q_{ac} Q_{bd} + Q_{ad} Q_{bc} - 2 \mu_a \mu_b \mu_c \mu_d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import array_api_compat
import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse import csr_array, eye_array

from ..._messages import must_be
from ...hamiltonian import Monomials
from .site_terms import to_host

__all__ = ["GaussianModel", "MomentSums", "moment_sums"]

OWNER = "gaussian_likelihood"
FLAT = 1e-10  # least variance of a direction, of variables of variance 1
ROWS = 512  # of the information of untied terms held at once


@dataclass(frozen=True, eq=False)
class MomentSums:
    """Second moments of (t, 1), summed over samples.

    Args:
        products: Weighted sum of the outer squares, shape (n + 1, n + 1); the last entry is the total weight.
        count: Number of samples.
        eps: Relative rounding of the arithmetic they were summed in.
    """

    products: np.ndarray
    count: int
    eps: float = float(np.finfo(np.float64).eps)

    def __add__(self, other: MomentSums) -> MomentSums:
        """Returns the sums of both parts together."""
        if self.products.shape != other.products.shape:
            requirement = f"of {len(self.products) - 1} variables"
            raise ValueError(must_be("other", "MomentSums", requirement, len(other.products) - 1))
        eps = max(self.eps, other.eps)
        return MomentSums(self.products + other.products, self.count + other.count, eps)

    @property
    def weight(self) -> float:
        """Total weight."""
        return float(self.products[-1, -1])

    @property
    def spans(self) -> bool:
        """Whether the samples spread in every direction, as far as the rounding of the sums lets them tell."""
        square = self.products / self.weight
        mean = square[:-1, -1]
        spread = square[:-1, :-1] - np.outer(mean, mean)
        variance = np.diag(spread)
        if not np.all(variance > 0):
            return False
        lost = float(np.max(np.diag(square)[:-1] / variance))  # by subtracting the mean
        unit = np.sqrt(variance)
        least = np.linalg.eigvalsh(spread / unit / unit[:, None])[0]
        return bool(least > max(FLAT, 16 * math.sqrt(len(unit)) * self.eps * lost))


def moment_sums(t: Any, weight: Any = None) -> MomentSums:
    """Sums all that a Gaussian needs to know of the samples.

    Args:
        t: Scaled variables, shape (samples, n), floating point, of any array namespace.
        weight: Non-negative sample weights, shape (samples,); None for 1.

    Returns:
        The sums.
    """
    xp, device = array_api_compat.array_namespace(t), array_api_compat.device(t)
    one = xp.ones((t.shape[0], 1), dtype=t.dtype, device=device)
    rows = xp.permute_dims(xp.concat([t, one], axis=1), (1, 0))
    if weight is not None:
        rows = rows * xp.sqrt(weight)
    return MomentSums(to_host(rows @ rows.T), int(t.shape[0]), float(xp.finfo(t.dtype).eps))


class GaussianModel:
    """Gaussians of one pattern, and the moments of the samples.

    Args:
        sums: Moments of the samples.
        monomials: Of degrees 1 and 2, among them the square of every variable.
        tying: P with theta = P theta_tied, shape (terms, K), or None.

    Raises:
        ValueError: If a degree exceeds 2, a square is missing, a variable is always 0 or shapes do not match.
    """

    def __init__(self, sums: MomentSums, monomials: Monomials, tying: csr_array | None) -> None:
        self.n, self.weight = len(sums.products) - 1, sums.weight
        if not self.weight > 0:
            raise ValueError(must_be("sums", OWNER, "of samples with weight", f"a total weight of {self.weight}"))
        self.samples = sums.products / self.weight  # Q of the samples
        self.a, self.b = self._pairs(monomials)
        self.untied = tying is None
        T = len(monomials)
        self.P = csr_array(eye_array(T)) if tying is None else csr_array(tying)
        if self.P.shape[0] != T:
            raise ValueError(must_be("tying", OWNER, f"of shape ({T}, orbits)", self.P.shape))
        self.target = self.P.T @ self.samples[self.a, self.b]

    def _pairs(self, monomials: Monomials) -> tuple[np.ndarray, np.ndarray]:
        if monomials.order > 2 and any(len(block) for block in monomials.sites[2:]):
            raise ValueError(must_be("monomials", OWNER, "of degrees 1 and 2", f"degree {monomials.order}"))
        linear = monomials.sites[0][:, 0]
        pairs = monomials.sites[1] if monomials.order > 1 else np.empty((0, 2), int)
        if max(linear.max(initial=-1), pairs.max(initial=-1)) >= self.n:
            raise ValueError(must_be("monomials", OWNER, f"of {self.n} variables", "one beyond"))
        missing = np.setdiff1d(np.arange(self.n), pairs[pairs[:, 0] == pairs[:, 1], 0])
        if len(missing):
            advice = "Without it the density does not exist."
            got = f"none of variable {missing[0]}"
            raise ValueError(must_be("monomials", OWNER, "with the square of every variable", got, advice))
        zero = np.flatnonzero(np.diag(self.samples)[:-1] == 0)
        if len(zero):
            raise ValueError(must_be("sums", OWNER, "of variables that are not always 0", f"variable {zero[0]}"))
        constant = np.full(len(linear), self.n)
        return np.concatenate([linear, pairs[:, 0]]), np.concatenate([constant, pairs[:, 1]])

    @property
    def n_couplings(self) -> int:
        """Number of couplings K."""
        return int(self.P.shape[1])

    def start(self) -> np.ndarray:
        """Returns couplings of independent variables with the samples' second moments, where tying allows."""
        square = self.a == self.b
        wanted = 1 / (2 * self.samples[self.a[square], self.a[square]])
        part = self.P[square]
        own = np.unique(part.indices)
        theta = np.zeros(self.n_couplings)
        theta[own] = np.linalg.lstsq(part[:, own].toarray(), wanted)[0]
        if not math.isfinite(self.loss(theta)):
            requirement = "such that squares share couplings with squares only"
            raise ValueError(must_be("tying", OWNER, requirement, "another"))
        return theta

    def saturated(self) -> np.ndarray | None:
        """Returns the closed-form optimum if all functions are there, untied, and the samples span all directions."""
        if not self.untied or self.n_couplings < self.n * (self.n + 3) // 2:
            return None
        mean = self.samples[:-1, -1]
        try:
            factor = cho_factor(self.samples[:-1, :-1] - np.outer(mean, mean))
        except LinAlgError:
            return None
        precision = cho_solve(factor, np.eye(self.n))
        precision = (precision + precision.T) / 2
        field = np.append(-precision @ mean, 0.0)
        coupling = precision - np.diag(np.diag(precision)) / 2
        linear = self.b == self.n
        inner = np.where(linear, 0, self.b)
        return np.where(linear, field[self.a], coupling[self.a, inner])

    def saturated_errors(self, theta: np.ndarray) -> np.ndarray:
        """Returns the standard errors of the closed-form optimum: those of an inverse covariance, shape (K,)."""
        precision, field = self.parameters(theta)
        bent = -field  # precision @ mean
        spread = 1 + float(bent @ np.linalg.solve(precision, bent))
        diagonal = np.diag(precision)
        linear = self.b == self.n
        inner = np.where(linear, 0, self.b)
        of_field = diagonal[self.a] * spread + field[self.a] ** 2
        of_pair = diagonal[self.a] * diagonal[inner] + precision[self.a, inner] ** 2
        return np.sqrt(np.where(linear, of_field, of_pair / np.where(self.a == inner, 4, 1)) / self.weight)

    def parameters(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the precision, shape (n, n), and the field h, shape (n,)."""
        symmetric = np.zeros((self.n + 1, self.n + 1))
        symmetric[self.a, self.b] = self.P @ theta
        symmetric += symmetric.T
        return symmetric[:-1, :-1], symmetric[:-1, -1]

    def _solved(self, theta: np.ndarray) -> tuple[Any, np.ndarray, float]:
        """Returns the Cholesky factor of the precision, the mean, and ln Z.

        Raises:
            LinAlgError: If the precision is not positive definite.
        """
        precision, field = self.parameters(theta)
        factor = cho_factor(precision, lower=True, overwrite_a=True)
        mean = -cho_solve(factor, field)
        half_log_det = float(np.log(np.diag(factor[0])).sum())
        return factor, mean, self.n / 2 * math.log(2 * math.pi) - half_log_det - float(field @ mean) / 2

    def log_partition(self, theta: np.ndarray) -> float:
        """Returns ln Z, nats; infinite if the precision is not positive definite."""
        try:
            return self._solved(theta)[2]
        except LinAlgError:
            return math.inf

    def loss(self, theta: np.ndarray) -> float:
        """Returns the mean of -ln p over the samples, nats; infinite if there is no density."""
        return float(self.target @ theta) + self.log_partition(theta)

    def derivatives(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and second derivatives of the loss.

        Args:
            theta: Couplings with a density, shape (K,).

        Returns:
            The gradient, shape (K,), and the Fisher information of one sample, shape (K, K).
        """
        factor, mean, _ = self._solved(theta)
        mu = np.append(mean, 1.0)
        Q = np.outer(mu, mu)
        Q[:-1, :-1] += cho_solve(factor, np.eye(self.n))
        information = np.zeros((self.n_couplings, self.n_couplings))
        both = mu[self.a] * mu[self.b]
        for first in range(0, len(self.a), ROWS):
            a, b = self.a[first : first + ROWS, None], self.b[first : first + ROWS, None]
            rows = Q[a, self.a] * Q[b, self.b] + Q[a, self.b] * Q[b, self.a]
            rows -= 2 * both[first : first + ROWS, None] * both
            if self.untied:
                information[first : first + ROWS] = rows
            else:
                information += self.P[first : first + ROWS].T @ (self.P.T @ rows.T).T
        return self.target - self.P.T @ Q[self.a, self.b], information
