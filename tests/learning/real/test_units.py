"""Means, spreads and second moments of samples that come in parts."""

import numpy as np
import pytest

from cheaplearn.geometry import groups
from cheaplearn.learning.real.gaussian_model import moment_sums
from cheaplearn.learning.real.units import column_moments, unit_classes


@pytest.mark.parametrize("seed", range(5))
def test_moments_of_parts_are_those_of_the_whole(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 4)) * 10.0 ** rng.integers(-6, 7, 4) + 1e3 * rng.normal(size=4)
    weight = rng.uniform(0.1, 3.0, 300)
    cuts = np.sort(rng.choice(np.arange(1, 300), 5, replace=False))
    parts = [column_moments(x, w) for x, w in zip(np.split(X, cuts), np.split(weight, cuts), strict=True)]
    rng.shuffle(parts)
    merged = parts[0] + parts[1] + parts[2] + parts[3] + parts[4] + parts[5]
    mean = np.average(X, axis=0, weights=weight)
    sd = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=weight))
    np.testing.assert_allclose(merged.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(merged.standard_deviation, sd, rtol=1e-9)
    assert merged.weight == pytest.approx(weight.sum())


def test_constant_columns_do_not_vary():
    X = np.column_stack([np.full(50, 0.1), np.zeros(50), np.arange(50.0), 1e9 + np.arange(50.0)])
    assert (column_moments(X[:20], np.ones(20)) + column_moments(X[20:], np.ones(30))).varying.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("shift", [0.0, 3.0, 1000.0])
def test_samples_span_what_has_an_inverse_covariance(shift):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(100, 4)) + shift
    assert moment_sums(X).spans
    assert not moment_sums(X[:4]).spans
    flat = X.copy()
    flat[:, 2] = flat[:, 0] - 2 * flat[:, 1]
    assert not moment_sums(flat).spans
    flat[:, 2] = 0.1
    assert not moment_sums(flat).spans


def test_variables_that_a_symmetry_exchanges_share_a_unit():
    assert unit_classes(4, None, True).tolist() == [0, 0, 0, 0]
    assert unit_classes(4, None, False).tolist() == [0, 1, 2, 3]
    assert unit_classes(4, groups.permutations(4, [[0, 2]]), False).tolist() == [0, 1, 0, 2]
