r"""From a layout and gates to a stored network with a proven bound, layer by layer.

Every form f is a linear unit v; the neurons of its square read only v, at scales that are few-bit numbers, so that
almost nothing is rounded before the activation; a linear unit behind each neuron takes the odd part away and holds the
small even part t. A node is read as ``sum_k g_k t_k``. The bounds follow the stored numbers through the same pass:
truncation (an activation is no square) and rounding (everything that finite precision does) of every value. Errors of
a form come out of a square as ``2 |f| e + e^2`` and of a product as ``|a| e_b + |b| e_a + e_a e_b``.
Derivation: docs/theory/certificate.md.
"""

from __future__ import annotations

import numpy as np

from ..network import activation_named
from .arithmetic import Arithmetic
from .carrying import Carrier
from .counts import unit_gate
from .gate_noise import gate_noise
from .identity_gates import identity_gate
from .joint import JointBounds
from .lattice import Lattice
from .layout import Layout, Level, PowerLayer
from .linear_units import Block, LinearUnits, linear_units
from .power_gates import POWER_REACH
from .power_layers import Member, PlacedPowers
from .power_noise import largest_z
from .rows import ROUNDUP, rational
from .site_sums import add_up_sites
from .sources import Sources
from .square_gates import REACH, SquareGate
from .stored import Assembly, Bounds, GateChoice
from .unit_layers import Even, Forms, Neurons

__all__ = ["Assembler", "assemble"]

_LONG = 24  # longer sums are added up in groups
_GROUP = {True: 4, False: 16}  # by whether only rounding is left


def assemble(
    layout: Layout,
    choice: GateChoice,
    dtype: np.dtype,
    joint: JointBounds | None = None,
    *,
    is_strict: bool = False,
) -> Assembly:
    """Stores a network and bounds its error.

    Args:
        layout: The program as arrays.
        choice: Gate of every node.
        dtype: Type of the stored numbers.
        joint: Joint bounds of the squares that an output reads, if they are wanted.
        is_strict: Whether values are carried past layers of neurons by identity neurons.

    Returns:
        The network; its bounds are infinite if a value may overflow or leave the certified range of a gate.

    Cost: proportional to the entries of all rows.
    """
    return Assembler(layout, choice, dtype, is_strict=is_strict).run(joint)


