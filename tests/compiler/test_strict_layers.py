"""Strict layers: nothing skips a layer of neurons, identity neurons carry what is needed later."""

import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.compiler.arithmetic import Arithmetic
from cheaplearn.compiler.identity_gates import identity_gate
from cheaplearn.network import activation_named
from cheaplearn.testing import assert_certified

ACTIVATIONS = ["silu", "gelu", "softplus", "tanh", "sigmoid", "square"]


def reads_only_what_follows_the_last_neurons(net):
    first, width = 0, len(net.variables)
    for layer in net.layers:
        if len(layer.weights.indices) and layer.weights.indices.min() < first:
            return False
        if layer.activation:
            first = width
        width += layer.units
    return True


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_values_are_carried_and_the_certificate_holds(activation, dtype):
    p = ["a*b*c*d*e + a", "a**2 - e"]
    net = cl.compile(p, box=(-1, 2), activation=activation, dtype=dtype, strict_layers=True)
    free = cl.compile(p, box=(-1, 2), activation=activation, dtype=dtype)
    assert reads_only_what_follows_the_last_neurons(net)
    assert not reads_only_what_follows_the_last_neurons(free)
    assert net.neurons > free.neurons
    assert net.depth == free.depth
    slack = 40 if activation == "square" else 20  # its roundings never all go one way
    assert_certified(net, p, slack=slack, effort=500)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_paper_s_gate_multiplies_with_four_neurons_and_no_skip(activation):
    net = cl.compile("x*y", box=(-1, 1), activation=activation, strict_layers=True)
    assert net.neurons == (2 if activation == "square" else 4)
    assert reads_only_what_follows_the_last_neurons(net)


@pytest.mark.parametrize("activation", [*ACTIVATIONS, "relu"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_identity_neurons_give_back_their_value_within_their_bound(activation, dtype):
    arithmetic = Arithmetic(np.dtype(dtype))
    gate = identity_gate(activation, arithmetic)
    v = np.random.default_rng(0).uniform(-3, 3, 20_000).astype(dtype)
    total = np.zeros(len(v), dtype=dtype)
    for slope, shift, weight in zip(gate.slopes, gate.shifts, gate.weights, strict=True):
        z = (v * np.dtype(dtype).type(slope) + np.dtype(dtype).type(shift)).astype(dtype)
        total = total + np.dtype(dtype).type(weight) * activation_named(activation)(z)
    total = total + np.dtype(dtype).type(gate.constant)
    bound = gate.cubic * 27 + gate.rounding(activation, 3.0, arithmetic)
    assert np.abs(total.astype(np.longdouble) - v.astype(np.longdouble)).max() <= bound < 1e-2


def test_relu_carries_bits_exactly():
    net = cl.compile("a*b*c*d + a", variables=dict.fromkeys("abcd", "spin"), activation="relu", strict_layers=True)
    assert reads_only_what_follows_the_last_neurons(net)
    assert net.certificate.error == 0.0


@pytest.mark.parametrize(("activation", "formula"), [("gaussian", "x*y"), ("relu", "x*y")])
def test_activations_that_cannot_are_refused(activation, formula):
    with pytest.raises(ValueError, match="`strict_layers` of `compile` must be False with gaussian"):
        cl.compile(formula, box=(-1, 1), activation=activation, strict_layers=True)
