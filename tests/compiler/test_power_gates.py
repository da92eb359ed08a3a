"""Products of several factors in one layer against the activation itself, in 300 bits."""

from itertools import product
from math import prod

import numpy as np
import pytest
from flint import arb

from cheaplearn.compiler.arithmetic import Arithmetic
from cheaplearn.compiler.even_series import FORMULAS, working_precision
from cheaplearn.compiler.power_gates import POWER_REACH, power_gate
from cheaplearn.compiler.power_noise import pattern_noise
from cheaplearn.compiler.power_search import best_power_exponent

HALVES = [("silu", 4), ("gelu", 4), ("softplus", 6), ("gaussian", 4), ("tanh", 3), ("tanh", 5), ("sigmoid", 3)]
PAIRS = [("exp", 3), ("exp", 4), ("exp", 6), ("softplus", 4), ("silu", 3), ("tanh", 4), ("sigmoid", 4), ("gaussian", 3)]
GATES = [(*gate, "half") for gate in HALVES] + [(*gate, "pair") for gate in PAIRS]


def network(gate, a):
    """Slow twin: every pattern is one neuron, unmerged, with its skip."""
    formula = FORMULAS[gate.activation].evaluate
    total = arb(0)
    for scale, weight in zip(gate.scales, gate.weights, strict=True):
        for signs in product((1, -1), repeat=gate.degree - 1):
            z = arb(scale) * sum((arb(s) * arb(x) for s, x in zip((1, *signs), a, strict=True)), arb(0))
            part = formula(gate.bias + z) - arb(gate.odd) * z - arb(gate.constant)
            if gate.kind == "pair":
                part += (-1) ** gate.degree * formula(gate.bias - z)
            total += arb(weight) * prod(signs) * part
    return total


@pytest.mark.parametrize("scales", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("activation", "degree", "kind"), GATES)
def test_remainder_holds_and_is_nearly_reached(activation, degree, kind, dtype, scales):
    exponent = best_power_exponent(activation, degree, dtype, scales, kind)
    gate = power_gate(activation, degree, 2.0**exponent, dtype, scales, kind)
    rng = np.random.default_rng(degree + scales)
    for reach in (1.0, POWER_REACH):
        ends = [np.full(degree, t) for t in np.linspace(0.05, 1.0, 14)]
        points = np.array([*ends, *rng.uniform(-1, 1, (8, degree)), *rng.choice([-1.0, 1.0], (4, degree))]) * reach
        with working_precision(300):
            errors = [abs(float((network(gate, a) - prod(map(arb, a))).mid())) for a in points]
        # at the large scales of float32 the terms beyond the second, bounded apart from the first two, matter
        largest_ratio = 1.3 if dtype == "float64" else 4 * gate.neurons
        assert max(errors) <= gate.remainder(reach) <= largest_ratio * max(errors)


@pytest.mark.parametrize(("activation", "degree", "kind"), GATES)
def test_errors_of_the_sums_that_differ_between_patterns_are_covered(activation, degree, kind):
    gate = power_gate(activation, degree, 2.0**-4, "float64", kind=kind)
    eta = 1e-3  # so large that nothing else counts
    formula, scale = FORMULAS[activation].evaluate, arb(gate.scales[0])

    def part(total):
        z = scale * arb(total)
        single = formula(gate.bias + z) - arb(gate.odd) * z
        return single + (-1) ** degree * formula(gate.bias - z) if kind == "pair" else single

    worst = 0.0
    with working_precision(300):
        for signs in product((1, -1), repeat=degree - 1):
            total = float(1 + sum(signs))
            worst += max(abs(float((part(total + e) - part(total)).mid())) for e in (eta, -eta))
    bound = pattern_noise(gate, gate.scales[0], eta, Arithmetic(np.dtype("float64")))
    assert worst <= bound
    # odd parts are bounded by the curvature too, which they hardly have; so are places of no curvature
    assert gate.degree % 2 or kind == "pair" or bound <= 2 * worst


def test_remainder_grows_with_the_reach_and_is_infinite_beyond_it():
    gate = power_gate("silu", 4, 2.0**-4)
    assert gate.remainder(1.0) < gate.remainder(1.1) < gate.remainder(POWER_REACH) < np.inf == gate.remainder(1.2)


def test_one_scale_falls_with_its_square_and_two_with_its_fourth_power():
    for scales, slope in ((1, 2), (2, 4), (3, 6)):
        coarse, fine = (power_gate("gelu", 4, 2.0**-k, "float64", scales).remainder() for k in (4, 5))
        assert np.log2(coarse / fine) == pytest.approx(slope, abs=0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("relu", 4, 0.1), r"`activation` of `power_gate` must be one of silu"),
        (("silu", 3, 0.1), r"`degree` of `power_gate` must be even for 'silu'.*constant 1 as a further factor"),
        (("tanh", 4, 0.1), r"`degree` of `power_gate` must be odd for 'tanh'"),
        (("silu", 18, 0.1), r"`degree` of `power_gate` must be even for 'silu', from 3 to 17, got 18"),
        (("silu", 4, 0.0), r"`amplitude` of `power_gate` must be a positive number"),
        (("silu", 4, 1.0), r"`amplitude` of `power_gate` must be at most 0\.\d+ to prove a remainder"),
        (("silu", 6, 2.0**-30), r"`amplitude` of `power_gate` must be so large that no weight overflows float32"),
        (("silu", 4, 0.1, "float32", 4), r"`scales` of `power_gate` must be from 1 to 3"),
        (("silu", 4, 0.1, "float32", 1, "third"), r"`kind` of `power_gate` must be 'half' or 'pair'"),
        (("relu", 4, 0.1, "float32", 1, "pair"), r"`activation` of `power_gate` must be one of silu"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        power_gate(*arguments)
