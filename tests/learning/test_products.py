"""Features that are held, held in single precision or never held; tensors; and the memory they take."""

import tracemalloc

import numpy as np
import pytest
import torch

from cheaplearn.geometry import Chain
from cheaplearn.hamiltonian import local_monomials
from cheaplearn.learning import HamiltonianClassifier, coordinates
from cheaplearn.learning.coordinates import Features
from cheaplearn.learning.families import Family
from cheaplearn.learning.products import Compact, Held, Streamed
from cheaplearn.learning.softmax import fit_softmax

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def problem(seed, samples=300, n=8, classes=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(0.2, 1.0, size=(samples, n))
    y = (X[:, :classes] * X[:, 1 : classes + 1] + rng.gumbel(size=(samples, classes))).argmax(axis=1)
    return X, y


def family_of(n, order=2):
    return Family(order, 1.0, len(local_monomials(n, order, 1, Chain(n))))


def without_gauge(W):
    """The softmax does not know a constant that is added to all offsets."""
    W = np.array(W)
    W[-1] -= W[-1].mean(axis=-1, keepdims=True)
    return W


def test_all_ways_to_multiply_agree():
    X, _ = problem(0)
    found = Features(X, Chain(8), 1.0).primal(family_of(8))
    Z, rng = found.Z, np.random.default_rng(1)
    W, R, weight = rng.normal(size=(Z.shape[1], 4)), rng.normal(size=(len(Z), 4)), rng.uniform(size=(len(Z), 2))
    parts = (found.columns, found.mean, found.linear)
    single = Held(Z.astype(np.float32))
    for products in (Held(Z), Compact(*parts), Streamed(*parts), single):
        assert products.shape == Z.shape
        double = {"rtol": 1e-12, "atol": 1e-12} if products is not single else {"rtol": 1e-5, "atol": 1e-5}
        np.testing.assert_allclose(products.times(W), Z @ W, **double)
        np.testing.assert_allclose(
            products.transposed_times(R), Z.T @ R, rtol=1e-9, atol=1e-4 if products is single else 1e-9
        )
        np.testing.assert_allclose(products.squares(weight), (Z * Z).T @ weight, rtol=1e-5)
        low = products.times(W.astype(np.float32))
        assert low.dtype == np.float32
        np.testing.assert_allclose(low, Z @ W, rtol=1e-4, atol=1e-4)
        low = products.transposed_times(R.astype(np.float32))
        assert low.dtype == np.float32
        np.testing.assert_allclose(low, Z.T @ R, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("symmetry", [None, "translation"])
@pytest.mark.parametrize("way", ["compact", "streaming", "too large"])
def test_features_that_are_not_held_give_the_same_model(monkeypatch, way, symmetry):
    X, y = problem(2)
    options = {"order": 2, "radius": 1, "geometry": Chain(8), "symmetry": symmetry, "cv": 3, "random_state": 0}
    held = HamiltonianClassifier(**options).fit(X, y)
    if way != "streaming":
        monkeypatch.setattr(coordinates, "HELD_BYTES", 0)
    if way == "too large":
        monkeypatch.setattr(coordinates, "COMPACT_BYTES", 0)
    other = HamiltonianClassifier(engine="streaming" if way == "streaming" else "numpy", **options).fit(X, y)
    np.testing.assert_allclose(other.ladder_["loss"], held.ladder_["loss"], rtol=1e-5)
    np.testing.assert_allclose(other.hamiltonian_.coefficients, held.hamiltonian_.coefficients, rtol=1e-6, atol=1e-8)


def test_certain_classes_need_no_double_precision():
    """Where p is nearly 1, A - sum P A would cancel in single precision if it were formed as it stands."""
    rng = np.random.default_rng(3)
    X = np.sort(rng.normal(size=(200, 1)), axis=0) + np.zeros((1, 3))
    X[:, 1:] = rng.normal(size=(200, 2))
    y = (X[:, 0] > 0).astype(int)
    optima = fit_softmax(1e3 * X, np.eye(2)[y], np.ones((200, 1)), 1e-7, tolerance=1e-9)
    P = np.exp(optima.logits[:, 0] - optima.logits[:, 0].max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    assert np.mean(P * (1 - P)) < 1e-4
    assert optima.converged.all()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("dtype", "relative"), [(torch.float64, 1e-8), (torch.float32, 1e-5)])
def test_tensors_have_the_same_optimum(device, dtype, relative):
    X, y = problem(4)
    Y, weight = np.eye(3)[y], np.random.default_rng(5).integers(0, 3, size=(300, 3)).astype(float)
    expected = fit_softmax(X, Y, weight, 0.3, tolerance=1e-10)
    tensors = (torch.tensor(array, device=device) for array in (Y, weight))
    found = fit_softmax(torch.tensor(X, dtype=dtype, device=device), *tensors, 0.3, tolerance=1e-10)
    assert found.converged.all()
    assert found.weights.device.type == device
    twin, ours = without_gauge(expected.weights), without_gauge(found.weights.cpu().numpy())
    assert np.abs(ours - twin).max() <= relative * np.abs(twin).max()
    assert np.abs(found.logits.cpu().numpy() - expected.logits).max() <= 10 * relative * np.abs(expected.logits).max()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("samples", [60, 300])
def test_classifier_takes_tensors(device, samples):
    X, y = problem(6, samples)
    options = {"order": [1, 2], "radius": "auto", "geometry": Chain(8), "cv": 3, "random_state": 0}
    expected = HamiltonianClassifier(**options).fit(X, y)
    tensor = torch.tensor(X, device=device)
    found = HamiltonianClassifier(**options).fit(tensor, y)
    np.testing.assert_allclose(found.ladder_["loss"], expected.ladder_["loss"], rtol=1e-6)
    probabilities = found.predict_proba(tensor)
    assert isinstance(probabilities, np.ndarray)
    np.testing.assert_allclose(probabilities, expected.predict_proba(X), atol=1e-8)
    with pytest.raises(ValueError, match=r"`engine` of .* must be 'numpy' if X is a tensor, got 'streaming'"):
        HamiltonianClassifier(engine="streaming", **options).fit(tensor, y)


@pytest.mark.parametrize(("engine", "times_less"), [("numpy", 25), ("streaming", 50)])
def test_memory_stays_far_below_that_of_polynomial_features(engine, times_less):
    samples, n = 5000, 200
    rng = np.random.default_rng(7)
    X = rng.normal(size=(samples, n))
    y = (0.3 * np.sum(X[:, 1:] * X[:, :-1], axis=1) + rng.logistic(size=samples) > 0).astype(int)
    model = HamiltonianClassifier(2, 1, Chain(n), regularization=30.0, cv=None, engine=engine)
    tracemalloc.start()
    model.fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    columns = 1 + n + n * (n + 1) // 2  # of PolynomialFeatures(2)
    assert peak <= samples * columns * 8 / times_less
    assert model.gradient_norm_ < 1e-8
