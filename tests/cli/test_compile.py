"""`cheaplearn compile`."""

import json

import numpy as np
import onnxruntime
import pytest

XY = ["x*y", "--box", "-1", "1", "--tolerance", "1e-3"]


def test_size_and_certificate_are_printed(run):
    outcome = run("compile", *XY)
    assert outcome.code == 0
    assert "2 neurons" in outcome.out
    assert "Assumptions:" in outcome.out


def test_json_and_onnx_file(run, tmp_path):
    outcome = run("compile", *XY, "-o", tmp_path / "net.onnx", "--json")
    facts = json.loads(outcome.out)
    assert facts["neurons"] == 2
    assert facts["certified_error"] <= 1e-3
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    X = np.random.default_rng(0).uniform(-1, 1, (1000, 2)).astype(np.float32)
    assert np.abs(session.run(None, {"x": X})[0][:, 0] - X[:, 0] * X[:, 1]).max() <= facts["certified_error"]
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]


def test_box_per_variable(run):
    outcome = run("compile", "x + 2*y", "--box", "x=-1:1", "--box", "y=0:3", "--json")
    assert json.loads(outcome.out)["box"] == {"x": [-1.0, 1.0], "y": [0.0, 3.0]}


def test_tolerance_out_of_reach_is_the_answer_no(run, tmp_path):
    arguments = ["x*y", "--box", "-1", "1", "--tolerance", "1e-9", "-o", tmp_path / "net.onnx"]
    outcome = run("compile", *arguments)
    assert outcome.code == 1
    assert outcome.out == ""
    assert "best error that can be certified" in outcome.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x*y"], "`--box` must be given"),
        (["x*y", "--box", "1", "0"], "must not be empty"),
        (["x*y", "--box", "0", "inf"], "must be bounded"),
        (["x*y", "--box", "x=0:1", "--box", "q=0:1"], "unknown variable 'q'"),
        (["x*y", "--box", "x=0:1"], "None for 'y'"),
        (["x*", "--box", "0", "1"], "`text` of `Polynomial.parse`"),
        (["sin(x)", "--box", "0", "1"], "Polynomial.parse"),
        (["x", "--box", "0", "1", "--dtype", "int8"], "`dtype` of `compile`"),
        (["x", "--box", "0", "1", "--tolerance", "0"], "`tolerance` of `compile`"),
        (["x", "--box", "0", "1", "-o", "net.bin"], "must end in .onnx"),
        (["x", "--box", "0", "1", "-o", "no/such/net.onnx"], "does not exist"),
    ],
)
def test_bad_input(run, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = run("compile", *arguments)
    assert outcome.code == 2, outcome
    assert message in " ".join(outcome.err.split())
    assert outcome.out == ""
    assert list(tmp_path.iterdir()) == []


def test_existing_file_is_kept_unless_overwritten(run, tmp_path):
    path = tmp_path / "net.onnx"
    path.write_text("mine")
    refused = run("compile", *XY, "-o", path)
    assert refused.code == 2
    assert "exists already" in refused.err
    assert path.read_text() == "mine"
    assert run("compile", *XY, "-o", path, "--overwrite").code == 0
    assert len(path.read_bytes()) > 100
