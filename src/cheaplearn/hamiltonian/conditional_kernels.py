"""The loop over samples, sites and factors behind `pseudo_log_likelihood`."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["conditional_log_sums"]


@njit(cache=True, nogil=True)
def conditional_log_sums(
    codes: np.ndarray,
    sizes: np.ndarray,
    start: np.ndarray,
    entry: np.ndarray,
    factor: np.ndarray,
    sites: np.ndarray,
    site_start: np.ndarray,
    strides: np.ndarray,
    table_start: np.ndarray,
    values: np.ndarray,
    total: np.ndarray,
) -> None:
    """Adds ln p(x_i | rest) of every site to the total of each sample.

    Args:
        codes: Shape (samples, n).
        sizes: States of each site.
        start: Where the entries of each site begin in `entry`.
        entry: Places in `sites`, by site.
        factor: Factor of each entry.
        sites: As in `FactorGraph`.
        site_start: As in `FactorGraph`.
        strides: As in `FactorGraph`.
        table_start: As in `FactorGraph`.
        values: As in `FactorGraph`.
        total: Shape (samples,); added to.
    """
    energies = np.empty(sizes.max())
    for sample in range(len(codes)):
        for site in range(len(sizes)):
            q = sizes[site]
            energies[:q] = 0.0
            for place in range(start[site], start[site + 1]):
                f, own = factor[place], entry[place]
                base = table_start[f]
                for k in range(site_start[f], site_start[f + 1]):
                    if k != own:
                        base += strides[k] * codes[sample, sites[k]]
                for state in range(q):
                    energies[state] += values[base + strides[own] * state]
            lowest = energies[:q].min()
            weight = 0.0
            for state in range(q):
                weight += np.exp(lowest - energies[state])
            total[sample] += lowest - energies[codes[sample, site]] - np.log(weight)
