"""Bounds for networks with biases and skips: derivatives, Waring ranks, networks they must never exceed."""

import itertools
import math
import random
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from cheaplearn import Polynomial
from cheaplearn.flattening.bounds import biased_bounds
from cheaplearn.flattening.bounds.waring import waring_rank


def bounds(p, **options):
    return {bound.name: bound.neurons for bound in biased_bounds(p, **options)}


def form(text):
    return dict(Polynomial.parse(text).terms)


def random_forms(rng, n, count):
    x = [Polynomial.variable(f"x{i}") for i in range(n)]
    return [sum((rng.randint(-3, 3) * v for v in x), Polynomial.constant(0)) for _ in range(count)]


def derivative_dimension(p, order):
    """Dimension of the span of the derivatives of one order; constants do not count for order 1."""
    x = sympy.symbols(p.variables)
    whole = sympy.Poly(p.to_sympy(), *x)
    rows = []
    for sites in itertools.combinations_with_replacement(x, order):
        derivative = whole
        for site in sites:
            derivative = derivative.diff(site)
        rows.append({m: c for m, c in derivative.terms() if order > 1 or sum(m)})
    columns = sorted({m for row in rows for m in row})
    return sympy.Matrix([[row.get(m, 0) for m in columns] for row in rows]).rank() if columns else 0


def test_products_of_variables_have_the_known_bounds():
    for n in range(3, 17):
        p = Polynomial.parse("*".join(f"x{i}" for i in range(n)))
        expected = {"Waring": 2 ** (n - 1), "catalecticant": math.comb(n, n // 2), "essential variables": n}
        assert bounds(p) == expected
        assert bounds(p + 2 * Polynomial.variable("x0") + 1) == expected  # not by the closed form


def test_affine_polynomials_need_no_neuron():
    for text in ("0", "3", "x - 2*y + 1"):
        (bound,) = biased_bounds(text)
        assert bound.neurons == 0
        assert bound.holds_at_any_depth


def test_bounds_are_the_dimensions_of_spans_of_derivatives():
    rng = random.Random(1)
    for _ in range(12):
        exponents = [e for e in itertools.product(range(5), repeat=3) if sum(e) <= 4]
        p = Polynomial.from_dict({e: rng.randint(-3, 3) for e in rng.sample(exponents, 5)}, variables=["x", "y", "z"])
        if p.degree >= 2:
            found = bounds(p, exact=True)
            assert found["essential variables"] == derivative_dimension(p, 1)
            orders = range(2, p.degree)
            assert found.get("catalecticant", 0) == max((derivative_dimension(p, k) for k in orders), default=0)


def test_bounds_are_never_above_a_network():
    """Each degree of a neuron's Taylor polynomial has its own weight; affine skips and biases are free."""
    rng = random.Random(2)
    for neurons, n, degree in itertools.product([1, 2, 3, 5], [2, 3], [2, 3, 4, 5]):
        p = random_forms(rng, n, 1)[0] + 7
        for neuron in random_forms(rng, n, neurons):
            for power in range(1, degree + 1):
                p += Fraction(rng.randint(-5, 5), rng.randint(1, 5)) * neuron**power
        assert all(bound.neurons <= neurons for bound in biased_bounds(p))


def test_essential_variables_are_never_above_a_deep_network():
    rng = random.Random(3)
    for neurons in (1, 2, 3):
        values = []
        for _ in range(neurons):  # each neuron squares a mixture of the inputs and of all neurons before it
            pre = random_forms(rng, 4, 1)[0] + sum((rng.randint(-2, 2) * v for v in values), Polynomial.constant(1))
            values.append(pre**2)
        p = sum((rng.randint(1, 3) * v for v in values), random_forms(rng, 4, 1)[0])
        (bound,) = [b for b in biased_bounds(p) if b.holds_at_any_depth]
        assert bound.name == "essential variables"
        assert bound.neurons <= neurons


def test_bounds_do_not_change_under_linear_maps_of_the_variables():
    rng = random.Random(4)
    for text in ("x^3 + x*y^2 + z^2*y - x*y + z", "x^4*y + 2*x^2*y^3 + z", "x^2*y^2 + z^3 + 1", "x^5 + x*y^4 + y^2"):
        p = Polynomial.parse(text, variables=["x", "y", "z"])
        a, b, c = (Fraction(rng.randint(1, 5), rng.randint(1, 3)) for _ in range(3))
        x, y, z = map(Polynomial.variable, "xyz")
        moved = Polynomial.constant(0, p.variables)
        for monomial, value in p.terms.items():
            term = Polynomial.constant(value, p.variables)
            for site, power in monomial:
                term *= (x + a * y - z, b * y + z, c * z + x * 0)[site] ** power
            moved += term
        assert bounds(moved) == bounds(p)


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        ("x^5", 1),
        ("x*y", 2),
        ("x^2*y", 3),
        ("x^3*y", 4),
        ("x^2*y^2", 3),
        ("x^3 + y^3", 2),
        ("x^4 + x^3*y", 4),
        ("x^3 + 3*x^2*y", 3),  # a limit of two cubes, but no sum of two
        ("(x + y)^3 + (x - 2*y)^3", 2),
        ("x^4 + y^4 + (x + y)^4", 3),
        ("x^4 + y^4 + 6*x^2*y^2", 2),
        ("x*y*z", 4),
        ("x*y^2*z^3", 12),
        ("x*y*z + u^3 + v^2*w", 8),
        ("(x + y + z)^2*(x - z)", 3),
        ("x^2 + y^2 - 2*x*y + z*w", 3),
    ],
)
def test_waring_rank_has_the_known_value(text, rank):
    assert waring_rank(form(text)).rank == rank


