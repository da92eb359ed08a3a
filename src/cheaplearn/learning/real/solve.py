r"""Couplings from the sums: the normal equations, scaled so that every function has unit weight.

With D = diag(A) / weight, S = D^-1/2 A D^-1/2 / weight has unit diagonal and theta = D^-1/2 u solves

.. math:: (S + \rho I) u = D^{-1/2} b / \text{weight}, \qquad \text{that is} \qquad
          (A + \rho\, \mathrm{diag} A)\, \theta = b,

so a ridge of rho means the same whatever the units of a function are and however many samples there are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import eigh
from scipy.linalg.lapack import dpocon, dpotrf, dpotri, dpotrs

from ..._messages import must_be
from .sums import ScoreSums

__all__ = ["Factorisation", "Solution", "inverse_and_null", "solve", "solve_path"]


@dataclass(frozen=True, eq=False)
class Solution:
    """Couplings and how well the samples determine them.

    Args:
        theta: Couplings of the basis functions, shape (K,), or (K, ridges) for a path.
        ridge: Of each column, shape (), or (ridges,).
        rank: Number of directions that the samples determine.
        condition: Ratio of the largest to the smallest eigenvalue of S that is not zero; an estimate in the 1-norm
            where a Cholesky factor sufficed.
        null: Orthonormal basis of the directions of theta that the samples say nothing about,
            shape (K, K - rank).
        notes: What a reader must know, in sentences.
    """

    theta: np.ndarray
    ridge: np.ndarray
    rank: int
    condition: float
    null: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Factorisation:
    """Eigenvalues and vectors of S: one for all ridges.

    Args:
        sums: What was factorised.
        scale: D^-1/2, 0 for a function without derivative in the samples, shape (K,).
        values: Eigenvalues, ascending, shape (K,).
        vectors: Shape (K, K).
    """

    sums: ScoreSums
    scale: np.ndarray
    values: np.ndarray
    vectors: np.ndarray

    @classmethod
    def of(cls, sums: ScoreSums) -> Factorisation:
        """Factorises.

        Args:
            sums: A and b.

        Returns:
            The eigenvalues and vectors of S.

        Cost: about 10 K^3 operations.
        """
        S, scale = _scaled(sums)
        return cls(sums, scale, *eigh(S, overwrite_a=True, check_finite=False))

    @cached_property
    def kept(self) -> np.ndarray:
        """Which eigenvalues are not rounding, booleans of shape (K,)."""
        return self.values > threshold(self.sums) * max(float(self.values[-1]) if len(self.values) else 0.0, 0.0)

    @property
    def rank(self) -> int:
        """Number of directions that the samples determine."""
        return int(self.kept.sum())

    @property
    def condition(self) -> float:
        """Largest eigenvalue by the smallest that is not rounding."""
        return float(self.values[-1] / self.values[self.kept][0]) if self.rank else 1.0

    @cached_property
    def null(self) -> np.ndarray:
        """Directions of theta without information, orthonormal, shape (K, K - rank)."""
        silent = self.scale == 0
        rest = self.vectors[:, ~self.kept]
        rest = np.where(silent[:, None], rest, rest * self.scale[:, None])
        return np.linalg.qr(rest)[0] if rest.shape[1] else rest

    @property
    def endless(self) -> bool:
        """Whether b pulls along a direction without information: then the loss has no minimum."""
        if not self.null.shape[1]:
            return False
        size = np.where(self.scale > 0, 1 / np.where(self.scale > 0, self.scale, 1.0), 1.0)  # of a unit of u
        pull = np.abs(self.null.T @ self.sums.b) / np.linalg.norm(self.null * size[:, None], axis=0)
        of_b = np.linalg.norm(np.where(self.scale > 0, self.scale, 1.0) * self.sums.b)
        return bool(pull.max() > np.sqrt(threshold(self.sums)) * of_b)

    def theta(self, ridges: np.ndarray) -> np.ndarray:
        """Solves for every ridge, with the pseudo-inverse for the directions without information.

        Args:
            ridges: Shape (ridges,), not negative.

        Returns:
            Shape (K, ridges).
        """
        V, values = self.vectors[:, self.kept], self.values[self.kept]
        u = V.T @ (self.scale * self.sums.b / self.sums.weight)
        return self.scale[:, None] * (V @ (u[:, None] / (values[:, None] + ridges)))

    def inverse(self, ridge: float) -> np.ndarray:
        """Returns the pseudo-inverse of A / weight + ridge diag(A) / weight, shape (K, K)."""
        V = self.scale[:, None] * self.vectors[:, self.kept]
        return (V / (self.values[self.kept] + ridge)) @ V.T


def solve(sums: ScoreSums, ridge: float = 0.0) -> Solution:
    """Couplings of least loss.

    Args:
        sums: A and b.
        ridge: rho, the penalty rho A_kk theta_k^2 / 2 of each coupling; dimensionless, not negative.

    Returns:
        The couplings. Directions that the samples say nothing about are 0 (pseudo-inverse) and named in `notes`.

    Raises:
        ValueError: If the ridge is negative or not finite, or the samples have no weight.

    Guarantee: theta minimises the penalised loss up to rounding times `condition`.
    Cost: K^3 / 3 operations by Cholesky where S is safely definite, else 10 K^3 by eigenvalues.
    """
    ridges = _checked(sums, [ridge], "solve")
    if (direct := _by_cholesky(sums, float(ridges[0]))) is not None:
        return direct
    path = _path(Factorisation.of(sums), ridges)
    return Solution(path.theta[:, 0], ridges[0], path.rank, path.condition, path.null, path.notes)


def solve_path(sums: ScoreSums, ridges: np.ndarray) -> Solution:
    """Couplings for many ridges from one factorisation.

    Args:
        sums: A and b.
        ridges: Shape (ridges,), see `solve`.

    Returns:
        One column of couplings per ridge.

    Raises:
        ValueError: If a ridge is negative or not finite, or the samples have no weight.

    Cost: about 10 K^3 operations, and 2 K^2 per ridge.
    """
    return _path(Factorisation.of(sums), _checked(sums, ridges, "solve_path"))


def inverse_and_null(sums: ScoreSums, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """Inverts the normal equations.

    Args:
        sums: A and b.
        ridge: See `solve`.

    Returns:
        The (pseudo-)inverse of A / weight + ridge diag(A) / weight, shape (K, K), and an orthonormal basis of the
        directions without information, shape (K, K - rank).

    Cost: K^3 operations by Cholesky where S is safely definite, else 12 K^3 by eigenvalues.
    """
    if (found := _cholesky(sums, ridge)) is None:
        factors = Factorisation.of(sums)
        return factors.inverse(ridge), factors.null
    factor, scale, _ = found
    inverse = np.tril(dpotri(factor, lower=True)[0])
    inverse += np.tril(inverse, -1).T
    return inverse * scale * scale[:, None], np.zeros((len(sums), 0))


def threshold(sums: ScoreSums) -> float:
    """Returns the share of the largest eigenvalue up to which another one is rounding.

    Measured on families of rank below K (K = 34 to 1018, float32 and float64): rounding leaves up to 1.4 eps.
    """
    return 16 * math.sqrt(max(len(sums), 1)) * sums.eps


def _checked(sums: ScoreSums, ridges: object, owner: str) -> np.ndarray:
    checked = np.asarray(ridges, dtype=float)
    if checked.ndim != 1 or not np.all(np.isfinite(checked) & (checked >= 0)):
        raise ValueError(must_be("ridge", owner, "not negative and finite", ridges))
    if not sums.weight > 0:
        raise ValueError(must_be("sums", owner, "of samples with weight", f"a total weight of {sums.weight}"))
    return checked


def _scaled(sums: ScoreSums) -> tuple[np.ndarray, np.ndarray]:
    """Returns S and D^-1/2."""
    diagonal = np.diag(sums.A) / sums.weight
    scale = np.zeros_like(diagonal)
    np.divide(1.0, np.sqrt(diagonal, where=diagonal > 0, out=np.ones_like(diagonal)), out=scale, where=diagonal > 0)
    return sums.A / sums.weight * scale * scale[:, None], scale


def _by_cholesky(sums: ScoreSums, ridge: float) -> Solution | None:
    """Solves if S is definite by a wide margin; else None."""
    if (found := _cholesky(sums, ridge)) is None:
        return None
    factor, scale, share = found
    theta = scale * dpotrs(factor, scale * sums.b / sums.weight, lower=True)[0]
    return Solution(theta, np.asarray(ridge), len(sums), 1 / share, np.zeros((len(sums), 0)))


def _cholesky(sums: ScoreSums, ridge: float) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Returns the factor of S + ridge, D^-1/2 and the reciprocal condition of S; None if S is nearly singular."""
    if not len(sums):
        return None
    S, scale = _scaled(sums)
    norm = float(np.abs(S).sum(axis=0).max())
    factor, failed = dpotrf(S, lower=True)
    share = 0.0 if failed else float(dpocon(factor, norm, uplo="L")[0])
    if share < 10 * threshold(sums):
        return None
    if ridge:
        S[np.diag_indices_from(S)] += ridge
        factor, _ = dpotrf(S, lower=True)
    return factor, scale, share


def _path(factors: Factorisation, ridges: np.ndarray) -> Solution:
    theta = factors.theta(ridges)
    K, rank = len(factors.sums), factors.rank
    undetermined = (
        f"The samples determine {rank} of {K} directions of the couplings; along the others the couplings are "
        "as small as they can be (pseudo-inverse)."
    )
    endless = " The loss falls without end along some of these: the samples are too few, or lie on a surface."
    notes = (undetermined + endless * factors.endless,) if rank < K else ()
    return Solution(theta, ridges, rank, factors.condition, factors.null, notes)
