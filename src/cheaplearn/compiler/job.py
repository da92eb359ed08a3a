"""One compilation: a function, its box and tolerances, and what the network may look like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .._messages import must_be
from ..circuit import Circuit
from .counts import unit_function
from .depth_budget import smallest_depth
from .inputs import Interval
from .lattice import Lattice
from .lattice_lowering import lower_on_lattice
from .layout import Layout
from .level_cuts import cut_programs, program_cost
from .lowering import DepthBudget, lower
from .power_gates import power_kind, power_parity
from .quadratic import add_quadratics
from .sawtooth import most_teeth
from .search import Candidate, best_candidate, quick_candidate
from .splitting import degree

__all__ = ["Job"]

# Shares of the tolerance that may go into leaving out squares, tried in order: the rest is for gates and rounding.
_SHARES = (0.75, 0.4, 0.0)


@dataclass(frozen=True)
class Job:
    """What is to be compiled, and how.

    Args:
        circuit: The function.
        intervals: Range of each input.
        tolerances: Absolute, one per output; None for the cheapest gates at their best.
        dtype: Type of weights and evaluation.
        activation: Name of the activation.
        is_strict: Whether each layer reads only the one before.
        lattice: Translations to keep, or None.
        depth: Most hidden layers, or None.
        is_paired: Whether only the paper's gates are used: pairs of neurons, four a product, 2^b for b factors.
    """

    circuit: Circuit
    intervals: list[Interval]
    tolerances: np.ndarray | None
    dtype: np.dtype
    activation: str
    is_strict: bool = False
    lattice: Lattice | None = None
    depth: int | None = None
    is_paired: bool = False

    def best(self) -> tuple[Layout, Candidate]:
        """Finds the smallest network.

        Returns:
            The program as arrays and the network; its ratio tells whether the tolerances are met.
        """
        for share in _SHARES if self.tolerances is not None and self.lattice is None else (0.0,):
            layout = self.layout(share)
            self._check_strict(layout)
            best = best_candidate(
                layout,
                self.activation,
                self.dtype,
                self.tolerances,
                is_strict=self.is_strict,
                is_paired=self.is_paired,
            )
            if best.ratio <= 1.0 or not layout.program.leaves_out:
                break
        return layout, best

    def quick(self, activation: str, dtype: str) -> Candidate:
        """Certifies the same function otherwise, at any depth, without any search.

        Args:
            activation: Name of the activation.
            dtype: Name of the dtype.

        Returns:
            A valid, not quite smallest bound.
        """
        other = replace(self, activation=activation, dtype=np.dtype(dtype), depth=None)
        tolerances = np.ones(len(self.circuit.outputs)) if self.tolerances is None else self.tolerances
        return quick_candidate(other.layout(), activation, other.dtype, tolerances)

    def layout(self, share: float = 0.0) -> Layout:
        """Lowers the function.

        Args:
            share: Share of the tolerances that may go into leaving out squares.

        Returns:
            The program as arrays.
        """
        unit = unit_function(self.activation)
        square_cost = {"relu": most_teeth(self.dtype), "tanh": 2, "sigmoid": 2, "exp": 2}.get(self.activation, 1)
        discrete = [kind != "real" for kind in self.circuit.kinds]
        if self.lattice:
            program = lower_on_lattice(self.lattice, self.circuit, self.intervals, unit, square_cost)
            return Layout(program, discrete, self.lattice)
        budgets = share * self.tolerances if self.tolerances is not None and share else None
        quadratics = partial(add_quadratics, budgets=budgets)
        program = lower(self.circuit, self.intervals, unit, square_cost, quadratics, in_squares=True)
        if self.depth is not None and program.depth > self.depth:
            budget = DepthBudget(self.depth, self._parity(self.depth))
            grouped = lower(self.circuit, self.intervals, unit, square_cost, quadratics, budget=budget)
            program = min([grouped, *cut_programs(program, budget)], key=program_cost)
        return Layout(program, discrete)

    def _parity(self, depth: int) -> int | None:
        """Number of factors modulo 2; refuses a depth that products of several factors at once cannot keep either."""
        kind = power_kind(self.activation, is_paired=self.is_paired)
        largest = max((degree(monomial) for output in self.circuit.outputs for monomial in output.terms), default=0)
        needed = smallest_depth(largest) if kind else smallest_depth(largest, 2)
        if not kind or self.is_strict or depth < needed:
            tree = smallest_depth(largest, 2)
            shown = tree if self.is_strict else needed
            what = f"at least {shown} for degree {largest} and activation {self.activation!r}"
            advice = (
                f"depth={tree} is the most exact" if tree > shown else "Pass depth=None for as many layers as needed"
            )
            raise ValueError(must_be("depth", "compile", what, depth, f"{advice}."))
        return power_parity(self.activation) if kind == "half" else None

    def _check_strict(self, layout: Layout) -> None:
        if not self.is_strict:
            return
        squares = any(node.kind != "count" for node in layout.program.nodes)
        if self.activation in {"gaussian", "exp"} or (self.activation == "relu" and squares):
            requirement = (
                "False with gaussian and exp (they have no identity neuron), and with relu to square real inputs"
            )
            raise ValueError(must_be("strict_layers", "compile", requirement, True, "Use silu, gelu, tanh or square."))
