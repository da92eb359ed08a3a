"""Free energies from works: means of exponentials, their errors, Bennett's acceptance ratio."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logsumexp

__all__ = ["acceptance_ratio", "effective_chains", "log_mean"]


def log_mean(log_weights: np.ndarray) -> tuple[float, float]:
    """Logarithm of a mean of weights, and its standard error by the jackknife.

    Args:
        log_weights: ln w of each chain, shape (chains >= 2,).

    Returns:
        ln mean w; the standard error.

    Cost: O(chains).
    """
    n = len(log_weights)
    total = float(logsumexp(log_weights))
    share = np.minimum(np.exp(log_weights - total), 1 - 1e-15)
    without = np.log1p(-share)  # ln of the sum without chain i, relative to the whole
    error = math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
    return total - math.log(n), error


def effective_chains(log_weights: np.ndarray) -> float:
    """How many equal weights have the same relative variance: (sum w)^2 / sum w^2."""
    return float(np.exp(2 * logsumexp(log_weights) - logsumexp(2 * log_weights)))


def acceptance_ratio(forward: np.ndarray, reverse: np.ndarray) -> tuple[float, float]:
    r"""Combines works of both directions into ln(Z_1 / Z_0) by maximum likelihood.

    Args:
        forward: Works W of chains from 0 to 1, shape (a,): mean exp(-W) = Z_1 / Z_0.
        reverse: Works with the same sign of chains from 1 to 0, shape (b,): mean exp(+W) = Z_0 / Z_1.

    Returns:
        ln(Z_1 / Z_0) and its standard error, if all chains are independent.

    Guarantee:
        Least variance of all estimates from both sets of works, for many chains; consistent whenever each end's
        chains start from that end's distribution and the ways back are the time reversals of the ways forward.
    Source: Bennett (1976); Shirts et al. (2003), as maximum likelihood.
    """
    offset = math.log(len(forward) / len(reverse))

    def excess(free_energy: float) -> float:
        up = expit(-(offset + forward - free_energy)).sum()
        down = expit(offset + reverse - free_energy).sum()
        return float(up - down)

    works = np.concatenate([forward, reverse])
    low, high = float(works.min()) - abs(offset) - 50, float(works.max()) + abs(offset) + 50
    free_energy = float(brentq(excess, low, high, xtol=1e-12))
    up, down = expit(-(offset + forward - free_energy)), expit(offset + reverse - free_energy)
    variance = sum(float(f.var() / f.mean() ** 2) / len(f) for f in (up, down))
    return -free_energy, math.sqrt(variance)
