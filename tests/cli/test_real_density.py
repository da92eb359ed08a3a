"""`cheaplearn fit --density --kind real`, `predict` and `sample`: from a table of real numbers to a model and back."""

import contextlib
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy.special import roots_legendre
from scipy.stats import multivariate_normal, norm

from cheaplearn.cli import main
from cheaplearn.cli.model_folder import load_model

QUICK = ["--cv", "3"]
FILES = {"model.json", "model.npz", "ladder.csv", "couplings.csv", "report.html"}
COVARIANCE = np.array([[1.0, 0.7, 0.0], [0.7, 4.0, 0.0], [0.0, 0.0, 0.25]])
MEAN = np.array([0.0, 5.0, -1.0])


def gaussian(seed, rows=1000):
    return np.random.default_rng(seed).multivariate_normal(MEAN, COVARIANCE, rows)


def wells(seed, rows=900):
    """Two independent variables, each near -1 or 1."""
    rng = np.random.default_rng(seed)
    return rng.choice([-1, 1], (rows, 2)) + 0.4 * rng.normal(size=(rows, 2))


def table_of(X):
    return pd.DataFrame(X, columns=list("abcdefgh")[: X.shape[1]])


def fit(run, source, out, *options):
    outcome = run("fit", source, "--density", "-o", out, "--json", *QUICK, *options)
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A table of Gaussian samples, its model folder, and what was said."""
    folder = tmp_path_factory.mktemp("real")
    table_of(gaussian(0)).to_csv(folder / "x.csv", index=False)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert main(["fit", str(folder / "x.csv"), "--density", "-o", str(folder / "model"), "--json", *QUICK]) == 0
    (folder / "facts.json").write_text(out.getvalue())
    (folder / "said.txt").write_text(err.getvalue())
    return folder


@pytest.fixture(scope="module")
def falling(tmp_path_factory):
    """A fit of odd order, whose density cannot exist."""
    folder = tmp_path_factory.mktemp("falling")
    table_of(gaussian(1, 300)).to_csv(folder / "x.csv", index=False)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        options = ["--density", "--order", "3", "--radius", "all", "-o", str(folder / "model"), "--json"]
        assert main(["fit", str(folder / "x.csv"), *options]) == 0
    return folder, json.loads(out.getvalue())


def facts_of(fitted):
    return json.loads((fitted / "facts.json").read_text())


def split_of(X):
    """Training and test rows as the command deals them."""
    order = np.random.default_rng(0).permutation(len(X))
    cut = len(X) - round(0.2 * len(X))
    return X[np.sort(order[:cut])], X[np.sort(order[cut:])]


def test_fractions_are_taken_for_real_numbers_and_the_folder_is_complete(fitted):
    assert {path.name for path in (fitted / "model").iterdir()} == FILES
    said = (fitted / "said.txt").read_text()
    assert "Task: density of 3 columns of kind real (there are fractions among the cells)." in said


def test_the_gaussian_that_made_the_data_is_found(fitted):
    facts = facts_of(fitted)
    assert (facts["chosen"]["order"], facts["chosen"]["radius"], facts["chosen"]["parameters"]) == (2, "all", 9)
    assert facts["score"] == "Hyvarinen score"
    assert "9 numbers" in facts["verdict"]
    assert facts["existence"]["verdict"] == "yes"
    assert facts["baselines"][0]["model"] == "independent Gaussians"
    table = pd.read_csv(fitted / "model" / "couplings.csv").set_index("term")
    precision = np.linalg.inv(COVARIANCE)
    for i in range(3):
        for j in range(i, 3):
            term = f"{'abc'[i]}**2" if i == j else f"{'abc'[i]}*{'abc'[j]}"
            row = table.loc[term]
            expected = precision[i, j] / (2 if i == j else 1)
            assert abs(row["value_raw"] - expected) < 4 * row["standard_error"], term
            assert row["lower"] < row["value_raw"] < row["upper"]


def test_held_out_scores_and_ln_z_are_those_of_scipy(fitted):
    """The model is a Gaussian: ln p by scipy; the Hyvarinen score by its formula for a precision matrix."""
    facts = facts_of(fitted)
    training, test = split_of(gaussian(0))
    mean, covariance = training.mean(axis=0), np.cov(training.T, ddof=0)
    scores = multivariate_normal(mean, covariance).logpdf(test)
    assert facts["test"]["rows"] == 200
    assert facts["test"]["log_likelihood"] == pytest.approx(scores.mean(), abs=1e-6)
    assert facts["test"]["standard_error"] == pytest.approx(scores.std() / np.sqrt(200), rel=1e-5)
    alone = norm(mean, training.std(axis=0)).logpdf(test).sum(axis=1)
    assert facts["test"]["baselines"][0]["log_likelihood"] == pytest.approx(alone.mean(), abs=1e-6)
    unit = training.std(axis=0)
    precision = np.linalg.inv(covariance) * unit * unit[:, None]
    force = ((test - mean) / unit) @ precision
    losses = (force**2).sum(axis=1) / 2 - np.trace(precision)
    assert facts["test_hyvarinen"]["hyvarinen_score"] == pytest.approx(losses.mean(), rel=1e-6)
    assert facts["test_hyvarinen"]["standard_error"] == pytest.approx(losses.std() / np.sqrt(200), rel=1e-5)


def test_predict_gives_the_log_density_of_every_row(run, fitted, tmp_path):
    new = gaussian(7, 50)
    table_of(new)[list("cba")].assign(note="text").to_csv(tmp_path / "new.csv", index=False)
    outcome = run("predict", fitted / "model", tmp_path / "new.csv")
    scores = pd.read_csv(io.StringIO(outcome.out))
    training, _ = split_of(gaussian(0))
    expected = multivariate_normal(training.mean(axis=0), np.cov(training.T, ddof=0)).logpdf(new)
    assert np.abs(scores["log_probability"] - expected).max() < 1e-6
    assert "were not used: note." in outcome.err
    np.save(tmp_path / "new.npy", new)
    again = json.loads(run("predict", fitted / "model", tmp_path / "new.npy", "--json").out)
    assert np.abs(np.array(again["log_probability"]) - expected).max() < 1e-6


def test_samples_follow_the_model_and_the_seed(run, fitted, tmp_path):
    outcome = run("sample", fitted / "model", "-n", 4000, "--seed", 3)
    table = pd.read_csv(io.StringIO(outcome.out))
    assert table.columns.tolist() == list("abc")
    assert "exact" in outcome.err
    training, _ = split_of(gaussian(0))
    covariance = np.cov(training.T, ddof=0)
    z = (table.to_numpy().mean(axis=0) - training.mean(axis=0)) / np.sqrt(np.diag(covariance) / 4000)
    assert np.abs(z).max() < 4
    spread = np.sqrt((covariance**2 + np.outer(np.diag(covariance), np.diag(covariance))) / 4000)
    assert (np.abs(np.cov(table.to_numpy().T) - covariance) / spread).max() < 4.2
    assert run("sample", fitted / "model", "-n", 4000, "--seed", 3, "-o", tmp_path / "s.npz").out == ""
    assert np.array_equal(np.load(tmp_path / "s.npz")["X"], table.to_numpy())
    other = json.loads(run("sample", fitted / "model", "-n", 4000, "--seed", 4, "--json").out)
    assert not np.array_equal(other["rows"], table.to_numpy())


def test_a_density_within_bounds_integrates_to_one_and_is_zero_beyond(run, tmp_path):
    X = np.random.default_rng(2).beta(2, 2, (400, 2))
    table_of(X).to_csv(tmp_path / "x.csv", index=False)
    options = ["--bounds", "0", "1", "--order", "2", "--radius", "all"]
    facts = fit(run, tmp_path / "x.csv", tmp_path / "m", *options)
    assert facts["bounds"] == {"a": [0, 1], "b": [0, 1]}
    assert facts["existence"]["method"] == "bounded"
    nodes, weights = roots_legendre(30)
    nodes, weights = (nodes + 1) / 2, weights / 2
    grid = np.array([(a, b) for a in nodes for b in nodes])
    np.savez(tmp_path / "new.npz", X=grid)
    scores = pd.read_csv(io.StringIO(run("predict", tmp_path / "m", tmp_path / "new.npz").out))["log_probability"]
    total = np.outer(weights, weights).ravel() @ np.exp(scores)
    partition = facts["log_partition"]
    assert abs(np.log(total)) < partition["upper"] - partition["lower"] + 4 * partition["standard_error"]
    (tmp_path / "new.csv").write_text("a,b\n0.5,0.5\n1.5,0.5\n")
    outcome = run("predict", tmp_path / "m", tmp_path / "new.csv")
    assert np.isneginf(pd.read_csv(io.StringIO(outcome.out))["log_probability"]).tolist() == [False, True]
    assert "have probability 0: 1 of 2" in outcome.err
    assert json.loads(run("predict", tmp_path / "m", tmp_path / "new.csv", "--json").out)["log_probability"][1] is None
    drawn = pd.read_csv(io.StringIO(run("sample", tmp_path / "m", "-n", 200).out)).to_numpy()
    assert np.all((drawn >= 0) & (drawn <= 1))


def test_bounds_of_one_variable_leave_the_others_open(run, tmp_path):
    X = gaussian(3, 300)
    X[:, 1] = np.abs(X[:, 0]) + np.random.default_rng(0).exponential(size=300)
    table_of(X).to_csv(tmp_path / "x.csv", index=False)
    options = ["--order", "2", "--radius", "0", "--bounds", "b:0:inf"]
    facts = fit(run, tmp_path / "x.csv", tmp_path / "m", *options)
    assert facts["bounds"] == {"a": [None, None], "b": [0, None], "c": [None, None]}


def test_a_density_that_does_not_exist_is_said_and_has_no_ln_z(run, falling, tmp_path):
    folder, facts = falling
    assert facts["existence"]["verdict"] == "no"
    assert facts["existence"]["direction"]
    assert facts["log_partition"] is None
    assert facts["test"] is None
    assert np.isfinite(facts["test_hyvarinen"]["hyvarinen_score"])
    for command in (["predict", folder / "model", folder / "x.csv"], ["sample", folder / "model"]):
        outcome = run(*command)
        assert outcome.code == 1
        assert outcome.out == ""
        assert "does not exist" in outcome.err
        assert "--normalizable guarantee" in outcome.err
    outcome = run("fit", folder / "x.csv", "--density", "--order", 3, "--radius", "all", "-o", tmp_path / "m")
    assert "exists   no:" in outcome.out
    assert "falls without end" in outcome.out
    assert "ln Z" not in outcome.out
    assert "No such density exists" in (tmp_path / "m" / "report.html").read_text()


def test_a_guarantee_gives_a_density_that_exists(run, tmp_path):
    table_of(np.random.default_rng(5).exponential(size=(300, 2))).to_csv(tmp_path / "x.csv", index=False)
    options = ["--bounds", "0", "inf", "--order", "2", "--radius", "all"]
    assert fit(run, tmp_path / "x.csv", tmp_path / "m", *options)["existence"]["verdict"] == "no"
    guaranteed = fit(run, tmp_path / "x.csv", tmp_path / "g", *options, "--normalizable", "guarantee")
    assert guaranteed["existence"]["verdict"] == "yes"
    assert guaranteed["log_partition"]["verified"]
    assert any("the nearest do" in note for note in guaranteed["notes"])


def test_symmetries_are_climbed_and_tied_terms_counted(run, tmp_path):
    table_of(wells(0)).to_csv(tmp_path / "x.csv", index=False)
    outcome = run("fit", tmp_path / "x.csv", "--density", "--symmetry", "auto", "-o", tmp_path / "m", *QUICK)
    assert outcome.code == 0, outcome.err
    assert re.search(r"4 +0 +permutation\+sign flip +2 .*<- chosen", outcome.out)
    assert "choice   order 4, radius 0, permutation+sign flip: 2 parameters for 2 variables" in outcome.out
    assert re.search(r"a\*\*4 and 1 like it +\+0\.\d+  \(\+0", outcome.out)
    assert "Hyvärinen score" in outcome.out
    assert "loss (nats)" not in outcome.out
    facts = load_model(tmp_path / "m")[2]
    assert facts["couplings"][0]["terms"] == 2
    assert facts["chosen"]["symmetry"] == "permutation+sign flip"


def test_a_field_on_a_periodic_grid_couples_neighbours(run, tmp_path):
    noise = np.random.default_rng(4).normal(size=(500, 3, 4))
    field = noise + 0.6 * np.roll(noise, 1, axis=2) + 0.6 * np.roll(noise, 1, axis=1)
    np.save(tmp_path / "x.npy", field.reshape(500, 12))
    options = ["--grid", "3x4", "--periodic", "--order", "2", "--symmetry", "translation"]
    facts = fit(run, tmp_path / "x.npy", tmp_path / "m", *options)
    assert facts["chosen"]["radius"] != 0
    assert facts["chosen"]["symmetry"] == "translation"
    assert facts["chosen"]["parameters"] < 12
    page = (tmp_path / "m" / "report.html").read_text()
    assert "single values, squares and products of two values" in page


def test_whole_numbers_are_real_only_if_that_is_said(run, tmp_path):
    X = np.random.default_rng(6).poisson(30, (300, 2))
    table_of(X).to_csv(tmp_path / "x.csv", index=False)
    outcome = run("fit", tmp_path / "x.csv", "--density", "-o", tmp_path / "m")
    assert outcome.code == 2
    assert "or --kind real if they are amounts" in outcome.err
    options = ["--kind", "real", "--order", "2", "--radius", "0"]
    facts = fit(run, tmp_path / "x.csv", tmp_path / "m", *options)
    assert facts["test"]["log_likelihood"] == pytest.approx(2 * norm(30, np.sqrt(30)).entropy() * -1, abs=0.2)


def test_an_ln_z_that_cannot_be_found_is_a_note_and_no_failure(run, fitted, tmp_path, monkeypatch):
    def unreachable(*_, **__):
        message = "chains ran away"
        raise FloatingPointError(message)

    monkeypatch.setattr("cheaplearn.hamiltonian.partition.real_log_partition", unreachable)
    facts = fit(run, fitted / "x.csv", tmp_path / "m", "--order", "2", "--radius", "0")
    assert facts["log_partition"] is None
    assert facts["test"] is None
    assert any("ln Z was not found: chains ran away" in note for note in facts["notes"])
    outcome = run("predict", tmp_path / "m", fitted / "x.csv")
    assert outcome.code == 1
    assert "ln Z was not found" in outcome.err


def test_an_interrupted_fit_goes_on_from_the_families_it_has_scored(run, fitted, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    def never(*_):
        raise AssertionError("a finished family was scored again")

    command = ["fit", fitted / "x.csv", "--density", "-o", tmp_path / "m", "--json", *QUICK]
    with monkeypatch.context() as patch:
        patch.setattr("cheaplearn.cli.density_fitting.real_findings", interrupted)
        assert run(*command).code == 130
    assert [path.name for path in tmp_path.iterdir()] == ["m.partial"]
    assert [path.name for path in (tmp_path / "m.partial").iterdir()] == ["checkpoint"]
    with monkeypatch.context() as patch:
        patch.setattr("cheaplearn.learning.real.ladder._score_members", never)
        outcome = run(*command)
    assert outcome.code == 0, outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert {path.name for path in (tmp_path / "m").iterdir()} == FILES
    assert json.loads(outcome.out)["ladder"] == facts_of(fitted)["ladder"]


ROWS = "a,b\n" + "0.5,0.25\n0.75,1\n" * 20
BITS = "a,b\n" + "1,0\n0,1\n" * 20
CASES = {
    "beyond": ("a,b\n0.5,1\n0.5,-1\n", ["--bounds", "0", "inf"], r"bounds 0 to inf but is -1: .*row 3, column 'b'"),
    "unknown variable": (ROWS, ["--bounds", "c:0:1"], r"`--bounds` must be about the variables a, b, got .*'c'"),
    "empty interval": (ROWS, ["--bounds", "1", "0"], r"`--bounds` must not be empty .* 1 to 0"),
    "no interval": (ROWS, ["--bounds", "a"], r"`--bounds` must be two numbers, got 'a'. Write --bounds 0 inf"),
    "both spellings": (ROWS, ["--bounds", "0", "1", "--bounds", "a:0:1"], r"`--bounds` must be given once"),
    "bounds of bits": (BITS, ["--bounds", "0", "1"], r"`--bounds` must go with real numbers, .*kind bit"),
    "guarantee of bits": (BITS, ["--normalizable", "guarantee"], r"`--normalizable` must go with real numbers"),
    "normalizable": (ROWS, ["--normalizable", "maybe"], r"`--normalizable` must be check or guarantee, got 'maybe'"),
    "symmetry": (ROWS, ["--symmetry", "rotation"], r"`symmetry` of `HamiltonianDensity` must be"),
    "method": (ROWS, ["--method", "screening"], r"`method` of `HamiltonianDensity` must be one of auto, score match"),
    "empty cell": ("a,b\n0.5,1\n,1\n", ["--kind", "real"], r"is empty or NaN: .*row 3, column 'a'"),
    "text": ("a,b\n0.5,1\nx,1\n", ["--kind", "real"], r"must be a number but is 'x': .*row 3, column 'a'"),
    "constant": ("a,b\n0.5,1\n0.75,1\n", [], r"Every column of real numbers must vary, but 'b' is 1 in every row"),
    "few rows": ("a,b\n0.5,1\n1,1.5\n", [], r"one for each of 5 folds, got a share of 0.2 of 2 rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_input_is_named_and_nothing_is_written(run, tmp_path, case):
    text, options, message = CASES[case]
    (tmp_path / "x.csv").write_text(text)
    outcome = run("fit", tmp_path / "x.csv", "--density", "-o", tmp_path / "out", *options)
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert re.search(message, " ".join(outcome.err.split())), outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
