"""Unit functions of integers: exact values, proven errors of the neurons, and the fewest neurons for bits and spins."""

import math
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from flint import arb
from single_units import EXACT

import cheaplearn as cl
from cheaplearn.circuit import Circuit
from cheaplearn.compiler.counts import unit_function, unit_gate
from cheaplearn.compiler.even_series import working_precision

WITH_UNITS = ("relu", "silu", "gelu", "softplus", "sigmoid", "tanh", "gaussian")
WANTED = {
    "hinge": lambda m: max(m, 0.0),
    "half": lambda m: max(m, 0.0),
    "step": lambda m: float(m > 0),
    "bump": lambda m: float(m == 0),
}


@pytest.mark.parametrize("u", [2.0**-11, 2.0**-24, 2.0**-53])
@pytest.mark.parametrize("activation", WITH_UNITS)
def test_a_neuron_is_its_unit_function_within_the_truncation_at_every_integer(activation, u):
    gate, basis = unit_gate(activation, u), unit_function(activation).basis
    with working_precision():
        for m in range(-40, 41):
            form = m + (0.5 if basis in {"half", "step"} else 0.0)
            value = gate.weight * EXACT[activation](arb(gate.slope) * arb(form)) + gate.offset
            assert abs(value - WANTED[basis](form)) <= gate.truncation
    assert gate.truncation <= u / 50
    assert np.log2([gate.slope, gate.weight]).tolist() == np.round(np.log2([gate.slope, gate.weight])).tolist()


@pytest.mark.parametrize("activation", WITH_UNITS)
def test_a_unit_function_changes_no_faster_than_its_sensitivity(activation):
    gate = unit_gate(activation, 2.0**-24)
    forms = np.linspace(-3, 3, 600_001)
    values = gate.weight * cl.network.activation_named(activation)(gate.slope * forms)
    slope = np.abs(np.diff(values) / np.diff(forms)).max()
    assert slope <= gate.sensitivity * (1 + 1e-9) <= 1.2 * slope


def corners(k, low):
    return np.array(list(product([low, 1.0], repeat=k)))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("k", [2, 3, 6])
@pytest.mark.parametrize("activation", WITH_UNITS)
def test_a_product_of_bits_is_one_neuron(activation, k, dtype):
    names = [f"b{i}" for i in range(k)]
    net = cl.compile("*".join(names), activation=activation, dtype=dtype, variables=dict.fromkeys(names, "bit"))
    X = corners(k, 0.0)
    assert (net.neurons, net.depth) == (1, 1)
    found = np.abs(net(X)[:, 0].astype(float) - X.prod(axis=1)).max()
    assert found <= net.certificate.error <= 100 * np.finfo(dtype).eps
    if activation == "relu":
        assert net.certificate.error <= float(np.finfo(dtype).smallest_subnormal)


@pytest.mark.parametrize("k", [3, 5, 8])
@pytest.mark.parametrize("activation", WITH_UNITS)
def test_parity_of_spins_takes_at_most_one_neuron_more_than_spins_in_one_layer(activation, k):
    names = [f"s{i}" for i in range(k)]
    net = cl.compile("*".join(names), activation=activation, variables=dict.fromkeys(names, "spin"))
    X = corners(k, -1.0)
    assert net.depth <= 3 if unit_function(activation).basis == "hinge" else net.depth == 1
    assert net.neurons <= k + 1
    found = np.abs(net(X)[:, 0].astype(float) - X.prod(axis=1)).max()
    assert found <= net.certificate.error <= 1e-2
    if activation == "relu":
        assert net.certificate.error <= 1e-30


def majority(k):
    """The multilinear polynomial of the majority of k bits, by inclusion and exclusion."""
    terms, weights = {}, []
    for d in range(k + 1):
        weights.append(int(d > k / 2) - sum(w * math.comb(d, j) for j, w in enumerate(weights)))
        if weights[-1]:
            terms |= {tuple((i, 1) for i in chosen): weights[-1] for chosen in combinations(range(k), d)}
    return cl.Polynomial(terms, [f"b{i}" for i in range(k)])


@pytest.mark.parametrize("k", [3, 5, 7])
@pytest.mark.parametrize("activation", WITH_UNITS)
def test_majority_of_bits_takes_at_most_one_neuron_more_than_bits_in_one_layer(activation, k):
    p = majority(k)
    net = cl.compile(p, activation=activation, variables={f"b{i}": "bit" for i in range(k)})
    X = corners(k, 0.0)
    assert (net.depth, net.neurons <= k + 1) == (1, True)
    found = np.abs(net(X)[:, 0].astype(float) - (X.sum(axis=1) > k / 2)).max()
    assert found <= net.certificate.error <= 1e-2


@pytest.mark.parametrize("activation", [*WITH_UNITS, "square"])
@pytest.mark.parametrize("formula", ["s1*s2*s3*b1*b2*x", "s1*s2*b1*b2*b3 - 3*b1*b2*x**2", "b1*b2*b3*s1 + s1*s2*s3*s4"])
def test_bits_spins_and_reals_mixed_stay_within_the_certificate(formula, activation):
    names = cl.Polynomial.parse(formula).variables
    kinds = {name: {"s": "spin", "b": "bit"}[name[0]] for name in names if name[0] in "sb"}
    net = cl.compile(formula, box={"x": (-2, 1)} if "x" in names else None, activation=activation, variables=kinds)
    rng = np.random.default_rng(0)
    low = np.array([{"s": -1.0, "b": 0.0, "x": -2.0}[name[0]] for name in names])
    X = np.where(rng.random((2000, len(names))) < 0.5, low, 1.0)
    found = np.abs(net(X)[:, 0].astype(float) - cl.Polynomial.parse(formula)(X)).max()
    assert found <= net.certificate.error <= 0.1


@pytest.mark.parametrize("kind", ["bit", "spin"])
@pytest.mark.parametrize("activation", ["silu", "tanh", "square"])
def test_powers_of_bits_and_spins_that_nobody_reduced_are_within_the_certificate(activation, kind):
    p = cl.Polynomial(
        {((0, 2), (1, 1), (2, 1)): 1.0, ((0, 1), (1, 2)): 2.0, ((0, 2),): 1.0, ((1, 2),): 1.0, ((2, 2),): 1.0},
        list("abc"),
    )
    circuit = Circuit((p,), tuple("abc"), (kind,) * 3, (Fraction(0),) * 3, (Fraction(1),) * 3, ("y",))
    net = cl.compile(circuit, activation=activation)
    X = corners(3, 0.0 if kind == "bit" else -1.0)
    assert np.abs(net(X)[:, 0].astype(float) - p(X)).max() <= net.certificate.error <= 0.1
