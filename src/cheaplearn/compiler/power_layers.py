"""The layers of products of three factors or more: signed sums, their neurons, even (or odd) parts, sums over signs.

Signed sums that are the same up to the sign, of whatever products of one layer and one number of factors, are one
neuron: T is even or odd.
"""

from __future__ import annotations

from collections.abc import Sequence
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

__all__ = ["Member", "PlacedPowers", "PowerSource"]


@dataclass(frozen=True)
class PowerSource:
    """How the products of a group are read: as `Sources.set` wants it.

    Args:
        weights: Weight of the sum over signs at each scale, shape (scales,).
        offset: What the stored constants miss, shape (nodes,).
        size: Bounds of ``sum |weight unit|``, shape (nodes,).
        truncation: Error because an activation is no product.
        rounding: Error of finite precision.
        own: Error of each node that its factors do not bring in.
    """

    weights: np.ndarray
    offset: np.ndarray
    size: np.ndarray
    truncation: np.ndarray
    rounding: np.ndarray
    own: np.ndarray


@dataclass(frozen=True)
class Member:
    """Products with the same exponents and the units that hold their factors.

    Args:
        group: The nodes.
        column: Column that each factor is read from, shape (nodes, factors).
        scale: Power of two it is multiplied by.
        truncation: Error of each factor because activations are no products.
        rounding: Error of each factor from everything else.
    """

    group: PowerGroup
    column: np.ndarray
    scale: np.ndarray
    truncation: np.ndarray
    rounding: np.ndarray

    @property
    def patterns(self) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients, shape (patterns, factors), and signed counts, shape (patterns,)."""
        patterns = sign_patterns(self.group.powers)
        return np.array([c for c, _ in patterns], dtype=np.float64), np.array(
            [m for _, m in patterns], dtype=np.float64
        )

    def form_error(self, arithmetic: Arithmetic) -> float:
        """Bounds the rounding of one signed sum."""
        coefficients, _ = self.patterns
        used = coefficients != 0
        additions = np.maximum(used.sum(axis=1) - 1, 0)
        inexact = np.any(used & ~is_power_of_two(coefficients), axis=1)
        sizes = np.abs(coefficients).sum(axis=1) * POWER_REACH
        return float(arithmetic.unit_rounding(additions, inexact, sizes, np.inf).max())

    def sums(self, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Signed sums in a normal form: columns then weights, shape (nodes * patterns, 2 width), and their signs."""
        coefficients, _ = self.patterns
        weight = coefficients * self.scale[:, None, :]  # (nodes, patterns, factors)
        column = np.where(weight != 0, self.column[:, None, :], -1)
        order = np.argsort(-column, axis=2, kind="stable")
        column, weight = (np.take_along_axis(array, order, axis=2) for array in (column, weight))
        sign = np.sign(weight[:, :, :1])
        spare = [(0, 0), (0, 0), (0, width - column.shape[2])]
        rows = [np.pad(column, spare, constant_values=-1), np.pad(weight * sign, spare)]
        return np.concatenate(rows, axis=2).reshape(-1, 2 * width), sign.ravel()


