"""Structure in words: sums, products, compositions, few combinations, scaling."""

import numpy as np
import pytest
from symmetric_models import NAMES, dense, measured, monomials, substituted, whole_matrix

import cheaplearn as cl
from cheaplearn.symmetry.decomposition import decompose
from cheaplearn.symmetry.separation import multiplicative_parts


def some(rng, variables, names, degree):
    """A random polynomial in some of the variables, each of which occurs."""
    keys = [m for m in monomials(len(variables), degree)]
    terms = {
        tuple((variables[i], e) for i, e in keys[k]): int(rng.integers(1, 9))
        for k in rng.choice(len(keys), min(3, len(keys)), replace=False)
    }
    terms |= {((v, degree),): int(rng.integers(1, 9)) for v in variables}
    return cl.Polynomial(terms, names)


def test_compositions_are_found_again():
    for seed in range(30):
        rng = np.random.default_rng(seed)
        n, size, r = 2 + seed % 2, 2 + seed % 2, 2 + seed % 3
        inner = some(rng, range(n), NAMES[:n], size)
        outer = [int(value) for value in rng.integers(-4, 5, r)] + [int(rng.integers(1, 5))]
        p = sum((inner**k * value for k, value in enumerate(outer)), cl.Polynomial.constant(0, NAMES[:n]))
        f, h = decompose(p)
        assert f.degree >= r
        assert (
            sum((h ** (m[0][1] if m else 0) * c for m, c in f.terms.items()), cl.Polynomial.constant(0, NAMES[:n])) == p
        )
    for seed in range(20):
        assert decompose(dense(np.random.default_rng(seed), 2 + seed % 3, 4)) is None
    found = cl.describe("(x*y + z)^3 + 2*(x*y + z)")
    assert (str(found.outer), str(found.inner)) == ("2*g + g**3", "z + x*y")


def test_products_up_to_a_constant_are_found_again():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        names = NAMES[:4]
        f, g = some(rng, [0, 1], names, 2), some(rng, [2, 3], names, 2) + seed % 3
        constant = int(rng.integers(-3, 4))
        found, parts = multiplicative_parts(f * g + constant)
        assert found == constant + 0
        product = cl.Polynomial.constant(1, names)
        for part in parts:
            product = product * part
        assert product + constant == f * g + constant
        assert len(parts) >= 2
    assert multiplicative_parts(dense(np.random.default_rng(0), 3, 3)) is None
    assert multiplicative_parts(cl.Polynomial.parse("x^2 + y^2")) is None


def test_sums_of_functions_and_the_graph():
    found = cl.describe("x*y + y^2*z + u^4 + v*t + 3")
    assert found.components == [("x", "y", "z"), ("u",), ("v", "t")]
    assert found.edges == [("x", "y"), ("y", "z"), ("v", "t")]
    assert sum(found.blocks, cl.Polynomial.constant(3)) == cl.Polynomial.parse("x*y + y^2*z + u^4 + v*t + 3")
    assert "a sum of functions of (x, y, z), (u), (v, t)" in found.words


def test_few_linear_combinations_are_shown():
    rng = np.random.default_rng(0)
    p = substituted(cl.Polynomial.parse("x^3 + x*y^2 + y", NAMES[:5]), whole_matrix(rng, 5))
    found = cl.describe(p)
    assert found.forms.shape == (2, 5)
    assert any(sentence.startswith("depends on 2 linear combinations of 5 variables") for sentence in found.words)
    # along directions on which the forms vanish nothing changes
    direction = np.linalg.svd(found.forms)[2][-1]
    points = rng.normal(size=(20, 5))
    np.testing.assert_allclose(p(points + direction), p(points), rtol=1e-9, atol=1e-6)


def test_radial_and_scaling_words():
    found = cl.describe("(x^2 + y^2 + z^2)^2 + w^4")
    assert found.invariants == ["x**2 + y**2 + z**2"]
    assert "homogeneous of degree 4" in found.words
    assert found.scaling == ({"x": 1, "y": 1, "z": 1, "w": 1}, 4)
    assert cl.describe("x^3 + y^2").scaling == ({"x": 2, "y": 3}, 6)
    assert cl.describe("x^3 + y^2 + x*y").scaling is None


def test_couplings_near_zero_are_left_out_and_counted():
    rng = np.random.default_rng(0)
    energy = cl.Polynomial.parse("x^2 + y^2 + z^2 + x*y + x^4 + y^4")
    found = cl.describe(measured(energy, rng, 0.01, 4))
    assert found.components == [("x", "y"), ("z",)]
    assert found.left_out == len(monomials(3, 4)) - len(energy)
    assert any(f"{found.left_out} couplings within 3 standard errors of 0" in sentence for sentence in found.words)
    assert any("not looked for: the couplings carry errors" in sentence for sentence in found.words)
    everything = cl.describe(measured(energy, np.random.default_rng(0), 0.01, 4), threshold=0)
    assert everything.left_out == 0
    assert len(everything.components) == 1
    with pytest.raises(ValueError, match=r"`threshold` of `describe` must be at least 0"):
        cl.describe("x", threshold=-1)
