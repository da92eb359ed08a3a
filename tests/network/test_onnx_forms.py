"""The dense and the sparse ONNX form compute the network, with every activation and dtype, at every size."""

from dataclasses import replace

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator
from random_networks import random_network
from single_units import errors, limits, samples, single_unit

from cheaplearn.network import ACTIVATIONS, activation_named
from cheaplearn.network.onnx_layers import _padded, dense_bytes, sparse_bytes

onnxruntime = pytest.importorskip("onnxruntime")
CASES = [(name, dtype) for name in ACTIVATIONS for dtype in ("float16", "float32", "float64")]
CASES.remove(("gelu", "float64"))
CLOSE = {"float16": 1e-2, "float32": 1e-5, "float64": 1e-13}


def session(model):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("form", ["dense", "sparse"])
@pytest.mark.parametrize(("activation", "dtype"), CASES)
def test_exported_network_computes_the_same(activation, dtype, form):
    rng = np.random.default_rng([len(activation), len(form)])
    net = random_network(rng, activation, dtype)
    model = net.to_onnx(form=form)
    assert {node.domain for node in model.graph.node} == {""}
    for samples_ in (1, 20):
        X = rng.uniform(-1, 1, (samples_, 4)).astype(dtype)
        scale = 1 + np.abs(net(X).astype(np.float64)).max()
        for run in (session(model), ReferenceEvaluator(model)):
            outputs = run.run(None, {"x": X})[0]
            assert outputs.dtype == net.dtype
            assert np.abs(outputs.astype(np.float64) - net(X)).max() <= CLOSE[dtype] * scale


@pytest.mark.parametrize(("activation", "dtype"), CASES)
def test_exported_activations_keep_to_the_assumed_accuracy(activation, dtype):
    run = session(single_unit(activation, dtype).to_onnx())
    info = np.finfo(dtype)
    for seed, limit in enumerate(limits(activation, 0.125, 1.0, 4.0, 200.0)):
        z = samples(dtype, limit, seed, 500)
        if dtype == "float16" and activation == "square":
            z = z[np.abs(z) <= 200]
        found = errors(activation, z, run.run(None, {"x": z[:, None]})[0].ravel())
        assumed = activation_named(activation).error(limit, dtype) * float(info.eps) / 2
        assert found.max() <= assumed + float(info.smallest_subnormal)


@pytest.mark.parametrize("form", ["dense", "sparse"])
@pytest.mark.parametrize("activation", ["relu", "square"])
def test_float16_rounds_each_unit_once_and_nothing_else(activation, form):
    rng = np.random.default_rng(3)
    net = random_network(rng, activation, "float16", coarse=True)  # every sum is exact in float32
    X = (rng.integers(-64, 65, (200, 4)) / 32).astype(np.float16)
    expected = net(X)
    assert np.array_equal(session(net.to_onnx(form=form)).run(None, {"x": X})[0], expected)
    assert np.array_equal(twin_in_float64(net, X), expected)


def twin_in_float64(net, X):
    """Exact sums, each unit rounded to float16."""
    sources = X.astype(np.float64)
    for layer in net.layers:
        z = sources @ layer.weights.toarray().astype(np.float64).T + layer.bias
        values = {None: z, "relu": np.maximum(z, 0), "square": z * z}[layer.activation]
        sources = np.hstack([sources, values.astype(np.float16)])
    return values.astype(np.float16)


def test_long_rows_are_added_in_pieces(monkeypatch):
    monkeypatch.setattr("cheaplearn.network.onnx_layers._BLOCK", 8)
    rng = np.random.default_rng(4)
    net = random_network(rng, "tanh", "float64", inputs=40, sizes=(20, 15, 30, 4), density=0.9)
    X = rng.uniform(-1, 1, (5, 40))
    assert session(net.to_onnx(form="sparse")).run(None, {"x": X})[0] == pytest.approx(net(X), abs=1e-12)


@pytest.mark.parametrize("form", ["dense", "sparse"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_classifier_has_logits_probabilities_and_label_in_every_dtype(dtype, form):
    rng = np.random.default_rng(8)
    net = replace(random_network(rng, "sigmoid", dtype), classes=np.array(["a", "b", "c"]))
    X = rng.uniform(-1, 1, (40, 4)).astype(dtype)
    logits, probabilities, label = session(net.to_onnx(form=form)).run(["logits", "probabilities", "label"], {"x": X})
    assert logits.dtype == probabilities.dtype == net.dtype
    assert logits == pytest.approx(net(X), abs=10 * CLOSE[dtype])
    assert probabilities == pytest.approx(net.predict_proba(X), abs=10 * CLOSE[dtype])
    assert list(label) == [net.classes[k] for k in np.argmax(logits, axis=1)]


def test_rows_without_weights_give_their_bias():
    net = random_network(np.random.default_rng(5), "silu", "float32", density=0.0)
    X = np.ones((3, 4), np.float32)
    for form in ("dense", "sparse"):
        assert np.array_equal(session(net.to_onnx(form=form)).run(None, {"x": X})[0], net(X))


def test_fifty_thousand_neurons_make_a_small_model_that_runs_in_batches():
    rng = np.random.default_rng(6)
    sizes = (10_000, 10_000, 15_000, 15_000, 10_000, 3)  # the second layer is linear
    net = random_network(rng, "silu", "float32", inputs=500, sizes=sizes, density=1.2e-4)
    assert net.neurons == 50_000
    assert net.synapses > 150_000
    model = net.to_onnx()
    assert len(model.SerializeToString()) < 20_000_000 < dense_bytes(net)
    run = session(model)
    for count in (1, 200):
        X = rng.uniform(-1, 1, (count, 500)).astype(np.float32)
        assert run.run(None, {"x": X})[0] == pytest.approx(net(X), abs=1e-4)


def test_auto_is_sparse_only_where_that_is_smaller():
    rng = np.random.default_rng(7)
    small = random_network(rng, "silu", "float32")
    wide = random_network(rng, "silu", "float32", inputs=700, sizes=(700, 10), density=0.01)
    full = random_network(rng, "silu", "float32", inputs=700, sizes=(700, 10), density=0.9)
    assert sparse_bytes(wide) < dense_bytes(wide)
    for net, operator in ((small, "MatMul"), (wide, "Gather"), (full, "MatMul")):
        operators = {node.op_type for node in net.to_onnx().graph.node}
        assert ("MatMul" in operators) == (operator == "MatMul")
        assert ("Gather" in operators) == (operator == "Gather")
    with pytest.raises(ValueError, match="`form` of `to_onnx` must be one of auto, dense, sparse, conv, got 'csr'"):
        small.to_onnx(form="csr")


def test_rows_are_padded_by_at_most_a_third_of_what_they_become():
    lengths = np.arange(1, 5000)
    widths = _padded(lengths)
    assert np.all(widths >= lengths)
    assert np.all(widths <= lengths * 1.5)
    assert len(np.unique(widths)) <= 25


def test_matrices_that_no_model_holds_are_refused():
    net = random_network(np.random.default_rng(9), "relu", "float32", inputs=30_000, sizes=(30_000, 1), density=1e-6)
    with pytest.raises(ValueError, match=r"must be 'sparse' above 2 GB.*got 'dense' with matrices of 3\.6 GB"):
        net.to_onnx(form="dense")
    assert len(net.to_onnx().SerializeToString()) < 1_000_000
