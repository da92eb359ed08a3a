"""Values, derivatives and changes of basis against NumPy's Hermite series and exact polynomials."""

import math

import numpy as np
import pytest
from numpy.polynomial import hermite_e
from product_families import monomials_of, polynomial_of, random_products
from scipy.sparse import csr_array

from cheaplearn.hamiltonian import local_monomials
from cheaplearn.learning.real.basis import ProductBasis
from cheaplearn.learning.real.conversion import scaled_to_raw

SEEDS = range(5)


def one_variable(p, x, derivative, hermite):
    unit = [0.0] * p + [1.0]
    if hermite:
        return hermite_e.hermeval(x, hermite_e.hermeder(unit, derivative))
    return np.polynomial.polynomial.polyval(x, np.polynomial.polynomial.polyder(unit, derivative))


def slow(product, t, variable, derivative, hermite):
    """The derivative of one product of one-variable polynomials, factor by factor."""
    out = np.ones(len(t))
    for v in set(product) | {variable}:
        out *= one_variable(product.count(v), t[:, v], derivative if v == variable else 0, hermite)
    return out


@pytest.mark.parametrize("hermite", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_values_and_derivatives_agree_with_numpy(seed, hermite):
    rng = np.random.default_rng(seed)
    basis = ProductBasis(monomials_of(random_products(rng, 4, 6, 6)), hermite)
    t = rng.normal(size=(7, 5))
    assert basis.hermite == hermite
    products = list(basis.monomials)
    expected = np.stack([slow(product, t, 4, 0, hermite) for product in products], axis=1)
    np.testing.assert_allclose(basis.values(t), expected, rtol=1e-11, atol=1e-11)
    for v in range(basis.n_variables):
        own = basis.by_variable[v]
        assert own.terms.tolist() == [k for k, product in enumerate(products) if v in product]
        for derivative, found in enumerate(basis.derivatives(t, v), start=1):
            expected = [slow(products[k], t, v, derivative, hermite) for k in own.terms]
            np.testing.assert_allclose(found, np.stack(expected, axis=1), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("seed", SEEDS)
def test_couplings_of_monomials_give_the_same_energy_up_to_a_constant(seed):
    rng = np.random.default_rng(seed)
    basis = ProductBasis(monomials_of(random_products(rng, 3, 7, 5)))
    theta = rng.normal(size=len(basis))
    t = rng.normal(size=(20, 3))
    energy = polynomial_of(basis.monomials, basis.to_monomials() @ theta, 3)(t)
    difference = basis.values(t) @ theta - energy
    assert np.ptp(difference) < 1e-10 * np.abs(energy).max()
    assert np.array_equal(basis.to_monomials().data % 1, np.zeros(basis.to_monomials().nnz))


def test_a_set_closed_under_division_by_squares_uses_hermite_polynomials_and_another_its_monomials():
    even = monomials_of([(0, 0), (0, 0, 0, 0), (0, 1), (0, 0, 0, 1)])
    assert ProductBasis(even).hermite
    lone = ProductBasis(monomials_of([(0, 0, 0, 1)]))
    assert not lone.hermite
    assert np.array_equal(lone.values(np.array([[2.0, 3.0]])), [[24.0]])
    assert np.array_equal(lone.to_monomials().toarray(), [[1.0]])
    assert not ProductBasis(even, hermite=False).hermite


def test_places_find_a_smaller_family_and_refuse_one_that_is_not_inside_or_not_closed():
    basis = ProductBasis(local_monomials(3, 4, math.inf))
    smaller = local_monomials(3, 2, 0)
    products = list(basis.monomials)
    assert [products[k] for k in basis.places(smaller)] == list(smaller)
    with pytest.raises(ValueError, match=r"terms of this basis, got \(0, 0, 0, 0, 0\)"):
        basis.places([(0, 0, 0, 0, 0)])
    with pytest.raises(ValueError, match="closed under division by squares"):
        basis.places([(0, 0, 1, 2)])
    with pytest.raises(ValueError, match="closed under division by squares"):
        basis.places([(0, 0, 0, 0)])


@pytest.mark.parametrize("seed", SEEDS)
def test_raw_couplings_are_those_of_the_expanded_polynomial(seed):
    rng = np.random.default_rng(seed)
    basis = ProductBasis(monomials_of(random_products(rng, 3, 5, 5)))
    center, scale = rng.normal(size=3), rng.uniform(0.5, 2, size=3)
    theta = rng.normal(size=len(basis))
    raw = scaled_to_raw(basis.place, center, scale) @ theta
    x = rng.normal(size=(20, 3))
    energies = [polynomial_of(basis.monomials, c, 3)(y) for c, y in ((raw, x), (theta, (x - center) / scale))]
    assert np.ptp(energies[0] - energies[1]) < 1e-10 * np.abs(energies[0]).max()
    with pytest.raises(ValueError, match=r"a set that contains \(0,\)"):
        scaled_to_raw({(0, 0): 0}, np.ones(1), np.ones(1))


@pytest.mark.parametrize("hermite", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_tied_hermite_couplings_are_tied_couplings_of_monomials(seed, hermite):
    rng = np.random.default_rng(seed)
    basis = ProductBasis(monomials_of(random_products(rng, 3, 5, 5)), hermite)
    degrees = basis.monomials.degrees
    _, orbit = np.unique(3 * degrees + rng.integers(3, size=len(degrees)), return_inverse=True)
    P = csr_array((rng.choice([-2.0, 1.0], size=len(orbit)), (np.arange(len(orbit)), orbit)))
    tied, R = basis.tied(P)
    np.testing.assert_allclose((basis.to_monomials() @ tied).toarray(), (P @ R).toarray(), atol=1e-12)
    assert abs(np.linalg.det(R.toarray())) == pytest.approx(1.0)


def test_orbits_of_permutations_tie_hermite_products_as_they_tie_monomials():
    basis = ProductBasis(local_monomials(3, 6, math.inf))
    orbit = {}
    rows = [orbit.setdefault(tuple(sorted(map(product.count, range(3)))), len(orbit)) for product in basis.monomials]
    P = csr_array((np.ones(len(rows)), (np.arange(len(rows)), rows)))
    assert abs(basis.tied(P)[0] - P).nnz == 0


def test_orbits_without_a_term_of_their_own_or_of_mixed_degree_are_refused():
    basis = ProductBasis(local_monomials(1, 2, 0))
    with pytest.raises(ValueError, match="of terms of one degree, got orbit 0"):
        basis.tied(csr_array(np.ones((2, 1))))
    with pytest.raises(ValueError, match="a term of its own, got orbit 0"):
        basis.tied(csr_array(np.array([[1.0, 1.0], [0.0, 0.0]])))
    with pytest.raises(ValueError, match=r"of shape \(2, orbits\)"):
        basis.tied(csr_array(np.ones((3, 1))))
