"""The public door: sizes the issue names, tolerances, refusals and bad input."""

import numpy as np
import pytest

import cheaplearn as cl


@pytest.mark.parametrize("activation", ["silu", "gelu"])
def test_a_product_takes_two_neurons_at_a_tolerance_of_1e_4_in_float32(activation):
    net = cl.compile(cl.Polynomial.parse("x*y"), box=(-1, 1), tolerance=1e-4, activation=activation)
    assert (net.neurons, net.depth, net.dtype) == (2, 1, np.float32)
    assert net.certificate.error <= 1e-4


def test_an_unreachable_tolerance_is_refused_with_the_best_reachable_value():
    with pytest.raises(cl.ToleranceError, match=r"best error .* float32 is 4\.\d+e-05.*float64.*reaches") as caught:
        cl.compile("x*y", box=(-1, 1), tolerance=1e-9)
    again = cl.compile("x*y", box=(-1, 1), tolerance=caught.value.best)
    assert again.certificate.error <= caught.value.best


def test_tolerances_per_output_are_each_met():
    net = cl.compile(["x*y", "100*x**2"], box=(-1, 1), tolerance=[1e-3, 1e-2])
    assert net.certificate.errors[0] <= 1e-3
    assert net.certificate.errors[1] <= 1e-2


def test_relative_tolerance_is_relative_to_the_scale_of_the_terms():
    net = cl.compile("x*y - x*y/2 + 3*x", box=(-10, 10), relative_tolerance=1e-4)
    assert net.certificate.error <= 1e-4 * (50 + 30)
    with pytest.raises(ValueError, match="`tolerance` of `compile` must be None if relative_tolerance"):
        cl.compile("x*y", box=(-1, 1), tolerance=1e-3, relative_tolerance=1e-3)


def test_bits_and_spins_reduce_their_powers_and_need_no_box():
    net = cl.compile("b**5 + s**2*b + s**3", variables={"b": "bit", "s": "spin"}, tolerance=1e-5)
    assert net.neurons == 0  # 2 b + s
    assert net([[1, -1], [0, 1]]).ravel() == pytest.approx([1, 1])


def test_several_outputs_and_a_table_with_named_columns():
    pd = pytest.importorskip("pandas")
    net = cl.compile(["x*y", "y*z"], box=(-1, 1), tolerance=1e-3)
    table = pd.DataFrame({"z": [0.5], "extra": [9.0], "x": [0.25], "y": [-1.0]})
    assert net(table)[0] == pytest.approx([-0.25, -0.5], abs=1e-3)
    with pytest.raises(ValueError, match="`X` of `Network` must be a table with every input, got no 'z'"):
        net(table.drop(columns="z"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"box": (1, -1)}, r"`box` of `compile` must be ordered, low <= high, got an empty interval"),
        ({"box": (-np.inf, np.inf)}, r"`box` of `compile` must be bounded to certify an error"),
        ({"box": (0, float("nan"))}, r"must be bounded to certify an error.*nan"),
        ({"box": None}, r"must be bounded.*got None for 'x'\. Pass box="),
        ({"box": {"x": (0, 1)}}, r"must be bounded.*got None for 'y'"),
        ({"box": {"x": (0, 1), "y": (0, 1), "q": (0, 1)}}, r"got an unknown variable 'q'"),
        ({"tolerance": 0}, r"`tolerance` of `compile` must be a positive number"),
        (
            {"tolerance": [1, 2]},
            r"`tolerance` of `compile` must be a positive number, or one per output \(1\)",
        ),
        ({"dtype": "float16"}, r"`dtype` of `compile` must be one of float32, float64, got 'float16'"),
        ({"activation": "tanh"}, r"`activation` of `compile` must be one of silu"),
        ({"variables": {"q": "bit"}}, r"`variables` of `compile` must be one of x, y, got 'q'"),
        ({"variables": {"x": "trit"}}, r"must be one of real, bit, spin, got 'trit'"),
        ({"depth": 0}, r"`depth` of `compile` must be None or a positive integer, got 0"),
        ({"depth": 1.0}, r"`depth` of `compile` must be None or a positive integer, got 1\.0"),
        ({"depth": True}, r"`depth` of `compile` must be None or a positive integer, got True"),
        ({"strict_layers": True}, r"`strict_layers` of `compile` must be False"),
    ],
)
def test_bad_arguments_are_refused_with_what_to_do(arguments, message):
    with pytest.raises(ValueError, match=message):
        cl.compile("x*y", **({"box": (-1, 1)} | arguments))


@pytest.mark.parametrize(("formula", "reach"), [("2*x", 3e38), ("x", 1e39), ("1e-30*x", 1e39), ("x + y", 2e38)])
def test_a_few_exact_terms_that_may_overflow_are_refused(formula, reach):
    with pytest.raises(cl.ToleranceError, match="overflow float32"):
        cl.compile(formula, box=(-reach, reach))


def test_overflow_of_the_dtype_is_refused():
    with pytest.raises(cl.ToleranceError, match="float32"):
        cl.compile("x**2", box=(-1e25, 1e25))
    with pytest.raises(ValueError, match="one polynomial or more"):
        cl.compile([], box=(-1, 1))
