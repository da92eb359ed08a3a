"""Quartic forms in squares compile to one square per eigenvalue."""

import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.testing import worst_error


@pytest.mark.parametrize(
    ("formula", "neurons"),
    [
        ("(a**2 + b**2)**2", 3),
        ("(a**2 + b**2 + c**2 + d**2)**2 - a**2 - b**2", 5),
        ("(a**2 + 2*b**2 - c**2)*(a**2 + b**2 - 3*c**2)", 5),
        ("a**2*b**2 + b**2*c**2 + c**2*d**2 + d**2*a**2", 6),
        ("a**2*b**2", 3),
        ("a**4 + b**4 - c**4", 6),
    ],
)
def test_neurons_are_variables_plus_rank_where_that_is_less(formula, neurons):
    assert cl.compile(formula, box=(-1, 1), dtype="float64").neurons == neurons


@pytest.mark.parametrize("seed", range(6))
def test_certificates_hold_on_any_box_and_for_several_outputs(seed):
    rng = np.random.default_rng(seed)
    sums = [" + ".join(f"{rng.integers(-3, 4)}*{v}**2" for v in "abc") for _ in range(3)]
    formulas = [f"({sums[0]})**2 + a*b", f"({sums[1]})*({sums[2]}) - a**3"]
    low, high = np.sort(rng.uniform(-3, 3, 2))
    net = cl.compile(formulas, box=(float(low), float(high)), dtype="float64")
    found, _ = worst_error(net, formulas, effort=200)
    assert found <= net.certificate.error <= 20 * found


@pytest.mark.parametrize("activation", ["silu", "tanh", "square"])
def test_constant_variables_that_share_a_square_are_added_up(activation):
    box = {"a": (1, 1), "c": (0.5, 0.5), "x": (2, 3)}
    net = cl.compile("(a + c)**2 * x**2", box=box, activation=activation, dtype="float64")
    found, _ = worst_error(net, "(a + c)**2 * x**2", effort=200)
    assert found <= net.certificate.error < 1e-5
