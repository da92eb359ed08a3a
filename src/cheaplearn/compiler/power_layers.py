"""The layers of products of three factors or more: signed sums, their neurons, even (or odd) parts, sums over signs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..network import activation_named
from .arithmetic import Arithmetic
from .layout import PowerGroup
from .linear_units import Block, is_power_of_two
from .power_gates import POWER_REACH, PowerGate
from .power_noise import even_size, largest_z, pattern_noise, sum_size
from .rows import ROUNDUP, rational
from .sign_patterns import sign_patterns

__all__ = ["PlacedPowers", "PowerSource"]


@dataclass(frozen=True)
class PowerSource:
    """How the products of a group are read: as `Sources.set` wants it.

    Args:
        weights: Weight of the sum over signs at each scale, shape (scales,).
        offset: What the stored constants miss.
        size: Bounds of ``sum |weight unit|``, shape (nodes,).
        truncation: Error because an activation is no product.
        rounding: Error of finite precision.
        own: Error of each node that its factors do not bring in.
    """

    weights: np.ndarray
    offset: float
    size: np.ndarray
    truncation: np.ndarray
    rounding: np.ndarray
    own: np.ndarray


class PlacedPowers:
    """One group of products, layer by layer; every method gives the units of one layer.

    Args:
        group: The nodes.
        gate: Their gate.
        column: Column that each factor is read from, shape (nodes * factors,).
        scale: Power of two it is multiplied by.
        arithmetic: Rounding model.
    """

    def __init__(
        self, group: PowerGroup, gate: PowerGate, column: np.ndarray, scale: np.ndarray, arithmetic: Arithmetic
    ) -> None:
        self.group, self.gate, self.arithmetic = group, gate, arithmetic
        self.column = column.reshape(len(group.nodes), -1)
        self.scale = scale.reshape(self.column.shape)
        patterns = sign_patterns(group.powers)
        self.coefficients = np.array([c for c, _ in patterns], dtype=np.float64)  # (patterns, factors)
        self.counts = np.array([m for _, m in patterns], dtype=np.float64)  # (patterns,)

    @property
    def form_error(self) -> float:
        """Bound on the rounding of one signed sum."""
        used = self.coefficients != 0
        additions = np.maximum(used.sum(axis=1) - 1, 0)
        inexact = np.any(used & ~is_power_of_two(self.coefficients), axis=1)
        sizes = np.abs(self.coefficients).sum(axis=1) * POWER_REACH
        return float(self.arithmetic.unit_rounding(additions, inexact, sizes, np.inf).max())

    def sums(self) -> tuple[Block, np.ndarray]:
        """The signed sums F of every node, pattern by pattern: units and their sizes."""
        nodes, patterns = len(self.column), len(self.counts)
        node, pattern, factor = np.nonzero(np.broadcast_to(self.coefficients, (nodes, *self.coefficients.shape)))
        weight = self.coefficients[pattern, factor] * self.scale[node, factor]
        block = Block(node * patterns + pattern, self.column[node, factor], weight, np.zeros(nodes * patterns))
        return block, np.full(nodes * patterns, self.group.degree * POWER_REACH * ROUNDUP)

    def neurons(self, first: int) -> tuple[Block, np.ndarray]:
        """The neurons, scale by scale, that read the signed sums from column `first` on: units and their sizes."""
        units = len(self.column) * len(self.counts)
        scales = np.repeat(self.gate.scales, units)
        columns = np.tile(first + np.arange(units), len(self.gate.scales))
        size = activation_named(self.gate.activation).largest(largest_z(self.gate)) * (1 + 2.0**-8)
        block = Block(np.arange(len(scales)), columns, scales, np.zeros(len(scales)))
        return block, np.full(len(scales), size)

    def parts(self, sums: int, neurons: int) -> tuple[Block, np.ndarray]:
        """The linear units t behind the neurons: units and their sizes."""
        units = len(self.column) * len(self.counts)
        scales = np.repeat(self.gate.scales, units)
        row = np.arange(len(scales))
        rows, columns, weights = [row], [neurons + row], [np.ones(len(row))]
        if self.gate.odd:
            rows.append(row)
            columns.append(np.tile(sums + np.arange(units), len(self.gate.scales)))
            weights.append(-scales * (int(self.gate.odd.p) / int(self.gate.odd.q)))
        biases = np.full(len(row), -self._constant)
        block = Block(np.concatenate(rows), np.concatenate(columns), np.concatenate(weights), biases)
        sizes = np.array([even_size(self.gate, s) + self._noise(s) for s in self.gate.scales])
        return block, np.repeat(sizes, units)

    def readouts(self, parts: int) -> tuple[Block, np.ndarray]:
        """The sums over the patterns, scale by scale: units and their sizes."""
        nodes, patterns = len(self.column), len(self.counts)
        row = np.repeat(np.arange(len(self.gate.scales) * nodes), patterns)
        weights = np.tile(self.counts, len(self.gate.scales) * nodes)
        block = Block(row, parts + np.arange(len(row)), weights, np.zeros(len(self.gate.scales) * nodes))
        return block, np.repeat(self._sizes, nodes)

    def source(self, truncation: np.ndarray, rounding: np.ndarray) -> PowerSource:
        """Bounds the products from the errors of their factors.

        Args:
            truncation: Of each factor, shape (nodes * factors,).
            rounding: Likewise.

        Returns:
            The products; infinite bounds where a factor leaves the range of the gate.
        """
        gate, powers = self.gate, np.array(self.group.powers, dtype=np.float64)
        reach = 1.0 + float((truncation + rounding).max(initial=0.0)) * ROUNDUP
        growth = reach ** (gate.degree - 1)  # |prod (a + e) - prod a| <= sum |e| (1 + |e|)^(b-1)
        weights = np.array(gate.weights)
        noise = float(np.abs(weights) @ [self._noise(s) + self._sum_rounding(s) for s in gate.scales])
        remainder = gate.remainder(reach)
        shape = self.column.shape
        return PowerSource(
            weights,
            (self._constant_missed * float(self.counts.sum())) * float(weights.sum()),
            np.full(shape[0], float(np.abs(weights) @ self._sizes)),
            remainder + growth * (truncation.reshape(shape) @ powers),
            (noise + growth * (rounding.reshape(shape) @ powers)) * ROUNDUP,
            np.full(shape[0], remainder + noise),
        )

    @property
    def _constant(self) -> float:
        exact = self.gate.constant
        return float(self.arithmetic.stored(np.array([int(exact.p) / int(exact.q)]))[0])

    @property
    def _constant_missed(self) -> float:
        missed = rational(self._constant) - self.gate.constant
        return int(missed.p) / int(missed.q)

    def _noise(self, scale: float) -> float:
        return pattern_noise(self.gate, scale, self.form_error, self.arithmetic)

    def _sum_rounding(self, scale: float) -> float:
        """Rounding of the sum over patterns, in any order."""
        inexact = not np.all(is_power_of_two(self.counts))
        additions = np.array([len(self.counts) - 1])
        shifted = abs(self._constant_missed) * float(np.abs(self.counts).sum())
        size = np.array([sum_size(self.gate, scale) + self._noise(scale) + shifted])
        return float(self.arithmetic.unit_rounding(additions, np.array([inexact]), size, np.inf)[0])

    @property
    def _sizes(self) -> np.ndarray:
        """Bounds of the sums over patterns, per scale."""
        shifted = abs(self._constant_missed) * float(np.abs(self.counts).sum())
        own = [self._noise(s) + self._sum_rounding(s) + shifted for s in self.gate.scales]
        return (np.array(self.gate.sizes) + np.array(own)) * ROUNDUP
