r"""From a layout and gates to a stored network with a proven bound, layer by layer.

Every form f is a linear unit v; the neurons of its square read only v, at scales that are few-bit numbers, so that
almost nothing is rounded before the activation; a linear unit behind each neuron takes the odd part away and holds the
small even part t. A node is read as ``sum_k g_k t_k``. The bounds follow the stored numbers through the same pass:
truncation (an activation is no square) and rounding (everything that finite precision does) of every value. Errors of
a form come out of a square as ``2 |f| e + e^2`` and of a product as ``|a| e_b + |b| e_a + e_a e_b``.
Derivation: docs/theory/certificate.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from ..network import Layer, activation_named
from .arithmetic import Arithmetic
from .counts import unit_gate
from .gate_noise import gate_noise
from .joint import JointBounds
from .layout import Layout, Level, PowerLayer
from .linear_units import Block, LinearUnits, linear_units
from .power_gates import POWER_REACH, PowerGate
from .power_layers import Member, PlacedPowers
from .power_noise import largest_z
from .rows import ROUNDUP, rational
from .sources import Sources
from .square_gates import REACH, SquareGate

__all__ = ["Assembly", "Bounds", "GateChoice", "assemble"]

_LONG = 24  # longer sums are added up in groups
_GROUP = {True: 4, False: 16}  # by whether only rounding is left


@dataclass(frozen=True)
class GateChoice:
    """Which gate each node uses.

    Args:
        activation: Name of the activation of every neuron.
        gates: The gates; empty if the program has counts only.
        of_node: Index of the gate of each node.
        powers: Gate of the products of so many factors, by their number.
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


def assemble(layout: Layout, choice: GateChoice, dtype: np.dtype, joint: JointBounds | None = None) -> Assembly:
    """Stores a network and bounds its error.

    Args:
        layout: The program as arrays.
        choice: Gate of every node.
        dtype: Type of the stored numbers.
        joint: Joint bounds of the squares that an output reads, if they are wanted.

    Returns:
        The network; its bounds are infinite if a value may overflow or leave the certified range of a gate.

    Cost: proportional to the entries of all rows.
    """
    return _Assembler(layout, choice, dtype).run(joint)


