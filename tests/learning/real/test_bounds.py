"""Walls: their weights, their units, what is refused; and fits that unweighted score matching gets wrong."""

import numpy as np
import pytest
from real_draws import GridSampler, gaussian_draws

from cheaplearn.hamiltonian import local_monomials
from cheaplearn.learning.real.basis import ProductBasis
from cheaplearn.learning.real.bounds import Bounds
from cheaplearn.learning.real.errors import coupling_covariance
from cheaplearn.learning.real.solve import solve
from cheaplearn.learning.real.sums import score_sums

SEEDS = range(60)


def z_scores(t, basis, true, bounds):
    sums = score_sums(t, None, basis, bounds=bounds)
    theta = solve(sums).theta
    M = basis.to_monomials()
    errors = coupling_covariance(t, None, basis, theta, sums, bounds=bounds).errors_of(M)
    return (M @ theta - true) / errors


HALF_LINES = {"half a Gaussian": [-0.5, 0.5], "half a double well": [0.3, -1.0, 0.0, 0.5]}


@pytest.mark.parametrize("cap", [0.3, 1.0])
@pytest.mark.parametrize("true", HALF_LINES.values(), ids=HALF_LINES.keys())
def test_couplings_on_the_half_line_are_recovered_with_weights_and_only_with_them(true, cap):
    """Over 60 seeds the z-scores have spread 1 (error 0.09) and mean 0 (error 0.13; a bias of 1/4 is allowed for
    samples of this size), and at most 2 seeds lie beyond 3. Without weights the boundary term biases by tens of
    standard errors."""
    basis = ProductBasis(local_monomials(1, len(true), 0))
    walls = Bounds(np.zeros(1), np.full(1, np.inf), cap)
    density = GridSampler(lambda x: sum(c * x[:, 0] ** p for p, c in enumerate(true, 1)), 0, 6)
    samples = [density.draw(np.random.default_rng(seed), 10_000) for seed in SEEDS]
    z = np.array([z_scores(t, basis, true, walls) for t in samples])
    assert np.mean(np.abs(z) < 3) > 0.96
    assert 0.7 < z.std() < 1.3
    assert np.all(np.abs(z.mean(axis=0)) < 0.25 + 3 * 0.13)
    blind = np.array([z_scores(t, basis, true, None) for t in samples[:3]])
    assert np.all(np.abs(blind) > 5)


def test_a_gaussian_cut_to_a_box_is_recovered():
    """Two correlated variables, one within [-1, 0.5], the other positive, by rejection from the whole Gaussian."""
    precision, field = np.array([[1.5, 0.8], [0.8, 2.0]]), np.array([0.3, -1.0])
    true = np.array([*field, precision[0, 0] / 2, precision[0, 1], precision[1, 1] / 2])
    basis = ProductBasis(local_monomials(2, 2, np.inf))
    low, high = np.array([-1.0, 0.0]), np.array([0.5, np.inf])
    walls = Bounds(low, high, 0.5)
    z = []
    for seed in SEEDS:
        t = gaussian_draws(np.random.default_rng(seed), precision, field, 20_000)
        z.append(z_scores(t[np.all((t > low) & (t < high), axis=1)], basis, true, walls))
    assert np.mean(np.abs(z) < 3) > 0.98
    assert 0.8 < np.std(z) < 1.2


def test_weights_rise_from_each_wall_to_one_with_the_slope_that_differences_show():
    bounds = Bounds(np.array([0.0, -np.inf, -np.inf]), np.array([1.0, 2.0, np.inf]), 0.75)
    t = np.random.default_rng(0).uniform(0.01, 0.99, size=(200, 3)) * [1, 2, 100]
    g, slope = bounds.weights(t)
    np.testing.assert_allclose(g[:, 0], np.minimum(t[:, 0], 1 - t[:, 0]) / 0.75)
    np.testing.assert_allclose(g[:, 1], np.minimum(2 - t[:, 1], 0.75) / 0.75)
    assert np.array_equal(g[:, 2], np.ones(200))
    numeric = (bounds.weights(t + 1e-7)[0] - bounds.weights(t - 1e-7)[0]) / 2e-7
    np.testing.assert_allclose(slope, numeric, atol=1e-6)
    wall, _ = bounds.weights(np.array([[1.0, 2.0, 0.0]]))
    assert wall.tolist() == [[0.0, 0.0, 1.0]]


def test_walls_in_raw_units_bound_the_same_samples():
    center, scale = np.array([1.0, -2.0]), np.array([0.5, 4.0])
    bounds = Bounds.scaled(0.0, np.array([3.0, np.inf]), center, scale)
    assert bounds.low.tolist() == [-2.0, 0.5]
    assert bounds.high.tolist() == [4.0, np.inf]
    assert not bounds.open
    assert Bounds.scaled(-np.inf, np.inf, center, scale).open


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros(2), np.ones(3)), r"of the shape \(n,\) of `high`"),
        ((np.zeros(2), np.array([1.0, 0.0])), "below `high` everywhere"),
        ((np.array([np.nan]), np.ones(1)), "below `high` everywhere"),
        ((np.zeros(1), np.ones(1), 0.0), "`cap` of `Bounds` must be a positive finite number, got 0.0"),
        ((np.zeros(1), np.ones(1), np.inf), "a positive finite number"),
    ],
)
def test_bad_walls_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Bounds(*arguments)
