"""Units in which monomials are formed: where t = 0 is and how long one unit of t is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..geometry import Group
from ..hamiltonian import Monomials, find_orbits

__all__ = ["center_and_scale", "symmetric_units"]


def center_and_scale(X: np.ndarray, weight: np.ndarray, shared: bool) -> tuple[np.ndarray, np.ndarray]:
    """Chooses t = (x - mean) / (half the range).

    The mean as origin makes the couplings of different degree nearly independent (measured on digits,
    order 2, radius 1, 5 folds: held-out loss 0.029 nats against 0.037 with the middle of the range). Sites of
    one geometry are of one kind, so they share one unit: a pixel that hardly varies keeps its small
    range instead of being blown up to that of the others.

    Args:
        X: Raw values, shape (samples, n), finite.
        weight: Positive sample weights, shape (samples,).
        shared: Whether all variables get the same scale.

    Returns:
        Center and scale, each shape (n,). A constant variable has its value as center and scale 1.

    Example:
        >>> center_and_scale(np.array([[0.0, 5.0], [4.0, 5.0]]), np.ones(2), shared=False)
        (array([2., 5.]), array([2., 1.]))
    """
    low, high = X.min(axis=0), X.max(axis=0)
    constant = low == high
    # the weighted mean of a constant may differ from it by a rounding: take the value itself
    center = np.where(constant, low, weight @ X / weight.sum())
    half_range = high / 2 - low / 2  # halved first: high - low may overflow
    if shared and not constant.all():
        half_range = np.full_like(half_range, high.max() / 2 - low.min() / 2)
    scale = np.where(half_range > 0, half_range, 1.0)
    return center, scale


def symmetric_units(center: np.ndarray, scale: np.ndarray, group: Group) -> tuple[np.ndarray, np.ndarray]:
    """Units that a symmetry of the raw variables leaves alone, so that it is one of the scaled variables too.

    Args:
        center: Shape (n,).
        scale: Shape (n,).
        group: The group.

    Returns:
        Center and scale, equal up to signs for variables that the group takes to one another; the center is 0 where
        it takes x to -x.

    Example:
        >>> from cheaplearn.geometry import groups
        >>> symmetric_units(np.array([1.0, 3.0]), np.ones(2), groups.permutations(2))[0].tolist()
        [2.0, 2.0]
    """
    sites = Monomials((np.arange(group.n_sites)[:, None],))
    unmasked = replace(group, within=(None,) * len(group.generators))
    orbits = find_orbits(sites, unmasked)
    mean = (orbits.matrix.T @ center) / orbits.sizes if len(orbits) else np.empty(0)
    of_site = group.site_orbits
    shared = np.bincount(of_site, scale) / np.bincount(of_site)
    return orbits.matrix @ mean, shared[of_site]
