"""Lie algebras of linear symmetries of exact and rounded polynomials."""

import numpy as np
import pytest
from symmetric_models import NAMES, dense, of_form, rounded, substituted, whole_matrix

import cheaplearn as cl

HENON_HEILES = "(px^2 + py^2 + x^2 + y^2)/2 + x^2*y - y^3/3"


def residual_on_points(polynomial, generator, rng):
    """Largest |grad H . (M x + c)| relative to the sum of absolute values of its terms, at random points."""
    points = rng.normal(size=(50, len(polynomial.variables)))
    shift = 0 if generator.shift is None else generator.shift
    velocity = points @ generator.matrix.T + shift
    parts = np.array([
        slope(points) * velocity[:, i] for i, slope in enumerate(polynomial.gradient()) if not slope.is_zero
    ])
    return np.max(np.abs(parts.sum(axis=0)) / np.abs(parts).sum(axis=0).max())


def dimension_by_points(polynomial, rng):
    """The twin: rank of the equations grad H(x) . M x = 0 at many random points."""
    n = len(polynomial.variables)
    points = rng.normal(size=(8 * n * n, n))
    gradient = np.array([slope(points) for slope in polynomial.gradient()]).T
    rows = np.einsum("si,sj->sij", gradient, points).reshape(len(points), -1)
    values = np.linalg.svd(rows / np.linalg.norm(rows, axis=1, keepdims=True), compute_uv=False)
    return n * n - int(np.sum(values > 1e-10 * values[0]))


@pytest.mark.parametrize(
    ("p", "q", "name"),
    [
        (2, 0, "so(2)"),
        (1, 1, "so(1,1)"),
        (3, 0, "so(3)"),
        (2, 1, "so(2,1)"),
        (4, 0, "so(4)"),
        (3, 1, "so(3,1)"),
        (2, 2, "so(2,2)"),
        (5, 0, "so(5)"),
        (3, 2, "so(3,2)"),
    ],
)
def test_orthogonal_algebras_are_named_plain_and_hidden(p, q, name):
    rng = np.random.default_rng(p + 10 * q)
    plain = of_form(p, q)
    hidden = substituted(plain, whole_matrix(rng, p + q))
    for polynomial in (plain, hidden, rounded(hidden, rng, 1e-12)):
        found = cl.symmetries(polynomial)
        assert found.algebra == name
        assert found.dimension == (p + q) * (p + q - 1) // 2 == dimension_by_points(plain, rng)
        for generator in found.generators:
            assert residual_on_points(polynomial, generator, rng) < 1e-9
    assert all(generator.residual == 0 for generator in cl.symmetries(hidden).generators)
    assert 0 < max(generator.residual for generator in found.generators) < 1e-9
    assert "rounding" in " ".join(found.words)


def test_float_changes_of_variables_hide_nothing():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        hidden = rounded(substituted(of_form(2, 1), rng.normal(size=(3, 3)).tolist()), rng, 1e-12)
        assert cl.symmetries(hidden).algebra == "so(2,1)"
        assert cl.symmetries(hidden, tolerance=0).dimension == 0


def test_the_forms_of_the_readme_of_physics():
    found = cl.symmetries("x^2 + y^2 - z^2 - t^2")
    assert found.algebra == "so(2,2)"
    assert found.words[:3] == [
        "invariant under rotations of (x, y)",
        "invariant under rotations of (z, t)",
        "invariant under boosts (Lorentz transformations) that mix (x, y) with (z, t)",
    ]
    assert {generator.name for generator in found.generators} >= {
        "rotation of (x, y)",
        "boost of (x, z)",
        "boost of (y, t)",
    }
    central = cl.symmetries("(px^2 + py^2 + pz^2)/2 + (x^2 + y^2 + z^2)^2 + (x*px + y*py + z*pz)^3")
    assert central.algebra == "so(3)"
    assert central.words[0] == "invariant under rotations of (px, py, pz) together with (x, y, z)"
    assert cl.symmetries(HENON_HEILES).words[0] == "invariant under rotations of (px, py)"


def test_names_of_single_generators():
    named = {
        "4*x^2 + y^2": "elliptic rotation of (x, y)",
        "x*y": "squeeze of (x, y): x -> e^(-t) x, y -> e^(t) y",
        "x^2*z - y^2*z + z^3": "boost of (x, y)",
        "(x^2 + y^2)^2 + x*y*z": None,
    }
    for text, name in named.items():
        names = [generator.name for generator in cl.symmetries(text).generators]
        assert names == ([] if name is None else [name])


def test_affine_groups_have_a_centre_or_a_direction():
    about = cl.symmetries("(x - 1)^2 + (y + 2)^2 + ((x - 1)^2 + (y + 2)^2)^2", affine=True)
    assert [generator.name for generator in about.generators] == ["rotation of (x, y) about x = 1, y = -2"]
    assert cl.symmetries("(x - 1)^2 + (y + 2)^2").dimension == 0
    along = cl.symmetries("(x - 2*y)^3 + x - 2*y", affine=True)
    assert [generator.name for generator in along.generators] == ["translation along 2*x + y"]


def test_directions_without_influence_are_said_and_not_counted():
    found = cl.symmetries("(x - y)^4 + (x - y)*(y - z)^2", variables={"x": "real"})
    assert found.dimension == 0
    assert "invariant under translations along the direction x + y + z" in found.words
    plain = cl.symmetries(cl.Polynomial.parse("(x^2 + y^2)^2 + x^2 + y^2", ["x", "y", "w"]))
    assert plain.algebra == "so(2)"
    assert plain.dimension == 1
    assert "does not depend on w" in plain.words


def test_sums_of_algebras_are_told_from_so4():
    apart = cl.symmetries("(x^2 + y^2 + z^2)^2 + (u^2 + v^2 + w^2)^3")
    assert apart.algebra == "so(3) + so(3)"
    assert cl.symmetries("(x^2 + y^2)^2 + (z^2 + t^2)^3").algebra.startswith("abelian R^2")


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_every_quadratic_form_has_its_orthogonal_algebra(n):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        matrix = rng.integers(-4, 5, (n, n))
        matrix = matrix + matrix.T
        if abs(np.linalg.det(matrix)) < 0.5:
            continue
        form = cl.Polynomial.from_dict(
            {
                tuple(int(k == i) + int(k == j) for k in range(n)): int(matrix[i, j]) * (1 if i == j else 2)
                for i in range(n)
                for j in range(i, n)
            },
            list(NAMES[:n]),
        )
        signs = np.linalg.eigvalsh(matrix)
        p, q = sorted((int(np.sum(signs > 0)), int(np.sum(signs < 0))), reverse=True)
        found = cl.symmetries(form)
        assert found.dimension == n * (n - 1) // 2
        assert found.algebra == (f"so({p},{q})" if q else f"so({p})")


def test_random_polynomials_have_no_symmetry():
    for seed in range(100):
        rng = np.random.default_rng(seed)
        n = 2 + seed % 4
        polynomial = dense(rng, n, 3 if n > 3 else 4, whole=seed % 2 == 0)
        found = cl.symmetries(polynomial)
        assert found.dimension == 0, seed
        assert not found.discrete, (seed, found)


def test_many_variables_are_fast_enough():
    n = 24
    radius = sum((cl.Polynomial.variable(f"x{i}") ** 2 for i in range(n)), cl.Polynomial.constant(0))
    energy = radius**2 + sum((cl.Polynomial.variable(f"x{i}") ** 3 for i in range(2)), cl.Polynomial.constant(0))
    found = cl.symmetries(energy)
    assert found.dimension == 22 * 21 // 2
    assert found.algebra == "so(22)"
