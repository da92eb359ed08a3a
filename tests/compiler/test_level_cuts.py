"""Programs cut between their levels compute the same function in fewer layers, with forms kept whole."""

from fractions import Fraction

import numpy as np
import pytest
from exact_programs import program_values

import cheaplearn as cl
from cheaplearn.circuit import Circuit
from cheaplearn.compiler.level_cuts import cut_programs, program_cost
from cheaplearn.compiler.lowering import DepthBudget, lower
from cheaplearn.compiler.rows import rational
from cheaplearn.testing import worst_error

FORMULAS = [
    "(a + b + c + d)**8",
    "(a*b + c*d)**3 - a*b",
    "(a**2 + b**2 + c**2)**2 * d + 2*a",
    "a*b*c*d*(1 + e) + b*e/3",
]
BOX = (Fraction(-3, 4), Fraction(2))


def random_formula(rng):
    """Products of sums of products, so that values are shared between levels."""
    names = "abcde"
    sums = [" + ".join(f"{rng.integers(1, 4)}*{a}*{b}" for a, b in rng.choice(list(names), (2, 2))) for _ in range(3)]
    return f"({sums[0]})*({sums[1]}) - ({sums[1]})*{rng.choice(list(names))} + ({sums[2]})**2"


@pytest.mark.parametrize("formula", [*FORMULAS, *(random_formula(np.random.default_rng(seed)) for seed in range(5))])
@pytest.mark.parametrize("parity", [0, 1, None])
def test_every_cut_computes_the_same_function_in_its_levels(formula, parity):
    circuit = Circuit.coerce(formula)
    program = lower(circuit, [BOX] * circuit.n_inputs)
    assert program.depth > 1
    rng = np.random.default_rng(len(formula))
    points = [[Fraction(int(k), 64) for k in rng.integers(-48, 129, circuit.n_inputs)] for _ in range(4)]
    for depth in range(1, program.depth):
        cuts = list(cut_programs(program, DepthBudget(depth, parity)))
        assert cuts
        for cut in cuts:
            assert cut.depth == depth
            for point in points:
                found = program_values(cut, point)[0] - rational(circuit.exact(point)[0])
                assert abs(int(found.p) / int(found.q)) <= cut.defects[0]


def test_a_power_of_a_form_is_not_multiplied_out():
    assert cl.compile("(a+b+c+d)**8", box=(-1, 1), dtype="float64", depth=1).neurons == 4
    circuit = Circuit.coerce("(a+b+c+d)**8")
    grouped = lower(circuit, [BOX] * 4, budget=DepthBudget(1, 0))
    assert program_cost(grouped) > 1000


@pytest.mark.parametrize("formula", FORMULAS[1:])
def test_cut_networks_keep_their_certificate(formula):
    for depth in (1, 2):
        net = cl.compile(formula, box=(-1, 1), dtype="float64", depth=depth)
        found, _ = worst_error(net, formula, effort=500)
        assert net.depth <= depth
        assert found <= net.certificate.error <= 10 * found


def test_values_too_large_to_multiply_out_are_left_to_the_division_of_monomials():
    circuit = Circuit.coerce("(a*b + c*d + e*f + g*h)**4 * (a + b + c + d + e + f + g + h)**4")
    program = lower(circuit, [BOX] * 8)
    assert not list(cut_programs(program, DepthBudget(1, 0)))
