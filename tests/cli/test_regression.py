"""`cheaplearn fit --target` of numbers, and `predict`: from a table to a formula, a network and intervals."""

import contextlib
import io
import json
import re

import numpy as np
import onnxruntime
import pandas as pd
import pytest

import cheaplearn as cl
from cheaplearn.cli import main
from cheaplearn.cli.model_folder import load_model

QUICK = ["--cv", "3", "--radius", "all"]
FILES = {"model.json", "model.npz", "network.npz", "model.onnx", "ladder.csv", "couplings.csv", "report.html"}


def forces(seed=0, rows=150, noise=0.05):
    """A force that is a polynomial of order 3 of two of three variables."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.uniform(1, 3, (rows, 3)), columns=["a", "b", "c"])
    return table.assign(force=0.5 * table.a * table.b**2 - 2 * table.c + noise * rng.normal(size=rows))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """Tables of forces, the folder of their model, and what was said."""
    folder = tmp_path_factory.mktemp("regression")
    forces().to_csv(folder / "x.csv", index=False)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        options = ["--target", "force", "-o", str(folder / "model"), "--json", *QUICK]
        assert main(["fit", str(folder / "x.csv"), *options]) == 0
    (folder / "facts.json").write_text(out.getvalue())
    (folder / "said.txt").write_text(err.getvalue())
    return folder


def facts_of(fitted):
    return json.loads((fitted / "facts.json").read_text())


def split_of(table):
    """Training and test rows as the command deals them."""
    order = np.random.default_rng(0).permutation(len(table))
    cut = round(0.2 * len(table))
    return table.iloc[np.sort(order[cut:])], table.iloc[np.sort(order[:cut])]


def design_of(table):
    """All monomials of order up to 3, by brute force."""
    values = table[["a", "b", "c"]].to_numpy()
    powers = [(i, j, k) for i in range(4) for j in range(4) for k in range(4) if i + j + k <= 3]
    return np.column_stack([np.prod(values ** np.array(p), axis=1) for p in powers])


def test_fractions_are_taken_for_numbers_and_the_folder_is_complete(fitted):
    assert {path.name for path in (fitted / "model").iterdir()} == FILES
    assert "Task: regress (the target has fractions)." in (fitted / "said.txt").read_text()


def test_scores_are_those_of_least_squares_on_rows_put_aside(fitted):
    facts = facts_of(fitted)
    assert (facts["chosen"]["order"], facts["chosen"]["parameters"]) == (3, 20)
    training, test = split_of(pd.read_csv(fitted / "x.csv"))
    weights = np.linalg.lstsq(design_of(training), training["force"].to_numpy())[0]
    errors = test["force"].to_numpy() - design_of(test) @ weights
    assert facts["test"]["rows"] == 30
    assert facts["test"]["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-6)
    assert facts["test"]["r2"] == pytest.approx(1 - np.mean(errors**2) / test["force"].var(ddof=0), rel=1e-9)
    residuals = training["force"].to_numpy() - design_of(training) @ weights
    assert facts["noise"] == pytest.approx(np.sqrt(residuals @ residuals / (120 - 20)), rel=1e-6)
    assert 0 < facts["test"]["rmse_standard_error"] < facts["test"]["rmse"]
    assert 0 < facts["test"]["r2_standard_error"] < 1e-3


def test_predict_gives_values_with_the_intervals_of_the_text_book(run, fitted, tmp_path):
    """Student's t times sqrt(s^2 (1 + x (X^T X)^-1 x)), from the design matrix."""
    from scipy.stats import t as student

    new = forces(5, 40)
    new.drop(columns="force").assign(note="text").to_csv(tmp_path / "new.csv", index=False)
    outcome = run("predict", fitted / "model", tmp_path / "new.csv")
    found = pd.read_csv(io.StringIO(outcome.out))
    assert found.columns.tolist() == ["prediction", "lower", "upper"]
    assert "were not used: note." in outcome.err
    training, _ = split_of(pd.read_csv(fitted / "x.csv"))
    A, x = design_of(training), design_of(new)
    weights = np.linalg.lstsq(A, training["force"].to_numpy())[0]
    _, R = np.linalg.qr(A)
    leverage = np.sum(np.linalg.solve(R.T, x.T) ** 2, axis=0)
    reach = student.ppf(0.975, 100) * facts_of(fitted)["noise"] * np.sqrt(1 + leverage)
    assert np.abs(found["prediction"] - x @ weights).max() < 1e-6
    assert np.allclose(found["upper"] - found["prediction"], reach, rtol=1e-5)
    assert np.allclose(found["prediction"] - found["lower"], reach, rtol=1e-5)
    record = json.loads(run("predict", fitted / "model", tmp_path / "new.csv", "--json").out)
    assert record["prediction"] == found["prediction"].tolist()
    assert (record["target"], record["level"]) == ("force", 0.95)


