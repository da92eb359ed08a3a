"""Exact Gaussian likelihood: closed form, stationarity, merging, tying, and refusals."""

import math

import numpy as np
import pytest
from product_families import monomials_of
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.stats import multivariate_normal

from cheaplearn.geometry import Chain
from cheaplearn.hamiltonian import Monomials, local_monomials
from cheaplearn.learning.real import gaussian
from cheaplearn.learning.real.gaussian import gaussian_likelihood
from cheaplearn.learning.real.gaussian_model import GaussianModel, moment_sums


def samples(seed, n, size=200):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(size, n)) @ rng.normal(size=(n, n)) + rng.normal(size=n)


def model_of(monomials, theta, n):
    """The mean and covariance of exp(-H)."""
    precision, field = np.zeros((n, n)), np.zeros(n)
    for product, value in zip(monomials, theta, strict=True):
        if len(product) == 1:
            field[product[0]] += value
        else:
            precision[product] += value
            precision[product[::-1]] += value
    return -np.linalg.solve(precision, field), np.linalg.inv(precision)


@pytest.mark.parametrize("seed", range(3))
def test_all_pairs_give_the_inverse_sample_covariance(seed):
    t = samples(seed, 5)
    monomials = local_monomials(5, 2, math.inf)
    fit = gaussian_likelihood(moment_sums(t), monomials)
    mean, covariance = model_of(monomials, fit.theta, 5)
    np.testing.assert_allclose(covariance, np.cov(t.T, ddof=0), rtol=1e-9)
    np.testing.assert_allclose(mean, t.mean(axis=0), rtol=1e-9)
    assert fit.converged
    assert fit.loss == pytest.approx(-multivariate_normal(mean, covariance).logpdf(t).mean(), rel=1e-12)


def test_closed_form_errors_are_those_of_the_fisher_information(monkeypatch):
    t, monomials = samples(3, 4), local_monomials(4, 2, math.inf)
    fit = gaussian_likelihood(moment_sums(t), monomials)
    monkeypatch.setattr(gaussian, "MAX_COUPLINGS", 3)
    closed = gaussian_likelihood(moment_sums(t), monomials)
    assert closed.covariance is None
    np.testing.assert_allclose(closed.theta, fit.theta, rtol=1e-9)
    np.testing.assert_allclose(closed.standard_errors, fit.standard_errors, rtol=1e-9)
    assert closed.loss == pytest.approx(fit.loss, rel=1e-12)
    with pytest.raises(ValueError, match="at most 3 couplings, or all pairs untied"):
        gaussian_likelihood(moment_sums(t), local_monomials(4, 2, 0))


PATTERNS = [(Chain(5), 1), (Chain(5), 2), (Chain(5, periodic=True), 1), (None, 0)]


@pytest.mark.parametrize(("geometry", "radius"), PATTERNS)
@pytest.mark.parametrize("fields", [True, False])
def test_moments_of_the_fit_are_those_of_the_samples(geometry, radius, fields):
    """What defines the optimum: E[phi] agrees for every function that is there, and another optimiser finds no less."""
    t = samples(4, 5)
    monomials = local_monomials(5, 2, radius, geometry)
    if not fields:
        monomials = Monomials((np.empty((0, 1), int), monomials.sites[1]))
    fit = gaussian_likelihood(moment_sums(t), monomials)
    mean, covariance = model_of(monomials, fit.theta, 5)
    for product in monomials:
        i, j = product[0], product[-1]
        expected = mean[i] if len(product) == 1 else covariance[i, j] + mean[i] * mean[j]
        assert t[:, list(product)].prod(axis=1).mean() == pytest.approx(expected, rel=1e-9)
    assert fit.converged
    assert fit.steps < 15
    assert fit.loss == pytest.approx(-multivariate_normal(mean, covariance).logpdf(t).mean(), rel=1e-12)


