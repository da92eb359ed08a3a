r"""From a circuit and a box to a program.

- Terms of degree at most 2 are expanded in centred inputs and become shared squares (`quadratic.py`).
- Products of bits and of spins are unit functions of an integer, one neuron each (`counts.py`).
- Where a tree of pairs would have more levels than a budget allows, several factors, scaled by their largest size, are
  multiplied in one level (`depth_budget.py`, `sign_patterns.py`).
- Higher monomials are balanced trees of shared products (`splitting.py`); monomials with a common factor h are added up
  first, ``sum_q c_q h q = h (sum_q c_q q)``, where that takes fewer products. Factors are centred and scaled by their
  range: ``v w = V W a b + v0 w + w0 v - v0 w0`` with ``a = (v - v0)/V``, ``b = (w - w0)/W`` in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq

from ..circuit import Circuit
from .counts import UnitFunction, add_counts, is_natural, product_of_discrete, spin_product
from .depth_budget import Groups, choose_groups
from .form_powers import linear_form_of_power
from .program import Program
from .quadratic import Quadratic, add_quadratics
from .rows import CONSTANT, Row, add_multiple, rational
from .splitting import Monomial, choose_splits, degree
from .square_forms import cheaper_in_squares

__all__ = ["AddQuadratics", "DepthBudget", "lower"]

Box = Sequence[tuple[Fraction, Fraction]]
AddQuadratics = Callable[[Program, list[Quadratic]], None]
PairRow = Callable[[Program, int, int], Row]


@dataclass(frozen=True)
class DepthBudget:
    """A number of levels that is too small for products of pairs.

    Args:
        depth: The number.
        parity: Number of factors, modulo 2, that one layer can multiply (`power_parity`); None for any (pairs).
    """

    depth: int
    parity: int | None


@dataclass(frozen=True)
class _Value:
    """An intermediate value: its row in the program and a range that holds on the box."""

    row: Row
    low: fmpq
    high: fmpq


def lower(
    circuit: Circuit,
    box: Box,
    unit: UnitFunction | None = None,
    square_cost: int = 1,
    quadratics: AddQuadratics = add_quadratics,
    pair_row: PairRow | None = None,
    cubic_factor: int | None = None,
    budget: DepthBudget | None = None,
    in_squares: bool = False,
) -> Program:
    """Writes a circuit as squares, products and counts of affine forms.

    Args:
        circuit: The function.
        box: (low, high) per input, raw units, exact, low <= high.
        unit: What one neuron can do with an integer; None if the activation has no such function.
        square_cost: Neurons of a square, to weigh squares against counts of bits.
        quadratics: Writes the quadratic forms.
        pair_row: Writes ``u_i u_j``, given the columns of two inputs, where it is a factor; None for a product.
        cubic_factor: Input that is split off every monomial of degree 3 that has it, so that they are added up before
            one product; None to choose by popularity.
        budget: How many levels there may be, where products of pairs would need more.
        in_squares: Whether quartic forms in squares may become quadratic forms of the squares.

    Returns:
        A program equal to the circuit up to its `defects`.

    Cost: 1 square per square of a quadratic block or power of two; 1 product per pair of factors.
    """
    lowering = _Lowering(circuit, box, unit, square_cost)
    lowering.add_quadratics, lowering.pair_row, lowering.cubic_factor = quadratics, pair_row, cubic_factor
    lowering.budget, lowering.in_squares = budget, in_squares
    return lowering.run()


class _Lowering:
    def __init__(self, circuit: Circuit, box: Box, unit: UnitFunction | None, square_cost: int) -> None:
        low = [rational(a) for a, _ in box]
        high = [rational(b) for _, b in box]
        self.circuit, self.square_cost = circuit, square_cost
        self.add_quadratics: AddQuadratics = add_quadratics
        self.pair_row: PairRow | None = None
        self.cubic_factor: int | None = None
        self.budget: DepthBudget | None = None
        self.in_squares = False
        self.unit = unit if is_natural(circuit, box) else None
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
        self.splits: dict[Monomial, tuple[Monomial, Monomial]] = {}
        self.groups: Groups = {}

    def run(self) -> Program:
        program = self.program
        program.outputs = [{} for _ in self.circuit.outputs]
        program.defects = [0.0] * len(self.circuit.outputs)
        terms = [{m: rational(c) for m, c in output.terms.items()} for output in self.circuit.outputs]
        if self.unit:
            add_counts(
                program, self.circuit, terms, self.unit, self.square_cost
            )  # takes what it handles out of `terms`
        for k, rest in enumerate(terms if self.budget is None else []):
            self._add_form_powers(k, rest)
        quadratics: list[Quadratic] = []
        high: dict[Monomial, dict[int, fmpq]] = {}
        for k, rest in enumerate(terms):
            quadratic: Quadratic = {}
            for monomial, coefficient in rest.items():
                if degree(monomial) <= 2:
                    self._expand(monomial, coefficient, program.outputs[k], quadratic)
                else:
                    high.setdefault(monomial, {})[k] = coefficient
            quadratics.append({pair: c for pair, c in quadratic.items() if c})
        in_squares = self._forms_in_squares(high) if self.in_squares else []
        self._add_high(high)
        self.add_quadratics(program, quadratics)
        if in_squares:
            self.add_quadratics(program, in_squares)
        return program

    def _forms_in_squares(self, terms: dict[Monomial, dict[int, fmpq]]) -> list[Quadratic]:
        """Takes quartic forms in squares out of the terms: one quadratic form per output over columns of squares."""
        even = cheaper_in_squares({m: c for m, c in terms.items() if not self._is_discrete(m)})
        column, size = {}, {}
        for site in {site for monomial in even for site, _ in monomial}:
            reach = abs(self.shift[site]) + abs(self.slope[site])
            size[site] = reach * reach
            if reach:
                column[site] = self.program.square_column({c: value / reach for c, value in self._input(site).items()})
        forms: list[Quadratic] = [{} for _ in self.circuit.outputs]
        for monomial in even:
            pair = [site for site, power in monomial for _ in range(power // 2)]
            coefficients = terms.pop(monomial)
            if all(site in column for site in pair):
                i, j = sorted(column[site] for site in pair)
                for k, coefficient in coefficients.items():  # constant variables may share a column
                    scaled = coefficient * size[pair[0]] * size[pair[1]]
                    forms[k][i, j] = forms[k].get((i, j), fmpq(0)) + scaled
        return forms

    def _add_form_powers(self, k: int, terms: dict[Monomial, fmpq]) -> None:
        """Takes homogeneous parts that are powers of a linear form out of the terms of an output."""
        parts: dict[int, dict[Monomial, fmpq]] = {}
        for monomial, coefficient in terms.items():
            parts.setdefault(degree(monomial), {})[monomial] = coefficient
        for d, part in parts.items():
            found = linear_form_of_power(part, d) if d > 2 else None
            if found is None:
                continue
            leading, form = found
            row: Row = {}
            for site, weight in form.items():
                add_multiple(row, weight, self._input(site))
            center = row.get(CONSTANT, fmpq(0))
            reach = sum((abs(value) for column, value in row.items() if column != CONSTANT), fmpq(0))
            power = self._power(_Value(row, center - reach, center + reach), d)
            add_multiple(self.program.outputs[k], leading, power.row)
            for monomial in part:
                del terms[monomial]

    def _power(self, base: _Value, exponent: int) -> _Value:
        if exponent == 1:
            return base
        half = self._power(base, exponent // 2)
        value = _Value(self._multiply(half, half), *_range_of_power(base, exponent - exponent % 2))
        if exponent % 2:
            value = _Value(self._multiply(value, base), *_range_of_power(base, exponent))
        return value

    def _add_high(self, terms: dict[Monomial, dict[int, fmpq]]) -> None:
        """Adds the terms of degree above 2, monomials with a common factor together where that is cheaper."""
        self.splits = self._choose_splits(terms)
        by_factor: dict[Monomial, list[Monomial]] = {}
        needed = {factor for pair in self.splits.values() for factor in pair}
        for monomial in terms:
            first, second = self.splits.get(monomial, (monomial, monomial))
            if (
                monomial in needed or first == second or self._is_discrete(monomial)
            ):  # its value is there anyway, or half the price
                self._add_term(monomial, terms[monomial])
            else:
                by_factor.setdefault(first, []).append(monomial)
        for factor, monomials in by_factor.items():
            outputs = {k for monomial in monomials for k in terms[monomial]}
            if len(outputs) >= len(monomials):
                for monomial in monomials:
                    self._add_term(monomial, terms[monomial])
                continue
            for k in sorted(outputs):
                rest = {self.splits[m][1]: terms[m][k] for m in monomials if k in terms[m]}
                product = self._multiply(self._value(factor), self._combination(rest))
                add_multiple(self.program.outputs[k], fmpq(1), product)

    def _choose_splits(self, terms: Iterable[Monomial]) -> dict[Monomial, tuple[Monomial, Monomial]]:
        """Splits monomials; what is made of bits or spins only is one factor, done by counting."""
        if self.budget:
            return self._split_within(self.budget, [m for m in terms if not self._is_discrete(m)])
        mixed, whole, spins = {}, [], []
        for monomial in terms:
            inside = self._discrete_part(monomial)
            rest = tuple(pair for pair in monomial if pair not in inside)
            if len(inside) < 2:
                whole.append(monomial)
                continue
            if rest:
                mixed[monomial] = inside, rest
                whole.append(rest)
            if self.circuit.kinds[inside[0][0]] == "spin":
                spins.append(inside)
        cubic = {m: split for m in whole if (split := self._cubic_split(m))}
        whole = [cubic[m][1] if m in cubic else m for m in whole]
        splits = choose_splits(m for m in whole if degree(m) > 1) | cubic | mixed
        if self.unit and self.unit.basis == "hinge":
            tree = choose_splits(spins)
            if len(tree) < sum(len(monomial) - 1 for monomial in dict.fromkeys(spins)):
                splits |= tree
        return splits

    def _cubic_split(self, monomial: Monomial) -> tuple[Monomial, Monomial] | None:
        site = self.cubic_factor
        if site is None or degree(monomial) != 3 or site not in dict(monomial):
            return None
        rest = tuple((s, power - (s == site)) for s, power in monomial if power > (s == site))
        return ((site, 1),), rest

    def _split_within(
        self, budget: DepthBudget, monomials: list[Monomial]
    ) -> dict[Monomial, tuple[Monomial, Monomial]]:
        """Pairs where their tree fits the budget, more factors at once where it does not."""
        self.groups = choose_groups(monomials, budget.depth, budget.parity)
        factors = [factor for factors in self.groups.values() for factor in factors]
        pairs = choose_splits(m for m in (*monomials, *factors) if m not in self.groups and degree(m) > 1)
        return {m: pair for m, pair in pairs.items() if m not in self.groups and not self._is_discrete(m)}

    def _discrete_part(self, monomial: Monomial) -> Monomial:
        """The bits of a monomial, or its spins if there are more of them; empty if they are not counted."""
        if not self.unit:
            return ()
        parts = [tuple(pair for pair in monomial if self.circuit.kinds[pair[0]] == kind) for kind in ("bit", "spin")]
        return max(parts, key=len)

    def _add_term(self, monomial: Monomial, coefficients: dict[int, fmpq]) -> None:
        row = self._value(monomial).row
        for k, coefficient in coefficients.items():
            add_multiple(self.program.outputs[k], coefficient, row)

    def _combination(self, terms: dict[Monomial, fmpq]) -> _Value:
        row: Row = {}
        low = high = fmpq(0)
        for monomial, coefficient in terms.items():
            value = self._value(monomial)
            add_multiple(row, coefficient, value.row)
            ends = coefficient * value.low, coefficient * value.high
            low, high = low + min(ends), high + max(ends)
        return _Value(row, low, high)

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
            if degree(monomial) == 1:
                row = self._input(monomial[0][0])
            elif self._is_discrete(monomial):
                row = self._discrete(monomial)
            elif self.pair_row and len(monomial) == degree(monomial) == 2:
                row = self._pair(monomial, self.pair_row)
            elif monomial in self.groups:
                row = self._multiply_all([self._value(factor) for factor in self.groups[monomial]])
            else:
                first, second = self.splits[monomial]
                row = self._multiply(self._value(first), self._value(second))
            self.values[monomial] = _Value(row, low, high)
        return self.values[monomial]

    def _pair(self, monomial: Monomial, pair_row: PairRow) -> Row:
        row: Row = {}
        quadratic: Quadratic = {}
        self._expand(monomial, fmpq(1), row, quadratic)
        for (i, j), coefficient in quadratic.items():
            add_multiple(row, coefficient, pair_row(self.program, i, j))
        return row

    def _is_discrete(self, monomial: Monomial) -> bool:
        return degree(monomial) > 1 and self._discrete_part(monomial) == monomial

    def _discrete(self, monomial: Monomial) -> Row:
        assert self.unit is not None
        is_spin = self.circuit.kinds[monomial[0][0]] == "spin"
        if is_spin and self.unit.basis == "hinge" and monomial in self.splits:
            first, second = self.splits[monomial]
            return spin_product(self.program, self._value(first).row, self._value(second).row)
        return product_of_discrete(self.program, self.unit, monomial, self.circuit.kinds[monomial[0][0]])

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

    def _multiply_all(self, values: list[_Value]) -> Row:
        """Multiplies any number of values in one level; constant ones are factors of the result."""
        assert self.budget is not None
        constant = fmpq(1)
        for value in values:
            constant *= value.low if value.low == value.high else 1
        varying = [value for value in values if value.low != value.high]
        if len(varying) > 2:
            factors = []
            for value in varying:
                size = max(abs(value.low), abs(value.high))
                constant *= size
                factors.append(_normalised(value.row, fmpq(0), size))
            if self.budget.parity not in {None, len(factors) % 2}:
                factors.append({CONSTANT: fmpq(1)})
            product = self.program.power(factors)
        elif len(varying) == 2:
            product = self._multiply(*varying)
        else:
            product = varying[0].row if varying else {CONSTANT: fmpq(1)}
        row: Row = {}
        add_multiple(row, constant, product)
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


def _range_of_power(base: _Value, exponent: int) -> tuple[fmpq, fmpq]:
    ends = [base.low**exponent, base.high**exponent]
    inside = exponent % 2 == 0 and base.low < 0 < base.high
    return fmpq(0) if inside else min(ends), max(ends)


def _normalised(row: Row, center: fmpq, radius: fmpq) -> Row:
    form: Row = {}
    add_multiple(form, 1 / radius, row)
    add_multiple(form, -center / radius, {CONSTANT: fmpq(1)})
    return form
