r"""Fewer layers by cutting a program between its levels: what lies between two cuts is multiplied out, in one layer.

A program of L levels is cut into k blocks of consecutive levels. The affine forms that enter a block are its variables;
every value that leaves it is a polynomial in them, expanded exactly and done in one layer by squares, products and
powers (`sign_patterns.py`). So ``(a + b + c + d)^8`` stays the 8th power of one form, where a division of monomials
(`depth_budget.py`) would see 165 of them. Which is cheaper depends on the function; both are tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, pairwise

from flint import fmpq

from ..circuit import Circuit
from ..polynomial import Polynomial
from .lowering import AddQuadratics, DepthBudget, lower
from .power_gates import MAX_POWER
from .program import Program
from .quadratic import Quadratic, add_quadratics
from .rows import CONSTANT, Row, add_multiple
from .sign_patterns import n_patterns

__all__ = ["cut_programs", "program_cost"]

_MOST_TERMS = 2000  # of a value that is multiplied out
_MOST_CUTS = 64  # ways to cut that are tried


def cut_programs(program: Program, budget: DepthBudget) -> Iterator[Program]:
    """Cuts a program in every way that keeps to a number of layers.

    Args:
        program: Without counts of bits.
        budget: The layers, fewer than the program has levels, and what one of them can multiply.

    Yields:
        Programs with `budget.depth` levels, equal to the given one up to their defects.

    Cost: products of polynomials with at most 2000 terms; ways to cut that need more are left out.
    """
    if any(node.kind == "count" for node in program.nodes):
        return
    ways = combinations(range(1, program.depth), budget.depth - 1)
    for _, ends in zip(range(_MOST_CUTS), ways, strict=False):
        cut = _Cut(program, budget.parity).run((0, *ends, program.depth))
        if cut is not None:
            yield cut


def program_cost(program: Program) -> int:
    """Counts neurons with one neuron a square, sums that products share counted for each.

    Args:
        program: The program.

    Returns:
        The number; to be doubled for gates of two neurons a square.
    """
    single = {"square": 1, "product": 2, "count": 1}
    return sum(n_patterns(node.powers) if node.kind == "power" else single[node.kind] for node in program.nodes)


@dataclass
class _Block:
    """Forms that enter a block, and the polynomials in them that its nodes are."""

    rows: list[Row] = field(default_factory=list)  # of the new program, without constants
    ranges: list[tuple[fmpq, fmpq]] = field(default_factory=list)
    place: dict[frozenset[tuple[int, fmpq]], int] = field(default_factory=dict)
    values: dict[int, Polynomial] = field(default_factory=dict)

    def variable(self, row: Row, low: fmpq, high: fmpq) -> tuple[int, fmpq]:
        """The variable that a row is a multiple of, and the factor."""
        factor = row[min(row)]
        unit = {column: value / factor for column, value in row.items()}
        ends = sorted((low / factor, high / factor))
        key = frozenset(unit.items())
        if key not in self.place:
            self.place[key] = len(self.rows)
            self.rows.append(unit)
            self.ranges.append((ends[0], ends[1]))
        index = self.place[key]
        self.ranges[index] = max(self.ranges[index][0], ends[0]), min(self.ranges[index][1], ends[1])
        return index, factor


class _Cut:
    def __init__(self, program: Program, parity: int | None) -> None:
        self.old, self.parity = program, parity
        self.first = 1 + program.n_inputs
        self.new = Program(program.center, program.radius)
        self.value_rows: dict[int, Row] = {}  # of nodes that later blocks read, in the new program

    def run(self, ends: Sequence[int]) -> Program | None:
        """The program with one level for each pair of neighbouring ends; None where a value is too large."""
        for low, high in pairwise(ends):
            block = _Block()
            inside = [i for i, node in enumerate(self.old.nodes) if low < node.level <= high]
            for i in inside:
                value = self._value(i, block)
                if value.degree > MAX_POWER or len(value.terms) > _MOST_TERMS:
                    return None
                block.values[i] = value
            if high == self.old.depth:
                self._set_outputs(block)
                return self.new
            wanted = self._read_above(inside, high)
            rows, defects = self._one_layer([block.values[i] for i in wanted], block, _as_pairs)
            assert not any(defects)
            self.value_rows |= dict(zip(wanted, rows, strict=True))
        return None

    def _read_above(self, inside: Sequence[int], level: int) -> list[int]:
        """Nodes of a block that something beyond it reads."""
        above = [row for node in self.old.nodes if node.level > level for row in node.forms]
        read = {column - self.first for row in (*above, *self.old.outputs) for column in row}
        return [i for i in inside if i in read]

    def _value(self, i: int, block: _Block) -> Polynomial:
        node = self.old.nodes[i]
        if node.kind == "power":
            factors = [self._form(form, block) ** power for form, power in zip(node.forms, node.powers, strict=True)]
        else:
            factors = [self._form(form, block) for form in node.forms] * (2 if node.kind == "square" else 1)
        product = factors[0]
        for factor in factors[1:]:
            product = product * factor
            if len(product.terms) > _MOST_TERMS:
                break
        return product

    def _form(self, form: Row, block: _Block) -> Polynomial:
        """A form of size at most 1 as a polynomial in the variables of the block."""
        total, outside = self._divided(form, block)
        constant = outside.pop(CONSTANT, fmpq(0))
        if outside:
            reach = sum((abs(value) for value in outside.values()), fmpq(0))  # columns are at most 1 in size
            low, high = -reach, reach
            if not total.terms:  # the whole form: its size is known
                low, high = max(low, -1 - constant), min(high, 1 - constant)
            index, factor = block.variable(outside, low, high)
            total = total + Polynomial({((0, 1),): _fraction(factor)}, (f"v{index}",))
        return total + _fraction(constant)

    def _divided(self, row: Row, block: _Block) -> tuple[Polynomial, Row]:
        """What a row reads inside a block, multiplied out, and the rest as a row of the new program."""
        inside = Polynomial({}, ())
        outside: Row = {}
        for column, value in row.items():
            node = column - self.first
            if node in block.values:
                inside = inside + block.values[node] * _fraction(value)
            else:
                add_multiple(outside, value, self.value_rows[node] if node >= 0 else {column: fmpq(1)})
        return inside, outside

    def _set_outputs(self, block: _Block) -> None:
        divided = [self._divided(output, block) for output in self.old.outputs]
        rows, defects = self._one_layer([inside for inside, _ in divided], block, add_quadratics)
        for row, (_, outside) in zip(rows, divided, strict=True):
            add_multiple(row, fmpq(1), outside)
        self.new.outputs = rows
        self.new.defects = [a + b for a, b in zip(defects, self.old.defects, strict=True)]

    def _one_layer(
        self, values: list[Polynomial], block: _Block, quadratics: AddQuadratics
    ) -> tuple[list[Row], list[float]]:
        """Adds one layer that computes polynomials in the variables of a block; their rows in the new program."""
        names = tuple(f"v{i}" for i in range(len(block.rows)))
        circuit = Circuit(
            outputs=tuple(value.with_variables(names) for value in values),
            variables=names,
            kinds=("real",) * len(names),
            center=(Fraction(0),) * len(names),
            scale=(Fraction(1),) * len(names),
            labels=tuple(f"y{k}" for k in range(len(values))),
        )
        box = [(_fraction(low), _fraction(high)) for low, high in block.ranges]
        layer = lower(circuit, box, quadratics=quadratics, budget=DepthBudget(1, self.parity))
        columns: dict[int, Row] = {CONSTANT: {CONSTANT: fmpq(1)}}
        for i, row in enumerate(block.rows):
            if layer.radius[i]:
                columns[i + 1] = {column: value / layer.radius[i] for column, value in row.items()}
                add_multiple(columns[i + 1], -layer.center[i] / layer.radius[i], {CONSTANT: fmpq(1)})
        for i, node in enumerate(layer.nodes):
            forms = [_substituted(form, columns) for form in node.forms]
            columns[1 + len(names) + i] = self._add(node.kind, forms, node.powers)
        return [_substituted(row, columns) for row in layer.outputs], layer.defects

    def _add(self, kind: str, forms: list[Row], powers: tuple[int, ...]) -> Row:
        if kind == "power":
            return self.new.power([form for form, power in zip(forms, powers, strict=True) for _ in range(power)])
        if kind == "square":
            return {self.new.square_column(forms[0]): fmpq(1)}
        return self.new.product(forms[0], forms[1])


def _as_pairs(program: Program, quadratics: list[Quadratic]) -> None:
    """Products and squares one by one, exactly: a value that is read again has no room for eigenvectors' defects."""
    for output, quadratic in zip(program.outputs, quadratics, strict=True):
        for (i, j), coefficient in quadratic.items():
            add_multiple(output, coefficient, program.product({i: fmpq(1)}, {j: fmpq(1)}))


def _substituted(row: Row, columns: dict[int, Row]) -> Row:
    total: Row = {}
    for column, value in row.items():
        add_multiple(total, value, columns[column])
    return total


def _fraction(number: fmpq) -> Fraction:
    return Fraction(int(number.p), int(number.q))
