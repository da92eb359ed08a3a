"""Hamiltonians against sums written out term by term."""

import io
import json
import math
from fractions import Fraction

import numpy as np
import pytest

from cheaplearn.geometry import Chain, Grid
from cheaplearn.hamiltonian import Hamiltonian, Variables, features, local_monomials


def random_hamiltonian(seed, n=4, order=3, radius=1, kinds=None, classes=("a", "b", "c")):
    rng = np.random.default_rng(seed)
    geometry = Chain(n)
    kinds = kinds or ["real"] * n
    monomials = local_monomials(n, order, radius, geometry, kinds)
    center, scale = rng.normal(size=n), rng.uniform(0.5, 3, size=n)
    return Hamiltonian(
        monomials=monomials,
        coefficients=rng.normal(size=(len(monomials), len(classes))),
        offsets=rng.normal(size=len(classes)),
        classes=np.array(classes),
        variables=Variables([f"v{i}" for i in range(n)], kinds, center, scale),
        geometry=geometry,
        order=order,
        radius=radius,
    )


def slow_energies(H, X):
    t = (X - H.variables.center) / H.variables.scale
    energies = np.zeros((len(X), len(H.classes)))
    for sites, row in zip(H.monomials, H.coefficients, strict=True):
        energies += np.prod(t[:, list(sites)], axis=1)[:, None] * row
    return energies


@pytest.mark.parametrize("seed", range(4))
def test_energies_are_the_sum_over_terms(seed):
    H = random_hamiltonian(seed)
    X = np.random.default_rng(seed + 100).normal(size=(50, 4))
    np.testing.assert_allclose(H(X), slow_energies(H, X), rtol=1e-12, atol=1e-12)


def test_energies_do_not_depend_on_the_size_of_blocks(monkeypatch):
    H = random_hamiltonian(0, n=6, order=3, radius=3)
    X = np.random.default_rng(1).normal(size=(2100, 6))
    monkeypatch.setattr(features, "BLOCK_ENTRIES", 5 * 1024)
    np.testing.assert_allclose(H(X), slow_energies(H, X), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("seed", range(3))
def test_probabilities_are_the_softmax_of_minus_energy_minus_offset(seed):
    H = random_hamiltonian(seed)
    X = np.random.default_rng(seed).normal(size=(20, 4))
    weights = np.exp(-slow_energies(H, X) - H.offsets)
    np.testing.assert_allclose(H.probabilities(X), weights / weights.sum(axis=1, keepdims=True), rtol=1e-10)
    np.testing.assert_allclose(H.logits(X), -slow_energies(H, X) - H.offsets, rtol=1e-10, atol=1e-10)


def test_adding_one_function_to_all_energies_changes_no_probability():
    H = random_hamiltonian(3)
    shift = np.random.default_rng(0).normal(size=(len(H.monomials), 1))
    moved = Hamiltonian(H.monomials, H.coefficients + shift, H.offsets + 5, H.classes, H.variables, H.geometry, 3, 1)
    X = np.random.default_rng(1).normal(size=(20, 4))
    np.testing.assert_allclose(moved.probabilities(X), H.probabilities(X), rtol=1e-10)
    assert H.n_parameters == len(H.monomials) * 3 + 3


@pytest.mark.parametrize("kinds", [None, ["bit", "real", "spin", "real"]])
def test_polynomials_and_circuit_hold_the_exact_function(kinds):
    H = random_hamiltonian(5, kinds=kinds)
    rng = np.random.default_rng(7)
    polynomials, circuit = H.to_polynomials(), H.to_circuit()
    assert circuit.labels == ("a", "b", "c")
    assert circuit.classes.tolist() == ["a", "b", "c"]
    for point in rng.integers(-3, 4, size=(5, 4)) / 4:
        exact_x = [Fraction(x) for x in point.tolist()]
        t = [
            (x - Fraction(c)) / Fraction(s)
            for x, c, s in zip(exact_x, H.variables.center.tolist(), H.variables.scale.tolist(), strict=True)
        ]
        for k in range(3):
            energy = sum(
                Fraction(c) * math.prod(t[i] for i in sites)
                for sites, c in zip(H.monomials, H.coefficients[:, k].tolist(), strict=True)
            )
            assert polynomials[k].exact(exact_x) == energy
            assert circuit.outputs[k].exact(t) == -energy - Fraction(float(H.offsets[k]))


def test_couplings_table_holds_both_units_of_every_term():
    variables = Variables(("x", "y"), ("real", "real"), [1.0, -2.0], [2.0, 4.0])
    terms = local_monomials(2, 2, math.inf)
    theta = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])  # x, y, x^2, x y, y^2
    H = Hamiltonian(terms, theta, [0.0], np.array([0]), variables, None, 2, math.inf)
    table = H.couplings.set_index("term")
    assert list(table.columns) == ["value_scaled", "value_raw"]
    assert table["value_scaled"].to_dict() == {"x": 1, "y": 2, "x**2": 3, "x*y": 4, "y**2": 5, "1": 0}
    # by hand: t_x = (x - 1)/2, t_y = (y + 2)/4
    expected = {
        "x": 1 / 2 - 3 * 2 / 4 + 4 * 2 / 8,
        "y": 2 / 4 - 4 / 8 + 5 * 4 / 16,
        "x**2": 3 / 4,
        "x*y": 4 / 8,
        "y**2": 5 / 16,
        "1": -1 / 2 + 2 * 2 / 4 + 3 / 4 - 4 * 2 / 8 + 5 * 4 / 16,
    }
    assert table["value_raw"].to_dict() == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("classes", [("a", "b"), (3, 5), (True, False), (0.5, 1.5)])
