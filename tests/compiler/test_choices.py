"""What the compiler chooses: activations, gates by their effect, squares to leave out, powers of forms, depth."""

import itertools

import numpy as np
import pytest
from builders import quadratic

import cheaplearn as cl
from cheaplearn.testing import assert_certified, worst_error


def test_auto_takes_the_fewest_neurons_and_says_why():
    net = cl.compile("x*y", box=(-1, 1), tolerance=1e-4, activation="auto")
    single = [cl.compile("x*y", box=(-1, 1), tolerance=1e-4, activation=name) for name in ("silu", "gelu")]
    assert (net.activation, net.neurons) == ("gelu", 2)
    assert net.certificate.error == min(one.certificate.error for one in single)
    assert "gelu: fewest neurons" in net.metadata["choice"]
    assert "activation='square'" in net.metadata["choice"]


def test_auto_goes_on_where_relu_has_no_strict_layers():
    kinds = {"a": "bit", "s": "spin"}
    net = cl.compile("a*s", variables=kinds, activation="auto", strict_layers=True)
    assert net.activation != "relu"
    assert "relu has no strict layers" in net.metadata["choice"]


def test_auto_takes_relu_for_bits_and_square_where_nothing_else_reaches_the_tolerance():
    bits = cl.compile("a*b*c", variables=dict.fromkeys("abc", "bit"), activation="auto")
    assert (bits.activation, bits.neurons, bits.certificate.error) == ("relu", 1, 0.0)
    exact = cl.compile("x*y", box=(-1, 1), tolerance=1e-6, activation="auto")
    assert exact.activation == "square"
    assert "no other activation reaches" in exact.metadata["choice"]


@pytest.mark.parametrize("activation", ["silu", "tanh", "relu"])
def test_only_the_products_that_matter_get_the_exact_gates(activation):
    p = "1000*a*b + c*d + e*f + g*h"
    tolerance = 0.05 if activation == "tanh" else 0.02
    loose = cl.compile(p, box=(-1, 1), tolerance=50 * tolerance, activation=activation)
    net = cl.compile(p, box=(-1, 1), tolerance=tolerance, activation=activation)
    all_exact = 4 * cl.compile("1000*a*b", box=(-1, 1), tolerance=tolerance, activation=activation).neurons
    assert loose.neurons < net.neurons < all_exact
    assert net.certificate.error <= tolerance
    assert_certified(net, p, effort=500)


def test_relu_squares_grow_with_the_logarithm_of_the_tolerance():
    sizes = [cl.compile("x**2", box=(-1, 1), tolerance=1.02 * 4.0**-k, activation="relu").neurons for k in range(2, 9)]
    assert set(np.diff(sizes)) <= {1, 2}  # a tooth for every factor of 4, two where rounding takes its share
    assert sizes[0] == 2  # error 4^-2 with m + 1 = 2 neurons


def test_ten_dense_forms_take_fewer_squares_when_the_tolerance_allows_it_and_never_more():
    rng = np.random.default_rng(0)
    forms = []
    for _ in range(10):
        directions = np.linalg.qr(rng.normal(size=(64, 64)))[0]
        forms.append(quadratic((directions * (np.exp(-np.arange(64) / 12) * rng.choice([-1, 1], 64))) @ directions.T))
    neurons = [cl.compile(forms, box=(-1, 1), relative_tolerance=t).neurons for t in (1e-3, 1e-2)]
    assert neurons[0] <= 640
    assert neurons[1] < 540
    net = cl.compile(forms, box=(-1, 1), relative_tolerance=1e-2)
    found, _ = worst_error(net, forms, effort=100)
    assert found <= net.certificate.error


@pytest.mark.parametrize(
    ("formula", "neurons", "depth"),
    [("(x + y + z)**4", 2, 2), ("(x - 2*y + 1)**4", 5, 2), ("(x + y)**3", 3, 2), ("3*(x/2 - y + z/7)**8", 3, 3)],
)
def test_powers_of_a_linear_form_are_seen_through_their_expansion(formula, neurons, depth):
    net = cl.compile(formula, box=(-1, 1))
    assert (net.neurons, net.depth) == (neurons, depth)
    assert_certified(net, formula, effort=500)


def test_the_certificate_explains_itself():
    net = cl.compile("1000*a*b + c*d", box=(-1, 1))
    text = net.certificate.explain()
    assert "What dominates:\n  - gates of layer 1" in text
    assert "product of a with b (layer 1): 99%" in text or "product of a with b (layer 1): 98%" in text
    assert "What would lower it:" in text
    assert "dtype='float64'" in text


def test_the_table_of_floors_is_certified_and_covers_every_gate():
    floors = cl.gates.table(["gelu", "tanh", "square", "relu"], ["float32", "float64"])
    assert (floors.measured <= floors.certified).all()
    assert set(floors.kind) == {"half", "pair", "exact", "sawtooth"}
    two = floors[(floors.activation == "gelu") & (floors.dtype == "float32") & (floors.neurons == 2)]
    assert two.certified.item() <= 3 * 1.9e-5  # the floor that a search had found for two GELU neurons
    with pytest.raises(ValueError, match=r"`activations` of `gates.table` must be some of silu"):
        cl.gates.table(["swish"])


def test_parity_and_majority_of_bits_as_polynomials_take_one_layer():
    k = 6
    names = [f"b{i}" for i in range(k)]
    parity = cl.Polynomial({(): 0.5}, names) - cl.Polynomial.parse("1/2") * _product_of_spins(names)
    net = cl.compile(parity, variables=dict.fromkeys(names, "bit"), activation="relu")
    X = np.array(list(itertools.product((0, 1), repeat=k)))
    assert net.depth == 1
    assert net.neurons <= k + 1
    assert (net(X)[:, 0] == X.sum(axis=1) % 2).all()


def _product_of_spins(names):
    product = cl.Polynomial.parse("1")
    for name in names:
        product *= cl.Polynomial.parse(f"1 - 2*{name}")
    return product
