"""The classifier that finds the cheapest Hamiltonian of its data."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from .._messages import must_be
from ..geometry import Group
from .arguments import (
    OWNER,
    TrainingData,
    check_arguments,
    check_kinds,
    read_kinds,
    read_samples,
    read_training_data,
)
from .checkpoint import Checkpoint, fingerprint
from .climber import LadderPlot
from .families import NO_TERM, Family, list_families, softmax_excess
from .folds import make_folds
from .generative import draw_samples, fit_generative
from .ladder import Ladder, climb, parameter_count, unscored
from .namespaces import is_tensor
from .progress import progress
from .refit import fit_family
from .spaces import Spaces, scaled_variables
from .symmetry_names import read_symmetries

if TYPE_CHECKING:
    from ..circuit import Circuit

__all__ = ["HamiltonianClassifier"]


class HamiltonianClassifier(LadderPlot, ClassifierMixin, BaseEstimator):
    r"""Classifier softmax(-H_y(x) - mu_y) whose Hamiltonian is as cheap as the data allow.

    Families of local monomials (order, radius, symmetry) are scored by held-out log-loss; the one with the
    fewest parameters within one standard error of the best is fitted to all samples. Every fit is convex:

    .. math:: \min_{\theta, \mu} -\sum_i w_i \ln p(y_i | x_i) + \frac{\rho}{2} \|\theta\|^2_{C^{-1}}

    with C the prior correlation of the couplings (`smoothness`) and rho the regularization. The penalty is summed over
    terms, tied or not: a tied family is the free one (without smoothness) restricted to invariant couplings.

    Args:
        order: Highest degree, a list of them to choose from, or "auto" for 1, 2 and 3.
        radius: Largest distance between the variables of a term, "all", or "auto" for every radius the
            geometry knows (without one: 0 and all). Terms of degree 1 have radius 0.
        geometry: Where the variables live (`Grid`, `Chain`, `Graph`), one site per column; or None.
        symmetry: Ties the couplings of terms that a group of permutations and sign changes takes to one another: None;
            a `Group` (`cl.groups`); names joined by "+" out of "translation", "reflection", "rotation",
            "permutation", "sign flip", "blocks:SIZE"; "auto" for all that the geometry has; or a list to choose from.
        levels: Not built yet; must be 0.
        regularization: rho, nats per squared coupling in scaled units, or "auto": searched for each
            family among powers of sqrt(10) on the same folds.
        cv: Number of stratified shuffled folds, or a splitter; or None to fit one family (order,
            radius and regularization all given) without scoring it.
        n_jobs: Families scored at a time, in threads of one BLAS thread each; None for one, -1 for one per core.
        engine: "numpy" holds features that are small (above 16 MiB in single precision only, above 1 GiB not at all);
            "streaming" never holds those of fewer couplings than samples but evaluates them anew in every product.
        random_state: Seed of the folds.
        verbose: 1 or more draws a progress bar on stderr.
        smoothness: Correlation length, in sites of a grid or chain, of the couplings of terms that are
            translates of one another; 0 makes all couplings independent a priori. This is the soft version of
            translation invariance: it applies to families without a symmetry only.
        max_terms: Families with more monomials are not fitted, and `ladder_notes_` says so.
        generative: Fit a density p(x | y) for each class (`HamiltonianDensity`; spins, bits or whole numbers as
            categories) and use Bayes, instead of p(y | x) at once. Less accurate if the densities are too simple, but
            `sample` draws from them. The ladder then scores -ln p(x, y); `smoothness` and `kind` are not used.
        kind: "real", "spin" (-1 or 1), "bit" (0 or 1), or a list with one for each column. Spins and bits have no
            powers, and are neither centred nor scaled.
        checkpoint: Folder that keeps the score of every finished family, so that an interrupted ladder of the same
            data and settings goes on where it stopped; None for none.

    Attributes:
        hamiltonian_: The fitted `Hamiltonian`.
        ladder_: One row per family: order, radius, symmetry, levels, parameters, loss (held out, nats
            per sample), standard_error (of that mean), difference (to the best), difference_standard_error
            (paired over samples), chosen.
        ladder_notes_: One sentence for each family that was not fitted.
        regularization_path_: Held-out loss of every family at every regularization that was tried.
        order_, radius_, symmetry_, regularization_: What was chosen; the name of the symmetry or None (if generative,
            one regularization per class).
        verdict_: What the ladder says, in words; the share explained counts from the class frequencies.
        densities_, class_prior_: If generative: the density of each class, and p(y).
        gradient_norm_: Norm of the gradient at the optimum, relative to that of the penalty alone.
        classes_, n_features_in_, feature_names_in_: As in every scikit-learn classifier.

    Guarantee:
        The data passed to `fit` alone make the choice; for an unbiased score of the whole procedure
        nest it in `cross_val_score`. Variables are centred and scaled once, by all rows passed to `fit`
        (never by labels), before the folds are cut; variables that a symmetry exchanges have the same units.
    Cost: with N samples, K classes and T terms, N^2 T for the largest family and N^3 + N^2 K times
        some hundreds for each.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> X, y = load_iris(return_X_y=True)
        >>> model = HamiltonianClassifier(random_state=0).fit(X, y)
        >>> model.order_, model.hamiltonian_.n_parameters
        (1, 15)
    """

    def __init__(
        self,
        order: Any = "auto",
        radius: Any = "auto",
        geometry: Any = None,
        symmetry: Any = None,
        levels: int = 0,
        regularization: Any = "auto",
        cv: Any = 5,
        n_jobs: int | None = None,
        engine: str = "numpy",
        random_state: Any = None,
        verbose: int = 0,
        smoothness: float = 1.0,
        max_terms: int = 50_000,
        generative: bool = False,
        kind: Any = "real",
        checkpoint: Any = None,
    ) -> None:
        self.order = order
        self.radius = radius
        self.geometry = geometry
        self.symmetry = symmetry
        self.levels = levels
        self.regularization = regularization
        self.cv = cv
        self.n_jobs = n_jobs
        self.engine = engine
        self.random_state = random_state
        self.verbose = verbose
        self.smoothness = smoothness
        self.max_terms = max_terms
        self.generative = generative
        self.kind = kind
        self.checkpoint = checkpoint

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Climbs the ladder and fits the chosen family to all samples.

        Args:
            X: Samples, shape (samples, n), finite; DataFrame columns name the variables.
            y: Class of each sample, shape (samples,).
            sample_weight: Non-negative weights, shape (samples,); a weight of 2 counts as two samples, 0
                as none.
            groups: Group of each sample, never divided between training and held-out rows.

        Returns:
            The fitted estimator.

        Raises:
            ValueError: If an argument is invalid, X is not finite, there is only one class, or a class has
                fewer samples than `cv` folds.

        Warns:
            ConvergenceWarning: If an optimum was not reached to its tolerance.
        """
        check_arguments(self)
        data = read_training_data(self, X, y, sample_weight, groups)
        self.classes_ = data.classes
        if self.generative:
            return self._fit_densities(data)
        spaces, families = self._spaces(data, X if is_tensor(X) else None)
        Y = np.eye(len(self.classes_))[data.y]
        ladder = self._ladder(spaces, families, Y, data)
        self.ladder_, self.regularization_path_, self.verdict_ = ladder.table, ladder.path, ladder.verdict
        self.order_, self.radius_ = ladder.family.order, ladder.family.radius
        self.symmetry_ = ladder.family.symmetry_name
        self.regularization_: Any = ladder.regularization
        features = spaces.features(ladder.family.symmetry)
        self.hamiltonian_, optimum = fit_family(
            features, ladder.family, features.variables, self.classes_, Y, data.weight, ladder.regularization
        )
        self.gradient_norm_, self.n_iter_ = float(optimum.gradient_norms[0]), max(optimum.steps, 1)
        self._warn(ladder.converged and bool(optimum.converged[0]))
        return self

    def _spaces(self, data: TrainingData, tensor: Any) -> tuple[Spaces, list[Family]]:
        """Reads kinds and symmetries, and lists the families."""
        n = data.X.shape[1]
        names = tuple(map(str, getattr(self, "feature_names_in_", [f"x{i}" for i in range(n)])))
        kinds = read_kinds(self.kind, n)
        check_kinds(data.X, kinds, names, data.rows)
        if tensor is not None and self.engine == "streaming":
            advice = "Pass a NumPy array to stream."
            raise ValueError(must_be("engine", OWNER, "'numpy' if X is a tensor", repr(self.engine), advice))
        variables = scaled_variables(data.X, data.weight, names, kinds, shared=self.geometry is not None)
        spaces = Spaces(
            data.X, variables, self.geometry, float(self.smoothness), OWNER,
            streaming=self.engine == "streaming", example=tensor,
        )  # fmt: skip
        symmetries = read_symmetries(self.symmetry, self.geometry, n, kinds, OWNER)
        for symmetry in symmetries:
            spaces.variables_of(symmetry)
        families, self.ladder_notes_ = list_families(
            n,
            self.order,
            self.radius,
            self.geometry,
            self.max_terms,
            lambda family: softmax_excess(family, len(data.X)),
            kinds,
            symmetries=symmetries,
        )
        return spaces, families

    def _fit_densities(self, data: TrainingData) -> Self:
        names = tuple(map(str, getattr(self, "feature_names_in_", [f"x{i}" for i in range(data.X.shape[1])])))
        fit = fit_generative(self, data, names)
        self._generative = fit
        self.hamiltonian_, self.densities_, self.class_prior_ = fit.hamiltonian, fit.densities, fit.prior
        self.ladder_, self.ladder_notes_ = fit.ladder, fit.notes
        self.regularization_path_ = pd.concat([
            density.regularization_path_.assign(**{"class": y})
            for y, density in zip(data.classes, fit.densities, strict=True)
        ])
        self.order_, self.radius_ = fit.hamiltonian.order, fit.hamiltonian.radius
        self.regularization_ = np.array([density.regularization_ for density in fit.densities])
        self.gradient_norm_ = max(density.gradient_norm_ for density in fit.densities)
        self.n_iter_ = max(density.n_iter_ for density in fit.densities)
        return self

    def _ladder(self, spaces: Spaces, families: list[Family], Y: np.ndarray, data: TrainingData) -> Ladder:
        fixed = None if self.regularization == "auto" else float(self.regularization)
        if self.cv is None:
            if len(families) > 1:
                got = ", ".join(map(str, families))
                advice = "Pass one order, radius and symmetry, or cv=5."
                raise ValueError(must_be("cv", OWNER, "given if anything has to be chosen", f"None for {got}", advice))
            return unscored(families, fixed, parameter_count(Y.shape[1]))
        folds = make_folds(self.cv, data, self.random_state)
        checkpoint = Checkpoint(self.checkpoint, self._fingerprint(spaces, Y, data, folds))
        with progress(len(families), "families", self.verbose >= 1) as report:
            return climb(spaces, families, Y, data.weight, folds, fixed, self.n_jobs, report, checkpoint)

    def _fingerprint(self, spaces: Spaces, Y: np.ndarray, data: TrainingData, folds: list[Any]) -> str:
        """Tells apart whatever the score of a family depends on, apart from the family itself."""
        if self.checkpoint is None:
            return ""
        settings = {
            "geometry": None if self.geometry is None else self.geometry.to_dict(),
            "kinds": spaces.variables.kinds,
            "smoothness": float(self.smoothness),
            "regularization": self.regularization if self.regularization == "auto" else float(self.regularization),
        }
        given = self.symmetry if isinstance(self.symmetry, list | tuple) else [self.symmetry]
        groups = [group for group in given if isinstance(group, Group)]  # whose names need not tell them apart
        arrays = [data.X, Y, data.weight, *(rows for fold in folds for rows in fold)]
        arrays += [part for group in groups for generator in group.generators for part in generator]
        arrays += [marks for group in groups for marks in group.within if marks is not None]
        return fingerprint(arrays, settings)

    def _warn(self, converged: bool) -> None:
        left_out = [note for note in self.ladder_notes_ if NO_TERM not in note]
        if left_out:
            count = f" ({len(left_out)} such families: see `ladder_notes_`)"
            message = f"HamiltonianClassifier: {left_out[0]}{count}"
            warnings.warn(message, UserWarning, stacklevel=3)
        if not converged:
            message = (
                "HamiltonianClassifier did not converge: the gradient norm is "
                f"{self.gradient_norm_:.1e} of the penalty's. "
                "Raise `regularization`, or look for outliers in X."
            )
            warnings.warn(message, ConvergenceWarning, stacklevel=3)

    def _logits(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return self.hamiltonian_.logits(read_samples(self, X))

    def decision_function(self, X: Any) -> np.ndarray:
        """Logits -H - mu, in nats.

        Args:
            X: Samples, shape (samples, n).

        Returns:
            Shape (samples, classes); for two classes the log-odds of `classes_[1]`, shape (samples,).
        """
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: Any) -> np.ndarray:
        """Posterior probabilities softmax(-H - mu).

        Args:
            X: Samples, shape (samples, n).

        Returns:
            Shape (samples, classes); rows sum to 1.
        """
        check_is_fitted(self)
        return self.hamiltonian_.probabilities(read_samples(self, X))

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class.

        Args:
            X: Samples, shape (samples, n).

        Returns:
            Labels, shape (samples,).
        """
        logits = self._logits(X)
        return self.classes_[logits.argmax(axis=1)]

    def sample(
        self, n: int, y: Any = None, method: str = "auto", random_state: Any = None, **options: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draws from p(x | y) of a generative classifier.

        Args:
            n: How many.
            y: Which class, or None for classes drawn from the prior.
            method: "exact", "gibbs", "tempering", "cluster" or "auto", as `HamiltonianDensity.sample` takes it.
            random_state: Seed; the same seed gives the same samples.
            **options: For the chains: chains, burn_in, thinning.

        Returns:
            Samples, shape (n, variables), and their labels, shape (n,).

        Raises:
            ValueError: If the classifier was not fitted with generative=True, or `y` is no class.
        """
        check_is_fitted(self)
        if not self.generative:
            advice = "Fit HamiltonianClassifier(generative=True)."
            raise ValueError(must_be("generative", "HamiltonianClassifier.sample", "True", False, advice))
        return draw_samples(self._generative, self.classes_, n, y, method, random_state, options)

    def to_circuit(self) -> Circuit:
        """Returns the exact logits -H_y - mu_y for the compiler."""
        check_is_fitted(self)
        return self.hamiltonian_.to_circuit()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False  # monomials of centred variables are dense
        return tags
