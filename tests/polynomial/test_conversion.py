"""Round trips through text, SymPy, dimod and arrays; SymPy as an independent twin."""

import sys
from fractions import Fraction

import dimod
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from cheaplearn.polynomial import Polynomial

quick = settings(deadline=None, max_examples=30)
NAMES = ("x", "beta_1", "x10")
numbers = st.fractions(max_denominator=10**6) | st.floats(allow_nan=False, allow_infinity=False, width=32)
polynomials = st.dictionaries(st.tuples(*[st.integers(0, 4)] * 3), numbers, max_size=6).map(
    lambda terms: Polynomial.from_dict(terms, NAMES)
)


@quick
@given(polynomials)
def test_text_reads_back_as_the_same_polynomial(p):
    assert Polynomial.parse(str(p)) == p
    assert Polynomial.parse(str(p), variables=NAMES).terms == p.terms


@quick
@given(polynomials)
def test_sympy_reads_back_as_the_same_polynomial(p):
    expression = p.to_sympy()
    assert Polynomial.from_sympy(expression) == p
    assert Polynomial.from_sympy(sympy.Poly(expression, *map(sympy.Symbol, NAMES))).variables == NAMES
    # SymPy reads the text on its own and must arrive at the same expression.
    assert sympy.expand(sympy.sympify(str(p)) - expression) == 0


@quick
@given(polynomials, polynomials)
def test_sympy_multiplies_and_differentiates_alike(p, q):
    assert Polynomial.from_sympy(sympy.expand(p.to_sympy() * q.to_sympy())) == p * q
    for name, derivative in zip(NAMES, p.gradient(), strict=True):
        assert Polynomial.from_sympy(sympy.diff(p.to_sympy(), sympy.Symbol(name))) == derivative


@quick
@given(polynomials)
def test_unexpanded_sympy_expressions_expand_alike(p):
    x = sympy.Symbol("x")
    expression = (p.to_sympy() - x) ** 2 * (x + sympy.Rational(1, 3))
    assert Polynomial.from_sympy(expression) == Polynomial.from_sympy(sympy.expand(expression))


def test_numbers_longer_than_python_prints_are_written_exactly():
    p = Polynomial({((0, 1),): 7**2000, (): Fraction(1, 3**2000)}, ["x"])
    assert len(str(7**2000)) > 640
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)  # the lowest that Python allows
    try:
        assert Polynomial.parse(str(p)) == p
        p.to_latex()
    finally:
        sys.set_int_max_str_digits(limit)
    assert str(Polynomial.constant(10**9000)) == "1" + "0" * 9000


def test_arrays_and_dictionaries_agree():
    exponents = np.array([[1, 0], [0, 2], [1, 0], [0, 0], [1, 1], [1, 1]])
    p = Polynomial.from_arrays(exponents, [1, 0.5, 2, -4, 3, -3])
    assert p.variables == ("x0", "x1")
    assert p == Polynomial.from_dict({(1, 0): 3, (0, 2): 0.5, (0, 0): -4})
    assert len(p) == 3  # the last two rows cancel
    assert Polynomial.from_arrays(np.empty((0, 2)), []).variables == ("x0", "x1")
    assert Polynomial.from_dict({}).is_zero
    assert Polynomial.from_dict({(np.int64(2),): np.float32(0.5)}, ["t"]) == Polynomial.parse("t^2/2")


@pytest.mark.parametrize(
    ("exponents", "coefficients", "message"),
    [
        ([1, 2], [1, 2], r"`exponents` of .* of shape \(terms, variables\), got shape \(2,\)"),
        ([[1.0, 2.0]], [1], "`exponents` of .* an array of integers, got dtype float64"),
        ([[True]], [1], "`exponents` of .* an array of integers, got dtype bool"),
        ([[1, 0], [0, -2]], [1, 1], "`exponents` of .* >= 0, got -2 in row 1, column 1"),
        ([[1], [2]], [1], "`coefficients` of .* one number per row of `exponents`, got 1 for 2 rows"),
        ([[1]], np.array(3.0), "`coefficients` of .* one number per row"),
        ([[1], [2]], [1, np.nan], r"`coefficients\[1\]` of .* finite, got nan"),
        ([[1]], [True], r"`coefficients\[0\]` of .* a real number, got True \(bool\)"),
        ([[1]], np.array([1j]), r"`coefficients\[0\]` of .* a real number, got 1j \(complex\)"),
    ],
)
def test_arrays_out_of_form_are_refused(exponents, coefficients, message):
    with pytest.raises(
        (TypeError, ValueError), match=message.replace("of .* ", "of `Polynomial.from_arrays` must be ", 1)
    ):
        Polynomial.from_arrays(exponents, coefficients)


