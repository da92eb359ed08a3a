"""Classifiers whose couplings a symmetry ties."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cheaplearn.geometry import Chain, Grid, groups
from cheaplearn.hamiltonian import Hamiltonian, find_orbits, local_monomials
from cheaplearn.learning import HamiltonianClassifier
from cheaplearn.learning.coordinates import Features
from cheaplearn.learning.families import Family


def design(t, terms):
    return np.column_stack([np.prod(t[:, list(sites)], axis=1) for sites in terms])


def images(X, group, rounds):
    """Every sample moved by every element of a small group, found by closing the set of signed permutations."""
    n = X.shape[1]
    found = {(tuple(range(n)), (1,) * n)}
    for _ in range(rounds):
        for place, sign in list(found):
            for targets, signs in group.generators:
                moved, moved_sign = np.empty(n, int), np.empty(n, int)
                moved[targets], moved_sign[targets] = place, np.array(sign) * signs
                found.add((tuple(moved.tolist()), tuple(moved_sign.tolist())))
    return [X[:, list(place)] * sign for place, sign in sorted(found)]


def tied_truth(seed, samples, symmetric=True, n=6):
    """Labels by products of neighbours on a ring, all with one coupling or each with its own."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(samples, n))
    strength = np.full(n, 0.9) if symmetric else rng.choice([-1.5, 1.5], n)
    energy = (X * np.roll(X, -1, axis=1)) @ strength
    return X, (energy + rng.logistic(size=samples) > 0).astype(int)


@pytest.mark.parametrize("group", [groups.translations(Chain(5, periodic=True)), groups.permutations(5)])
def test_tied_fit_is_scikit_learns_on_sums_over_orbits(group):
    X, y = tied_truth(0, 80, n=5)
    radius = "all" if group.name == "permutation" else 1
    geometry = Chain(5, periodic=True)
    model = HamiltonianClassifier(2, radius, geometry, group, regularization=0.6, cv=None).fit(X, y)
    H = model.hamiltonian_
    terms = local_monomials(5, 2, H.radius, geometry)
    orbits = find_orbits(terms, group)
    sums = design(H.variables.scaled(X), terms) @ orbits.matrix.toarray() / np.sqrt(orbits.sizes)
    twin = LogisticRegression(C=2 / 0.6, tol=1e-11, max_iter=10_000).fit(sums, y)
    np.testing.assert_allclose(model.predict_proba(X), twin.predict_proba(sums), atol=1e-6)
    # half of the log-odds belong to each class, and a term has its share of the weight of its orbit
    np.testing.assert_allclose(
        -H.coefficients[:, 1], orbits.matrix @ (twin.coef_[0] / np.sqrt(orbits.sizes)) / 2, atol=1e-6
    )
    assert H.n_parameters == 2 * (len(orbits) + 1)


@pytest.mark.parametrize("signs", [False, True])
def test_tied_fit_is_the_free_fit_of_samples_moved_by_the_whole_group(signs):
    rng = np.random.default_rng(1)
    group = groups.translations(Grid(2, 3, periodic=True)) * groups.reflections(Grid(2, 3, periodic=True))
    group = group * groups.sign_flip(6) if signs else group
    X = rng.normal(0.3, 1.0, size=(40, 6))
    X[:2, 0] = -4.0, 4.0  # the range, and with it the scale, is the same for all copies
    y = rng.integers(0, 3, 40)
    options = {"order": 2, "radius": "all", "geometry": Grid(2, 3, periodic=True), "regularization": 0.2, "cv": None}
    tied = HamiltonianClassifier(symmetry=group, **options).fit(X, y)
    copies = images(X, group, 4)
    everything, labels = np.vstack(copies), np.tile(y, len(copies))
    weight = np.full(len(labels), 1 / len(copies))
    free = HamiltonianClassifier(smoothness=0, **options).fit(everything, labels, sample_weight=weight)
    assert len(copies) == (24 if signs else 12)
    np.testing.assert_allclose(tied.predict_proba(X), free.predict_proba(X), atol=1e-6)
    for moved in copies:
        np.testing.assert_allclose(tied.predict_proba(moved), tied.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("group", [groups.block_translations(Grid(3, 4), 2), groups.translations(Grid(3, 4))])
def test_tied_features_have_the_same_kernel_in_both_coordinates(group):
    X = np.random.default_rng(2).normal(size=(30, 12))
    monomials = local_monomials(12, 3, 1, Grid(3, 4))
    orbits = find_orbits(monomials, group)
    family = Family(3, 1.0, len(monomials), group, len(orbits))
    space = Features(X, Grid(3, 4), 1.0)
    sums = design(X, monomials) @ orbits.matrix.toarray() / np.sqrt(orbits.sizes)
    sums -= sums.mean(axis=0)
    W = np.random.default_rng(3).normal(size=(30, 2))
    for coordinates in (space.primal(family), space.dual(family)):
        np.testing.assert_allclose(coordinates.Z @ coordinates.Z.T, sums @ sums.T, atol=1e-9)
        theta, shift = coordinates.couplings(W[: coordinates.Z.shape[1]])
        expected = coordinates.Z @ W[: coordinates.Z.shape[1]]
        np.testing.assert_allclose(design(X, monomials) @ theta - shift, expected, atol=1e-8)
        np.testing.assert_allclose(orbits.matrix @ theta[orbits.first], theta, atol=1e-12)


def test_more_orbits_than_samples_give_an_invariant_model_too():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(30, 9)), rng.integers(0, 2, 30)
    model = HamiltonianClassifier(2, "all", Grid(3, 3), "sign flip", regularization=1.0, cv=None).fit(X, y)
    assert len(model.hamiltonian_.orbits) == 45 > len(X)
    np.testing.assert_allclose(model.predict_proba(-X), model.predict_proba(X), atol=1e-12)
    assert model.gradient_norm_ < 1e-8


