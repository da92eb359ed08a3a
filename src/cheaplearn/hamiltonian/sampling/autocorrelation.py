"""How many independent samples a set of chains is worth: autocorrelation times, split R-hat."""

from __future__ import annotations

import numpy as np

from ..._messages import must_be

__all__ = ["autocorrelation", "effective_sample_size", "integrated_autocorrelation_time", "split_rhat"]

WINDOW = 5.0  # sum the correlations up to this many autocorrelation times


def autocorrelation(traces: np.ndarray) -> np.ndarray:
    """Estimates the normalised autocorrelation function of a stationary observable.

    Args:
        traces: The observable after each sweep, shape (chains, sweeps).

    Returns:
        rho(lag), lag = 0 .. sweeps - 1, shape (sweeps,); 1 for lag 0 and 0 elsewhere if the observable never changes.

    Raises:
        ValueError: If the shape is wrong or a value is not finite.

    Guarantee:
        Deviations are taken from the mean of all chains, so chains that stay apart have a correlation that does
        not decay. Lag t has the weight 1 - t / sweeps, so that the sum of all lags is that of the variance of a
        chain's mean; the mean's own error biases rho by about -2 tau / (chains x sweeps).
    Cost: O(chains sweeps log sweeps), by FFT.
    """
    values = _checked(traces, "autocorrelation")
    sweeps = values.shape[1]
    deviations = values - values.mean()
    length = 1 << int(2 * sweeps - 1).bit_length()
    power = np.zeros(length // 2 + 1)
    for chain in deviations:  # one at a time: memory stays that of one chain
        power += np.abs(np.fft.rfft(chain, length)) ** 2
    sums = np.fft.irfft(power, length)[:sweeps]
    if np.ptp(values) == 0:
        return np.eye(1, sweeps)[0]
    return sums / sums[0]


def integrated_autocorrelation_time(traces: np.ndarray, window: float = WINDOW) -> float:
    r"""Estimates :math:`\tau = 1 + 2 \sum_{t \ge 1} \rho(t)`: sweeps per independent sample.

    The sum stops at the smallest lag M >= window x max(tau(M), 1), or at the last lag if there is none.

    Args:
        traces: The observable after each sweep, shape (chains, sweeps).
        window: In autocorrelation times; larger means less bias and more noise.

    Returns:
        tau in sweeps; 1 for independent values (half of it is the tau of some of the literature). At least
        1 / (chains x sweeps); below 1 if successive values are anticorrelated.

    Raises:
        ValueError: If the shape is wrong or a value is not finite.

    Guarantee:
        Standard error about tau sqrt(2 (2 M + 1) / (chains x sweeps)); too small by about exp(-window) where the
        correlation decays exponentially and by tau / (2 sweeps). Runs shorter than some 50 tau in all cannot see
        tau; neither can any run that has not yet found a mode.
    Source: Madras & Sokal (1988), appendix C; Sokal (1997), lecture 3.

    Example:
        >>> values = np.random.default_rng(0).normal(size=(4, 10000))
        >>> round(integrated_autocorrelation_time(values), 1)
        1.0
    """
    rho = autocorrelation(traces)
    times = 2 * np.cumsum(rho) - 1
    enough = np.arange(len(rho)) >= window * np.maximum(times, 1)
    last = int(np.argmax(enough)) if enough.any() else len(rho) - 1
    return float(max(times[last], 1 / np.size(traces)))


def effective_sample_size(traces: np.ndarray, window: float = WINDOW) -> float:
    """Estimates how many independent samples have the standard error of the mean of these.

    Args:
        traces: The observable, shape (chains, samples).
        window: As of `integrated_autocorrelation_time`.

    Returns:
        chains x samples / tau.

    Raises:
        ValueError: If the shape is wrong or a value is not finite.
    """
    return np.size(traces) / integrated_autocorrelation_time(traces, window)


def split_rhat(traces: np.ndarray) -> float:
    """Compares the variance between half chains with that within: near 1 if all saw the same distribution.

    Args:
        traces: The observable after each sweep, shape (chains, sweeps >= 4).

    Returns:
        R-hat: sqrt of (pooled variance / mean variance within); 1 if nothing ever changes, infinity if only
        the chains differ.

    Raises:
        ValueError: If the shape is wrong or a value is not finite.

    Source: Gelman et al. (2013), Bayesian Data Analysis, section 11.4.
    """
    values = _checked(traces, "split_rhat")
    half = values.shape[1] // 2
    if half < 2:
        raise ValueError(must_be("traces", "split_rhat", "of at least 4 sweeps", f"shape {values.shape}"))
    halves = np.concatenate([values[:, :half], values[:, -half:]])
    within = float(halves.var(axis=1, ddof=1).mean())
    between = float(halves.mean(axis=1).var(ddof=1))
    if within == 0:
        return 1.0 if between == 0 else np.inf
    return float(np.sqrt((half - 1) / half + between / within))


def _checked(traces: np.ndarray, owner: str) -> np.ndarray:
    values = np.asarray(traces, dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise ValueError(must_be("traces", owner, "of shape (chains, sweeps), not empty", f"shape {values.shape}"))
    if not np.all(np.isfinite(values)):
        raise ValueError(must_be("traces", owner, "finite", "NaN or infinity"))
    return values
