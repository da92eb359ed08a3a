"""Even Taylor series against numerical differentiation and their tails against what is left out."""

import mpmath as mp
import numpy as np
import pytest

from cheaplearn.compiler.even_series import FORMULAS, MAX_TERMS, even_series

SIGMA = {
    "silu": lambda z: z / (1 + mp.exp(-z)),
    "gelu": lambda z: z / 2 * (1 + mp.erf(z / mp.sqrt(2))),
    "softplus": lambda z: mp.log(1 + mp.exp(z)),
    "gaussian": lambda z: mp.exp(-z * z),
    "tanh": mp.tanh,
    "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
    "exp": mp.exp,
}


def number(ball):
    mantissa, exponent = ball.mid().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))


@pytest.mark.parametrize("activation", FORMULAS)
def test_coefficients_are_derivatives_at_the_bias(activation):
    for bias in np.random.default_rng(1).uniform(-2, 2, 3):
        with mp.workprec(400):
            taylor = mp.taylor(SIGMA[activation], mp.mpf(bias), 12)[::2]
            coefficients = even_series(activation, float(bias)).coefficients
            assert max(abs(number(c) - t) for c, t in zip(coefficients, taylor, strict=False)) <= 1e-30


@pytest.mark.parametrize("activation", FORMULAS)
def test_tail_bounds_what_a_truncated_series_leaves_out(activation):
    for bias in (0.0, *np.random.default_rng(2).uniform(-2, 2, 2)):
        series = even_series(activation, float(bias))
        for share, terms in ((0.9, 6), (0.6, 12), (0.25, 24)):
            z = share * series.radius
            with mp.workprec(400):
                left = mp.fsum(
                    abs(number(c)) * mp.mpf(z) ** (2 * j) for j, c in enumerate(series.coefficients) if j > terms
                )
            assert left <= series.tail(z, terms)
        assert series.tail(series.radius, MAX_TERMS) == np.inf


@pytest.mark.parametrize("activation", FORMULAS)
def test_size_bounds_the_activation_on_the_circle(activation):
    for bias in (0.0, -1.5, 0.7):
        series = even_series(activation, bias)
        angles = np.random.default_rng(3).uniform(0, 2 * np.pi, 200)
        largest = max(abs(SIGMA[activation](bias + series.radius * mp.expj(angle))) for angle in angles)
        assert largest <= series.size <= 2 * largest
