"""Flat networks keep their certificate, and the certificate is not vacuous."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cheaplearn as cl
from cheaplearn.compiler.arithmetic import Arithmetic
from cheaplearn.compiler.power_bias import shared_bias
from cheaplearn.compiler.slopes import largest_slope
from cheaplearn.flattening.shallow import flat_forms, scaled_terms, shallow_network
from cheaplearn.flattening.shallow.networks import _Placement
from cheaplearn.network import activation_named
from cheaplearn.testing import worst_error

ACTIVATIONS = ["softplus", "silu", "gelu", "tanh", "sigmoid", "gaussian", "exp"]
FORMULAS = ["x*y", "x*y*z - z**2/2", "x**2*y + x*y - x/2 + y**3/3", "x**2 + y**2 - 3*z**2", "1 + x + x**4"]


def networks(formula, activation, dtype, box=(-1, 1)):
    p = cl.Polynomial.parse(formula)
    reach = [Fraction(max(map(abs, box)))] * len(p.variables)
    terms = scaled_terms(p, reach)
    slope = sum(abs(int(c.p) / int(c.q)) * sum(alpha) for alpha, c in terms.items())
    bias = shared_bias(activation, tuple(sorted({sum(alpha) for alpha in terms})))
    for form in flat_forms(terms):
        yield shallow_network(
            form, activation, bias, np.dtype(dtype), reach, p.variables, slope, dict.fromkeys(p.variables, box)
        )


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("formula", FORMULAS)
def test_certificates_hold_and_are_tight(formula, activation):
    for dtype in ("float32", "float64"):
        for net in networks(formula, activation, dtype):
            found, _ = worst_error(net, formula, effort=200)
            assert found <= net.certificate.error
            # rounding is bounded term by term, and only the first orders beyond the degree are expanded
            assert net.certificate.error <= 25 * found, (net.metadata, dtype)
            assert net.depth == 1
            assert net.certificate.dtype == dtype


@pytest.mark.parametrize("box", [(-0.25, 0.5), (-8, 3), (0, 1)])
def test_boxes_of_other_sizes_are_certified(box):
    for net in networks("x*y*z + 2*x - y**2", "softplus", "float64", box):
        found, _ = worst_error(net, "x*y*z + 2*x - y**2", effort=300)
        assert found <= net.certificate.error <= 25 * found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(ACTIVATIONS), st.sampled_from(["float32", "float64"]))
def test_no_search_breaks_the_certificate_of_a_random_polynomial(seed, activation, dtype):
    rng = np.random.default_rng(seed)
    monomials = ["x", "y", "x*y", "x**2*y", "y**3", "x**4", "x*y**3", "1"]
    chosen = rng.choice(monomials, rng.integers(1, 5), replace=False)
    formula = " + ".join(f"({rng.normal():.3f})*{m}" for m in chosen)
    for net in filter(None, networks(formula, activation, dtype)):
        found, _ = worst_error(net, formula, effort=60)
        assert found <= net.certificate.error


def test_there_are_no_biases_but_the_shared_one_and_no_skips():
    for net in networks("x*y*z*w*v*u", "exp", "float64"):
        hidden = net.layers[0]
        assert set(hidden.bias.tolist()) == {net.metadata["shared_bias"]}
        for layer in net.layers[1:]:
            assert layer.activation is None
            assert not layer.bias.any()
            assert not layer.weights[:, : len(net.variables)].nnz


def test_forms_whose_high_powers_overflow_are_certified():
    ring = " + ".join(f"s{i}*s{(i + 1) % 16} - s{i}*s{(i + 4) % 16}" for i in range(16))
    for net in networks(ring, "softplus", "float64"):
        found, _ = worst_error(net, ring, effort=100)
        assert found <= net.certificate.error


def test_weights_that_overflow_are_no_network():
    p = cl.Polynomial.parse("x**12 * 10**30")
    terms = scaled_terms(p, [Fraction(10)])
    (form, *_) = flat_forms(terms)
    assert shallow_network(form, "exp", 0.0, np.dtype("float32"), [Fraction(10)], ["x"], 1e43, {"x": (-10, 10)}) is None


@pytest.mark.parametrize(("activation", "bias"), [("softplus", -1.5), ("exp", 0.0), ("tanh", 0.625)])
def test_rounding_is_the_sum_over_neurons_of_the_theory_page(activation, bias):
    """Slow twin of the second and third line of the bound in docs/theory/flat_networks.md."""
    p = cl.Polynomial.parse("x*y*z + x**3 - y/2")
    form = flat_forms(scaled_terms(p, [Fraction(1)] * 3))[-1]
    arithmetic, scale = Arithmetic(np.dtype("float64")), 2.0**-5
    placement = _Placement(form, activation, bias, arithmetic, [Fraction(1)] * 3)
    factors, u = placement.factors(scale), arithmetic.u
    total = 0.0
    for j, direction in enumerate(form.directions):
        weight = sum(
            abs(float(Fraction(int(part[j].p), int(part[j].q))) * factors[k]) for k, part in form.parts.items()
        )
        z = abs(bias) + scale * sum(abs(float(Fraction(int(a.p), int(a.q)))) for a in direction)
        inputs = sum(a != 0 for a in direction)
        sigma = activation_named(activation)
        additions = 3 * int(np.ceil(np.log(form.neurons) / np.log(4))) if form.neurons > 16 else form.neurons
        argument = largest_slope(activation, z) * u * ((inputs + 8) * z + 2)
        total += weight * (
            u * sigma.error(z, "float64") + argument + (8 + len(form.parts) + additions) * u * sigma.largest(z)
        )
    assert placement.bounds(scale).rounding == pytest.approx(total, rel=1e-6)


def test_derivatives_that_vanish_do_not_end_the_sum_over_orders():
    f = cl.flatten("x1*x2", "gelu", shared_bias=0, dtypes=("float64",))
    net = f.network(0, "float64")
    found, _ = worst_error(net, "x1*x2", effort=200)
    assert found <= net.certificate.error < 1e-6
