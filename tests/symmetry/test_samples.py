"""Symmetries of raw samples: what is there is found, whatever the axes, and nothing else."""

import numpy as np
import pandas as pd
import pytest
from real_fields import henon_heiles, metropolis

import cheaplearn as cl


def central(samples, seed, n=3):
    """Samples of H = |x|^2 / 2 + |x|^4 / 4."""

    def energy(x, i, v):
        square = sum((v if k == i else x[:, k]) ** 2 for k in range(n))
        return square / 2 + square**2 / 4

    return metropolis(energy, n, samples, seed, sweeps=60)


@pytest.mark.parametrize("seed", [0, 1])
def test_rotations_are_found_in_plain_and_in_oblique_axes(seed):
    X = central(8000, seed)
    plain = cl.symmetries(X)
    assert plain.algebra == "so(3)"
    assert "invariant under rotations of (x0, x1, x2)" in plain.words
    rng = np.random.default_rng([seed, 3])
    mixing = rng.normal(size=(3, 3))
    hidden = cl.symmetries(X @ mixing.T)
    assert hidden.algebra == "so(3)"
    for generator in hidden.generators:  # a rotation in the old axes
        turned = np.linalg.solve(mixing, generator.matrix @ mixing)
        assert np.abs(turned + turned.T).max() < 0.2 * np.abs(turned).max()


def test_the_three_fold_rotation_of_henon_heiles_is_found_in_samples():
    X = pd.DataFrame(henon_heiles(8000, 0, sweeps=120), columns=["px", "py", "x", "y"])
    found = cl.symmetries(X)
    assert "invariant under the 3-fold rotation of (x, y)" in found.words
    assert found.algebra == "so(2)"
    assert found.held_out["x -> -x"] < 2
    assert not any("y -> -y" in word and "x -> -x" not in word and "py" not in word for word in found.words)


def test_what_is_not_symmetric_is_not_called_so():
    def energy(x, i, v):
        a, b = (v, x[:, 1]) if i == 0 else (x[:, 0], v)
        return a**4 / 2 + b**4 / 8 + 0.5 * a**3 * b - 0.7 * a + 0.4 * b**2 + 0.3 * a * b

    for seed in range(5):
        found = cl.symmetries(metropolis(energy, 2, 6000, seed, sweeps=80))
        assert found.algebra == "trivial"
        assert not found.discrete
