"""The regressor: what it finds, how sure it says it is, and everything it refuses."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, TimeSeriesSplit
from sklearn.preprocessing import PolynomialFeatures

import cheaplearn as cl
from cheaplearn import Chain, Grid, HamiltonianRegressor, Polynomial, groups


def random_formula(rng, n, degree, terms):
    """A sparse polynomial with simple coefficients and at least one term of the highest degree."""
    chosen = {tuple(sorted(rng.integers(0, n, degree).tolist()))}
    while len(chosen) < terms:
        chosen.add(tuple(sorted(rng.integers(0, n, rng.integers(1, degree + 1)).tolist())))
    table = {}
    for sites in chosen:
        exponents = tuple(np.bincount(sites, minlength=n).tolist())
        table[exponents] = Fraction(int(rng.integers(1, 10)) * int(rng.choice([-1, 1])), int(rng.integers(1, 5)))
    return Polynomial.from_dict(table, [f"x{k}" for k in range(n)])


@pytest.mark.parametrize("seed", range(6))
def test_random_sparse_formulas_are_recovered_exactly_without_noise(seed):
    rng = np.random.default_rng(seed)
    n, degree = int(rng.integers(2, 5)), int(rng.integers(2, 6))
    truth = random_formula(rng, n, degree, 4)
    X = rng.uniform(0.5, 3.0, size=(500, n))
    model = HamiltonianRegressor(sparse=True, random_state=0).fit(X, truth(X))
    assert model.formula_ == [truth]
    assert model.order_ == degree
    assert model.noise_ <= 1e-12 * truth(X).std()
    assert "simple fractions within their errors" in model.formula_notes_[0]


def test_formulas_of_degree_five_are_recovered_without_sparsity():
    rng = np.random.default_rng(1)
    truth = random_formula(rng, 4, 5, 5)
    X = rng.uniform(1, 4, size=(800, 4))
    model = HamiltonianRegressor(random_state=0).fit(X, truth(X))
    table = model.couplings.set_index("term")["value_raw"]
    largest = max(abs(float(c)) for c in truth.terms.values())
    for monomial, c in truth.terms.items():
        text = "*".join(f"x{k}" if power == 1 else f"x{k}**{power}" for k, power in monomial)
        assert table.pop(text) == pytest.approx(float(c), rel=1e-10)
    assert table.drop("1").abs().max() < 1e-10 * largest
    np.testing.assert_allclose(model.predict(X), truth(X), rtol=1e-11)
    assert "fitted ones" in model.formula_notes_[0]
    difference = model.formula_[0] - truth
    points = rng.uniform(1, 4, size=(50, 4))
    np.testing.assert_allclose(difference(points), 0, atol=1e-9 * largest)


def test_least_squares_is_that_of_scikit_learn_on_all_monomials():
    rng = np.random.default_rng(2)
    X, Y = rng.normal(2, 1, size=(300, 4)), rng.normal(size=(300, 2))
    features = PolynomialFeatures(3, include_bias=False)
    twin = LinearRegression().fit(features.fit_transform(X), Y)
    model = HamiltonianRegressor(3, "all", regularization=0, cv=None).fit(X, Y)
    np.testing.assert_allclose(model.predict(X), twin.predict(features.transform(X)), atol=1e-9)
    raw = model.couplings
    names = [text.replace("^", "**").replace(" ", "*") for text in features.get_feature_names_out()]
    for k in range(2):
        mine = raw[raw["class"] == f"y{k}"].set_index("term")["value_raw"]
        np.testing.assert_allclose(mine[names], twin.coef_[k], rtol=1e-6, atol=1e-8)


def test_standard_errors_are_those_of_the_textbook_in_raw_and_scaled_units():
    rng = np.random.default_rng(3)
    X = rng.normal(1, 2, size=(200, 3))
    y = X[:, 0] * X[:, 1] + rng.normal(size=200)
    model = HamiltonianRegressor(2, "all", regularization=0, cv=None).fit(X, y)
    for values, column in ((X, "standard_error"), (model.hamiltonian_.variables.scaled(X), "standard_error_scaled")):
        A = PolynomialFeatures(2).fit_transform(values)
        r = y - A @ np.linalg.lstsq(A, y, rcond=None)[0]
        expected = np.sqrt(r @ r / (200 - A.shape[1]) * np.diag(np.linalg.inv(A.T @ A)))[1:]
        np.testing.assert_allclose(model.couplings[column][:-1], expected, rtol=1e-7)
    assert model.noise_ == pytest.approx(math.sqrt(r @ r / (200 - A.shape[1])))


@pytest.mark.parametrize("sparse", [False, True])
def test_errors_of_couplings_are_as_large_as_they_say(sparse):
    scores = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X = rng.uniform(0.5, 2, size=(300, 3))
        y = 2 * X[:, 0] * X[:, 1] - X[:, 2] ** 2 + 0.3 * rng.normal(size=300)
        model = HamiltonianRegressor(2, random_state=0, sparse=sparse).fit(X, y)
        table = model.couplings.set_index("term")
        for term, true in (("x0*x1", 2.0), ("x2**2", -1.0)):
            if term in table.index:
                scores.append((table.loc[term, "value_raw"] - true) / table.loc[term, "standard_error"])
    z = np.array(scores)
    assert len(z) >= 60
    assert abs(z.mean()) < 4 / math.sqrt(len(z))
    # a selected support makes errors a little larger than they say
    assert 0.7 < z.std() < (1.6 if sparse else 1.3)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_prediction_intervals_cover_new_samples_as_often_as_they_say(level):
    hits = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X, new = rng.normal(size=(2, 60, 3))
        y, y_new = (x[:, 0] * x[:, 1] + 0.5 * rng.normal(size=60) for x in (X, new))
        model = HamiltonianRegressor(2, "all", regularization=0, cv=None).fit(X, y)
        low, high = model.predict_interval(new, level)
        hits.append(np.mean((low <= y_new) & (y_new <= high)))
    error = np.std(hits) / math.sqrt(len(hits))
    assert abs(np.mean(hits) - level) < 4 * error
    mean, spread = model.predict(new, return_std=True)
    np.testing.assert_allclose((low + high) / 2, mean)
    assert np.all(spread > model.noise_)


def test_order_radius_and_symmetry_that_made_the_data_are_chosen():
    right = 0
    chain = Chain(6, periodic=True)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(300, 6))
        y = np.sum(X**2 + X * np.roll(X, 1, axis=1), axis=1) + rng.normal(size=300)
        model = HamiltonianRegressor(
            [1, 2, 3], "auto", chain, [None, "blocks:4", "translation", "translation+reflection"], random_state=seed
        ).fit(X, y)
        name = model.symmetry_
        right += (model.order_, model.radius_, name) == (2, 1, "translation")
    assert right >= 19
    assert model.hamiltonian_.orbits is not None
    assert model.hamiltonian_.n_parameters == 4
    assert model.couplings["terms"].tolist() == [6, 6, 6, 1]
    assert model.verdict_.startswith("cheap: order 2, radius 1, translation-invariant: 4 numbers ")
    shifted = np.roll(X, 1, axis=1)
    np.testing.assert_allclose(model.predict(shifted), model.predict(X), rtol=1e-9)


def test_tied_fits_are_those_of_summed_columns():
    rng = np.random.default_rng(4)
    X, y = rng.normal(1, 1, size=(100, 5)), rng.normal(size=100)
    ring = Chain(5, periodic=True)
    model = HamiltonianRegressor(2, 1, ring, "translation", regularization=0, cv=None).fit(X, y)
    A = np.column_stack([np.ones(100), X.sum(1), (X**2).sum(1), (X * np.roll(X, 1, axis=1)).sum(1)])
    theta = np.linalg.lstsq(A, y, rcond=None)[0]
    np.testing.assert_allclose(model.predict(X), A @ theta, atol=1e-10)
    r = y - A @ theta
    errors = np.sqrt(r @ r / 96 * np.diag(np.linalg.inv(A.T @ A)))[1:]
    table = model.couplings.set_index("term")
    np.testing.assert_allclose(table.loc[["x0", "x0**2", "x0*x1"], "value_raw"], theta[1:], rtol=1e-8)
    np.testing.assert_allclose(table.loc[["x0", "x0**2", "x0*x1"], "standard_error"], errors, rtol=1e-8)


def test_sparse_formulas_respect_a_symmetry():
    rng = np.random.default_rng(5)
    X = rng.uniform(-1, 2, size=(300, 4))
    y = 3 * np.sum(X**2, axis=1) + 0.5
    model = HamiltonianRegressor(2, symmetry="permutation+sign flip", sparse=True, random_state=0).fit(X, y)
    assert model.formula_ == [Polynomial.parse("3*x0**2 + 3*x1**2 + 3*x2**2 + 3*x3**2 + 1/2")]
    assert (len(model.hamiltonian_.monomials), len(model.hamiltonian_.orbits)) == (4, 1)


def test_several_outputs_are_fitted_together_and_named():
    rng = np.random.default_rng(6)
    frame = pd.DataFrame(rng.uniform(1, 3, size=(300, 2)), columns=["m", "v"])
    outputs = pd.DataFrame({"momentum": frame.m * frame.v, "energy": frame.m * frame.v**2 / 2})
    model = HamiltonianRegressor(sparse=True, random_state=0).fit(frame, outputs)
    assert model.formula_ == [Polynomial.parse("m*v"), Polynomial.parse("m*v**2/2")]
    assert model.predict(frame).shape == (300, 2)
    assert model.intercept_.shape == model.noise_.shape == (2,)
    assert model.hamiltonian_.classes.tolist() == ["momentum", "energy"]
    apart = [HamiltonianRegressor(3, "all", regularization=0, cv=None).fit(frame, outputs[name]) for name in outputs]
    together = HamiltonianRegressor(3, "all", regularization=0, cv=None).fit(frame, outputs)
    for k, one in enumerate(apart):
        np.testing.assert_allclose(together.predict(frame)[:, k], one.predict(frame), rtol=1e-12)
    assert model.score(frame, outputs) == pytest.approx(1.0)


def test_noise_leaves_simple_fractions_only_where_the_data_say_so():
    rng = np.random.default_rng(7)
    X = rng.uniform(1, 5, size=(1000, 2))
    y = X[:, 0] ** 2 * X[:, 1] / 2 + X[:, 1] / (2 * math.pi)
    model = HamiltonianRegressor(3, sparse=True, random_state=0).fit(X, y + 0.01 * y.std() * rng.normal(size=1000))
    terms = model.formula_[0].terms
    assert terms[(0, 2), (1, 1)] == Fraction(1, 2)
    exact = HamiltonianRegressor(3, sparse=True, random_state=0).fit(X, y).formula_[0].terms
    assert float(exact[(1, 1),]) == pytest.approx(1 / (2 * math.pi), rel=1e-12)
    assert exact[(1, 1),].denominator > 10**6


def test_compiled_network_is_the_prediction():
    rng = np.random.default_rng(8)
    X = rng.uniform(-1, 1, size=(300, 3))
    y = X[:, 0] * X[:, 1] - 2 * X[:, 2] ** 2 + 3
    for sparse in (False, True):
        model = HamiltonianRegressor(2, random_state=0, sparse=sparse).fit(X, y)
        network = cl.compile(model, box=(-1, 1), tolerance=1e-3)
        assert np.abs(network(X)[:, 0] - model.predict(X)).max() <= network.certificate.error <= 1e-3
        np.testing.assert_allclose(model.to_circuit()(X)[:, 0], model.predict(X), atol=1e-12)


def test_weights_are_repeated_samples():
    rng = np.random.default_rng(9)
    X, y = rng.normal(size=(80, 3)), rng.normal(size=80)
    weight = rng.integers(0, 4, 80)
    for arguments in ({"regularization": 2.0, "cv": None}, {"regularization": 0, "cv": None, "sparse": True}):
        model = HamiltonianRegressor(2, "all", **arguments)
        weighted = model.fit(X, y, sample_weight=weight)
        a = weighted.hamiltonian_.coefficients, weighted.hamiltonian_.raw_standard_errors, weighted.noise_
        repeated = model.fit(X.repeat(weight, axis=0), y.repeat(weight))
        b = repeated.hamiltonian_.coefficients, repeated.hamiltonian_.raw_standard_errors, repeated.noise_
        for one, other in zip(a, b, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_ridge_is_the_minimum_of_its_objective():
    rng = np.random.default_rng(10)
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    model = HamiltonianRegressor(2, "all", regularization=5.0, cv=None).fit(X, y)
    t = model.hamiltonian_.variables.scaled(X)
    A = PolynomialFeatures(2, include_bias=False).fit_transform(t)
    A -= A.mean(axis=0)
    d, u = A.std(axis=0), (y - y.mean()) / y.std()
    theta = np.linalg.solve(A.T @ A + 5 * np.diag(d**2), A.T @ u)
    np.testing.assert_allclose(model.hamiltonian_.coefficients[:, 0], theta * y.std(), rtol=1e-9)


def test_held_out_losses_are_those_of_fits_on_the_training_parts():
    rng = np.random.default_rng(11)
    X, y = rng.normal(size=(90, 2)), rng.normal(size=90)
    for cv in (KFold(3), ShuffleSplit(6, test_size=0.3, random_state=0), TimeSeriesSplit(3)):
        model = HamiltonianRegressor(2, "all", regularization=0, cv=cv).fit(X, y)
        total, count = np.zeros(90), np.zeros(90)
        for training, held in cv.split(X):
            A, B = (PolynomialFeatures(2).fit_transform(X[part]) for part in (training, held))
            theta = np.linalg.lstsq(A, y[training], rcond=None)[0]
            variance = np.sum((y[training] - A @ theta) ** 2) / (len(training) - 6) / y.var()
            r = (y[held] - B @ theta) / y.std()
            np.add.at(total, held, 0.5 * np.log(2 * math.pi * variance) + r**2 / (2 * variance))
            np.add.at(count, held, 1)
        losses = (total[count > 0] / count[count > 0]).mean()
        assert model.ladder_["loss"].tolist() == [pytest.approx(losses, rel=1e-9)]


def test_the_constant_model_is_the_baseline_and_wins_on_noise_alone():
    rng = np.random.default_rng(12)
    X, y = rng.normal(size=(500, 2)), rng.normal(3, 10, size=500)
    model = HamiltonianRegressor([1, 2], random_state=0).fit(X, y)
    assert model.order_ == 1
    assert model.ladder_["loss"].iloc[0] == pytest.approx(1.42, abs=0.06)
    assert HamiltonianRegressor([1, 2], sparse=True, random_state=0).fit(X, y).hamiltonian_.order <= 2


def test_a_checkpoint_gives_the_same_ladder_and_is_used(tmp_path, monkeypatch):
    rng = np.random.default_rng(13)
    X = rng.normal(size=(100, 3))
    y = X[:, 0] * X[:, 1] + 0.1 * rng.normal(size=100)
    plain = HamiltonianRegressor(random_state=0).fit(X, y)
    first = HamiltonianRegressor(random_state=0, checkpoint=tmp_path).fit(X, y)
    from cheaplearn.learning.regression import ladder

    def refuse(*_):
        raise AssertionError

    monkeypatch.setattr(ladder._Trial, "score", refuse)
    again = HamiltonianRegressor(random_state=0, checkpoint=tmp_path).fit(X, y)
    pd.testing.assert_frame_equal(plain.ladder_, first.ladder_, check_exact=True)
    pd.testing.assert_frame_equal(first.ladder_, again.ladder_, check_exact=True)
    pd.testing.assert_frame_equal(first.regularization_path_, again.regularization_path_, check_exact=True)
    with pytest.raises(AssertionError):
        HamiltonianRegressor(random_state=0, checkpoint=tmp_path).fit(X, y + 1e-9)


def test_threads_and_progress_change_nothing(capsys):
    rng = np.random.default_rng(14)
    X, y = rng.normal(size=(100, 3)), rng.normal(size=100)
    one = HamiltonianRegressor([1, 2, 3], random_state=0).fit(X, y)
    two = HamiltonianRegressor([1, 2, 3], random_state=0, n_jobs=2, verbose=1).fit(X, y)
    pd.testing.assert_frame_equal(one.ladder_, two.ladder_, check_exact=True)
    assert "families" in capsys.readouterr().err


def test_columns_that_say_nothing_are_kept_without_an_error():
    rng = np.random.default_rng(15)
    a = rng.normal(size=200)
    X = np.column_stack([a, np.full(200, 7.0), a, rng.normal(size=200)])
    model = HamiltonianRegressor(1, "all", regularization=0, cv=None).fit(X, 2 * a + 0.1 * rng.normal(size=200))
    table = model.couplings.set_index("term")
    assert np.isnan(table.loc[["x0", "x1", "x2"], "standard_error"]).all()
    assert np.isfinite(table.loc["x3", "standard_error"])
    assert table.loc["x1", "value_raw"] == 0
    assert np.isfinite(model.predict(X)).all()


def test_more_terms_than_samples_need_a_penalty():
    rng = np.random.default_rng(16)
    X = rng.normal(size=(40, 60))
    y = X[:, 0] + 0.1 * rng.normal(size=40)
    model = HamiltonianRegressor(random_state=0).fit(X, y)
    assert model.order_ == 1
    assert model.regularization_ > 0
    assert any("more couplings (1890) than samples (40)" in note for note in model.ladder_notes_)
    free = HamiltonianRegressor(1, "all", regularization=0, cv=None).fit(X, y)
    assert np.isnan(free.noise_)
    assert np.isnan(free.predict_interval(X)[0]).all()
    np.testing.assert_allclose(free.predict(X), y, atol=1e-8)


def test_families_beyond_the_budget_are_named():
    rng = np.random.default_rng(17)
    X, y = rng.normal(size=(60, 4)), rng.normal(size=60)
    with pytest.warns(UserWarning, match=r"order 3, radius all was not fitted: it has more than max_terms=20 mono"):
        HamiltonianRegressor([1, 2, 3], max_terms=20, random_state=0).fit(X, y)


def test_groups_are_never_divided():
    rng = np.random.default_rng(18)
    X, y, group = rng.normal(size=(80, 2)), rng.normal(size=80), np.repeat(np.arange(16), 5)
    by_number = HamiltonianRegressor(1, cv=4, random_state=0).fit(X, y, groups=group)
    splitter = GroupKFold(4, shuffle=True, random_state=0)
    by_splitter = HamiltonianRegressor(1, cv=splitter).fit(X, y, groups=group)
    pd.testing.assert_frame_equal(by_number.ladder_, by_splitter.ladder_)
    weight = np.where(np.arange(80) < 5, 0.0, 1.0)
    kept = HamiltonianRegressor(1, cv=[(range(40), range(40, 80))]).fit(X, y, sample_weight=weight)
    gone = HamiltonianRegressor(1, cv=[(range(35), range(35, 75))]).fit(X[5:], y[5:])
    pd.testing.assert_frame_equal(kept.ladder_, gone.ladder_)


def small():
    rng = np.random.default_rng(0)
    return rng.normal(size=(20, 4)), rng.normal(size=20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order": 0}, '`order` of `HamiltonianRegressor` must be "auto", an integer of at least 1 or a list of such'),
        ({"radius": 1}, "`radius` .* must be 0 or all without a geometry, got 1"),
        ({"geometry": "grid"}, "`geometry` .* must be a geometry or None, got 'grid'"),
        ({"geometry": Grid(2, 3)}, r"`geometry` .* one site per column of X, got Grid\(2, 3\) with 6 sites for 4"),
        ({"symmetry": groups.permutations(3)}, "`symmetry` .* a group that acts on 4 variables"),
        ({"regularization": -1}, '`regularization` .* must be "auto" or a finite number, at least 0, got -1'),
        ({"regularization": 1.0, "sparse": True}, '`regularization` .* must be "auto" or 0 if sparse, got 1.0'),
        ({"sparse": "yes"}, "`sparse` .* must be True or False, got 'yes'"),
        ({"max_terms": 0}, "`max_terms` .* must be a finite number, at least 1, got 0"),
        ({"cv": 1}, "`cv` .* must be between 2 and the number of samples, 20, got 1"),
        ({"cv": 21}, "`cv` .* must be between 2 and the number of samples, 20, got 21. Lower `cv`"),
        ({"cv": "five"}, "`cv` .* must be a number of folds, a splitter or an iterable of splits, got 'five'"),
        ({"cv": None}, "`cv` .* must be given if anything has to be chosen, got None"),
        ({"cv": [(range(1), range(1, 20))]}, "`cv` .* every fold trains and tests, got 1 training and 19 held-out"),
        ({"engine": "spark"}, '`engine` of `HamiltonianRegressor` must be "numpy", "dask" or the address'),
        (
            {"cv": None, "order": [1, 2], "radius": "all", "regularization": 0},
            "`cv` .* must be given if anything has to be chosen, got None. Pass one order, radius and symmetry",
        ),
    ],
)
def test_bad_arguments_are_named_with_their_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        HamiltonianRegressor(**arguments).fit(*small())


def test_bad_levels_and_values_are_refused():
    X, y = small()
    model = HamiltonianRegressor(1, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match=r"`level` of `HamiltonianRegressor.predict_interval` must be between 0 and 1"):
        model.predict_interval(X, 95)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        HamiltonianRegressor(1).fit(np.where(X > 1, np.nan, X), y)
    with pytest.raises(
        ValueError, match=r"`sample_weight` .* must be numbers of samples, at least 2 in all, got a sum of"
    ):
        HamiltonianRegressor(1).fit(X, y, sample_weight=np.full(20, 0.05))
    with pytest.raises(ValueError, match="at least 2 samples of positive weight, got n_samples = 1"):
        HamiltonianRegressor(1).fit(X, y, sample_weight=np.eye(20)[0])


def test_ladder_lists_every_family_once_and_shares_their_sums(monkeypatch):
    from cheaplearn.learning.regression import ladder

    passes = []
    monkeypatch.setattr(
        ladder, "moments", lambda rows, design, *rest: passes.append(design) or sums(rows, design, *rest)
    )
    sums = __import__("cheaplearn.learning.regression.rows", fromlist=["moments"]).moments
    rng = np.random.default_rng(19)
    X, y = rng.normal(size=(200, 6)), rng.normal(size=200)
    model = HamiltonianRegressor([1, 2, 3], "auto", Chain(6), [None, "translation"], random_state=0).fit(X, y)
    wide = [design for design in passes if design.n_columns > 1]
    assert len(wide) == 3  # free families, translated ones (their variables share a center), and the last fit
    keys = list(zip(model.ladder_["order"], model.ladder_["radius"], model.ladder_["symmetry"], strict=True))
    expected = [(1, 0), *itertools.product((2, 3), range(6))]
    assert {key[:2] for key in keys} == set(expected)
    assert len(keys) == 2 * len(expected)


def test_families_that_are_exact_up_to_rounding_tie_and_the_cheapest_wins():
    rng = np.random.default_rng(20)
    X = rng.uniform(1, 4, size=(400, 3))
    model = HamiltonianRegressor(random_state=0).fit(X, X[:, 0] * X[:, 1] / 3 + X[:, 2])
    assert model.order_ == 2
    exact = model.ladder_[model.ladder_["order"] >= 2]
    assert len(exact) == 4
    assert exact["loss"].max() - exact["loss"].min() < 0.5
    assert exact["loss"].min() == pytest.approx(math.log(1e-12 * math.sqrt(2 * math.pi)), abs=0.1)


def test_rounding_does_not_choose_between_families_that_are_all_exact():
    ring = Chain(6, periodic=True)
    for seed in range(5):
        X = np.random.default_rng(seed).normal(size=(800, 6))
        y = (X**2 * np.roll(X, 1, axis=1)).sum(axis=1)
        model = HamiltonianRegressor(
            order=[2, 3], radius=[1, 2], geometry=ring, symmetry=[None, "blocks:3", "translation"], random_state=seed
        ).fit(X, y)
        assert (model.order_, model.radius_, model.symmetry_) == (3, 1, "translation")
