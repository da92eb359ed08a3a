"""scikit-learn's estimators, tuned on the folds of the job, one fit for each part of it."""

import math
import warnings

import chain
import densities_saved
import fitting
import numpy as np
from meter import metered
from scipy.special import softmax
from sklearn.compose import TransformedTargetRegressor
from sklearn.covariance import EmpiricalCovariance, GraphicalLassoCV
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler

PARAMETERS = 10_000  # of a classifying network, at least
MOST_FEATURES = 3000


def scaler(name):
    return {"range": MinMaxScaler((-1, 1)), "deviation": StandardScaler(), None: "passthrough"}[name]


def short(settings):
    return ", ".join(f"{key.rsplit('__')[-1]} {value}" for key, value in settings.items())


def logistic(task, _):
    options = task["options"]
    features = PolynomialFeatures(include_bias=False, interaction_only=options["spins"])
    model = make_pipeline(scaler(options["scale"]), features, LogisticRegression(max_iter=2000))
    grid = {
        "polynomialfeatures__degree": options["degrees"],
        "logisticregression__C": options["strengths"],
    }

    def describe(found):
        last = found.best_estimator_[-1]
        return last.coef_.size + last.intercept_.size, short(found.best_params_)

    return fitting.classify(lambda cv: GridSearchCV(model, grid, cv=cv, scoring="neg_log_loss"), describe, task)


def mlp_classifier(task, _):
    data = fitting.load(task["data"])
    classes = len(np.unique(data["y"]))
    one, two = widths(data["X"].shape[1], classes if classes > 2 else 1)
    network = MLPClassifier(max_iter=300, random_state=task["seed"])
    grid = {"mlpclassifier__hidden_layer_sizes": [(one,), (two, two)], "mlpclassifier__alpha": [1e-4, 1e-1, 1.0]}
    model = make_pipeline(scaler(task["options"]["scale"]), network)
    return fitting.classify(
        lambda cv: GridSearchCV(model, grid, cv=cv, scoring="neg_log_loss"),
        lambda found: (weights(found.best_estimator_[-1]), short(found.best_params_)),
        task,
    )


def widths(inputs, outputs):
    """Units of a layer that give PARAMETERS weights or a few more, with one hidden layer and with two."""
    own = inputs + outputs + 1
    one = math.ceil((PARAMETERS - outputs) / own)
    two = math.ceil((math.sqrt((own + 1) ** 2 + 4 * (PARAMETERS - outputs)) - own - 1) / 2)
    return one, two


def weights(network):
    return sum(part.size for part in [*network.coefs_, *network.intercepts_])


def ridge(task, part):
    n = fitting.load(task["data"].format(part))["X"].shape[1]
    degrees = [d for d in range(1, task["options"]["degree"] + 1) if count(n, d) <= MOST_FEATURES]
    model = make_pipeline(PolynomialFeatures(include_bias=False), StandardScaler(), Ridge())
    grid = {"polynomialfeatures__degree": degrees, "ridge__alpha": np.logspace(-9, 3, 7).tolist()}

    def describe(found):
        features, units, last = found.best_estimator_
        formula = [
            [*pair] for pair in zip(features.powers_.tolist(), (last.coef_ / units.scale_).tolist(), strict=True)
        ]
        return last.coef_.size + 1, short(found.best_params_), formula

    return fitting.regress(
        lambda cv: GridSearchCV(model, grid, cv=cv, scoring="neg_mean_squared_error"), describe, task, part
    )


def count(n, degree):
    return PolynomialFeatures(degree, include_bias=False).fit(np.zeros((1, n))).n_output_features_


def mlp_regressor(task, part):
    network = make_pipeline(StandardScaler(), MLPRegressor(max_iter=500, random_state=task["seed"]))
    model = TransformedTargetRegressor(network, transformer=StandardScaler())
    grid = {
        "regressor__mlpregressor__hidden_layer_sizes": [(128,), (64, 64)],
        "regressor__mlpregressor__alpha": [1e-4, 1e-1],
    }

    def describe(found):
        return weights(found.best_estimator_.regressor_[-1]), short(found.best_params_), None

    return fitting.regress(
        lambda cv: GridSearchCV(model, grid, cv=cv, scoring="neg_mean_squared_error"), describe, task, part
    )


