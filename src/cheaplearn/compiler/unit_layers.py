"""The units of one layer, collected from several gates: neurons, and the linear units behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..network import activation_named
from .layout import Level
from .linear_units import Block, LinearUnits
from .square_gates import REACH, SquareGate

__all__ = ["Even", "Forms", "Neurons"]


@dataclass
class Forms:
    """Forms of one level and where they are computed."""

    level: Level | None
    units: LinearUnits
    column: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    scale: np.ndarray = field(default_factory=lambda: np.zeros(0))
    truncation: np.ndarray = field(default_factory=lambda: np.zeros(0))
    rounding: np.ndarray = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Even:
    """The linear units behind the neurons of a gate: ``t = h - odd z - stored``, value ``E = t + missed``."""

    gate: SquareGate
    sizes: tuple[float, ...]
    stored: float
    missed: float


class Neurons:
    """Collects the units of one layer from several gates: places are positions in the layer."""

    def __init__(self) -> None:
        self.parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.biases: list[np.ndarray] = []
        self.sizes: list[np.ndarray] = []
        self.count = 0
        self.largest = 0.0

    def add(self, columns: Sequence[np.ndarray], weights: Sequence[np.ndarray], bias: float, size: float) -> np.ndarray:
        """Adds units that read a few columns each.

        Args:
            columns: Columns read, one array per term of the units.
            weights: Their weights.
            bias: Bias of each.
            size: Bound of each.

        Returns:
            Their places.
        """
        m = len(columns[0])
        places = self.count + np.arange(m)
        for column, weight in zip(columns, weights, strict=True):
            self.parts.append((places, column, weight))
        self.biases.append(np.full(m, bias))
        self.sizes.append(np.full(m, size))
        self.count += m
        return places

    def add_block(self, block: Block, sizes: np.ndarray, largest: float) -> np.ndarray:
        """Adds stored units; returns their places."""
        places = self.count + np.arange(len(block.bias))
        self.parts.append((self.count + block.row, block.column, block.weight))
        self.biases.append(block.bias)
        self.sizes.append(sizes)
        self.count += len(block.bias)
        self.largest = max(self.largest, largest)
        return places

    def add_gate(self, gate: SquareGate, forms: Forms, members: np.ndarray) -> np.ndarray:
        """Adds the neurons of a gate; returns places of shape (forms, signs, scales)."""
        column, unit = forms.column[members], forms.scale[members]
        signs = (1.0, -1.0) if gate.kind == "pair" else (1.0,)
        z_max = abs(gate.bias) + gate.scales[0] * REACH
        self.largest = max(self.largest, z_max)
        size = activation_named(gate.activation).largest(z_max) * (1 + 2.0**-8)
        places = [[self.add([column], [sign * s * unit], gate.bias, size) for s in gate.scales] for sign in signs]
        return np.array(places).transpose(2, 0, 1)

    def add_evens(self, even: Even, forms: Forms, members: np.ndarray, neurons: np.ndarray) -> np.ndarray:
        """Adds the linear units that hold the even parts; returns places of shape (forms, scales)."""
        column, unit = forms.column[members], forms.scale[members]
        ones = np.ones(len(members))
        places = []
        for k, scale in enumerate(even.gate.scales):
            columns, weights = [neurons[:, sign, k] for sign in range(neurons.shape[1])], [ones] * neurons.shape[1]
            if even.gate.odd:
                columns.append(column)
                weights.append(-0.5 * scale * unit)
            places.append(self.add(columns, weights, -even.stored, even.sizes[k]))
        return np.array(places).T

    def block(self) -> Block:
        """The layer as entries."""
        row, column, weight = (np.concatenate(parts) for parts in zip(*self.parts, strict=True))
        return Block(row, column, weight, np.concatenate(self.biases))
