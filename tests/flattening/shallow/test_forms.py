"""Flat forms have exactly the Taylor coefficients they promise, and as many neurons as the theorems say."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

import cheaplearn as cl
from cheaplearn.flattening.bounds import bias_free_bound
from cheaplearn.flattening.shallow import flat_forms, scaled_terms
from cheaplearn.flattening.shallow.lattice import lattice_form
from cheaplearn.flattening.shallow.patterns import pattern_form
from cheaplearn.flattening.shallow.simplices import quadratic_form

FORMULAS = [
    "x*y",
    "x*y + 1",
    "x*y + x",
    "x**2*y - 3*x*y**2 + y",
    "(x + 2*y - z)**3 + x*z",
    "x*y*z + z**4 - x**2/3",
    "x + x**3 + x**5",
    "x**2 + y**2 - z**2",
]


def terms_of(formula):
    p = cl.Polynomial.parse(formula) if isinstance(formula, str) else formula
    return scaled_terms(p, [Fraction(1)] * len(p.variables)), p.degree


def assert_exact(form, terms, degree):
    """The equations of docs/theory/flat_networks.md, one by one, in rational arithmetic."""
    n = len(next(iter(terms)))
    for k, part in form.parts.items():
        for alpha in itertools.product(range(degree + 1), repeat=n):
            if sum(alpha) <= degree:
                moment = sum(
                    (
                        w * math.prod((x**r for x, r in zip(a, alpha, strict=True)), start=fmpq(1))
                        for w, a in zip(part, form.directions, strict=True)
                    ),
                    fmpq(0),
                )
                wanted = terms.get(alpha, fmpq(0)) * math.prod(map(math.factorial, alpha)) if sum(alpha) == k else 0
                assert moment == wanted, (form.construction, k, alpha)


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_form_has_the_moments_of_its_polynomial(formula):
    terms, degree = terms_of(formula)
    forms = flat_forms(terms)
    assert {form.construction for form in forms} >= {"sign patterns", "generic directions"}
    for form in forms:
        assert_exact(form, terms, degree)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.tuples(*[st.integers(0, 3)] * 2),
        st.fractions(min_value=-3, max_value=3, max_denominator=5).filter(bool),
        min_size=1,
        max_size=5,
    )
)
def test_forms_of_random_polynomials_are_exact(coefficients):
    terms = {alpha: fmpq(c.numerator, c.denominator) for alpha, c in coefficients.items()}
    degree = max(map(sum, terms))
    for form in filter(None, (pattern_form(terms, degree), lattice_form(terms, degree), quadratic_form(terms))):
        assert_exact(form, terms, degree)


@pytest.mark.parametrize("seed", range(8))
def test_monomials_take_the_product_of_their_exponents_plus_one(seed):
    rng = np.random.default_rng(seed)
    alpha = tuple(rng.integers(1, 4, rng.integers(1, 4)).tolist())
    form = pattern_form({alpha: fmpq(1)}, sum(alpha))
    assert form.neurons == math.prod(r + 1 for r in alpha)


@pytest.mark.parametrize("seed", range(8))
def test_quadratic_forms_attain_their_bound(seed):
    rng = np.random.default_rng(seed)
    n, rank = int(rng.integers(2, 6)), int(rng.integers(1, 6))
    forms = rng.integers(-3, 4, (rank, n))
    text = " + ".join(
        f"({sign})*({' + '.join(f'({c})*x{i}' for i, c in enumerate(row))})**2"
        for row, sign in zip(forms.tolist(), rng.choice([-2, 1, 3], rank).tolist(), strict=True)
    )
    p = cl.Polynomial.parse(text, variables=[f"x{i}" for i in range(n)])
    if p.degree < 2:
        pytest.skip("the squares cancel")
    terms, degree = terms_of(p)
    form = quadratic_form(terms)
    assert_exact(form, terms, degree)
    assert form.neurons == bias_free_bound(p).neurons


def test_a_polynomial_in_few_essential_variables_needs_few_directions():
    terms, degree = terms_of("(x + y + z)**4")
    assert [form.neurons for form in flat_forms(terms)] == [5, 5]
    for form in flat_forms(terms):
        assert_exact(form, terms, degree)


def test_dense_polynomials_of_many_terms_take_generic_directions():
    text = "(a + 2*b - c + d)**3 + (a - b)**3 + (c + 3*d)**3 + (b + c - 2*d)**2 + a*b*c"
    best = flat_forms(terms_of(text)[0])[0]
    assert best.construction == "generic directions"
    assert best.neurons <= math.comb(4 + 3, 3)
