"""Nodes of an ONNX graph: standard operators, constants in the dtype of the network, activations."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

__all__ = ["Nodes"]

_OPERATORS = {"softplus": "Softplus", "tanh": "Tanh", "sigmoid": "Sigmoid", "exp": "Exp", "relu": "Relu"}


class Nodes:
    """Collects nodes and constants; every method returns the name of the value it made.

    In float16 everything between the units is float32: constants are stored in float16 and cast, units are rounded to
    float16 and cast back, so that what runs is what `HALF_PRECISION` says.

    Args:
        dtype: Type of the network: float16, float32 or float64.
    """

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype
        self.computed = np.dtype(np.float32) if dtype == np.float16 else dtype
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    @property
    def element(self) -> int:
        """ONNX code of the dtype."""
        return helper.np_dtype_to_tensor_dtype(self.dtype)

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Adds a node named as its output."""
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, array: np.ndarray) -> str:
        """Adds an array as it is."""
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def numbers(self, name: str, array: np.ndarray) -> str:
        """Adds weights or biases, stored in the dtype of the network and read in that of the computation."""
        return self.widened(self.constant(name, np.ascontiguousarray(array.astype(self.dtype))))

    def scalar(self, name: str, value: float) -> str:
        """Adds one number for the computation; the same name is added once."""
        if all(constant.name != name for constant in self.constants):
            self.constant(name, np.array(value, dtype=self.computed))
        return name

    def widened(self, name: str) -> str:
        """Reads a value of the network's dtype in that of the computation."""
        if self.dtype == self.computed:
            return name
        return self.node("Cast", [name], f"{name}_wide", to=helper.np_dtype_to_tensor_dtype(self.computed))

    def rounded(self, name: str, output: str) -> str:
        """Rounds a computed value to the dtype of the network, once."""
        if self.dtype == self.computed:
            return name if name == output else self.node("Identity", [name], output)
        return self.node("Cast", [name], output, to=self.element)

    def activation(self, activation: str, z: str, name: str) -> str:
        """Adds an activation; float64 uses only operators that ONNX Runtime has in double precision."""
        if activation == "square":
            return self.node("Mul", [z, z], name)
        if activation == "silu":
            return self.node("Mul", [z, self.node("Sigmoid", [z], f"{name}_gate")], name)
        if activation == "gaussian":
            squared = self.node("Mul", [z, z], f"{name}_squared")
            return self.node("Exp", [self.node("Neg", [squared], f"{name}_exponent")], name)
        if activation == "gelu":
            return self._gelu(z, name)
        if activation == "softplus" and self.computed == np.float64:
            return self._softplus(z, name)
        return self.node(_OPERATORS[activation], [z], name)

    def _gelu(self, z: str, name: str) -> str:
        scaled = self.node("Mul", [z, self.scalar("sqrt_half", 0.5**0.5)], f"{name}_scaled")
        erf = self.node("Erf", [scaled], f"{name}_erf")
        shifted = self.node("Add", [erf, self.scalar("one", 1.0)], f"{name}_gate")
        half = self.node("Mul", [z, self.scalar("half", 0.5)], f"{name}_half")
        return self.node("Mul", [half, shifted], name)

    def _softplus(self, z: str, name: str) -> str:
        """max(z, 0) + ln(1 + exp(-|z|)): ONNX Runtime has no double-precision Softplus."""
        size = self.node("Neg", [self.node("Abs", [z], f"{name}_size")], f"{name}_exponent")
        grown = self.node("Add", [self.node("Exp", [size], f"{name}_exp"), self.scalar("one", 1.0)], f"{name}_grown")
        correction = self.node("Log", [grown], f"{name}_log")
        return self.node("Add", [self.node("Relu", [z], f"{name}_positive"), correction], name)
