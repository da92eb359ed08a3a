"""The staircase bound: known values, a slow twin of the formula, networks it must never exceed, invariance."""

import itertools
import math
import random
from fractions import Fraction

import mpmath
import pytest
from activation_formulas import FORMULAS
from hypothesis import given, settings
from hypothesis import strategies as st

from cheaplearn import Polynomial
from cheaplearn.flattening.bounds import bias_free_bound
from cheaplearn.flattening.bounds.moments import Moments
from cheaplearn.flattening.bounds.points import shared_point
from cheaplearn.flattening.bounds.staircase import _largest, _total

SMOOTH = ["softplus", "sigmoid", "tanh", "gaussian", "exp", "gelu", "silu"]
KNOWN = [
    ("x1*x2 + x3*x4", 6),
    ("x1*x2*x3 + x4*x5*x6", 14),
    ("x1*x2 + x2*x3 + x3*x4 + x4*x5", 6),
    ("(x + y + z)^4", 5),
    ("x*y", 4),
    ("x*y + 1", 3),
    ("x*y + x", 2),
    ("7", 1),
    ("0", 0),
    ("x - x", 0),
    ("x - 2*y", 2),
    ("x + 1", 1),
]


def product(n):
    return Polynomial.parse("*".join(f"x{i}" for i in range(n)))


def monomials(n, degree):
    return [e for e in itertools.product(range(degree + 1), repeat=n) if sum(e) <= degree]


def random_polynomial(rng, n, degrees, density=0.6):
    terms = {e: rng.randint(-5, 5) for e in monomials(n, max(degrees)) if sum(e) in degrees and rng.random() < density}
    return Polynomial.from_dict(terms, variables=[f"x{i}" for i in range(n)])


def powers_of_forms(rng, n, degrees, count):
    """Few powers of forms: the subtracted ranks are deficient, and so are the added ones."""
    x = [Polynomial.variable(f"x{i}") for i in range(n)]
    total = Polynomial.constant(0, [f"x{i}" for i in range(n)])
    for degree in degrees:
        for _ in range(count):
            total += rng.randint(1, 3) * sum((rng.randint(-2, 2) * v for v in x), Polynomial.constant(0)) ** degree
    return total


# The twin: numbers of 80 digits instead of algebra, dense matrices, every choice of rows and columns


def numeric_rank(matrix):
    matrix = [list(row) for row in matrix]
    rank = 0
    while matrix and matrix[0]:
        size, i, j = max((abs(v), i, j) for i, row in enumerate(matrix) for j, v in enumerate(row))
        if size < mpmath.mpf(10) ** -40:
            break
        pivot = matrix.pop(i)
        matrix = [[v - row[j] / pivot[j] * w for v, w in zip(row, pivot, strict=True)] for row in matrix]
        matrix = [row[:j] + row[j + 1 :] for row in matrix]
        rank += 1
    return rank


def bias_of(point):
    """Reads b off the words of the point."""
    name, value = point.place.split(" = ")
    value = mpmath.mpf(int(Fraction(value).numerator)) / Fraction(value).denominator
    return {"b": lambda v: v, "sigmoid(b)": lambda v: mpmath.log(v / (1 - v)), "tanh(b)": mpmath.atanh}[name](value)


def derivatives(activation, bias, degree):
    with mpmath.workdps(300):
        return [+mpmath.diff(FORMULAS[activation], bias, k, h=mpmath.mpf(10) ** -25) for k in range(degree + 1)]


def twin(p, activation, bias):
    with mpmath.workdps(80):
        degree, n = p.degree, len(p.variables)
        sigma = derivatives(activation, bias, degree)
        known = {k for k in range(degree + 1) if abs(sigma[k]) > mpmath.mpf(10) ** -12}
        coefficients = {tuple(dict(monomial).get(i, 0) for i in range(n)): value for monomial, value in p.terms.items()}
        if {sum(e) for e in coefficients} - known:
            return math.inf

        def moment(alpha, beta):
            gamma = tuple(a + b for a, b in zip(alpha, beta, strict=True))
            value = coefficients.get(gamma, 0) * math.prod(map(math.factorial, gamma))
            return mpmath.mpf(value.numerator) / value.denominator / sigma[sum(gamma)] if value else mpmath.mpf(0)

        ranks = {}

        def rank(rows, columns):
            if (rows, columns) not in ranks:
                of = [[e for e in monomials(n, degree) if sum(e) in degrees] for degrees in (rows, columns)]
                ranks[rows, columns] = numeric_rank([[moment(a, b) for b in of[1]] for a in of[0]])
            return ranks[rows, columns]

        def staircase(rows, columns):
            total = 0
            for k in range(degree + 1):
                low = tuple(i for i in rows if i <= k)
                total += rank(low, tuple(j for j in columns if j <= degree - k))
                if k < degree:
                    total -= rank(low, tuple(j for j in columns if j <= degree - k - 1))
            return total

        every = tuple(range(degree + 1))
        if known == set(every):
            return staircase(every, every)
        subsets = [s for k in range(1, degree + 2) for s in itertools.combinations(every, k)]
        pairs = itertools.product(subsets, subsets)
        allowed = [(r, c) for r, c in pairs if all(i + j > degree or i + j in known for i in r for j in c)]
        return max((staircase(rows, columns) for rows, columns in allowed), default=0)


