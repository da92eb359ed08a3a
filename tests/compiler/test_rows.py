"""Exact rows, and numbers rounded up."""

import math
from fractions import Fraction

import numpy as np
from flint import arb, fmpq

from cheaplearn.compiler.rows import add_multiple, rational, up, upper


def test_numbers_are_rounded_up_even_beyond_the_floats():
    rng = np.random.default_rng(0)
    for p, q in rng.integers(1, 2**62, (200, 2)).tolist():
        for sign in (1, -1):
            bound = Fraction(up(fmpq(sign * p, q)))
            assert Fraction(p, q) <= bound <= Fraction(p, q) * (1 + Fraction(1, 2**51))
    assert (up(fmpq(0)), up(fmpq(10**400)), up(fmpq(1, 10**400))) == (0.0, math.inf, 5e-324)


def test_balls_are_rounded_up():
    ball = arb(-2, 0.5)
    assert 2.5 <= upper(ball) <= 2.5 * (1 + 1e-6)
    assert upper(arb(0)) == 0.0


def test_floats_and_fractions_become_the_same_rational():
    assert rational(0.1) == fmpq(3602879701896397, 36028797018963968)
    assert rational(Fraction(1, 3)) == fmpq(1, 3)


def test_entries_that_cancel_vanish():
    row = {0: fmpq(1), 2: fmpq(3)}
    add_multiple(row, fmpq(-3), {2: fmpq(1), 5: fmpq(1, 2)})
    assert row == {0: fmpq(1), 5: fmpq(-3, 2)}
    add_multiple(row, fmpq(0), {7: fmpq(1)})
    assert 7 not in row
