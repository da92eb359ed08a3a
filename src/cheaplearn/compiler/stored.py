"""What an assembly makes: stored layers, the gates in them, and the bounds proven for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from ..network import Layer
from .linear_units import Block
from .power_gates import PowerGate
from .rows import ROUNDUP
from .square_gates import SquareGate

__all__ = ["Assembly", "Bounds", "GateChoice"]


@dataclass(frozen=True)
class GateChoice:
    """Which gate each node uses.

    Args:
        activation: Name of the activation of every neuron.
        gates: The gates; empty if the program has counts only.
        of_node: Index of the gate of each node.
        powers: Gate of the products of so many factors in one layer, by their number.
    """

    activation: str
    gates: tuple[SquareGate, ...]
    of_node: np.ndarray
    powers: Mapping[int, PowerGate] = field(default_factory=dict)


@dataclass(frozen=True)
class Bounds:
    """Proven bounds per output; `message` says why there are none if they are infinite.

    Args:
        truncations: Share of the remainders of the squares.
        roundings: Share of everything else.
        message: Empty, or the reason for an infinite bound.
    """

    truncations: np.ndarray
    roundings: np.ndarray
    message: str = ""

    @property
    def errors(self) -> np.ndarray:
        """Total bound per output."""
        return (self.truncations + self.roundings) * ROUNDUP


@dataclass
class Assembly:
    """Stored layers and their bounds.

    Args:
        blocks: Stored rows of each layer, the outputs last; columns: inputs, then units in order.
        activations: Name of the activation of each layer, None for linear units.
        bounds: What is proven.
        largest_slope: Largest |z| of a neuron, for the stated accuracy of the activation.
        node_errors: Own error of each node (its gate's), in units of the node.
    """

    blocks: list[Block] = field(default_factory=list)
    activations: list[str | None] = field(default_factory=list)
    bounds: Bounds = field(default_factory=lambda: Bounds(np.zeros(0), np.zeros(0)))
    largest_slope: float = 0.0
    node_errors: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def neurons(self) -> int:
        """Units with an activation."""
        return sum(len(b.bias) for b, name in zip(self.blocks, self.activations, strict=True) if name)

    def network_layers(self, n_inputs: int, dtype: np.dtype) -> tuple[Layer, ...]:
        """Turns the stored rows into layers.

        Args:
            n_inputs: Number of inputs.
            dtype: Type of weights and biases.

        Returns:
            Layers as a `Network` holds them.
        """
        # SciPy has no float16 arrays; the numbers are float16 numbers all the same
        held = np.dtype(np.float32) if dtype == np.float16 else dtype
        layers, width = [], n_inputs
        for block, activation in zip(self.blocks, self.activations, strict=True):
            units = len(block.bias)
            entries = block.weight.astype(held), (block.row.astype(np.int32), block.column.astype(np.int32))
            weights = sparse.csr_array(entries, shape=(units, width))
            layers.append(Layer(weights, block.bias.astype(dtype), activation))
            width += units
        return tuple(layers)
