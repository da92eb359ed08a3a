"""Export to ONNX: the graph is written directly, with standard operators only, and the result is measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper

from .._messages import must_be
from .network import Network
from .onnx_convolutions import ConvLayers
from .onnx_layers import DenseLayers, SparseLayers, dense_bytes, sparse_bytes
from .onnx_nodes import Nodes

__all__ = ["OPSET", "to_onnx"]

OPSET = 17
_IR_VERSION = 8
_FORMS = ("auto", "dense", "sparse", "conv")
_SMALL = 2**20  # bytes of matrices that are exported as they are
_MOST_BYTES = 2**31 - 2**20  # a protocol buffer holds no more
_PROBES = 1000  # random inputs of the measured difference; the corners (low, ..., low), (high, ..., high) are added
_WORK = 3e7  # synapses times probes: fewer probes for large networks


def to_onnx(net: Network, path: str | Path | None = None, form: str = "auto") -> onnx.ModelProto:
    """Exports a network.

    The input is named `x`, shape (samples, inputs), in the network's dtype. The output is `y`; a classifier has
    `logits`, `probabilities` and `label`. A float16 network computes in float32 between its units, as it does here.

    Args:
        net: The network.
        path: File to write, or None.
        form: "dense" (matrix products), "sparse" (sums over the non-zero weights only), "conv" (`Conv`, for a network
            with `convolutions`; not in float64, which ONNX Runtime cannot convolve) or "auto": conv where that is
            possible, else sparse if that is smaller and the matrices take more than 1 MiB.

    Returns:
        The checked model. Its metadata hold the SHA-256 of the formula, box, dtype, certified error and, per runtime,
        the largest difference from this package's own evaluation (onnx.reference, and ONNX Runtime if it is installed).

    Raises:
        ValueError: If the dtype of the network has no operator for its activation, or the form is unknown.

    Cost: sparse, about 8 bytes a synapse in float32, and memory for the units of the samples that run together.
    """
    _require_operators(net)
    model = _model(net, _form(net, form))
    onnx.checker.check_model(model, full_check=True)
    _describe(model, net)
    if path is not None:
        Path(path).write_bytes(model.SerializeToString())
    return model


def _require_operators(net: Network) -> None:
    if net.dtype == np.float64 and any(layer.activation == "gelu" for layer in net.layers):
        advice = "ONNX Runtime has no double-precision Erf. Compile with activation='silu' or in float32."
        raise ValueError(must_be("activation", "to_onnx", "one with float64 operators", "'gelu'", advice))


def _form(net: Network, form: str) -> str:
    if form not in _FORMS:
        raise ValueError(must_be("form", "to_onnx", f"one of {', '.join(_FORMS)}", repr(form)))
    if form == "sparse" and not net.variables:
        advice = "Pass form='dense'."
        raise ValueError(must_be("form", "to_onnx", "'dense' for a network without inputs", repr(form), advice))
    if form == "dense" and dense_bytes(net) > _MOST_BYTES:
        advice = "Pass form='sparse'."
        got = f"'dense' with matrices of {dense_bytes(net) / 1e9:.1f} GB"
        raise ValueError(must_be("form", "to_onnx", "'sparse' above 2 GB, the limit of a model", got, advice))
    problem = _problem_of_conv(net) if form in {"auto", "conv"} else ""
    if form == "conv" and problem:
        raise ValueError(must_be("form", "to_onnx", "'dense' or 'sparse' here", repr(form), problem))
    if form == "auto":
        smaller = "sparse" if dense_bytes(net) > max(_SMALL, sparse_bytes(net)) else "dense"
        return smaller if problem else "conv"
    return form


def _problem_of_conv(net: Network) -> str:
    if net.dtype == np.float64:
        return "ONNX Runtime has no double-precision Conv. Compile in float32."
    if net.convolutions is None:
        return "The network has no convolutions. Compile with geometry=Grid(..., periodic=True)."
    if len(net.convolutions.shape) > 3:
        return "Conv is for grids of at most three axes."
    return ""


def _layers(nodes: Nodes, net: Network, form: str) -> ConvLayers | DenseLayers | SparseLayers:
    if form == "conv":
        assert net.convolutions is not None
        return ConvLayers(nodes, net.convolutions)
    return SparseLayers(nodes, net) if form == "sparse" else DenseLayers(nodes, net)


def _model(net: Network, form: str) -> onnx.ModelProto:
    nodes = Nodes(net.dtype)
    layers = _layers(nodes, net, form)
    final = "y" if net.classes is None else "logits"
    value = ""
    for k, layer in enumerate(net.layers):
        z = layers.affine(k, layer, f"z{k}")
        value = nodes.activation(layer.activation, z, f"h{k}") if layer.activation else z
        if k < len(net.layers) - 1:
            value = nodes.widened(nodes.rounded(value, f"u{k}")) if nodes.computed != nodes.dtype else value
            layers.append(value, layer.units)
    nodes.rounded(layers.leave(value), final)
    outputs = [helper.make_tensor_value_info(final, nodes.element, ["samples", len(net.labels)])]
    if net.classes is not None:
        outputs += _classes(nodes, net.classes)
    graph = helper.make_graph(
        nodes.nodes,
        "cheaplearn",
        [helper.make_tensor_value_info("x", nodes.element, ["samples", len(net.variables)])],
        outputs,
        nodes.constants,
    )
    opset = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION, producer_name="cheaplearn")


def _classes(nodes: Nodes, classes: np.ndarray) -> list[onnx.ValueInfoProto]:
    classes = np.asarray(classes)
    if classes.dtype.kind in "iub":
        classes = classes.astype(np.int64)
    elif classes.dtype.kind != "f":
        classes = classes.astype(object)  # strings
    table = nodes.constant("classes", classes)
    element = nodes.constants[-1].data_type
    logits = nodes.widened("logits")
    nodes.rounded(nodes.node("Softmax", [logits], "softmax", axis=1), "probabilities")
    best = nodes.node("ArgMax", [logits], "best", axis=1, keepdims=0)
    nodes.node("Gather", [table, best], "label", axis=0)
    return [
        helper.make_tensor_value_info("probabilities", nodes.element, ["samples", len(classes)]),
        helper.make_tensor_value_info("label", element, ["samples"]),
    ]


def _describe(model: onnx.ModelProto, net: Network) -> None:
    """Adds the metadata."""
    facts: dict[str, Any] = {"formula_sha256": net.formula, "dtype": net.dtype.name}
    if net.certificate:
        facts["certified_error"] = net.certificate.error
        facts["certified_errors"] = dict(zip(net.labels, net.certificate.errors, strict=True))
        facts["kinds"] = net.certificate.kinds
        facts["box"] = net.certificate.box
        facts["assumptions"] = net.certificate.assumptions
        facts["measured_difference"] = _measure(model, net)
    for name, value in facts.items():
        text = value if isinstance(value, str) else json.dumps(value)
        model.metadata_props.append(onnx.StringStringEntryProto(key=f"cheaplearn.{name}", value=text))


def _measure(model: onnx.ModelProto, net: Network) -> dict[str, float]:
    """Largest |runtime - network| on probes in the box, by runtime and version."""
    assert net.certificate is not None
    low, high = np.array([net.certificate.box[name] for name in net.variables]).reshape(-1, 2).T
    count = max(10, min(_PROBES, int(_WORK / max(1, net.synapses))))
    probes = np.random.default_rng(0).uniform(low, high, (count, len(low)))
    probes = np.concatenate([probes, low[None], high[None]]).astype(net.dtype)
    expected = net(probes).astype(np.float64)
    return {
        name: float(np.abs(run(probes).astype(np.float64) - expected).max(initial=0.0))
        for name, run in _runtimes(model)
    }


def _runtimes(model: onnx.ModelProto) -> list[tuple[str, Callable[[np.ndarray], np.ndarray]]]:
    from onnx.reference import ReferenceEvaluator

    reference = ReferenceEvaluator(model)
    found = [(f"onnx.reference {onnx.__version__}", lambda x: _first(reference.run(None, {"x": x})))]
    if find_spec("onnxruntime"):
        import onnxruntime

        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        found.append((f"onnxruntime {onnxruntime.__version__}", lambda x: session.run(None, {"x": x})[0]))
    return found


def _first(outputs: Any) -> np.ndarray:
    return np.asarray(outputs[0])