def gaussian(mean, precision, X):
    """ln p and its slopes."""
    away = X - mean
    slopes = -away @ precision
    volume = np.linalg.slogdet(precision)[1] - X.shape[1] * np.log(2 * np.pi)
    return (volume + np.sum(away * slopes, axis=1)) / 2, slopes


def covariance(task, _):
    def describe(model, X):
        n = X.shape[1]
        return n + n * (n + 1) // 2, "", gaussian(model.location_, model.precision_, X)

    return density(lambda _: EmpiricalCovariance(), describe, task)


def graphical_lasso(task, _):
    def describe(model, X):
        n = X.shape[1]
        edges = np.count_nonzero(np.triu(model.precision_, 1))
        return 2 * n + edges, f"alpha {model.alpha_:.2g}", gaussian(model.location_, model.precision_, X)

    return density(lambda cv: GraphicalLassoCV(cv=cv), describe, task)


def mixture(task, _):
    grid = {"n_components": [1, 2, 4, 8], "covariance_type": ["full", "diag"]}
    search = GaussianMixture(random_state=task["seed"], reg_covar=1e-4)

    def describe(found, X):
        model = found.best_estimator_
        precisions = model.precisions_ if model.covariance_type == "full" else map(np.diag, model.precisions_)
        parts = [gaussian(mean, precision, X) for mean, precision in zip(model.means_, precisions, strict=True)]
        logs = np.log(model.weights_) + np.array([log for log, _ in parts]).T
        slopes = np.einsum("rk,krn->rn", softmax(logs, axis=1), np.array([slope for _, slope in parts]))
        return model._n_parameters(), short(found.best_params_), (model.score_samples(X), slopes)

    return density(lambda cv: GridSearchCV(search, grid, cv=cv), describe, task)


def kernels(task, _):
    grid = {"bandwidth": np.round(np.logspace(-1, 0.3, 9), 3).tolist()}

    def describe(found, X):
        model = found.best_estimator_
        centres, width = np.asarray(model.tree_.data), model.bandwidth_
        slopes = np.empty_like(X)
        for rows in blocks(len(X)):
            squares = ((X[rows, None] - centres[None]) ** 2).sum(axis=2)
            slopes[rows] = (softmax(-squares / (2 * width**2), axis=1) @ centres - X[rows]) / width**2
        return centres.size + 1, short(found.best_params_), (model.score_samples(X), slopes)

    return density(lambda cv: GridSearchCV(KernelDensity(), grid, cv=cv), describe, task)


def blocks(rows, size=200):
    return [slice(first, first + size) for first in range(0, rows, size)]


def density(build, describe, task):
    """Fits, and saves ln p and its slopes at the test rows; `describe` gives (parameters, chosen, both)."""
    data = densities_saved.read(task)
    build(2).fit(data["X"][:300])
    model, cost = metered(lambda: build(fitting.folds(data)).fit(data["X"]))
    parameters, chosen, found = describe(model, data["X_test"])
    densities_saved.write(task, *found)
    return cost | {"parameters": int(parameters), "chosen": chosen, "partition": ""}


def features(task, _):
    """The features of the chain, which no model has seen yet."""
    PolynomialFeatures(2).fit_transform(chain.draw(300, seed=1)[0])
    X = chain.draw(task["rows"])[0]
    values, cost = metered(lambda: PolynomialFeatures(2).fit_transform(X), task["traced"])
    return cost | {"parameters": values.shape[1]}


TABLE = {
    "logistic": logistic,
    "mlp_classifier": mlp_classifier,
    "ridge": ridge,
    "mlp_regressor": mlp_regressor,
    "covariance": covariance,
    "graphical_lasso": graphical_lasso,
    "mixture": mixture,
    "kernels": kernels,
    "features": features,
}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    fitting.main(TABLE)
