"""Activations keep to the accuracy that certificates assume, in every dtype."""

import numpy as np
import pytest
from single_units import errors, limits, samples, single_unit

from cheaplearn.network import ACTIVATIONS, activation_named

LIMITS = (0.125, 1.0, 4.0, 64.0)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_computed_values_keep_to_the_assumed_accuracy(name, dtype):
    info = np.finfo(dtype)
    for seed, limit in enumerate(limits(name, *LIMITS)):
        z = samples(dtype, limit, seed)
        found = errors(name, z, single_unit(name, dtype)(z[:, None]).ravel())
        assumed = activation_named(name).error(limit, dtype) * float(info.eps) / 2 + float(info.smallest_subnormal)
        assert found.max() <= assumed
        assert name == "relu" or assumed <= 80 * found.max(), "the assumption would make certificates vacuous"


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "exp"])
def test_far_away_nothing_overflows_and_the_error_stays_bounded(name):
    for z in (np.float32([-200, -60, 60, 200, -30000, 30000]), np.float64([-800, -37, 37, 800])):
        with np.errstate(over="raise", invalid="raise"):
            values = activation_named(name)(z)
        bound = activation_named(name).error(np.abs(z).max(), z.dtype) * float(np.finfo(z.dtype).eps) / 2
        assert np.all(errors(name, z, values) <= bound + np.finfo(z.dtype).tiny)


def test_nothing_is_assumed_beyond_the_measured_range():
    for name in ("silu", "gelu", "softplus", "tanh", "sigmoid", "gaussian", "exp"):
        assert activation_named(name).error(1e6) == np.inf
    assert activation_named("relu").error(1e30) == 0
    assert activation_named("square").error(3.0) == 9.0


def test_the_assumption_is_worded_for_the_range():
    assert activation_named("silu").accuracy(0.5) == "SiLU(z) = z / (1 + exp(-z)) to within 2 u |z| for |z| <= 1"
    assert activation_named("tanh").accuracy(2) == "tanh(z) to within u min(5.5 |z|, 9) for |z| <= 65536"
    assert activation_named("gaussian").accuracy(2) == "exp(-z^2) to within 3 u for |z| <= 65536"
    assert activation_named("relu").accuracy(2) == "max(z, 0) exact"


def test_largest_values_are_those_of_a_fine_grid():
    grid = np.linspace(-3, 3, 2001)
    for name, activation in ACTIVATIONS.items():
        assert activation.largest(3.0) == pytest.approx(np.abs(activation(grid)).max(), rel=1e-12), name


def test_unknown_activation_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"must be one of silu, gelu, .*, got 'swish'"):
        activation_named("swish")