def test_names_must_fit_the_columns():
    with pytest.raises(ValueError, match="one name per column of `exponents`, got 2 names for 1 columns"):
        Polynomial.from_arrays([[1]], [1], variables=["x", "y"])
    with pytest.raises(ValueError, match=r"from tuples of 2 exponents to numbers, got \(1,\)"):
        Polynomial.from_dict({(1,): 1}, variables=["x", "y"])
    with pytest.raises(ValueError, match=r"from tuples of 2 exponents to numbers, got \(1,\)"):
        Polynomial.from_dict({(1, 2): 1, (1,): 1})


@pytest.mark.parametrize("row", [(-1,), (0.5,), (True,), ("1",)])
def test_exponents_that_are_not_whole_are_refused(row):
    with pytest.raises(ValueError, match=r"`terms` of `Polynomial\.from_dict` must be made of whole exponents >= 0"):
        Polynomial.from_dict({row: 1})


def test_symbols_come_in_natural_order_and_generators_in_their_own():
    x2, x10, y = sympy.symbols("x2 x10 y")
    assert Polynomial.from_sympy(y + x10 * x2).variables == ("x2", "x10", "y")
    assert Polynomial.from_sympy(sympy.Poly(x2 * y + x10, y, x10)).variables == ("y", "x10", "x2")
    assert Polynomial.from_sympy(x2 + y, variables=["y", "x2", "z"]).variables == ("y", "x2", "z")
    with pytest.raises(ValueError, match=r"a list of all symbols that occur, got .* without x2, x10"):
        Polynomial.from_sympy(x10 + x2 + y, variables=["y"])


def test_sympy_floats_count_with_their_exact_binary_value():
    x = sympy.Symbol("x")
    assert Polynomial.from_sympy(0.1 * x).terms[(0, 1),] == Fraction(0.1)
    precise = sympy.Float("0.1", 50)
    sign, mantissa, exponent, _ = precise._mpf_
    value = Polynomial.from_sympy(precise * x).terms[(0, 1),]
    assert value == (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent
    assert abs(value - Fraction(1, 10)) < Fraction(1, 10**50)


X = sympy.Symbol("x")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (1 + sympy.sin(X), r"rational coefficients, got `sin\(x\)`"),
        (X + 1 / X, "a polynomial, got `1/x`. Exponents must be whole"),
        (sympy.sqrt(X) + 1, r"a polynomial, got `sqrt\(x\)`"),
        (2**X, r"a polynomial, got `2\*\*x`"),
        (sympy.pi * X, r"got `pi`. Coefficients must be rational .* evalf\(\)"),
        (X * sympy.sqrt(2), r"got `sqrt\(2\)`. Coefficients must be rational"),
        (X + sympy.I, "got `I`"),
        (X + sympy.nan, "got `nan`"),
        (sympy.oo, "got `oo`"),
        (sympy.Abs(X), r"got `Abs\(x\)`"),
        (sympy.Poly(sympy.sin(X) ** 2 + X), r"got `sin\(x\)`"),
        (sympy.Poly(X + 1, modulus=5), r"rational coefficients, got coefficients in GF\(5\)"),
        (sum(sympy.symbols("a:e")) ** 200, "small enough to expand, got up to 70,058,751 terms"),
        (X + sympy.Symbol("x", real=True), "symbols with distinct names, got 'x' twice"),
    ],
)
def test_sympy_expressions_that_are_no_polynomials_are_refused(expression, message):
    with pytest.raises(ValueError, match=f"`expression` of `Polynomial.from_sympy` must be .*{message}"):
        Polynomial.from_sympy(expression)


@pytest.mark.parametrize("expression", [sympy.Eq(X, 1), sympy.Matrix([X]), "x", 3])
def test_other_objects_of_sympy_are_refused(expression):
    with pytest.raises(TypeError, match=r"`expression` of `Polynomial\.from_sympy` must be a SymPy expression or Poly"):
        Polynomial.from_sympy(expression)


