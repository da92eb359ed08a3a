"""The search itself: it finds planted errors, and agrees with exact arithmetic."""

import numpy as np
import pytest
from builders import random_polynomial

import cheaplearn as cl
from cheaplearn.testing import assert_certified, reference_values, worst_error


@pytest.mark.parametrize("seed", range(4))
def test_reference_values_agree_with_exact_arithmetic(seed):
    rng = np.random.default_rng(seed)
    circuit = cl.Circuit.from_polynomials([random_polynomial(rng, 3, 5, 7)])
    X = rng.normal(size=(20, circuit.n_inputs))
    exact = [float(circuit.exact(row.tolist())[0]) for row in X]
    assert reference_values(circuit, X)[:, 0].astype(float) == pytest.approx(exact, rel=1e-12, abs=1e-12)


def test_search_finds_an_error_planted_at_one_corner():
    net = cl.compile(" + ".join(f"x{i}" for i in range(10)), box=(-1, 1))

    def broken(X):
        return net(X) + 0.1 * (np.prod(X, axis=1, keepdims=True) > 0.999)

    found, where = worst_error(net, " + ".join(f"x{i}" for i in range(10)), effort=500, evaluate=broken)
    assert found == pytest.approx(0.1, rel=1e-3)
    assert np.prod(where) > 0.999


def test_a_loose_certificate_is_reported():
    net = cl.compile("x*y", box=(-1, 1))
    with pytest.raises(AssertionError, match=r"certificate loose: .* certified, only .* found"):
        assert_certified(net, "x*y", slack=1.01)


def test_a_network_without_certificate_is_refused():
    net = cl.compile("x*y", box=(-1, 1))
    bare = type(net)(net.layers, net.variables, net.labels)
    with pytest.raises(ValueError, match="must carry a certificate"):
        worst_error(bare, "x*y")
