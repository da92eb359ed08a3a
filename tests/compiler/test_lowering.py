"""The square program equals the function it was lowered from; squares are counted exactly."""

from fractions import Fraction

import numpy as np
import pytest
from builders import quadratic, random_polynomial
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

import cheaplearn as cl
from cheaplearn.circuit import Circuit
from cheaplearn.compiler.lowering import lower
from cheaplearn.compiler.rows import rational


def program_values(program, point):
    """Slow twin: exact evaluation of the program at a rational point."""
    u = [
        (fmpq(x.numerator, x.denominator) - m) / r if r else fmpq(0)
        for x, m, r in zip(point, program.center, program.radius, strict=True)
    ]
    columns = [fmpq(1), *u]
    for square in program.squares:
        form = sum((value * columns[column] for column, value in square.form.items()), fmpq(0))
        assert abs(form) <= 1
        columns.append(form**2)
    return [sum((v * columns[c] for c, v in row.items()), fmpq(0)) for row in program.outputs]


@given(st.integers(0, 10**9), st.integers(1, 5), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_program_equals_the_polynomials_up_to_its_defect(seed, n, degree):
    rng = np.random.default_rng(seed)
    polynomials = [random_polynomial(rng, n, degree, 6) for _ in range(rng.integers(1, 4))]
    low = [Fraction(int(a), 2) for a in rng.integers(-6, 4, n)]
    box = [(a, a + Fraction(int(w), 3)) for a, w in zip(low, rng.integers(0, 9, n), strict=True)]
    circuit = Circuit.from_polynomials(polynomials)
    box = box[: circuit.n_inputs]
    program = lower(circuit, box)
    for _ in range(3):
        shares = [Fraction(int(k), 8) for k in rng.integers(0, 9, len(box))]
        point = [a + (b - a) * s for (a, b), s in zip(box, shares, strict=True)]
        values = program_values(program, point)
        for value, exact, defect in zip(values, circuit.exact(point), program.defects, strict=True):
            assert abs(value - fmpq(exact.numerator, exact.denominator)) <= rational(defect)


def squares(text, box=(-1, 1)):
    circuit = Circuit.coerce(text)
    return lower(circuit, [(Fraction(box[0]), Fraction(box[1]))] * circuit.n_inputs)


@pytest.mark.parametrize(
    ("formula", "count", "depth"),
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
    ],
)
def test_number_of_squares_and_levels(formula, count, depth):
    program = squares(formula)
    assert (len(program.squares), program.depth) == (count, depth)


@pytest.mark.parametrize("rank", [1, 3, 17, 64])
def test_a_quadratic_form_in_64_variables_takes_as_many_squares_as_its_rank(rank):
    rng = np.random.default_rng(rank)
    factor = rng.normal(size=(64, rank))
    matrix = (factor * rng.choice([-1.0, 1.0], rank)) @ factor.T
    program = lower(Circuit.from_polynomials([quadratic(matrix)]), [(Fraction(-2), Fraction(3))] * 64)
    assert len(program.squares) == rank
    assert program.defects[0] < 1e-11 * np.abs(matrix).sum() * 9


def test_outputs_share_the_squares_of_a_local_family():
    rng = np.random.default_rng(0)
    chain = [
        cl.Polynomial({((i, 1), (i + 1, 1)): float(rng.normal()) for i in range(9)}, [f"x{i}" for i in range(10)])
        for _ in range(6)
    ]
    program = lower(Circuit.from_polynomials(chain), [(Fraction(-1), Fraction(1))] * 10)
    assert len(program.squares) <= 9 + 10
    assert program.defects == [0.0] * 6