@pytest.mark.parametrize("tied", [False, True])
def test_gradient_and_information_are_derivatives_of_the_loss(tied):
    t, monomials = samples(0, 4), local_monomials(4, 2, 1, Chain(4))
    degrees = monomials.degrees - 1
    squares = [len(set(product)) == 1 for product in monomials]
    tying = csr_array((np.ones(11), (np.arange(11), np.where(squares, degrees, 2)))) if tied else None
    model = GaussianModel(moment_sums(t), monomials, tying)
    theta = model.start() + 0.01
    gradient, information = model.derivatives(theta)
    steps = 1e-5 * np.eye(len(theta))
    numeric = [(model.loss(theta + step) - model.loss(theta - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8)
    numeric = [(model.derivatives(theta + s)[0] - model.derivatives(theta - s)[0]) / 2e-5 for s in steps]
    np.testing.assert_allclose(information, numeric, rtol=1e-5, atol=1e-7)


def test_tied_fits_are_the_best_of_their_family():
    t = samples(1, 4)
    monomials = local_monomials(4, 2, 1, Chain(4))
    orbit = [0 if len(product) == 1 else 1 + (product[0] != product[1]) for product in monomials]
    tying = csr_array((np.ones(len(orbit)), (np.arange(len(orbit)), orbit)))
    fit = gaussian_likelihood(moment_sums(t), monomials, tying)

    def loss(theta):
        mean, covariance = model_of(monomials, tying @ theta, 4)
        if np.linalg.eigvalsh(covariance).min() <= 0:
            return 1e6
        return -multivariate_normal(mean, covariance).logpdf(t).mean()

    other = minimize(loss, [0.0, 0.5, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12})
    np.testing.assert_allclose(fit.theta, other.x, atol=1e-5)
    assert fit.loss <= other.fun + 1e-12


def test_sums_of_chunks_and_weights_add_up():
    t, monomials = samples(2, 3), local_monomials(3, 2, 1, Chain(3))
    weight = np.random.default_rng(0).integers(1, 4, size=len(t)).astype(float)
    repeated = moment_sums(np.repeat(t, weight.astype(int), axis=0))
    weighted = moment_sums(t[:90], weight[:90]) + moment_sums(t[90:], weight[90:])
    np.testing.assert_allclose(weighted.products, repeated.products, rtol=1e-12)
    assert weighted.count == len(t)
    fits = [gaussian_likelihood(sums, monomials) for sums in (weighted, repeated)]
    np.testing.assert_allclose(fits[0].theta, fits[1].theta, rtol=1e-9)
    np.testing.assert_allclose(fits[0].standard_errors, fits[1].standard_errors, rtol=1e-9)
    with pytest.raises(ValueError, match="of 3 variables, got 2"):
        weighted + moment_sums(t[:, :2])


def test_too_few_samples_are_said_to_have_no_optimum():
    fit = gaussian_likelihood(moment_sums(samples(0, 4, size=3)), local_monomials(4, 2, math.inf))
    assert not fit.converged
    assert "may have no most likely Gaussian" in fit.notes[0]


@pytest.mark.parametrize(
    ("products", "change", "message"),
    [
        ([(0,), (0, 0)], {}, "square of every variable, got none of variable 1"),
        ([(0, 0), (1, 1), (0, 1, 1)], {}, "of degrees 1 and 2, got degree 3"),
        ([(0, 0), (1, 1), (2, 2)], {}, "of 2 variables, got one beyond"),
        ([(0, 0), (1, 1)], {"t": np.array([[1.0, 0.0]] * 3)}, "not always 0, got variable 1"),
        ([(0, 0), (1, 1)], {"weight": np.zeros(200)}, "of samples with weight"),
        ([(0, 0), (1, 1)], {"tying": np.ones((3, 1))}, r"of shape \(2, orbits\)"),
        ([(0, 0), (1, 1)], {"tying": np.array([[1.0, 0, 0], [0, 1.0, 0]])}, "none of which depends on the others"),
        ([(0, 0), (1, 1)], {"tying": np.array([[1.0], [-1.0]])}, "squares share couplings with squares only"),
    ],
)
def test_bad_input_is_named(products, change, message):
    arguments = {"t": samples(0, 2), "weight": None, "tying": None} | change
    sums = moment_sums(arguments["t"], arguments["weight"])
    with pytest.raises(ValueError, match=message):
        gaussian_likelihood(sums, monomials_of(products), arguments["tying"])