def test_ladder_finds_order_radius_and_symmetry_of_the_data():
    ring = Chain(5, periodic=True)
    found = []
    for seed in range(20):
        X, y = tied_truth(seed, 300, n=5)
        model = HamiltonianClassifier([1, 2], "auto", ring, [None, "translation"], cv=3, random_state=seed).fit(X, y)
        found.append((model.order_, model.radius_, model.symmetry_))
    assert sum(choice == (2, 1, "translation") for choice in found) >= 19


def test_ladder_keeps_couplings_free_where_they_differ():
    X, y = tied_truth(5, 600, symmetric=False)
    model = HamiltonianClassifier(2, 1, Chain(6, periodic=True), "auto", cv=3, random_state=0).fit(X, y)
    assert model.symmetry_ in {None, "sign flip"}
    assert model.ladder_["symmetry"].isna().sum() == 1
    assert model.verdict_.startswith(("not cheap", "somewhat cheap", "cheap"))


def test_verdict_counts_from_the_class_frequencies():
    X, y = tied_truth(7, 500)
    model = HamiltonianClassifier([1, 2], 1, Chain(6, periodic=True), [None, "translation"], cv=4, random_state=0).fit(
        X, y
    )
    assert model.verdict_.startswith("cheap: order 2, radius 1, translation-invariant: 8 numbers ")
    assert str(model.ladder_["parameters"].max()) in model.verdict_


def test_invariant_hamiltonian_is_saved_and_compiled_with_its_orbits():
    X, y = tied_truth(8, 120)
    model = HamiltonianClassifier(2, 1, Chain(6, periodic=True), "translation", regularization=1.0, cv=None).fit(X, y)
    again = Hamiltonian.from_arrays(*model.hamiltonian_.to_arrays())
    assert again.orbits.name == model.symmetry_ == "translation"
    assert again.n_parameters == model.hamiltonian_.n_parameters == 8
    np.testing.assert_allclose(model.to_circuit()(X), model.hamiltonian_.logits(X), atol=1e-9)


def test_wrong_symmetries_are_refused_with_a_reason():
    X, y = tied_truth(9, 40)
    kinds = ["real"] * 3 + ["spin"] * 3
    mixed = np.where(np.arange(6) < 3, X, np.sign(X))
    with pytest.raises(
        ValueError, match=r"`symmetry` of .* variables of the same kind, got permutation, which takes x0"
    ):
        HamiltonianClassifier(kind=kinds, symmetry="permutation").fit(mixed, y)
    with pytest.raises(
        ValueError, match=r"`cv` of .* must be given if anything has to be chosen, got None for order 2"
    ):
        HamiltonianClassifier(2, 1, Chain(6, periodic=True), [None, "translation"], regularization=1.0, cv=None).fit(
            X, y
        )
    with pytest.raises(ValueError, match=r"`cv` of .* must be given if anything has to be chosen, got None"):
        HamiltonianClassifier(2, 0, symmetry="auto", regularization=1.0, cv=None).fit(X, y)
