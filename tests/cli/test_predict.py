"""`cheaplearn predict`."""

import io
import json

import numpy as np
import pandas as pd

from cheaplearn.cli.model_folder import load_model


def test_prediction_is_that_of_the_saved_hamiltonian(run, fitted):
    outcome = run("predict", fitted / "small-model", fitted / "small.csv")
    table = pd.read_csv(io.StringIO(outcome.out))
    hamiltonian, _, _ = load_model(fitted / "small-model")
    expected = hamiltonian.probabilities(pd.read_csv(fitted / "small.csv")[["a", "b", "c"]])
    assert table.columns.tolist() == ["label", "probability_high", "probability_low"]
    assert np.abs(table.iloc[:, 1:].to_numpy() - expected).max() < 1e-15
    assert table["label"].tolist() == hamiltonian.classes[expected.argmax(axis=1)].tolist()
    assert outcome.err == ""


def test_columns_may_come_in_any_order_and_extra_ones_are_named(run, fitted, tmp_path):
    table = pd.read_csv(fitted / "small.csv")[["c", "b", "a"]].assign(note="text")
    table.to_csv(tmp_path / "new.csv", index=False)
    expected = run("predict", fitted / "small-model", fitted / "small.csv")
    outcome = run("predict", fitted / "small-model", tmp_path / "new.csv")
    assert outcome.out == expected.out
    assert "were not used: note." in outcome.err


def test_json_and_npz(run, fitted, tmp_path):
    X = pd.read_csv(fitted / "small.csv")[["a", "b", "c"]].to_numpy()
    np.savez(tmp_path / "new.npz", X=X)
    record = json.loads(run("predict", fitted / "small-model", tmp_path / "new.npz", "--json").out)
    assert record["classes"] == ["high", "low"]
    assert len(record["label"]) == 90
    assert np.allclose(np.sum(record["probabilities"], axis=1), 1)


def test_output_file_is_refused_if_it_exists(run, fitted, tmp_path):
    target = tmp_path / "out.csv"
    assert run("predict", fitted / "small-model", fitted / "small.csv", "-o", target).code == 0
    written = target.read_text()
    assert written == run("predict", fitted / "small-model", fitted / "small.csv").out
    again = run("predict", fitted / "small-model", fitted / "small.csv", "-o", target)
    assert again.code == 2
    assert "exists already" in again.err
    assert run("predict", fitted / "small-model", fitted / "small.csv", "-o", target, "--overwrite").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_missing_column_is_named(run, fitted, tmp_path):
    (tmp_path / "new.csv").write_text("a,bb,c\n1,2,3\n")
    outcome = run("predict", fitted / "small-model", tmp_path / "new.csv")
    assert outcome.code == 2
    assert "missing: 'b' (did you mean 'bb'?)" in outcome.err
    assert outcome.out == ""


def test_bad_cell_is_named(run, fitted, tmp_path):
    (tmp_path / "new.csv").write_text("a,b,c\n1,2,3\n1,x,3\n")
    outcome = run("predict", fitted / "small-model", tmp_path / "new.csv")
    assert outcome.code == 2
    assert "row 3, column 'b'" in outcome.err


def test_npz_with_another_number_of_columns(run, fitted, tmp_path):
    np.savez(tmp_path / "new.npz", X=np.zeros((2, 5)))
    outcome = run("predict", fitted / "small-model", tmp_path / "new.npz")
    assert outcome.code == 2
    assert "must have 3 columns as in training, got 5" in outcome.err


def test_folder_without_a_model(run, fitted, tmp_path):
    outcome = run("predict", tmp_path, fitted / "small.csv")
    assert outcome.code == 2
    assert "holds no model (model.json is missing)" in outcome.err


def test_model_of_another_format(run, fitted, tmp_path):
    (tmp_path / "model.json").write_text('{"format": "other"}')
    outcome = run("predict", tmp_path, fitted / "small.csv")
    assert outcome.code == 2
    assert "must hold a model of format cheaplearn.model, version 1" in outcome.err
