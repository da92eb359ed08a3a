"""Couplings recovered from independent samples: z-scores, slopes with sample size, distance from the Cramer-Rao bound.

Seeds are fixed. Beside each check stands the error bar it would have over other seeds.
"""

import math

import numpy as np
import pytest
from product_families import polynomial_of
from real_draws import GridSampler, from_chain, gaussian_draws
from scipy.sparse import csr_array

from cheaplearn.geometry import Chain, Grid
from cheaplearn.hamiltonian import local_monomials
from cheaplearn.learning.real.basis import ProductBasis
from cheaplearn.learning.real.errors import coupling_covariance
from cheaplearn.learning.real.gaussian import gaussian_likelihood
from cheaplearn.learning.real.gaussian_model import GaussianModel, moment_sums
from cheaplearn.learning.real.solve import solve
from cheaplearn.learning.real.sums import score_sums


def fitted(t, basis, tying=None):
    """Couplings of monomials (or of their orbits) in the units of t, and their standard errors."""
    tied, M = (None, basis.to_monomials()) if tying is None else basis.tied(tying)
    sums = score_sums(t, None, basis, tied)
    theta = solve(sums).theta
    return M @ theta, coupling_covariance(t, None, basis, theta, sums, tying=tied).errors_of(M)


def scaled_fit(x, basis):
    """The same in units of x, fitted in units of its spread."""
    scale = x.std()
    theta, errors = fitted(x / scale, basis)
    return theta / scale**basis.monomials.degrees, errors / scale**basis.monomials.degrees


def accept(z, spread):
    """Nearly all z-scores within 3, their spread 1 within `spread` (three of its error bars or more)."""
    z = np.array(z)
    assert np.mean(np.abs(z) < 3) > 0.98
    assert abs(np.std(z) - 1) < spread


CURVES = {
    "quartic": [0.1, 0.2, 0.0, 1.0],
    "double well": [0.0, -2.0, 0.0, 1.0],
    "order six": [0, 1.5, 0.2, -1.5, 0, 0.4],
}


@pytest.mark.parametrize("true", CURVES.values(), ids=CURVES.keys())
def test_one_variable_is_recovered_within_its_errors(true):
    """60 seeds; couplings of a seed are nearly one number, so the spread has an error of 0.09."""
    basis = ProductBasis(local_monomials(1, len(true), 0))
    density = GridSampler(lambda x: sum(c * x[:, 0] ** p for p, c in enumerate(true, 1)), -4, 4)
    z = []
    for seed in range(60):
        theta, errors = scaled_fit(density.draw(np.random.default_rng(seed), 20_000), basis)
        z.append((theta - true) / errors)
    accept(z, 0.28)


PLANES = {
    "Henon-Heiles in a quartic wall": {(0, 0): 0.5, (1, 1): 0.5, (0, 0, 1): 1.0, (1, 1, 1): -1 / 3, (0,) * 4: 0.3,
                                       (1,) * 4: 0.3, (0, 0, 1, 1): 0.6},
    "two wells, coupled": {(0, 0): -1.5, (1, 1): 0.5, (0, 1): 0.7, (0,) * 4: 0.5, (1,) * 4: 0.1, (0, 0, 1, 1): 0.2},
}  # fmt: skip


@pytest.mark.parametrize("terms", PLANES.values(), ids=PLANES.keys())
def test_potentials_of_two_variables_are_recovered_within_their_errors(terms):
    """20 seeds of 14 couplings: the spread has an error of about 0.1."""
    basis = ProductBasis(local_monomials(2, 4, math.inf))
    true = np.array([terms.get(product, 0.0) for product in basis.monomials])
    density = GridSampler(polynomial_of(basis.monomials, true, 2), -5, 5, n_variables=2, points=601)
    z = []
    for seed in range(20):
        theta, errors = scaled_fit(density.draw(np.random.default_rng(seed), 20_000), basis)
        z.append((theta - true) / errors)
    accept(z, 0.3)


def test_a_phi_4_chain_is_recovered_tied_and_untied():
    """10 seeds: untied 54 couplings each (error of the spread 0.05), tied over an open chain 10 (0.15)."""
    chain, kinetic = Chain(6), 0.6
    basis = ProductBasis(local_monomials(6, 4, 1, chain))
    names = {(0, 0): -0.5, (0, 1): -kinetic, (0, 0, 0, 0): 0.4}
    shapes = [tuple(v - product[0] for v in product) for product in basis.monomials]
    orbit = {shape: o for o, shape in enumerate(dict.fromkeys(shapes))}
    tying = csr_array((np.ones(len(shapes)), (np.arange(len(shapes)), [orbit[shape] for shape in shapes])))
    untied_true = np.array([names.get(shape, 0.0) for shape in shapes])
    tied_true = np.array([names.get(shape, 0.0) for shape in orbit])
    z, tied = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        t = from_chain(rng, lambda x: -0.5 * x**2 + 0.4 * x**4, lambda x, y: -kinetic * x * y, 4, 6, 20_000)
        theta, errors = fitted(t, basis)
        z.append((theta - untied_true) / errors)
        theta, errors = fitted(t, basis, tying)
        tied.append((theta - tied_true) / errors)
        assert len(theta) == 10
    accept(z, 0.2)
    accept(tied, 0.45)


