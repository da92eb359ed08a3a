"""Values and gradients in one walk, against exact polynomials and their exact derivatives."""

import math
from fractions import Fraction

import numpy as np
import pytest
from builders import random_polynomial

from cheaplearn.geometry import Chain
from cheaplearn.hamiltonian import Alphabet, Hamiltonian, Monomials, Variables, local_monomials
from cheaplearn.hamiltonian.slopes import Slopes


def random_hamiltonian(seed, n=5, order=4, radius=2):
    rng = np.random.default_rng(seed)
    monomials = local_monomials(n, order, radius, Chain(n))
    coefficients = rng.normal(size=(len(monomials), 2)) * (rng.random((len(monomials), 2)) < 0.7)
    variables = Variables([f"v{i}" for i in range(n)], ["real"] * n, rng.normal(size=n), rng.uniform(0.5, 3, n))
    return Hamiltonian(monomials, coefficients, np.zeros(2), np.array(["a", "b"]), variables, Chain(n), order, radius)


def exact(polynomial, points):
    """Values and gradients by fractions, rounded at the end."""
    parts = [polynomial, *polynomial.gradient()]
    values = [[float(p.exact([Fraction(x) for x in point])) for p in parts] for point in points.tolist()]
    return np.array(values)[:, 0], np.array(values)[:, 1:]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("column", [0, 1])
def test_values_and_gradients_are_those_of_the_exact_polynomial(seed, column):
    H = random_hamiltonian(seed)
    X = np.random.default_rng(seed + 50).normal(size=(7, 5))
    value, gradient = Slopes.of_hamiltonian(H, column).values_and_gradients(X)
    true_value, true_gradient = exact(H.to_polynomials()[column], X)
    largest = np.abs(H.coefficients).sum() * np.abs(H.variables.scaled(X)).max() ** 4
    np.testing.assert_allclose(value, true_value, rtol=0, atol=1e-14 * largest)
    np.testing.assert_allclose(gradient, true_gradient, rtol=0, atol=4e-14 * largest / H.variables.scale.min())


def test_terms_of_a_polynomial_with_gaps_and_high_powers():
    rng = np.random.default_rng(3)
    p = random_polynomial(rng, 4, 6, 12) + 3  # prefixes such as x0 of x0^2 x3 are no terms themselves
    center, scale = rng.normal(size=4), rng.uniform(0.5, 2, 4)
    X = rng.normal(size=(6, 4))
    value, gradient = Slopes.of_terms(p.terms, 4, center, scale).values_and_gradients(X)
    true_value, true_gradient = exact(p, (X - center) / scale)
    np.testing.assert_allclose(value, true_value, rtol=1e-11)
    np.testing.assert_allclose(gradient, true_gradient / scale, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("samples", [0, 1, 127, 128, 129, 300])
def test_a_point_does_not_depend_on_the_block_it_is_in(samples):
    H = random_hamiltonian(7)
    follow = Slopes.of_hamiltonian(H)
    X = np.random.default_rng(samples).normal(size=(samples, 5))
    value, gradient = follow.values_and_gradients(X)
    assert value.shape == (samples,)
    assert gradient.shape == (samples, 5)
    for row in range(0, samples, 31):
        one, slope = follow.values_and_gradients(X[row : row + 1])
        assert one[0] == value[row]
        np.testing.assert_array_equal(slope[0], gradient[row])


def test_compiled_and_interpreted_walks_are_the_same_numbers(monkeypatch):
    from cheaplearn.hamiltonian import slope_kernels

    follow = Slopes.of_hamiltonian(random_hamiltonian(8))
    X = np.random.default_rng(9).normal(size=(20, 5))
    compiled = follow.values_and_gradients(X)
    monkeypatch.setattr(slope_kernels, "walk", slope_kernels.walk.py_func)
    for a, b in zip(compiled, follow.values_and_gradients(X), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)  # the compiler may fuse a product and a sum


def test_equal_terms_add_up_and_no_terms_give_the_constant():
    twice = Slopes([(0, 1), (0,), (0, 1)], [1.0, 5.0, 2.0], 2).values_and_gradients(np.array([[2.0, 3.0]]))
    assert twice[0].tolist() == [28.0]
    assert twice[1].tolist() == [[14.0, 6.0]]
    none = Slopes([], [], 2, constant=4.0).values_and_gradients(np.ones((3, 2)))
    assert none[0].tolist() == [4.0] * 3
    assert not none[1].any()


def test_numbers_that_overflow_pass_silently():
    value, _ = Slopes([(0,) * 4], [1.0], 1).values_and_gradients(np.array([[1e200], [np.nan], [1.0]]))
    assert value[0] == math.inf
    assert math.isnan(value[1])
    assert value[2] == 1


def test_wrong_arguments_are_named():
    follow = Slopes([(0,)], [1.0], 3)
    with pytest.raises(ValueError, match=r"`X` of `Slopes` must be of shape \(samples, 3\), got shape \(2, 2\)"):
        follow.values_and_gradients(np.zeros((2, 2)))
    letters = Alphabet(("x",), (np.array(["a", "b"]),))
    bits = Variables.default(2, ["bit", "bit"])
    sites = Monomials((np.array([[0], [1]]),))
    H = Hamiltonian(sites, np.ones((2, 1)), np.zeros(1), np.array(["H"]), bits, None, 1, 0, categories=letters)
    with pytest.raises(ValueError, match="`hamiltonian` of `Slopes` must be of numbers"):
        Slopes.of_hamiltonian(H)
