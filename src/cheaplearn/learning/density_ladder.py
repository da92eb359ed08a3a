"""The ladder of densities: families and baselines scored on the same folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ..hamiltonian import FactorGraph
from ..hamiltonian.conditional import pseudo_log_likelihood
from .checkpoint import Checkpoint, fingerprint
from .discrete.chow_liu import chow_liu_tree, independent_model, parameters_of
from .discrete.fitting import DiscreteFit, Problem
from .discrete.held_out import conditional_losses
from .discrete.samples import DiscreteSamples
from .discrete.shared_sums import embedded
from .discrete.terms import Terms, terms_of_sites
from .families import Family
from .ladder import Ladder, build_ladder
from .scoring import FamilyScore, mean_and_error, pick_regularization

__all__ = ["Climb", "Scorer", "score_baselines"]

FOLD_TOLERANCE = 1e-5  # of the gradient: moves a held-out loss by far less than its error
MANY, TOLERANCE_OF_MANY = 1000, 1e-3  # where that takes long: moved a loss by 0.03 of its error for 6,100 couplings
Fold = tuple[np.ndarray, np.ndarray]
Baseline = Callable[[np.ndarray, np.ndarray, np.ndarray], FactorGraph]


@dataclass(frozen=True)
class Scorer:
    """What a held-out sample costs under a model.

    Args:
        likelihood: Whether the loss is -ln p(x); else the sum over sites of -ln p(x_i | rest).
    """

    likelihood: bool

    @property
    def name(self) -> str:
        """What the loss is the negative of."""
        return "log-likelihood" if self.likelihood else "pseudo-log-likelihood"

    def losses(self, graph: FactorGraph, codes: np.ndarray, log_partition: float) -> np.ndarray:
        """Returns the loss of each sample, nats, shape (samples,)."""
        if self.likelihood:
            return graph.energies(codes) + log_partition
        return -pseudo_log_likelihood(graph, codes)

    def losses_of_fit(self, fit: DiscreteFit, codes: np.ndarray) -> np.ndarray:
        """Returns the loss of each sample under a fit, nats, shape (samples,)."""
        if not self.likelihood:
            return conditional_losses(fit.terms, fit.theta, codes)
        if fit.terms.exact_sums is None:
            message = "the scorer was told that ln Z is exact for this family"
            raise ValueError(message)
        return self.losses(fit.graph, codes, fit.terms.exact_sums.log_partition(fit.graph.values))


def _held_out(of_fold: Callable[[int, np.ndarray, np.ndarray], np.ndarray], folds: list[Fold], rows: int) -> np.ndarray:
    """Returns the held-out loss of each row, averaged where it was held out more than once, NaN where never."""
    total, count = np.zeros(rows), np.zeros(rows)
    for number, (training, held_out) in enumerate(folds):
        np.add.at(total, held_out, of_fold(number, training, held_out))
        np.add.at(count, held_out, 1)
    with np.errstate(invalid="ignore"):
        return total / count


@dataclass
class Climb:
    """Scores families on the same folds, with what they have in common computed once.

    Each fit starts from the couplings of the largest part of its family that has been fitted to the same fold; sums of
    monomials are those of one family that holds all others.

    Args:
        problem: Makes a `Problem` of `(terms, samples)`.
        samples: The samples.
        folds: Pairs of rows (training, held out).
        regularization: Fixed value, or None to search for each family.
        scorer: What a held-out sample costs.
        checkpoint: Folder that keeps scores, or None.
        settings: What else the scores depend on.
    """

    problem: Callable[..., Problem]
    samples: DiscreteSamples
    folds: list[Fold]
    regularization: float | None
    scorer: Scorer
    checkpoint: Any = None
    settings: dict[str, Any] = field(default_factory=dict)
    _solved: list[tuple[Terms, list[np.ndarray]]] = field(default_factory=list)

    def ladder(self, families: dict[Family, Terms], baseline: np.ndarray, report: Callable[[], None]) -> Ladder:
        """Scores all families and chooses.

        Args:
            families: Families to score, with their couplings.
            baseline: Held-out loss of each sample under the independent model.
            report: Called after each family.

        Returns:
            The ladder.
        """
        kept = Checkpoint(self.checkpoint, self._fingerprint(list(families.values())))
        training = [self.samples.part(rows).distinct() for rows, _ in self.folds]
        if self.scorer.likelihood:
            training = [part.with_sums(_union(list(families.values()))) for part in training]
        scores = []
        for family, terms in families.items():
            scores.append((family, kept.scored(family, partial(self._score, terms, training))))
            report()
        return build_ladder(scores, self.samples.weight, lambda family: families[family].n_parameters, baseline)

    def _score(self, terms: Terms, training: list[DiscreteSamples]) -> FamilyScore:
        problems = [self.problem(terms, part) for part in training]
        trial = _Trial(problems, self._starts(terms), self.folds, self.samples.codes, self.scorer)
        score = pick_regularization(trial.losses, self.samples.weight, self.regularization)
        score.converged = trial.converged
        if score.regularization in trial.solutions:
            self._solved.append((terms, trial.solutions[score.regularization]))
        return score

    def _starts(self, terms: Terms) -> list[np.ndarray] | None:
        """Returns couplings to start from for each fold, if a part of the family has been fitted."""
        parts = [
            (own, solved) for own, solved in self._solved if own.order <= terms.order and own.radius <= terms.radius
        ]
        if not parts:
            return None
        largest, solved = max(parts, key=lambda part: len(part[0]))
        return [embedded(theta, largest, terms) for theta in solved]

    def _fingerprint(self, families: list[Terms]) -> str:
        if self.checkpoint is None:
            return ""
        rows = [part for fold in self.folds for part in fold]
        sets = [block for terms in families for block in terms.site_sets]
        ties = [part for terms in families if terms.orbits for part in (terms.orbits.index, terms.orbits.sign)]
        states = {"states": [labels.tolist() for labels in self.samples.alphabet.labels]}
        return fingerprint([self.samples.codes, self.samples.weight, *rows, *sets, *ties], self.settings | states)


@dataclass
class _Trial:
    """Fits one family on all folds at one regularisation, starting from where the last fit ended."""

    problems: list[Problem]
    starts: list[np.ndarray] | None
    folds: list[Fold]
    codes: np.ndarray
    scorer: Scorer
    converged: bool = True
    solutions: dict[float, list[np.ndarray]] = field(default_factory=dict)

    def losses(self, regularization: float) -> np.ndarray:
        found: list[np.ndarray] = []

        def of_fold(number: int, _: np.ndarray, held_out: np.ndarray) -> np.ndarray:
            start = None if self.starts is None else self.starts[number]
            problem = self.problems[number]
            tolerance = FOLD_TOLERANCE if problem.terms.n_parameters < MANY else TOLERANCE_OF_MANY
            fit = problem.fit(regularization, start, tolerance)
            fit.forget()
            self.converged &= fit.converged
            if fit.penalized is None:
                found.append(fit.theta)
            return self.scorer.losses_of_fit(fit, self.codes[held_out])

        losses = _held_out(of_fold, self.folds, len(self.codes))
        if len(found) == len(self.folds):  # without L1, where every fit has couplings of its own
            self.starts = self.solutions[regularization] = found
        return losses


def _union(families: list[Terms]) -> Terms:
    """Returns the family of all sets of sites of some families, free."""
    first = families[0]
    sets: list[np.ndarray] = []
    for degree in range(max(len(terms.site_sets) for terms in families)):
        blocks = [terms.site_sets[degree] for terms in families if degree < len(terms.site_sets)]
        sets.append(np.unique(np.concatenate(blocks), axis=0))
    return terms_of_sites(first.kind, first.alphabet, tuple(sets), first.geometry)


def score_baselines(samples: DiscreteSamples, folds: list[Fold], scorer: Scorer) -> tuple[pd.DataFrame, np.ndarray]:
    """Scores the independent model and the Chow-Liu tree on the folds of the ladder.

    Args:
        samples: The samples.
        folds: Pairs of rows (training, held out).
        scorer: What a held-out sample costs.

    Returns:
        Columns model, parameters, loss, standard_error (nats per sample); the parameters are those of the model of
        all samples. And the held-out loss of each sample under the independent model, shape (samples,).
    """
    rows, held_out_losses = [], []
    sizes = samples.alphabet.sizes
    for name, build in (("independent", independent_model), ("Chow-Liu tree", chow_liu_tree)):

        def of_fold(_: int, training: np.ndarray, held_out: np.ndarray, build: Baseline = build) -> np.ndarray:
            graph = build(samples.codes[training], samples.weight[training], sizes)
            return scorer.losses(graph, samples.codes[held_out], 0.0)

        held_out_losses.append(_held_out(of_fold, folds, len(samples.codes)))
        loss, error = mean_and_error(held_out_losses[-1], samples.weight)
        whole = build(samples.codes, samples.weight, sizes)
        rows.append((name, parameters_of(whole), loss, error))
    table = pd.DataFrame(rows, columns=["model", "parameters", "loss", "standard_error"])
    return table, held_out_losses[0]
