"""scikit-learn, one logistic regression for each spin. Job: data, solver, dtype, jobs, and optionally l1 (C)."""

import inspect
import warnings

import numpy as np
from joblib import Parallel, delayed
from measured import job, measure
from sklearn.linear_model import LogisticRegression


def regression(solver, l1):
    new = inspect.signature(LogisticRegression).parameters["penalty"].default == "deprecated"
    if l1:
        return LogisticRegression(C=l1, solver=solver, max_iter=1000, **({"l1_ratio": 1} if new else {"penalty": "l1"}))
    if solver == "liblinear":  # knows no fit without a penalty
        return LogisticRegression(C=1e6, solver=solver, max_iter=1000)
    return LogisticRegression(solver=solver, max_iter=1000, **({"C": np.inf} if new else {"penalty": None}))


def row(S, i, solver, l1):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = regression(solver, l1).fit(np.delete(S, i, axis=1), S[:, i])
    return np.insert(model.coef_[0] / 2, i, 0)


def fit(S, solver, dtype, jobs, l1=None):
    S = S.astype(dtype)
    rows = Parallel(jobs)(delayed(row)(S, i, solver, l1) for i in range(S.shape[1]))
    return (np.array(rows) + np.transpose(rows)) / 2


if __name__ == "__main__":
    task = job()
    options = {key: task[key] for key in ("solver", "dtype", "jobs", "l1") if key in task}
    measure(lambda S: fit(S, **options), task, task["jobs"])
