"""The plain network beside the ladder: same folds, scores as by hand."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier

from cheaplearn.cli.alternatives import score_mlp


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scores_are_those_of_scikit_learn_by_hand():
    X, numbers = load_iris(return_X_y=True)
    y = np.array(["c", "a", "b"])[numbers]
    folds = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, y))
    other = score_mlp(X, y, folds, (X[:30], y[:30]), shared=False, seed=1)
    Z = (X - X.mean(axis=0)) / ((X.max(axis=0) - X.min(axis=0)) / 2)
    losses = []
    for training, held_out in folds:
        mlp = MLPClassifier((100,), max_iter=500, random_state=1).fit(Z[training], y[training])
        losses.append(log_loss(y[held_out], mlp.predict_proba(Z[held_out])))
    assert other.loss == pytest.approx(np.mean(losses))
    assert other.parameters == 4 * 100 + 100 + 100 * 3 + 3
    assert 0.9 < other.accuracy < 1
    assert other.test_accuracy == 1.0
    assert other.standard_error < other.loss
    assert "before it converged" in other.note


def test_folds_depend_on_the_grouping_by_label_only():
    """The ladder splits by class number, the plain network by label: the same rows."""
    y = np.array(["c", "a", "b"])[np.random.default_rng(0).integers(0, 3, 60)]
    numbers = np.unique(y, return_inverse=True)[1]
    splitter = StratifiedKFold(3, shuffle=True, random_state=7)
    pairs = zip(splitter.split(y, y), splitter.split(y, numbers), strict=True)
    assert all(np.array_equal(a[1], b[1]) for a, b in pairs)
