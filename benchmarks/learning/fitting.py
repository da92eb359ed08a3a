"""What the worker scripts share: read the rows, fit a small part, fit all of them and measure."""

import numpy as np
from meter import metered
from worker import attempt, job

SMALL = 12  # rows of each class, or five times as many


def load(path):
    with np.load(path) as data:
        return dict(data)


def small(X, y, discrete):
    """A few rows, of every class."""
    if not discrete:
        return X[: 5 * SMALL], y[: 5 * SMALL]
    keep = np.sort(np.concatenate([np.flatnonzero(y == k)[:SMALL] for k in np.unique(y)]))
    return X[keep], y[keep]


def folds(data):
    from sklearn.model_selection import PredefinedSplit

    return PredefinedSplit(data["fold"])


def main(tables):
    """Answers for every part of the job with the function of the table that it names."""
    task = job()
    for part in task["parts"]:
        attempt(part, tables[task["fit"]], task, part)


def classify(build, describe, task):
    """Fits build(cv) and saves probabilities of the test rows; `describe` gives (parameters, what was chosen)."""
    data = load(task["data"])
    X, y = data["X"], data["y"]
    build(2).fit(*small(X, y, True))
    model, cost = metered(lambda: build(folds(data)).fit(X, y))
    np.save(task["outputs"], model.predict_proba(data["X_test"]))
    parameters, chosen = describe(model)
    return cost | {"parameters": int(parameters), "chosen": chosen}


def regress(build, describe, task, part):
    """The same for real outputs; `describe` also gives the formula: [[powers, coefficient], ...], or None."""
    data = load(task["data"].format(part))
    X, y = data["X"], data["y"]
    build(2).fit(*small(X, y, False))
    model, cost = metered(lambda: build(folds(data)).fit(X, y))
    np.save(task["outputs"].format(part), model.predict(data["X_test"]))
    parameters, chosen, formula = describe(model)
    return cost | {"parameters": int(parameters), "chosen": chosen, "formula": formula}
