"""The rounding model against real sums: every order, fused products, float16 units, partial sums, underflow."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cheaplearn.compiler.arithmetic import Arithmetic

DTYPES = ("float16", "float32", "float64")


def sum_in_random_order(rng, terms, dtype):
    """Adds two random ones until one is left: a random binary tree."""
    terms = list(terms)
    while len(terms) > 1:
        i, j = rng.choice(len(terms), 2, replace=False)
        total = dtype(terms[i] + terms[j])
        terms = [term for k, term in enumerate(terms) if k not in (i, j)] + [total]
    return terms[0]


def bound(arithmetic, additions, inexact, size, largest=np.inf, **more):
    rounding = arithmetic.unit_rounding(np.array([additions]), np.array([inexact]), np.array([size]), largest, **more)
    return float(rounding[0])


@given(st.integers(0, 10**9), st.sampled_from(DTYPES), st.integers(1, 12), st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_order_of_a_sum_is_further_off_than_the_bound(seed, dtype, n, powers):
    rng = np.random.default_rng(seed)
    arithmetic, stored = Arithmetic(np.dtype(dtype)), np.dtype(dtype).type
    computed = np.float32 if dtype == "float16" else stored
    weights = (np.exp2(rng.integers(-3, 3, n)) if powers else rng.normal(size=n)).astype(dtype)
    values = (rng.normal(size=n) * 2.0 ** rng.integers(-4, 4)).astype(dtype)
    exact = sum((Fraction(float(w)) * Fraction(float(v)) for w, v in zip(weights, values, strict=True)), Fraction(0))
    size = float(np.abs(weights.astype(float) * values.astype(float)).sum()) * (1 + 1e-12)
    claimed = bound(arithmetic, n - 1, not powers, size)
    largest = bound(arithmetic, n - 1, not powers, size, float(abs(exact)) * (1 + 2.0**-6))
    for _ in range(5):
        products = [computed(w) * computed(v) for w, v in zip(weights, values, strict=True)]
        error = abs(Fraction(float(stored(sum_in_random_order(rng, products, computed)))) - exact)
        assert error <= Fraction(largest) <= Fraction(claimed)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_bound_of_one_product_and_of_one_sum_is_nearly_attained(dtype):
    rng = np.random.default_rng(0)
    arithmetic = Arithmetic(np.dtype(dtype))
    a, b = (rng.uniform(1, 1.5, 20_000).astype(dtype) for _ in range(2))
    products = np.array([
        float(Fraction(float(x)) * Fraction(float(y)) - Fraction(float(x * y))) for x, y in zip(a, b, strict=True)
    ])
    sums = np.array([
        float(Fraction(float(x)) + Fraction(float(y)) - Fraction(float(x + y))) for x, y in zip(a, b, strict=True)
    ])
    assert np.abs(products).max() <= bound(arithmetic, 0, True, 2.25) <= 2.6 * np.abs(products).max()
    assert np.abs(sums).max() <= bound(arithmetic, 1, False, 3.0) <= 2.6 * np.abs(sums).max()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_product_that_underflows_is_off_by_no_more_than_the_bound(dtype):
    arithmetic = Arithmetic(np.dtype(dtype))
    weight, value = np.dtype(dtype).type(2.0 ** (-100 if dtype == "float32" else -1000)), np.dtype(dtype).type(1.4e-20)
    value *= value if dtype == "float64" else 1
    exact = Fraction(float(weight)) * Fraction(float(value))
    assert Fraction(float(weight * value)) != exact
    assert abs(Fraction(float(weight * value)) - exact) <= Fraction(bound(arithmetic, 0, False, float(exact)))


def test_partial_sums_in_float16_are_rounded_at_every_level():
    arithmetic = Arithmetic(np.dtype("float16"))
    terms = 1 + 2.0**-10 * np.array(([2, 0, 0, 0] * 2 + [5, 0, 0, 0] * 2) * 4)  # all groups of 4 round down
    levels = [terms.astype(np.float16)]
    while len(levels[-1]) > 1:
        levels.append(levels[-1].astype(np.float32).reshape(-1, 4).sum(axis=1).astype(np.float16))
    error = abs(float(levels[-1][0]) - terms.sum())
    assert len(levels) == 4
    assert error > bound(arithmetic, 9, False, terms.sum())  # one rounding to float16 does not cover three
    assert error <= bound(arithmetic, 9, False, terms.sum(), levels=np.array([2]), entries=np.array([64]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_single_exact_product_loses_nothing_but_to_underflow(dtype):
    arithmetic = Arithmetic(np.dtype(dtype))
    assert bound(arithmetic, 0, False, 1.0) <= arithmetic.tiny
    assert np.isinf(arithmetic.stored(np.array([1e300 if dtype != "float64" else np.inf]))).all()
    assert arithmetic.largest * 4 == pytest.approx(float(np.finfo(dtype).max))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_that_cancel_are_still_off_by_their_own_rounding(dtype):
    rng = np.random.default_rng(1)
    arithmetic = Arithmetic(np.dtype(dtype))
    for a, b in rng.uniform(1, 2, (100, 2)).astype(dtype):
        exact = abs(Fraction(float(a)) * Fraction(float(b)) - Fraction(float(a * b)))  # the computed sum is 0
        assert exact <= Fraction(bound(arithmetic, 1, True, 2 * float(a) * float(b), float(exact)))
