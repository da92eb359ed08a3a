"""Exact maximum likelihood of Gaussians: energies of order 2 with any pattern of pairs, tied or not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse import csr_array

from ..._messages import must_be
from ...hamiltonian import Monomials
from .gaussian_model import OWNER, GaussianModel, MomentSums

__all__ = ["GaussianFit", "gaussian_likelihood"]

MAX_COUPLINGS = 8000  # side of the Fisher information: 512 MiB
MAX_STEPS = 100  # Newton steps; below 10 are usual
STOP = 1e-24  # nats per sample that a Newton step still gains: couplings within 1e-12 of their spread over samples
TOLERANCE = 1e-16  # the same, at which the fit is called converged
HALVINGS = 50


@dataclass(frozen=True, eq=False)
class GaussianFit:
    """The most likely Gaussian.

    Args:
        theta: Couplings of the monomials, or of the orbits, shape (K,).
        standard_errors: Of the couplings by the Fisher information (the Cramer-Rao bound at the fit), shape (K,),
            nats.
        covariance: Of the couplings, shape (K, K), nats^2; None for more than `MAX_COUPLINGS`.
        log_partition: ln Z of H in units of t, nats.
        loss: Mean of -ln p, nats per sample, in units of t.
        gain: Nats per sample that one more Newton step would gain.
        steps: Newton steps taken.
        notes: What a reader must know, in sentences.
    """

    theta: np.ndarray
    standard_errors: np.ndarray
    covariance: np.ndarray | None
    log_partition: float
    loss: float
    gain: float
    steps: int
    notes: tuple[str, ...] = ()

    @property
    def converged(self) -> bool:
        """Whether the optimum was reached (a gain of 1e-16 nats per sample or less is left)."""
        return self.gain <= TOLERANCE


def gaussian_likelihood(sums: MomentSums, monomials: Monomials, tying: csr_array | None = None) -> GaussianFit:
    """Fits a Gaussian by exact maximum likelihood.

    Args:
        sums: Moments of the samples.
        monomials: Of degrees 1 and 2, among them the square of every variable. Without t_i its field is 0.
        tying: P with theta = P theta_tied, shape (terms, K); None for K = terms. Squares share couplings with
            squares only.

    Returns:
        The fit. That it did not converge is said in `notes`, never raised.

    Raises:
        ValueError: If a degree exceeds 2, a square is missing, shapes do not match, couplings are not independent,
            a variable is always 0, or there are more than 8000 couplings and not all pairs.

    Guarantee: for all pairs the precision matrix is the inverse of the sample covariance, up to rounding.
    Cost: a Newton step takes T^2 operations for the Fisher information of T terms, K^3 / 3 to solve and n^3 for the
        inverse of the precision; 5 to 10 steps. With all pairs untied n^3 (and K^3 / 3 for the covariance).
    Source: Dempster (1972), Covariance selection; Lauritzen (1996), Graphical models, chapter 5.
    """
    model = GaussianModel(sums, monomials, tying)
    theta = model.saturated()
    if theta is not None and model.n_couplings > MAX_COUPLINGS:
        errors = model.saturated_errors(theta)
        return GaussianFit(theta, errors, None, model.log_partition(theta), model.loss(theta), 0.0, 0)
    if model.n_couplings > MAX_COUPLINGS:
        advice = "Pass fewer pairs, tie them, or use score matching."
        requirement = f"at most {MAX_COUPLINGS} couplings, or all pairs untied"
        raise ValueError(must_be("monomials", OWNER, requirement, model.n_couplings, advice))
    return _newton(model, model.start() if theta is None else theta)


def _newton(model: GaussianModel, theta: np.ndarray) -> GaussianFit:
    inverse, gain = None, math.inf
    for step in range(MAX_STEPS + 1):
        gradient, information = model.derivatives(theta)
        try:
            factor = cho_factor(information, overwrite_a=True)
        except LinAlgError:
            if inverse is None:
                requirement = "functions none of which depends on the others"
                raise ValueError(must_be("tying", OWNER, requirement, "a singular information")) from None
            break
        inverse = factor
        direction = -cho_solve(factor, gradient)
        gain = -float(gradient @ direction) / 2
        moved = None if gain <= STOP or step == MAX_STEPS else _searched(model, theta, direction, gain)
        if moved is None:
            break
        theta = moved
    covariance = cho_solve(inverse, np.eye(len(theta))) / model.weight
    notes = (
        ()
        if gain <= TOLERANCE
        else (
            f"Newton's method stopped where one more step would gain {gain:.1e} nats per sample. With so few samples "
            "the pattern may have no most likely Gaussian: drop terms or add samples.",
        )
    )
    errors = np.sqrt(np.diag(covariance))
    return GaussianFit(theta, errors, covariance, model.log_partition(theta), model.loss(theta), gain, step, notes)


def _searched(model: GaussianModel, theta: np.ndarray, direction: np.ndarray, gain: float) -> np.ndarray | None:
    """Returns the first of theta + direction, + direction / 2, ... that gains enough (Armijo); None if none does."""
    value, length = model.loss(theta), 1.0
    rounding = 1e-14 * (1 + abs(value))
    for _ in range(HALVINGS):
        if model.loss(theta + length * direction) <= value - 2e-4 * length * gain + rounding:
            return theta + length * direction
        length /= 2
    return None
