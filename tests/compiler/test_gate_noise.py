"""Rounding of a square gate: stored units evaluated in the dtype against the exact gate, for all kinds and dtypes."""

import numpy as np
import pytest
from flint import arb
from single_units import EXACT

from cheaplearn.compiler.arithmetic import Arithmetic
from cheaplearn.compiler.gate_noise import gate_noise
from cheaplearn.compiler.slopes import largest_curvature, largest_slope
from cheaplearn.compiler.square_gates import REACH, gate_kinds, square_gate
from cheaplearn.network import activation_named

DTYPES = ("float16", "float32", "float64")
GATES = [
    (activation, kind, scales, dtype)
    for activation in ("silu", "gelu", "softplus", "gaussian", "tanh", "sigmoid", "exp", "square")
    for kind, scales in gate_kinds(activation)
    for dtype in DTYPES
    if scales < 3
]


def computed_units(gate, v, dtype):
    """The even units t_k of a gate, as a network of that dtype evaluates them, and the stored constant."""
    stored, half = np.dtype(dtype), dtype == "float16"
    wide = np.dtype(np.float32) if half else stored
    signs = (1, -1) if gate.kind == "pair" else (1,)
    constant = stored.type(len(signs) * float(int(gate.constant.p) / int(gate.constant.q)))
    units = []
    for scale in gate.scales:
        total = -wide.type(constant)
        for sign in signs:
            z = wide.type(sign * scale) * v.astype(wide) + wide.type(gate.bias)
            h = activation_named(gate.activation)(z)
            total = total + (h.astype(np.float16).astype(wide) if half else h)
        if gate.odd:
            total = total + wide.type(-0.5 * scale) * v.astype(wide)
        units.append(total.astype(stored) if gate.kind != "exact" else total)
    return units, constant, len(signs)


def exact_even(gate, scale, f, neurons):
    sigma, z, b = EXACT[gate.activation], arb(scale) * arb(f), arb(gate.bias)
    if gate.kind == "exact":
        return z * z
    if neurons == 2:
        return sigma(b + z) + sigma(b - z) - 2 * sigma(b)
    return sigma(z) - sigma(b) - (z / 2 if gate.odd else 0)


@pytest.mark.parametrize(("activation", "kind", "scales", "dtype"), GATES)
def test_computed_gate_is_within_its_noise_of_the_exact_one(activation, kind, scales, dtype):
    rng = np.random.default_rng(len(activation) + scales)
    exponents = {"float16": (-1, -3), "float32": (0, -4, -6), "float64": (-3, -10)}[dtype]
    worst = 0.0
    for exponent in exponents:
        amplitude = 2.0**exponent * float(rng.choice([1, 1.25]))
        try:
            gate = square_gate(activation, amplitude, dtype, kind, scales)
        except ValueError:
            continue
        noise = gate_noise(gate, Arithmetic(np.dtype(dtype)))
        v = np.concatenate([rng.uniform(-REACH, REACH, 40), [REACH, -1.0, 1.0, 1e-3, 0.0]]).astype(dtype)
        units, constant, neurons = computed_units(gate, v, dtype)
        at_zero = EXACT[activation](arb(gate.bias))
        missed = arb(float(constant)) - neurons * at_zero if kind != "exact" else arb(0)
        for i, f in enumerate(v.astype(float)):
            error = sum(
                g * (arb(float(t[i])) + missed - exact_even(gate, s, f, neurons))
                for g, s, t in zip(gate.weights, gate.scales, units, strict=True)
            )
            found = float(abs(error).abs_upper())
            allowed = noise.constant + noise.slope * abs(f) + noise.curvature * f * f
            assert found <= allowed, (exponent, f)
            worst = max(worst, found / allowed)
            size = sum(abs(g * float(t[i])) for g, t in zip(gate.weights, units, strict=True))
            assert size <= noise.size * REACH**2 + noise.of_square
            assert all(abs(float(t[i])) <= bound for t, bound in zip(units, noise.value_size, strict=True))
    assert worst > 0.02  # not vacuous: these are few points, and three roundings rarely conspire


@pytest.mark.parametrize("activation", ["silu", "gelu", "softplus", "gaussian", "tanh", "sigmoid", "exp"])
def test_stated_slopes_and_curvatures_hold_and_are_sharp(activation):
    reach = 2.0 if activation == "exp" else 12.0
    z = np.linspace(-reach, reach, 240_001)
    values = activation_named(activation)(z)
    slope = np.abs(np.diff(values) / np.diff(z)).max()
    curvature = np.abs(np.diff(values, 2)).max() / (z[1] - z[0]) ** 2
    assert slope <= largest_slope(activation, reach) <= 1.02 * slope
    assert curvature <= largest_curvature(activation, reach) * (1 + 1e-4) <= 1.02 * curvature


def test_noise_of_a_product_is_that_of_two_squares_on_one_budget():
    noise = gate_noise(square_gate("softplus", 0.125), Arithmetic(np.dtype("float32")))
    assert noise.of_square < noise.of_product <= 2 * noise.of_square