class _Assembler:
    def __init__(self, layout: Layout, choice: GateChoice, dtype: np.dtype) -> None:
        self.layout, self.choice = layout, choice
        self.arithmetic = Arithmetic(dtype)
        self.noise = [gate_noise(gate, self.arithmetic) for gate in choice.gates]
        self.group = _GROUP[all(gate.kind == "exact" for gate in choice.gates)]
        self.assembly = Assembly(node_errors=np.zeros(len(layout.program.nodes)))
        self.sources = Sources.of_size(layout.n_sources)
        self.unit_size = layout.input_size * (1 + self.arithmetic.u)
        self.form_rounding = np.zeros(len(layout.program.nodes))
        self.message = ""
        self._set_inputs()

    def run(self, joint: JointBounds | None) -> Assembly:
        layout = self.layout
        if layout.centred:
            self._centre_inputs()
        with np.errstate(over="ignore", invalid="ignore"):
            for level in layout.levels:
                self._add_level(level)
            self._add_outputs(joint)
        return self.assembly

    def _set_inputs(self) -> None:
        layout, n = self.layout, self.layout.n
        everything = np.arange(n)
        rounding = np.where(layout.integral_inputs, 0.0, self.arithmetic.u * layout.input_size)
        rounding += np.where(layout.integral_inputs, 0.0, self.arithmetic.tiny)
        self.sources.set(
            everything,
            everything[:, None],
            np.ones((n, 1)),
            size=self.unit_size,
            rounding=rounding,
            is_integral=layout.integral_inputs,
        )
        if n and not self.unit_size.max() < self.arithmetic.largest:
            self.message = f"an input may overflow {self.arithmetic.dtype.name}"

    def _centre_inputs(self) -> None:
        units = linear_units(self.layout.centring, self.sources, self.unit_size, self.arithmetic)
        columns, rounding = self._append_sums(units, 1.0)
        sources = self.layout.n + np.array(self.layout.centred, dtype=np.int64)
        ones = np.ones((len(columns), 1))
        size = np.ones(len(columns)) + rounding
        self.sources.set(sources, columns[:, None], ones, size=size, rounding=rounding)

    # --- layers -------------------------------------------------------------------------------------------------------

    def _append(self, block: Block, sizes: np.ndarray, activation: str | None = None) -> np.ndarray:
        """Adds a layer; returns the columns of its units."""
        columns = len(self.unit_size) + np.arange(len(block.bias))
        self.assembly.blocks.append(block)
        self.assembly.activations.append(activation)
        self.unit_size = np.concatenate([self.unit_size, sizes])
        if len(sizes) and not np.max(sizes) < self.arithmetic.largest:
            self.message = self.message or f"a value may overflow {self.arithmetic.dtype.name}"
        return columns

    def _append_sums(self, units: LinearUnits, largest: float) -> tuple[np.ndarray, np.ndarray]:
        """Adds linear units, long ones through partial sums; returns their columns and their rounding errors."""
        if units.overflow or not np.all(units.size < self.arithmetic.largest):
            self.message = self.message or f"a sum may overflow {self.arithmetic.dtype.name}"
        block, entries = units.block, units.entries
        additions = np.maximum(entries - 1, 0)
        if entries.max(initial=0) > _LONG:
            additions = np.zeros(len(entries), dtype=np.int64)
            while (terms := np.bincount(block.row, minlength=len(entries))).max() > self.group:
                block, met = self._partial_sums(block, units.size)
                additions += met
            additions += np.maximum(terms + (block.bias != 0) - 1, 0)
        own = self.arithmetic.unit_rounding(additions, units.inexact, units.size, largest)
        own = np.where(units.exact, 0.0, own)
        columns = self._append(block, np.minimum(units.size, np.maximum(largest, 0) * 2.0) if largest else units.size)
        return columns, (units.rounding + own) * ROUNDUP

    def _partial_sums(self, block: Block, sizes: np.ndarray) -> tuple[Block, np.ndarray]:
        """Adds a layer of sums over at most `group` entries each; returns rows that read them, additions met."""
        n_rows = len(block.bias)
        order = np.argsort(block.row, kind="stable")
        row, column, weight = block.row[order], block.column[order], block.weight[order]
        counts = np.bincount(row, minlength=n_rows)
        place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        is_long = counts[row] > self.group
        group_counts = np.where(counts > self.group, -(-counts // self.group), 0)
        first = np.cumsum(group_counts) - group_counts
        group = first[row[is_long]] + place[is_long] // self.group
        owner = np.repeat(np.arange(n_rows), group_counts)
        partial = Block(group, column[is_long], weight[is_long], np.zeros(len(owner)))
        columns = self._append(partial, sizes[owner])
        rest = Block(
            np.concatenate([row[~is_long], owner]),
            np.concatenate([column[~is_long], columns]),
            np.concatenate([weight[~is_long], np.ones(len(owner))]),
            block.bias,
        )
        return rest, np.where(counts > self.group, self.group - 1, 0)

    # --- nodes --------------------------------------------------------------------------------------------------------

    def _add_level(self, level: Level) -> None:
        forms = _Forms(level, linear_units(level.forms, self.sources, self.unit_size, self.arithmetic))
        self._place_forms(forms)
        nodes = np.concatenate([level.squares, level.products, level.products])
        gate_of_form = self.choice.of_node[nodes] if len(nodes) else nodes
        neurons = _Neurons()
        placed = []
        for k, gate in enumerate(self.choice.gates):
            members = np.flatnonzero(gate_of_form == k)
            if len(members):
                placed.append((k, members, neurons.add_gate(gate, forms, members)))
        counts = self._count_neurons(level, neurons) if len(level.counts) else None
        powers = [self._place_powers(layer, neurons) for layer in level.powers]
        if not neurons.sizes:
            return
        columns = self._append(neurons.block(), np.concatenate(neurons.sizes), self.choice.activation)
        self.assembly.largest_slope = max(self.assembly.largest_slope, neurons.largest)
        readouts = {k: columns[0] + units[:, 0, :] for k, _, units in placed}
        evens = _Neurons()
        halves = {
            k: self._add_evens(evens, k, forms, members, columns[0] + units)
            for k, members, units in placed
            if self.choice.gates[k].kind != "exact"
        }
        if halves:
            first = self._append(evens.block(), np.concatenate(evens.sizes))[0]
            readouts |= {k: first + units for k, units in halves.items()}
        if self.choice.activation == "relu":
            readouts = self._add_teeth(readouts)
        place = np.zeros(len(nodes), dtype=np.int64)
        for _, members, _ in placed:
            place[members] = np.arange(len(members))
        for k, readout in readouts.items():
            self._set_squares(k, level, forms, readout, place)
            self._set_products(k, level, forms, readout, place)
        if counts is not None:
            self._set_counts(level, columns[0] + counts[0], counts[1], counts[2])
        for placed_powers, sums, start in powers:
            self._set_powers(placed_powers, sums, int(columns[0]) + start)

    def _place_powers(self, layer: PowerLayer, neurons: _Neurons) -> tuple[PlacedPowers, int, int]:
        """Adds the signed sums of products of one number of factors and their neurons; returns where they begin."""
        forms = _Forms(None, linear_units(layer.forms, self.sources, self.unit_size, self.arithmetic))
        self._place_forms(forms, POWER_REACH)
        placed_forms = forms.column, forms.scale, forms.truncation, forms.rounding
        members = [Member(group, *(array[group.factors] for array in placed_forms)) for group in layer.groups]
        placed = PlacedPowers(members, self.choice.powers[layer.degree], self.arithmetic)
        sums = int(self._append(*placed.sums())[0])
        return placed, sums, int(neurons.add_block(*placed.neurons(sums), largest_z(placed.gate))[0])

    def _set_powers(self, placed: PlacedPowers, sums: int, neurons: int) -> None:
        """Adds what reads the neurons of products and registers them as sources."""
        parts = int(self._append(*placed.parts(sums, neurons))[0])
        for m, member in enumerate(placed.members):
            readouts = self._append(*placed.readouts(parts, m))
            source, nodes = placed.source(m), member.group.nodes
            self.sources.set(
                2 * self.layout.n + nodes,
                readouts.reshape(-1, len(nodes)).T,
                np.broadcast_to(source.weights, (len(nodes), len(source.weights))),
                size=source.size,
                truncation=source.truncation,
                rounding=source.rounding,
                offset=source.offset,
            )
            self.assembly.node_errors[nodes] = source.own

    def _add_evens(
        self, evens: _Neurons, k: int, forms: _Forms, members: np.ndarray, neurons: np.ndarray
    ) -> np.ndarray:
        if self.choice.gates[k].kind != "sawtooth":
            return evens.add_evens(self._even(k), forms, members, neurons)
        columns = [neurons[:, 0, 0], forms.column[members]]  # |f| = 2 max(f, 0) - f
        return evens.add(columns, [np.full(len(members), 2.0), -forms.scale[members]], 0.0, REACH)[:, None]

    def _add_teeth(self, readouts: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
        """Adds the teeth of sawtooth gates, two layers each; returns the columns of y_0, y_1, ..."""
        longest = max((len(self.choice.gates[k].weights) for k in readouts), default=1)
        for tooth in range(1, longest):
            bends, tents = _Neurons(), _Neurons()
            going = [k for k in readouts if len(self.choice.gates[k].weights) > tooth]
            places = {}
            for k in going:
                last = readouts[k][:, -1]
                places[k] = bends.add([last], [np.ones(len(last))], -0.5, REACH)
            first = self._append(bends.block(), np.concatenate(bends.sizes), "relu")[0]
            for k in going:
                last, m = readouts[k][:, -1], len(readouts[k])
                columns = [last, first + places[k]]
                places[k] = tents.add(columns, [np.full(m, 2.0), np.full(m, -4.0)], 0.0, REACH)
            first = self._append(tents.block(), np.concatenate(tents.sizes))[0]
            for k in going:
                readouts[k] = np.column_stack([readouts[k], first + places[k]])
        return readouts

    def _even(self, k: int) -> _Even:
        """What the even units of a gate subtract, and what the stored number misses."""
        gate = self.choice.gates[k]
        exact = gate.constant * (2 if gate.kind == "pair" else 1)
        stored = float(self.arithmetic.stored(np.array([int(exact.p) / int(exact.q)]))[0])
        missed = rational(stored) - exact
        return _Even(gate, self.noise[k].value_size, stored, int(missed.p) / int(missed.q))

    def _place_forms(self, forms: _Forms, reach: float = REACH) -> None:
        """Gives every form a unit, except where it is one unit already, up to a power of two."""
        units = forms.units
        if units.overflow:
            self.message = self.message or f"a weight overflows {self.arithmetic.dtype.name}"
        direct = (units.entries == 1) & (units.block.bias == 0) & ~units.inexact
        n_forms = len(direct)
        forms.column = np.zeros(n_forms, dtype=np.int64)
        forms.scale = np.ones(n_forms)
        forms.rounding = units.rounding.copy()
        entry_of = np.zeros(n_forms, dtype=np.int64)
        entry_of[units.block.row] = np.arange(len(units.block.row))
        forms.column[direct] = units.block.column[entry_of[direct]]
        forms.scale[direct] = units.block.weight[entry_of[direct]]
        others = np.flatnonzero(~direct)
        if len(others):
            new_index = np.full(n_forms, -1)
            new_index[others] = np.arange(len(others))
            kept = ~direct[units.block.row]
            block = Block(
                new_index[units.block.row[kept]],
                units.block.column[kept],
                units.block.weight[kept],
                units.block.bias[others],
            )
            rest = LinearUnits(
                block,
                units.truncation[others],
                units.rounding[others],
                units.size[others],
                units.inexact[others],
                units.exact[others],
                units.overflow,
            )
            columns, rounding = self._append_sums(rest, 1.0)
            forms.column[others] = columns
            forms.rounding[others] = rounding
        forms.truncation = units.truncation
        error = (forms.truncation + forms.rounding).max(initial=0.0)
        if not 2 * error <= reach - 1.0:  # twice: the two forms of a product share one range
            self.message = self.message or "errors inside the network are too large for its gates"

    def _set_squares(self, k: int, level: Level, forms: _Forms, readout: np.ndarray, place: np.ndarray) -> None:
        """Registers the squares of one gate as sources."""
        mine = np.flatnonzero(self.choice.of_node[level.squares] == k)
        if not len(mine):
            return
        gate, noise, nodes = self.choice.gates[k], self.noise[k], level.squares[mine]
        weights = np.array(gate.weights)
        truncation, rounding = forms.truncation[mine], forms.rounding[mine]
        self.sources.set(
            2 * self.layout.n + nodes,
            readout[place[mine]],
            np.broadcast_to(weights, (len(mine), len(weights))),
            size=np.full(len(mine), noise.size * REACH**2 + noise.of_square),
            truncation=gate.remainder + 2 * truncation + truncation**2,
            rounding=noise.of_square + 2 * rounding + rounding**2 + 2 * truncation * rounding,
            offset=0.0 if gate.kind in {"exact", "sawtooth"} else self._even(k).missed * float(weights.sum()),
        )
        self.form_rounding[nodes] = rounding
        self.assembly.node_errors[nodes] = gate.remainder + noise.of_square

    def _set_products(self, k: int, level: Level, forms: _Forms, readout: np.ndarray, place: np.ndarray) -> None:
        """Registers the products of one gate as sources: the difference of two squares."""
        mine = np.flatnonzero(self.choice.of_node[level.products] == k)
        if not len(mine):
            return
        gate, noise, nodes = self.choice.gates[k], self.noise[k], level.products[mine]
        weights = np.concatenate([gate.weights, np.negative(gate.weights)])
        plus = len(level.squares) + mine
        minus = plus + len(level.products)
        # p^2 - q^2 changes by 2 |p| e + 2 |q| e', |p| + |q| <= 1; the chords of a sawtooth may be steeper
        both = 2.0 if gate.kind == "sawtooth" else 1.0
        truncation = both * np.maximum(forms.truncation[plus], forms.truncation[minus])
        rounding = both * np.maximum(forms.rounding[plus], forms.rounding[minus])
        self.sources.set(
            2 * self.layout.n + nodes,
            np.concatenate([readout[place[plus]], readout[place[minus]]], axis=1),
            np.broadcast_to(weights, (len(mine), len(weights))),
            size=np.full(len(mine), noise.size * REACH**2 + noise.of_product),
            truncation=gate.pair_remainder + 2 * truncation + 2 * truncation**2,
            rounding=noise.of_product + 2 * rounding + 2 * rounding**2 + 4 * truncation * rounding,
        )
        self.assembly.node_errors[nodes] = gate.pair_remainder + noise.of_product

    def _count_neurons(self, level: Level, neurons: _Neurons) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Adds the neurons of the counts; returns their places, the error of their forms and whether they are exact."""
        gate = unit_gate(self.choice.activation, self.arithmetic.u)
        units = linear_units(level.count_forms, self.sources, self.unit_size, self.arithmetic, gate.slope)
        if units.overflow:
            self.message = self.message or f"a weight overflows {self.arithmetic.dtype.name}"
        additions = np.maximum(units.entries - 1, 0)
        own = self.arithmetic.unit_rounding(additions, units.inexact, units.size, np.inf)
        integral = units.exact & (units.rounding == 0) & (units.truncation == 0)
        error = units.truncation + units.rounding + np.where(units.exact, 0.0, own)
        rows = level.count_forms
        largest = gate.slope * (level.reach + 1)
        values = np.full(rows.n_rows, activation_named(self.choice.activation).largest(largest) * (1 + 2.0**-8))
        places = neurons.add_block(units.block, values, largest)
        return places, error, integral

    def _set_counts(self, level: Level, columns: np.ndarray, error: np.ndarray, integral: np.ndarray) -> None:
        gate = unit_gate(self.choice.activation, self.arithmetic.u)
        activation = activation_named(self.choice.activation)
        largest = gate.slope * (level.reach + 1)
        exact = self.choice.activation == "relu"
        own = 0.0 if exact else gate.weight * self.arithmetic.u * activation.error(largest, self.arithmetic.dtype)
        own += 0.0 if exact else self.arithmetic.tiny
        if exact and self.arithmetic.is_half:
            own = np.where(integral, 0.0, self.arithmetic.u * level.reach)
        self.sources.set(
            2 * self.layout.n + level.counts,
            columns[:, None],
            np.full((len(columns), 1), gate.weight),
            size=(level.tops if gate.grows else 1.0) + own + gate.truncation + gate.sensitivity * error,
            truncation=gate.truncation,
            rounding=own + gate.sensitivity * error,
            offset=gate.offset,
            is_integral=integral & exact,
        )
        self.assembly.node_errors[level.counts] = gate.truncation + own

    # --- outputs ------------------------------------------------------------------------------------------------------

    def _add_outputs(self, joint: JointBounds | None) -> None:
        units = linear_units(self.layout.outputs, self.sources, self.unit_size, self.arithmetic)
        _, rounding = self._append_sums(units, np.inf)
        truncation = units.truncation
        if joint is not None and self.choice.gates:
            less = joint.savings(self.choice.gates, self.noise, self.choice.of_node, self.form_rounding)
            truncation, rounding = truncation - less[0], rounding - less[1]
        rounding = rounding + np.array(self.layout.program.defects)
        if self.message or not np.all(np.isfinite(truncation + rounding)):
            self.message = self.message or f"a value may overflow {self.arithmetic.dtype.name}"
            truncation = np.full(len(truncation), np.inf)
        self.assembly.bounds = Bounds(truncation * ROUNDUP, rounding * ROUNDUP, self.message)


@dataclass
class _Forms:
    """Forms of one level and where they are computed."""

    level: Level | None
    units: LinearUnits
    column: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    scale: np.ndarray = field(default_factory=lambda: np.zeros(0))
    truncation: np.ndarray = field(default_factory=lambda: np.zeros(0))
    rounding: np.ndarray = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class _Even:
    """The linear units behind the neurons of a gate: ``t = h - odd z - stored``, value ``E = t + missed``."""

    gate: SquareGate
    sizes: tuple[float, ...]
    stored: float
    missed: float


class _Neurons:
    """Collects the units of one layer from several gates."""

    def __init__(self) -> None:
        self.parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.biases: list[np.ndarray] = []
        self.sizes: list[np.ndarray] = []
        self.count = 0
        self.largest = 0.0

    def add(self, columns: Sequence[np.ndarray], weights: Sequence[np.ndarray], bias: float, size: float) -> np.ndarray:
        """Adds units that read a few columns each; returns their places."""
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

    def add_gate(self, gate: SquareGate, forms: _Forms, members: np.ndarray) -> np.ndarray:
        """Adds the neurons of a gate; returns places of shape (forms, signs, scales)."""
        column, unit = forms.column[members], forms.scale[members]
        signs = (1.0, -1.0) if gate.kind == "pair" else (1.0,)
        z_max = abs(gate.bias) + gate.scales[0] * REACH
        self.largest = max(self.largest, z_max)
        size = activation_named(gate.activation).largest(z_max) * (1 + 2.0**-8)
        places = [[self.add([column], [sign * s * unit], gate.bias, size) for s in gate.scales] for sign in signs]
        return np.array(places).transpose(2, 0, 1)

    def add_evens(self, even: _Even, forms: _Forms, members: np.ndarray, neurons: np.ndarray) -> np.ndarray:
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
