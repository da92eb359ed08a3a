"""One family fitted to samples: couplings, and when asked for their standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits

from ..._messages import must_be
from ...hamiltonian import FactorGraph
from .likelihood import LikelihoodObjective, fisher_information
from .local_sandwich import local_entries, local_errors
from .losses import loss_of
from .newton import Optimum, minimise
from .objective import ConditionalObjective, Point
from .partition import Partition
from .pattern import slots_of
from .proximal import GroupNorm, minimise_sparse
from .samples import Place, Samples
from .sandwich import CouplingErrors, conditional_information, sandwich_errors
from .score_moments import ScoreMoments, ScorePoint
from .start import independent_couplings, smoothed_frequencies
from .terms import Terms

__all__ = ["DiscreteFit", "coupling_errors", "fit_terms"]

TOLERANCE = 1e-8  # norm of the gradient relative to that of the independent model
MANY = 1000  # couplings from which the last digits take long
SHARE_OF_ERROR = 1e-4  # of its standard error that each coupling may be off on average, if that is more
SCREENING_L1 = {"pseudolikelihood": 0.2, "screening": 0.8, "likelihood": 0.2}  # Lokhov et al. 2018
SCORE_OPERATIONS = 1e11  # spent on the covariance of the scores before samples are thinned out
MAX_DENSE = 10_000  # couplings whose second derivative is held as a matrix
MAX_SPARSE = 20_000_000  # entries of a sparse one
ROWS_OF_SQUARES = 4096


@dataclass(frozen=True, eq=False)
class DiscreteFit:
    """A family with its couplings.

    Args:
        terms: The family (after L1: what it left).
        objective: What was minimised.
        optimum: Where.
        samples: The samples, different rows once.
        penalized: The L1 optimum that chose the terms, or None.
        shrunk: Its couplings of the terms that were kept, or None.
    """

    terms: Terms
    objective: ConditionalObjective | LikelihoodObjective
    optimum: Optimum
    samples: Samples
    penalized: Optimum | None = None
    shrunk: np.ndarray | None = None

    @property
    def theta(self) -> np.ndarray:
        """Couplings, nats."""
        return self.optimum.theta

    @cached_property
    def graph(self) -> FactorGraph:
        """The energies as tables."""
        return self.terms.graph(self.theta)

    def forget(self) -> None:
        """Frees what the samples keep between calls on this machine."""
        if isinstance(self.objective, ConditionalObjective) and isinstance(self.objective.sums, Partition):
            self.objective.sums.forget()

    @property
    def converged(self) -> bool:
        """Whether every optimum reached its tolerance."""
        return self.optimum.converged and (self.penalized is None or self.penalized.converged)


def fit_terms(
    terms: Terms,
    samples: Samples,
    method: str,
    regularization: float,
    l1: float | None = None,
    threshold: float = 0.0,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
    place: Place = Partition,
) -> DiscreteFit:
    """Fits a family.

    Args:
        terms: The family.
        samples: The samples.
        method: "likelihood", "pseudolikelihood" or "screening".
        regularization: rho, nats per squared coupling.
        l1: Strength of the penalty that chooses terms of degree 2 and more, in units of
            sqrt(ln(n^2 / 0.05) / W) for each site of a term, then all that is left is fitted without it; None for none.
        threshold: Of what the penalty leaves, terms are kept whose root mean square coupling is above this, nats.
        start: Couplings to start from.
        tolerance: Of the gradient, relative to the independent model (to the uniform one if `start` is given); beyond
            1,000 couplings looser, up to 1e-6, as long as couplings are within about 1e-4 of their standard errors.
        place: Where samples are summed: here, or on a cluster.

    Returns:
        The fit; never raises for lack of convergence.

    Raises:
        ValueError: If the method is "likelihood" and ln Z cannot be computed exactly.
    """
    different = samples.distinct()
    cold = start is None
    if start is None:
        smoothing = max(regularization, 1e-6 * samples.total)
        frequencies = smoothed_frequencies(different.state_weights(), smoothing)
        start = independent_couplings(terms, frequencies)
    with threadpool_limits(1):  # threads work on blocks of samples; BLAS must not start its own
        objective = _objective(terms, different, method, regularization, place)
        if l1 is None:
            optimum = minimise(objective, start, tolerance, _enough(objective, different), cold)
            return DiscreteFit(terms, objective, optimum, different)
        penalized, kept = minimise_sparse(objective, l1_norm(terms, objective.total, l1), start)
        kept = kept & _above(terms, penalized.theta, threshold)
        smaller = terms.subset(kept)
        objective = _objective(smaller, different, method, regularization, place)
        shrunk = penalized.theta[kept[terms.group_of_term]]
        optimum = minimise(objective, shrunk, tolerance, _enough(objective, different))
        return DiscreteFit(smaller, objective, optimum, different, penalized, shrunk)


def _enough(objective: ConditionalObjective | LikelihoodObjective, samples: Samples) -> float:
    """Returns the Newton decrement at which couplings are a small share of their errors away.

    Zero if steps are cheap, or if weights are no counts: probabilities as weights ask for the exact couplings.
    """
    cheap = isinstance(objective, LikelihoodObjective) or len(objective.terms) < MANY
    if cheap or objective.total < samples.count:
        return 0.0
    return SHARE_OF_ERROR * float(np.sqrt(len(objective.terms) / objective.total))


def _above(terms: Terms, theta: np.ndarray, threshold: float) -> np.ndarray:
    """Returns which sets of sites are fields, or have a root mean square coupling above a threshold."""
    group = terms.group_of_term
    mean_square = np.bincount(group, theta**2) / np.bincount(group)
    return (np.sqrt(mean_square) > threshold) | (np.bincount(group, terms.degrees == 1) > 0)


def l1_norm(terms: Terms, total: float, strength: float) -> GroupNorm:
    """Returns the penalty of terms with two sites and more; sqrt(size) weighs tables of several couplings."""
    scale = np.sqrt(np.log(terms.n_sites**2 / 0.05) / total)
    group = terms.group_of_term
    size = np.bincount(group)
    degree = np.zeros(len(size))
    degree[group] = terms.degrees
    return GroupNorm(group, np.where(degree > 1, strength * scale * degree * np.sqrt(size), 0.0))


def _objective(
    terms: Terms, samples: Samples, method: str, regularization: float, place: Place
) -> ConditionalObjective | LikelihoodObjective:
    rho, total = np.full(len(terms), float(regularization)), samples.total
    if method == "likelihood":
        if terms.exact_sums is None:
            requirement = "pseudolikelihood or screening where ln Z cannot be computed exactly"
            got = f"'likelihood' for {terms.n_sites} sites that are coupled too widely"
            raise ValueError(must_be("method", "HamiltonianDensity", requirement, got))
        means = samples.feature_sums(terms) / total
        return LikelihoodObjective(terms, means, total, rho, terms.exact_sums)
    pattern = slots_of(terms)
    summed = samples.sums(place, pattern, loss_of(method, terms))
    squares = samples.square_sums(terms.kind, pattern, -(-samples.count // ROWS_OF_SQUARES))
    row_square = squares[:-1] / squares[-1]  # only scales the solver's steps
    return ConditionalObjective(terms, pattern, summed, total, rho, method == "screening", row_square)


def coupling_errors(fit: DiscreteFit) -> CouplingErrors:
    """Sandwich estimate for the couplings of a fit.

    Args:
        fit: The fit.

    Returns:
        Errors of the couplings.

    Raises:
        ValueError: If there are more than 10,000 couplings, unless they are local ones of spins or bits fitted here.
    """
    T = len(fit.terms)
    if T > MAX_DENSE and _is_local(fit):
        assert isinstance(fit.objective, ConditionalObjective)
        assert isinstance(fit.objective.sums, Partition)
        scores = _score_point(fit.objective, fit.optimum.point, 1)
        return local_errors(fit.objective, fit.objective.sums, fit.optimum.point, scores)
    if T > MAX_DENSE:
        advice = "Pass standard_errors=False, or fit fewer couplings."
        raise ValueError(
            must_be("standard_errors", "HamiltonianDensity", f"False beyond {MAX_DENSE} couplings", T, advice)
        )
    if T == 0:  # L1 left nothing
        return CouplingErrors(*np.empty((4, 0)))
    point, objective = fit.optimum.point, fit.objective
    if isinstance(objective, LikelihoodObjective):
        square, score = fit.samples.feature_squares(fit.terms, objective.means)
        moments = ScoreMoments(fisher_information(objective, point), square, score, objective.total)
    else:
        rows = max(2000, int(SCORE_OPERATIONS / T**2))
        step = max(1, fit.samples.count // rows)
        moments = objective.sums.score_moments(_score_point(objective, point, step))
        whole = conditional_information(objective, point, moments.information)
        moments = moments._replace(information=whole)
    projector = fit.terms.projected(np.eye(T)) if fit.terms.kind == "category" else None
    return sandwich_errors(moments, objective.regularization, objective.total, point, projector)


def _score_point(objective: ConditionalObjective, point: Point, step: int) -> ScorePoint:
    centre = point.slots if objective.logarithmic else None
    return ScorePoint(point.theta, point.scale * objective.total, centre, objective.total, step)


def _is_local(fit: DiscreteFit) -> bool:
    """Whether the second derivative is sparse and at hand."""
    objective = fit.objective
    if not isinstance(objective, ConditionalObjective) or not isinstance(objective.sums, Partition):
        return False
    return fit.terms.kind != "category" and local_entries(objective) <= MAX_SPARSE
