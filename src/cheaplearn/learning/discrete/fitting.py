"""One family fitted to samples: couplings, and when asked for their standard errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits

from ..._messages import must_be
from ...hamiltonian import FactorGraph
from .array_partition import ArrayPartition
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
from .tied_objective import TiedObjective, untied
from .tying import orbits_of_sets, subset

__all__ = ["DiscreteFit", "Problem", "coupling_errors", "fit_terms"]

TOLERANCE = 1e-8  # norm of the gradient relative to that of the independent model
MANY = 1000  # couplings from which the last digits take long
SHARE_OF_ERROR = 1e-4  # of its standard error that each coupling may be off on average, if that is more
SCREENING_L1 = {"pseudolikelihood": 0.2, "screening": 0.8, "likelihood": 0.2}  # Lokhov et al. 2018
SCORE_OPERATIONS = 1e11  # spent on the covariance of the scores before samples are thinned out
MAX_DENSE = 10_000  # couplings whose second derivative is held as a matrix
MAX_SPARSE = 20_000_000  # entries of a sparse one
ROWS_OF_SQUARES = 4096
AnyObjective = ConditionalObjective | LikelihoodObjective
HERE = (Partition, ArrayPartition)  # sums of this machine and its devices, not of a cluster


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
    objective: AnyObjective
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
        if isinstance(self.objective, ConditionalObjective) and isinstance(self.objective.sums, HERE):
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
    """Fits a family once; see `Problem`.

    Args:
        terms: The family.
        samples: The samples.
        method: "likelihood", "pseudolikelihood" or "screening".
        regularization: rho, nats per squared coupling.
        l1: As for `Problem`.
        threshold: As for `Problem`.
        start: Couplings to start from.
        tolerance: As for `Problem.fit`.
        place: Where samples are summed: here, or on a cluster.

    Returns:
        The fit; never raises for lack of convergence.

    Raises:
        ValueError: If the method is "likelihood" and ln Z cannot be computed exactly.
    """
    return Problem(terms, samples.distinct(), method, l1, threshold, place).fit(regularization, start, tolerance)


@dataclass(eq=False)
class Problem:
    """A family and samples, to be fitted at several regularisations; sums and memory are shared.

    Args:
        terms: The family.
        samples: The samples, different rows once.
        method: "likelihood", "pseudolikelihood" or "screening".
        l1: Strength of the penalty that chooses terms of degree 2 and more, in units of
            sqrt(ln(n^2 / 0.05) / W) for each site of a term, then all that is left is fitted without it; None for none.
            Terms that a symmetry ties are chosen together.
        threshold: Of what the penalty leaves, terms are kept whose root mean square coupling is above this, nats.
        place: Where samples are summed: here, or on a cluster.
    """

    terms: Terms
    samples: Samples
    method: str
    l1: float | None = None
    threshold: float = 0.0
    place: Place = Partition
    _objective: AnyObjective | None = None
    _reference: float | None = None

    def fit(self, regularization: float, start: np.ndarray | None = None, tolerance: float = TOLERANCE) -> DiscreteFit:
        """Fits the family.

        Args:
            regularization: rho, nats per squared coupling.
            start: Couplings to start from; those of independent sites if left out.
            tolerance: Of the gradient, relative to the first start, the independent model (to the uniform one if
                `start` was given); beyond 1,000 couplings looser, up to 1e-6, as long as couplings are within about
                1e-4 of their standard errors.

        Returns:
            The fit; never raises for lack of convergence.

        Raises:
            ValueError: If the method is "likelihood" and ln Z cannot be computed exactly.
        """
        cold = start is None
        if start is None:
            smoothing = max(regularization, 1e-6 * self.samples.total)
            frequencies = smoothed_frequencies(self.samples.state_weights(), smoothing)
            start = independent_couplings(self.terms, frequencies)
        with threadpool_limits(1):  # threads work on blocks of samples; BLAS must not start its own
            objective = self._prepared(regularization)
            if self.l1 is not None:
                return self._sparse(objective, regularization, start, tolerance)
            optimum = _minimised(objective, start, tolerance, self.samples, cold, self._reference)
            self._reference = optimum.reference
            return DiscreteFit(self.terms, objective, optimum, self.samples)

    def _sparse(
        self, objective: AnyObjective, regularization: float, start: np.ndarray, tolerance: float
    ) -> DiscreteFit:
        penalized, kept = _selected(objective, start, self.l1 or 0.0)
        kept = kept & _above(self.terms, penalized.theta, self.threshold)
        smaller = subset(self.terms, kept)
        objective = _objective(smaller, self.samples, self.method, regularization, self.place)
        shrunk = penalized.theta[kept[self.terms.group_of_term]]
        optimum = _minimised(objective, shrunk, tolerance, self.samples)
        return DiscreteFit(smaller, objective, optimum, self.samples, penalized, shrunk)

    def _prepared(self, regularization: float) -> AnyObjective:
        """Returns the objective; what does not depend on the regularisation is kept, but not on a cluster."""
        if self._objective is None:
            objective = _objective(self.terms, self.samples, self.method, regularization, self.place)
            if isinstance(objective, ConditionalObjective) and not isinstance(objective.sums, HERE):
                return objective
            self._objective = objective
        return replace(self._objective, regularization=np.full(len(self.terms), float(regularization)))


def _minimised(
    objective: AnyObjective,
    start: np.ndarray,
    tolerance: float,
    samples: Samples,
    cold: bool = False,
    reference: float | None = None,
) -> Optimum:
    """Returns the optimum over the couplings that the symmetry of the family allows, if it has one."""
    tie, enough = objective.terms.tie, _enough(objective, samples)
    if tie is None:
        return minimise(objective, start, tolerance, enough, cold, reference=reference)
    tied = TiedObjective(objective, objective.terms, tie)
    return untied(minimise(tied, tie.T @ start, tolerance, enough, cold, reference=reference))


def _selected(objective: AnyObjective, start: np.ndarray, strength: float) -> tuple[Optimum, np.ndarray]:
    """Returns the L1 optimum, and which sets of sites it leaves: orbits as a whole."""
    terms = objective.terms
    norm = l1_norm(terms, objective.total, strength)
    if terms.tie is None or terms.orbits is None:
        return minimise_sparse(objective, norm, start)
    tied = TiedObjective(objective, terms, terms.tie)
    part = orbits_of_sets(terms)
    first = terms.orbits.first
    optimum, kept = minimise_sparse(tied, tied_l1_norm(norm, part, first), terms.tie.T @ start)
    return untied(optimum), kept[part]


def _enough(objective: AnyObjective, samples: Samples) -> float:
    """Returns the Newton decrement at which couplings are a small share of their errors away.

    Zero if steps are cheap, or if weights are no counts: probabilities as weights ask for the exact couplings.
    """
    free = objective.terms.n_free or len(objective.terms)
    cheap = isinstance(objective, LikelihoodObjective) or free < MANY
    if cheap or objective.total < samples.count:
        return 0.0
    return SHARE_OF_ERROR * float(np.sqrt(free / objective.total))


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


def tied_l1_norm(norm: GroupNorm, part: np.ndarray, first: np.ndarray) -> GroupNorm:
    """Returns the penalty of orbits of terms.

    An orbit pays the Euclidean norm of all its couplings times the strength of one of its terms: noise of the samples
    moves that norm as it moves the coupling of one free term.

    Args:
        norm: Penalty of the free terms.
        part: Which orbit of sets each set of sites is in, shape (sets,).
        first: First coupling of each orbit of couplings.

    Returns:
        The penalty of the numbers that `Terms.tie` takes.
    """
    strength = np.zeros(int(part.max(initial=-1)) + 1)
    strength[part] = norm.strength
    return GroupNorm(part[norm.group[first]], strength)


def _objective(terms: Terms, samples: Samples, method: str, regularization: float, place: Place) -> AnyObjective:
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
        ValueError: If there are more than 10,000 free couplings, unless they are local ones of spins or bits fitted
            here.
    """
    tie = fit.terms.tie
    T = len(fit.terms) if tie is None else tie.shape[1]
    if T > MAX_DENSE and tie is None and _is_local(fit):
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
    prior, gauge = objective.regularization, _gauge(fit.terms)
    if tie is None:
        return sandwich_errors(moments, prior, objective.total, point, gauge)
    by_orbit = Point(tie.T @ point.theta, point.value, tie.T @ point.gradient, (tie**2).T @ point.diagonal)
    return sandwich_errors(moments, (tie**2).T @ prior, objective.total, by_orbit, gauge).spread(abs(tie))


def _gauge(terms: Terms) -> np.ndarray | None:
    """Returns the projector on the zero-sum gauge of categories, by orbit if tied; None if there is no gauge."""
    if terms.kind != "category":
        return None
    if terms.tie is None:
        return terms.projected(np.eye(len(terms)))
    return terms.tie.T @ terms.projected(terms.tie.toarray())


def _score_point(objective: ConditionalObjective, point: Point, step: int) -> ScorePoint:
    centre = point.slots if objective.logarithmic else None
    tie = objective.terms.tie
    return ScorePoint(point.theta, point.scale * objective.total, centre, objective.total, step, tie=tie)


def _is_local(fit: DiscreteFit) -> bool:
    """Whether the second derivative is sparse and at hand."""
    objective = fit.objective
    if not isinstance(objective, ConditionalObjective) or not isinstance(objective.sums, Partition):
        return False
    return fit.terms.kind != "category" and local_entries(objective) <= MAX_SPARSE
