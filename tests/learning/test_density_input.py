"""What the density does with samples and arguments that are odd or wrong."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from discrete_models import model as model_of
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import cheaplearn as cl
from cheaplearn import HamiltonianDensity

METHODS = ("likelihood", "pseudolikelihood", "screening")


def spins(rows=300, n=5, seed=0):
    rng = np.random.default_rng(seed)
    S = rng.choice([-1, 1], size=(rows, n))
    S[:, 1] = np.where(rng.random(rows) < 0.8, S[:, 0], S[:, 1])
    return S


def odd(S, what):
    S = S.copy()
    if what == "constant":
        S[:, 2] = 1
    elif what == "copy":
        S[:, 2] = S[:, 0]
    elif what == "mirror":
        S[:, 2] = -S[:, 0]
    elif what == "one row":
        S = S[:1]
    elif what == "few rows":
        S = S[:4]
    elif what == "never both":
        S = S[~((S[:, 0] == 1) & (S[:, 1] == -1))]
    return S


def of_kind(kind, **options):
    return HamiltonianDensity(kind, labels=[0, 1] if kind == "category" else None, **options)


NOTES = {
    "constant": "Column x2 is always the same value",
    "copy": "Pair x0 and x2 is of columns each other's copies",
    "mirror": "Pair x0 and x2 is of columns each other's copies",
    "one row": "Columns x0, x1, x2, x3, x4 are always the same value",
    "few rows": r"different samples? of 5 variables cannot tell all couplings apart",
    "never both": "Pair x0 and x1 is of columns never in some combination of their states",
}


@pytest.mark.parametrize("what", NOTES)
@pytest.mark.parametrize("method", ["likelihood", "pseudolikelihood"])
@pytest.mark.parametrize("kind", ["spin", "bit", "category"])
def test_samples_that_do_not_identify_couplings_are_fitted_with_a_note(kind, method, what):
    S = odd(spins(), what)
    with pytest.warns(UserWarning, match=NOTES[what]) as caught:
        model = of_kind(kind, method=method).fit(S if kind == "spin" else (S + 1) // 2)
    assert len(caught) == 1  # one warning for all notes: and the optimum was reached
    assert np.all(np.isfinite(model.couplings["value"]))
    assert np.abs(model.couplings["value"]).max() < 60
    assert any("no standard error" in note for note in model.notes_)
    assert model.couplings["standard_error"].isna().any()


@pytest.mark.parametrize("what", ["constant", "copy", "mirror", "one row"])
@pytest.mark.parametrize("kind", ["spin", "bit", "category"])
def test_screening_says_where_its_optimum_is_at_infinity(kind, what):
    """The logarithm of a mean falls linearly there: the solver must stop with finite numbers and say so."""
    S = odd(spins(), what)
    model = of_kind(kind, method="screening")
    with pytest.warns(UserWarning, match=NOTES[what]), pytest.warns(ConvergenceWarning, match="did not converge"):
        model.fit(S if kind == "spin" else (S + 1) // 2)
    assert np.all(np.isfinite(model.couplings["value"]))
    with warnings.catch_warnings():  # a prior that is worth some samples makes the optimum finite
        warnings.filterwarnings("ignore", category=UserWarning, message="HamiltonianDensity: ")
        model.set_params(regularization=50.0).fit(S if kind == "spin" else (S + 1) // 2)
    assert np.abs(model.couplings["value"]).max() < 60


def test_notes_are_about_coupled_columns_only():
    S = spins()
    S[:, 4] = S[:, 0]  # far apart on the chain
    HamiltonianDensity("spin", geometry=cl.Chain(5), radius=1).fit(S)
    HamiltonianDensity("spin", order=1).fit(S)
    with pytest.warns(UserWarning, match="x0 and x4"):
        HamiltonianDensity("spin", geometry=cl.Chain(5, periodic=True), radius=1).fit(S)


@pytest.mark.parametrize("method", METHODS)
def test_states_that_never_occur_are_not_identified(method):
    S = spins()
    with pytest.warns(UserWarning, match="HamiltonianDensity"):
        model = HamiltonianDensity("category", method=method, labels=[-1, 1, 7], order=1).fit(S)
    table = model.couplings.set_index("term")
    assert np.all(np.isfinite(table["value"]))
    assert np.isnan(table["standard_error"]["x0=7"])


@pytest.mark.parametrize("method", METHODS)
def test_a_penalty_that_removes_every_term_leaves_the_uniform_model(method):
    S = spins()
    model = HamiltonianDensity("spin", method=method, terms=[(0, 2), (3, 4)], l1=50.0).fit(S)
    assert len(model.couplings) == 0
    np.testing.assert_allclose(model.score_samples(S), -5 * np.log(2))


@pytest.mark.parametrize("method", METHODS)
def test_fields_survive_the_penalty_even_where_they_are_exactly_zero(method):
    S = spins()
    model = HamiltonianDensity("spin", method=method, l1=1.0).fit(np.vstack([S, -S]))  # no field by symmetry
    assert set(model.couplings["term"]) >= {f"x{i}" for i in range(5)}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["spin", "bit", "category"])
def test_one_column_is_a_coin(kind, method):
    s = np.repeat([[-1], [1]], [30, 70], axis=0)
    model = HamiltonianDensity(kind, method=method).fit(s if kind == "spin" else (s + 1) // 2)
    values = [[-1], [1]] if kind == "spin" else [[0], [1]]
    np.testing.assert_allclose(np.exp(model.score_samples(values)), [0.3, 0.7], atol=1e-5)


def test_rows_of_weight_zero_are_as_if_they_were_not_there():
    X = np.array([[0, 1], [1, 0], [0, 0], [1, 1], [2, 0]])
    weight = [1, 2, 1, 1, 0]
    some, none = HamiltonianDensity("category"), HamiltonianDensity("category")
    some.fit(X, sample_weight=weight)  # state 2 occurs in a row that does not count
    none.fit(X[:4], sample_weight=weight[:4])
    pd.testing.assert_frame_equal(some.couplings, none.couplings)
    missing = np.array([["a", None], ["b", "x"], ["a", "y"], ["b", "y"]], object)
    HamiltonianDensity("category", order=1).fit(missing, sample_weight=[0, 1, 1, 1])
    with pytest.raises(ValueError, match="column x1, got row 2"):
        HamiltonianDensity("category").fit(missing[[1, 2, 0]], sample_weight=[0, 1, 1])


def test_more_columns_than_powers_of_two_fit_in_a_float():
    S = np.random.default_rng(0).choice([-1, 1], size=(20, 1100))
    S[:2] = [[1], [-1]]
    model = HamiltonianDensity("spin", order=1).fit(S)  # 20 samples identify fields: no warning
    assert model.method_ == "pseudolikelihood"


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (spins()[:, 0], {}, "Expected 2D array"),
        (spins()[:0], {}, "0 sample"),
        (np.where(spins() > 0, np.nan, -1.0), {}, "NaN"),
        (np.where(spins() > 0, "up", "down"), {}, "could not convert string"),
        (np.zeros((3, 2)), {}, r"one of -1, 1 in column 0 \(x0\), got 0.0 in row 0"),
        (np.array([[1, 1], [1, 0.5]]), {"kind": "bit"}, r"one of 0, 1 in column 1 \(x1\), got 0.5 in row 1"),
        (np.where(spins() > 0, np.nan, -1.0), {"kind": "category"}, "without missing values in column x0, got row"),
        (np.array([["a", "x"], ["b", None]], object), {"kind": "category"}, "missing values in column x1, got row 1"),
        (pd.DataFrame({"u": pd.array(["a", pd.NA], dtype="string")}), {"kind": "category"}, "column u, got row 1"),
        (np.array([["a"], [1]], object), {"kind": "category"}, "of one type in column x0"),
        (spins(), {"kind": "category", "labels": [-1, 0]}, r"one of -1, 0 in column 0 \(x0\), got 1"),
        (spins(), {"kind": "category", "labels": [[-1, 1], [-1, 1]]}, "one for each of 5 columns"),
        (spins(), {"labels": [-1, 1]}, "`labels` .* None unless kind is category"),
        (spins(), {"geometry": cl.Chain(4)}, "one site per column of X"),
        (spins(), {"geometry": 5}, "a geometry or None"),
        (spins(), {"kind": "spni"}, "one of real, spin, bit, category, got 'spni'"),
        (
            spins(),
            {"method": "magic"},
            "one of auto, likelihood, pseudolikelihood, screening for kind=.spin., got .magic.",
        ),
        (spins(), {"terms": [("x0", "z")]}, r"different sites of 0 .. 4 .*got \('x0', 'z'\)"),
        (spins(), {"terms": [(0, 0)]}, "different sites"),
        (spins(), {"terms": [(0, 5)]}, "different sites"),
        (spins(), {"terms": [(0, 1.5)]}, "different sites"),
        (spins(), {"terms": [()]}, "different sites"),
        (spins(), {"terms": []}, "at least one set"),
        (spins(), {"terms": 3}, "a list of sets of sites"),
        (spins(), {"terms": "x0"}, "a list of sets of sites"),
        (spins(), {"terms": np.triu(np.ones((5, 5), bool), 1)}, "a symmetric mask"),
        (spins(), {"terms": [(0, 1)], "order": "auto"}, "None if order or radius is chosen"),
        (spins(), {"order": 0}, '"auto", an integer'),
        (spins(), {"order": 1.5}, '"auto", an integer'),
        (spins(), {"radius": 1}, "0 or all without a geometry"),
        (spins(), {"regularization": -1.0}, "not negative"),
        (spins(), {"regularization": np.nan}, "not negative"),
        (spins(), {"l1": "lots"}, "not negative"),
        (spins(), {"standard_errors": "yes"}, '"auto", True or False'),
        (spins(), {"order": "auto", "cv": 1}, "between 2 and 300 folds"),
        (spins(), {"order": "auto", "cv": None}, "a number of folds or a splitter"),
        (np.random.default_rng(0).choice([-1, 1], size=(50, 40)), {"method": "likelihood"}, "pseudolikelihood or scr"),
    ],
)
def test_bad_input_is_refused_by_name(X, options, message):
    with pytest.raises(ValueError, match=message):
        HamiltonianDensity(**{"kind": "spin", **options}).fit(X)


@pytest.mark.parametrize("weight", [np.zeros(300), -np.ones(300), np.full(300, np.nan), np.ones(299)])
def test_bad_weights_are_refused(weight):
    with pytest.raises(ValueError, match=r"(?i)weight"):
        HamiltonianDensity("spin").fit(spins(), sample_weight=weight)


def test_unseen_states_are_refused_when_predicting():
    model = HamiltonianDensity("category").fit(spins())
    for method in (model.energy, model.score_samples, model.score, model.pseudo_log_likelihood):
        with pytest.raises(ValueError, match=r"one of -1, 1 in column 0 \(x0\), got -?2 in row 0"):
            method(2 * spins())
        with pytest.raises(ValueError, match="3 features"):
            method(spins()[:, :3])


@pytest.mark.parametrize("name", ["couplings", "graph_", "coupling_strengths_", "partition_", "log_partition_"])
def test_unfitted_models_say_so(name):
    with pytest.raises(NotFittedError):
        getattr(HamiltonianDensity("spin"), name)
    for call in (
        lambda m: m.sample(1),
        lambda m: m.energy(spins()),
        lambda m: m.to_circuit(),
        lambda m: m.plot_ladder(),
    ):
        with pytest.raises(NotFittedError):
            call(HamiltonianDensity("spin"))


def test_booleans_are_bits_and_names_come_from_the_columns():
    B = spins() > 0
    frame = pd.DataFrame(B, columns=list("abcde"))
    model = HamiltonianDensity("bit", terms=[("b", "a"), "c", 3, np.int64(4)]).fit(frame)
    assert model.couplings["term"].tolist() == ["c", "d", "e", "a*b"]
    numbers = HamiltonianDensity("bit", terms=[(0, 1), 2, 3, 4]).fit(B.astype(int))
    np.testing.assert_array_equal(model.couplings["value"], numbers.couplings["value"])
    with pytest.raises(ValueError, match="feature names"):
        model.energy(frame[list("edcba")])


def test_columns_of_different_types_are_categories():
    X = np.array([["a", 1], ["b", 2], ["a", 2], ["b", 1], ["a", 1]], object)
    model = HamiltonianDensity("category").fit(X)
    assert model.couplings["term"].tolist()[:4] == ["x0=a", "x0=b", "x1=1", "x1=2"]
    assert set(map(tuple, model.sample(100, random_state=0))) == {("a", 1), ("a", 2), ("b", 1), ("b", 2)}


def test_a_mask_of_pairs_adds_all_fields():
    mask = np.zeros((5, 5), bool)
    mask[0, 1] = mask[1, 0] = mask[2, 2] = True
    model = HamiltonianDensity("spin", terms=mask).fit(spins())
    assert model.couplings["term"].tolist() == ["x0", "x1", "x2", "x3", "x4", "x0*x1"]


def test_numpy_integers_are_orders():
    table = HamiltonianDensity("spin", order=np.int64(1)).fit(spins()).couplings
    assert table["term"].tolist() == ["x0", "x1", "x2", "x3", "x4"]


def test_copies_pickles_and_second_fits_are_the_same():
    S = spins()
    model = HamiltonianDensity("spin", order="auto", random_state=0).fit(S)
    table, ladder = model.couplings, model.ladder_
    for other in (pickle.loads(pickle.dumps(model)), clone(model).fit(S), model.fit(spins(seed=1)).fit(S)):
        pd.testing.assert_frame_equal(other.couplings, table)
        pd.testing.assert_frame_equal(other.ladder_, ladder)
        assert other.log_partition_ == pytest.approx(model.log_partition_)
    assert model.get_params()["order"] == "auto"
    assert model.set_params(kind="bit").kind == "bit"


def test_ln_z_of_another_fit_is_not_kept():
    model = HamiltonianDensity("spin").fit(spins())
    before = model.log_partition_
    assert model.fit(np.vstack([spins(), np.ones((500, 5))])).log_partition_ != before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("weight", [1e-9, 1e9])
def test_any_scale_of_weights_gives_the_same_couplings(method, weight):
    """Errors scale with the root of the weight; no coupling is called unidentified for being known too well."""
    S = spins()
    model = HamiltonianDensity("spin", method=method)
    one = model.fit(S).couplings
    with warnings.catch_warnings():  # of 3e-7 samples nothing is known to 3 nats
        warnings.filterwarnings("ignore" if weight < 1 else "error", message="HamiltonianDensity: Not identified")
        other = model.fit(S, sample_weight=np.full(len(S), weight)).couplings
    np.testing.assert_allclose(other["value"], one["value"], atol=1e-4)
    if weight > 1:
        np.testing.assert_allclose(other["standard_error"] * weight**0.5, one["standard_error"], rtol=1e-3)
    else:
        assert other["standard_error"].isna().all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["spin", "bit", "category"])
def test_intervals_of_ten_million_samples_hold_the_couplings(kind, method):
    _, theta, states, p = model_of(kind, 3, seed=3)
    counts = np.random.default_rng(0).multinomial(10**7, p)
    table = HamiltonianDensity(kind, order=3, method=method).fit(states, sample_weight=counts).couplings
    z = (table["value"] - theta) / table["standard_error"]
    assert np.abs(z).max() < 4.5  # NaN fails too
    assert table["standard_error"].max() < 0.01


@pytest.mark.parametrize("method", ["likelihood", "pseudolikelihood"])
def test_frozen_samples_converge_and_no_interval_promises_too_much(method):
    """Couplings of ten and more: three of sixteen states are seen among 10^7 samples."""
    _, _, states, p = model_of("spin", 2, seed=3, scale=5.0)
    counts = np.random.default_rng(0).multinomial(10**7, p)
    assert np.sum(counts > 0) == 3
    with pytest.warns(UserWarning, match="Column x1 is always the same value") as caught:
        table = HamiltonianDensity("spin", method=method).fit(states, sample_weight=counts).couplings
    assert len(caught) == 1  # converged
    assert table["standard_error"].isna().all()


def test_steps_beyond_what_float64_holds_are_shortened_in_silence():
    _, theta, states, p = model_of("spin", 2, seed=3, scale=5.0)
    model = HamiltonianDensity("spin", method="screening", regularization=0.0, standard_errors=False)
    np.testing.assert_allclose(model.fit(states, sample_weight=p).couplings["value"], theta, atol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_strongly_correlated_columns_converge(method):
    rng = np.random.default_rng(1)
    S = np.where(rng.random((50_000, 6)) < 0.01, -1, 1) * rng.choice([-1, 1], size=(50_000, 1))  # copies but for 1 %
    table = HamiltonianDensity("spin", method=method, order=2).fit(S).couplings
    pairs = table[table["term"].str.contains("*", regex=False)]
    assert np.abs(pairs["value"] - pairs["value"].mean()).max() < 5 * pairs["standard_error"].max()


def test_nothing_of_an_earlier_ladder_is_left():
    model = HamiltonianDensity("spin", order="auto", random_state=0).fit(spins())
    assert len(model.baselines_) == 2
    model.set_params(order=2).fit(spins(seed=1))
    assert not hasattr(model, "baselines_")
    assert not hasattr(model, "ladder_score_")


def test_folds_that_did_not_converge_are_named_as_such():
    S = spins()
    S[:, 4] = S[:, 0]
    S[-1, 4] *= -1  # held out in one fold: a copy in that fold's training rows only
    model = HamiltonianDensity("spin", order="auto", method="screening", regularization=0.0, random_state=0)
    with pytest.warns(ConvergenceWarning, match="some fit on a fold of the ladder stopped too early"):
        model.fit(S)
