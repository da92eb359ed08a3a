r"""The even basis: what a stored network computes, with the odd halves of its activations cancelled exactly.

A neuron is ``h = odd z + e0 + e`` with `e` nearly a square and `z` affine in the sources. Substituting the z of every
neuron in turn writes each unit as an affine row over (1, x, e), in rational arithmetic on the stored weights. The large
odd parts of neurons and skips, which cancel, are gone from these rows; the bounds can then be added up term by term.
Columns: 0 the constant, 1..n the inputs, then every unit of the network in order; the column of a neuron stands for its
e, the column of a linear unit for its own rounding error.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from flint import fmpq

from .gates import SquareGate
from .rows import CONSTANT, Row, add_multiple, rational

__all__ = ["EvenBasis"]


@dataclass
class EvenBasis:
    """Collects the units of a network and expands rows over them.

    Args:
        n_inputs: Number of inputs.
        gate: The square that its neurons are, None if it has no neurons.
    """

    n_inputs: int
    gate: SquareGate | None
    tails: dict[int, Row] = field(default_factory=dict)  # unit -> its expanded row without its own column
    neurons: set[int] = field(default_factory=set)

    def add_neuron(self, column: int, stored: Row) -> None:
        """Registers a neuron by its stored row over (1, x, earlier units)."""
        assert self.gate is not None  # only networks with neurons get here
        tail: Row = {}
        add_multiple(tail, self.gate.odd, self.expand(stored))
        add_multiple(tail, self.gate.constant, {CONSTANT: fmpq(1)})
        self.tails[column] = tail
        self.neurons.add(column)

    def add_linear_unit(self, column: int, stored: Row) -> None:
        """Registers a linear unit by its stored row."""
        self.tails[column] = self.expand(stored)

    def expand(self, stored: Row) -> Row:
        """Writes a stored row over (1, x, units) as a row over (1, x, e and linear units' errors).

        Args:
            stored: Weights as stored, exact.

        Returns:
            The expanded row.
        """
        row = dict(stored)
        for column, weight in stored.items():
            if tail := self.tails.get(column):
                add_multiple(row, weight, tail)
        return row

    def store(self, target: Row, dtype: np.dtype, center: list[fmpq]) -> Row:
        r"""Finds the floating-point row nearest to a target row.

        A neuron that is read drags its odd part along, so the row is worked out from the last unit down to the inputs:
        each weight makes up for the odd parts of the later ones as stored; the bias makes up for the rounding of the
        input weights at the centre of the box.

        Args:
            target: Wanted row over (1, x, units); the column of a neuron is the wanted coefficient of its even part.
            dtype: Type of the weights.
            center: Centre of the box, raw units.

        Returns:
            The stored row: every entry is exactly a number of `dtype`.
        """
        stored: Row = {}
        remaining = dict(target)
        for column in sorted((c for c in target if c > self.n_inputs), reverse=True):
            weight = _rounded(remaining.pop(column), dtype)
            if weight:
                stored[column] = weight
                if column in self.neurons:
                    add_multiple(remaining, -weight, self.tails[column])
        bias = remaining.get(CONSTANT, fmpq(0))
        for site in range(self.n_inputs):
            if (wanted := remaining.get(site + 1)) is not None:
                weight = _rounded(wanted, dtype)
                bias += (wanted - weight) * center[site]
                if weight:
                    stored[site + 1] = weight
        if constant := _rounded(bias, dtype):
            stored[CONSTANT] = constant
        return stored


def _rounded(number: fmpq, dtype: np.dtype) -> fmpq:
    """Nearest number of the dtype."""
    try:
        with np.errstate(over="ignore"):  # an infinite weight is reported below
            value = float(dtype.type(int(number.p) / int(number.q)))
    except OverflowError:
        value = np.inf
    if not np.isfinite(value):
        message = f"a weight of size {number.p.bit_length() - number.q.bit_length()} bits overflows {dtype.name}"
        raise OverflowError(message)
    return rational(value)
