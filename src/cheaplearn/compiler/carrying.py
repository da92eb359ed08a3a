"""Strict layers: every value that is needed later is carried past each layer of neurons by identity neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .exact_arrays import ExactRows
from .identity_gates import IdentityGate
from .layout import Layout
from .linear_units import linear_units

if TYPE_CHECKING:
    from .assembly import Assembler
    from .unit_layers import Neurons

__all__ = ["Carried", "Carrier"]


@dataclass(frozen=True)
class Carried:
    """Sources on their way past one layer of neurons.

    Args:
        sources: Their indices.
        neurons: Places in the layer, shape (sources, neurons per value).
        sizes: Bounds of their values.
    """

    sources: np.ndarray
    neurons: np.ndarray
    sizes: np.ndarray


class Carrier:
    """Carries sources past layers of neurons.

    Args:
        layout: The program as arrays.
        gate: The identity neurons.
    """

    def __init__(self, layout: Layout, gate: IdentityGate) -> None:
        self.gate = gate
        self.last_use = np.full(layout.n_sources, -1)
        for i, level in enumerate(layout.levels):
            self.last_use[level.forms.source] = i
            self.last_use[level.count_forms.source] = i
        self.last_use[layout.outputs.source] = len(layout.levels)

    def add_neurons(self, assembler: Assembler, level: int, neurons: Neurons) -> Carried | None:
        """Adds the identity neurons of the values that are needed after a level.

        Args:
            assembler: The network so far; gets linear units for values that are no single unit.
            level: Index of the level.
            neurons: The layer being made.

        Returns:
            What was added, None if nothing is needed later.
        """
        sources, arithmetic = assembler.sources, assembler.arithmetic
        wanted = np.flatnonzero((self.last_use > level) & (sources.count > 0))
        if not len(wanted):
            return None
        single = (sources.count[wanted] == 1) & (sources.offset[wanted] == 0)
        single[single] = np.isin(sources.weight[sources.start[wanted[single]]], (1.0,))
        if len(spread := wanted[~single]):
            none = np.zeros(len(spread))
            rows = ExactRows(np.arange(len(spread)), spread, np.ones(len(spread)), none, none, none)
            units = linear_units(rows, sources, assembler.unit_size, arithmetic)
            columns, rounding = assembler.append_sums(units, np.inf)
            sources.set(
                spread,
                columns[:, None],
                np.ones((len(spread), 1)),
                size=sources.size[spread] + rounding,
                truncation=units.truncation,
                rounding=rounding,
                is_integral=sources.is_integral[spread],
            )
        column = sources.unit[sources.start[wanted]]
        ones, gate = np.ones(len(wanted)), self.gate
        places = [
            neurons.add([column], [slope * ones], shift, 0.0)
            for slope, shift in zip(gate.slopes, gate.shifts, strict=True)
        ]
        sizes = sources.size[wanted] * (1 + 2.0**-20)
        for k, slope in enumerate(gate.slopes):
            neurons.sizes[len(neurons.sizes) - len(places) + k] = 2 * abs(slope) * sizes * (1 + sizes) + 2.0
            neurons.largest = max(neurons.largest, abs(slope) * sizes.max(initial=0.0) + abs(gate.shifts[k]))
        return Carried(wanted, np.array(places).T.reshape(len(wanted), len(places)), sizes)

    def add_values(self, carried: Carried, first: int, units: Neurons) -> np.ndarray:
        """Adds the linear units that read the identity neurons.

        Args:
            carried: What `add_neurons` returned.
            first: Column of the first neuron of the layer.
            units: The linear layer being made.

        Returns:
            Places of the values in that layer.
        """
        m = len(carried.sources)
        columns = [first + carried.neurons[:, k] for k in range(len(self.gate.weights))]
        places = units.add(columns, [np.full(m, weight) for weight in self.gate.weights], self.gate.constant, 0.0)
        units.sizes[-1] = carried.sizes * 1.5
        return places

    def register(self, assembler: Assembler, carried: Carried, columns: np.ndarray) -> None:
        """Lets later rows read the carried values.

        Args:
            assembler: The network so far.
            carried: What was carried.
            columns: Where the values are now.
        """
        sources, m = assembler.sources, len(carried.sources)
        activation = assembler.choice.activation
        rounding = np.array([self.gate.rounding(activation, size, assembler.arithmetic) for size in carried.sizes])
        sources.set(
            carried.sources,
            columns[:, None],
            np.ones((m, 1)),
            size=carried.sizes + rounding,
            truncation=sources.truncation[carried.sources] + self.gate.cubic * carried.sizes**3,
            rounding=sources.rounding[carried.sources] + rounding,
            is_integral=sources.is_integral[carried.sources] & (activation == "relu"),
        )
