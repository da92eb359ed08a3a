"""Signed sums of factors: the polarisation identity, exactly, and the sums that bound it."""

from fractions import Fraction
from itertools import product
from math import factorial, prod

import numpy as np
import pytest

from cheaplearn.compiler.sign_patterns import corner_moment, corner_sum, n_patterns, sign_patterns


def all_sums(factors):
    """Slow twin: sign and signed sum for every pattern with s_1 = 1."""
    for signs in product((1, -1), repeat=len(factors) - 1):
        yield prod(signs), factors[0] + sum(s * a for s, a in zip(signs, factors[1:], strict=True))


@pytest.mark.parametrize(
    "powers", [(1, 1, 1), (1, 1, 1, 1), (2, 1), (3,), (4,), (2, 2), (3, 1, 1), (6,), (2, 1, 1, 1, 1)]
)
def test_weighted_powers_of_the_sums_are_the_product_and_lower_powers_cancel(powers):
    rng = np.random.default_rng(sum(powers))
    a = [Fraction(int(k), 7) for k in rng.integers(-9, 10, len(powers))]
    b = sum(powers)
    for power in range(b % 2, b + 1, 2):
        total = sum(
            count * sum((c * x for c, x in zip(coefficients, a, strict=True)), Fraction(0)) ** power
            for coefficients, count in sign_patterns(powers)
            if power or any(coefficients)
        )
        if power == b:
            assert total == 2 ** (b - 1) * factorial(b) * prod(x**r for x, r in zip(a, powers, strict=True))
        elif power:
            assert total == 0


@pytest.mark.parametrize("powers", [(1, 1, 1, 1), (2, 1), (4,), (3, 2, 1)])
def test_merged_patterns_are_all_patterns(powers):
    factors = [Fraction(3**i) for i, r in enumerate(powers) for _ in range(r)]
    expected = {}
    for sign, total in all_sums(factors):
        key, sign = (total, sign) if total > 0 else (-total, sign * (-1) ** len(factors))
        expected[key] = expected.get(key, 0) + sign
    merged = {}
    for coefficients, count in sign_patterns(powers):
        total = sum(c * 3**i for i, c in enumerate(coefficients))
        key, sign = (total, count) if total > 0 else (-total, count * (-1) ** len(factors))
        merged[key] = merged.get(key, 0) + sign
    assert {k: v for k, v in expected.items() if k} == {k: v for k, v in merged.items() if k}
    assert len(sign_patterns(powers)) == n_patterns(powers)


@pytest.mark.parametrize("b", [3, 4, 5, 6, 7])
def test_sums_at_a_corner_are_the_largest_on_the_box(b):
    rng = np.random.default_rng(b)
    corner = [Fraction(1)] * b
    for n in range(1, 10):
        assert corner_moment(b, n) == sum(abs(total) ** n for _, total in all_sums(corner))
        for _ in range(5):
            a = [Fraction(int(k), 8) for k in rng.integers(-8, 9, b)]
            assert sum(abs(total) ** n for _, total in all_sums(a)) <= corner_moment(b, n)
            if (n - b) % 2 == 0:
                assert corner_sum(b, n) == sum(sign * total**n for sign, total in all_sums(corner))
                assert abs(sum(sign * total**n for sign, total in all_sums(a))) <= corner_sum(b, n)


@pytest.mark.parametrize("b", [3, 4, 5, 6, 7])
def test_alternating_sums_relative_to_the_corner_descend_with_the_power(b):
    rng = np.random.default_rng(10 + b)
    for _ in range(10):
        a = [Fraction(int(k), 8) for k in rng.choice([rng.integers(1, 9), 8, 1], b)]
        quotients = [
            sum(sign * total**n for sign, total in all_sums(a)) / corner_sum(b, n) for n in range(b, b + 21, 2)
        ]
        assert quotients == sorted(quotients, reverse=True)
        assert quotients[0] == prod(a)
        assert quotients[1] == prod(a) * sum(x * x for x in a) / b
