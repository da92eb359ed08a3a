"""pysindy's polynomial library with sequentially thresholded least squares, tuned on the folds of the job."""

import warnings

import fitting
import numpy as np
from pysindy import STLSQ, PolynomialLibrary
from sklearn.base import BaseEstimator, RegressorMixin, clone

THRESHOLDS, ALPHAS = (0.003, 0.01, 0.03, 0.1, 0.3), (1e-10, 1.0)
MOST_FEATURES = 3000


class Sparse(RegressorMixin, BaseEstimator):
    """One fit: library of one degree, columns of deviation 1, thresholds in deviations of y."""

    def __init__(self, degree=2, threshold=0.1, alpha=1e-10):
        self.degree, self.threshold, self.alpha = degree, threshold, alpha

    def fit(self, X, y):
        self.library_ = PolynomialLibrary(self.degree, include_bias=False).fit(X)
        values = np.asarray(self.library_.transform(X))
        self.center_, self.scale_ = values.mean(axis=0), values.std(axis=0)
        self.mean_ = y.mean()
        model = STLSQ(threshold=self.threshold * y.std(), alpha=self.alpha)
        model.fit((values - self.center_) / self.scale_, y - self.mean_)
        self.coef_ = np.ravel(model.coef_) / self.scale_
        return self

    def predict(self, X):
        return (np.asarray(self.library_.transform(X)) - self.center_) @ self.coef_ + self.mean_


class Chosen(RegressorMixin, BaseEstimator):
    """The fewest terms whose held-out squared error is within one standard error of the best."""

    def __init__(self, degrees=(1, 2), cv=5):
        self.degrees, self.cv = degrees, cv

    def fit(self, X, y):
        splits = self.cv if hasattr(self.cv, "split") else _Folds(self.cv)
        tried = [
            (Sparse(degree, threshold, alpha), *_held_out(Sparse(degree, threshold, alpha), X, y, splits))
            for degree in self.degrees
            for threshold in THRESHOLDS
            for alpha in ALPHAS
        ]
        best, error, _ = min((loss, error, k) for k, (_, loss, error, _) in enumerate(tried))
        near = [(terms, loss, k) for k, (_, loss, _, terms) in enumerate(tried) if loss <= best + error]
        self.best_ = clone(tried[min(near)[-1]][0]).fit(X, y)
        return self

    def predict(self, X):
        return self.best_.predict(X)


class _Folds:
    def __init__(self, count):
        self.count = count

    def split(self, X):
        rows = np.arange(len(X))
        return [(rows[rows % self.count != k], rows[rows % self.count == k]) for k in range(self.count)]


def _held_out(model, X, y, splits):
    """Mean squared error, its standard error over rows, and terms on average."""
    squares, terms = np.empty(len(y)), []
    for training, held in splits.split(X):
        found = clone(model).fit(X[training], y[training])
        squares[held] = (y[held] - found.predict(X[held])) ** 2
        terms.append(np.count_nonzero(found.coef_))
    return squares.mean(), squares.std() / len(y) ** 0.5, np.mean(terms)


def stlsq(task, part):
    n = fitting.load(task["data"].format(part))["X"].shape[1]
    degrees = [d for d in range(1, task["options"]["degree"] + 1) if _count(n, d) <= MOST_FEATURES]

    def describe(model):
        best = model.best_
        powers = np.asarray(best.library_.powers_).tolist()
        formula = [[p, c] for p, c in zip(powers, best.coef_.tolist(), strict=True) if c]
        chosen = f"degree {best.degree}, threshold {best.threshold}, alpha {best.alpha:g}"
        return len(formula) + 1, chosen, formula

    return fitting.regress(lambda cv: Chosen(degrees, cv), describe, task, part)


def _count(n, degree):
    return PolynomialLibrary(degree, include_bias=False).fit(np.zeros((2, n))).n_output_features_


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    fitting.main({"stlsq": stlsq})
