"""The smooth error that the search climbs: its values and its gradient."""

import numpy as np
import pytest
from builders import random_polynomial

import cheaplearn as cl
from cheaplearn.testing import assert_certified, worst_error, worst_errors
from cheaplearn.testing.smooth_error import SmoothError

ACTIVATIONS = ["silu", "gelu", "softplus", "tanh", "sigmoid", "gaussian", "exp", "square"]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_agrees_with_differences(activation):
    rng = np.random.default_rng(len(activation))
    polynomials = [random_polynomial(rng, 3, 4, 6) + cl.Polynomial.parse("x0*x1*x2") for _ in range(2)]
    circuit = cl.Circuit.from_polynomials(polynomials)
    net = cl.compile(circuit, box=(-1, 2), activation=activation)
    smooth, X, outputs = SmoothError(net, circuit), rng.uniform(-1, 2, (6, 3)), np.arange(6) % 2
    value, gradient = smooth(X, outputs)
    assert np.abs(value).max() <= net.certificate.error
    h = 1e-4
    moves = [h * np.eye(3)[i] for i in range(3)]
    slopes = [(smooth(X + move, outputs)[0] - smooth(X - move, outputs)[0]) / (2 * h) for move in moves]
    assert np.stack(slopes, axis=1) == pytest.approx(gradient, abs=1e-4 * np.abs(gradient).max() + 1e-7)


def test_ascent_finds_more_than_random_points_in_many_variables():
    names = [f"x{i}" for i in range(40)]
    rng = np.random.default_rng(0)
    triples = {tuple((int(s), 1) for s in sorted(rng.permutation(40)[:3])): float(rng.normal()) for _ in range(150)}
    p = cl.Polynomial(triples, names)
    net = cl.compile(p, box=(-1, 1))
    X = rng.uniform(-1, 1, (3000, 40))
    random = np.abs(net(X)[:, 0] - p(X)).max()
    found, _ = worst_error(net, p, effort=300)
    assert found > 2 * random
    assert_certified(net, p, slack=10, effort=300)


def test_every_output_is_searched_on_its_own():
    polynomials = ["x*y", "1000*x*z"]
    net = cl.compile(polynomials, box=(-1, 1))
    found = worst_errors(net, polynomials, effort=500)
    assert found.shape == (2,)
    for error, certified in zip(found, net.certificate.errors, strict=True):
        assert error <= certified <= 4 * error


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_certificates_hold_in_every_runtime(dtype):
    pytest.importorskip("torch")
    pytest.importorskip("onnxruntime")
    p = ["x*y + z**2/2", "x*z - y/3"]
    net = cl.compile(p, box={"x": (-1, 1), "y": (0, 1), "z": (-3, 5)}, dtype=dtype)
    runtimes = ("numpy", "onnxruntime", "onnxruntime-sparse", "torch")
    assert assert_certified(net, p, slack=10, effort=500, runtimes=runtimes) < 10


def test_an_unknown_runtime_is_refused():
    net = cl.compile("x*y", box=(-1, 1))
    with pytest.raises(ValueError, match=r"`runtimes` of `assert_certified` must be some of numpy, onnxruntime"):
        assert_certified(net, "x*y", runtimes=("numpy", "jax"))


def test_a_certificate_of_rounding_alone_may_be_8_u_scale_above():
    net = cl.compile("x0 - x1 + x2 - x3 + x4", box=(-1, 1), activation="square")
    assert net.certificate.truncation == 0.0
    assert_certified(net, "x0 - x1 + x2 - x3 + x4", effort=500)
