"""Square gates against high-precision evaluation of the activations on fine grids."""

import mpmath as mp
import numpy as np
import pytest

from cheaplearn.compiler.scales import SCALE_BITS
from cheaplearn.compiler.square_gates import GAINS, MAX_SCALES, REACH, gate_kinds, square_gate

SIGMA = {
    "silu": lambda z: z / (1 + mp.exp(-z)),
    "gelu": lambda z: z / 2 * (1 + mp.erf(z / mp.sqrt(2))),
    "softplus": lambda z: mp.log1p(mp.exp(z)),
    "gaussian": lambda z: mp.exp(-z * z),
    "tanh": mp.tanh,
    "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
    "square": lambda z: z * z,
}
SMOOTH = [name for name in SIGMA if name != "square"]
CASES = [(name, kind, scales) for name in SMOOTH for kind, scales in gate_kinds(name)]
DTYPES = ("float16", "float32", "float64")


def even_part(gate, z):
    sigma, bias = SIGMA[gate.activation], mp.mpf(gate.bias)
    if gate.kind == "pair":
        return sigma(bias + z) + sigma(bias - z) - 2 * sigma(bias)
    return sigma(z) - mp.mpf(int(gate.odd.p)) / int(gate.odd.q) * z - sigma(mp.mpf(0))


def remainder(gate, f):
    terms = (g * even_part(gate, s * f) for g, s in zip(gate.weights, gate.scales, strict=True))
    return mp.fsum(terms) - f * f


def remainders(gate, count):
    f = [mp.mpf(REACH) * k / count for k in range(count + 1)]
    return f, [remainder(gate, v) for v in f]


@pytest.mark.parametrize("gain", GAINS)
@pytest.mark.parametrize(("activation", "kind", "scales"), CASES)
def test_bounds_hold_and_are_tight(activation, kind, scales, gain):
    rng = np.random.default_rng([scales, GAINS.index(gain), CASES.index((activation, kind, scales))])
    for dtype, low, high in (("float16", -3, 0), ("float32", -9, 0), ("float64", -24, -2), ("float64", -2, 0.5)):
        gate = square_gate(activation, 2 ** rng.uniform(low, high), dtype, kind, scales, gain)
        with mp.workprec(250):
            f, r = remainders(gate, 96)
        worst = max(abs(v) for v in r)
        relative = max(abs(v) / y**2 for y, v in zip(f[1:], r[1:], strict=True))
        ripples = np.array([float(v) for v in r])
        pair = max(np.abs(np.subtract.outer(ripples[: i + 1], ripples[: 97 - i])).max() for i in range(97))
        assert worst <= gate.remainder <= 1.01 * worst
        assert relative <= gate.relative_remainder <= 1.01 * relative
        assert pair * (1 - 1e-12) <= gate.pair_remainder <= 1.2 * pair


@pytest.mark.parametrize("gain", GAINS)
@pytest.mark.parametrize(("activation", "kind", "scales"), CASES)
def test_remainder_falls_by_the_order_of_the_kind(activation, kind, scales, gain):
    sizes = np.array([1 / 4, 1 / 8])
    gates = [square_gate(activation, size, "float64", kind, scales, gain) for size in sizes]
    slope = np.diff(np.log([gate.remainder for gate in gates])) / np.diff(np.log(sizes))
    order = 2 * scales if gates[0].bias == 0 else 2 * scales + 2
    assert slope == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize(("activation", "kind", "scales"), CASES)
def test_minimax_weights_equioscillate(activation, kind, scales):
    gate = square_gate(activation, 0.75, "float64", kind, scales)
    with mp.workprec(120):
        _, r = remainders(gate, 400)
    r = np.array([float(v) for v in r])
    runs = np.split(r, np.flatnonzero(np.diff(np.sign(r[1:]))) + 2)
    peaks = np.array([np.abs(run).max() for run in runs])  # consecutive ones have opposite signs
    level = peaks >= 0.99 * peaks.max()
    assert np.convolve(level, np.ones(scales + 1), "valid").max() == scales + 1


@pytest.mark.parametrize("activation", ["silu", "gelu", "softplus"])
def test_minimax_gain_of_one_scale_beats_taylor_nearly_sixfold(activation):
    ratio = square_gate(activation, 0.05, gain="taylor").remainder / square_gate(activation, 0.05).remainder
    assert ratio == pytest.approx(3 + 2 * np.sqrt(2), rel=0.01)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("activation", "kind", "scales"), CASES)
