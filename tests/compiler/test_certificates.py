"""Certificates are tested two-sided: never below the worst error a search finds, and not vacuous."""

from fractions import Fraction

import numpy as np
import pytest
from builders import quadratic, random_polynomial
from hypothesis import given, settings
from hypothesis import strategies as st

import cheaplearn as cl
from cheaplearn.circuit import Circuit
from cheaplearn.testing import assert_certified, worst_error

SMOOTH = ("silu", "gelu", "softplus", "gaussian", "tanh", "sigmoid")
EVERY = (*SMOOTH, "square", "relu")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("formula", ["x*y", "x**2 - 3*y**2 + x*y/2 + y", "x*y*z + z**3/2", "x*y*z*w - x**4", "x**8"])
def test_certificate_is_valid_and_tight(formula, activation, dtype):
    net = cl.compile(formula, box=(-1, 1), dtype=dtype, activation=activation)
    assert_certified(net, formula, slack=12, effort=1500)


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("formula", ["x*y", "x**2 - 3*y**2 + x*y/2 + y"])
def test_float16_certificates_are_valid_and_tight(formula, activation):
    net = cl.compile(formula, box=(-1, 1), dtype="float16", activation=activation)
    assert net.dtype == np.float16
    assert_certified(net, formula, slack=12, effort=1500)


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


def worst_of_each_output(net, circuit, X):
    """Largest error of every output at given points, judged in exact arithmetic."""
    exact = [circuit.exact(x.tolist()) for x in X]
    return [
        max(float(abs(Fraction(float(a)) - e[k])) for a, e in zip(column, exact, strict=True))
        for k, column in enumerate(net(X).T)
    ]


def random_box(rng, kinds, style):
    """Raw boxes: ordinary, far from the centre, tiny, or of very different sizes."""
    box = {}
    for i, kind in enumerate(kinds):
        low, width = float(rng.integers(-5, 3)), float(rng.integers(0, 7) / 3)
        if style == "far":
            low, width = float(rng.choice([1000.0, -37.0])), float(rng.choice([1.0, 0.125]))
        elif style == "tiny":
            low, width = float(rng.normal()), 10.0 ** -float(rng.integers(2, 7))
        elif style == "wild":
            width = 10.0 ** float(rng.integers(-8, 4))
            low = -width * float(rng.choice([0.5, 0.0, 1.25]))
        if kind == "real":
            box[f"x{i}"] = (low, low + width)
    return box


def compiled(circuit, box, dtype, activation, is_strict):
    try:
        return cl.compile(circuit, box=box, dtype=dtype, activation=activation, strict_layers=is_strict)
    except cl.ToleranceError:
        return None


