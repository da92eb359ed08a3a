"""`cheaplearn verify`."""

import json
from dataclasses import replace

import onnx
import pytest

import cheaplearn as cl

FORMULAS = ["E=x*y + z**3/2", "-y*z"]


@pytest.fixture(scope="module")
def network():
    return cl.compile({"E": "x*y + z**3/2", "y1": "-y*z"}, (-1, 1))


@pytest.mark.parametrize("ending", [".npz", ".onnx"])
def test_a_network_is_the_one_of_its_formulas_however_written(run, network, tmp_path, ending):
    path = tmp_path / f"net{ending}"
    (network.save if ending == ".npz" else network.to_onnx)(path)
    outcome = run("verify", path, "z^3*0.5 + y*x", "-z*y", "--json", "--effort", "2000")
    assert outcome.code == 0, outcome
    facts = json.loads(outcome.out)
    assert facts["holds"]
    assert facts["same_formula"]
    for output in facts["outputs"]:
        assert 0 < output["found"] <= output["certified"] <= 20 * output["found"]
        assert output["ratio"] == output["certified"] / output["found"]
    assert ("ONNX Runtime" in facts["runtime"]) == (ending == ".onnx")
    again = run("verify", path, *FORMULAS, "--effort", "2000")
    assert again.code == 0
    assert again.out.count("holds") == 2


def test_another_formula_is_the_answer_no(run, network, tmp_path):
    network.save(tmp_path / "net.npz")
    outcome = run("verify", tmp_path / "net.npz", "x*y + z**3/2", "-y*z + 1e-9*x", "--effort", "500")
    assert outcome.code == 1
    assert "fingerprints differ" in outcome.out


def test_a_broken_bound_of_one_output_does_not_hide_behind_another(run, network, tmp_path):
    certificate = network.certificate
    lie = replace(certificate, errors=(certificate.errors[0], certificate.errors[1] / 50))
    replace(network, certificate=lie).save(tmp_path / "net.npz")
    outcome = run("verify", tmp_path / "net.npz", *FORMULAS, "--effort", "500")
    assert outcome.code == 1
    assert outcome.out.count("BROKEN") == 1
    assert outcome.out.count("holds") == 1
    facts = json.loads(run("verify", tmp_path / "net.npz", *FORMULAS, "--effort", "500", "--json").out)
    assert (facts["same_formula"], facts["holds"]) == (True, False)


def test_weights_changed_in_an_export_are_found_out(run, network, tmp_path):
    model = network.to_onnx()
    bias = next(tensor for tensor in model.graph.initializer if tensor.name.startswith("b"))
    changed = onnx.numpy_helper.to_array(bias) + 0.01
    bias.CopyFrom(onnx.numpy_helper.from_array(changed.astype("float32"), bias.name))
    onnx.save(model, tmp_path / "net.onnx")
    outcome = run("verify", tmp_path / "net.onnx", *FORMULAS, "--effort", "500")
    assert outcome.code == 1
    assert "BROKEN" in outcome.out


def test_kinds_belong_to_the_formula(run, tmp_path):
    path = tmp_path / "net.npz"
    cl.compile("s**2*b + s", variables={"s": "spin", "b": "bit"}).save(path)
    kinds = ["--variables", "s=spin", "--variables", "b=bit"]
    assert run("verify", path, "s + b*s^4", *kinds, "--effort", "500").code == 0
    assert run("verify", path, "s + b*s^4", "--effort", "500").code == 1


def test_the_search_repeats_with_its_seed(run, network, tmp_path):
    path = tmp_path / "net.npz"
    network.save(path)
    outs = [run("verify", path, *FORMULAS, "--effort", "200", "--seed", seed).out for seed in (1, 1, 2)]
    assert outs[0] == outs[1] != outs[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.npz", "x"], "must be an existing file"),
        (["net.txt", "x"], "must be a .npz, .json or .onnx file"),
        (["net.npz", "x*y"], "once per output of the network (2), got 1"),
        (
            ["net.npz", "x", "q"],
            "formula 2: `text` of `Polynomial.parse` must be a polynomial, got the unknown variable",
        ),
        (["net.npz", "y1=x", "E=y"], "output 'E' of the network must get a formula of that name, got 'y1'"),
        (["bare.npz", "x", "y"], "must carry a certificate"),
        (["junk.npz", "x"], "must be a network saved by"),
        (["junk.onnx", "x"], "must be an ONNX model"),
        (["foreign.onnx", "x", "y"], "must be a certified export of cheaplearn"),
        (["damaged.onnx", "x", "y"], "is damaged"),
    ],
)
def test_bad_input(run, network, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    network.save("net.npz")
    replace(network, certificate=None).save("bare.npz")
    for name in ("junk.npz", "junk.onnx", "net.txt"):
        (tmp_path / name).write_bytes(b"junk")
    model = network.to_onnx()
    for entry in model.metadata_props:
        entry.value = "{" if entry.key == "cheaplearn.box" else entry.value
    onnx.save(model, "damaged.onnx")
    del model.metadata_props[:]
    onnx.save(model, "foreign.onnx")
    outcome = run("verify", *arguments)
    assert outcome.code == 2, outcome
    assert message in outcome.err
    assert outcome.out == ""
