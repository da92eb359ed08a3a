"""One family of real and discrete variables fitted to all samples: a Hamiltonian with standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from ...hamiltonian import Hamiltonian
from ..discrete.newton import Optimum
from ..real.errors import CouplingCovariance, score_gradients
from ..real.site_terms import Problem
from .objective import MixedObjective, minimised
from .samples import MixedSamples
from .terms import MixedTerms

__all__ = ["MixedFit", "fit_mixed_terms", "mixed_covariance", "weakest_ridge"]

TOLERANCE = 1e-9  # of the gradient, relative to couplings 0
GUARD = 1e-6  # ridge that keeps couplings finite and nothing else, at most ...
MOST_GUARD = 1e-2  # ... of one sample: its bias is far below the standard errors
SILENT = 100.0  # curvature of a direction, in units of the guard, up to which the guard alone holds it
BLOCK_ENTRIES = 1 << 22  # gradients of single samples held at once: 32 MiB


@dataclass(frozen=True, eq=False)
class MixedFit:
    """A family with its couplings.

    Args:
        hamiltonian: H, nats, of scaled variables.
        theta: Free couplings of the functions, shape (K,).
        optimum: Where Newton's method stopped.
        notes: What a reader must know, in sentences.
    """

    hamiltonian: Hamiltonian
    theta: np.ndarray
    optimum: Optimum
    notes: tuple[str, ...]


def weakest_ridge(samples: MixedSamples) -> float:
    """Returns the ridge that only guards against infinite couplings: 1e-6, at most that of a hundredth sample."""
    return min(GUARD, MOST_GUARD / float(samples.weight.sum()))


def fit_mixed_terms(terms: MixedTerms, samples: MixedSamples, ridge: float, with_errors: bool) -> MixedFit:
    """Fits by score matching and pseudo-likelihood.

    Args:
        terms: The family.
        samples: The samples.
        ridge: Dimensionless ridge.
        with_errors: Whether standard errors are wanted.

    Returns:
        The fit.
    """
    objective = MixedObjective.of(terms, samples, ridge)
    optimum = minimised(objective, np.zeros(terms.n_free), TOLERANCE)
    theta = optimum.theta
    couplings = terms.to_terms @ theta
    if not with_errors:
        return MixedFit(terms.hamiltonian(couplings), theta, optimum, ())
    guarded = ridge <= 1.001 * weakest_ridge(samples)
    covariance = mixed_covariance(terms, samples, objective, theta, SILENT * ridge if guarded else 0.0)
    notes: tuple[str, ...] = ()
    if covariance.null.shape[1]:
        K = terms.n_free
        notes = (
            f"The samples determine {K - covariance.null.shape[1]} of {K} directions of the couplings; along the "
            "others only the ridge keeps them finite, and couplings that lean on them have no standard error.",
        )
    return MixedFit(terms.hamiltonian(couplings, covariance, terms.to_terms), theta, optimum, notes)


def mixed_covariance(
    terms: MixedTerms, samples: MixedSamples, objective: MixedObjective, theta: np.ndarray, silent: float
) -> CouplingCovariance:
    """Sandwich covariance of the couplings: H^-1 V H^-1 / W, V that of the gradients of single samples.

    Args:
        terms: The family.
        samples: The samples.
        objective: J of these.
        theta: Free couplings at its minimum, shape (K,).
        silent: Curvature of a direction, in units of that at couplings 0, up to which the samples do not determine it.

    Returns:
        The covariance, holding whether or not the true density is in the family.

    Cost: samples x K^2 multiplications and 12 K^3 operations.
    """
    V = _gradient_covariance(terms, samples, objective, theta)
    scale = 1 / np.sqrt(np.maximum(objective.unit, np.finfo(float).tiny))
    scale[objective.unit <= 0] = 0.0
    values, vectors = eigh(objective.curvature(theta) * scale * scale[:, None])
    K = len(theta)
    known = values > max(silent, 4 * K * objective.sums.eps * values.max(initial=0.0))
    basis = scale[:, None] * vectors[:, known]
    inverse = (basis / (values[known] + objective.ridge)) @ basis.T
    null = np.linalg.qr(np.where(scale > 0, scale, 1.0)[:, None] * vectors[:, ~known])[0]
    return CouplingCovariance(inverse @ V @ inverse / objective.sums.weight, null)


def _gradient_covariance(
    terms: MixedTerms, samples: MixedSamples, objective: MixedObjective, theta: np.ndarray
) -> np.ndarray:
    """Returns the covariance of the gradients of single samples, shape (K, K)."""
    t, w = terms.variables.scaled(samples.X), samples.weight
    problem = Problem(t, w, terms.basis, terms.tying)
    slopes = [site.pulled_back(theta[:, None])[:, 0] for site in problem.sites]
    square, mean = np.zeros((len(theta),) * 2), np.zeros(len(theta))
    size = max(256, BLOCK_ENTRIES // (2 * len(theta) + len(terms.basis.table) + 1))
    for start in range(0, len(t), size):
        rows = slice(start, start + size)
        scores = score_gradients(problem, problem.block(rows), slopes) + objective.conditional.scores(theta, rows)
        mean += scores @ w[rows]
        square += (scores * w[rows]) @ scores.T
    mean /= w.sum()
    return square / w.sum() - np.outer(mean, mean)
