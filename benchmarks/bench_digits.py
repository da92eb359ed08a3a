"""Nested cross-validation on scikit-learn's handwritten digits, printed as a markdown table.

`python benchmarks/bench_digits.py [--seeds 3] [--jobs 2]`: 5 outer stratified shuffled folds per seed. Every
method sees the same outer training parts; what it chooses, it chooses inside them. Seconds are wall time
of one fit with `jobs` fits running at a time, one BLAS thread each.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from cheaplearn.geometry import Grid
from cheaplearn.learning import HamiltonianClassifier

COLUMNS = [
    "method", "seed", "accuracy", "parameters", "seconds", "loss", "chosen", "regularization", "one_norm",
]  # fmt: skip


def methods():
    scale = MinMaxScaler((-1, 1))
    logistic = LogisticRegression(max_iter=2000)
    return {
        "HamiltonianClassifier(auto)": HamiltonianClassifier(geometry=Grid(8, 8)),
        "HamiltonianClassifier(auto, smoothness=0)": HamiltonianClassifier(geometry=Grid(8, 8), smoothness=0),
        "LogisticRegression": make_pipeline(scale, logistic),
        "PolynomialFeatures(2) + LogisticRegression": make_pipeline(scale, PolynomialFeatures(2), logistic),
        "MLPClassifier(100)": make_pipeline(scale, MLPClassifier(100, max_iter=500)),
        "RBF-SVM (C, gamma by inner CV)": make_pipeline(
            scale, GridSearchCV(SVC(), {"C": [1, 10, 100], "gamma": [0.01, 0.03, 0.1]}, cv=5)
        ),
    }


def parameters(model):
    if isinstance(model, HamiltonianClassifier):
        return model.hamiltonian_.n_parameters
    last = model[-1]
    if isinstance(last, MLPClassifier):
        return sum(w.size for w in [*last.coefs_, *last.intercepts_])
    if isinstance(last, GridSearchCV):
        return last.best_estimator_.support_vectors_.size + last.best_estimator_.dual_coef_.size
    return last.coef_.size + last.intercept_.size


def with_seed(model, seed):
    names = [name for name in model.get_params() if name.endswith("random_state")]
    return clone(model).set_params(**dict.fromkeys(names, seed))


def one_norm(hamiltonian):
    """Largest sum of |coefficient| over classes, every pixel in units where 0..16 is -1..1."""
    couplings = -hamiltonian.coefficients
    moved = (8 - hamiltonian.variables.center) / hamiltonian.variables.scale
    unit = 8 / hamiltonian.variables.scale
    totals, linear = np.zeros(couplings.shape[1]), np.zeros((64, couplings.shape[1]))
    start = 0
    for block in hamiltonian.monomials.sites:
        part, start = couplings[start : start + len(block)], start + len(block)
        if block.shape[1] > 2:
            return np.nan  # only expanded for quadratic forms
        for k in range(block.shape[1]):
            others = np.delete(block, k, axis=1)
            lifted = part * unit[block[:, k], None] * np.prod(moved[others], axis=1)[:, None]
            np.add.at(linear, block[:, k], lifted)
        if block.shape[1] == 2:
            totals += np.abs(part * np.prod(unit[block], axis=1)[:, None]).sum(axis=0)
    return float((totals + np.abs(linear).sum(axis=0)).max())


def evaluate(name, model, seed, fold, X, y):
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    training, test = list(folds.split(X, y))[fold]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of the baselines' own solvers
        began = time.perf_counter()
        fitted = with_seed(model, seed).fit(X[training], y[training])
        seconds = time.perf_counter() - began
    row = {
        "method": name,
        "seed": seed,
        "accuracy": fitted.score(X[test], y[test]),
        "parameters": parameters(fitted),
        "seconds": seconds,
    }
    if hasattr(fitted, "predict_proba"):
        row["loss"] = log_loss(y[test], fitted.predict_proba(X[test]))
    if isinstance(fitted, HamiltonianClassifier):
        row["chosen"] = f"order {fitted.order_} radius {fitted.radius_:g}"
        row["regularization"] = fitted.regularization_
        row["one_norm"] = one_norm(fitted.hamiltonian_)
    return row


def summary(rows):
    lines = [
        "| method | accuracy | sd over seeds | sd over folds | log-loss | parameters | seconds | chosen |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, part in rows.groupby("method", sort=False):
        by_seed = part.groupby("seed")["accuracy"].mean()
        chosen = Counter(part["chosen"].dropna())
        families = ", ".join(f"{family}: {n}" for family, n in chosen.most_common())
        lines.append(
            f"| {name} | {part['accuracy'].mean():.4f} | {by_seed.std(ddof=0):.4f} "
            f"| {part['accuracy'].std():.4f} "
            f"| {part['loss'].mean():.4f} | {part['parameters'].mean():.0f} | {part['seconds'].mean():.1f} "
            f"| {families} |"
        )
        if chosen:
            lines[-1] += f"\n| | sum of abs(coefficients), largest class: {part['one_norm'].mean():.0f} | | | | | | |"
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="run the methods whose name contains this")
    options = parser.parse_args()
    X, y = load_digits(return_X_y=True)
    tasks = [
        delayed(evaluate)(name, model, seed, fold, X, y)
        for name, model in methods().items()
        if options.only in name
        for seed in range(options.seeds)
        for fold in range(5)
    ]
    rows = pd.DataFrame(Parallel(options.jobs)(tasks), columns=COLUMNS)
    print(summary(rows))
    numbers = ["accuracy", "loss", "parameters", "seconds", "regularization", "one_norm"]
    print(rows.groupby("method", sort=False)[numbers].agg(["min", "max"]).to_string())


if __name__ == "__main__":
    main()