class Assembler:
    """The pass over all layers; `run` makes it.

    Args:
        layout: The program as arrays.
        choice: Gate of every node.
        dtype: Type of the stored numbers.
        is_strict: Whether values are carried past layers of neurons by identity neurons.
    """

    def __init__(self, layout: Layout, choice: GateChoice, dtype: np.dtype, *, is_strict: bool = False) -> None:
        self.layout, self.choice = layout, choice
        self.arithmetic = Arithmetic(dtype)
        self.noise = [gate_noise(gate, self.arithmetic) for gate in choice.gates]
        self.group = _GROUP[all(gate.kind == "exact" for gate in choice.gates)]
        self.assembly = Assembly(node_errors=np.zeros(len(layout.program.nodes)))
        self.sources = Sources.of_size(layout.n_sources)
        self.unit_size = layout.input_size * (1 + self.arithmetic.u)
        self.form_rounding = np.zeros(len(layout.program.nodes))
        self.message = ""
        identity = identity_gate(choice.activation, self.arithmetic) if is_strict else None
        self.carrier = Carrier(layout, identity) if identity else None
        self._set_inputs()

    def run(self, joint: JointBounds | None) -> Assembly:
        """Stores and bounds the whole network.

        Args:
            joint: Joint bounds of the outputs.

        Returns:
            The network.
        """
        layout = self.layout
        if layout.centred:
            self._centre_inputs()
        with np.errstate(over="ignore", invalid="ignore"):
            for index, level in enumerate(layout.levels):
                self._add_level(index, level)
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
        columns, rounding = self.append_sums(units, REACH)
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

    def append_sums(
        self, units: LinearUnits, largest: float, lattice: Lattice | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Adds linear units, long ones through partial sums.

        Args:
            units: The units.
            largest: Bound of every computed sum; infinite if none is known.
            lattice: Sites over which the sums go, to be added up site by site; None for sums of any other kind.

        Returns:
            Their columns and their rounding errors.
        """
        if units.overflow or not np.all(units.size < self.arithmetic.largest):
            self.message = self.message or f"a sum may overflow {self.arithmetic.dtype.name}"
        block, entries = units.block, units.entries
        additions = np.maximum(entries - 1, 0)
        stages = 0
        if lattice is not None:
            block, additions, stages = add_up_sites(
                block, lattice.shape, self.group, lambda partial, owner: self._append(partial, units.size[owner])
            )
        elif entries.max(initial=0) > _LONG and self.layout.lattice is None:
            additions = np.zeros(len(entries), dtype=np.int64)
            while (terms := np.bincount(block.row, minlength=len(entries))).max() > self.group:
                block, met = self._partial_sums(block, units.size)
                additions += met
                stages += 1
            additions += np.maximum(terms + (block.bias != 0) - 1, 0)
        products = units.entries * bool(stages)
        largest = largest + units.truncation + units.rounding  # of the computed sums, whatever their errors
        own = self.arithmetic.unit_rounding(additions, units.inexact, units.size, largest, stages, products)
        own = np.where(units.exact, 0.0, own)
        columns = self._append(block, np.minimum(units.size, 2.0 * largest))
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

    def _add_level(self, index: int, level: Level) -> None:
        forms = Forms(level, linear_units(level.forms, self.sources, self.unit_size, self.arithmetic))
        self._place_forms(forms)
        nodes = np.concatenate([level.squares, level.products, level.products])
        gate_of_form = self.choice.of_node[nodes] if len(nodes) else nodes
        neurons = Neurons()
        placed = []
        for k, gate in enumerate(self.choice.gates):
            members = np.flatnonzero(gate_of_form == k)
            if len(members):
                placed.append((k, members, neurons.add_gate(gate, forms, members)))
        counts = self._count_neurons(level, neurons) if len(level.counts) else None
        carried = self.carrier.add_neurons(self, index, neurons) if self.carrier else None
        powers = [self._place_powers(group, neurons) for group in level.powers]
        if not neurons.sizes:
            return
        columns = self._append(neurons.block(), np.concatenate(neurons.sizes), self.choice.activation)
        self.assembly.largest_slope = max(self.assembly.largest_slope, neurons.largest)
        readouts = {k: columns[0] + units[:, 0, :] for k, _, units in placed}
        evens = Neurons()
        halves = {
            k: self._add_evens(evens, k, forms, members, columns[0] + units)
            for k, members, units in placed
            if self.choice.gates[k].kind != "exact"
        }
        values = self.carrier.add_values(carried, columns[0], evens) if self.carrier and carried else None
        if evens.sizes:
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
        if self.carrier and carried and values is not None:
            self.carrier.register(self, carried, first + values)
        if counts is not None:
            self._set_counts(level, columns[0] + counts[0], counts[1], counts[2])
        for placed_powers, sums, start in powers:
            self._set_powers(placed_powers, sums, int(columns[0]) + start)

    def _place_powers(self, layer: PowerLayer, neurons: Neurons) -> tuple[PlacedPowers, int, int]:
        """Adds the signed sums of products of one number of factors and their neurons; returns where they begin."""
        forms = Forms(None, linear_units(layer.forms, self.sources, self.unit_size, self.arithmetic))
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

    def _add_evens(self, evens: Neurons, k: int, forms: Forms, members: np.ndarray, neurons: np.ndarray) -> np.ndarray:
        if self.choice.gates[k].kind != "sawtooth":
            return evens.add_evens(self._even(k), forms, members, neurons)
        columns = [neurons[:, 0, 0], forms.column[members]]  # |f| = 2 max(f, 0) - f
        return evens.add(columns, [np.full(len(members), 2.0), -forms.scale[members]], 0.0, REACH)[:, None]

    def _add_teeth(self, readouts: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
        """Adds the teeth of sawtooth gates, two layers each, and the units that add them up; returns their columns."""
        longest = max((len(self.choice.gates[k].weights) for k in readouts), default=1)
        for tooth in range(1, longest):
            bends, tents = Neurons(), Neurons()
            going = [k for k in readouts if len(self.choice.gates[k].weights) > tooth]
            places = {}
            for k in going:
                last = readouts[k][:, -1]
                places[k] = bends.add([last], [np.ones(len(last))], -0.5, 1.0 + 2.0**tooth * (REACH - 1.0))
            first = self._append(bends.block(), np.concatenate(bends.sizes), "relu")[0]
            for k in going:
                last, m = readouts[k][:, -1], len(readouts[k])
                columns = [last, first + places[k]]
                places[k] = tents.add(
                    columns, [np.full(m, 2.0), np.full(m, -4.0)], 0.0, 1.0 + 2.0**tooth * (REACH - 1.0)
                )
            first = self._append(tents.block(), np.concatenate(tents.sizes))[0]
            for k in going:
                readouts[k] = np.column_stack([readouts[k], first + places[k]])
        sums = Neurons()
        places = {
            k: sums.add(
                list(teeth.T),
                [np.full(len(teeth), weight) for weight in self.choice.gates[k].weights],
                0.0,
                self.noise[k].value_size[0],
            )
            for k, teeth in readouts.items()
        }
        first = self._append(sums.block(), np.concatenate(sums.sizes))[0] if places else 0
        return {k: (first + place)[:, None] for k, place in places.items()}

    def _even(self, k: int) -> Even:
        """What the even units of a gate subtract, and what the stored number misses."""
        gate = self.choice.gates[k]
        exact = gate.constant * (2 if gate.kind == "pair" else 1)
        stored = float(self.arithmetic.stored(np.array([int(exact.p) / int(exact.q)]))[0])
        missed = rational(stored) - exact
        return Even(gate, self.noise[k].value_size, stored, int(missed.p) / int(missed.q))

    def _place_forms(self, forms: Forms, reach: float = REACH) -> None:
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
            columns, rounding = self.append_sums(rest, REACH)
            forms.column[others] = columns
            forms.rounding[others] = rounding
        forms.truncation = units.truncation
        error = (forms.truncation + forms.rounding).max(initial=0.0)
        if not 2 * error <= reach - 1.0:  # twice: the two forms of a product share one range
            self.message = self.message or "errors inside the network are too large for its gates"

    def _set_squares(self, k: int, level: Level, forms: Forms, readout: np.ndarray, place: np.ndarray) -> None:
        """Registers the squares of one gate as sources."""
        mine = np.flatnonzero(self.choice.of_node[level.squares] == k)
        if not len(mine):
            return
        gate, noise, nodes = self.choice.gates[k], self.noise[k], level.squares[mine]
        weights = _read_with(gate)
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

    def _set_products(self, k: int, level: Level, forms: Forms, readout: np.ndarray, place: np.ndarray) -> None:
        """Registers the products of one gate as sources: the difference of two squares."""
        mine = np.flatnonzero(self.choice.of_node[level.products] == k)
        if not len(mine):
            return
        gate, noise, nodes = self.choice.gates[k], self.noise[k], level.products[mine]
        weights = np.concatenate([_read_with(gate), -_read_with(gate)])
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

    def _count_neurons(self, level: Level, neurons: Neurons) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
        own = np.zeros(len(columns))
        if not exact:
            own += gate.weight * self.arithmetic.u * activation.error(largest, self.arithmetic.dtype)
            own += self.arithmetic.tiny
        elif self.arithmetic.is_half:
            own += np.where(integral, 0.0, self.arithmetic.u * level.reach)
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
        _, rounding = self.append_sums(units, np.inf, self.layout.lattice)
        truncation = units.truncation
        if joint is not None and self.choice.gates:
            less = joint.savings(self.choice.gates, self.noise, self.choice.of_node, self.form_rounding)
            truncation, rounding = truncation - less[0], rounding - less[1]
        rounding = rounding + np.array(self.layout.program.defects)
        if self.message or not np.all(np.isfinite(truncation + rounding)):
            self.message = self.message or f"a value may overflow {self.arithmetic.dtype.name}"
            truncation = np.full(len(truncation), np.inf)
        self.assembly.bounds = Bounds(truncation * ROUNDUP, rounding * ROUNDUP, self.message)


def _read_with(gate: SquareGate) -> np.ndarray:
    """Weights that the units of a square are read with: teeth have been added up already."""
    return np.array([1.0] if gate.kind == "sawtooth" else gate.weights)
