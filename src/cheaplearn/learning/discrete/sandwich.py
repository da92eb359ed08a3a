r"""Standard errors of couplings: the sandwich estimate of an M-estimator.

The couplings minimise a mean of losses, so to first order they are normal around the best couplings with covariance

.. math:: V = A^{-1} B A^{-1} / W

where A is the second derivative of the mean and B the covariance of the scores (derivatives of the loss of one
sample); a weight of 2 counts as two samples (Huber 1967; Godambe 1960 for pseudo-likelihood).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.sparse import csr_array

from .objective import ConditionalObjective, Point
from .score_moments import ScoreMoments, gathered

__all__ = ["CouplingErrors", "conditional_information", "sandwich_errors"]

WIDEST = 3.0  # nats: a factor of 20 in a probability
GUARD = 1e-9  # of the mean diagonal of A: keeps its factorisation possible where the data say nothing


class CouplingErrors(NamedTuple):
    """Errors of the couplings, each of shape (couplings,).

    Args:
        sandwich: Standard errors by the sandwich estimate, nats.
        curvature: Standard errors if the second derivative were the information (exact for the likelihood of a
            true model), nats.
        prior_share: Share of the prior in the inverse variance (0: the samples alone speak, 1: the prior alone).
        pulled: How far one Newton step without the prior would move each coupling, nats.
    """

    sandwich: np.ndarray
    curvature: np.ndarray
    prior_share: np.ndarray
    pulled: np.ndarray

    @property
    def unidentified(self) -> np.ndarray:
        """Which couplings a weak prior alone keeps where they are, or a solver that stopped too early.

        Booleans, shape (couplings,): the error exceeds 3 nats, or the prior holds most of the information, or
        one more Newton step without it would move the coupling by more than a quarter of its standard error.
        """
        return (self.curvature > WIDEST) | (self.prior_share > 0.5) | (self.pulled > 0.25 * self.sandwich)

    def spread(self, sizes: csr_array) -> CouplingErrors:
        """Returns the errors of the couplings of terms.

        Args:
            sizes: Derivative of each coupling by the number of its orbit, without sign, shape (terms, orbits); each row
                has one entry.
        """
        whose = sizes.indices  # of each row its one column
        return CouplingErrors(
            sizes @ self.sandwich, sizes @ self.curvature, self.prior_share[whose], sizes @ self.pulled
        )


def conditional_information(objective: ConditionalObjective, point: Point, information: np.ndarray) -> np.ndarray:
    """Completes the information of a screening objective: minus the squared means of the sites.

    Args:
        objective: Pseudo-likelihood or screening.
        point: The optimum.
        information: As `score_moments` sums it; overwritten.

    Returns:
        The second derivative of the objective without its prior.
    """
    if objective.logarithmic:
        pattern = objective.pattern
        sites = objective.terms.site_of_atom[pattern.column]
        bounds = np.searchsorted(sites, np.arange(objective.terms.n_sites + 1))
        for first, last in pairwise(bounds):
            terms, g = gathered(objective.terms.tie, pattern.term[first:last], point.slots[first:last])
            information[np.ix_(terms, terms)] -= np.outer(g, g)
    return information


def sandwich_errors(
    moments: ScoreMoments, prior: np.ndarray, total: float, point: Point, project: np.ndarray | None = None
) -> CouplingErrors:
    """Standard errors from moments.

    Args:
        moments: Over all samples.
        prior: Precision of the prior of each coupling, nats, shape (couplings,).
        total: Total sample weight.
        point: Where the solver stopped.
        project: Projector on the zero-sum gauge, shape (couplings, couplings), or None.

    Returns:
        The errors.

    Cost: T^3 operations.
    """
    A = moments.information.copy()
    mean = moments.score / moments.weight
    B = moments.square / moments.weight - np.outer(mean, mean)
    if project is not None:
        A, B = project @ A @ project + (np.eye(len(A)) - project), project @ B @ project
    guard = prior / total + GUARD * max(float(np.mean(np.diag(A))), 1e-300)
    A[np.diag_indices_from(A)] += guard
    inverse = _inverse(A)
    if project is not None:
        inverse = project @ inverse @ project
    curvature = np.diag(inverse)
    variance = np.sum((inverse @ B) * inverse, axis=1) / total
    share = np.clip(curvature * guard, 0, 1)
    pulled = np.abs(inverse @ (point.gradient - prior / total * point.theta))
    return CouplingErrors(np.sqrt(np.maximum(variance, 0)), np.sqrt(np.maximum(curvature, 0) / total), share, pulled)


def _inverse(A: np.ndarray) -> np.ndarray:
    """Returns the inverse of a symmetric positive definite matrix (T^3 operations instead of 7/3 T^3)."""
    lower, failed = dpotrf(A, lower=True)
    if failed:
        message = f"The {failed}-th leading minor of the information is not positive."
        raise LinAlgError(message)
    inverse, _ = dpotri(lower, lower=True, overwrite_c=True)
    inverse = np.tril(inverse)
    diagonal = np.diag(inverse).copy()
    inverse += inverse.T
    inverse[np.diag_indices_from(inverse)] = diagonal
    return inverse
