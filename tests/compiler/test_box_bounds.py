"""The joint bound of weighted squares against brute force over all corners."""

from itertools import product

import numpy as np
import pytest

from cheaplearn.compiler.box_bounds import largest_weighted_squares, weighted_squares_at_corners


def brute_force(forms, weights):
    corners = np.array([(1.0, *signs) for signs in product((-1.0, 1.0), repeat=forms.shape[1] - 1)])
    return float((weights[:, None] * (forms @ corners.T) ** 2).sum(axis=0).max())  # convex: the maximum is at a corner


@pytest.mark.parametrize("seed", range(12))
def test_joint_bound_is_valid_and_never_worse_than_all_entries(seed):
    rng = np.random.default_rng(seed)
    squares, n = rng.integers(1, 9), rng.integers(1, 9)
    forms = rng.normal(size=(squares, n + 1)) * (rng.random((squares, n + 1)) < 0.7)
    weights = rng.random(squares)
    exact = brute_force(forms, weights)
    entries = np.abs((forms * weights[:, None]).T @ forms).sum()
    bound = largest_weighted_squares(forms, weights)
    assert exact <= bound <= entries * (1 + 1e-6) + 1e-300
    assert weighted_squares_at_corners(forms, weights) <= exact * (1 + 1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_joint_bound_is_tight_for_orthonormal_forms(seed):
    rng = np.random.default_rng(seed)
    n = 12
    directions = np.linalg.qr(rng.normal(size=(n, n)))[0]
    forms = np.concatenate([np.zeros((n, 1)), directions], axis=1)
    assert largest_weighted_squares(forms, np.ones(n)) == pytest.approx(n, rel=1e-6)  # |x|^2 at any corner
