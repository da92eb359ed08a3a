"""The ladder, its rule, and everything the classifier refuses."""

import json
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold, ShuffleSplit, StratifiedKFold, cross_val_score

from cheaplearn.geometry import Chain, Graph, Grid
from cheaplearn.hamiltonian import Hamiltonian, count_monomials
from cheaplearn.learning import HamiltonianClassifier
from cheaplearn.learning.coordinates import Features
from cheaplearn.learning.families import Family
from cheaplearn.learning.ladder import choose
from cheaplearn.learning.refit import fit_family

COLUMNS = [
    "order", "radius", "symmetry", "levels", "parameters", "loss",
    "standard_error", "difference", "difference_standard_error", "chosen",
]  # fmt: skip


def xor_of_neighbours(seed, samples=300, n=5):
    """A class that only products of neighbours on a chain can tell."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(samples, n))
    energy = 3 * sum(X[:, i] * X[:, i + 1] for i in range(n - 1))
    return X, (energy + rng.logistic(size=samples) > 0).astype(int)


@pytest.fixture(scope="module")
def fitted():
    X, y = xor_of_neighbours(0)
    return X, y, HamiltonianClassifier(geometry=Chain(5), random_state=0).fit(X, y)


def test_ladder_finds_the_order_and_radius_that_made_the_data(fitted):
    _, _, model = fitted
    assert (model.order_, model.radius_) == (2, 1)
    assert model.hamiltonian_.n_parameters == 2 * (count_monomials(5, 2, 1, Chain(5)) + 1)


def test_ladder_has_the_agreed_columns_and_every_family_once(fitted):
    _, _, model = fitted
    table = model.ladder_
    assert list(table.columns) == COLUMNS
    families = [(1, 0), *[(d, r) for d in (2, 3) for r in range(5)]]
    # order 2 has nothing to add beyond the diameter, and neither has order 3
    assert list(zip(table["order"], table["radius"], strict=True)) == families
    sizes = [2 * (count_monomials(5, d, r, Chain(5)) + 1) for d, r in families]
    assert table["parameters"].tolist() == sizes
    assert set(model.regularization_path_.columns) == {
        "order",
        "radius",
        "symmetry",
        "regularization",
        "loss",
        "picked",
    }
    assert model.regularization_path_["picked"].sum() == len(table)


def test_choice_recomputed_by_hand_agrees(fitted):
    _, _, model = fitted
    table = model.ladder_
    best = table.sort_values("loss").iloc[0]
    limit = best["loss"] + best["standard_error"]
    eligible = table[table["loss"] <= limit].sort_values(["parameters", "order", "radius"])
    assert table.index[table["chosen"]].tolist() == [eligible.index[0]]
    np.testing.assert_allclose(table["difference"], table["loss"] - best["loss"], atol=1e-15)
    assert table.loc[table["loss"].idxmin(), "difference_standard_error"] == 0


def test_scores_are_those_of_models_fitted_on_the_training_parts_alone(fitted):
    X, y, model = fitted
    row = model.ladder_[model.ladder_["chosen"]].iloc[0]
    losses = np.empty(len(y))
    scale = model.hamiltonian_.variables
    t = scale.scaled(X)  # the scaling is the one thing that is shared by the folds
    for training, held_out in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
        features = Features(t[training], Chain(5), 1.0)
        family = Family(2, 1.0, count_monomials(5, 2, 1, Chain(5)))
        Y = np.eye(2)[y[training]]
        H, _ = fit_family(
            features,
            family,
            _unit_variables(5),
            np.arange(2),
            Y,
            np.ones(len(training)),
            model.regularization_,
        )
        losses[held_out] = -np.log(H.probabilities(t[held_out])[np.arange(len(held_out)), y[held_out]])
    assert row["loss"] == pytest.approx(losses.mean(), abs=2e-4)
    assert row["standard_error"] == pytest.approx(losses.std() / math.sqrt(len(y)), rel=1e-2)


def _unit_variables(n):
    from cheaplearn.hamiltonian import Variables

    return Variables.default(n)


@pytest.mark.parametrize(
    ("parameters", "losses", "error", "expected"),
    [
        ([10, 20, 30], [0.9, 0.52, 0.5], 0.03, 1),
        ([10, 20, 30], [0.9, 0.54, 0.5], 0.03, 2),
        ([30, 10, 10], [0.5, 0.5, 0.5], 0.0, 1),  # a tie goes to the first: lower order, then radius
        ([10, 20], [0.5, 0.1], 0.4, 0),  # on the threshold counts as within
    ],
)
def test_rule_takes_the_fewest_parameters_within_one_standard_error(parameters, losses, error, expected):
    assert choose(np.array(parameters), np.array(losses), error) == expected


def test_the_same_seed_gives_the_same_model_in_threads_too():
    X, y = xor_of_neighbours(1, samples=120)
    first, second, threads = (
        HamiltonianClassifier(geometry=Chain(5), random_state=3, n_jobs=n).fit(X, y) for n in (None, None, 2)
    )
    pd.testing.assert_frame_equal(first.ladder_, second.ladder_, check_exact=True)
    pd.testing.assert_frame_equal(first.ladder_, threads.ladder_, rtol=1e-5)
    assert np.array_equal(first.predict_proba(X), second.predict_proba(X))


@pytest.mark.parametrize("smoothness", [0, 1.0])
def test_integer_weights_equal_repeated_samples(smoothness):
    X, y = xor_of_neighbours(2, samples=60)
    weight = np.random.default_rng(0).integers(0, 4, size=60)
    model = HamiltonianClassifier(2, 1, Chain(5), regularization=0.3, cv=None, smoothness=smoothness)
    weighted = model.fit(X, y, sample_weight=weight).predict_proba(X)
    repeated = model.fit(X.repeat(weight, axis=0), y.repeat(weight)).predict_proba(X)
    np.testing.assert_allclose(weighted, repeated, atol=1e-7)


def test_groups_are_never_divided_and_any_splitter_is_used():
    X, y = xor_of_neighbours(3, samples=120)
    groups = np.repeat(np.arange(24), 5)
    options = {"order": 2, "radius": 1, "geometry": Chain(5), "regularization": 1.0, "random_state": 0}
    by_int = HamiltonianClassifier(cv=4, **options).fit(X, y, groups=groups)
    by_splitter = HamiltonianClassifier(cv=GroupKFold(4), **options).fit(X, y, groups=groups)
    partial = HamiltonianClassifier(cv=ShuffleSplit(3, test_size=0.2, random_state=0), **options).fit(X, y)
    for model in (by_int, by_splitter, partial):
        assert model.ladder_["loss"].between(0.01, 2).all()
    with pytest.raises(ValueError, match="groups"):
        HamiltonianClassifier(cv=GroupKFold(4), **options).fit(X, y)


def test_constant_and_wild_columns_are_kept_and_harmless():
    rng = np.random.default_rng(0)
    X, y = xor_of_neighbours(4, samples=100, n=3)
    X = np.column_stack([X, np.full(100, 7.0), rng.normal(size=100) * 1e-200, rng.normal(size=100) * 1e150])
    model = HamiltonianClassifier(2, "all", regularization=1.0, random_state=0).fit(X, y)
    assert len(model.hamiltonian_.variables) == 6
    assert np.all(np.isfinite(model.predict_proba(X)))


@pytest.mark.parametrize(("load", "least"), [(load_iris, 0.95), (load_wine, 0.96), (load_breast_cancer, 0.96)])
def test_auto_is_sane_on_tables_that_are_no_images(load, least):
    X, y = load(return_X_y=True)
    model = HamiltonianClassifier(random_state=0)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    assert cross_val_score(model, X, y, cv=folds).mean() >= least


def test_local_quadratic_form_reads_digits():
    X, y = load_digits(return_X_y=True)
    training, test = next(StratifiedKFold(4, shuffle=True, random_state=0).split(X, y))
    model = HamiltonianClassifier(2, 1, Grid(8, 8), regularization=0.1, cv=None).fit(X[training], y[training])
    assert model.hamiltonian_.n_parameters == 3390
    assert model.score(X[test], y[test]) >= 0.979


def test_graph_without_translations_and_disconnected_parts_work():
    X, y = xor_of_neighbours(5, samples=120)
    graph = Graph(5, [(0, 1), (1, 2), (3, 4)])
    model = HamiltonianClassifier(order=2, geometry=graph, cv=3, random_state=0).fit(X, y)
    assert model.ladder_["radius"].tolist() == [0, 1, 2, math.inf]


def test_families_beyond_the_budget_are_named():
    X, y = xor_of_neighbours(6, samples=60)
    model = HamiltonianClassifier(geometry=Chain(5), max_terms=15, cv=2, random_state=0)
    with pytest.warns(
        UserWarning,
        match=r"order 3, radius 1 was not fitted: it has more than max_terms=15 monomials. \(7 such",
    ):
        model.fit(X, y)
    assert (model.ladder_["parameters"] <= 2 * 16).all()
    assert len(model.ladder_) + len(model.ladder_notes_) == 11


def test_lack_of_convergence_is_a_warning(monkeypatch):
    from cheaplearn.learning import softmax

    monkeypatch.setattr(softmax, "MAX_STEPS", 1)
    X, y = xor_of_neighbours(7, samples=60)
    with pytest.warns(ConvergenceWarning, match="did not converge: the gradient norm is"):
        HamiltonianClassifier(2, 1, Chain(5), regularization=1e-3, cv=None).fit(X, y)


def test_names_circuit_saving_plot_and_progress(fitted, capsys):
    X, y, model = fitted
    frame = pd.DataFrame(X, columns=list("abcde"))
    named = HamiltonianClassifier(1, 0, regularization=1.0, random_state=0, verbose=1).fit(frame, y)
    assert "families" in capsys.readouterr().err
    assert named.feature_names_in_.tolist() == list("abcde")
    assert named.hamiltonian_.variables.names == tuple("abcde")
    circuit = model.to_circuit()
    np.testing.assert_allclose(circuit(X[:5]), model.hamiltonian_.logits(X[:5]), rtol=1e-9, atol=1e-9)
    header, arrays = model.hamiltonian_.to_arrays()
    again = Hamiltonian.from_arrays(json.loads(json.dumps(header)), arrays)
    assert np.array_equal(again.logits(X), model.hamiltonian_.logits(X))
    axes = model.plot_ladder()
    assert axes.get_xlabel() == "parameters"


def test_without_folds_the_ladder_is_one_family_without_a_score():
    X, y = xor_of_neighbours(8, samples=40)
    model = HamiltonianClassifier(2, 0, regularization=1.0, cv=None).fit(X, y)
    assert model.ladder_["loss"].isna().all()
    assert model.ladder_["chosen"].tolist() == [True]


def small():
    return np.random.default_rng(0).normal(size=(20, 4)), np.repeat(["a", "b"], 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"symmetry": "translation"},
            "`symmetry` of .* must be such that the geometry has it, got 'translation' of None",
        ),
        ({"levels": 2}, "`levels` .* must be 0, got 2. Other values of `levels` are not built yet"),
        ({"engine": "dask"}, "`engine` .* must be 'numpy' or 'streaming', got 'dask'. .* not built yet"),
        ({"order": 0}, '`order` .* must be "auto", an integer of at least 1 or a list of such, got 0'),
        ({"order": "2"}, "`order` .* got '2'"),
        ({"radius": -1}, '`radius` .* must be "auto", "all", a whole number of at least 0 or a list of such, got -1'),
        ({"radius": 1}, "`radius` .* must be 0 or all without a geometry, got 1. Pass a geometry"),
        ({"geometry": "grid"}, "`geometry` .* must be a geometry or None, got 'grid'"),
        (
            {"geometry": Grid(2, 3)},
            r"must be one site per column of X, got Grid\(2, 3\) with 6 sites for 4 columns",
        ),
        ({"regularization": 0}, '`regularization` .* must be "auto" or a finite number, positive, got 0'),
        ({"regularization": "strong"}, "`regularization` .* got 'strong'"),
        ({"smoothness": -1.0}, "`smoothness` .* must be a finite number, at least 0, got -1.0"),
        (
            {"cv": 11},
            "`y` .* must be at least cv=11 samples of every class, got 10 of class 'a'. Lower `cv` to 10",
        ),
        ({"cv": 1}, "`cv` .* must be at least 2 folds, got 1"),
        ({"cv": None}, "`cv` .* must be given if anything has to be chosen, got None"),
        (
            {"cv": "five"},
            "`cv` .* must be a number of folds, a splitter or an iterable of splits, got 'five'",
        ),
        (
            {"cv": [(range(10), range(10, 20))]},
            "must be such that every fold trains every class, got none of class",
        ),
        ({"max_terms": 2}, "`order` .* must be such that a family fits the budget, .* Raise `max_terms`"),
    ],
)
def test_bad_arguments_are_named_with_their_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        HamiltonianClassifier(**arguments).fit(*small())


def test_bad_data_is_refused_with_a_reason():
    X, y = small()
    with pytest.raises(ValueError, match=r"`y` of .* must be of at least two classes, got only one class, 'a'"):
        HamiltonianClassifier().fit(X, np.full(20, "a"))
    with pytest.raises(ValueError, match="Input X contains NaN"):
        HamiltonianClassifier().fit(np.where(X > 1, np.nan, X), y)
    with pytest.raises(ValueError, match=r"Negative values .*sample_weight"):
        HamiltonianClassifier().fit(X, y, sample_weight=np.full(20, -1.0))


def test_test_data_never_enters_the_choice():
    X, y = xor_of_neighbours(9, samples=200)
    with warnings.catch_warnings(record=True) as caught:
        scores = cross_val_score(
            HamiltonianClassifier(geometry=Chain(5), cv=3, random_state=0), X, y, cv=3, error_score="raise"
        )
    assert not caught
    assert scores.mean() > 0.8
