"""Spins and bits in the classifier, its checkpoint, and the baseline of its verdict."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

import cheaplearn as cl
from cheaplearn.geometry import Chain, Grid, groups
from cheaplearn.hamiltonian import local_monomials
from cheaplearn.learning import HamiltonianClassifier, ladder
from cheaplearn.learning.scoring import frequency_losses


def spins(seed, samples=120, n=6):
    rng = np.random.default_rng(seed)
    s = rng.choice([-1.0, 1.0], (samples, n))
    energy = 1.5 * np.sum(s * np.roll(s, -1, axis=1), axis=1)
    return s, (energy + rng.logistic(size=samples) > 0).astype(int)


@pytest.mark.parametrize("kind", ["spin", "bit"])
def test_spins_and_bits_have_no_powers_and_keep_their_units(kind):
    s, y = spins(0)
    X = s if kind == "spin" else (s + 1) / 2
    model = HamiltonianClassifier(2, 1, Chain(6, periodic=True), kind=kind, regularization=0.5, cv=None, smoothness=0)
    H = model.fit(X, y).hamiltonian_
    terms = list(local_monomials(6, 2, 1, Chain(6, periodic=True), [kind] * 6))
    assert list(H.monomials) == terms
    assert all(len(set(sites)) == len(sites) for sites in terms)
    assert H.variables.kinds == (kind,) * 6
    assert not H.variables.center.any()
    assert (H.variables.scale == 1).all()
    products = np.column_stack([np.prod(X[:, list(sites)], axis=1) for sites in terms])
    twin = LogisticRegression(C=2 / 0.5, tol=1e-11, max_iter=10_000).fit(products, y)
    np.testing.assert_allclose(model.predict_proba(X), twin.predict_proba(products), atol=1e-6)


def test_compiled_spins_are_exact_products_of_spins():
    s, y = spins(1)
    options = {"kind": "spin", "regularization": 1.0, "cv": None}
    model = HamiltonianClassifier(2, 1, Chain(6, periodic=True), "translation+sign flip", **options).fit(s, y)
    assert model.hamiltonian_.n_parameters == 2 * (1 + 1)
    network = cl.compile(model)
    assert np.abs(network(s) - model.hamiltonian_.logits(s)).max() <= network.certificate.error
    np.testing.assert_allclose(model.predict_proba(-s), model.predict_proba(s), atol=1e-12)


def test_kinds_may_differ_from_column_to_column():
    s, y = spins(2, n=3)
    X = np.column_stack([s[:, 0], (s[:, 1] + 1) / 2, 5 + s[:, 2] * np.random.default_rng(0).uniform(size=len(s))])
    kinds = ["spin", "bit", "real"]
    H = HamiltonianClassifier(2, "all", kind=kinds, regularization=1.0, cv=None).fit(X, y).hamiltonian_
    assert H.variables.kinds == tuple(kinds)
    assert list(H.monomials) == list(local_monomials(3, 2, np.inf, None, kinds))
    assert H.variables.center[2] > 4
    assert H.variables.center[:2].tolist() == [0, 0]


def test_what_is_no_spin_is_named_by_row_and_column():
    s, y = spins(3)
    s[17, 2] = 0.5
    frame = pd.DataFrame(s, columns=list("abcdef"))
    message = r"`X` of `HamiltonianClassifier` must be -1 or 1 in columns of kind spin, got 0.5 in row 17, column c"
    with pytest.raises(ValueError, match=message):
        HamiltonianClassifier(kind="spin").fit(frame, y)
    with pytest.raises(ValueError, match="row 17, column x2"):  # rows of weight 0 are counted
        HamiltonianClassifier(kind="spin").fit(s, y, sample_weight=np.r_[np.zeros(5), np.ones(115)])
    clean = HamiltonianClassifier(1, 0, kind="spin", regularization=1.0, cv=None).fit(spins(3)[0], y)
    with pytest.raises(ValueError, match="row 17, column x2"):
        clean.predict(s)
    for kind in ("category", ["spin"] * 5, 3):
        with pytest.raises(
            ValueError, match=r"`kind` of .* must be one of real, spin, bit, or a list with one for each"
        ):
            HamiltonianClassifier(kind=kind).fit(s, y)
    with pytest.raises(ValueError, match="without signs unless all variables are real or spins"):
        HamiltonianClassifier(kind="bit", symmetry="sign flip").fit((spins(3)[0] + 1) / 2, y)


def test_generative_classifiers_take_no_checkpoint_and_no_streaming():
    s, y = spins(4)
    with pytest.raises(ValueError, match=r"`checkpoint` of .* must be None if generative=True"):
        HamiltonianClassifier(generative=True, checkpoint="folder").fit(s, y)
    with pytest.raises(ValueError, match=r"`engine` of .* must be 'numpy' if generative=True, got 'streaming'"):
        HamiltonianClassifier(generative=True, engine="streaming").fit(s, y)


def test_interrupted_ladder_goes_on_where_it_stopped(tmp_path, monkeypatch):
    s, y = spins(5)
    ring = Chain(6, periodic=True)
    options = {
        "order": [1, 2], "radius": 1, "geometry": ring, "symmetry": [None, "translation"], "cv": 3, "kind": "spin",
        "random_state": 0,
    }  # fmt: skip
    whole = HamiltonianClassifier(**options).fit(s, y)
    score, scored = ladder.score_family, []

    def stops(limit):
        def counted(*arguments):
            if len(scored) == limit:
                raise KeyboardInterrupt
            scored.append(1)
            return score(*arguments)

        return counted

    monkeypatch.setattr(ladder, "score_family", stops(2))
    with pytest.raises(KeyboardInterrupt):
        HamiltonianClassifier(checkpoint=tmp_path, **options).fit(s, y)
    assert len(list(tmp_path.glob("*.npz"))) == len(scored) == 2
    monkeypatch.setattr(ladder, "score_family", stops(4))
    resumed = HamiltonianClassifier(checkpoint=tmp_path, **options).fit(s, y)
    assert len(scored) == len(whole.ladder_) == 4
    pd.testing.assert_frame_equal(resumed.ladder_, whole.ladder_, check_exact=True)
    pd.testing.assert_frame_equal(resumed.regularization_path_, whole.regularization_path_, check_exact=True)
    assert resumed.verdict_ == whole.verdict_
    for change in ({"smoothness": 0.5}, {"cv": 4}, {"random_state": 1}, {"regularization": 1.0}):
        with pytest.raises(KeyboardInterrupt):  # other settings use none of these scores
            HamiltonianClassifier(checkpoint=tmp_path, **options | change).fit(s, y)
    with pytest.raises(KeyboardInterrupt):
        HamiltonianClassifier(checkpoint=tmp_path, **options).fit(s, 1 - y)


def test_groups_of_one_name_are_not_taken_for_one_another_on_disk(tmp_path, monkeypatch):
    s, y = spins(6)
    one, other = groups.signed_permutation([1, 0, 2, 3, 4, 5]), groups.signed_permutation([0, 1, 3, 2, 4, 5])
    assert one.name == other.name
    losses = [
        HamiltonianClassifier(1, 0, None, group, cv=3, kind="spin", random_state=0, checkpoint=folder)
        .fit(s, y)
        .ladder_["loss"][0]
        for group, folder in ((one, tmp_path), (other, tmp_path), (other, None))
    ]
    assert losses[0] != losses[1] == losses[2]


def test_baseline_is_the_frequency_of_each_class_in_the_training_part():
    rng = np.random.default_rng(0)
    y, weight = rng.permutation(np.repeat([0, 1, 2], [10, 15, 20])), rng.uniform(0.5, 2, 45)
    folds = list(StratifiedKFold(3, shuffle=True, random_state=0).split(y[:, None], y))
    losses = frequency_losses(np.eye(3)[y], weight, folds)
    for training, held_out in folds:
        for row in held_out:
            share = weight[training][y[training] == y[row]].sum() / weight[training].sum()
            assert losses[row] == pytest.approx(-np.log(share))
    assert np.isnan(frequency_losses(np.eye(3)[y], weight, folds[:1])[folds[0][0]]).all()


def test_symmetry_of_a_grid_is_recognised_in_its_configurations():
    rng = np.random.default_rng(7)
    grid = Grid(3, 3, periodic=True)
    s = rng.choice([-1.0, 1.0], (300, 9))
    square = s.reshape(-1, 3, 3)
    energy = 0.8 * sum(np.sum(square * np.roll(square, 1, axis), axis=(1, 2)) for axis in (1, 2))
    y = (energy + rng.logistic(size=300) > 0).astype(int)
    model = HamiltonianClassifier([1, 2], 1, grid, "auto", kind="spin", cv=3, random_state=0).fit(s, y)
    assert "translation" in model.symmetry_
    assert model.order_ == 2
    assert "translation-invariant" in model.verdict_