def test_saved_arrays_bring_back_the_same_bits_without_pickle(classes):
    H = random_hamiltonian(9, classes=classes)
    header, arrays = H.to_arrays()
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as loaded:
        again = Hamiltonian.from_arrays(json.loads(json.dumps(header)), dict(loaded))
    assert np.array_equal(again.coefficients, H.coefficients)
    assert np.array_equal(again.offsets, H.offsets)
    assert np.array_equal(again.classes, H.classes)
    assert again.classes.dtype == H.classes.dtype
    assert again.monomials == H.monomials
    assert again.variables == H.variables
    assert again.geometry == H.geometry
    assert (again.order, again.radius) == (H.order, H.radius)


def test_text_in_object_arrays_is_saved_as_text_and_other_objects_are_refused():
    H = random_hamiltonian(9, classes=("a", "b"))
    as_objects = Hamiltonian(
        H.monomials, H.coefficients, H.offsets, H.classes.astype(object), H.variables, H.geometry, 3, 1
    )
    assert as_objects.to_arrays()[1]["classes"].tolist() == ["a", "b"]
    mixed = Hamiltonian(
        H.monomials, H.coefficients, H.offsets, np.array(["a", 1], object), H.variables, H.geometry, 3, 1
    )
    with pytest.raises(ValueError, match=r"`classes` of `Hamiltonian.to_arrays` must be numbers or text"):
        mixed.to_arrays()


def test_saved_data_of_another_version_is_refused():
    header, arrays = random_hamiltonian(0).to_arrays()
    with pytest.raises(ValueError, match=r"must be of format cheaplearn.Hamiltonian, version 1, got .* version 99"):
        Hamiltonian.from_arrays(header | {"version": 99}, arrays)


def test_a_hamiltonian_cannot_be_changed_and_says_what_it_is():
    H = random_hamiltonian(0)
    with pytest.raises(ValueError, match="read-only"):
        H.coefficients[0, 0] = 1
    assert repr(H) == "Hamiltonian(order 3, radius 1, Chain(4): 21 terms of 4 variables x 3 classes, 66 parameters)"


def valid_arguments():
    terms = local_monomials(2, 1, 0)
    return {
        "monomials": terms,
        "coefficients": np.zeros((2, 2)),
        "offsets": np.zeros(2),
        "classes": np.array([0, 1]),
        "variables": Variables.default(2),
        "geometry": None,
        "order": 1,
        "radius": 0,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coefficients": np.zeros((3, 2))}, r"`coefficients` of `Hamiltonian` must be of shape \(2, 2\)"),
        ({"offsets": np.zeros(3)}, r"got \(2, 2\) with offsets \(3,\)"),
        ({"coefficients": np.full((2, 2), np.nan)}, r"must be finite, got NaN or infinity"),
    ],
)
def test_mismatched_parts_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Hamiltonian(**valid_arguments() | change)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((("x", "x"), ("real",) * 2, [0, 0], [1, 1]), "`names` of `Variables` must be all different"),
        (
            (("x", "y"), ("real", "complex"), [0, 0], [1, 1]),
            "`kinds` of `Variables` must be one of real, bit, spin",
        ),
        ((("x", "y"), ("real",) * 2, [0, 0], [1, 0]), "`scale` of `Variables` must be positive and finite"),
        ((("x", "y"), ("real",) * 2, [0], [1, 1]), r"`center` of `Variables` must be of shape \(2,\)"),
    ],
)
def test_bad_variables_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Variables(*arguments)


def test_points_of_the_wrong_width_are_refused():
    H = Hamiltonian(**valid_arguments())
    with pytest.raises(ValueError, match=r"`X` of `Hamiltonian` must be of shape \(samples, 2\), got shape \(1, 3\)"):
        H(np.zeros((1, 3)))


def test_grid_families_keep_their_geometry_in_the_text():
    terms = local_monomials(4, 2, 1, Grid(2, 2))
    H = Hamiltonian(terms, np.zeros((len(terms), 2)), [0, 0], np.array([0, 1]), Variables.default(4), Grid(2, 2), 2, 1)
    assert "Grid(2, 2)" in repr(H)
