"""`flatten`: bounds beside networks, counts against the formulas of the papers, errors, words."""

import math

import matplotlib as mpl
import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.flattening.candidates import BIAS_FREE
from cheaplearn.testing import worst_error

mpl.use("Agg")


def product(n):
    return "*".join(f"x{i}" for i in range(n))


def random_polynomial(seed):
    rng = np.random.default_rng(seed)
    names = ["a", "b", "c", "d"][: rng.integers(1, 5)]
    monomials = ["*".join(rng.choice(names, rng.integers(1, 5))) for _ in range(rng.integers(1, 5))]
    return " + ".join(f"{rng.integers(1, 5)}*{m}" for m in monomials)


@pytest.mark.parametrize("formula", [*map(random_polynomial, range(12)), "x*y + 1", "x*y + x", "(x+y+z)**4"])
@pytest.mark.parametrize("biases", [False, True])
def test_the_bound_is_never_above_a_network_of_its_model(formula, biases):
    f = cl.flatten(formula, "exp" if not biases else "silu", biases, dtypes=("float64",))
    for candidate in f.candidates:
        if candidate.depth <= 1 and (biases or candidate.model == BIAS_FREE):
            assert f.lower_bound.neurons <= candidate.neurons, candidate.construction
    assert (f.table.lower_bound <= f.table.neurons).all()


@pytest.mark.parametrize("n", range(2, 9))
def test_products_take_two_to_the_n_flat_and_four_per_factor_deep(n):
    f = cl.flatten(product(n), dtypes=("float64",))
    depth = math.ceil(math.log2(n))
    assert f.lower_bound.neurons == f.flat.neurons == 2**n
    table = f.table[f.table.construction == "paper's gates (pairs)"].set_index("hidden_layers").neurons
    assert table[depth] == 4 * (n - 1)
    half = f.table[f.table.construction == "half-price gates"].set_index("hidden_layers").neurons
    assert half[depth] == 2 * (n - 1)