def test_stored_numbers_are_numbers_of_the_dtype(activation, kind, scales, dtype):
    gate = square_gate(activation, 0.3, dtype, kind, scales)
    for number in (gate.bias, *gate.scales, *gate.weights):
        assert float(np.dtype(dtype).type(number)) == number
    for scale in gate.scales:
        mantissa, _ = np.frexp(scale)
        assert float(mantissa) * 2**SCALE_BITS % 1 == 0
    assert list(gate.scales) == sorted(set(gate.scales), reverse=True)
    assert gate.scales[0] == pytest.approx(0.3, rel=2.0**-SCALE_BITS)


@pytest.mark.parametrize("activation", SIGMA)
def test_kinds_ascend_in_neurons_and_cover_the_scales(activation):
    gates = [square_gate(activation, 0.25, "float32", kind, scales) for kind, scales in gate_kinds(activation)]
    neurons = [gate.neurons for gate in gates]
    assert neurons == sorted(neurons)
    assert {len(gate.scales) for gate in gates} == ({1} if activation == "square" else set(range(1, MAX_SCALES + 1)))
    assert square_gate(activation, 0.25) == gates[0]
    assert [gate.neurons // len(gate.scales) for gate in gates] == [1 + (gate.kind == "pair") for gate in gates]


@pytest.mark.parametrize(("activation", "kind", "scales"), CASES)
def test_constant_is_the_activation_at_the_bias_to_sixty_digits(activation, kind, scales):
    for dtype in DTYPES:
        gate = square_gate(activation, 0.1, dtype, kind, scales)
        with mp.workprec(400):
            constant = mp.mpf(int(gate.constant.p)) / int(gate.constant.q)
            assert abs(constant - SIGMA[activation](mp.mpf(gate.bias))) <= gate.constant_error + 1e-100
        assert gate.constant_error <= 1e-60


@pytest.mark.parametrize("activation", SMOOTH)
def test_pair_bias_is_where_the_fourth_derivative_vanishes(activation):
    gate = square_gate(activation, 0.1, "float64", "pair")
    with mp.workprec(200):
        bias = mp.findroot(lambda b: mp.diff(SIGMA[activation], b, 4), gate.bias)
    assert float(bias) == gate.bias
    several = [square_gate(activation, 0.1, dtype, "pair", 2).bias for dtype in DTYPES]
    centred = activation in ("silu", "gelu")  # where sigma(0) = 0
    assert several == [float(np.float16(gate.bias)), float(np.float32(gate.bias)), 0.0 if centred else gate.bias]


@pytest.mark.parametrize("activation", ["silu", "gelu", "softplus"])
def test_half_gates_have_an_odd_part_of_exactly_half_the_argument(activation):
    gate = square_gate(activation, 0.1)
    with mp.workprec(200):
        for z in np.random.default_rng(3).uniform(0, 3, 20):
            assert abs(even_part(gate, mp.mpf(z)) - even_part(gate, -mp.mpf(z))) < 1e-50
    assert gate.odd.p == 1
    assert gate.odd.q == 2


def test_exact_gate_has_no_remainder():
    for amplitude in (2.0**-7, 0.3, 1.0, 5.0):
        gate = square_gate("square", amplitude, "float16")
        assert gate.weights[0] * gate.scales[0] ** 2 == 1
        assert (gate.neurons, gate.odd, gate.remainder, gate.pair_remainder) == (1, 0, 0.0, 0.0)
    with pytest.raises(ValueError, match="inverse square is a number of float16"):
        square_gate("square", 2.0**-9, "float16")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("relu", 0.1), "`activation` of `gate_kinds` must be one of silu"),
        (("silu", 0.0), "`amplitude` of `square_gate` must be a positive number"),
        (("silu", float("nan")), "must be a positive number"),
        (("silu", 3.0), "must be small enough to prove a remainder"),
        (("tanh", 2.0), "must be small enough to prove a remainder"),
        (("tanh", 1.8125), "must be small enough to prove a remainder"),
        (("gelu", 1e308), "must be small enough to prove a remainder"),
        (("square", 1e308, "float64"), "inverse square is a number of float64"),
        (("silu", 2.0**-8, "float16"), "must be so large that no weight overflows float16"),
        (("silu", 0.1, "bfloat16"), "`dtype` of `square_gate` must be 'float16'"),
        (("tanh", 0.1, "float32", "half"), "`kind` of `square_gate` must be with its scales one of pair with 1"),
        (("silu", 0.1, "float32", "half", 4), "got 'half' with 4"),
        (("silu", 0.1, "float32", "half", 1, "best"), "`gain` of `square_gate` must be one of minimax"),
    ],
)
def test_what_cannot_be_built_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        square_gate(*arguments)
