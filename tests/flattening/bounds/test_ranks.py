"""Ranks of sparse matrices of moments against dense exact ones; what happens when a prime or a parameter is unlucky."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest
import sympy
from activation_formulas import FORMULAS
from flint import fmpq, fmpq_mat, fmpq_poly

from cheaplearn import Polynomial
from cheaplearn.flattening.bounds import bias_free_bound, biased_bounds
from cheaplearn.flattening.bounds.blocks import blocks, peeled
from cheaplearn.flattening.bounds.derivatives import Derivative, Parameter, Point
from cheaplearn.flattening.bounds.moments import Moments
from cheaplearn.flattening.bounds.points import shared_point
from cheaplearn.flattening.bounds.ranks import _from_above, prime, rank_of

P = (1 << 61) - 1  # the first prime used


def whole(p):
    moments = Moments(p.terms, "test")
    every = frozenset(range(p.degree + 1))
    return moments, moments.part(every, every)


def dense(moments, entries, weight):
    matrix = np.zeros((len(moments.degrees),) * 2, dtype=object)
    for i, j, v in zip(entries.rows, entries.columns, entries.values, strict=True):
        degree, value = moments.values[v]
        matrix[i, j] += value * weight(degree)
    return matrix


def random_sparse(rng, n, degree, count):
    exponents = {
        tuple(np.bincount([rng.randrange(n) for _ in range(degree)], minlength=n).tolist()) for _ in range(count)
    }
    return Polynomial.from_dict({e: Fraction(rng.randint(1, 4), rng.randint(1, 3)) for e in exponents})


def test_ranks_agree_with_dense_exact_ones():
    rng = random.Random(1)
    for _ in range(40):
        p = random_sparse(rng, rng.randint(2, 5), rng.randint(1, 4), rng.randint(1, 12)) + random_sparse(rng, 3, 2, 2)
        moments, entries = whole(p)
        matrix = dense(moments, entries, lambda degree: 1)
        flat = [fmpq(Fraction(v).numerator, Fraction(v).denominator) for v in matrix.ravel()]
        expected = fmpq_mat(*matrix.shape, flat).rank()
        assert rank_of(entries, moments, None).lower == rank_of(entries, moments, None).upper == expected


def test_peeling_leaves_no_single_entries_and_splitting_loses_none():
    rng = random.Random(2)
    for _ in range(20):
        moments, entries = whole(random_sparse(rng, 5, 3, 10))
        _, core = peeled(entries)
        for lines in (core.rows, core.columns):
            assert not (np.unique(lines, return_counts=True)[1] == 1).any()
        assert sum(len(block.rows) * count for block, count in blocks(entries, moments)) == len(entries)


def test_a_prime_that_divides_a_minor_is_found_out():
    p = Polynomial.parse(f"x^2 + 2*x*y + {1 + P}*y^2")
    assert prime(0) == P
    assert biased_bounds(p)[-1].neurons == 2
    assert bias_free_bound(p).neurons == bias_free_bound(p, exact=True).neurons == 4
    lazy = bias_free_bound(p, exact=False)
    assert lazy.neurons == 3
    assert lazy.arithmetic == "modulo a prime (a valid lower bound: no rank is subtracted)"


def test_a_subtracted_rank_is_exact_whatever_the_prime():
    p = Polynomial.parse(f"x^2 + 2*x*y + {1 + P}*y^2 + z^4")
    assert bias_free_bound(p, "exp", exact=False).neurons <= bias_free_bound(p, "exp", exact=True).neurons
    moments = Moments(p.terms, "test")
    part = moments.part(frozenset({0, 1}), frozenset({0, 1, 2}))
    assert rank_of(part, moments, None, 0.0).lower < rank_of(part, moments, None).upper


def test_an_unlucky_value_of_a_parameter_is_found_out():
    p = Polynomial.parse("(x + y - z)^4 + (x + 2*y + 3*z)^4 + (x + y - z)^3 + (x - y + z)^2 + x + 1")
    point = shared_point("silu", 4)
    moments = Moments(p.terms, "test")
    part = moments.part(frozenset({1, 2}), frozenset({0, 1, 2}))
    (block,) = [block for block, _ in blocks(peeled(part)[1], moments)]
    true = _from_above(block, point, [0], 0, math.inf)
    assert 2 < true < min(block.shape)
    assert _from_above(block, point, [0], true - 1, math.inf) == true
    assert _from_above(block, point, [0], true, math.inf) == true
    assert rank_of(part, moments, point).upper == peeled(part)[0] + true
    assert rank_of(part, moments, point, 0.0).upper is None


def test_ranks_over_a_parameter_agree_with_symbols():
    t = sympy.Symbol("t")
    sigma = (Derivative(fmpq_poly([0, 1])), Derivative(fmpq_poly([1, 2])), Derivative(fmpq_poly([3, 0, 1])))
    point = Point("test", "t", sigma, (Parameter("t", lambda: None),))
    for text in ("x^2 + 2*x*y + y^2 + x + y + 1", "x*y + x + y + 3", "x^2 + x*y + x + y + z + 1", "(x + y + z + 1)^2"):
        moments, entries = whole(Polynomial.parse(text))
        weights = {0: 1 / t, 1: 1 / (1 + 2 * t), 2: 1 / (3 + t**2)}
        matrix = sympy.Matrix(dense(moments, entries, weights.get).tolist())
        assert rank_of(entries, moments, point).upper == matrix.rank(simplify=True)


def test_a_number_that_is_a_root_of_a_minor_is_not_taken_for_transcendental():
    """At t = 2 the matrix [[1/t, 1], [1, 2]] is singular; a parameter that is not proven generic must not hide that."""
    from flint import arb

    sigma = (Derivative(fmpq_poly([0, 1])), Derivative(fmpq_poly([1])), Derivative(fmpq_poly([1])))
    moments, entries = whole(Polynomial.parse("1 + x + x^2"))  # M = [[1/t, 1, 2], [1, 2, .], [2, ., .]]
    part = moments.part(frozenset({0, 1}), frozenset({0, 1}))
    wanted = {True: 2, False: 1}
    for transcendental, lower in wanted.items():
        parameter = Parameter("two", lambda: arb(2), transcendental)
        assert rank_of(part, moments, Point("test", "t", sigma, (parameter,))).lower == lower
    assert len(entries) == 6
    # Where t is an indeterminate, enough values are tried: 2 is the first of them.
    ((block, _),) = blocks(part, moments)
    parameter = Parameter("two", lambda: arb(2))
    assert _from_above(block, Point("test", "t", sigma, (parameter,)), [0], 1, math.inf) == 2


def test_two_numbers_are_not_taken_for_independent():
    point = shared_point("softplus", 3, 1)  # sigmoid(1) and softplus(1)
    assert not point.is_generic({0, 1, 2})
    assert point.is_generic({1, 2, 3})
    assert point.is_generic({0})
    assert not shared_point("gelu", 3, 1).is_generic({0})
    assert shared_point("gelu", 3, 1).is_generic({2, 3})


@pytest.mark.parametrize("activation", ["softplus", "sigmoid", "tanh", "gaussian", "exp", "gelu", "silu"])
@pytest.mark.parametrize("bias", [0, Fraction(2, 3), -1])
def test_derivatives_are_those_of_the_activation(activation, bias):
    import mpmath

    point = shared_point(activation, 6, bias)
    z = mpmath.mpf(Fraction(bias).numerator) / Fraction(bias).denominator
    factor = {"gaussian": mpmath.exp(-z * z), "exp": mpmath.exp(z), "gelu": mpmath.npdf(z)}.get(activation, 1)
    with mpmath.workdps(60):
        expected = [mpmath.diff(FORMULAS[activation], z, k, h=mpmath.mpf(10) ** -8) / factor for k in range(7)]
    balls = point.balls()
    for k, value in enumerate(expected):
        assert float(point.sigma[k].ball(balls)) == pytest.approx(float(value), abs=1e-6), k
