import numpy as np
import pytest
from scipy.signal import lfilter

from cheaplearn.hamiltonian.sampling.autocorrelation import (
    autocorrelation,
    effective_sample_size,
    integrated_autocorrelation_time,
    split_rhat,
)


def autoregression(rho, chains, sweeps, seed):
    """x[t] = rho x[t - 1] + noise from its stationary distribution: tau = (1 + rho) / (1 - rho)."""
    noise = np.random.default_rng(seed).normal(size=(chains, sweeps)) * np.sqrt(1 - rho**2)
    noise[:, 0] /= np.sqrt(1 - rho**2)
    return lfilter([1], [1, -rho], noise, axis=1)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9, 0.97, -0.5])
@pytest.mark.parametrize(("chains", "sweeps"), [(1, 400_000), (50, 8000)])
def test_the_time_of_autoregressions_is_found(rho, chains, sweeps):
    tau = (1 + rho) / (1 - rho)
    found = integrated_autocorrelation_time(autoregression(rho, chains, sweeps, seed=1))
    error = tau * np.sqrt(2 * (2 * 5 * max(tau, 1) + 1) / (chains * sweeps))
    left_out = 2 * abs(rho) ** (0.9 * 5 * max(tau, 1) + 1) / (1 - rho)  # the window may stop a little early
    bias = left_out + tau**2 / sweeps  # and the weights 1 - t / sweeps
    assert abs(found - tau) < 4 * error + bias
    assert effective_sample_size(autoregression(rho, chains, sweeps, seed=1)) == chains * sweeps / found


def test_the_effective_size_predicts_the_variance_of_the_mean():
    x = autoregression(0.8, 400, 1000, seed=2)
    predicted = x.var() / (effective_sample_size(x) / 400)
    measured = x.mean(axis=1).var()
    assert abs(measured / predicted - 1) < 4 * np.sqrt(2 / 400)


def test_the_function_equals_the_sums_of_products():
    x = np.random.default_rng(3).normal(size=(3, 7)).cumsum(axis=1)
    d = x - x.mean()
    sums = np.array([(d[:, : 7 - t] * d[:, t:]).sum() for t in range(7)])
    np.testing.assert_allclose(autocorrelation(x), sums / sums[0], atol=1e-12)


def test_chains_that_never_meet_count_once_each():
    rng = np.random.default_rng(4)
    apart = 10 * rng.choice([-1, 1], size=(20, 1)) + rng.normal(size=(20, 500))
    assert 19 < effective_sample_size(apart) < 21
    assert split_rhat(apart) > 3
    assert split_rhat(rng.normal(size=(20, 500))) < 1.01


def test_a_drift_within_each_chain_shows_in_split_rhat():
    drift = np.linspace(0, 5, 500) + np.random.default_rng(5).normal(size=(8, 500))
    assert split_rhat(drift) > 1.3


def test_an_observable_that_never_changes_is_not_correlated():
    assert integrated_autocorrelation_time(np.ones((3, 8))) == 1
    assert split_rhat(np.ones((3, 8))) == 1
    assert split_rhat(np.ones((3, 8)) * [[0], [1], [2]]) == np.inf


def test_wrong_traces_are_named():
    with pytest.raises(ValueError, match=r"`traces` of `autocorrelation` must be of shape \(chains, sweeps\)"):
        autocorrelation(np.ones(3))
    with pytest.raises(ValueError, match="finite, got NaN"):
        effective_sample_size(np.full((1, 5), np.nan))
    with pytest.raises(ValueError, match="at least 4 sweeps"):
        split_rhat(np.ones((2, 3)))