def gaussian_case(geometry, coupling):
    n = geometry.n_sites
    monomials = local_monomials(n, 2, 1, geometry)
    rng = np.random.default_rng(0)
    theta = np.array([0.1 * rng.normal() if len(p) == 1 else (1.0 if p[0] == p[1] else coupling) for p in monomials])
    precision, field = np.zeros((n, n)), theta[:n]
    for product, value in zip(monomials, theta, strict=True):
        if len(product) == 2:
            precision[product] += value
            precision[product[::-1]] += value
    return monomials, theta, precision, field


FIELDS = {"chain": (Chain(20), -0.9), "8x8 field": (Grid(8, 8), -0.24)}


@pytest.mark.parametrize(("geometry", "coupling"), FIELDS.values(), ids=FIELDS.keys())
def test_gaussian_errors_attain_the_cramer_rao_bound_by_likelihood_and_nearly_by_score_matching(geometry, coupling):
    """Root mean square errors over 12 seeds and all couplings of a degree; their ratio to the bound has an error
    of about 0.07 for the 20 fields of the chain, less for the others."""
    monomials, true, precision, field = gaussian_case(geometry, coupling)
    basis, size = ProductBasis(monomials), 4000
    off, z = {"likelihood": [], "score": []}, {"likelihood": [], "score": []}
    for seed in range(12):
        t = gaussian_draws(np.random.default_rng(seed), precision, field, size)
        fit = gaussian_likelihood(moment_sums(t), monomials)
        assert fit.converged
        off["likelihood"].append(fit.theta - true)
        z["likelihood"].append((fit.theta - true) / fit.standard_errors)
        theta, errors = fitted(t, basis)
        off["score"].append(theta - true)
        z["score"].append((theta - true) / errors)
    information = GaussianModel(moment_sums(t), monomials, None).derivatives(true)[1]
    bound = np.diag(np.linalg.inv(information)) / size
    for degree in (1, 2):
        own = monomials.degrees == degree
        ratio = {way: math.sqrt(np.mean(np.array(d)[:, own] ** 2) / np.mean(bound[own])) for way, d in off.items()}
        assert 0.8 < ratio["likelihood"] < 1.2
        assert 0.8 < ratio["score"] < 1.3
    for some in z.values():
        accept(some, 0.15)


def test_errors_fall_as_the_square_root_of_the_sample_size():
    """Slope of the logarithm of the error over 30 seeds against that of the size; its error is 0.03."""
    true = np.array([0.0, -1.0, 0.0, 0.5])
    basis, sizes = ProductBasis(local_monomials(1, 4, 0)), [1000, 4000, 16_000, 64_000]
    density = GridSampler(lambda x: -(x[:, 0] ** 2) + x[:, 0] ** 4 / 2, -4, 4)
    errors = []
    for size in sizes:
        draws = [density.draw(np.random.default_rng([seed, size]), size) for seed in range(30)]
        off = [scaled_fit(x, basis)[0] - true for x in draws]
        errors.append(np.sqrt(np.mean(np.square(off))))
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert abs(slope + 0.5) < 0.1


def test_tied_gaussians_are_recovered_within_their_errors():
    """A ring of 16 sites with 3 couplings, 60 seeds: the spread of z has an error of 0.06 or so."""
    ring = Chain(16, periodic=True)
    monomials = local_monomials(16, 2, 1, ring)
    orbit = [0 if len(p) == 1 else 1 + (p[0] != p[1]) for p in monomials]
    tying = csr_array((np.ones(len(orbit)), (np.arange(len(orbit)), orbit)))
    true, basis = np.array([0.2, 1.0, -0.8]), ProductBasis(monomials)
    precision = 2 * np.eye(16) - 0.8 * (np.roll(np.eye(16), 1, axis=0) + np.roll(np.eye(16), -1, axis=0))
    z = {"likelihood": [], "score": []}
    for seed in range(60):
        t = gaussian_draws(np.random.default_rng(seed), precision, np.full(16, 0.2), 300)
        fit = gaussian_likelihood(moment_sums(t), monomials, tying)
        z["likelihood"].append((fit.theta - true) / fit.standard_errors)
        theta, errors = fitted(t, basis, tying)
        z["score"].append((theta - true) / errors)
    for some in z.values():
        accept(some, 0.2)
