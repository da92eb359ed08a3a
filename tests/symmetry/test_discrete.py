"""Sign flips, permutations, signed permutations and rotations by fractions of a turn, against brute force."""

import itertools

import numpy as np
import pytest
from symmetric_models import NAMES, dense, monomials

import cheaplearn as cl
from cheaplearn.symmetry.automorphisms import find_automorphisms
from cheaplearn.symmetry.maps import MapTest
from cheaplearn.symmetry.source import Energies, read_source

HENON_HEILES = "(px^2 + py^2 + x^2 + y^2)/2 + x^2*y - y^3/3"


def names_of(found):
    return {symmetry.name for symmetry in found.discrete}


def moved(polynomial, targets, signs):
    terms = {}
    for monomial, value in polynomial.terms.items():
        key = tuple(sorted((targets[i], power) for i, power in monomial))
        terms[key] = terms.get(key, 0) + value * np.prod([signs[i] ** power for i, power in monomial], dtype=int).item()
    return cl.Polynomial(terms, polynomial.variables)


def brute_force(polynomial):
    """All signed permutations that leave the polynomial as it is."""
    n = len(polynomial.variables)
    return [
        (targets, signs)
        for targets in itertools.permutations(range(n))
        for signs in itertools.product((1, -1), repeat=n)
        if moved(polynomial, targets, signs) == polynomial
    ]


def averaged(rng, n, degree, maps):
    """A random polynomial made invariant by summing over the group that the maps generate."""
    elements = {(tuple(range(n)), (1,) * n)}
    while True:
        more = elements | {
            (tuple(t[i] for i in a), tuple(s[i] * b[k] for k, i in enumerate(a))) for a, b in elements for t, s in maps
        }
        if more == elements:
            break
        elements = more
    keys = monomials(n, degree)
    chosen = rng.choice(len(keys), min(4, len(keys)), replace=False)
    seed = cl.Polynomial({keys[i]: int(rng.integers(1, 9)) for i in chosen}, NAMES[:n])
    return sum((moved(seed, *element) for element in elements), cl.Polynomial.constant(0, NAMES[:n]))


@pytest.mark.parametrize("seed", range(24))
def test_the_group_of_signed_permutations_is_complete(seed):
    rng = np.random.default_rng(seed)
    n = 2 + seed % 3
    map_ = (tuple(rng.permutation(n).tolist()), tuple(rng.choice([-1, 1], n).tolist()))
    polynomial = averaged(rng, n, 4, [map_] if seed % 4 else [])
    if len({i for monomial in polynomial.terms for i, _ in monomial}) < n:
        polynomial = polynomial + cl.Polynomial({((i, 4),): 7 for i in range(n)}, NAMES[:n])
    expected = brute_force(polynomial)
    found = cl.symmetries(polynomial)
    assert found.permutation_order == len(expected)
    unsigned = find_automorphisms(MapTest(read_source(polynomial, "test"), 0.0, 0.0), signed=False)
    assert unsigned.order == sum(min(signs) > 0 for _, signs in expected)
    for symmetry in found.discrete:
        for targets, signs in symmetry.generators:
            assert moved(polynomial, targets.tolist(), signs.tolist()) == polynomial
    flips = {signs for targets, signs in expected if targets == tuple(range(n))}
    listed = [tuple(s.tolist()) for d in found.discrete if d.kind == "sign flip" for t, s in d.generators]
    closure = {(1,) * n}
    for signs in listed:
        closure |= {tuple(a * b for a, b in zip(signs, other, strict=True)) for other in closure}
    assert closure == flips


def test_henon_heiles_has_a_threefold_axis_a_mirror_and_time_reversal():
    found = cl.symmetries(HENON_HEILES)
    assert names_of(found) >= {
        "3-fold rotation of (x, y)",
        "3-fold rotation of (x, y) together with (px, py)",
        "x -> -x",
        "the mirror x -> -x together with px -> -px",
        "time reversal (px, py) -> -(px, py)",
    }
    assert "y -> -y" not in names_of(found)
    polynomial = cl.Polynomial.parse(HENON_HEILES)
    points = np.random.default_rng(0).normal(size=(40, 4))
    for symmetry in found.discrete:
        np.testing.assert_allclose(polynomial(points @ symmetry.matrix.T), polynomial(points), rtol=1e-12, atol=1e-12)
    rounded = cl.symmetries(cl.Polynomial.parse("(px^2+py^2+x^2+y^2)/2 + x^2*y") - cl.Polynomial.parse("y^3") * (1 / 3))
    assert names_of(rounded) == names_of(found)
    joint = next(d for d in rounded.discrete if d.kind == "rotation")
    assert 0 < joint.residual < 1e-15