@given(
    st.integers(0, 10**9),
    st.sampled_from(EVERY),
    st.sampled_from(["float16", "float32", "float64"]),
    st.sampled_from(["ordinary", "far", "tiny", "wild"]),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_no_random_function_breaks_its_certificate(seed, activation, dtype, style, is_strict):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    kinds = [str(kind) for kind in rng.choice(["real", "bit", "spin"], n, p=[0.6, 0.2, 0.2])]
    scale = 10.0 ** float(rng.integers(-30, 10)) if style == "wild" else 1.0
    polynomials = [random_polynomial(rng, n, 6, 6) * Fraction(scale) for _ in range(rng.integers(1, 4))]
    circuit = Circuit.from_polynomials(polynomials, {f"x{i}": kind for i, kind in enumerate(kinds)})
    box = random_box(rng, kinds, style)
    net = compiled(circuit, box, dtype, activation, is_strict and activation not in {"gaussian", "relu"})
    if net is None:  # too coarse a dtype for this box
        assert dtype == "float16" or style != "ordinary" or is_strict
        return
    low, high = np.array([net.certificate.box[name] for name in net.variables]).T
    X = rng.uniform(low, high, (120, n))
    corners = rng.random((120, n)) < 0.5
    discrete = np.array(kinds) != "real"
    X = np.where(corners & (discrete | (rng.random((120, 1)) < 0.4)), high, np.where(discrete, low, X))
    for found, certified in zip(worst_of_each_output(net, circuit, X), net.certificate.errors, strict=True):
        assert found <= certified
    found, where = worst_error(net, circuit, seed=seed, effort=100)
    assert found <= net.certificate.error, where


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_stored_numbers_are_numbers_of_the_dtype(dtype):
    net = cl.compile("x**2/1000 + x*y/3", box={"x": (-3000, 3000), "y": (-1, 1)}, dtype=dtype)
    for layer in net.layers:
        assert np.array_equal(layer.weights.data, layer.weights.data.astype(dtype).astype(layer.weights.dtype))


def test_partial_sums_in_float16_are_within_the_certificate():
    weights = 1 + 2.0**-10 * np.array(([2, 0, 0, 0] * 2 + [5, 0, 0, 0] * 2) * 16)  # every partial sum rounds down
    names = [f"b{i}" for i in range(256)]
    p = cl.Polynomial({((i, 1),): float(w) for i, w in enumerate(weights)}, names)
    net = cl.compile(p, dtype="float16", activation="square", variables=dict.fromkeys(names, "bit"))
    found = abs(float(net(np.ones((1, 256)))[0, 0]) - weights.sum())
    assert 0.2 < found <= net.certificate.error


@pytest.mark.parametrize(
    ("coefficient", "reach", "dtype"),
    [
        (Fraction(1, 2**100), 1e-20, "float32"),
        (Fraction(1, 10**46), 1.0, "float32"),
        (Fraction(1, 10**9), 1.0, "float16"),
        (Fraction(1, 10**320), 1e300, "float64"),
        (Fraction(10**9 + 7, 10**309), 1e290, "float64"),
    ],
)
def test_what_underflows_is_within_the_certificate(coefficient, reach, dtype):
    p = cl.Polynomial({((0, 1),): coefficient}, ["x"])
    net = cl.compile(p, box=(-reach, reach), dtype=dtype)
    X = np.random.default_rng(0).uniform(-reach, reach, (300, 1))
    assert worst_of_each_output(net, Circuit.coerce(p), X)[0] <= net.certificate.error


def test_cheap_and_exact_gates_are_mixed_as_the_tolerance_asks():
    p = "100*x*y + z*w/10 + x*w/20"
    cheap = cl.compile(p, box=(-1, 1), activation="silu")
    tolerance = cheap.certificate.error / 2
    middle = cl.compile(p, box=(-1, 1), activation="silu", tolerance=tolerance)
    assert cheap.neurons < middle.neurons < 2 * cheap.neurons
    assert len(middle.metadata["gates"]) == 2
    found, _ = worst_error(middle, p, effort=2000)
    assert found <= middle.certificate.error <= tolerance


def test_input_that_is_no_number_of_the_dtype_is_within_the_certificate():
    net = cl.compile("1000*x - 999*y", box=(0, 1), dtype="float32")
    assert net.neurons == 0
    x = np.random.default_rng(0).random((5000, 2))  # float64 numbers, rounded by the network
    assert np.abs(net(x)[:, 0] - (1000 * x[:, 0] - 999 * x[:, 1])).max() <= net.certificate.error < 1e-3


def test_long_sums_of_many_squares_stay_tight():
    rng = np.random.default_rng(3)
    pairs = [((i, 1), (j, 1)) for i in range(60) for j in range(i + 1, min(i + 3, 60))]
    names = [f"x{i}" for i in range(60)]
    outputs = [cl.Polynomial({pair: float(rng.normal()) for pair in pairs}, names) for _ in range(4)]
    net = cl.compile(outputs, box=(-1, 1))
    assert net.depth == 1
    assert net.neurons <= len(pairs) + 60
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
