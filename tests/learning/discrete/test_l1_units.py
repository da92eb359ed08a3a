"""The units of `l1`: those of Lokhov et al. (2018), who penalise the couplings of every site on their own."""

import numpy as np
import pytest
from scipy.special import expit

import cheaplearn as cl

SEEDS = [0, 1, 2]
STRENGTH = {"screening": 0.8, "pseudolikelihood": 0.2}  # theirs, in sqrt(ln(n^2 / 0.05) / samples) for each site


def slopes_by_site(method, X, J, h):
    """Derivative of the loss of site i by its coupling with j, J and h in p(x_i) ~ exp(-x_i (h_i + sum_j J_ij x_j))."""
    energy = X * (h + X @ J)
    if method == "screening":  # ln mean exp(energy)
        weight = np.exp(energy)
        return (weight * X).T @ X / weight.sum(axis=0)[:, None]
    return (2 * expit(2 * energy) * X).T @ X / len(X)  # mean ln(1 + exp(2 energy))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("method", ["screening", "pseudolikelihood"])
def test_a_coupling_is_penalised_once_for_each_of_its_two_sites(method, seed):
    rng = np.random.default_rng(seed)
    n, samples = 7, 900
    X = rng.choice([-1.0, 1.0], (samples, n))
    X[:, 1] = np.where(rng.random(samples) < 0.8, X[:, 0], -X[:, 0])
    X[:, 4] = np.where(rng.random(samples) < 0.7, X[:, 3], -X[:, 3])
    options = {"standard_errors": False, "regularization": 0.0}
    model = cl.HamiltonianDensity(kind="spin", order=2, method=method, l1="auto", **options).fit(X)
    theta = model._fit.penalized.theta
    h, J = theta[:n], np.zeros((n, n))
    J[np.triu_indices(n, 1)] = theta[n:]
    J += J.T

    slopes = slopes_by_site(method, X, J, h)
    slopes = (slopes + slopes.T)[np.triu_indices(n, 1)]  # the coupling is shared: losses of both sites add up
    allowed = 2 * STRENGTH[method] * np.sqrt(np.log(n**2 / 0.05) / samples)
    shared = theta[n:]
    assert 2 <= np.count_nonzero(shared) < len(shared)
    np.testing.assert_allclose(slopes[shared != 0], -allowed * np.sign(shared[shared != 0]), rtol=0, atol=1e-5)
    assert np.abs(slopes[shared == 0]).max() <= allowed + 1e-5
