"""A depth budget: products of several factors in one layer, where the tree of pairs would be too deep."""

import pytest

import cheaplearn as cl
from cheaplearn.testing import assert_certified

CASES = [
    ("x*y*z*w", 1, "silu", 8),
    ("x*y*z*w", 1, "tanh", 16),
    ("x*y*z", 1, "tanh", 4),
    ("x**4", 1, "gelu", 2),
    ("x*y*z", 1, "gaussian", 8),
    ("x*y + x*y*z*w", 1, "softplus", 10),
    ("a*b*c*d*e*f*g*h", 2, "silu", 16),
    ("a*b*c*d*e*f*g*h", 3, "silu", 14),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("formula", "depth", "activation", "neurons"), CASES)
def test_the_budget_is_kept_with_a_valid_tight_certificate(formula, depth, activation, neurons, dtype):
    net = cl.compile(formula, box=(-1, 1), depth=depth, activation=activation, dtype=dtype)
    assert (net.depth, net.neurons) == (depth, neurons)
    assert_certified(net, formula, slack=10, effort=500)


def test_flattening_costs_accuracy():
    errors = [cl.compile("x*y*z*w", box=(-1, 1), depth=k, dtype="float64").certificate.error for k in (1, 2)]
    assert errors[0] <= 4e-6  # what THEORY found for the flat network with exponentials
    assert errors[0] > 1000 * errors[1]


@pytest.mark.parametrize("box", [(0, 1), (-3, 5)])
def test_factors_off_centre_are_multiplied_too(box):
    p = ["x**3*y + z**2", "x*y*z"]
    net = cl.compile(p, box=box, depth=1)
    assert net.depth == 1
    assert_certified(net, p, slack=10, effort=500)


def test_a_larger_budget_than_needed_changes_nothing():
    free, wide = (cl.compile("x*y*z", box=(-1, 1), depth=k) for k in (None, 5))
    assert (free.neurons, free.depth, free.certificate.error) == (wide.neurons, wide.depth, wide.certificate.error)


def test_too_small_a_budget_is_refused_with_the_smallest_that_works():
    with pytest.raises(ValueError, match=r"`depth` of `compile` must be at least 2 for degree 8 and activation 'silu'"):
        cl.compile("a*b*c*d*e*f*g*h", box=(-1, 1), depth=1)
    with pytest.raises(ValueError, match=r"`depth` of `compile` must be at least 2 .* 'square'"):
        cl.compile("x*y*z*w", box=(-1, 1), depth=1, activation="square")
    with pytest.raises(cl.ToleranceError, match="best error that can be certified"):
        cl.compile("x*y*z*w", box=(-1, 1), depth=1, tolerance=1e-5)
