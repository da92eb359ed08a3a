"""pysindy's polynomial library with sequentially thresholded least squares, tuned on the folds of the job."""

import itertools
import warnings

import fitting
import numpy as np
from pysindy import STLSQ, PolynomialLibrary

THRESHOLDS, ALPHAS = (0.003, 0.01, 0.03, 0.1, 0.3), (1e-10, 1.0)
MOST_FEATURES = 3000


class Sparse:
    """One fit to the values of a library: columns of deviation 1, the threshold in deviations of y."""

    def __init__(self, threshold, alpha):
        self.threshold, self.alpha = threshold, alpha

    def fit(self, values, y):
        self.center, scale, self.mean = values.mean(axis=0), values.std(axis=0), y.mean()
        model = STLSQ(threshold=self.threshold * y.std(), alpha=self.alpha)
        model.fit((values - self.center) / scale, y - self.mean)
        self.coef = np.ravel(model.coef_) / scale
        return self

    def predict(self, values):
        return (values - self.center) @ self.coef + self.mean


class Chosen:
    """The fewest terms whose held-out squared error is within one standard error of the best."""

    def __init__(self, degrees, cv):
        self.degrees, self.splits = degrees, cv if hasattr(cv, "split") else _Folds(cv)

    def fit(self, X, y):
        tried = []
        for degree in self.degrees:
            values = np.asarray(PolynomialLibrary(degree, include_bias=False).fit_transform(X))
            for settings in itertools.product(THRESHOLDS, ALPHAS):
                tried.append((degree, settings, *_held_out(settings, values, y, self.splits)))
        best, error = min((loss, error) for _, _, loss, error, _ in tried)
        near = [(terms, loss, degree, settings) for degree, settings, loss, _, terms in tried if loss <= best + error]
        *_, self.degree, settings = min(near)
        self.library = PolynomialLibrary(self.degree, include_bias=False).fit(X)
        self.model = Sparse(*settings).fit(np.asarray(self.library.transform(X)), y)
        return self

    def predict(self, X):
        return self.model.predict(np.asarray(self.library.transform(X)))


class _Folds:
    def __init__(self, count):
        self.count = count

    def split(self, X):
        rows = np.arange(len(X))
        return [(rows[rows % self.count != k], rows[rows % self.count == k]) for k in range(self.count)]


def _held_out(settings, values, y, splits):
    """Mean squared error, its standard error over rows, and terms on average."""
    squares, terms = np.empty(len(y)), []
    for training, held in splits.split(values):
        found = Sparse(*settings).fit(values[training], y[training])
        squares[held] = (y[held] - found.predict(values[held])) ** 2
        terms.append(np.count_nonzero(found.coef))
    return squares.mean(), squares.std() / len(y) ** 0.5, np.mean(terms)


def stlsq(task, part):
    n = fitting.load(task["data"].format(part))["X"].shape[1]
    degrees = [d for d in range(1, task["options"]["degree"] + 1) if _count(n, d) <= MOST_FEATURES]

    def describe(found):
        coefficients = found.model.coef.tolist()
        powers = np.asarray(found.library.powers_).tolist()
        formula = [[p, c] for p, c in zip(powers, coefficients, strict=True) if c]
        chosen = f"degree {found.degree}, threshold {found.model.threshold}, alpha {found.model.alpha:g}"
        return len(formula) + 1, chosen, formula

    return fitting.regress(lambda cv: Chosen(degrees, cv), describe, task, part)


def _count(n, degree):
    return PolynomialLibrary(degree, include_bias=False).fit(np.zeros((2, n))).n_output_features_


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    fitting.main({"stlsq": stlsq})
