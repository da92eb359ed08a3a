"""`cheaplearn fit` from a table to a folder."""

import json

import numpy as np
import onnxruntime
import pandas as pd
import pytest

import cheaplearn as cl
from cheaplearn.cli.fitting import Job
from cheaplearn.cli.model_folder import load_model

SMALL = ["--order", "2", "--radius", "0", "--cv", "3"]
FILES = {"model.json", "model.npz", "network.npz", "model.onnx", "ladder.csv", "report.html"}


def test_fit_writes_a_complete_folder_and_nothing_else(fitted):
    assert {path.name for path in (fitted / "small-model").iterdir()} == FILES
    assert {path.name for path in fitted.iterdir()} == {"small.csv", "small-model", "facts.json"}


def test_json_is_one_object_with_ladder_choice_and_network(fitted):
    facts = json.loads((fitted / "facts.json").read_text())
    network = cl.load(fitted / "small-model" / "network.npz")
    assert facts["network"]["neurons"] == network.neurons == 3
    assert facts["network"]["certified_error"] == network.certificate.error <= 1e-2
    assert facts["network"]["same_class_as_model"] == facts["rows"] == 90
    assert facts["test"]["rows"] == 18
    assert sum(family["chosen"] for family in facts["ladder"]) == 1
    assert facts["alternatives"][0]["parameters"] == 3 * 100 + 100 + 100 + 1
    assert facts["report"].endswith("report.html")


def test_saved_forms_agree_with_each_other(fitted):
    folder = fitted / "small-model"
    hamiltonian, target, metadata = load_model(folder)
    X = pd.read_csv(fitted / "small.csv")[["a", "b", "c"]].to_numpy()
    network = cl.load(folder / "network.npz")
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    logits, probabilities, label = session.run(None, {"x": X.astype(np.float32)})
    assert target == "label"
    assert metadata["seed"] == 0
    assert np.abs(network(X) - hamiltonian.logits(X)).max() <= network.certificate.error
    assert np.abs(logits - hamiltonian.logits(X)).max() <= network.certificate.error
    assert np.abs(probabilities - hamiltonian.probabilities(X)).max() < 1e-2
    assert label.tolist() == network.predict(X).tolist()


def test_ladder_table_is_written_as_csv(fitted):
    ladder = pd.read_csv(fitted / "small-model" / "ladder.csv")
    facts = json.loads((fitted / "facts.json").read_text())
    assert ladder["parameters"].tolist() == [family["parameters"] for family in facts["ladder"]]
    assert ladder["chosen"].sum() == 1


def test_the_same_seed_gives_the_same_result(run, fitted, tmp_path):
    outcome = run(
        "fit", fitted / "small.csv", "--target", "label", "-o", tmp_path / "again", "--json", "--seed", "0", *SMALL
    )
    first, second = json.loads((fitted / "facts.json").read_text()), json.loads(outcome.out)
    for name in ("ladder", "test", "alternatives", "network"):
        assert first[name] == second[name]


def test_people_read_the_finding_on_stdout_and_progress_on_stderr(run, fitted, tmp_path):
    report = tmp_path / "page.html"
    outcome = run(
        "fit", fitted / "small.csv", "--target", "label", "-o", tmp_path / "out", "--report", report,
        "--box", "-1", "1", "--tolerance", "1e-3", *SMALL,
    )  # fmt: skip
    assert outcome.code == 0
    for word in ("<- chosen", "accuracy", "neurons", "synapses", "depth", "certified", "plain network", str(report)):
        assert word in outcome.out
    assert "Task: classify (the target has 2 different labels)" in outcome.err
    assert "folds" in outcome.err
    assert report.exists()
    assert not (tmp_path / "out" / "report.html").exists()
    certificate = cl.load(tmp_path / "out" / "network.npz").certificate
    assert set(certificate.box.values()) == {(-1.0, 1.0)}


def test_the_box_is_the_range_of_all_rows_unless_given(fitted):
    table = pd.read_csv(fitted / "small.csv")
    box = cl.load(fitted / "small-model" / "network.npz").certificate.box
    assert box == {name: (table[name].min(), table[name].max()) for name in "abc"}


