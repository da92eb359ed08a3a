"""The ladder of densities: families and baselines scored on the same folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from ..hamiltonian import FactorGraph
from ..hamiltonian.conditional import pseudo_log_likelihood
from .discrete.chow_liu import chow_liu_tree, independent_model, parameters_of
from .discrete.fitting import DiscreteFit
from .discrete.samples import DiscreteSamples
from .discrete.terms import Terms
from .families import Family
from .ladder import Ladder, build_ladder
from .scoring import FamilyScore, mean_and_error, pick_regularization

__all__ = ["Scorer", "climb_densities", "score_baselines"]

FOLD_TOLERANCE = 1e-4  # of the gradient: moves a held-out loss by far less than its error
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
        log_partition = 0.0
        if self.likelihood:
            if fit.terms.exact_sums is None:
                message = "the scorer was told that ln Z is exact for this family"
                raise ValueError(message)
            log_partition = fit.terms.exact_sums.log_partition(fit.graph.values)
        return self.losses(fit.graph, codes, log_partition)


@dataclass
class _Trial:
    """Fits one family on all folds at one regularisation, starting from where the last fit ended."""

    fit: Callable[..., DiscreteFit]
    samples: DiscreteSamples
    folds: list[Fold]
    scorer: Scorer
    converged: bool = True
    starts: dict[int, np.ndarray] = field(default_factory=dict)

    def losses(self, regularization: float) -> np.ndarray:
        def of_fold(number: int, training: np.ndarray, held_out: np.ndarray) -> np.ndarray:
            fit = self.fit(self.samples.part(training), regularization, start=self.starts.get(number))
            self.converged &= fit.converged
            if fit.penalized is None:
                self.starts[number] = fit.theta
            return self.scorer.losses_of_fit(fit, self.samples.codes[held_out])

        return _held_out(of_fold, self.folds, len(self.samples.codes))


def _held_out(of_fold: Callable[[int, np.ndarray, np.ndarray], np.ndarray], folds: list[Fold], rows: int) -> np.ndarray:
    """Returns the held-out loss of each row, averaged where it was held out more than once, NaN where never."""
    total, count = np.zeros(rows), np.zeros(rows)
    for number, (training, held_out) in enumerate(folds):
        np.add.at(total, held_out, of_fold(number, training, held_out))
        np.add.at(count, held_out, 1)
    with np.errstate(invalid="ignore"):
        return total / count


def climb_densities(
    families: dict[Family, Terms],
    fit: Callable[..., DiscreteFit],
    samples: DiscreteSamples,
    folds: list[Fold],
    regularization: float | None,
    scorer: Scorer,
    report: Callable[[], None],
) -> Ladder:
    """Scores all families and chooses.

    Args:
        families: Families to score, with their couplings.
        fit: Fits `(terms, samples, regularization, start=..., tolerance=...)`.
        samples: The samples.
        folds: Pairs of rows (training, held out).
        regularization: Fixed value, or None to search for each family.
        scorer: What a held-out sample costs.
        report: Called after each family.

    Returns:
        The ladder.
    """
    scores: list[tuple[Family, FamilyScore]] = []
    for family, terms in families.items():
        trial = _Trial(partial(fit, terms, tolerance=FOLD_TOLERANCE), samples, folds, scorer)
        score = pick_regularization(trial.losses, samples.weight, regularization)
        score.converged = trial.converged
        scores.append((family, score))
        report()
    return build_ladder(scores, samples.weight, lambda family: families[family].n_parameters)


def score_baselines(samples: DiscreteSamples, folds: list[Fold], scorer: Scorer) -> pd.DataFrame:
    """Scores the independent model and the Chow-Liu tree on the folds of the ladder.

    Args:
        samples: The samples.
        folds: Pairs of rows (training, held out).
        scorer: What a held-out sample costs.

    Returns:
        Columns model, parameters, loss, standard_error (nats per sample); the parameters are those of the model of
        all samples.
    """
    rows = []
    sizes = samples.alphabet.sizes
    for name, build in (("independent", independent_model), ("Chow-Liu tree", chow_liu_tree)):

        def of_fold(_: int, training: np.ndarray, held_out: np.ndarray, build: Baseline = build) -> np.ndarray:
            graph = build(samples.codes[training], samples.weight[training], sizes)
            return scorer.losses(graph, samples.codes[held_out], 0.0)

        loss, error = mean_and_error(_held_out(of_fold, folds, len(samples.codes)), samples.weight)
        whole = build(samples.codes, samples.weight, sizes)
        rows.append((name, parameters_of(whole), loss, error))
    return pd.DataFrame(rows, columns=["model", "parameters", "loss", "standard_error"])
