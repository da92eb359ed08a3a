"""The program equals the function it was lowered from; its nodes are counted exactly."""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from builders import quadratic, random_polynomial
from exact_programs import points, program_values
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

import cheaplearn as cl
from cheaplearn.circuit import Circuit
from cheaplearn.compiler.counts import unit_function
from cheaplearn.compiler.lowering import lower
from cheaplearn.compiler.quadratic import add_quadratics
from cheaplearn.compiler.rows import rational

ONE_OF_EACH_BASIS = ("silu", "softplus", "tanh", "gaussian", "square")
NATURAL = {"bit": (Fraction(0), Fraction(1)), "spin": (Fraction(-1), Fraction(1))}


def assert_equal_up_to_its_defects(circuit, program, box, rng, basis, count=4):
    for point in points(rng, box, circuit.kinds, count):
        values = program_values(program, point, basis)
        for value, exact, defect in zip(values, circuit.exact(point), program.defects, strict=True):
            assert abs(value - fmpq(exact.numerator, exact.denominator)) <= rational(defect)


@given(st.integers(0, 10**9), st.integers(1, 5), st.integers(0, 6))
@settings(max_examples=60, deadline=None)
def test_program_equals_the_polynomials_up_to_its_defect(seed, n, degree):
    rng = np.random.default_rng(seed)
    polynomials = [random_polynomial(rng, n, degree, 6) for _ in range(rng.integers(1, 4))]
    low = [Fraction(int(a), 2) for a in rng.integers(-6, 4, n)]
    box = [(a, a + Fraction(int(w), 3)) for a, w in zip(low, rng.integers(0, 9, n), strict=True)]
    circuit = Circuit.from_polynomials(polynomials)
    box = box[: circuit.n_inputs]
    assert_equal_up_to_its_defects(circuit, lower(circuit, box), box, rng, None)


@given(st.integers(0, 10**9), st.integers(2, 6), st.sampled_from(ONE_OF_EACH_BASIS), st.sampled_from([1, 2]))
@settings(max_examples=80, deadline=None)
def test_program_with_bits_and_spins_equals_the_polynomials(seed, n, activation, square_cost):
    rng = np.random.default_rng(seed)
    kinds = [str(kind) for kind in rng.choice(["real", "bit", "spin"], n, p=[0.2, 0.4, 0.4])]
    polynomials = [random_polynomial(rng, n, 6, 6) for _ in range(rng.integers(1, 3))]
    circuit = Circuit.from_polynomials(polynomials, {f"x{i}": kind for i, kind in enumerate(kinds)})
    box = [NATURAL.get(kind, (Fraction(-1), Fraction(2))) for kind in kinds]
    unit = unit_function(activation)
    program = lower(circuit, box, unit, square_cost)
    assert_equal_up_to_its_defects(circuit, program, box, rng, unit and unit.basis, 8)


@pytest.mark.parametrize("activation", ONE_OF_EACH_BASIS)
@pytest.mark.parametrize("formula", ["s1*s2*s3*b1*b2", "s1*s2*b1*b2*b3 + s1*s2*x", "s1*s2*s3*s4*x*y + b1*b2*x"])
def test_products_of_bits_inside_products_of_spins_are_products_of_bits(formula, activation):
    names = Circuit.coerce(formula).variables
    kinds = {name: {"s": "spin", "b": "bit"}[name[0]] for name in names if name[0] in "sb"}
    circuit = Circuit.coerce(formula, kinds)
    box = [NATURAL.get(kind, (Fraction(-3), Fraction(5))) for kind in circuit.kinds]
    unit = unit_function(activation)
    program = lower(circuit, box, unit)
    assert_equal_up_to_its_defects(circuit, program, box, np.random.default_rng(0), unit and unit.basis, 40)


def test_what_a_budget_leaves_out_is_in_the_defect():
    rng = np.random.default_rng(5)
    directions = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    matrix = (directions * np.array([1.0] * 6 + [1e-6] * 6)) @ directions.T
    circuit = Circuit.from_polynomials([quadratic(matrix)])
    box = [(Fraction(-1), Fraction(1))] * 12
    program = lower(circuit, box, quadratics=partial(add_quadratics, budgets=[1e-3]))
    assert len(program.nodes) == 6
    assert 1e-9 < program.defects[0] <= 1e-3
    assert_equal_up_to_its_defects(circuit, program, box, rng, None, 20)


def nodes(text, box=(-1, 1)):
    circuit = Circuit.coerce(text)
    program = lower(circuit, [(Fraction(box[0]), Fraction(box[1]))] * circuit.n_inputs)
    squares = sum(2 if node.kind == "product" else 1 for node in program.nodes)
    return squares, program.depth


@pytest.mark.parametrize(
    ("formula", "squares", "depth"),
    [
        ("3*x + 2", 0, 0),
        ("x**2", 1, 1),
        ("x*y", 2, 1),
        ("x*y + z*w", 4, 1),
        ("x**2 + y**2", 2, 1),
        ("(x + 2*y - z)**2", 1, 1),
        ("x**4", 2, 2),
        ("x**8", 3, 3),
        ("x**3", 3, 2),
        ("x*y*z*w", 6, 2),
        ("a*b*c*d*e*f*g*h", 14, 3),
        ("(x + y/2 - 3*z)**4", 2, 2),
    ],
)
def test_number_of_squares_and_levels(formula, squares, depth):
    assert nodes(formula) == (squares, depth)


@pytest.mark.parametrize("rank", [1, 3, 17, 64])
def test_a_quadratic_form_in_64_variables_takes_as_many_squares_as_its_rank(rank):
    rng = np.random.default_rng(rank)
    factor = rng.normal(size=(64, rank))
    matrix = (factor * rng.choice([-1.0, 1.0], rank)) @ factor.T
    program = lower(Circuit.from_polynomials([quadratic(matrix)]), [(Fraction(-2), Fraction(3))] * 64)
    assert [node.kind for node in program.nodes] == ["square"] * rank
    assert program.defects[0] < 1e-11 * np.abs(matrix).sum() * 9


def test_outputs_share_the_squares_of_a_local_family():
    rng = np.random.default_rng(0)
    chain = [
        cl.Polynomial({((i, 1), (i + 1, 1)): float(rng.normal()) for i in range(9)}, [f"x{i}" for i in range(10)])
        for _ in range(6)
    ]
    program = lower(Circuit.from_polynomials(chain), [(Fraction(-1), Fraction(1))] * 10)
    assert len(program.nodes) <= 9 + 10
    assert program.defects == [0.0] * 6