def test_network_and_exports_stay_within_the_certificate(fitted):
    folder, facts = fitted / "model", facts_of(fitted)
    hamiltonian, target, _ = load_model(folder)
    X = pd.read_csv(fitted / "x.csv")[["a", "b", "c"]].to_numpy()
    expected = hamiltonian(X) + hamiltonian.offsets
    network = cl.load(folder / "network.npz")
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    assert target == "force"
    assert np.abs(network(X) - expected).max() == pytest.approx(
        facts["network"]["largest_difference_from_model"], rel=1e-9
    )
    assert np.abs(network(X) - expected).max() <= network.certificate.error <= facts["network"]["tolerance"]
    assert np.abs(session.run(None, {"x": X.astype(np.float32)})[0] - expected).max() <= network.certificate.error
    assert network.certificate.box["a"] == (X[:, 0].min(), X[:, 0].max())


def test_sparse_finds_the_formula_that_made_the_data(run, fitted, tmp_path):
    options = ["--target", "force", "-o", tmp_path / "m", "--sparse", *QUICK]
    outcome = run("fit", fitted / "x.csv", *options)
    assert outcome.code == 0, outcome.err
    assert "formula  force = -2*c + 1/2*a*b^2\n" in outcome.out
    facts = load_model(tmp_path / "m")[2]
    assert (facts["terms"], facts["sparse"]) == (2, True)
    assert "simple fractions within their errors" in facts["formula_note"]
    assert abs(facts["couplings"][0]["value"] - 0.5) < 4 * facts["couplings"][0]["standard_error"]
    assert "2 numbers predict force." in (tmp_path / "m" / "report.html").read_text()


def test_people_read_ladder_verdict_formula_scores_and_network(run, fitted, tmp_path):
    outcome = run("fit", fitted / "x.csv", "--target", "force", "-o", tmp_path / "m", *QUICK)
    for text in (
        "Ladder of x: held-out log-loss of force", "<- chosen", "verdict  ", "formula  force = ", "with five digits",
        "--sparse drops terms", "R^2      0.99", "units of force; noise 0.0", "lie in their 95 % interval", "neurons",
        "certified in float32", "differs from the model by", "strongest terms", "(19 terms; all in couplings.csv)",
    ):  # fmt: skip
        assert text in outcome.out, text
    first, second = ((folder / "model.json").read_text() for folder in (fitted / "model", tmp_path / "m"))
    strip = r'"seconds": .*?\}'
    assert re.sub(strip, "", first, flags=re.DOTALL) == re.sub(strip, "", second, flags=re.DOTALL)


def test_intervals_contain_as_many_rows_as_they_say(run, tmp_path):
    forces(8, 2500, noise=0.5).to_csv(tmp_path / "x.csv", index=False)
    options = ["--order", 3, "--test", 0.8, "--target", "force", "-o", tmp_path / "m", "--json", *QUICK]
    facts = json.loads(run("fit", tmp_path / "x.csv", *options).out)
    covered, rows = facts["test"]["covered"], facts["test"]["rows"]
    assert abs(covered - 0.95 * rows) < 4 * np.sqrt(rows * 0.95 * 0.05)