@pytest.mark.parametrize(("text", "neurons"), KNOWN)
@pytest.mark.parametrize("activation", SMOOTH)
def test_bound_has_the_known_value(text, neurons, activation):
    assert bias_free_bound(text, activation).neurons == neurons


def test_products_of_n_variables_need_two_to_the_n_neurons():
    for n in range(1, 17):
        p = product(n)
        assert bias_free_bound(p).neurons == 2**n
        ranks = _largest(Moments(p.terms, "test"), shared_point("softplus", n), n, math.inf)  # not by the closed form
        assert _total(ranks) == 2**n
        assert [term.rank for term in ranks if term.sign > 0] == [math.comb(n, k) for k in range(n + 1)]
    assert bias_free_bound(product(64)).neurons == 2**64


def test_monomials_need_as_many_neurons_as_they_have_divisors():
    rng = random.Random(1)
    for _ in range(50):
        powers = tuple(rng.randint(0, 4) for _ in range(rng.randint(1, 5)))
        p = Polynomial.from_dict({powers: Fraction(rng.randint(1, 9), rng.randint(1, 9))})
        expected = math.prod(r + 1 for r in powers)
        assert bias_free_bound(p).neurons == expected
        ranks = _largest(Moments(p.terms, "test"), shared_point("exp", p.degree), p.degree, math.inf)
        assert _total(ranks) == expected


@pytest.mark.parametrize("activation", SMOOTH)
def test_bound_agrees_with_the_formula_written_out(activation):
    rng = random.Random(2)
    cases = [random_polynomial(rng, n, set(range(d + 1)), 0.4) for n, d in [(2, 3), (3, 2), (2, 4), (1, 5)]]
    cases += [random_polynomial(rng, 3, {1, 2, 3}, 0.3), powers_of_forms(rng, 3, (3, 2, 1, 0), 1)]
    cases += [powers_of_forms(rng, 3, (4, 2, 1), 1), powers_of_forms(rng, 2, (4, 3, 2, 1), 1)]
    for p in cases:
        point = shared_point(activation, p.degree)
        for exact in (None, True):
            assert bias_free_bound(p, activation, exact=exact).neurons == twin(p, activation, bias_of(point)), p


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("bias", [Fraction(1, 2), Fraction(-1, 3)])
def test_bound_agrees_with_the_formula_at_a_given_bias(activation, bias):
    rng = random.Random(3)
    for p in [random_polynomial(rng, 2, {0, 1, 2, 3}), powers_of_forms(rng, 3, (3, 2, 1, 0), 1)]:
        assert bias_free_bound(p, activation, bias).neurons == twin(
            p, activation, mpmath.mpf(bias.numerator) / bias.denominator
        )


@pytest.mark.parametrize("activation", [*FORMULAS])
def test_bound_without_any_bias_agrees_with_the_best_choice_of_rows_and_columns(activation):
    rng = random.Random(4)
    for degrees in ({1, 3}, {2, 4}, {0, 2}, {1, 2}, {0, 2, 4}, {0, 1, 2, 3}, {1}, {2}):
        for n in (2, 3) if max(degrees) < 4 else (2,):
            p = random_polynomial(rng, n, degrees, 0.8)
            assert bias_free_bound(p, activation, 0).neurons == twin(p, activation, 0), (p, degrees)


def test_a_vanishing_derivative_makes_the_polynomial_impossible():
    bound = bias_free_bound("x*y", "tanh", 0)
    assert bound.neurons == math.inf
    assert "derivative 2 of tanh is 0 at b = 0" in bound.proof
    assert "impossible" in repr(bound)
    assert bias_free_bound("x*y*z", "square").neurons == math.inf
    assert bias_free_bound("x*y*z", "tanh", 0).neurons == 4
    assert bias_free_bound("w*x*y*z", "silu", 0).neurons == 8
    assert bias_free_bound("0", "square", 0).neurons == 0


def network(rng, sigma, n, neurons):
    """Truncated sum of neurons with random weights."""
    weights = [Fraction(rng.randint(-4, 4), rng.randint(1, 3)) for _ in range(neurons)]
    directions = [[rng.randint(-3, 3) for _ in range(n)] for _ in range(neurons)]
    terms = {}
    for alpha in monomials(n, len(sigma) - 1):
        powers = [math.prod(a**k for a, k in zip(direction, alpha, strict=True)) for direction in directions]
        moment = sum(w * power for w, power in zip(weights, powers, strict=True))
        terms[alpha] = sigma[sum(alpha)] * moment / math.prod(map(math.factorial, alpha))
    return Polynomial.from_dict(terms)


