r"""From a circuit and a box to a square program.

Terms of degree at most 2 are expanded in centred inputs and become shared squares (`quadratic.py`). A monomial of
higher degree is a balanced tree of products; the factors are centred and scaled by their exact range first:
``v w = V W a b + v0 w + w0 v - v0 w0`` with ``a = (v - v0)/V``, ``b = (w - w0)/W`` in [-1, 1]. Sub-products are shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq

from ..circuit import Circuit
from .program import Program
from .quadratic import Quadratic, add_quadratics
from .rows import CONSTANT, Row, add_multiple, rational

__all__ = ["lower"]

Monomial = tuple[tuple[int, int], ...]
Box = Sequence[tuple[Fraction, Fraction]]


@dataclass(frozen=True)
class _Value:
    """An intermediate value: its row in the program and its exact range on the box."""

    row: Row
    low: fmpq
    high: fmpq


def lower(circuit: Circuit, box: Box) -> Program:
    """Writes a circuit as squares of affine forms.

    Args:
        circuit: The function.
        box: (low, high) per input, raw units, exact, low <= high.

    Returns:
        A program equal to the circuit up to its `defects`.

    Cost: squares = neurons of a half-price gate: 1 per square of a quadratic block, 1 per power of two, 2 per product.
    """
    return _Lowering(circuit, box).run()


class _Lowering:
    def __init__(self, circuit: Circuit, box: Box) -> None:
        low = [rational(a) for a, _ in box]
        high = [rational(b) for _, b in box]
        self.circuit = circuit
        self.program = Program(
            center=[(a + b) / 2 for a, b in zip(low, high, strict=True)],
            radius=[(b - a) / 2 for a, b in zip(low, high, strict=True)],
        )
        # t = (x - c)/s = shift + slope * u
        center = [rational(c) for c in circuit.center]
        scale = [rational(s) for s in circuit.scale]
        self.shift = [(m - c) / s for m, c, s in zip(self.program.center, center, scale, strict=True)]
        self.slope = [r / s for r, s in zip(self.program.radius, scale, strict=True)]
        self.values: dict[Monomial, _Value] = {}

    def run(self) -> Program:
        program = self.program
        quadratics: list[Quadratic] = []
        for output in self.circuit.outputs:
            row: Row = {}
            quadratic: Quadratic = {}
            for monomial, exact in output.terms.items():
                coefficient = rational(exact)
                if sum(power for _, power in monomial) <= 2:
                    self._expand(monomial, coefficient, row, quadratic)
                else:
                    add_multiple(row, coefficient, self._value(monomial).row)
            program.outputs.append(row)
            program.defects.append(0.0)
            quadratics.append({pair: c for pair, c in quadratic.items() if c})
        add_quadratics(program, quadratics)
        return program

    def _expand(self, monomial: Monomial, coefficient: fmpq, row: Row, quadratic: Quadratic) -> None:
        """Adds coefficient * t^monomial, of degree at most 2, expanded in u."""
        sites = [site for site, power in monomial for _ in range(power)]
        if not sites:
            add_multiple(row, coefficient, {CONSTANT: fmpq(1)})
            return
        if len(sites) == 1:
            add_multiple(row, coefficient, self._input(sites[0]))
            return
        i, j = sites
        if pair := coefficient * self.slope[i] * self.slope[j]:
            quadratic[i + 1, j + 1] = quadratic.get((i + 1, j + 1), fmpq(0)) + pair
        add_multiple(row, coefficient * self.shift[i], self._input(j))
        add_multiple(row, coefficient * self.shift[j], self._input(i))
        add_multiple(row, -coefficient * self.shift[i] * self.shift[j], {CONSTANT: fmpq(1)})

    def _input(self, site: int) -> Row:
        row = {CONSTANT: self.shift[site], site + 1: self.slope[site]}
        return {column: value for column, value in row.items() if value}

    def _value(self, monomial: Monomial) -> _Value:
        if monomial not in self.values:
            low, high = self._range(monomial)
            if len(monomial) == 1 and monomial[0][1] == 1:
                row = self._input(monomial[0][0])
            else:
                first, second = _split(monomial)
                row = self._multiply(self._value(first), self._value(second))
            self.values[monomial] = _Value(row, low, high)
        return self.values[monomial]

    def _multiply(self, v: _Value, w: _Value) -> Row:
        v0, v_radius = (v.low + v.high) / 2, (v.high - v.low) / 2
        w0, w_radius = (w.low + w.high) / 2, (w.high - w.low) / 2
        row: Row = {}
        if v_radius and w_radius:
            product = self.program.product(_normalised(v.row, v0, v_radius), _normalised(w.row, w0, w_radius))
            add_multiple(row, v_radius * w_radius, product)
        add_multiple(row, v0, w.row)
        add_multiple(row, w0, v.row)
        add_multiple(row, -v0 * w0, {CONSTANT: fmpq(1)})
        return row

    def _range(self, monomial: Monomial) -> tuple[fmpq, fmpq]:
        """Exact range of a monomial in t: its variables are independent on a box."""
        low = high = fmpq(1)
        for site, power in monomial:
            reach = abs(self.slope[site])
            ends = [(self.shift[site] - reach) ** power, (self.shift[site] + reach) ** power]
            inside = power % 2 == 0 and self.shift[site] - reach < 0 < self.shift[site] + reach
            a, b = (fmpq(0) if inside else min(ends)), max(ends)
            corners = [low * a, low * b, high * a, high * b]
            low, high = min(corners), max(corners)
        return low, high


def _normalised(row: Row, center: fmpq, radius: fmpq) -> Row:
    form: Row = {}
    add_multiple(form, 1 / radius, row)
    add_multiple(form, -center / radius, {CONSTANT: fmpq(1)})
    return form


def _split(monomial: Monomial) -> tuple[Monomial, Monomial]:
    """Two factors of nearly equal degree; equal ones (one square instead of a product) where all powers are even."""
    if all(power % 2 == 0 for _, power in monomial):
        root = tuple((site, power // 2) for site, power in monomial)
        return root, root
    sites = [site for site, power in monomial for _ in range(power)]
    half = (len(sites) + 1) // 2
    return _collect(sites[:half]), _collect(sites[half:])


def _collect(sites: list[int]) -> Monomial:
    return tuple((site, sites.count(site)) for site in dict.fromkeys(sites))