@pytest.mark.parametrize("k", [3, 4, 5, 6])
def test_k_fold_rotations_of_planes_are_found_and_no_others(k):
    x, y, z, t = map(cl.Polynomial.variable, "xyzt")
    real, imaginary = x, y
    for _ in range(k - 1):
        real, imaginary = real * x - imaginary * y, real * y + imaginary * x
    alone = real + imaginary * 2 + (x**2 + y**2) ** 2 + x**2 + y**2
    found = [d for d in cl.symmetries(alone).discrete if d.kind == "rotation"]
    assert [d.name for d in found] == [f"{k}-fold rotation of (x, y)"]
    assert np.allclose(np.linalg.matrix_power(found[0].matrix, k), np.eye(2))
    # z turns with the first plane: (x + i y)^(k-1) (z + i t)
    lower, lower_imaginary = x, y
    for _ in range(k - 2):
        lower, lower_imaginary = lower * x - lower_imaginary * y, lower * y + lower_imaginary * x
    joint = lower * z - lower_imaginary * t + alone + (z**2 + t**2) ** 2
    names = [d.name for d in cl.symmetries(joint).discrete if d.kind == "rotation"]
    assert f"{k}-fold rotation of (x, y) together with (z, t)" in names
    assert f"{k}-fold rotation of (x, y)" not in names


def test_sequences_shift_and_reverse():
    ring = "q1*q2 + q2*q3 + q3*q4 + q4*q5 + q5*q1 + q1^3 + q2^3 + q3^3 + q4^3 + q5^3"
    found = cl.symmetries(ring)
    assert found.permutation_order == 10
    assert {"cyclic shift of (q1, q2, q3, q4, q5)", "reversal of the order of (q1, q2, q3, q4, q5)"} <= names_of(found)
    n = 5
    springs = " + ".join(f"(q{i + 1} - q{i})^2/2 + (q{i + 1} - q{i})^3/4" for i in range(1, n))
    chain = cl.Polynomial.parse(
        f"q1^2/2 + q1^3/4 + q{n}^2/2 - q{n}^3/4 + {springs} + " + " + ".join(f"p{i}^2/2" for i in range(1, n + 1))
    )
    assert any(
        name.startswith("reversal of the order of") and "q -> -q" in name for name in names_of(cl.symmetries(chain))
    )
    assert "permutations of (x, y, z)" in names_of(cl.symmetries("x^4 + y^4 + z^4 + x*y + y*z + z*x"))


def test_geometry_gives_names_to_its_maps():
    grid = cl.Grid(3, 3, periodic=True)
    couplings = {}
    for i, j in zip(*grid.neighbour_pairs(1), strict=True):
        couplings[(int(i), 1), (int(j), 1)] = -1
    polynomial = cl.Polynomial(couplings | {((i, 1),): 2 for i in range(9)}, [f"s{i}" for i in range(9)])
    found = cl.symmetries(Energies((polynomial,), polynomial.variables, ("spin",) * 9, grid))
    kinds = {symmetry.kind for symmetry in found.discrete}
    assert {"translation", "reflection", "rotation by 90 degrees"} <= kinds
    assert found.dimension == 0


def test_spins_and_bits_are_read_by_their_values():
    kinds = dict.fromkeys("abc", "spin")
    assert "(a, b, c) -> -(a, b, c)" in names_of(cl.symmetries("a*b*c^2 + b*c*a^4 + a*c", variables=kinds))
    bits = cl.symmetries("a*b - a/2 - b/2", variables=dict.fromkeys("ab", "bit"))
    assert "complement of (a, b)" in names_of(bits)
    squared = cl.symmetries("a^2*b^3 - a^5/2 - b/2", variables=dict.fromkeys("ab", "bit"))
    assert names_of(squared) == names_of(bits)
    with pytest.raises(ValueError, match=r"`variables` of `symmetries` must be a kind \(real, spin or bit\) by name"):
        cl.symmetries("a*b", variables={"a": "complex"})


def test_rows_measure_what_a_symmetry_changes():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    found = cl.symmetries("x^4 + y^4", X=X)
    assert max(found.changes.values()) < 1e-12
    assert list(found.table.columns) == ["symmetry", "kind", "residual", "expected", "p_value", "change"]
    with pytest.raises(ValueError, match=r"`X` of `symmetries` must be of shape \(samples, 2\), got shape \(200, 3\)"):
        cl.symmetries("x^4 + y^4", X=np.ones((200, 3)))


def test_the_result_prints_words_and_a_table():
    text = repr(cl.symmetries("x^2 + y^2"))
    assert "so(2)" in text
    assert "invariant under rotations of (x, y)" in text
    assert "one-parameter group" in text
    assert "no symmetry found" in repr(cl.symmetries(dense(np.random.default_rng(1), 3, 3)))