def test_rows_held_out_take_no_part_in_the_choice(run, tmp_path, fitted, monkeypatch):
    """Garbage in the held-out rows changes nothing but their own score."""
    split, seen = Job._split, []

    def spoiled(job):
        training, test = split(job)
        job.samples.y[test] = job.samples.y[test][::-1].copy()
        seen.append(len(test))
        return training, test

    monkeypatch.setattr(Job, "_split", spoiled)
    outcome = run("fit", fitted / "small.csv", "--target", "label", "-o", tmp_path / "x", "--json", *SMALL)
    first, second = json.loads((fitted / "facts.json").read_text()), json.loads(outcome.out)
    assert seen == [18]
    assert first["ladder"] == second["ladder"]
    assert first["network"]["neurons"] == second["network"]["neurons"]
    assert second["test"]["accuracy"] < first["test"]["accuracy"]


def test_npz_with_grid_and_integer_classes(run, tmp_path):
    rng = np.random.default_rng(1)
    X = rng.integers(0, 4, (80, 4)).astype(float)
    np.savez(tmp_path / "grid.npz", X=X, y=(X[:, 0] > X[:, 3]).astype(int))
    outcome = run(
        "fit", tmp_path / "grid.npz", "--grid", "2x2", "-o", tmp_path / "m", "--json", "--order", 2, "--radius", "1",
        "--cv", 3,
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    hamiltonian, _, _ = load_model(tmp_path / "m")
    assert hamiltonian.geometry == cl.Grid(2, 2)
    assert hamiltonian.classes.tolist() == [0, 1]
    assert json.loads(outcome.out)["chosen"]["radius"] == 1


def test_parquet_is_read_like_csv(run, tmp_path, fitted):
    pd.read_csv(fitted / "small.csv").to_parquet(tmp_path / "small.parquet")
    outcome = run("fit", tmp_path / "small.parquet", "--target", "label", "-o", tmp_path / "m", "--json", *SMALL)
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["ladder"] == json.loads((fitted / "facts.json").read_text())["ladder"]


def test_an_unreachable_default_tolerance_gives_way_and_says_so(run, tmp_path, fitted, monkeypatch):
    monkeypatch.setattr("cheaplearn.cli.fitting.DEFAULT_TOLERANCE", 1e-12)
    outcome = run("fit", fitted / "small.csv", "--target", "label", "-o", tmp_path / "m", *SMALL)
    assert outcome.code == 0, outcome.err
    assert "best reachable" in outcome.out
    assert "out of reach" in outcome.err
    assert "out of reach" in (tmp_path / "m" / "report.html").read_text()


def test_an_unreachable_tolerance_that_was_asked_for_ends_with_1_and_no_folder(run, tmp_path, fitted):
    outcome = run(
        "fit", fitted / "small.csv", "--target", "label", "-o", tmp_path / "m", "--tolerance", "1e-12", *SMALL
    )
    assert outcome.code == 1
    assert "best error that can be certified" in outcome.err
    assert outcome.out == ""
    assert list(tmp_path.iterdir()) == []


def test_an_internal_failure_ends_with_3_and_says_how_to_see_more(run, tmp_path, fitted, monkeypatch):
    def broken(*_):
        message = "boom"
        raise RuntimeError(message)

    monkeypatch.setattr("cheaplearn.cli.fitting.Job.run", broken)
    outcome = run("fit", fitted / "small.csv", "--target", "label", "-o", tmp_path / "m")
    assert outcome.code == 3
    assert "RuntimeError: boom" in outcome.err
    assert "CHEAPLEARN_TRACEBACK=1" in outcome.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("word", ["fit", "predict", "sample", "compile"])
def test_help_names_every_command(run, word):
    assert word in run("--help").out
    assert run(word, "--help").code == 0


def test_report_apart_from_the_folder_must_not_lie_inside_it(run, tmp_path, fitted):
    inside = tmp_path / "m" / "page.html"
    outcome = run("fit", fitted / "small.csv", "--target", "label", "-o", tmp_path / "m", "--report", inside)
    assert outcome.code == 2
    assert "lie outside of it" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_failure_leaves_no_report_either(run, tmp_path, fitted, monkeypatch):
    def broken(*_):
        message = "boom"
        raise RuntimeError(message)

    monkeypatch.setattr("cheaplearn.cli.folder.write_report", broken)
    outcome = run(
        "fit", fitted / "small.csv", "--target", "label", "-o", tmp_path / "m", "--report", tmp_path / "p.html", *SMALL
    )
    assert outcome.code == 3
    assert list(tmp_path.iterdir()) == []


def test_constant_column_and_current_folder(run, tmp_path, fitted, monkeypatch):
    pd.read_csv(fitted / "small.csv").assign(c=1.0).to_csv(tmp_path / "flat.csv", index=False)
    monkeypatch.chdir(tmp_path)
    assert run("fit", "flat.csv", "--target", "label", "-o", ".", *SMALL).code == 2
    outcome = run("fit", "flat.csv", "--target", "label", *SMALL)
    assert outcome.code == 0, outcome.err
    assert {path.name for path in tmp_path.iterdir()} == {"flat.csv", "flat-model"}
    assert cl.load("flat-model/network.npz").certificate.box["c"] == (1.0, 1.0)


@pytest.fixture(scope="module")
def ring_file(tmp_path_factory):
    """Classes told apart by neighbours on a ring of spins, all alike."""
    rng = np.random.default_rng(3)
    s = rng.choice([-1.0, 1.0], (240, 5))
    energy = 2 * np.sum(s * np.roll(s, -1, axis=1), axis=1)
    labels = np.where(energy + rng.logistic(size=len(s)) > 0, "aligned", "mixed")
    path = tmp_path_factory.mktemp("ring") / "ring.csv"
    pd.DataFrame(s, columns=list("abcde")).assign(label=labels).to_csv(path, index=False)
    return path


def test_symmetry_is_chosen_saved_and_told(run, ring_file, tmp_path):
    common = ["fit", ring_file, "--target", "label", "--grid", "5", "--periodic", "--order", "2", "--radius", "1"]
    outcome = run(*common, "--symmetry", "auto", "--cv", "3", "-o", tmp_path / "m", "--json")
    assert outcome.code == 0, outcome.err
    facts = json.loads(outcome.out)
    assert facts["chosen"]["symmetry"].startswith("translation")
    assert None in [family["symmetry"] for family in facts["ladder"]]
    assert facts["verdict"].startswith("cheap: order 2, radius 1, translation-invariant")
    hamiltonian, _, _ = load_model(tmp_path / "m")
    assert hamiltonian.orbits.name == facts["chosen"]["symmetry"]
    assert facts["chosen"]["parameters"] == hamiltonian.n_parameters
    page = (tmp_path / "m" / "report.html").read_text()
    assert facts["verdict"] in page
    assert '<th scope="col">symmetry</th>' in page
    assert "<td>" + facts["chosen"]["symmetry"].replace("+", " + ") + "</td>" in page
    text = run(*common, "--symmetry", "translation", "--cv", "3", "-o", tmp_path / "n").out
    assert "verdict  " in text
    assert "symmetry" in text
    assert "choice   order 2, radius 1, translation:" in text


def test_no_symmetry_leaves_no_column_of_symmetries(run, fitted):
    assert '<th scope="col">symmetry</th>' not in (fitted / "small-model" / "report.html").read_text()
    assert json.loads((fitted / "facts.json").read_text())["verdict"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--symmetry", "mirror"], "`symmetry` of `HamiltonianClassifier` must be made of the names"),
        (["--symmetry", "translation"], "must be such that the geometry has it"),
        (["--symmetry", " "], "`--symmetry` must be none, auto or names joined by +, got nothing"),
        (["--symmetry", "auto", "--density"], "`--symmetry` must go with a classifier"),
    ],
)
def test_what_is_no_symmetry_is_refused_at_once(run, fitted, tmp_path, arguments, message):
    target = [] if "--density" in arguments else ["--target", "label"]
    outcome = run("fit", fitted / "small.csv", *target, "-o", tmp_path / "x", *arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert not (tmp_path / "x").exists()
