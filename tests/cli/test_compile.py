"""`cheaplearn compile`."""

import json

import numpy as np
import onnxruntime
import pytest

import cheaplearn as cl

XY = ["x*y", "--box", "-1", "1", "--tolerance", "1e-3"]


def test_size_and_certificate_are_printed(run):
    outcome = run("compile", *XY)
    assert outcome.code == 0
    assert "x, y -> y: 2 neurons" in outcome.out
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
        (["x*y", "--box", "x=0:1"], "the range of y. "),
        (["x*", "--box", "0", "1"], "`text` of `Polynomial.parse`"),
        (["sin(x)", "--box", "0", "1"], "Polynomial.parse"),
        (["x", "--box", "0", "1", "--dtype", "int8"], "`dtype` of `compile`"),
        (["x", "--box", "0", "1", "--tolerance", "0"], "`tolerance` of `compile`"),
        (["x", "--box", "0", "1", "-o", "net.bin"], "must end in .onnx, .npz, .json, .c"),
        (["x", "--box", "0", "1", "-o", "n.npz", "-o", "./n.npz"], "must name every file once"),
        (["x", "--box", "0", "1", "-o", "n.npz", "--form", "dense"], "`--form` must go with an .onnx file"),
        ([], "but none was given"),
        (["x*y", "z", "--box", "x=0:1"], "the range of y, z"),
        (["x*y", "--variables", "x=bit"], "the range of y. "),
        (["x*y", "--variables", "bits"], "`variables` of `compile` must be one of real, bit, spin"),
        (["x*y", "--variables", "q=bit"], "must be one of x, y, got 'q'"),
        (["x*y", "--variables", "bit", "--variables", "spin"], "given once for all variables, got bit and spin"),
        (["x", "y", "--box", "0", "1", "--tolerance", "1,2,3"], "one per output (2)"),
        (["x", "y", "--box", "0", "1", "--tolerance", "1,a"], "got 'a' in '1,a'"),
        (["x", "--box", "0", "1", "--tolerance", "1", "--relative-tolerance", "1"], "relative_tolerance is given"),
        (["a=x", "a=y", "--box", "0", "1"], "formula 2 (a): the name 'a' is that of an earlier output"),
        (
            ["x", "E = y + 1j", "--box", "0", "1"],
            "formula 2 (E): `text` of `Polynomial.parse` must be a polynomial, "
            "got the imaginary number `1j` at column 9",
        ),
        (["x**1000000", "--box", "0", "1"], "an exponent above 1000 in `x**1000000` at column 1. Use lower powers"),
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


def test_several_formulas_are_named_outputs_with_their_own_tolerances(run, tmp_path):
    arguments = ["E = x*y + z", "-y*z", "--box", "-1", "1", "--tolerance", "1e-3,2e-4", "-o", tmp_path / "net.npz"]
    facts = json.loads(run("compile", *arguments, "--json").out)
    assert [output["label"] for output in facts["outputs"]] == facts["labels"] == ["E", "y1"]
    errors = [output["certified_error"] for output in facts["outputs"]]
    assert errors[0] <= 1e-3
    assert errors[1] <= 2e-4
    net = cl.load(tmp_path / "net.npz")
    assert net.labels == ("E", "y1")
    X = np.random.default_rng(1).uniform(-1, 1, (500, 3))
    exact = np.column_stack([X[:, 0] * X[:, 1] + X[:, 2], -X[:, 1] * X[:, 2]])
    assert (np.abs(net(X) - exact).max(axis=0) <= errors).all()


def test_repeated_tolerances_are_those_of_a_list(run):
    common = ["x*y", "y*z", "--box", "-1", "1", "--json"]
    repeated = run("compile", *common, "--tolerance", "1e-3", "--tolerance", "1e-2")
    assert repeated.code == 0
    assert repeated.out == run("compile", *common, "--tolerance", "1e-3,1e-2").out


def test_every_option_of_the_library_is_passed_on(run, monkeypatch):
    from cheaplearn import compiler

    seen = {}
    network = cl.compile("x*y", (-1, 1))

    def record(circuit, box, tolerance, **options):
        seen.update(options, kinds=circuit.kinds, box=box, tolerance=tolerance)
        return network

    monkeypatch.setattr(compiler, "compile", record)
    options = ["--dtype", "float16", "--activation", "auto", "--depth", "3", "--strict-layers", "--variables", "x=spin"]
    outcome = run("compile", "x*y", *options, "--box", "y=-2:2", "--relative-tolerance", "1e-2", "--seed", "7")
    assert outcome.code == 0, outcome
    assert seen == {
        "kinds": ("spin", "real"),
        "box": {"y": (-2.0, 2.0)},
        "tolerance": None,
        "dtype": "float16",
        "activation": "auto",
        "depth": 3,
        "strict_layers": True,
        "relative_tolerance": 0.01,
    }


def test_kinds_make_a_box_unnecessary(run):
    facts = json.loads(run("compile", "s**2*b + s", "--variables", "bit", "--variables", "s=spin", "--json").out)
    assert facts["box"] == {"s": [-1.0, 1.0], "b": [0.0, 1.0]}
    kinds = {"s": "spin", "b": "bit"}
    assert facts["formula_sha256"] == cl.Circuit.coerce("s**2*b + s", kinds).fingerprint


def test_several_files_appear_together_or_not_at_all(run, tmp_path, monkeypatch):
    files = [tmp_path / "net.npz", tmp_path / "net.onnx"]
    outputs = [word for path in files for word in ("-o", path)]

    def broken(*_):
        message = "disk full"
        raise RuntimeError(message)

    with monkeypatch.context() as patch:
        patch.setattr(cl.Network, "to_onnx", broken)
        assert run("compile", *XY, *outputs).code == 3
        assert list(tmp_path.iterdir()) == []
    facts = json.loads(run("compile", *XY, *outputs, "--json").out)
    assert [(entry["path"], entry["format"]) for entry in facts["written"]] == [
        (str(files[0]), "npz"),
        (str(files[1]), "onnx"),
    ]
    assert max(facts["written"][1]["measured_difference"].values()) <= 2 * facts["certified_error"]
    assert sorted(tmp_path.iterdir()) == sorted(files)


def test_refusal_as_json_says_what_is_reachable(run):
    outcome = run("compile", "x*y", "--box", "-1", "1", "--tolerance", "1e-9", "--json")
    assert outcome.code == 1
    facts = json.loads(outcome.out)
    assert facts["error"] == outcome.err.strip()
    assert 1e-9 < facts["best"] < 1e-4
    assert run("compile", "x*y", "--box", "-1", "1", "--tolerance", facts["best"]).code == 0


def test_overflow_names_the_largest_term(run):
    outcome = run("compile", "x + y", "E=x**900 + 3*x", "--box", "0", "100", "--json")
    assert outcome.code == 1
    facts = json.loads(outcome.out)
    assert facts["best"] is None
    assert "The largest term on this box is x**900 of output 'E', up to about 10^1800." in facts["error"]


def test_formulas_may_begin_with_a_minus_sign(run):
    facts = json.loads(run("compile", "-x*y", "-5", "--box", "-1", "1", "--json").out)
    assert facts["formula_sha256"] == cl.Circuit.coerce(["0 - x*y", "0 - 5"]).fingerprint


def test_a_name_that_looks_like_a_constant_is_pointed_out(run):
    outcome = run("compile", "I*x", "--box", "-1", "1")
    assert outcome.code == 0
    assert "Note: I is taken as the name of a variable" in outcome.err
    assert "I, x -> y" in outcome.out
