"""One pass over the samples of each fold serves a whole ladder: orders, radii, symmetries and ridges."""

import math

import numpy as np
import pytest
from product_families import monomials_of
from scipy.sparse import csr_array

from cheaplearn.geometry import Chain
from cheaplearn.hamiltonian import local_monomials
from cheaplearn.learning.real.basis import ProductBasis
from cheaplearn.learning.real.scores import hyvarinen_losses
from cheaplearn.learning.real.solve import solve_path
from cheaplearn.learning.real.sums import score_sums

CHAIN, RIDGES = Chain(5), np.array([0.0, 1e-3, 1e-1])


def translations(monomials):
    """Terms of one shape share a coupling, also at the ends of the open chain."""
    shapes = [tuple(v - product[0] for v in product) for product in monomials]
    orbit = {shape: o for o, shape in enumerate(dict.fromkeys(shapes))}
    return csr_array((np.ones(len(shapes)), (np.arange(len(shapes)), [orbit[shape] for shape in shapes])))


def fold_sums(t, folds, basis):
    return [score_sums(t[folds == fold], None, basis) for fold in range(3)]


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(("order", "radius"), [(2, 0), (2, 1), (4, 0), (4, 1), (3, 2)])
def test_a_rung_fitted_from_shared_sums_is_the_rung_fitted_alone(order, radius, tied):
    rng = np.random.default_rng(order)
    t = rng.normal(size=(300, 5)) @ (np.eye(5) + 0.3 * np.eye(5, k=1))
    folds = rng.integers(3, size=300)
    everything = [local_monomials(5, d, r, CHAIN) for d, r in ((4, 1), (3, 2))]
    largest = ProductBasis(monomials_of({product for family in everything for product in family}))
    rung = ProductBasis(local_monomials(5, order, radius, CHAIN))
    places = largest.places(rung.monomials)
    P = rung.tied(translations(rung.monomials))[0] if tied else csr_array(np.eye(len(rung)))
    shared = [sums.part(places).tied(P) for sums in fold_sums(t, folds, largest)]
    for held in range(3):
        train = shared[held - 1] + shared[held - 2]
        path = solve_path(train, RIDGES)
        alone = solve_path(score_sums(t[folds != held], None, rung, P), RIDGES)
        np.testing.assert_allclose(path.theta, alone.theta, rtol=1e-7, atol=1e-9)
        embedded = np.zeros((len(largest), len(RIDGES)))
        embedded[places] = P @ path.theta
        losses = hyvarinen_losses(t[folds == held], largest, embedded)
        np.testing.assert_allclose(losses.mean(axis=0), shared[held].loss(path.theta), rtol=1e-9)


def test_a_ladder_from_sums_prefers_the_family_of_the_samples():
    """Samples of a chain with pairs: the held-out loss falls up to radius 1, order 2, and not beyond."""
    rng = np.random.default_rng(0)
    precision = 2 * np.eye(5) - 0.8 * (np.eye(5, k=1) + np.eye(5, k=-1))
    t = rng.normal(size=(600, 5)) @ np.linalg.cholesky(np.linalg.inv(precision)).T
    folds = np.arange(600) % 3
    largest = ProductBasis(local_monomials(5, 4, math.inf))
    sums = fold_sums(t, folds, largest)

    def held_out(order, radius):
        places = largest.places(local_monomials(5, order, radius, CHAIN))
        own = [some.part(places) for some in sums]
        fits = [solve_path(own[f - 1] + own[f - 2], np.zeros(1)).theta for f in range(3)]
        return np.mean([own[f].loss(fits[f])[0] for f in range(3)])

    assert held_out(2, 1) < min(held_out(1, 0), held_out(2, 0), held_out(4, 1), held_out(4, 4))
