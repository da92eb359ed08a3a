"""The density that finds the cheapest Hamiltonian of its samples: spins, bits, categories or real variables."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._messages import must_be
from ..hamiltonian import FactorGraph
from ..hamiltonian.strengths import pair_strengths
from ..hamiltonian.tables import term_text
from .climber import LadderPlot
from .density_arguments import check_density_arguments, density_folds, read_rows, read_samples
from .density_ladder import Climb, Scorer, score_baselines
from .discrete.fitting import SCREENING_L1, Problem, coupling_errors
from .discrete.model import DiscreteModel
from .discrete.places import place_of
from .discrete.samples import DiscreteSamples, Place, Samples, oddities
from .discrete.terms import Terms
from .discrete_families import choose_method, discrete_families
from .families import NO_TERM, Family
from .ladder import Ladder, unscored
from .mixed.columns import has_categories
from .progress import progress

if TYPE_CHECKING:
    import pandas as pd

    from ..circuit import Circuit
    from ..hamiltonian.partition import LogPartition
    from ..hamiltonian.sampling import RealSamples as RealDrawn
    from ..hamiltonian.sampling import Samples as Drawn
    from .mixed.model import MixedModel
    from .real.model import RealModel

__all__ = ["HamiltonianDensity"]

OWNER = "HamiltonianDensity"
GUARD = 1e-6  # regularisation per unit of sample weight that keeps couplings finite and nothing else, up to ...
MOST_GUARD = 1e-2  # nats per squared coupling: couplings of 10 are free, however many samples speak for others
FEW_SAMPLES = 1e-2  # regularisation per unit of sample weight where the samples cannot identify all couplings
OF_SOME_FITS = (
    *("ladder_score_", "baselines_", "shrunk_hamiltonian_", "alphabet_", "gauge_", "normalizability_"),
    *("n_samples_seen_", "_stream", "_fit"),
)
QUICK_OPERATIONS = 2e11  # of standard errors that "auto" computes: a few seconds


def _is_real(model: HamiltonianDensity) -> bool:
    if model.kind != "real":
        requirement = "asked of kind='real', whose sums can be merged"
        advice = "Use `fit`; it reads Dask collections."
        raise AttributeError(must_be("partial_fit", OWNER, requirement, f"kind={model.kind!r}", advice))
    return True


class HamiltonianDensity(LadderPlot, DensityMixin, BaseEstimator):
    r"""Density p(x) = exp(-H(x)) / Z of spins, bits, categories or real variables, H a sum of local monomials.

    All methods are convex in the couplings theta. With F_i the energy of site i given the rest and W the
    total sample weight they minimise, plus rho |theta|^2 / (2 W),

    .. math:: -\langle \ln p(x) \rangle, \qquad -\sum_i \langle \ln p(x_i | x_{\setminus i}) \rangle, \qquad
        \sum_i \ln \langle e^{F_i - \bar F_i} \rangle

    (likelihood, pseudolikelihood, screening). Categories are kept in the zero-sum gauge: every table of couplings
    sums to zero over each of its sites. Spins have none to fix, and for two states the gauge is that of spins.

    Densities of real variables are fitted by score matching, in closed form (or, for order 2, by the exact likelihood
    of Gaussians):

    .. math:: \Big\langle \sum_i \tfrac12 (\partial_i H)^2 - \partial_i^2 H \Big\rangle

    Real and discrete columns together are fitted by the sum of this over the real ones (in scaled units) and of
    -ln p(x_i | rest) over the others (nats), with weight 1 each; categories then are bits relative to the first state.

    Args:
        kind: "real", "spin" (-1, 1), "bit" (0, 1) or "category" (any labels); or one of these for each column, some of
            them "real", as a list or by name of column.
        order: Most sites in a term (for real variables highest degree, powers included), a list of such to choose from,
            or "auto" for 1, 2 and 3 (4 takes ten times as long as 3: 100 spins of a grid have 15,800 terms within
            radius 2; some or all columns real: 2 and 4, for real variables have no density of odd order).
        geometry: Where the sites live (`Grid`, `Chain`, `Graph`), one per column; or None.
        method: "likelihood" (exact; where ln Z is), "pseudolikelihood", "screening", or "auto": the likelihood
            up to 2^16 states and 2,000 couplings, else the pseudo-likelihood. `method_` says which. Real variables:
            "score matching", "likelihood" (order 2 without bounds), or "auto" for the likelihood where it is exact.
            Of several kinds: "auto", which is "score matching + pseudolikelihood".
        radius: Largest distance between the sites of a term, "all", "auto" for every radius the geometry knows, or a
            list.
        terms: Instead of order and radius: sets of sites (numbers or names), or a symmetric boolean matrix of pairs
            (fields included). Some or all columns real: products (numbers of sites), in which real ones may repeat.
        regularization: rho, nats per squared coupling of each term, tied or not, so that a tied fit is the free one,
            restricted; "auto": 1e-6 W, at most 0.01, for one family (a guard
            against infinite couplings, nothing else), but 0.01 W if a variable has more couplings than there are
            different samples (`notes_` says so), and searched for each family of a ladder; "search": searched for one
            family too. Real variables: rho is relative to the diagonal of the normal equations, "auto" is 0 for one
            family. Of several kinds: relative to the second derivative at couplings 0, "auto" is the smaller of 1e-6
            and 0.01 / W for one family.
        l1: Strength of an L1 penalty (for categories: on whole tables) that selects the terms of degree 2 and more,
            which are then fitted without it; in units of sqrt(ln(n^2 / 0.05) / W) for each site of a term. "auto":
            0.2, for screening 0.8 (Lokhov et al. 2018, who then cut small couplings: terms that are not there are
            kept, too, with values near 0). 0 for none.
        threshold: Of what L1 leaves, terms whose shrunk coupling (for categories: root mean square of the table) is not
            above this are left out too, nats; half the weakest coupling expected recovers graphs best.
        cv: Number of shuffled folds, or a splitter, which is used if anything is to be chosen.
        standard_errors: True, False, or "auto" to compute them if that takes seconds at most.
        labels: States of the categories, one list for all columns or one for each; None for those that occur. Of
            several kinds: one entry for each column (None if it is no category), or by name.
        n_jobs: Blocks of samples that are summed at a time on this machine; None or -1 for one per core.
        engine: "numpy" for this machine, "dask" for the current Dask client, or the address of a scheduler: samples
            are divided among its workers, and a lost worker costs time only. The likelihood of an array is
            summed here, in one pass over the samples; that of a Dask collection on the cluster.
        random_state: Seed of folds and of annealing.
        verbose: 1 or more draws a progress bar on stderr.
        max_terms: Families of a ladder with more monomials of sites are not fitted, and `ladder_notes_` says so.
        symmetry: What ties couplings: terms that a symmetry takes to one another share one. None; a `cl.groups` group;
            names of those that the geometry has, joined by "+" ("translation", "reflection", "rotation", "permutation",
            "sign flip" of spins and reals, "blocks:4"); "auto" for every rung from free to most symmetric; or a
            list of these to choose from. Categories need the same states wherever a symmetry takes a site.
        bounds: Of real variables: (low, high) for all, None for an open end; or one pair for each, by place or by name.
        normalizable: Of real variables: "check" says in `normalizability_` whether the density exists; "guarantee" fits
            the couplings of least loss whose density provably does.
        checkpoint: Folder for the scores of finished families: the same call with the same samples goes on where it
            was interrupted (with the same choice; losses agree to the tolerance of the folds). None for none.

    Attributes:
        hamiltonian_: The fitted `Hamiltonian`, one column "H"; `hamiltonian_.couplings` has value, standard error
            and 95 % interval of every coupling. NaN where the samples do not identify it.
        shrunk_hamiltonian_: With L1: what it left (above the threshold), with the couplings it shrank.
        method_, order_, radius_, symmetry_, regularization_: What was used or chosen; the symmetry by name, or None.
        verdict_: What the ladder says, in words. The share explained is that of the couplings: how much of the gain of
            the most general family over independent sites (the first of `baselines_`) the chosen one reaches.
        normalizability_: Of real variables: "yes" with a proof, "no" with a direction, or "undecided".
        ladder_: One row per family, as in `HamiltonianClassifier`; the loss is held-out -ln p or, where ln Z is not
            exact, the held-out sum of -ln p(x_i | rest), and for real variables the held-out Hyvarinen score in scaled
            units, which needs no ln Z (no nats: differences are half a Fisher divergence); NaN if nothing was to be
            chosen.
        ladder_score_: Which: "log-likelihood", "pseudo-log-likelihood" or "Hyvarinen score"; only if something was to
            be chosen.
        ladder_notes_: One sentence for each family that was not fitted.
        baselines_: Independent model and Chow-Liu tree on the same folds (if there are): model, parameters, loss,
            standard_error.
        regularization_path_: Held-out loss at every regularisation that was tried.
        notes_: Sentences about what the samples cannot tell.
        alphabet_: The states of every site.
        gauge_: "zero-sum" for categories ("reference" beside real columns: couplings of the first state are 0); "none"
            for spins and bits, which have no freedom to fix.
        gradient_norm_: Norm of the gradient at the optimum, relative to that of the independent model: at most 1e-8, or
            beyond 1,000 couplings up to 1e-6 as long as they are within about 1e-4 of their standard errors.
        n_samples_seen_: Samples of positive weight that `partial_fit` has seen; only after it.
        n_features_in_, feature_names_in_: As in every scikit-learn estimator.

    Guarantee:
        Standard errors are sandwich estimates: they hold for many samples, also if the model is wrong (then for the
        best couplings). After L1 they do not know of the selection.
    Cost: about 40 products of samples x couplings for pairs (BLAS), in memory of bounded blocks; local families cost
        in proportion to their couplings.
    Source: score matching Hyvarinen (2005, 2007); pseudo-likelihood Besag (1975);
        screening Vuffray et al. (2016, 2020); THEORY in Lin, Tegmark & Rolnick
        (2017), section 2.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> s = rng.choice([-1, 1], size=(5000, 3))
        >>> s[:, 1] = np.where(rng.random(5000) < 0.8, s[:, 0], -s[:, 0])  # p(equal) = 0.8: coupling -ln(4) / 2
        >>> model = HamiltonianDensity(kind="spin", order=2).fit(s)
        >>> table = model.hamiltonian_.couplings.set_index("term")
        >>> bool(abs(table.value["x0*x1"] + np.log(4) / 2) < 3 * table.standard_error["x0*x1"])
        True
        >>> x = rng.normal(size=(5000, 2)) / np.sqrt(2)  # H = x0^2 + x1^2
        >>> found = HamiltonianDensity(order="auto", radius="auto", symmetry="auto", random_state=0).fit(x)
        >>> found.order_, found.radius_, found.symmetry_
        (2, 0.0, 'permutation+sign flip')
    """

    def __init__(
        self,
        kind: Any = "real",
        order: Any = 2,
        geometry: Any = None,
        method: str = "auto",
        radius: Any = "all",
        terms: Any = None,
        regularization: Any = "auto",
        l1: Any = 0.0,
        threshold: float = 0.0,
        cv: Any = 5,
        standard_errors: Any = "auto",
        labels: Any = None,
        n_jobs: int | None = None,
        engine: str = "numpy",
        random_state: Any = None,
        verbose: int = 0,
        max_terms: int = 20_000,
        symmetry: Any = None,
        bounds: Any = None,
        normalizable: str = "check",
        checkpoint: Any = None,
    ) -> None:
        self.kind = kind
        self.order = order
        self.geometry = geometry
        self.method = method
        self.radius = radius
        self.terms = terms
        self.regularization = regularization
        self.l1 = l1
        self.threshold = threshold
        self.cv = cv
        self.standard_errors = standard_errors
        self.labels = labels
        self.n_jobs = n_jobs
        self.engine = engine
        self.random_state = random_state
        self.verbose = verbose
        self.max_terms = max_terms
        self.symmetry = symmetry
        self.bounds = bounds
        self.normalizable = normalizable
        self.checkpoint = checkpoint

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fits the family, or climbs the ladder and fits the chosen one.

        Args:
            X: Samples, shape (samples, n), values of the kind; DataFrame columns name the sites. Rows may be
                unique rows with their counts as `sample_weight`; shuffled folds then deal out the counts, other folds
                hold out whole rows with all their weight. Spins or bits in a PyTorch tensor are summed on its device by
                the pseudo-likelihood (for the likelihood once, on this machine). A Dask array or DataFrame
                stays on the cluster of `engine`, chunk by chunk, and must be the same whenever it is computed; one
                family is fitted to it.
            y: Ignored.
            sample_weight: Non-negative weights, shape (samples,); a weight of 2 counts as two samples, 0 as none.
            groups: Group of each sample, never divided between training and held-out rows.

        Returns:
            The fitted estimator.

        Raises:
            ValueError: If an argument is invalid or a value is not of the kind (says row and column).

        Warns:
            UserWarning: If the samples do not identify the couplings; `notes_` has all sentences.
            ConvergenceWarning: If an optimum was not reached to its tolerance.
        """
        check_density_arguments(self)
        for of_another_fit in OF_SOME_FITS:
            self.__dict__.pop(of_another_fit, None)
        if self.kind == "real":
            from .real.estimation import fit_real

            self._model: DiscreteModel | RealModel | MixedModel = fit_real(self, X, sample_weight, groups)
            self._warn(converged=True)
            return self
        if not isinstance(self.kind, str):
            from .mixed.estimation import fit_mixed

            self._model, converged, chosen_converged = fit_mixed(self, X, sample_weight, groups)
            self._warn(converged, chosen_converged)
            return self
        with place_of(self.engine, self.n_jobs, X) as place:
            converged = self._fit_at(place, read_samples(self, X, sample_weight, groups, place))
        self._warn(converged, converged or self._fit.converged)
        return self

    @available_if(_is_real)
    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Adds samples to all that were passed to `partial_fit` before, and fits one family to their sums.

        The samples are gone afterwards: what is kept does not grow with their number. The first chunk fixes the
        units in which sums are formed; without a ridge the couplings in raw units are those of `fit` on all samples,
        however these are divided and in whichever order (but for the constant of H, which means nothing, and for what
        the samples do not identify). Two things do depend on the first chunk: what a ridge does, and how far from a
        wall (`bounds`) samples count in full. Choosing is for `fit`: order, radius and symmetry are given, and
        `regularization` is a number or "auto" (0). Everything is summed on this machine; `cv` and `engine` are not
        used.

        Args:
            X: Samples, shape (samples, n). In the first chunk some column must vary; some hundred samples make good
                units.
            y: Ignored.
            sample_weight: Non-negative weights, shape (samples,); a weight of 2 counts as two samples, 0 as none.

        Returns:
            The fitted estimator. `n_samples_seen_` counts samples of positive weight; score matching has no standard
            errors (they need the samples again), the likelihood has. `ladder_` has one row, without a loss.

        Raises:
            AttributeError: If `kind` is not "real".
            ValueError: If an argument or a sample is invalid, or order, radius, symmetry, terms, geometry, bounds or
                method are not those of the chunks before. The estimator is then as it was.

        Warns:
            UserWarning: If the samples do not identify the couplings, or the density does not exist.

        Guarantee: the couplings in raw units agree with those of `fit` up to rounding times the condition of the
            sums.
        Cost: per sample as `fit`; each call solves for the couplings (K^3 / 3 operations for K of them).

        Example:
            >>> X = np.random.default_rng(0).normal(size=(3000, 2)) * [1.0, 100.0]
            >>> model = HamiltonianDensity(order=2, method="score matching")
            >>> for chunk in np.array_split(X, 10):
            ...     model = model.partial_fit(chunk)
            >>> whole = HamiltonianDensity(order=2, method="score matching").fit(X)
            >>> here, there = (m.couplings.query("term != '1'").value_raw for m in (model, whole))
            >>> bool(np.max(np.abs(here / there - 1)) < 1e-9)
            True
        """
        from .real.streaming import continue_stream

        check_density_arguments(self)
        model = continue_stream(self, getattr(self, "_stream", None), X, sample_weight)
        for of_fit in ("ladder_score_", "baselines_"):
            self.__dict__.pop(of_fit, None)
        self._model = model
        self._warn(converged=True, told=1)
        return self

    def _fit_at(self, place: Place, samples: Samples) -> bool:
        """Fits, summing samples at a place; returns whether every optimum was reached."""
        self.alphabet_ = samples.alphabet
        self.gauge_ = "zero-sum" if self.kind == "category" else "none"
        families, self.ladder_notes_ = discrete_families(self, samples.alphabet)
        self.method_ = choose_method(self.method, samples.alphabet, families)
        l1 = SCREENING_L1[self.method_] if isinstance(self.l1, str) else float(self.l1) or None
        problem = partial(Problem, method=self.method_, l1=l1, threshold=self.threshold, place=place)
        ladder = self._ladder(samples, families, problem)
        self.ladder_, self.regularization_path_, self.verdict_ = ladder.table, ladder.path, ladder.verdict
        self.regularization_ = ladder.regularization
        self._fit = problem(families[ladder.family], samples.distinct()).fit(ladder.regularization)
        self.order_, self.radius_ = ladder.family.order, ladder.family.radius
        self.symmetry_ = ladder.family.symmetry_name
        self.gradient_norm_, self.n_iter_ = self._fit.optimum.gradient_norm, max(self._fit.optimum.steps, 1)
        self.notes_ = oddities(self._fit.samples, self._fit.terms)
        self.hamiltonian_ = self._fit.terms.hamiltonian(self._fit.theta, self._standard_errors())
        self._fit.forget()
        if self._fit.shrunk is not None:
            self.shrunk_hamiltonian_ = self._fit.terms.hamiltonian(self._fit.shrunk)
        self._model = DiscreteModel.of(self._fit, self.alphabet_, self.random_state, OWNER)
        return ladder.converged and self._fit.converged

    def _ladder(self, samples: Samples, families: dict[Family, Terms], problem: Callable[..., Problem]) -> Ladder:
        fixed = None if isinstance(self.regularization, str) else float(self.regularization)
        if len(families) == 1 and self.regularization != "search":
            ((family, terms),) = families.items()
            most = terms.samples_needed
            too_few = samples.number_distinct(most) < most
            guard = FEW_SAMPLES * samples.total if too_few else min(GUARD * samples.total, MOST_GUARD)
            self._guarded = fixed is None
            return unscored([family], guard if fixed is None else fixed, lambda _: terms.n_parameters)
        self._guarded = False
        if not isinstance(samples, DiscreteSamples):
            advice = "Pass one order, one radius and a regularization, or X.compute()."
            requirement = "an array where families or regularizations are compared"
            raise ValueError(must_be("X", OWNER, requirement, "a Dask collection", advice))
        samples, folds = density_folds(self.cv, samples, self.random_state)
        scorer = Scorer(all(terms.exact_sums is not None for terms in families.values()))
        self.ladder_score_ = scorer.name
        self.baselines_, independent = score_baselines(samples, folds, scorer)
        key = {name: getattr(self, name) for name in ("kind", "l1", "threshold", "regularization")}
        key |= {"method": self.method_, "score": scorer.name}
        with progress(len(families), "families", self.verbose >= 1) as report:
            climb = Climb(problem, samples, folds, fixed, scorer, self.checkpoint, key)
            return climb.ladder(families, independent, report)

    def _standard_errors(self) -> np.ndarray | None:
        """Errors of the couplings; NaN, and a note, where the guard alone keeps a coupling finite."""
        fit = self._fit
        T = len(fit.terms) if fit.terms.orbits is None else len(fit.terms.orbits)
        operations = 5.0 * T**3 + 2.0 * fit.samples.count * T**2
        if self.standard_errors is False or (self.standard_errors == "auto" and operations > QUICK_OPERATIONS):
            return None
        found = coupling_errors(fit)
        errors = found.sandwich.copy()
        weak = self.regularization_ <= 1.001 * min(GUARD * fit.objective.total, MOST_GUARD)  # sums are rounded
        if weak or self._guarded:
            unknown = found.unidentified
            errors[unknown] = np.nan
            if unknown.any():
                names, orbits = fit.terms.variables.names, fit.terms.orbits
                rows = np.flatnonzero(unknown) if orbits is None else orbits.first[unknown[orbits.first]]
                monomials = list(fit.terms.monomials)
                texts = [term_text(monomials[row], names) for row in rows]
                shown = ", ".join(texts[:5]) + (f", ... ({len(texts)} in all)" if len(texts) > 5 else "")
                self.notes_.append(f"Not identified by the samples, no standard error: {shown}.")
        return errors

    def _warn(self, converged: bool, chosen_converged: bool = True, told: int = 0) -> None:
        """Warns of the first note; the last `told` only inform."""
        of_ladder = [note for note in self.ladder_notes_ if NO_TERM not in note]
        notes = [*of_ladder, *self.notes_[: len(self.notes_) - told]]
        if notes:
            more = f" ({len(notes)} such notes: see `notes_` and `ladder_notes_`)" if len(notes) > 1 else ""
            warnings.warn(f"{OWNER}: {notes[0]}{more}", UserWarning, stacklevel=3)
        if not converged:
            advice = ", or pass method='pseudolikelihood'" if self.method_ == "screening" else ""
            where = f"the gradient norm is {self.gradient_norm_:.1e} of that of the independent model"
            if chosen_converged:
                where = "some fit on a fold of the ladder stopped too early"
            message = f"{OWNER} did not converge: {where}. Raise `regularization`{advice}."
            warnings.warn(message, ConvergenceWarning, stacklevel=3)

    @property
    def couplings(self) -> pd.DataFrame:
        """Table of all couplings: term, value, standard_error, lower, upper (95 % interval), nats."""
        check_is_fitted(self)
        return self.hamiltonian_.couplings

    @property
    def coupling_covariance_(self) -> np.ndarray | None:
        """Covariance of the raw couplings in the order of `hamiltonian_.monomials`, nats^2; None where not computed.

        Of real variables only. Standard errors are the roots of its diagonal.
        """
        check_is_fitted(self)
        return getattr(self._model, "covariance", None)

    @property
    def graph_(self) -> FactorGraph:
        """The energies as tables over the sites."""
        check_is_fitted(self)
        return self._discrete("graph_").graph

    @property
    def coupling_strengths_(self) -> np.ndarray:
        """Root mean square of the pair table of every two sites in the zero-sum gauge, (n, n); |J| for spins, nats."""
        check_is_fitted(self)
        return pair_strengths(self.graph_)

    @property
    def partition_(self) -> LogPartition:
        """The value of ln Z with the method that found it; computed on first use (then kept).

        Exact by enumeration (to 25 bits) or elimination where that is possible, else bracketed by annealing forward
        and back; then the value is the upper end, and a warning says where the bracket is wider than 0.1 nats. For real
        and discrete variables together: exact where H is at most quadratic in the real ones and the others have at most
        2^16 states, else a ValueError.
        `estimate_partition` takes the settings of the annealing.
        """
        check_is_fitted(self)
        return self._model.partition()

    def estimate_partition(self, **options: Any) -> LogPartition:
        """Computes ln Z anew and keeps it.

        Args:
            **options: For the annealing, where ln Z is not exact: steps, chains, codes, schedule, sampler.

        Returns:
            The ln Z.
        """
        check_is_fitted(self)
        return self._model.estimate_partition(**options)

    @property
    def log_partition_(self) -> float:
        """The value of ln Z, nats; see `partition_`."""
        return self.partition_.value

    def energy(self, X: Any) -> np.ndarray:
        """H of samples.

        Args:
            X: Samples, shape (samples, n), values of the kind.

        Returns:
            Nats, shape (samples,).

        Raises:
            ValueError: If a value was not among the states when fitting (says row and column).
        """
        check_is_fitted(self)
        return self._model.energy(read_rows(self, X, reset=False))

    def score_samples(self, X: Any) -> np.ndarray:
        """Log-probability of samples, -H - ln Z.

        Args:
            X: Samples, shape (samples, n), values of the kind.

        Returns:
            Nats, shape (samples,); as good as `partition_`.

        Raises:
            ValueError: If a value was not among the states when fitting, or ln Z cannot be computed (use
                `pseudo_log_likelihood` then).
        """
        return -self.energy(X) - self.log_partition_

    def score(self, X: Any, y: Any = None) -> float:
        """Mean log-probability.

        Args:
            X: Samples, shape (samples, n).
            y: Ignored.

        Returns:
            Nats per sample.
        """
        return float(np.mean(self.score_samples(X)))

    def pseudo_log_likelihood(self, X: Any) -> np.ndarray:
        """Sum over sites of ln p(x_i | rest): what needs no ln Z.

        Args:
            X: Samples, shape (samples, n), values of the kind.

        Returns:
            Nats, shape (samples,).
        """
        check_is_fitted(self)
        return self._discrete("pseudo_log_likelihood").pseudo_log_likelihood(read_rows(self, X, reset=False))

    def hyvarinen_score(self, X: Any, units: Any = None) -> np.ndarray:
        """Loss of score matching of new samples of real variables: what needs no ln Z.

        Args:
            X: Samples, shape (samples, n).
            units: Length of one unit of each variable, shape (n,), for example `hamiltonian_.variables.scale`, the
                units of `ladder_`; None for the units of X.

        Returns:
            sum_i (d_i H)^2 / 2 - d_ii H (weighted near bounds), 1 / unit^2, shape (samples,); lower is better, and
            means in the same units differ between models by half the Fisher divergence.

        Raises:
            ValueError: If the density is not one of real variables, or the units are not n positive numbers.
        """
        check_is_fitted(self)
        if not hasattr(self._model, "hyvarinen_score"):
            raise ValueError(must_be("hyvarinen_score", OWNER, "asked of real variables", f"kind={self.kind!r}"))
        lengths = None if units is None else np.asarray(units, dtype=float)
        if lengths is not None and not (lengths.shape == (self.n_features_in_,) and np.all(lengths > 0)):
            requirement = f"{self.n_features_in_} positive lengths, or None"
            raise ValueError(must_be("units", f"{OWNER}.hyvarinen_score", requirement, repr(units)))
        return self._model.hyvarinen_score(read_rows(self, X, reset=False), lengths)

    def sample(self, n: int, method: str = "auto", random_state: Any = None, **options: Any) -> np.ndarray:
        """Draws samples.

        Args:
            n: How many.
            method: "exact", "gibbs", "tempering" (for rough energies), "cluster" (Swendsen-Wang, for pairs of spins
                or bits), or "auto": exact where that is cheap, else gibbs. Real variables: "exact" (Gaussians), "hmc",
                "tempering" or "auto". Of several kinds: "exact" (H quadratic in the real ones, at most 2^16 states of
                the others), "gibbs" (with Gaussian draws or paths of HMC for the real ones) or "auto".
            random_state: Seed; the same seed gives the same samples.
            **options: For the chains: chains, burn_in, thinning.

        Returns:
            Raw values, shape (n, variables). `sample_result` also tells the effective sample size.

        Raises:
            ValueError: If the method does not suit the density.

        Warns:
            UserWarning: If the chains have not mixed.
        """
        check_is_fitted(self)
        drawn: Any = self.sample_result(n, method, random_state, **options)  # of the kind its model draws
        return self._model.values(drawn)

    def sample_result(
        self, n: int, method: str = "auto", random_state: Any = None, **options: Any
    ) -> Drawn | RealDrawn:
        """Draws samples as `sample` does.

        Args:
            n: How many.
            method: As for `sample`.
            random_state: As for `sample`.
            **options: As for `sample`.

        Returns:
            Codes of the states (values of real variables) with method, effective sample size, autocorrelation time
            and notes.
        """
        check_is_fitted(self)
        return self._model.sample(n, method, random_state, **options)

    def _discrete(self, asked: str) -> DiscreteModel:
        """Returns the model if it is discrete."""
        if not isinstance(self._model, DiscreteModel):
            raise ValueError(must_be(asked, OWNER, "asked of spins, bits or categories", f"kind={self.kind!r}"))
        return self._model

    def to_circuit(self) -> Circuit:
        """Returns -H for the compiler: ln p up to the constant ln Z."""
        check_is_fitted(self)
        return self.hamiltonian_.to_circuit()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = self.kind != "real"
        tags.input_tags.string = has_categories(self.kind)
        return tags