class PlacedPowers:
    """Products of one level with one number of factors, layer by layer; every method gives the units of one layer.

    Args:
        members: The products.
        gate: Their gate.
        arithmetic: Rounding model.
    """

    def __init__(self, members: Sequence[Member], gate: PowerGate, arithmetic: Arithmetic) -> None:
        self.members, self.gate, self.arithmetic = members, gate, arithmetic
        self.width = max(len(member.group.powers) for member in members)
        rows, signs = zip(*(member.sums(self.width) for member in members), strict=True)
        self.table, units = np.unique(np.concatenate(rows), axis=0, return_inverse=True)
        ends = np.cumsum([len(part) for part in rows])[:-1]
        parity = gate.degree % 2
        self.units: list[np.ndarray] = []  # per member: unit of each node and pattern
        self.counts: list[np.ndarray] = []  # per member: signed count of it
        for member, unit, sign in zip(members, np.split(units.ravel(), ends), signs, strict=True):
            shape = len(member.group.nodes), -1
            self.units.append(unit.reshape(shape))
            self.counts.append(member.patterns[1] * sign.reshape(shape) ** parity)

    def sums(self) -> tuple[Block, np.ndarray]:
        """The distinct signed sums F: units and their sizes."""
        columns, weights = self.table[:, : self.width].astype(np.int64), self.table[:, self.width :]
        row, place = np.nonzero(columns >= 0)
        block = Block(row, columns[row, place], weights[row, place], np.zeros(len(columns)))
        return block, np.full(len(columns), self.gate.degree * POWER_REACH * ROUNDUP)

    def neurons(self, first: int) -> tuple[Block, np.ndarray]:
        """The neurons, scale by scale, that read the signed sums from column `first` on: units and their sizes."""
        scales = np.repeat(self.gate.scales, len(self.table))
        columns = np.tile(first + np.arange(len(self.table)), len(self.gate.scales))
        if self.gate.kind == "pair":
            scales, columns = np.concatenate([scales, -scales]), np.tile(columns, 2)
        size = activation_named(self.gate.activation).largest(largest_z(self.gate)) * (1 + 2.0**-8)
        block = Block(np.arange(len(scales)), columns, scales, np.full(len(scales), self.gate.bias))
        return block, np.full(len(scales), size)

    def parts(self, sums: int, neurons: int) -> tuple[Block, np.ndarray]:
        """The linear units t behind the neurons: units and their sizes."""
        scales = np.repeat(self.gate.scales, len(self.table))
        row = np.arange(len(scales))
        rows, columns, weights = [row], [neurons + row], [np.ones(len(row))]
        if self.gate.kind == "pair":
            rows.append(row)
            columns.append(neurons + len(row) + row)
            weights.append(np.full(len(row), (-1.0) ** self.gate.degree))
        if self.gate.odd:
            rows.append(row)
            columns.append(np.tile(sums + np.arange(len(self.table)), len(self.gate.scales)))
            weights.append(-scales * (int(self.gate.odd.p) / int(self.gate.odd.q)))
        biases = np.full(len(row), -self._constant)
        block = Block(np.concatenate(rows), np.concatenate(columns), np.concatenate(weights), biases)
        noise = [max(self._noise(k, member) for member in self.members) for k in range(len(self.gate.scales))]
        sizes = np.array([even_size(self.gate, s) for s in self.gate.scales]) + noise
        return block, np.repeat(sizes * ROUNDUP, len(self.table))

    def readouts(self, parts: int, m: int) -> tuple[Block, np.ndarray]:
        """The sums over the patterns of member m, scale by scale: units and their sizes."""
        units, counts = self.units[m], self.counts[m]
        n_scales, nodes = len(self.gate.scales), len(units)
        row = np.repeat(np.arange(n_scales * nodes), units.shape[1])
        first = parts + len(self.table) * np.arange(n_scales)[:, None, None]
        block = Block(row, (first + units).ravel(), np.tile(counts.ravel(), n_scales), np.zeros(n_scales * nodes))
        return block, np.repeat(self._sizes(m), nodes)

    def source(self, m: int) -> PowerSource:
        """Bounds the products of member m; infinite bounds where a factor leaves the range of the gate."""
        gate, member = self.gate, self.members[m]
        powers = np.array(member.group.powers, dtype=np.float64)
        reach = 1.0 + float((member.truncation + member.rounding).max(initial=0.0)) * ROUNDUP
        growth = reach ** (gate.degree - 1)  # |prod (a + e) - prod a| <= sum |e| (1 + |e|)^(b-1)
        weights = np.array(gate.weights)
        noise = [self._noise(k, member) + self._sum_rounding(k, m) for k in range(len(weights))]
        own = float(np.abs(weights) @ noise)
        remainder = gate.remainder(reach)
        return PowerSource(
            weights,
            self._constant_missed * self.counts[m].sum(axis=1) * float(weights.sum()),
            np.full(len(member.column), float(np.abs(weights) @ self._sizes(m))),
            remainder + growth * (member.truncation @ powers),
            (own + growth * (member.rounding @ powers)) * ROUNDUP,
            np.full(len(member.column), remainder + own),
        )

    @property
    def _constant(self) -> float:
        exact = self.gate.constant
        return float(self.arithmetic.stored(np.array([int(exact.p) / int(exact.q)]))[0])

    @property
    def _constant_missed(self) -> float:
        missed = rational(self._constant) - self.gate.constant
        return int(missed.p) / int(missed.q)

    def _noise(self, k: int, member: Member) -> float:
        return pattern_noise(self.gate, self.gate.scales[k], member.form_error(self.arithmetic), self.arithmetic)

    def _shifted(self, m: int) -> float:
        """Bound on what the stored constants shift a sum over patterns by."""
        return abs(self._constant_missed) * float(np.abs(self.members[m].patterns[1]).sum())

    def _sum_rounding(self, k: int, m: int) -> float:
        """Rounding of the sum over patterns, in any order."""
        counts = self.members[m].patterns[1]
        inexact = np.array([not np.all(is_power_of_two(counts))])
        size = sum_size(self.gate, self.gate.scales[k]) + self._noise(k, self.members[m]) + self._shifted(m)
        rounding = self.arithmetic.unit_rounding(np.array([len(counts) - 1]), inexact, np.array([size]), np.inf)
        return float(rounding[0])

    def _sizes(self, m: int) -> np.ndarray:
        """Bounds of the sums over patterns, per scale."""
        scales = range(len(self.gate.scales))
        own = [self._noise(k, self.members[m]) + self._sum_rounding(k, m) + self._shifted(m) for k in scales]
        return (np.array(self.gate.sizes) + np.array(own)) * ROUNDUP
