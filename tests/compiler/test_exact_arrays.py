"""Rationals as two floats, and the error of a float product, against rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq

from cheaplearn.compiler.exact_arrays import exact_rows, product_error, split


@pytest.mark.parametrize("seed", range(5))
def test_high_plus_low_is_the_rational_to_106_bits(seed):
    rng = np.random.default_rng(seed)
    for _ in range(300):
        p, q = int(rng.integers(-(2**62), 2**62)), int(rng.integers(1, 2**62))
        shift = Fraction(2) ** int(rng.integers(-500, 500))
        exact = Fraction(p, q) * shift
        high, low = split(fmpq(exact.numerator, exact.denominator))
        assert high == float(exact)
        assert abs(exact - Fraction(high) - Fraction(low)) <= abs(exact) / 2**106


def test_integers_and_floats_leave_nothing_over_and_huge_numbers_are_infinite():
    assert split(fmpq(-(2**53))) == (-(2.0**53), 0.0)
    assert split(fmpq(3, 8)) == (0.375, 0.0)
    assert split(fmpq(2**53 + 1)) == (2.0**53, 1.0)
    assert split(fmpq(-(10**400))) == (-np.inf, 0.0)
    assert split(fmpq(10**400, 3)) == (np.inf, 0.0)


@pytest.mark.parametrize("seed", range(5))
def test_product_error_is_exact(seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.normal(size=500) * 2.0 ** rng.integers(-200, 200, 500) for _ in range(2))
    errors = product_error(a, b, a * b)
    for x, y, error in zip(a, b, errors, strict=True):
        assert Fraction(x) * Fraction(y) == Fraction(x * y) + Fraction(error)


def test_rows_move_their_shifts_into_the_constant():
    rows = [{0: fmpq(1, 3), 1: fmpq(2), 2: fmpq(1, 5)}, {}, {2: fmpq(-7)}]
    arrays = exact_rows(rows, lambda column, value: (column + 10, 2 * value, value / 7))
    assert arrays.row.tolist() == [0, 0, 2]
    assert arrays.source.tolist() == [11, 12, 12]
    assert arrays.high.tolist() == [4.0, 0.4, -14.0]
    exact = Fraction(1, 3) + Fraction(2, 7) + Fraction(1, 35)
    assert abs(Fraction(arrays.constant_high[0]) + Fraction(arrays.constant_low[0]) - exact) <= exact / 2**106
    assert (arrays.constant_high[1], arrays.constant_high[2], arrays.n_rows) == (0.0, -1.0, 3)
