"""Values in float64 against exact ones, and the checks of the input."""

import subprocess
import sys
import time
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from cheaplearn.polynomial import Polynomial

EPSILON = np.finfo(np.float64).eps


def random_polynomial(rng, n_variables, n_terms, max_factors=4, max_power=3):
    exponents = np.zeros((n_terms, n_variables), dtype=int)
    for row in exponents:
        chosen = rng.choice(n_variables, size=rng.integers(0, min(max_factors, n_variables) + 1), replace=False)
        row[chosen] = rng.integers(1, max_power + 1, size=len(chosen))
    return Polynomial.from_arrays(exponents, rng.standard_normal(n_terms))


def size_of_terms(p, point):
    total = Fraction(0)
    for monomial, coefficient in p.terms.items():
        value = abs(coefficient)
        for index, power in monomial:
            value *= abs(Fraction(point[index])) ** power
        total += value
    return float(total)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("n_variables", "n_terms"), [(1, 1), (1, 4), (3, 40), (30, 900)])
def test_values_agree_with_exact_ones_up_to_rounding(n_variables, n_terms, seed):
    rng = np.random.default_rng([seed, n_variables, n_terms])
    p = random_polynomial(rng, n_variables, n_terms)
    points = rng.uniform(-2, 2, (7, n_variables))
    for value, point in zip(p(points), points, strict=True):
        # At most 4 powers, 4 products, 1 rounded coefficient and the sum, each within an ulp or two.
        allowed = (20 + n_terms) * EPSILON * size_of_terms(p, point)
        assert abs(value - float(p.exact(point.tolist()))) <= allowed


def test_every_chunk_and_block_gives_the_value_of_its_own_points():
    rng = np.random.default_rng(3)
    p = random_polynomial(rng, 5, 700)
    points = rng.uniform(-1, 1, (2500, 5))  # several chunks of points and blocks of terms, the last ones cut
    together = p(points)
    one_by_one = np.array([p(point.reshape(1, -1))[0] for point in points[::97]])
    np.testing.assert_allclose(together[::97], one_by_one, rtol=1e-10, atol=1e-10)


def test_the_naive_formula_gives_the_same():
    rng = np.random.default_rng(11)
    p = random_polynomial(rng, 6, 200)
    points = rng.uniform(-1, 1, (50, 6))
    naive = sum(
        float(c) * np.prod([points[:, i] ** k for i, k in m] or [np.ones(50)], axis=0) for m, c in p.terms.items()
    )
    np.testing.assert_allclose(p(points), naive, rtol=1e-12, atol=1e-12)


def test_ten_thousand_terms_at_ten_thousand_points_take_seconds():
    rng = np.random.default_rng(0)
    exponents = np.zeros((10_000, 100), dtype=int)
    for row in exponents:
        np.add.at(row, rng.integers(0, 100, 6), 1)
    p = Polynomial.from_arrays(exponents, rng.standard_normal(10_000))
    points = rng.uniform(-1, 1, (10_000, 100))
    p(points[:1])
    start = time.process_time()
    values = p(points)
    assert time.process_time() - start < 8  # measured: 0.6 s on one core; generous for slow machines
    assert values[-1] == pytest.approx(float(p.exact(points[-1].tolist())), rel=1e-9, abs=1e-12)


def test_constants_zero_and_no_points_keep_their_shape():
    points = np.ones((3, 2))
    assert Polynomial.constant(2, ["x", "y"])(points).tolist() == [2, 2, 2]
    assert Polynomial.constant(0, ["x", "y"])(points).tolist() == [0, 0, 0]
    assert Polynomial.constant(3)(np.empty((4, 0))).tolist() == [3] * 4
    assert Polynomial.parse("x*y + 1")(np.empty((0, 2))).shape == (0,)


def test_float32_and_integers_are_evaluated_in_float64():
    p = Polynomial.parse("x^2")
    single = np.array([[0.1]], dtype=np.float32)
    assert p(single).dtype == np.float64
    assert p(single).tolist() == [float(single[0, 0]) ** 2]
    assert p([[3]]).tolist() == [9.0]
    assert p(np.array([[True]])).tolist() == [1.0]


def test_columns_of_a_table_are_found_by_name():
    p = Polynomial.parse("x - 2*y")
    frame = pd.DataFrame({"y": [1, 2], "text": ["a", "b"], "x": [10.0, 20.0]})
    assert p(frame).tolist() == [8.0, 16.0]
    with pytest.raises(ValueError, match=r"`X` of `Polynomial` must be a table .*got 0 columns 'y' among x, text"):
        p(frame[["x", "text"]])
    with pytest.raises(ValueError, match="got 2 columns 'x'"):
        p(pd.concat([frame, frame[["x"]]], axis=1))
    with pytest.raises(
        (TypeError, ValueError), match=r"`X\['text'\]` of `Polynomial` must be a column of real numbers"
    ):
        Polynomial.variable("text")(frame)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([1.0, 2.0], r"\(samples, 2\), got shape \(2,\). For one point pass X.reshape\(1, -1\)"),
        ([[1.0], [2.0]], r"got shape \(2, 1\). One row per point, with columns x, y"),
        (np.ones((2, 2, 2)), r"got shape \(2, 2, 2\)"),
        (3.0, r"got shape \(\)"),
        ([[1j, 2]], "an array of real numbers, got dtype complex128"),
        ([["1", "2"]], "an array of real numbers, got dtype <U1"),
        ([[1, 2], [3]], "an array of real numbers, got"),
        ([[None, 2]], "an array of real numbers, got"),
    ],
)
def test_points_out_of_form_are_refused(points, message):
    with pytest.raises((TypeError, ValueError), match=f"`X` of `Polynomial` must be .*{message}"):
        Polynomial.parse("x*y")(points)


def test_coefficients_beyond_float64_are_an_error_and_not_infinity():
    p = Polynomial.parse("1e400*x")
    with pytest.raises(
        OverflowError, match="must be within the range of float64 for evaluation, got one of about 1e400"
    ):
        p([[0.0]])
    assert p.exact([Fraction(1, 10**400)]) == 1


def test_exact_values_take_one_number_per_variable():
    p = Polynomial.parse("x*y")
    assert p.exact([0.5, np.float64(0.25)]) == Fraction(1, 8)
    assert p.exact(np.array([3, 4])) == 12
    with pytest.raises(
        ValueError, match=r"`point` of `Polynomial\.exact` must be a sequence of 2 numbers.*got 3 numbers"
    ):
        p.exact([1, 2, 3])
    with pytest.raises(ValueError, match=r"`point\[1\]` of `Polynomial.exact` must be finite"):
        p.exact([1, float("nan")])


def test_the_room_loads_without_sympy_dimod_and_pandas():
    code = (
        "import sys; from cheaplearn.polynomial import Polynomial;"
        "Polynomial.coerce('x + 1')([[1.0]]);"
        "print([m for m in ('sympy', 'dimod', 'pandas', 'scipy') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
