"""What does not depend on the gate: which source each form reads, level by level, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from flint import fmpq

from .exact_arrays import ExactRows, exact_rows
from .lattice import Lattice
from .program import Node, Program
from .rows import CONSTANT, up

__all__ = ["Layout", "Level", "PowerGroup", "PowerLayer"]


@dataclass(frozen=True)
class PowerGroup:
    """Powers with the same exponents.

    Args:
        powers: Exponents of the factors.
        nodes: Indices of the nodes.
        factors: Row of each factor in the forms of the layer, shape (nodes, factors).
    """

    powers: tuple[int, ...]
    nodes: np.ndarray
    factors: np.ndarray


@dataclass(frozen=True)
class PowerLayer:
    """Powers of one level with the same number of factors, equal ones counted as often as they occur.

    Args:
        degree: That number.
        forms: The distinct factors.
        groups: The nodes.
    """

    degree: int
    forms: ExactRows
    groups: tuple[PowerGroup, ...]


@dataclass(frozen=True)
class Level:
    """Nodes of one level.

    Args:
        squares: Indices of the squares.
        products: Indices of the products.
        counts: Indices of the counts.
        forms: Forms f of the squares, then ``(a + b)/2`` of the products, then ``(a - b)/2``.
        count_forms: Forms of the counts.
        reach: Largest |form| over the counts.
        tops: Largest form of each count.
        powers: Products of three factors or more.
    """

    squares: np.ndarray
    products: np.ndarray
    counts: np.ndarray
    forms: ExactRows
    count_forms: ExactRows
    reach: int
    tops: np.ndarray
    powers: tuple[PowerLayer, ...] = ()


class Layout:
    """A program as arrays over sources: inputs 0..n-1, centred inputs n..2n-1, nodes 2n...

    Args:
        program: The program.
        integral_inputs: Which inputs are bits or spins: exactly 0, 1 or -1.
        lattice: Translations that the program has, its nodes being channel by channel; else None.
    """

    def __init__(self, program: Program, integral_inputs: list[bool], lattice: Lattice | None = None) -> None:
        self.program, self.lattice = program, lattice
        self.integral_inputs = np.array(integral_inputs, dtype=np.bool_)
        self.n = program.n_inputs
        used = {
            column - 1
            for node in program.nodes
            if node.kind != "count"
            for row in node.forms
            for column in row
            if 0 < column <= self.n
        }
        self.centred = sorted(i for i in used if program.center[i])  # inputs that get a unit (x - m)/r
        self._is_centred = set(self.centred)
        self.input_size = np.array(
            [up(abs(m) + r) for m, r in zip(program.center, program.radius, strict=True)], dtype=np.float64
        )

    @property
    def n_sources(self) -> int:
        """Number of sources."""
        return 2 * self.n + len(self.program.nodes)

    @cached_property
    def centring(self) -> ExactRows:
        """Rows of the centred inputs over the inputs."""
        program = self.program
        rows = [{i + 1: 1 / program.radius[i], CONSTANT: -program.center[i] / program.radius[i]} for i in self.centred]
        return exact_rows(rows, lambda column, value: (column - 1, value, fmpq(0)))

    @cached_property
    def levels(self) -> list[Level]:
        """Nodes by level, lowest first."""
        members: list[list[int]] = [[] for _ in range(self.program.depth)]
        for i, node in enumerate(self.program.nodes):
            members[node.level - 1].append(i)
        return [self._level(indices) for indices in members]

    @cached_property
    def outputs(self) -> ExactRows:
        """Rows of the outputs."""
        return exact_rows(self.program.outputs, self._source)

    @cached_property
    def squares_of_inputs(self) -> tuple[np.ndarray, np.ndarray]:
        """Squares of forms of the inputs only: their indices and their forms over (1, u), float64."""
        nodes = self.program.nodes
        indices = [i for i, node in enumerate(nodes) if node.kind == "square" and node.level == 1]
        forms = np.zeros((len(indices), 1 + self.n))
        for k, i in enumerate(indices):
            for column, value in nodes[i].left.items():
                forms[k, column] = int(value.p) / int(value.q)
        return np.array(indices, dtype=np.int64), forms

    def _level(self, indices: list[int]) -> Level:
        nodes = self.program.nodes
        by_kind = {kind: [i for i in indices if nodes[i].kind == kind] for kind in ("square", "product", "count")}
        forms = [nodes[i].left for i in by_kind["square"]]
        for sign in (1, -1):
            forms += [_half_sum(nodes[i], sign) for i in by_kind["product"]]
        return Level(
            np.array(by_kind["square"], dtype=np.int64),
            np.array(by_kind["product"], dtype=np.int64),
            np.array(by_kind["count"], dtype=np.int64),
            exact_rows(forms, self._source),
            exact_rows([nodes[i].left for i in by_kind["count"]], self._raw_source),
            max((nodes[i].reach for i in by_kind["count"]), default=0),
            np.array([nodes[i].top for i in by_kind["count"]], dtype=np.float64),
            tuple(
                self._powers(degree, [i for i in indices if sum(nodes[i].powers) == degree])
                for degree in sorted({sum(nodes[i].powers) for i in indices if nodes[i].kind == "power"})
            ),
        )

    def _powers(self, degree: int, indices: list[int]) -> PowerLayer:
        nodes = self.program.nodes
        place: dict[frozenset[tuple[int, fmpq]], int] = {}
        forms: list[dict[int, fmpq]] = []
        groups: dict[tuple[int, ...], list[tuple[int, list[int]]]] = {}
        for i in indices:
            rows = []
            for form in nodes[i].forms:
                key = frozenset(form.items())
                if key not in place:
                    place[key] = len(forms)
                    forms.append(form)
                rows.append(place[key])
            groups.setdefault(nodes[i].powers, []).append((i, rows))
        made = [
            PowerGroup(powers, np.array([i for i, _ in members]), np.array([rows for _, rows in members]))
            for powers, members in groups.items()
        ]
        return PowerLayer(degree, exact_rows(forms, self._source), tuple(made))

    def _source(self, column: int, value: fmpq) -> tuple[int, fmpq, fmpq]:
        """A column of the program as a source: an input through its centred unit where there is one."""
        if column > self.n:
            return column - 1 + self.n, value, fmpq(0)
        if column - 1 in self._is_centred:
            return column - 1 + self.n, value, fmpq(0)
        return self._raw_source(column, value)

    def _raw_source(self, column: int, value: fmpq) -> tuple[int, fmpq, fmpq]:
        """A column of the program as a source, inputs always read as they are: u = (x - m)/r."""
        if column > self.n:
            return column - 1 + self.n, value, fmpq(0)
        per_unit = value / self.program.radius[column - 1]
        return column - 1, per_unit, -per_unit * self.program.center[column - 1]


def _half_sum(node: Node, sign: int) -> dict[int, fmpq]:
    """The form (a + b)/2 or (a - b)/2 of a product."""
    assert node.right is not None
    half = fmpq(1, 2)
    form = {column: half * value for column, value in node.left.items()}
    for column, value in node.right.items():
        total = form.get(column, fmpq(0)) + sign * half * value
        if total:
            form[column] = total
        else:
            form.pop(column, None)
    return form
