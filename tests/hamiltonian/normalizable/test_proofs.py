"""The single arguments: what they prove must hold, and what is false they must never prove."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from cheaplearn.hamiltonian import local_monomials
from cheaplearn.hamiltonian.normalizable.cliques import chordal_cliques, grown_cliques
from cheaplearn.hamiltonian.normalizable.components import Component, components_of, fixed
from cheaplearn.hamiltonian.normalizable.curves import Curve, fall
from cheaplearn.hamiltonian.normalizable.definite import cholesky_proves, exact_pivots
from cheaplearn.hamiltonian.normalizable.degrees import leading_form
from cheaplearn.hamiltonian.normalizable.dominance import dominance_margin
from cheaplearn.hamiltonian.normalizable.gram import half_monomials, row_count
from cheaplearn.hamiltonian.normalizable.invariances import constant_directions
from cheaplearn.hamiltonian.normalizable.spreading import spreading_powers
from cheaplearn.hamiltonian.normalizable.sums_of_squares import is_sum_of_squares
from cheaplearn.polynomial import Polynomial


def form_of(text):
    polynomial = Polynomial.parse(text)
    terms = {m: (c, c) for m, c in polynomial.terms.items()}
    return leading_form(Component(tuple(range(len(polynomial.variables))), terms))


def entries_of(matrix):
    return {(i, j): Fraction(matrix[i][j]) for i in range(len(matrix)) for j in range(i, len(matrix))}


@pytest.mark.parametrize("seed", range(20))
def test_exact_pivots_tell_what_integer_matrices_are(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    root = rng.integers(-2, 3, size=(n, int(rng.integers(1, n + 2))))
    matrix = (root @ root.T + int(rng.integers(-1, 2)) * np.diag(rng.integers(0, 2, n))).tolist()
    outcome = exact_pivots(entries_of(matrix), n)
    minors = [round(np.linalg.det(np.array(matrix, float)[:k, :k])) for k in range(1, n + 1)]
    assert outcome.definite == all(minor > 0 for minor in minors)
    if not outcome.definite:
        u = outcome.vector
        image = [sum(a * b for a, b in zip(row, u, strict=True)) for row in matrix]
        value = sum(a * b for a, b in zip(image, u, strict=True))
        assert any(u)
        assert value < 0 or not any(image)


@pytest.mark.parametrize("seed", range(20))
def test_the_verified_factorisation_proves_no_matrix_that_exact_pivots_refute(seed):
    """Matrices whose least eigenvalue lies within some roundings of zero, on both sides."""
    rng = np.random.default_rng(seed)
    n = 8
    root = rng.normal(size=(n, n - 1))
    matrix = root @ root.T + np.eye(n) * 1e-15 * rng.normal() * 10 ** rng.integers(0, 3)
    matrix = np.tril(matrix) + np.tril(matrix, -1).T
    proved = cholesky_proves(matrix, [Fraction(0)] * n)
    assert not proved or exact_pivots(entries_of(matrix.tolist()), n).definite
    assert cholesky_proves(root @ root.T + np.eye(n), [Fraction(1, 2)] * n)
    assert not cholesky_proves(np.eye(n), [Fraction(1)] * n)
    assert not cholesky_proves(-np.eye(n), [Fraction(0)] * n)
    assert not cholesky_proves(np.full((n, n), np.nan), [Fraction(0)] * n)


def test_exactly_singular_matrices_are_never_proved_though_floats_factor_some():
    rng = np.random.default_rng(0)
    factored = 0
    for _ in range(200):
        root = rng.integers(-1000, 1001, size=(4, 3)).astype(float)
        matrix = root @ root.T  # whole numbers: no rounding
        try:
            np.linalg.cholesky(matrix)
            factored += 1
        except np.linalg.LinAlgError:
            pass
        assert not cholesky_proves(matrix, [Fraction(0)] * 4)
    assert factored > 20


@pytest.mark.parametrize("seed", range(20))
def test_dominance_holds_at_every_point_and_its_margin_is_tight_for_negative_mixed_terms(seed):
    rng = np.random.default_rng(seed)
    degrees = rng.choice([2, 4, 6], size=3)
    terms = {((i, int(d)),): (Fraction(1 + int(rng.integers(3))),) * 2 for i, d in enumerate(degrees)}
    for powers in itertools.product(*(range(d) for d in degrees)):
        weight = sum(Fraction(int(p), int(d)) for p, d in zip(powers, degrees, strict=True))
        if weight == 1:
            terms[tuple((i, p) for i, p in enumerate(powers) if p)] = (-Fraction(int(rng.integers(1, 9)), 16),) * 2
    component = Component((0, 1, 2), terms)
    form = leading_form(component)
    polynomial = Polynomial({m: c for m, (c, _) in terms.items()}, ["x", "y", "z"])
    points = rng.normal(size=(20_000, 3))
    size = (np.abs(points) ** degrees).sum(axis=1)
    least = (polynomial(np.abs(points)) / size).min()
    margin = dominance_margin(form)
    if margin is not None:
        assert (polynomial(points) / size).min() > 0
    else:
        assert least < 0.1  # on the positive orthant all mixed terms pull down at once: nothing is lost


def test_dominance_needs_the_right_scalings():
    assert dominance_margin(form_of("x^4 + 10000*y^4 - 19*x^2*y^2 - 3*x^3*y")) is not None
    assert dominance_margin(form_of("x^4 + y^4 - 2*x^2*y^2")) is None
    assert dominance_margin(form_of("x^4 + y^4 - 201/100*x^2*y^2")) is None
    assert dominance_margin(form_of("x^4 + y^4 - 199/100*x^2*y^2")) > 0


@pytest.mark.parametrize("seed", range(25))
def test_no_form_that_is_negative_by_less_than_the_solver_sees_is_proved(seed):
    """A sum of squares with a zero at an integer point, less 1e-13 of a square that is not zero there."""
    rng = np.random.default_rng(seed)
    zero = rng.integers(1, 4, size=3).tolist()
    x = [Polynomial.variable(name).with_variables(["x", "y", "z"]) for name in "xyz"]
    basis = [a * b for a, b in itertools.combinations_with_replacement(x, 2)]
    total = 0 * x[0]
    for _ in range(8):
        c = [Fraction(int(v)) for v in rng.integers(-3, 4, len(basis))]
        square = sum((a * b for a, b in zip(c, basis, strict=True)), 0 * x[0])
        square = square - square.exact(zero) / zero[0] ** 2 * x[0] ** 2
        total = total + square**2
    assert total.exact(zero) == 0
    for sign in (0, -1):
        H = total + sign * Fraction(1, 10**13) * x[0] ** 4
        form = leading_form(components_of(H.terms, range(3), {})[0])
        assert isinstance(form, str) or not is_sum_of_squares(form)
    H = total + sum((v**4 for v in x), 0 * x[0]) * Fraction(1, 1000)
    assert is_sum_of_squares(leading_form(components_of(H.terms, range(3), {})[0]))


def test_sums_of_squares_need_room():
    assert is_sum_of_squares(form_of("(x^2 - y^2)^2 + (x*y + y^2)^2 + (x - y)^4"))
    assert is_sum_of_squares(form_of("(x^3 - y)^2 + (y - z^3)^2 + (x^2*z - z^3)^2 + x^6/10"))  # degrees 6, 2, 6
    assert not is_sum_of_squares(form_of("(x^2 - y^2)^2"))
    assert not is_sum_of_squares(form_of("x^4*y^2 + x^2*y^4 + z^6 - 3*x^2*y^2*z^2 + (x^6 + y^6)/1000000"))


@pytest.mark.parametrize("degrees", [(4, 4, 4), (2, 4, 6), (4, 6, 12), (2, 2, 2)])
def test_monomials_of_half_weight_are_those_that_brute_force_finds(degrees):
    found = half_monomials((0, 1, 2), degrees)
    expected = {
        tuple((i, p) for i, p in enumerate(powers) if p)
        for powers in itertools.product(*(range(d + 1) for d in degrees))
        if sum(Fraction(p, d) for p, d in zip(powers, degrees, strict=True)) == Fraction(1, 2)
    }
    assert set(found) == expected
    assert len(found) == len(expected) == row_count((0, 1, 2), degrees, 1000)


@pytest.mark.parametrize("seed", range(10))
def test_cliques_cover_every_support_and_chordal_ones_eliminate_perfectly(seed):
    rng = np.random.default_rng(seed)
    n = 9
    supports = {tuple(sorted(rng.choice(n, int(rng.integers(1, 4)), replace=False).tolist())) for _ in range(9)}
    edges = {pair for s in supports for pair in itertools.combinations(s, 2)}
    for cliques in (chordal_cliques(supports, n, n), grown_cliques(supports, n, n)):
        assert all(any(set(s) <= set(c) for c in cliques) for s in supports)
        assert not any(set(a) < set(b) for a in cliques for b in cliques)
    assert all(pair in edges for c in grown_cliques(supports, n, n) for pair in itertools.combinations(c, 2))
    left = [set(c) for c in chordal_cliques(supports, n, n)]
    while len(left) > 1:  # a chordal graph has a clique that meets the union of the others within one other clique
        left.remove(next(c for c in left if _is_leaf(c, [other for other in left if other is not c])))
    assert chordal_cliques([tuple(range(5))], 5, 4) is None


@pytest.mark.parametrize("seed", range(10))
def test_constant_directions_are_found_behind_a_change_of_variables(seed):
    rng = np.random.default_rng(seed)
    names = [f"x{i}" for i in range(4)]
    mixing = rng.integers(-3, 4, size=(3, 4)).tolist()
    inner = [sum(a * Polynomial.variable(v) for a, v in zip(row, names, strict=True)) for row in mixing]
    p = (sum(v**4 for v in inner) + inner[0] ** 3 * inner[1] + inner[2]).with_variables(names)
    found = constant_directions(p.terms, range(4))
    expected = 4 - np.linalg.matrix_rank(np.array(mixing, float))
    assert len(found) == expected
    for vector in found:
        u = [vector.get(i, Fraction(0)) for i in range(4)]
        assert any(u)
        for _ in range(5):
            start = [Fraction(int(v)) for v in rng.integers(-5, 6, 4)]
            assert p.exact(start) == p.exact([a + 3 * b for a, b in zip(start, u, strict=True)])


def test_a_curve_proves_divergence_only_with_a_negative_leading_term():
    terms = Polynomial.parse("x^4 - 5*x^2*y + 4*y^2 - 7*x").terms
    assert fall(terms, Curve((Fraction(1), Fraction(1, 2)), (1, 2))) == (4, Fraction(-1, 2))
    assert fall(terms, Curve((Fraction(1), Fraction(1)), (1, 2))) == (1, Fraction(-7))  # s^4 - 5 s^4 + 4 s^4 - 7 s
    assert fall(terms, Curve((Fraction(-1), Fraction(1)), (1, 2))) is None
    assert fall(terms, Curve((Fraction(0), Fraction(1)), (1, 1))) is None
    assert fall(terms, Curve((Fraction(0), Fraction(0)), (1, 1))) is None


def test_spreading_needs_infinite_volume():
    assert spreading_powers(Polynomial.parse("x^2*y^2").terms, [1, 1]) is not None
    assert spreading_powers(Polynomial.parse("x^2 + x^2*y^2").terms, [1, 1]) is not None
    assert spreading_powers(Polynomial.parse("x^2 + x^2*y^4").terms, [1, 1]) is None
    assert spreading_powers(Polynomial.parse("x^2*y^2 + x^2 + y^2").terms, [1, 1]) is None


@pytest.mark.parametrize("seed", range(10))
def test_components_hold_every_coefficient_that_bounded_variables_can_give(seed):
    rng = np.random.default_rng(seed)
    names = ["x", "y", "a", "b"]
    monomials = [m for m in local_monomials(4, 4, math.inf) if rng.random() < 0.3]
    terms = {tuple((i, m.count(i)) for i in sorted(set(m))): Fraction(int(rng.integers(-9, 10))) for m in monomials}
    ranges = {2: (Fraction(-2), Fraction(1)), 3: (Fraction(1, 2), Fraction(3))}
    p = Polynomial(terms, names)
    components = components_of(p.terms, [0, 1], ranges)
    assert sorted(i for c in components for i in c.variables) == [0, 1]
    for _ in range(20):
        values = {i: low + (high - low) * Fraction(int(rng.integers(0, 9)), 8) for i, (low, high) in ranges.items()}
        for monomial, coefficient in fixed(p.terms, values).items():
            if monomial:
                owner = next(c for c in components if monomial[0][0] in c.variables)
                local = tuple((owner.variables.index(i), power) for i, power in monomial)
                low, high = owner.terms[local]
                assert low <= coefficient <= high


def _is_leaf(clique, others):
    return any(clique & set().union(*others) <= other for other in others)