def test_deep_sympy_expressions_need_no_recursion():
    horner = sympy.Integer(1)
    for _ in range(600):
        horner = sympy.Add(sympy.Mul(X, horner, evaluate=False), 1, evaluate=False)
    assert len(Polynomial.from_sympy(horner)) == 601


def test_dimod_polynomials_keep_their_terms():
    terms = {(0, 10): 0.5, (2,): -1, (): 3, (0, 2, 10): 1}
    p = Polynomial.from_dimod(dimod.BinaryPolynomial(terms, "SPIN"))
    assert p.variables == ("x0", "x2", "x10")
    assert p == Polynomial.parse("x0*x10/2 - x2 + 3 + x0*x2*x10")


def test_dimod_energies_agree():
    rng = np.random.default_rng(5)
    terms = {tuple(rng.choice(list("abcdef"), size=k, replace=False)): rng.standard_normal() for k in (1, 2, 3) * 4}
    source = dimod.BinaryPolynomial(terms, "BINARY")
    p = Polynomial.from_dimod(source)
    samples = rng.integers(0, 2, (20, len(p.variables)))
    np.testing.assert_allclose(p(samples), source.energies((samples, list(p.variables))), rtol=1e-12, atol=1e-12)


def test_labels_that_read_the_same_are_refused():
    with pytest.raises(ValueError, match="labels distinct as text, got two labels that both read 'x1'"):
        Polynomial.from_dimod(dimod.BinaryPolynomial({(1, "x1"): 1}, "SPIN"))
    with pytest.raises(TypeError, match=r"must be a dimod\.BinaryPolynomial, got dict"):
        Polynomial.from_dimod({"ab": 1})


def test_anything_that_is_a_polynomial_is_accepted():
    p = Polynomial.parse("x0^2 + 3*x1")
    x0, x1 = sympy.symbols("x0 x1")
    forms = [
        p,
        "x0^2 + 3*x1",
        x0**2 + 3 * x1,
        sympy.Poly(x0**2 + 3 * x1),
        {(2, 0): 1, (0, 1): 3},
        ([[2, 0], [0, 1]], [1, 3]),
    ]
    for form in forms:
        assert Polynomial.coerce(form) == p
        assert Polynomial.coerce(form, variables=["x0", "x1"]).variables == ("x0", "x1")
    for number in (3, 3.0, Fraction(3), np.int64(3), sympy.Integer(3)):
        assert Polynomial.coerce(number) == 3
    spins = dimod.BinaryPolynomial({"ab": 1}, "SPIN")
    assert Polynomial.coerce(spins, variables=["b", "a"]).variables == ("b", "a")
    assert Polynomial.coerce(spins) == Polynomial.parse("a*b")


@pytest.mark.parametrize("value", [None, True, 1j, [1, 2], object(), b"x"])
def test_other_objects_are_refused(value):
    with pytest.raises(TypeError, match=r"`value` of `Polynomial\.coerce` must be text, a number, a SymPy or dimod"):
        Polynomial.coerce(value)


def test_latex_agrees_with_sympy_up_to_order():
    p = Polynomial.parse("alpha_1^2*x/3 - 5*y + 1 - z/2 - y*z")
    assert p.to_latex() == (r"1 - 5 y - \frac{1}{2} z - y z + \frac{1}{3} {\alpha_{1}}^{2} x")
    assert Polynomial.parse("-x").to_latex() == "- x".replace(" ", "")
    assert Polynomial.parse("0").to_latex() == "0"
    assert Polynomial.parse("-3/4").to_latex() == r"-\frac{3}{4}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x*y + z**3/2", "Polynomial(x*y + z**3/2)"),
        ("0", "Polynomial(0)"),
        ("-x - 3*y/2", "Polynomial(-x - 3*y/2)"),
    ],
)
def test_the_repr_is_readable(text, expected):
    assert repr(Polynomial.parse(text)) == expected


def test_a_long_repr_is_shortened_and_floats_look_like_floats():
    p = Polynomial.from_arrays([[k] for k in range(1000)], [1] * 1000)
    assert repr(p).startswith("Polynomial(1 + x0 + x0**2")
    assert repr(p).endswith("... (1,000 terms))")
    assert len(repr(p)) < 120
    assert repr(Polynomial.from_dict({(1,): 0.1, (0,): -0.3})) == "Polynomial(-0.3 + 0.1*x0)"
    assert repr(Polynomial.constant(7**5000)).endswith("... (1 term))")
