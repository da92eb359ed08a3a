"""Saved files and ONNX exports give the same network back."""

import json

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

import cheaplearn as cl
from cheaplearn.network import Layer
from cheaplearn.testing import worst_error

CASES = [
    ("silu", "float32"), ("silu", "float64"), ("gelu", "float32"), ("softplus", "float32"), ("softplus", "float64"),
    ("square", "float32"), ("square", "float64"),
]  # fmt: skip


def compiled(activation="silu", dtype="float32"):
    return cl.compile(["x*y*z - z**2", "x + 2*y"], box=(-2, 1), activation=activation, dtype=dtype)


@pytest.mark.parametrize(("activation", "dtype"), CASES)
def test_saved_network_is_the_same_to_the_last_bit(tmp_path, activation, dtype):
    net = compiled(activation, dtype)
    net.save(tmp_path / "net")
    again = cl.load(tmp_path / "net.npz")
    X = np.random.default_rng(0).uniform(-2, 1, (100, 3))
    assert np.array_equal(net(X), again(X))
    assert again.certificate == net.certificate
    assert (again.variables, again.labels, again.formula) == (net.variables, net.labels, net.formula)


def test_loading_something_else_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="`path` of `load` must be an existing file"):
        cl.load(tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match=r"must be a network saved by `Network\.save`"):
        cl.load(tmp_path / "other.npz")


@pytest.mark.parametrize(("activation", "dtype"), CASES)
def test_onnx_uses_standard_operators_and_keeps_the_certificate(tmp_path, activation, dtype):
    onnxruntime = pytest.importorskip("onnxruntime")
    net = compiled(activation, dtype)
    model = net.to_onnx(tmp_path / "net.onnx")
    assert {node.domain for node in model.graph.node} == {""}
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    reference = ReferenceEvaluator(model)
    polynomials = ["x*y*z - z**2", "x + 2*y"]
    for run in (session, reference):
        found, _ = worst_error(
            net,
            polynomials,
            effort=300,
            evaluate=lambda x, run=run: run.run(None, {"x": x.astype(net.dtype)})[0],
        )
        assert found <= net.certificate.error


def test_onnx_metadata_tell_formula_box_dtype_error_and_measured_difference():
    net = compiled()
    facts = {entry.key: entry.value for entry in net.to_onnx().metadata_props}
    assert facts["cheaplearn.formula_sha256"] == net.formula
    assert facts["cheaplearn.dtype"] == "float32"
    assert json.loads(facts["cheaplearn.box"]) == {name: [-2.0, 1.0] for name in "xyz"}
    assert json.loads(facts["cheaplearn.certified_error"]) == net.certificate.error
    measured = json.loads(facts["cheaplearn.measured_difference"])
    assert any(name.startswith("onnx.reference") for name in measured)
    assert all(0 <= value <= 2 * net.certificate.error for value in measured.values())


def test_gelu_in_float64_is_refused_by_name():
    with pytest.raises(ValueError, match="`activation` of `to_onnx` must be one with float64 operators, got 'gelu'"):
        compiled("gelu", "float64").to_onnx()


@pytest.mark.parametrize("classes", [np.array([3, 7]), np.array(["cat", "dog"]), np.array(["a", "b"], dtype=object)])
def test_classifier_exports_logits_probabilities_and_label(tmp_path, classes):
    onnxruntime = pytest.importorskip("onnxruntime")
    circuit = cl.Circuit.from_polynomials(["x*y", "x - y"])
    circuit = type(circuit)(**{**circuit.__dict__, "classes": classes})
    net = cl.compile(circuit, box=(-1, 1))
    net.to_onnx(tmp_path / "net.onnx")
    X = np.random.default_rng(1).uniform(-1, 1, (50, 2)).astype(np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    logits, probabilities, label = session.run(["logits", "probabilities", "label"], {"x": X})
    assert logits == pytest.approx(net(X), abs=2 * net.certificate.error)
    assert probabilities == pytest.approx(net.predict_proba(X), abs=1e-4)
    assert list(label) == list(net.predict(X))
    net.save(tmp_path / "net.npz")
    assert list(cl.load(tmp_path / "net.npz").predict(X)) == list(net.predict(X))


def test_affine_and_constant_functions_export(tmp_path):
    for formula in ("3*x + 2", "0*x + 5"):
        net = cl.compile(formula, box=(-1, 1), variables=None)
        X = np.linspace(-1, 1, 7, dtype=np.float32)[:, None]
        if net.variables:
            output = ReferenceEvaluator(net.to_onnx()).run(None, {"x": X})[0]
            assert output == pytest.approx(net(X), abs=1e-6)


def test_counts_are_those_of_the_arrays():
    net = compiled()
    hidden = [layer for layer in net.layers if layer.activation]
    assert net.neurons == sum(len(layer.bias) for layer in hidden)
    assert net.synapses == sum(np.count_nonzero(layer.weights.toarray()) for layer in net.layers)
    assert net.depth == len(hidden) == 2
    assert isinstance(net.layers[0], Layer)
    assert "neurons" in repr(net)
    assert onnx.checker.check_model(net.to_onnx(), full_check=True) is None


def test_bad_input_to_a_network_names_the_shape():
    net = compiled()
    with pytest.raises(ValueError, match=r"`X` of `Network` must be of shape \(samples, 3\), got shape \(4, 2\)"):
        net(np.zeros((4, 2)))
    with pytest.raises(ValueError, match="needs a network compiled from a classifier"):
        net.predict(np.zeros((4, 3)))
    assert net(np.zeros((0, 3))).shape == (0, 2)


def test_certificate_explains_itself_in_words():
    text = compiled().certificate.explain()
    assert "differs from the exact function by at most" in text
    assert "truncation" in text
    assert "Assumptions" in text
