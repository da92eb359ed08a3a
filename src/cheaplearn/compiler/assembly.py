"""From a square program and a gate to the stored numbers of a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import fmpq
from scipy import sparse

from ..network import Layer
from .basis import EvenBasis
from .gates import SquareGate
from .program import Program
from .rows import CONSTANT, Row, add_multiple, rational

__all__ = ["Assembly", "Layout", "assemble"]


@dataclass(frozen=True)
class Assembly:
    """A network in exact numbers, one stored row per unit.

    Args:
        n_inputs: Number of inputs.
        layers: Stored rows of each layer, the outputs last; columns: 0 the constant, 1..n inputs, then units in order.
        neurons: For each layer whether its units are neurons (True) or linear.
        square_of: For each neuron column the index of the square it stands for.
        gate: The square gate, None for an affine network.
        dtype: Type of all numbers.
    """

    n_inputs: int
    layers: list[list[Row]]
    neurons: list[bool]
    square_of: dict[int, int]
    gate: SquareGate | None
    dtype: np.dtype

    def network_layers(self) -> tuple[Layer, ...]:
        """Turns the rows into arrays.

        Returns:
            Layers as a `Network` holds them.
        """
        result = []
        width = self.n_inputs
        for rows, neurons in zip(self.layers, self.neurons, strict=True):
            entries = [(i, c - 1, _float(v)) for i, row in enumerate(rows) for c, v in row.items() if c]
            i, c, v = zip(*entries, strict=True) if entries else ((), (), ())
            weights = sparse.csr_array(
                (np.array(v, dtype=self.dtype), (np.array(i, dtype=np.int32), np.array(c, dtype=np.int32))),
                shape=(len(rows), width),
            )
            bias = np.array([_float(row.get(CONSTANT, fmpq(0))) for row in rows], dtype=self.dtype)
            activation = self.gate.activation if neurons and self.gate else None
            result.append(Layer(weights, bias, activation))
            width += len(rows)
        return tuple(result)


@dataclass(frozen=True)
class Layout:
    """How the affine maps are laid out. Linear units cost synapses, no neurons, and make rounding smaller.

    Args:
        balanced: Inputs are centred and scaled to [-1, 1] first, and each neuron is followed by a linear unit that
            takes its odd part away, ``h - z/2`` (both exact up to one rounding of a small number): everything after
            reads the small even parts, not large numbers that cancel.
        group: Outputs add up at most this many terms at a time, in linear units; None for one sum.
    """

    balanced: bool = False
    group: int | None = None


def assemble(program: Program, gate: SquareGate | None, amplitude: float, dtype: np.dtype, layout: Layout) -> Assembly:
    """Places every square on one neuron with pre-activation ``amplitude * form`` and stores all rows in `dtype`.

    Args:
        program: What to compute.
        gate: The neuron as a square; None if the program has no squares.
        amplitude: Largest pre-activation; a float, so that the scale is exact.
        dtype: Type of the stored numbers.
        layout: How the affine maps are laid out.

    Returns:
        The network in exact numbers.

    Raises:
        OverflowError: If a weight is too large for the dtype.
    """
    builder = _Builder(program, gate, amplitude, dtype)
    if layout.balanced:
        builder.center_inputs()
    for level in range(1, program.depth + 1):
        builder.add_squares(level)
        if layout.balanced:
            builder.remove_odd_parts(level)
    builder.add_outputs(layout.group)
    return builder.assembly


class _Builder:
    def __init__(self, program: Program, gate: SquareGate | None, amplitude: float, dtype: np.dtype) -> None:
        self.program = program
        self.dtype = dtype
        self.scale = rational(amplitude)
        self.basis = EvenBasis(program.n_inputs, gate)
        self.assembly = Assembly(program.n_inputs, [], [], {}, gate, dtype)
        self.inputs: dict[int, int] = {}  # input -> column of its centred unit, if there is one
        self.neurons: dict[int, int] = {}  # square -> column of its neuron
        self.squares: dict[int, int] = {}  # square -> column it is read from
        self.next_column = program.n_inputs + 1
        self.per_square = gate.kappa * self.scale**2 if gate else fmpq(1)  # e = per_square * f^2 + remainder

    def center_inputs(self) -> None:
        used = [i for i, radius in enumerate(self.program.radius) if radius]
        rows = []
        for i in used:
            radius, center = self.program.radius[i], self.program.center[i]
            rows.append(self._store({i + 1: 1 / radius, CONSTANT: -center / radius}))
        self.inputs = dict(zip(used, self._append(rows), strict=True))

    def add_squares(self, level: int) -> None:
        members = [i for i, square in enumerate(self.program.squares) if square.level == level]
        rows = []
        for i in members:
            target: Row = {}
            add_multiple(target, self.scale, self._target(self.program.squares[i].form))
            rows.append(self._store(target))
        columns = self._append(rows, neurons=True)
        self.neurons |= zip(members, columns, strict=True)
        self.squares |= zip(members, columns, strict=True)
        self.assembly.square_of.update(zip(columns, members, strict=True))

    def remove_odd_parts(self, level: int) -> None:
        members = [i for i, square in enumerate(self.program.squares) if square.level == level]
        assert self.assembly.gate is not None
        rows = []
        for i in members:
            column = self.neurons[i]
            row: Row = {}
            add_multiple(row, -self.assembly.gate.odd, self._stored_row(column))
            add_multiple(row, -self.assembly.gate.constant, {CONSTANT: fmpq(1)})
            constant = {CONSTANT: row.pop(CONSTANT)} if CONSTANT in row else {}
            row[column] = fmpq(1)
            rows.append(row | self._store(constant))  # halves of stored weights are exact
        self.squares |= zip(members, self._append(rows), strict=True)

    def add_outputs(self, group: int | None) -> None:
        targets = [self._target(output) for output in self.program.outputs]
        if group:
            targets = self._sum_groups(targets, group)
        self._append([self._store(target) for target in targets])

    def _sum_groups(self, targets: list[Row], group: int) -> list[Row]:
        """Moves the terms of each target into partial sums of at most `group`; returns what is left to read."""
        owners, rows = [], []
        for k, target in enumerate(targets):
            columns = sorted(target.keys() - {CONSTANT})
            for start in range(0, len(columns), group):
                rows.append(self._store({column: target[column] for column in columns[start : start + group]}))
                owners.append(k)
        rest = [{c: v for c, v in target.items() if c == CONSTANT} for target in targets]
        for k, column in zip(owners, self._append(rows), strict=True):
            rest[k][column] = fmpq(1)
        return rest

    def _append(self, rows: list[Row], *, neurons: bool = False) -> list[int]:
        """Adds a layer; returns the columns of its units."""
        columns = list(range(self.next_column, self.next_column + len(rows)))
        for column, row in zip(columns, rows, strict=True):
            (self.basis.add_neuron if neurons else self.basis.add_linear_unit)(column, row)
        self.next_column += len(rows)
        self.assembly.layers.append(rows)
        self.assembly.neurons.append(neurons)
        return columns

    def _store(self, target: Row) -> Row:
        return self.basis.store(target, self.dtype, self.program.center)

    def _stored_row(self, column: int) -> Row:
        column -= self.program.n_inputs + 1
        for rows in self.assembly.layers:
            if column < len(rows):
                return rows[column]
            column -= len(rows)
        raise IndexError

    def _target(self, form: Row) -> Row:
        """A row over (1, u, squares) as the wanted row over (1, x, units)."""
        target: Row = {}
        first = 1 + self.program.n_inputs
        for column, value in form.items():
            if column == CONSTANT:
                add_multiple(target, value, {CONSTANT: fmpq(1)})
            elif column >= first:
                add_multiple(target, value / self.per_square, {self.squares[column - first]: fmpq(1)})
            elif column - 1 in self.inputs:
                add_multiple(target, value, {self.inputs[column - 1]: fmpq(1)})
            else:
                per_unit = value / self.program.radius[column - 1]
                add_multiple(target, per_unit, {column: fmpq(1), CONSTANT: -self.program.center[column - 1]})
        return target


def _float(number: fmpq) -> float:
    return int(number.p) / int(number.q)
