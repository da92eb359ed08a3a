r"""From an invariant circuit to a program whose nodes are the translates of a few channels.

The density of one site is lowered as any circuit; every node of it becomes a channel, and the node of a channel at site
s is the translate by s. Nodes that are translates of each other are one channel. Quadratic terms are squares of pairs,

.. math:: c\,u_0 u_d = |c| \left[ 2 \left(\frac{u_0 \pm u_d}{2}\right)^2 - \frac{u_0^2 + u_d^2}{2} \right],

with the sign of c (or all signs the other way round, where that saves the square of :math:`u_0`): one channel a
coupling and at most one more, shared by all outputs. The squares of bits and spins (:math:`u^2 = 1`) cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flint import fmpq

from ..circuit import Circuit
from .counts import UnitFunction, is_natural
from .lattice import Box, Lattice, density
from .lowering import lower
from .program import Node, Program
from .quadratic import Quadratic
from .rows import CONSTANT, Row, add_multiple

__all__ = ["lower_on_lattice"]

_Place = tuple[int, int]  # (-1 for the inputs or a channel, site)
_Form = tuple[tuple[_Place, fmpq], ...]


def lower_on_lattice(
    lattice: Lattice, circuit: Circuit, box: Box, unit: UnitFunction | None = None, square_cost: int = 1
) -> Program:
    """Writes an invariant circuit as translates of channels.

    Args:
        lattice: The translations.
        circuit: The function; `check_invariant` has passed.
        box: (low, high) per input.
        unit: What one neuron can do with an integer, or None.
        square_cost: Neurons of a square.

    Returns:
        An exact program; node ``c * sites + s`` is channel c at site s, and all sites have equal rows, entry by entry.

    Cost: per site, 1 square a coupling of two sites and 1 for all ``u^2``; products and powers as without a lattice.
    """
    is_constant_square = circuit.kinds[0] != "real" and is_natural(circuit, box)
    local = density(lattice, circuit)
    candidates = []
    # pairs as factors: one product each, or the squares that couplings use; cubic terms: u_0 times what is left of all
    for is_shared, cubic_factor in ((False, None), (True, None), (True, 0)):
        pairs = _Pairs(lattice, is_constant_square=is_constant_square)
        of_site = lower(local, box, unit, square_cost, pairs.add, pairs.row if is_shared else None, cubic_factor)
        candidates.append(_Channels(lattice, of_site))
    return min(candidates, key=lambda channels: channels.squares).expand()


class _Pairs:
    """Products of two inputs as squares, the same square wherever a pair or its translate is used."""

    def __init__(self, lattice: Lattice, *, is_constant_square: bool) -> None:
        self.lattice, self.is_constant_square = lattice, is_constant_square
        self.used: set[int] = set()  # displacements whose sign is settled: plus

    def row(self, program: Program, i: int, j: int) -> Row:
        """Gives the row of u_i u_j where it is a factor of something else."""
        self.used.add(_pair_site(self.lattice, i, j))
        row: Row = {program.square_column({i: fmpq(1, 2), j: fmpq(1, 2)}): fmpq(2)}
        for column in (i, j):
            self._add_square(program, row, column, fmpq(-1, 2))
        return row

    def add(self, program: Program, quadratics: list[Quadratic]) -> None:
        """Adds one quadratic form per output to the program."""
        couplings = [_couplings(self.lattice, quadratic) for quadratic in quadratics]
        sites = sorted({site for coupling in couplings for site in coupling if site})
        signs = {site: 1 if _strongest(couplings, site) > 0 else -1 for site in sites}
        choices = [{site: 1 if site in self.used else sign * s for site, s in signs.items()} for sign in (1, -1)]
        forms = [[_squares(coupling, choice) for coupling in couplings] for choice in choices]
        best = min(forms, key=lambda rows: _price(rows, is_constant_square=self.is_constant_square))
        for output, row in zip(program.outputs, best, strict=True):
            for (site, sign), weight in row.items():
                if site:
                    form = {1: fmpq(1, 2), site + 1: fmpq(sign, 2)}
                    add_multiple(output, weight, {program.square_column(form): fmpq(1)})
                else:
                    self._add_square(program, output, 1, weight)

    def _add_square(self, program: Program, row: Row, column: int, weight: fmpq) -> None:
        square = CONSTANT if self.is_constant_square else program.square_column({column: fmpq(1)})
        add_multiple(row, weight, {square: fmpq(1)})


def _couplings(lattice: Lattice, quadratic: Quadratic) -> dict[int, fmpq]:
    """Coefficient of u_0 u_d by d, the pairs (0, d) and (0, -d) being one; 0 for u_0^2."""
    couplings: dict[int, fmpq] = {}
    for (i, j), coefficient in quadratic.items():
        site = _pair_site(lattice, i, j)
        couplings[site] = couplings.get(site, fmpq(0)) + coefficient
    return couplings


def _pair_site(lattice: Lattice, i: int, j: int) -> int:
    """The site d such that (0, d) is the representative of a pair of columns."""
    pair = tuple(sorted(((i - 1, 1), (j - 1, 1)))) if i != j else ((i - 1, 2),)
    return lattice.anchored(pair)[-1][0]


def _strongest(couplings: list[dict[int, fmpq]], site: int) -> fmpq:
    return max((coupling.get(site, fmpq(0)) for coupling in couplings), key=abs)


def _squares(coupling: dict[int, fmpq], signs: dict[int, int]) -> dict[tuple[int, int], fmpq]:
    """Weights of ((u_0 + sign u_d)/2)^2 by (d, sign), and of u_0^2 under (0, 1)."""
    row = {(0, 1): coupling.get(0, fmpq(0))}
    for site, coefficient in coupling.items():
        if site:
            row[site, signs[site]] = 2 * signs[site] * coefficient
            row[0, 1] -= signs[site] * coefficient
    return {key: weight for key, weight in row.items() if weight}


def _price(rows: list[dict[tuple[int, int], fmpq]], *, is_constant_square: bool) -> tuple[int, fmpq]:
    """Channels, then the size of all weights."""
    paid = [(key, abs(weight)) for row in rows for key, weight in row.items() if key[0] or not is_constant_square]
    return len({key for key, _ in paid}), sum((weight for _, weight in paid), fmpq(0))


@dataclass(frozen=True)
class _Channel:
    """A node up to translations; factors are forms over (source, site), each with its constant."""

    node: Node
    factors: list[tuple[_Form, fmpq]]


class _Channels:
    """Turns the nodes of the density into channels and writes out their translates."""

    def __init__(self, lattice: Lattice, of_site: Program) -> None:
        self.lattice, self.of_site = lattice, of_site
        self.channels: list[_Channel] = []
        self.known: dict[tuple[object, ...], int] = {}
        self.place: list[tuple[int, int, int]] = []  # per node of the density: channel, translation, sign
        for node in of_site.nodes:
            self._add(node)

    @property
    def squares(self) -> int:
        """Squares and counts at each site; a product is two squares."""
        return sum(2 if channel.node.kind == "product" else 1 for channel in self.channels)

    def expand(self) -> Program:
        """Writes the program of all sites."""
        source, n = self.of_site, self.lattice.n_sites
        program = Program(source.center, source.radius, defects=[n * defect for defect in source.defects])
        for channel in self.channels:
            program.nodes += [self._node(channel, site) for site in range(n)]
        program.outputs = [self._output(row) for row in source.outputs]
        return program

    def _add(self, node: Node) -> None:
        rows = [node.left] if node.right is None else [node.left, node.right]
        forms, constants = zip(*(self._form(row) for row in rows), strict=True)
        choices = []
        for anchor in sorted({site for form in forms for (_, site), _ in form}):
            sign, factors = 1, []
            for form, constant in zip(forms, constants, strict=True):
                moved = self._moved(form, anchor)
                # squares do not see the sign of their form, products pass it on, counts keep it
                flip = -1 if node.kind != "count" and moved and moved[0][1] < 0 else 1
                sign *= flip if node.kind == "product" else 1
                factors.append((tuple((place, flip * value) for place, value in moved), flip * constant))
            factors.sort(key=self._order)
            choices.append(([self._order(factor) for factor in factors], factors, anchor, sign))
        _, factors, anchor, sign = max(choices, key=lambda choice: choice[0])
        identity = (node.kind, node.reach, node.top, tuple(factors))
        if identity not in self.known:
            self.known[identity] = len(self.channels)
            self.channels.append(_Channel(node, factors))
        self.place.append((self.known[identity], anchor, sign))

    def _form(self, row: Row) -> tuple[_Form, fmpq]:
        """A row over (source, site), and its constant."""
        n = self.of_site.n_inputs
        form: dict[_Place, fmpq] = {}
        for column, value in row.items():
            if column == CONSTANT:
                continue
            channel, site, sign = (-1, column - 1, 1) if column <= n else self.place[column - n - 1]
            place = channel, site
            form[place] = form.get(place, fmpq(0)) + sign * value
        return tuple((place, value) for place, value in form.items() if value), row.get(CONSTANT, fmpq(0))

    def _moved(self, form: _Form, anchor: int) -> _Form:
        """A form with `anchor` moved to site 0, in an order that does not depend on the size of the grid."""
        moved = [((channel, self.lattice.difference(site, anchor)), value) for (channel, site), value in form]
        return tuple(sorted(moved, key=lambda entry: (entry[0][0], self.lattice.displacement(entry[0][1]))))

    def _order(self, factor: tuple[_Form, fmpq]) -> list[tuple[tuple[int, ...], int, float]]:
        form = factor[0]
        where = [(self.lattice.displacement(site), channel) for (channel, site), _ in form]
        return [(*place, int(value.p) / int(value.q)) for place, (_, value) in zip(where, form, strict=True)]

    def _node(self, channel: _Channel, site: int) -> Node:
        left, *right = (self._row(form, constant, site) for form, constant in channel.factors)
        return replace(channel.node, left=left, right=right[0] if right else None)

    def _row(self, form: _Form, constant: fmpq, site: int) -> Row:
        moves = self.lattice.all_moved(site)
        row = {self._column(channel, int(moves[place])): value for (channel, place), value in form}
        if constant:
            row[CONSTANT] = constant
        return row

    def _column(self, channel: int, site: int) -> int:
        n = self.lattice.n_sites
        return 1 + (channel + 1) * n + site

    def _output(self, row: Row) -> Row:
        """The sum of a row of the density over all translations."""
        form, constant = self._form(row)
        totals: dict[int, fmpq] = {}
        for (channel, _), value in form:
            totals[channel] = totals.get(channel, fmpq(0)) + value
        n = self.lattice.n_sites
        output = {
            self._column(channel, site): total
            for channel, total in sorted(totals.items(), key=lambda entry: entry[0])
            if total
            for site in range(n)
        }
        if constant:
            output[CONSTANT] = constant * n
        return output
