"""Remainders of the square gates against high-precision evaluation on a fine grid."""

import mpmath as mp
import numpy as np
import pytest

from cheaplearn.compiler.gates import GAINS, MAX_AMPLITUDE, square_gate

AMPLITUDES = (1e-5, 3e-3, 0.1, 0.5, MAX_AMPLITUDE)


def even_part(activation, z):
    sigma = {
        "silu": lambda v: v / (1 + mp.exp(-v)),
        "gelu": lambda v: v / 2 * (1 + mp.erf(v / mp.sqrt(2))),
        "softplus": lambda v: mp.log(1 + mp.exp(v)),
    }[activation]
    return (sigma(z) + sigma(-z)) / 2 - sigma(mp.mpf(0))


def remainders(gate, count=400):
    kappa = mp.mpf(int(gate.kappa.p)) / int(gate.kappa.q)
    z = [mp.mpf(gate.amplitude) * k / count for k in range(count + 1)]
    return z, [even_part(gate.activation, v) - kappa * v**2 for v in z]


@pytest.mark.parametrize("gain", GAINS)
@pytest.mark.parametrize("activation", ["silu", "gelu", "softplus"])
def test_remainder_bounds_hold_and_are_tight(activation, gain):
    with mp.workprec(300):
        for amplitude in AMPLITUDES:
            gate = square_gate(activation, amplitude, gain)
            z, r = remainders(gate)
            worst = max(abs(v) for v in r)
            relative = max(abs(v) / y**2 for y, v in zip(z[1:], r[1:], strict=True))
            assert worst <= gate.remainder <= 1.01 * worst
            assert relative <= gate.relative_remainder <= 1.01 * relative


@pytest.mark.parametrize("gain", GAINS)
@pytest.mark.parametrize("activation", ["silu", "gelu", "softplus"])
def test_pair_remainder_bounds_every_product(activation, gain):
    with mp.workprec(200):
        for amplitude in (1e-3, 0.3, 1.0):
            gate = square_gate(activation, amplitude, gain)
            _, r = remainders(gate, 120)
            worst = max(abs(r[i] - r[j]) for i in range(121) for j in range(121 - i))
            assert worst <= gate.pair_remainder <= 1.2 * worst


@pytest.mark.parametrize("activation", ["silu", "gelu", "softplus"])
def test_minimax_gain_beats_taylor_nearly_sixfold(activation):
    ratio = square_gate(activation, 0.05, "taylor").remainder / square_gate(activation, 0.05, "minimax").remainder
    assert ratio == pytest.approx(3 + 2 * np.sqrt(2), rel=0.01)


@pytest.mark.parametrize("activation", ["silu", "gelu", "softplus"])
def test_remainder_shrinks_with_the_fourth_power_of_the_amplitude(activation):
    sizes = np.array([0.2, 0.1, 0.05, 0.025])
    slope = np.polyfit(np.log(sizes), np.log([square_gate(activation, a).remainder for a in sizes]), 1)[0]
    assert slope == pytest.approx(4.0, abs=0.05)


def test_constant_of_softplus_is_log_two_to_many_digits():
    gate = square_gate("softplus", 0.1)
    with mp.workprec(300):
        difference = abs(mp.mpf(int(gate.constant.p)) / int(gate.constant.q) - mp.log(2))
    assert difference <= gate.constant_error < 1e-60
