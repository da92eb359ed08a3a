"""Export to ONNX: the graph is written directly, with standard operators only, and the result is measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from .._messages import must_be
from .network import Network

__all__ = ["OPSET", "to_onnx"]

OPSET = 17
_IR_VERSION = 8
_PROBES = 1000  # random inputs of the measured difference; the corners (low, ..., low), (high, ..., high) are added


def to_onnx(net: Network, path: str | Path | None = None) -> onnx.ModelProto:
    """Exports a network.

    The input is named `x`, shape (samples, inputs), in the network's dtype. The output is `y`; a classifier has
    `logits`, `probabilities` and `label`.

    Args:
        net: The network.
        path: File to write, or None.

    Returns:
        The checked model. Its metadata hold the SHA-256 of the formula, box, dtype, certified error and, per runtime,
        the largest difference from this package's own evaluation (onnx.reference, and ONNX Runtime if it is installed).

    Raises:
        ValueError: If the dtype of the network has no operator for its activation.
    """
    model = _Graph(net).model()
    onnx.checker.check_model(model, full_check=True)
    _describe(model, net)
    if path is not None:
        Path(path).write_bytes(model.SerializeToString())
    return model


class _Graph:
    def __init__(self, net: Network) -> None:
        if net.activation == "gelu" and net.dtype == np.float64:
            advice = "ONNX Runtime has no double-precision Erf. Compile with activation='silu' or in float32."
            raise ValueError(must_be("activation", "to_onnx", "one with float64 operators", "'gelu'", advice))
        self.net = net
        self.element = helper.np_dtype_to_tensor_dtype(net.dtype)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.sources: list[tuple[str, int]] = [("x", len(net.variables))]

    def model(self) -> onnx.ModelProto:
        classifier = self.net.classes is not None
        final = "logits" if classifier else "y"
        for k, layer in enumerate(self.net.layers):
            last = k == len(self.net.layers) - 1
            z = self._affine(k, final if last else f"z{k}")
            name = self._activation(layer.activation, z, f"h{k}") if layer.activation else z
            self.sources.append((name, layer.units))
        outputs = [helper.make_tensor_value_info(final, self.element, ["samples", len(self.net.labels)])]
        if classifier:
            outputs += self._classes(final)
        graph = helper.make_graph(
            self.nodes,
            "cheaplearn",
            [helper.make_tensor_value_info("x", self.element, ["samples", len(self.net.variables)])],
            outputs,
            self.constants,
        )
        opset = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION, producer_name="cheaplearn")

    def _affine(self, k: int, name: str) -> str:
        layer = self.net.layers[k]
        weights = layer.weights.toarray()
        terms, start = [], 0
        for source, width in self.sources:
            block = weights[:, start : start + width]
            start += width
            if np.any(block):
                matrix = self._constant(f"W{k}_{source}", np.ascontiguousarray(block.T))
                terms.append(self._node("MatMul", [source, matrix], f"{name}_from_{source}"))
        if not terms:  # a constant function still needs one row per sample
            zero = self._constant(f"W{k}_x", np.zeros((len(self.net.variables), layer.units), self.net.dtype))
            terms.append(self._node("MatMul", ["x", zero], f"{name}_from_x"))
        total = terms[0]
        for i, term in enumerate(terms[1:]):
            total = self._node("Add", [total, term], f"{name}_sum{i}")
        return self._node("Add", [total, self._constant(f"b{k}", layer.bias)], name)

    def _activation(self, activation: str, z: str, name: str) -> str:
        if activation == "square":
            return self._node("Mul", [z, z], name)
        if activation == "softplus":
            if self.net.dtype == np.float32:
                return self._node("Softplus", [z], name)
            grown = self._node(
                "Add", [self._node("Exp", [z], f"{name}_exp"), self._scalar("one", 1.0)], f"{name}_grown"
            )
            return self._node("Log", [grown], name)  # ONNX Runtime has no double-precision Softplus
        if activation == "silu":
            return self._node("Mul", [z, self._node("Sigmoid", [z], f"{name}_gate")], name)
        scaled = self._node("Mul", [z, self._scalar("sqrt_half", 0.5**0.5)], f"{name}_scaled")
        shifted = self._node(
            "Add", [self._node("Erf", [scaled], f"{name}_erf"), self._scalar("one", 1.0)], f"{name}_gate"
        )
        half = self._node("Mul", [z, self._scalar("half", 0.5)], f"{name}_half")
        return self._node("Mul", [half, shifted], name)

    def _classes(self, logits: str) -> list[onnx.ValueInfoProto]:
        classes = np.asarray(self.net.classes)
        if classes.dtype.kind in "iub":
            classes = classes.astype(np.int64)
        elif classes.dtype.kind != "f":
            classes = classes.astype(object)  # strings
        table = self._constant("classes", classes)
        self._node("Softmax", [logits], "probabilities", axis=1)
        best = self._node("ArgMax", [logits], "best", axis=1, keepdims=0)
        self._node("Gather", [table, best], "label", axis=0)
        element = self.constants[-1].data_type
        return [
            helper.make_tensor_value_info("probabilities", self.element, ["samples", len(classes)]),
            helper.make_tensor_value_info("label", element, ["samples"]),
        ]

    def _node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def _constant(self, name: str, array: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def _scalar(self, name: str, value: float) -> str:
        if all(constant.name != name for constant in self.constants):
            self._constant(name, np.array(value, dtype=self.net.dtype))
        return name


def _describe(model: onnx.ModelProto, net: Network) -> None:
    """Adds the metadata."""
    facts: dict[str, Any] = {"formula_sha256": net.formula, "dtype": net.dtype.name}
    if net.certificate:
        facts["certified_error"] = net.certificate.error
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
    probes = np.random.default_rng(0).uniform(low, high, (_PROBES, len(low)))
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