@pytest.mark.parametrize("bias", [None, 0])
@pytest.mark.parametrize("activation", ["exp", "sigmoid", "gaussian", "tanh", "square"])
def test_bound_is_never_above_a_network(activation, bias):
    rng = random.Random(5)
    for degree, n, neurons, _ in itertools.product([2, 3, 4], [2, 3], [1, 2, 3, 5], range(3)):
        if activation != "square" or degree == 2:
            sigma = [s.value([]) for s in shared_point(activation, degree, bias).sigma]  # rational for these
            p = network(rng, sigma, n, neurons)
            if p.degree == degree:
                assert bias_free_bound(p, activation, bias).neurons <= neurons


def compose(p, forms):
    total = Polynomial.constant(0, p.variables)
    for monomial, value in p.terms.items():
        term = Polynomial.constant(value, p.variables)
        for site, power in monomial:
            term *= forms[site] ** power
        total += term
    return total


@pytest.mark.parametrize("activation", ["softplus", "silu", "gelu", "exp"])
def test_bound_does_not_change_under_linear_maps_of_the_variables(activation):
    rng = random.Random(6)
    for degrees in ({3}, {1, 3}, {0, 1, 2, 3}, {2, 4}):
        p = random_polynomial(rng, 3, degrees, 0.4)
        x = [Polynomial.variable(name) for name in p.variables]
        a, b, c = (Fraction(rng.randint(1, 5), rng.randint(1, 3)) for _ in range(3))
        forms = [x[0] + a * x[1] - x[2], b * x[1] + x[2], c * x[2]]  # triangular: invertible
        assert bias_free_bound(compose(p, forms), activation).neurons == bias_free_bound(p, activation).neurons


coefficients = st.fractions(min_value=-3, max_value=3, max_denominator=4)
polynomials = st.dictionaries(st.sampled_from(monomials(2, 3)), coefficients, max_size=6).map(
    lambda terms: Polynomial.from_dict({(0, 0): 0, **terms}, variables=["x", "y"])
)


@settings(max_examples=40, deadline=None)
@given(polynomials, coefficients.filter(bool))
def test_bound_does_not_change_under_multiples(p, factor):
    assert bias_free_bound(p * factor).neurons == bias_free_bound(p).neurons


@settings(max_examples=40, deadline=None)
@given(polynomials, st.sampled_from(SMOOTH))
def test_primes_never_give_more_than_exact_ranks(p, activation):
    exact = bias_free_bound(p, activation, exact=True)
    assert bias_free_bound(p, activation, exact=False).neurons <= exact.neurons
    assert bias_free_bound(p, activation).neurons == exact.neurons
    assert "modulo" not in exact.arithmetic


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([(3, 0), (2, 1), (1, 2), (0, 3)]), coefficients.filter(bool), min_size=1, max_size=4
    )
)
def test_forms_of_one_degree_in_disjoint_variables_add_up_but_for_the_ends(terms):
    p = Polynomial.from_dict(terms, variables=["x", "y"])
    q = Polynomial.from_dict(terms, variables=["u", "v"])
    assert bias_free_bound(p + q).neurons == 2 * bias_free_bound(p).neurons - 2


@pytest.mark.parametrize("p", [product(2) + 3, Polynomial.parse("x^4 + x*y + x^2*y^2")])
def test_two_degrees_give_one_bound_for_all_activations(p):
    assert len({bias_free_bound(p, activation).neurons for activation in SMOOTH}) == 1


def test_bound_says_which_model_it_is_for():
    bound = bias_free_bound("x*y + x^2 + x + 1")
    assert "sigmoid(b) = 2/3" in bound.model
    assert "exact Taylor coefficients to degree 2" in repr(bound)
    assert not bound.survives_limits
    assert not bound.holds_at_any_depth
    assert sum(term.sign * term.rank for term in bound.ranks) == bound.neurons


def test_relu_and_unknown_words_are_refused():
    with pytest.raises(ValueError, match=r"`activation` of `bias_free_bound` must be smooth, got 'relu'"):
        bias_free_bound("x*y", "relu")
    with pytest.raises(ValueError, match=r"must be one of softplus, .*, got 'swish'"):
        bias_free_bound("x*y", "swish")
    with pytest.raises(TypeError, match=r"`exact` of `bias_free_bound` must be True, False or None, got 'yes'"):
        bias_free_bound("x*y", exact="yes")
    with pytest.raises(TypeError, match="shared_bias"):
        bias_free_bound("x*y", shared_bias="0")
    with pytest.raises(ValueError, match="divisors of its terms"):
        bias_free_bound(product(30) + 1)
