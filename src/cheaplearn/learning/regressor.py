"""The regressor that finds the cheapest polynomial of its data."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from .._messages import must_be
from .checkpoint import Checkpoint, fingerprint
from .climber import LadderPlot
from .clusters import connected
from .families import Family, list_families
from .ladder import Ladder, unscored
from .progress import progress
from .regression.arguments import OWNER, TrainingRows, check_arguments, is_foreign, make_folds, read_chunk, read_rows
from .regression.cells import Cells
from .regression.final import estimate, hamiltonian_of
from .regression.intervals import Spread
from .regression.ladder import Problem, SharedSums, climb_regressions, regression_excess
from .regression.prediction import prediction_circuit
from .regression.rows import summary
from .regression.sparse import fit_sparse
from .regression.streaming import Stream
from .regression.units import Units
from .symmetry_names import read_symmetries

if TYPE_CHECKING:
    import pandas as pd

    from ..circuit import Circuit
    from ..geometry import Geometry
    from ..polynomial import Polynomial

__all__ = ["HamiltonianRegressor"]

ORDERS = (1, 2, 3, 4, 5)


def _streams(model: HamiltonianRegressor) -> bool:
    """Says whether there is one family, so that sums are all that a fit needs.

    Args:
        model: The estimator.

    Returns:
        True.

    Raises:
        AttributeError: If there is not, with what to pass.
    """
    chosen = [model.order, model.radius, model.regularization]
    several = any(isinstance(value, list | tuple) or str(value) == "auto" for value in [*chosen, model.symmetry])
    if several or model.sparse or model.engine != "numpy":
        requirement = "used with one order, radius, symmetry and regularization, sparse=False and engine='numpy'"
        raise AttributeError(must_be("partial_fit", OWNER, requirement, repr(model), "Set these, or call fit."))
    return True


class HamiltonianRegressor(LadderPlot, MultiOutputMixin, RegressorMixin, BaseEstimator):
    r"""Polynomial regression y = H(x) + constant + noise with as few terms as the data allow.

    Families of local monomials (order, radius, symmetry) are scored by held-out Gaussian log-loss; the one with the
    fewest parameters within one standard error of the best is fitted to all samples:

    .. math:: \min_{\theta, b} \frac12 \sum_i w_i (y_i - b - H(x_i))^2 + \frac{\rho}{2} \sum_o d_o^2 \theta_o^2

    with y in units of its standard deviation and d the standard deviation of each term.

    Args:
        order: Highest degree, a list of them to choose from, or "auto" for 1 to 5 as far as there are no more couplings
            than samples (`ladder_notes_` names what that leaves out; all others are scored, none is skipped).
        radius: Largest distance between the variables of a term, "all", or "auto" for every radius the
            geometry knows (without one: 0 and all). Terms of degree 1 have radius 0.
        geometry: Where the variables live (`Grid`, `Chain`, `Graph`), one site per column; or None.
        symmetry: Groups that tie couplings: None, a name ("translation", "reflection+translation", ...), a
            `Group`, "auto", or a list of these to choose from.
        regularization: rho, or "auto": for each family 0 unless one of 1e-4, 1e-3, ..., 1e6 has a held-out loss that is
            lower by more than one standard error.
        cv: Number of shuffled folds, or a splitter; or None to fit one family (order, radius, symmetry and
            regularization all given) without scoring it.
        n_jobs: Families scored at a time, in threads; None for one, -1 for one per core.
        engine: "numpy", "dask" for the current Dask client, or the address of a scheduler.
        random_state: Seed of the folds.
        verbose: 1 or more draws a progress bar on stderr.
        max_terms: Families with more monomials are not fitted, and `ladder_notes_` says so.
        sparse: Whether to drop terms of the chosen family, in raw units, as long as the extended Bayesian information
            criterion falls (`regression.selection`). Terms of all orders of the ladder that have the chosen radius and
            symmetry are tried.
        checkpoint: Folder in which scores of finished families are kept, so that an interrupted fit goes on; or None.

    Attributes:
        hamiltonian_: The fitted polynomial as a `Hamiltonian`, one column ("class") per output, in the units of y:
            the prediction is `hamiltonian_(X) + intercept_`. Its `couplings` have classical standard errors (noise of
            one size, independent of x) and 95 % intervals; with rho > 0 they are those of the penalised estimate, whose
            bias they do not contain.
        intercept_: Constant of each output, shape (outputs,); a number for one-dimensional y.
        noise_: Standard deviation of the noise of each output, in the units of y; likewise. NaN where there are no
            more samples than numbers fitted.
        ladder_: One row per family: order, radius, symmetry, levels, parameters, loss (held out, nats per sample, of y
            in units of its standard deviation, summed over outputs: about 1.42 each for the constant model),
            standard_error, difference, difference_standard_error, chosen.
        ladder_notes_: One sentence for each family that was not fitted.
        verdict_: The ladder in words; the baseline is the constant model.
        regularization_path_: Held-out loss of every family at every regularization that was tried.
        order_, radius_, symmetry_, regularization_: What was chosen; the symmetry by name, or None.
        sparse_path_: If sparse: terms, standard deviation of the residuals and criterion of every step.
        formula_notes_: What `formula_` did to which coefficient.
        n_features_in_, feature_names_in_: As in every scikit-learn regressor.

    Guarantee:
        The data passed to `fit` alone make the choice. Variables and outputs are centred and scaled once, by all rows,
        before the folds are cut. A weight of 2 counts as two samples. Noise below 1e-12 of the standard deviation of an
        output counts as that, because it is rounding: families that are exact up to rounding tie, the cheapest wins.
    Cost: with N samples and T terms N T^2 once for all families, T^3 for each family and fold; if sparse, N T^2 + T^3
        more for each order tried. The design matrix is never held, only blocks of rows.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = rng.uniform(1, 5, size=(200, 2))
        >>> model = HamiltonianRegressor(sparse=True, random_state=0).fit(X, 0.5 * X[:, 0] * X[:, 1] ** 2)
        >>> model.order_, model.formula_
        (3, [Polynomial(x0*x1**2/2)])
    """

    def __init__(
        self,
        order: Any = "auto",
        radius: Any = "all",
        geometry: Any = None,
        symmetry: Any = None,
        regularization: Any = "auto",
        cv: Any = 5,
        n_jobs: int | None = None,
        engine: str = "numpy",
        random_state: Any = None,
        verbose: int = 0,
        max_terms: int = 3_000,
        sparse: bool = False,
        checkpoint: Any = None,
    ) -> None:
        self.order = order
        self.radius = radius
        self.geometry = geometry
        self.symmetry = symmetry
        self.regularization = regularization
        self.cv = cv
        self.n_jobs = n_jobs
        self.engine = engine
        self.random_state = random_state
        self.verbose = verbose
        self.max_terms = max_terms
        self.sparse = sparse
        self.checkpoint = checkpoint

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Climbs the ladder and fits the chosen family to all samples.

        Args:
            X: Samples, shape (samples, n), finite; DataFrame columns name the variables. PyTorch tensors and other
                arrays of the array API are used where they lie, in their own type. A Dask array or DataFrame stays on
                the cluster of `engine`.
            y: Outputs, shape (samples,) or (samples, outputs).
            sample_weight: Non-negative weights, shape (samples,); a weight of 2 counts as two samples, 0 as none.
            groups: Group of each sample, never divided between training and held-out rows.

        Returns:
            The fitted estimator.

        Raises:
            ValueError: If an argument is invalid, or X or y is not finite.

        Warns:
            UserWarning: If a family that was asked for is too large to be fitted.
        """
        check_arguments(self)
        self.__dict__.pop("_stream", None)
        with nullcontext() if self.engine == "numpy" else connected(self.engine, OWNER) as workers:
            self._fit_rows(read_rows(self, X, y, sample_weight, groups, workers), (X, y))
        if self.ladder_notes_ and self.order != "auto":
            count = f" ({len(self.ladder_notes_)} such families: see `ladder_notes_`)"
            warnings.warn(f"{OWNER}: {self.ladder_notes_[0]}{count}", UserWarning, stacklevel=2)
        return self

    @available_if(_streams)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Adds samples to those of earlier calls and fits the one family to all of them.

        Only sums are kept, so chunks may come from a stream. All chunks together give the fit of all samples
        up to rounding; noise below about 1e-7 of the deviation of y cannot be told from it. `fit` begins anew.

        Args:
            X: Samples, shape (samples, n); the first chunk should be typical, for it fixes the units of the sums.
            y: Outputs, shape (samples,) or (samples, outputs).
            sample_weight: Non-negative weights, shape (samples,).

        Returns:
            The fitted estimator.

        Raises:
            AttributeError: If order, radius or regularization has to be chosen, terms are to be dropped, or the engine
                is no "numpy".
            ValueError: If a sample is not finite, or its shape or the family is not that of earlier calls.
        """
        check_arguments(self)
        first = "_stream" not in self.__dict__
        chunk, data = read_chunk(self, X, y, sample_weight, first)
        families = self._families(data.rows.n_rows, streaming=True)
        if first:
            self._stream = Stream.of(chunk, families[0], self.geometry)
        elif str(families[0]) != str(self._stream.family):
            requirement = f"as in earlier calls ({self._stream.family})"
            raise ValueError(must_be("order", f"{OWNER}.partial_fit", requirement, families[0], "Call fit anew."))
        elif len(data.outputs) != len(self._stream.units.y_scale):
            requirement = f"of {len(self._stream.units.y_scale)} outputs, as in earlier calls"
            raise ValueError(must_be("y", f"{OWNER}.partial_fit", requirement, len(data.outputs)))
        else:
            self._stream.add(chunk)
        rho = float(self.regularization)
        self._keep(unscored(families, rho, lambda f: (f.n_couplings + 1) * len(data.outputs)), data)
        self._estimate = self._stream.estimate(rho)
        self._write(self.geometry, families[0], data)
        return self

    def _fit_rows(self, data: TrainingRows, passed: tuple[Any, Any]) -> None:
        families = self._families(data.rows.n_rows)
        problem = self._problem(data, families)
        fixed = None if isinstance(self.regularization, str) else float(self.regularization)
        if self.cv is None:
            ladder = unscored(families, fixed, lambda f: (f.n_couplings + 1) * len(data.outputs))
        else:
            with progress(len(families), "families", self.verbose >= 1) as report:
                checkpoint = self._checkpoint(problem, data, fixed, passed)
                ladder = climb_regressions(problem, families, fixed, checkpoint, self.n_jobs, report)
        self._keep(ladder, data)
        if self.sparse:
            self._finish_sparse(problem, families, ladder.family, data)
        else:
            self._finish(problem, ladder.family, data)

    def _families(self, n_rows: int, streaming: bool = False) -> list[Family]:
        n = self.n_features_in_
        symmetries = read_symmetries(self.symmetry, self.geometry, n, None, OWNER)
        families, self.ladder_notes_ = list_families(
            n,
            self.order,
            self.radius,
            self.geometry,
            self.max_terms,
            lambda family: regression_excess(family, n_rows, self.order != "auto"),
            owner=OWNER,
            symmetries=symmetries,
            orders=ORDERS,
        )
        if (self.cv is None or streaming) and len(families) > 1:
            advice = "Pass one order, radius and symmetry, or cv=5."
            raise ValueError(must_be("cv", OWNER, "given if anything has to be chosen", None, advice))
        return families

    def _problem(self, data: TrainingRows, families: list[Family]) -> Problem:
        found = summary(data.rows)
        center, scale = found.center_and_scale(self.geometry is not None)
        folds = []
        if self.cv is not None:
            folds = make_folds(self.cv, data, self.n_features_in_, self.random_state)
        from_zero = bool(self.sparse) and any(family.symmetry is not None for family in families)
        units = Units(center, scale, *found.output_units)
        return Problem(data.rows, units, self.geometry, Cells.of(folds, data.rows.n_rows), data.weight, from_zero)

    def _checkpoint(
        self, problem: Problem, data: TrainingRows, fixed: float | None, passed: tuple[Any, Any]
    ) -> Checkpoint:
        if self.checkpoint is None:
            return Checkpoint(None, "")
        arrays = [np.asarray(passed[0], float)[data.places], np.asarray(passed[1], float)[data.places], data.weight]
        settings = {
            "geometry": None if self.geometry is None else self.geometry.to_dict(),
            "regularization": fixed,
            "from_zero": problem.from_zero,
        }
        key = fingerprint([*arrays, problem.cells.training, problem.cells.held], settings)
        return Checkpoint(self.checkpoint, key)

    def _keep(self, ladder: Ladder, data: TrainingRows) -> None:
        self.ladder_, self.regularization_path_, self.verdict_ = ladder.table, ladder.path, ladder.verdict
        self.order_, self.radius_ = ladder.family.order, ladder.family.radius
        self.symmetry_, self.regularization_ = ladder.family.symmetry_name, ladder.regularization
        self._flat = data.flat
        self.__dict__.pop("_formulas", None)

    def _finish(self, problem: Problem, family: Family, data: TrainingRows) -> None:
        """Fits the chosen family to all rows."""
        sums = SharedSums(problem, [family]).of(family)
        self._estimate = estimate(problem, family, self.regularization_, problem.cells.sums(sums, -1))
        self._write(self.geometry, family, data)

    def _finish_sparse(self, problem: Problem, families: list[Family], chosen: Family, data: TrainingRows) -> None:
        """Selects terms of all orders that have the chosen reach and symmetry."""
        alike = [
            f
            for f in families
            if f.symmetry_name == chosen.symmetry_name and (f.radius >= chosen.radius or f == chosen)
        ]
        found = fit_sparse(problem, alike, data.outputs)
        self._estimate, self.sparse_path_ = found.estimate, found.path
        self.order_, self.radius_, self.regularization_ = found.family.order, found.family.radius, 0.0
        kept = len(found.estimate.design.monomials)
        self.verdict_ += f" Sparse: {kept} of the {found.family.n_terms} terms of {found.family} are needed."
        self._write(self.geometry, found.family, data)

    def _write(self, geometry: Geometry | None, family: Family, data: TrainingRows) -> None:
        found = self._estimate
        names = tuple(map(str, getattr(self, "feature_names_in_", [f"x{i}" for i in range(self.n_features_in_)])))
        self.hamiltonian_ = hamiltonian_of(found, family, names, data.outputs, geometry)
        self.intercept_ = self._shaped(self.hamiltonian_.offsets)
        self.noise_ = self._shaped(found.noise * found.units.y_scale)

    def _shaped(self, values: np.ndarray) -> Any:
        """Returns outputs in the shape of y: without their axis if y had none."""
        return values[..., 0] if self._flat else values

    @property
    def couplings(self) -> pd.DataFrame:
        """Table of all couplings: value, standard error and 95 % interval, in raw and in scaled units of x."""
        check_is_fitted(self)
        return self.hamiltonian_.couplings

    @property
    def formula_(self) -> list[Polynomial]:
        """The prediction as exact polynomials of the raw variables, one per output.

        If sparse, every coefficient is replaced by the simplest fraction within 3 standard errors where these are
        so small that a fraction as simple is there by chance in less than 1 of 20 cases, and if the formula is as
        good (`formula_notes_`); else coefficients are what was fitted.
        """
        check_is_fitted(self)
        return self._formula_and_notes()[0]

    @property
    def formula_notes_(self) -> list[str]:
        """One sentence for each output: which coefficients of `formula_` are simple fractions, and at what price."""
        check_is_fitted(self)
        return self._formula_and_notes()[1]

    def _formula_and_notes(self) -> tuple[list[Polynomial], list[str]]:
        from .regression.formula import formulas

        if "_formulas" not in self.__dict__:
            self._formulas = formulas(self.hamiltonian_, self._estimate, bool(self.sparse))
        return self._formulas

    def _checked(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        if is_foreign(X):
            from array_api_compat import to_device

            X = np.asarray(to_device(X, "cpu"))
        return validate_data(self, X, reset=False, dtype=np.float64)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predicts.

        Args:
            X: Samples, shape (samples, n).
            return_std: Whether to return the standard deviation of a new y as well: noise and uncertain couplings.

        Returns:
            Shape (samples,) or (samples, outputs), as y was; with `return_std` a pair of such arrays.
        """
        values = self._checked(X)
        mean = self._shaped(self.hamiltonian_(values) + self.hamiltonian_.offsets)
        return (mean, self._shaped(self.spread_.deviations(self.hamiltonian_, values))) if return_std else mean

    @property
    def spread_(self) -> Spread:
        """Noise and uncertain couplings: what intervals need besides `hamiltonian_`; to be saved with it."""
        check_is_fitted(self)
        return self._estimate.spread

    def predict_interval(self, X: Any, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Intervals that contain a new y with a given probability.

        Args:
            X: Samples, shape (samples, n).
            level: The probability.

        Returns:
            Lower and upper ends, each of the shape of `predict`; NaN where the noise is not known.

        Raises:
            ValueError: If the level is not between 0 and 1.

        Guarantee: Exact for Gaussian noise of one size around a polynomial of the chosen family, without a penalty.
        """
        if not 0 < level < 1:
            raise ValueError(must_be("level", f"{OWNER}.predict_interval", "between 0 and 1", level))
        values = self._checked(X)
        mean = self._shaped(self.hamiltonian_(values) + self.hamiltonian_.offsets)
        reach = self._shaped(self.spread_.reach(self.hamiltonian_, values, level))
        return mean - reach, mean + reach

    def to_circuit(self) -> Circuit:
        """Returns the exact prediction for the compiler: `cl.compile(model, box=..., tolerance=...)`."""
        check_is_fitted(self)
        return prediction_circuit(self.hamiltonian_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False  # monomials of centred variables are dense
        tags.target_tags.multi_output = True
        return tags
