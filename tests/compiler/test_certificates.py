"""Certificates are tested two-sided: never below the worst error a search finds, and not vacuous."""

from fractions import Fraction

import numpy as np
import pytest
from builders import quadratic, random_polynomial
from hypothesis import given, settings
from hypothesis import strategies as st

import cheaplearn as cl
from cheaplearn.testing import assert_certified, worst_error

SMOOTH = ("silu", "gelu", "softplus")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("formula", ["x*y", "x**2 - 3*y**2 + x*y/2 + y", "x*y*z + z**3/2", "x*y*z*w - x**4"])
def test_certificate_is_valid_and_tight(formula, activation, dtype):
    net = cl.compile(formula, box=(-1, 1), dtype=dtype, activation=activation)
    assert_certified(net, formula, slack=10, effort=3000)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("formula", ["x*y", "3*x - y/7 + 1/3", "x**2*y + y*z"])
def test_exact_functions_are_certified_to_rounding(formula, dtype):
    net = cl.compile(
        formula,
        box={"x": (-3, 5), "y": (0, 1), "z": (-1, 1)} if "z" in formula else (-3, 5),
        dtype=dtype,
        activation="square",
    )
    found, _ = worst_error(net, formula, effort=2000)
    u = np.finfo(dtype).eps / 2
    assert found <= net.certificate.error <= 10 * found + 200 * u
    assert net.certificate.truncation == 0.0


@pytest.mark.parametrize(("n", "rank"), [(8, 8), (24, 24), (24, 5)])
def test_joint_bound_keeps_dense_quadratic_forms_tight(n, rank):
    rng = np.random.default_rng(n + rank)
    factor = rng.normal(size=(n, rank))
    p = quadratic((factor * rng.choice([-1.0, 1.0], rank)) @ factor.T)
    net = cl.compile(p, box=(-1, 1))
    assert net.neurons == rank
    assert_certified(net, p, slack=12, effort=2000)


@given(st.integers(0, 10**9), st.sampled_from([*SMOOTH, "square"]), st.sampled_from(["float32", "float64"]))
@settings(max_examples=40, deadline=None)
def test_no_random_polynomial_breaks_its_certificate(seed, activation, dtype):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    polynomials = [random_polynomial(rng, n, 4, 5) for _ in range(rng.integers(1, 3))]
    low = rng.integers(-5, 3, n)
    box = {f"x{i}": (float(low[i]), float(low[i] + rng.integers(0, 7) / 3)) for i in range(n)}
    net = cl.compile(polynomials, box=box, dtype=dtype, activation=activation)
    found, where = worst_error(net, polynomials, seed=seed, effort=300)
    assert found <= net.certificate.error, where


def test_input_that_is_no_number_of_the_dtype_is_within_the_certificate():
    net = cl.compile("1000*x - 999*y", box=(0, 1), dtype="float32")
    assert net.neurons == 0
    x = np.random.default_rng(0).random((5000, 2))  # float64 numbers, rounded by the network
    assert np.abs(net(x)[:, 0] - (1000 * x[:, 0] - 999 * x[:, 1])).max() <= net.certificate.error < 1e-3


def test_a_balanced_layout_reaches_a_tolerance_that_the_plain_one_does_not():
    rng = np.random.default_rng(3)
    pairs = [((i, 1), (j, 1)) for i in range(60) for j in range(i + 1, min(i + 3, 60))]
    names = [f"x{i}" for i in range(60)]
    outputs = [cl.Polynomial({pair: float(rng.normal()) for pair in pairs}, names) for _ in range(4)]
    plain = cl.compile(outputs, box=(-1, 1), tolerance=1e3)
    best = plain.certificate.error
    net = cl.compile(outputs, box=(-1, 1), tolerance=best / 2)
    assert net.neurons == plain.neurons
    assert net.depth == plain.depth == 1
    assert net.certificate.error <= best / 2
    assert_certified(net, outputs, slack=10, effort=1000)


def test_certificate_does_not_hold_for_a_wrong_function():
    net = cl.compile("x*y", box=(-1, 1))
    with pytest.raises(AssertionError, match="certificate broken"):
        assert_certified(net, cl.Polynomial.from_dict({(1, 1): Fraction(1001, 1000)}, ["x", "y"]))


def test_a_degenerate_interval_is_a_constant():
    net = cl.compile("x*y + x**3", box={"x": (2, 2), "y": (-1, 1)}, tolerance=1e-4)
    assert net.neurons == 0
    assert net([[2.0, 0.5]])[0, 0] == pytest.approx(9.0, abs=1e-5)


def test_float16_certificate_counts_the_rounding_of_every_partial_sum():
    p = cl.Polynomial({((i, 1),): Fraction(1, 3) for i in range(109)}, [f"x{i}" for i in range(109)])
    net = cl.compile(p, box=(0, 1), dtype="float16", activation="square")
    X = np.linspace(0, 1, 1001)[:, None] * np.ones(109)  # equal inputs, whose sums are all rounded alike
    error = np.abs(net(X).astype(np.float64)[:, 0] - p(X)).max()
    assert error <= net.certificate.error <= 10 * error