def test_waring_rank_is_not_given_where_no_theorem_applies():
    assert waring_rank(form("x^2*y + y^2*z + z^2*x + x*y*z")) is None
    assert waring_rank(form("(x + y)*z*(y - z)")) is None  # a product, but not of variables


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(1, 3)), min_size=1, max_size=4),
    st.integers(3, 7),
)
def test_binary_waring_rank_is_never_above_a_sum_of_powers(forms, degree):
    x, y = map(Polynomial.variable, "xy")
    p, strengths = Polynomial.constant(0), {}
    for a, b, c in forms:
        direction = (1, Fraction(b, a)) if a else (0, 1)
        strength = c * (a or b) ** degree if a or b else 0
        strengths[direction] = strengths.get(direction, 0) + strength
        p += c * (a * x + b * y) ** degree
    summands = sum(strength != 0 for strength in strengths.values())
    if not p.is_zero:
        assert waring_rank(dict(p.terms)).rank <= summands
        if 2 * summands <= degree + 1:  # then no other sum of powers is as short
            assert waring_rank(dict(p.terms)).rank == summands


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(st.sampled_from([(2, 0), (1, 1), (2, 1), (1, 3), (0, 4), (1, 0)]), st.integers(-3, 3), min_size=1)
)
def test_bounds_by_derivatives_add_up_over_disjoint_variables(terms):
    p = Polynomial.from_dict(terms, variables=["x", "y"])
    both = bounds(p + Polynomial.from_dict(terms, variables=["u", "v"]))
    assert both["essential variables"] == 2 * bounds(p)["essential variables"]


def test_bounds_say_which_model_they_are_for():
    waring, catalecticant, essential = biased_bounds("x1*x2*x3*x4 + x1")
    assert [b.name for b in (waring, catalecticant, essential)] == ["Waring", "catalecticant", "essential variables"]
    assert (waring.survives_limits, catalecticant.survives_limits, essential.survives_limits) == (False, True, True)
    assert (waring.holds_at_any_depth, catalecticant.holds_at_any_depth, essential.holds_at_any_depth) == (
        False,
        False,
        True,
    )
    assert "exact Taylor coefficients" in waring.model
    assert "any number of hidden layers" in repr(essential)
