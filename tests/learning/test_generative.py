import itertools

import numpy as np
import pytest
from scipy.special import logsumexp

import cheaplearn as cl

STATES = {"bit": (0.0, 1.0), "spin": (-1.0, 1.0), "category": (0.0, 1.0, 2.0)}


def two_densities(kind, seed, n=4, rows=40_000):
    """Samples of two random pairwise models, and the true log-odds of every state."""
    rng = np.random.default_rng(seed)
    X = np.array(list(itertools.product(STATES[kind], repeat=n)))
    features = np.column_stack([X] + [X[:, i] * X[:, j] for i in range(n) for j in range(i)])
    energies = features @ rng.normal(size=(features.shape[1], 2)) * 0.5
    p = np.exp(-energies - logsumexp(-energies, axis=0))
    prior = np.array([0.3, 0.7])
    y = rng.choice(2, size=rows, p=prior)
    S = np.empty((rows, n))
    for k in (0, 1):
        S[y == k] = X[rng.choice(len(X), size=(y == k).sum(), p=p[:, k])]
    return S, np.array(["a", "b"])[y], X, p, prior


@pytest.mark.parametrize("kind", ["spin", "bit", "category"])
def test_bayes_with_fitted_densities_is_the_true_posterior(kind):
    S, y, X, p, prior = two_densities(kind, seed=3)
    model = cl.HamiltonianClassifier(order=2, radius="all", generative=True, regularization=0.1, cv=None).fit(S, y)
    truth = p * prior / (p * prior).sum(axis=1, keepdims=True)
    likely = p @ prior > 1e-3
    np.testing.assert_allclose(model.predict_proba(X)[likely], truth[likely], atol=0.05)
    assert model.classes_.tolist() == ["a", "b"]
    np.testing.assert_allclose(model.class_prior_, prior, atol=0.01)


@pytest.mark.parametrize("kind", ["spin", "bit", "category"])
def test_samples_of_a_class_have_its_moments(kind):
    S, y, *_ = two_densities(kind, seed=4)
    model = cl.HamiltonianClassifier(order=2, radius="all", generative=True, regularization=0.1, cv=None).fit(S, y)
    drawn, labels = model.sample(20_000, y="b", random_state=1)
    assert set(labels) == {"b"}
    own = S[y == "b"]
    error = np.sqrt(own.var(axis=0) * (1 / len(drawn) + 1 / len(own)))
    z = (drawn.mean(axis=0) - own.mean(axis=0)) / error
    assert np.abs(z).max() < 4
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.corrcoef(own.T), atol=0.04)
    again, _ = model.sample(20_000, y="b", random_state=1)
    np.testing.assert_array_equal(again, drawn)


def test_without_a_class_labels_follow_the_prior():
    S, y, *_ = two_densities("bit", seed=5)
    model = cl.HamiltonianClassifier(order=1, radius=0, generative=True, regularization=0.1, cv=None).fit(S, y)
    _, labels = model.sample(10_000, random_state=0)
    assert abs(np.mean(labels == "b") - 0.7) < 4 * np.sqrt(0.21 / 10_000)


def test_the_ladder_chooses_one_family_for_all_classes():
    S, y, *_ = two_densities("spin", seed=6, rows=6000)
    model = cl.HamiltonianClassifier(generative=True, random_state=0).fit(S, y)
    assert model.order_ == 2
    assert {density.order_ for density in model.densities_} == {2}
    assert model.ladder_["order"].tolist() == [1, 2, 3]
    losses = 0.0
    for label, share in zip(model.classes_, model.class_prior_, strict=True):
        own = cl.HamiltonianDensity(kind="spin", order="auto", random_state=0).fit(S[y == label])
        losses += share * (own.ladder_["loss"] - np.log(share))
    np.testing.assert_allclose(model.ladder_["loss"], losses)


def test_only_generative_classifiers_sample():
    S, y, *_ = two_densities("bit", seed=7, rows=500)
    model = cl.HamiltonianClassifier(order=1, radius=0, regularization=1.0, cv=None).fit(S, y)
    with pytest.raises(ValueError, match=r"`generative` of `HamiltonianClassifier\.sample` must be True"):
        model.sample(3)
    model = cl.HamiltonianClassifier(order=1, radius=0, regularization=1.0, cv=None, generative=True).fit(S, y)
    with pytest.raises(ValueError, match=r"must be one of \['a', 'b'\], got 'c'"):
        model.sample(3, y="c")


def test_real_samples_have_no_generative_classifier_yet():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="spins, bits or whole numbers"):
        cl.HamiltonianClassifier(generative=True).fit(rng.normal(size=(50, 3)), rng.integers(0, 2, 50))