def rolnick_tegmark(n, depth):
    """The least ``sum_i (n / prod_(j <= i) b_j) 2^(b_i)`` over ``b_1 ... b_k = n``."""
    if depth == 1:
        return 2**n
    divisors = [b for b in range(1, n + 1) if n % b == 0]
    return min(n // b * 2**b * (b > 1) + rolnick_tegmark(n // b, depth - 1) for b in divisors)


@pytest.mark.parametrize("n", [4, 6, 8, 12, 16])
def test_every_depth_costs_no_more_than_the_formula_of_rolnick_and_tegmark(n):
    f = cl.flatten(product(n), dtypes=("float64",), depths=range(2, math.ceil(math.log2(n)) + 1))
    for row in f.table[f.table.construction == "paper's gates (pairs)"].itertuples():
        assert row.neurons <= rolnick_tegmark(n, row.hidden_layers)
        if n % 3:  # unequal groups cannot do better than a power of two in its tree
            assert row.neurons >= 4 * (n - 1)


def test_flattening_costs_bits_as_well():
    f = cl.flatten(product(6))
    assert 5 < f.bits_lost["float32"] < 15 < f.bits_lost["float64"] < 25
    assert f.cost == f.flat.neurons / f.deep.neurons == 64 / 20
    assert f.proven_cost == f.cost


def test_every_error_of_the_table_is_certified_and_found_by_no_search():
    f = cl.flatten("x*y*z - x**2*z/2 + y")
    for row in range(len(f.table)):
        for dtype in ("float32", "float64"):
            net = f.network(row, dtype)
            found, _ = worst_error(net, f.polynomial, effort=200)
            assert found <= net.certificate.error == f.table[f"error_{dtype}"][row]
            assert net.neurons == f.table.neurons[row]


def test_what_cannot_be_reached_is_said():
    f = cl.flatten(product(10), dtypes=("float32",), depths=[1, 4])
    flat, deep = f.table.note[f.table.hidden_layers == 1], f.table.note[f.table.hidden_layers == 4]
    assert set(flat) == {"no tolerance reachable in float32"}
    assert set(deep) == {""}
    assert "-: no tolerance reachable" in repr(f)


def test_words_name_the_bound_and_its_model():
    text = repr(cl.flatten("x1*x2*x3*x4", dtypes=("float64",)))
    assert "16  staircase: one hidden layer of softplus, no skip" in text
    assert "One hidden layer takes 16 neurons, 2 take 12: 1.33 times as many." in text


def test_physics_of_order_two_is_cheap_flat_and_products_are_not():
    quadratic = cl.flatten("x*y + y*z + z*x + x**2", biases=True, activation="silu", dtypes=("float64",))
    assert quadratic.flat.neurons == quadratic.deep.neurons == quadratic.lower_bound.neurons
    products = cl.flatten(product(8), biases=True, activation="silu", dtypes=("float64",))
    assert products.lower_bound.neurons == math.comb(8, 4)
    assert {b.name: b.neurons for b in products.bounds}["Waring"] == products.flat.neurons == 2**7


@pytest.mark.parametrize("formula", ["3", "2*x - 1", "0*x"])
def test_affine_polynomials_are_flat(formula):
    for biases in (False, True):
        f = cl.flatten(formula, biases=biases)
        assert f.lower_bound.neurons <= 2
        assert f.deep.depth <= 1
        assert repr(f)


def test_the_plot_draws_the_bound_and_every_construction():
    axes = cl.flatten("x*y*z").plot()
    labels = axes.get_legend_handles_labels()[1]
    assert any("proven bound" in label for label in labels)
    assert "half-price gates" in labels


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"activation": "relu"}, r"`activation` of `flatten` must be one of silu"),
        ({"dtypes": ("float16",)}, r"`dtypes` of `flatten` must be some of float32, float64"),
        ({"depths": [0]}, r"`depths` of `flatten` must be positive numbers"),
        ({"depths": 2}, r"`depths` of `flatten` must be positive numbers"),
        ({"depths": [True]}, r"`depths` of `flatten` must be positive numbers"),
        ({"biases": "no"}, r"`biases` of `flatten` must be True or False"),
        ({"shared_bias": np.inf}, r"`shared_bias` of `flatten` must be None or a number of size at most 64"),
        ({"shared_bias": "x"}, r"`shared_bias` of `flatten` must be None or a number"),
        ({"box": (1, -1)}, r"`box` of `compile`"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        cl.flatten("x*y", **options)


def test_networks_that_are_not_there_are_refused():
    f = cl.flatten("x*y", dtypes=("float64",), depths=iter([np.int64(1)]))
    with pytest.raises(ValueError, match=r"`dtype` of `Flattening.network` must be one of"):
        f.network(0, "float32")
    for row in (99, -1, "a"):
        with pytest.raises(ValueError, match=r"`row` of `Flattening.network` must be from 0 to"):
            f.network(row, "float64")


@pytest.mark.parametrize("formula", ["x**100", "x**200", "10**400*x*y", "10**300*x*y", "5"])
@pytest.mark.parametrize("biases", [False, True])
def test_huge_degrees_and_numbers_are_results_or_refusals(formula, biases):
    f = cl.flatten(formula, biases=biases)
    assert repr(f)
    assert len(f.bits_lost) == 2


def test_tiny_and_huge_boxes_give_no_warnings():
    for size in (1e-200, 1e200):
        assert repr(cl.flatten("x*y", box=(-size, size)))


def test_variables_with_one_value_are_put_in():
    f = cl.flatten("x*y*z + z", box={"x": (2, 2), "y": (-1, 1), "z": (-1, 1)}, biases=True, activation="silu")
    assert f.polynomial == cl.Polynomial.parse("2*y*z + z")
    assert f.lower_bound.neurons == f.flat.neurons == 2
    X = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    X[:, 0] = 2
    for row in range(len(f.table)):
        net = f.network(row, "float64")
        assert net.variables == ("x", "y", "z")
        assert np.abs(net(X)[:, 0] - (2 * X[:, 1] * X[:, 2] + X[:, 2])).max() <= net.certificate.error
    constant = cl.flatten("x**3*y", box={"x": (0, 0), "y": (-1, 1)})
    assert constant.bits_lost["float64"] == 0


def test_a_bias_where_a_derivative_is_zero_makes_some_degrees_impossible():
    f = cl.flatten("x*y*z", shared_bias=0, dtypes=("float64",))
    assert f.lower_bound.neurons == np.inf
    assert "derivative 3 of softplus is 0" in f.lower_bound.proof
    assert f.table.error_float64[0] == np.inf
    assert "none can" in repr(f)
    assert cl.flatten("x*y*z", "tanh", shared_bias=0, dtypes=("float64",)).lower_bound.neurons == 4


def test_networks_that_leave_out_what_rounding_covers_say_so():
    f = cl.flatten("10**20*x**2 + y**2 + x*y", biases=True, activation="silu", dtypes=("float64",))
    row = f.table[f.table.construction == "half-price gates"].iloc[0]
    assert row.neurons < f.lower_bound.neurons
    assert "leaves out squares below rounding" in row.note


def test_derivatives_that_vanish_at_the_bias_do_not_stop_gates_of_several_scales():
    f = cl.flatten("5*x**6 + x*y*z*w - x**2", "gelu", dtypes=("float32",))
    assert (f.table.error_float32 < np.inf).all()


def test_sizes_are_counted_where_nothing_can_be_certified():
    f = cl.flatten(product(16), dtypes=("float32",), depths=[3])
    row = f.table[f.table.construction == "paper's gates (pairs)"].iloc[0]
    assert (row.neurons, row.error_float32) == (60, np.inf)
    with pytest.raises(ValueError, match=r"`depths` of `flatten` must be some that a network can be certified for"):
        cl.flatten("x**100", depths=[1], biases=True, activation="silu")


def test_depths_that_leave_out_one_layer_are_not_called_flat():
    text = repr(cl.flatten(product(8), depths=[2, 3], dtypes=("float64",)))
    assert "2 hidden layers take 28 neurons, 3 take 28: 1 times as many." in text
    assert "One hidden layer: 256 neurons" in repr(cl.flatten(product(8), depths=[1], dtypes=("float64",)))


def test_the_sizes_of_a_row_are_those_of_its_network():
    f = cl.flatten("x1**2*x2**3 + x1*x2 + x2 - 2*x1**4")
    for row in range(len(f.table)):
        net = f.network(row, "float64")
        assert (net.neurons, net.synapses, net.depth) == tuple(
            f.table.loc[row, ["neurons", "synapses", "hidden_layers"]]
        )