def test_whole_numbers_are_classes_unless_there_are_many_or_it_is_said(run, tmp_path):
    rng = np.random.default_rng(3)
    X = rng.uniform(0, 2, (120, 2))
    few = np.digitize(X[:, 0] + X[:, 1], [1.4, 2.6])
    np.savez(tmp_path / "few.npz", X=X, y=few)
    np.savez(tmp_path / "many.npz", X=X, y=np.round(1000 * X[:, 0]).astype(int))
    common = ["--order", 1, "--cv", 3, "--json"]
    classify = json.loads(run("fit", tmp_path / "few.npz", "-o", tmp_path / "a", *common).out)
    assert classify["task"] == "classify"
    regress = json.loads(run("fit", tmp_path / "few.npz", "-o", tmp_path / "b", "--task", "regress", *common).out)
    assert regress["task"] == "regress"
    outcome = run("fit", tmp_path / "many.npz", "-o", tmp_path / "c", *common)
    assert json.loads(outcome.out)["test"]["r2"] > 0.99
    assert "different whole numbers in 120 rows" in outcome.err


def test_a_tolerance_is_in_the_units_of_the_target(run, fitted, tmp_path):
    outcome = run(
        "fit", fitted / "x.csv", "--target", "force", "-o", tmp_path / "m", "--tolerance", "1e-12", "--order", 2, *QUICK
    )
    assert outcome.code == 1
    assert outcome.out == ""
    assert "best error that can be certified" in outcome.err


def test_an_interrupted_regression_goes_on(run, fitted, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    command = ["fit", fitted / "x.csv", "--target", "force", "-o", tmp_path / "m", "--json", *QUICK]
    with monkeypatch.context() as patch:
        patch.setattr("cheaplearn.cli.regression_fitting._interval", interrupted)
        outcome = run(*command)
    assert outcome.code == 130
    assert "Finished families are kept in m.partial: the same command goes on from there." in outcome.err
    kept = len(list((tmp_path / "m.partial" / "checkpoint").glob("*.npz")))
    assert kept == len(facts_of(fitted)["ladder"])
    outcome = run(*command)
    assert json.loads(outcome.out)["ladder"] == facts_of(fitted)["ladder"]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_samples_of_a_regression_are_refused(run, fitted):
    outcome = run("sample", fitted / "model")
    assert outcome.code == 2
    assert "holds a regression" in outcome.err


ROWS = "a,y\n" + "".join(f"{k},{k / 4}\n" for k in range(1, 25))
CASES = {
    "text": (ROWS + "3,much\n", ["--task", "regress"], r"must be a number but is 'much': .*row 26, column 'y'"),
    "empty": (ROWS + "3,\n", ["--task", "regress"], r"is empty or NaN: .*row 26, column 'y'"),
    "constant": ("a,y\n" + "1,0.5\n" * 30, [], r"The target 'y' must vary, got 0.5 in every row"),
    "few rows": ("a,y\n1,0.5\n2,0.7\n3,0.1\n", [], r"two rows to score and two for each of 5 folds, got .* 3 rows"),
    "fractions as classes": (ROWS, ["--task", "classify"], r"got fractions. .*or pass --task regress"),
    "kind": (ROWS, ["--kind", "real"], r"`--kind` must go with a density"),
    "symmetry": (ROWS, ["--symmetry", "rotation"], r"`symmetry` of `HamiltonianRegressor` must be"),
    "box": (ROWS, ["--box", "b=0:1"], r"`--box` must be about the variables a, got an unknown variable 'b'"),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_input_is_named_and_nothing_is_written(run, tmp_path, case):
    text, options, message = CASES[case]
    (tmp_path / "x.csv").write_text(text)
    outcome = run("fit", tmp_path / "x.csv", "--target", "y", "-o", tmp_path / "out", *options)
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert re.search(message, " ".join(outcome.err.split())), outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
