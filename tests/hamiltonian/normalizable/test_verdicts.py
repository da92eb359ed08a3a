"""Verdicts on energies whose answer is known, and checks of each proof that do not use its code."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from builders import quadratic, random_polynomial

from cheaplearn.geometry import Chain, Grid
from cheaplearn.hamiltonian import Hamiltonian, Variables, local_monomials
from cheaplearn.hamiltonian.normalizable import normalizability
from cheaplearn.polynomial import Polynomial

HENON_HEILES = "(px^2 + py^2 + x^2 + y^2)/2 + x^2*y - y^3/3"


def verdict(text, bounds=None):
    return normalizability(Polynomial.parse(text), bounds).verdict


def assert_falls(polynomial, answer):
    """H along the reported curve, in rational arithmetic, falls from each tenfold s to the next."""
    assert answer.verdict == "no"
    values = []
    for s in (10**4, 10**5, 10**6, 10**7):
        point = [
            Fraction(answer.direction.get(name, 0.0)) * s ** int(answer.powers.get(name, 0))
            for name in polynomial.variables
        ]
        values.append(polynomial.exact(point))
    if answer.method == "direction":
        assert values[0] < 0
        assert all(after < 2 * before for before, after in itertools.pairwise(values))
    else:
        assert len(set(values)) == 1


def assert_grows(polynomial, rng):
    """Far out H exceeds its value at zero along every one of many random rays, and still rises."""
    rays = rng.normal(size=(400, len(polynomial.variables)))
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    near, far = polynomial(rays * 1e5), polynomial(rays * 1e6)
    assert np.all(near > polynomial(np.zeros((1, rays.shape[1])))[0])
    assert np.all(far > near)


@pytest.mark.parametrize(
    "text",
    [
        "x^2 - x + 3",
        "x^2 + y^2 - 19/10*x*y + 7*x",
        "(x^2 - 1)^2",
        "(x^2 - 1)^2 + (y^2 - 4)^2 - 3*x*y",
        "x^4 + y^4 + x^4*y^4 - 100*x*y",
        "x^4 - 3*x^2*y + 4*y^2 - 5*x^3 - x*y",
        "x^6 + y^2 - 19/10*x^3*y + z^4",
        "x^4 - 2*x^2*y^2 + y^4 + (x - y)^4/10 + (x + y)^4/10",
        HENON_HEILES + " + (x^2 + y^2)^2/20",
    ],
)
def test_energies_that_grow_have_a_density(text):
    polynomial = Polynomial.parse(text)
    answer = normalizability(polynomial)
    assert answer.verdict == "yes", answer
    assert answer.direction is None
    assert_grows(polynomial, np.random.default_rng(1))


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "x^3 + 5*x^2",
        "x^2 - x^4/1000",
        "x^2 + y^2 - 21/10*x*y",
        "x^2 - 2*x*y + y^2",
        "x^2 - 2*x*y + y^2 + x",
        "x^4 + y^4 - 21/10*x^2*y^2",
        "x^4 - 5*x^2*y + 4*y^2",
        "x^2 + y^2 - x^2*y^2",
        "x^4 + y^4 + x^4*y",
        "(x - y)^4 - x^2",
        "(7*x - 37*y)^4 - x^2",
        "x^2*y^2",
        "x^2 + x^2*y^2",
        "(x + 2*y - z)^4 + (x - y)^2",
        HENON_HEILES,
    ],
)
def test_energies_that_do_not_grow_have_none_and_the_direction_shows_it(text):
    polynomial = Polynomial.parse(text)
    answer = normalizability(polynomial)
    assert answer.verdict == "no", answer
    assert_falls(polynomial, answer)
    assert "s" in repr(answer)


def test_a_variable_that_does_not_occur_has_no_density():
    answer = normalizability(Polynomial.parse("x^2", variables=["x", "y"]))
    assert (answer.verdict, answer.direction) == ("no", {"y": 1.0})


@pytest.mark.parametrize("text", ["x^2*(1 + y^4)", "(x - y)^4 + x^2 + y^2"])
def test_semidefinite_leading_forms_are_left_undecided(text):
    answer = normalizability(Polynomial.parse(text))
    assert answer.verdict == "undecided"
    assert answer.direction is None
    assert "x, y" in repr(answer)


@pytest.mark.parametrize(
    "form",
    [
        "x^4*y^2 + x^2*y^4 + z^6 - 3*x^2*y^2*z^2",  # Motzkin
        "x^6 + y^6 + z^6 - x^4*y^2 - x^4*z^2 - y^4*x^2 - y^4*z^2 - z^4*x^2 - z^4*y^2 + 3*x^2*y^2*z^2",  # Robinson
        "x^4*y^2 + y^4*z^2 + z^4*x^2 - 3*x^2*y^2*z^2",  # Choi and Lam
    ],
)
def test_positive_forms_that_are_no_sums_of_squares_are_never_refuted(form):
    for weight in ("1/100000", "1/100", "1"):
        assert verdict(f"{form} + {weight}*(x^6 + y^6 + z^6)") in {"yes", "undecided"}
    assert verdict(f"{form} + x^6 + y^6 + z^6") == "yes"
    assert verdict(f"{form} - (x^6 + y^6 + z^6)/10") == "no"


@pytest.mark.parametrize("seed", range(8))
def test_random_sums_of_squares_are_proved_and_grow(seed):
    rng = np.random.default_rng(seed)
    names = ["x", "y", "z"][: 2 + seed % 2]
    half = 2 + seed // 4
    x = [Polynomial.variable(name).with_variables(names) for name in names]
    basis = [math.prod(c) for c in itertools.combinations_with_replacement(x, half)]
    root = rng.normal(size=(len(basis), len(basis)))
    squares = root @ root.T + 0.05 * np.eye(len(basis))
    form = sum((basis[i] * basis[j] * float(squares[i, j]) for i, j in np.ndindex(*squares.shape)), 0 * x[0])
    H = form + sum(float(rng.normal()) * v**k for v in x for k in range(1, 2 * half))
    answer = normalizability(H)
    assert answer.verdict == "yes"
    assert_grows(H, rng)


@pytest.mark.parametrize("seed", range(8))
def test_random_indefinite_forms_fall_along_the_direction(seed):
    rng = np.random.default_rng(seed)
    n = 2 + seed
    names = [f"x{i}" for i in range(n)]
    u = rng.normal(size=n)
    monomials = local_monomials(n, 4, math.inf)
    terms = {_powers(m): float(rng.normal()) for m in monomials if len(m) == 4}
    form = Polynomial(terms, names) * 0.1 + sum(Polynomial.variable(name) ** 4 for name in names)
    # subtract so much of (a . x)^4 that the form is negative at u
    ray = sum(float(a) * Polynomial.variable(name) for a, name in zip(u / (u @ u), names, strict=True))
    H = form - (float(form([u])[0]) + 0.1) * ray**4 + sum(Polynomial.variable(name) ** 3 for name in names)
    answer = normalizability(H, seed=seed)
    assert_falls(H, answer)


@pytest.mark.parametrize("seed", range(30))
def test_random_polynomials_get_no_wrong_verdict(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    squares = sum((Polynomial.variable(f"x{i}") ** int(rng.choice([2, 4])) for i in range(n)), Polynomial.constant(0))
    H = random_polynomial(rng, n, 4, 4) * Fraction(1, 10) + 2 * squares
    answer = normalizability(H)
    if answer.verdict == "yes":
        assert_grows(H, rng)
    if answer.verdict == "no":
        assert_falls(H, answer)


@pytest.mark.parametrize("seed", range(6))
def test_quadratic_energies_are_always_decided(seed):
    rng = np.random.default_rng(seed)
    root = rng.integers(-3, 4, size=(6, 6 if seed % 3 == 0 else 5)).astype(float)
    if seed % 3 == 0:
        root += 10 * np.eye(6)
    H = quadratic(root @ root.T - (seed % 3 == 2) * np.diag([0, 0, 0.001, 0, 0, 0]))
    H = H + sum(int(c) * Polynomial.variable(f"x{i}") for i, c in enumerate(rng.integers(-3, 4, 6)))
    answer = normalizability(H)
    assert answer.verdict == ("yes" if seed % 3 == 0 else "no")
    if answer.verdict == "no":
        assert_falls(H, answer)


def test_a_margin_below_rounding_is_decided_exactly():
    tiny = Fraction(1, 10**30)
    x, y = Polynomial.variable("x"), Polynomial.variable("y")
    assert normalizability((x - y) ** 2 + tiny * y**2).verdict == "yes"
    assert normalizability((x - y) ** 2 - tiny * y**2).verdict == "no"


@pytest.mark.parametrize(
    ("text", "bounds", "expected"),
    [
        ("x^3 + x", {"x": (0, None)}, "yes"),
        ("x^3 + x", {"x": (None, 0)}, "no"),
        ("-x^3", {"x": (-math.inf, 5)}, "yes"),
        ("x - y + 3", {"x": (2, None), "y": (None, 7)}, "yes"),
        ("x + y + x*y", {"x": (0, None), "y": (0, None)}, "yes"),
        ("x^2 + y^2 + 3*x*y", {"x": (0, None), "y": (0, None)}, "yes"),
        ("x^2 + y^2 - 3*x*y", {"x": (0, None), "y": (0, None)}, "no"),
        ("x^2 + y^2 + 3*x*y", {"x": (0, None)}, "no"),
        ("x*y^2 + x^3 + y^6", {"x": (1, None)}, "yes"),
        ("-x^4", {"x": (-1, 1)}, "yes"),
        ("b*x^4 + x^2", {"b": (0.5, 1)}, "yes"),
        ("b*x^4 + x^2", {"b": (-0.5, 1)}, "no"),
        ("x^4 + y^4 + 4*b*x^3*y", {"b": (-0.2, 0.3)}, "yes"),
        ("x^4 + y^4 + 4*b*x^3*y", {"b": (-1, 1)}, "no"),
    ],
)
def test_bounds_change_what_can_go_to_infinity(text, bounds, expected):
    assert verdict(text, bounds) == expected


def test_the_direction_of_a_half_bounded_variable_points_into_its_domain():
    answer = normalizability(Polynomial.parse("x^3 + y^2"), {"x": (None, 4)})
    assert list(answer.direction) == ["x"]
    assert answer.direction["x"] < 0


def lattice(amplitude, seed):
    rng = np.random.default_rng(seed)
    monomials = local_monomials(64, 4, 1, Grid(8, 8))
    pure = np.array([len(m) == 4 and len(set(m)) == 1 for m in monomials])
    theta = np.where(pure, 1 + rng.random(len(pure)), amplitude * rng.normal(size=len(pure)))
    scales, centers = rng.random(64) + 0.5, rng.normal(size=64)
    variables = Variables(tuple(f"x{i}" for i in range(64)), ("real",) * 64, centers, scales)
    return Hamiltonian(monomials, theta[:, None], np.zeros(1), np.array([""]), variables, Grid(8, 8), 4, 1)


@pytest.mark.parametrize(
    ("amplitude", "expected", "method"),
    [(0.02, "yes", "dominance"), (0.12, "yes", "sum of squares"), (0.5, "no", "direction")],
)
def test_generic_lattices_of_64_sites_are_decided(amplitude, expected, method):
    H = lattice(amplitude, seed=3)
    answer = normalizability(H)
    assert (answer.verdict, answer.method) == (expected, method)
    if expected == "no":
        assert_falls(H.to_polynomials()[0], answer)


def test_a_phi4_lattice_of_64_sites_has_a_density_and_a_tilted_one_has_none():
    grid = Grid(8, 8)
    x = [Polynomial.variable(f"x{i}") for i in range(64)]
    pairs = np.transpose(grid.neighbour_pairs(1)).tolist()
    terms = sum((x[i] * x[j] * -1 for i, j in pairs), Polynomial.constant(0))
    terms = terms + sum((v**2 * -2 + v**4 * Fraction(1, 4) for v in x), Polynomial.constant(0))
    assert normalizability(terms).verdict == "yes"
    assert normalizability(terms + x[0] ** 3 * x[1] * 2).verdict == "no"


def test_bits_and_spins_cannot_go_to_infinity():
    variables = Variables(("x", "b", "s"), ("real", "bit", "spin"), np.zeros(3), np.ones(3))
    monomials = local_monomials(3, 3, math.inf, kinds=variables.kinds)
    for couplings, expected in (({(0, 0): 1.0, (0, 0, 2): 0.9}, "yes"), ({(0, 0): 1.0, (0, 0, 2): 1.1}, "no")):
        theta = np.array([[couplings.get(m, 0.0)] for m in monomials])
        H = Hamiltonian(monomials, theta, np.zeros(1), np.array([""]), variables, None, 3, math.inf)
        assert normalizability(H).verdict == expected
    only_bits = Variables.default(2, ("bit", "spin"))
    monomials = local_monomials(2, 1, 0, kinds=only_bits.kinds)
    H = Hamiltonian(monomials, np.ones((2, 1)), np.zeros(1), np.array([""]), only_bits, None, 1, 0)
    assert normalizability(H).method == "bounded"


def test_long_gaussian_chains_are_decided():
    monomials = local_monomials(300, 2, 1, Chain(300))
    terms = {_powers(m): 1.0 if len(m) == 2 and m[0] == m[1] else 0.9 if len(m) == 2 else 0.3 for m in monomials}
    H = Polynomial(terms, [f"x{i}" for i in range(300)])
    assert normalizability(H).verdict == "yes"
    H = H - Polynomial.variable("x150") ** 2 * 2
    assert_falls(H, normalizability(H))


@pytest.mark.parametrize(
    ("H", "bounds", "error", "words"),
    [
        ("x^2", None, TypeError, "a Polynomial or a Hamiltonian"),
        (Polynomial.parse("x^2"), {"y": (0, 1)}, ValueError, "variables among"),
        (Polynomial.parse("x^2"), {"x": (1, 1)}, ValueError, "low < high"),
        (Polynomial.parse("x^2"), {"x": (math.nan, 1)}, ValueError, "low < high"),
        (Polynomial.parse("x^2"), {"x": 3}, ValueError, "pairs"),
    ],
)
def test_bad_arguments_are_refused_in_words(H, bounds, error, words):
    with pytest.raises(error, match=words):
        normalizability(H, bounds)


def test_several_classes_are_refused():
    H = Hamiltonian(
        local_monomials(1, 2, 0), np.ones((2, 2)), np.zeros(2), np.array(["a", "b"]), Variables.default(1), None, 2, 0
    )
    with pytest.raises(ValueError, match="2 classes"):
        normalizability(H)


def _powers(sites):
    return tuple((i, len(list(same))) for i, same in itertools.groupby(sites))
