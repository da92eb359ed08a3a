"""The program: a function as affine maps, squares, products and powers of affine forms, and counts of bits; exact."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from flint import fmpq

from .rows import CONSTANT, Row, add_multiple

__all__ = ["Kind", "Node", "Program"]

# "square" (left^2), "product" (left * right), "power" (a product of three factors or more in one layer), or "count": a
# unit function of an integer, see `counts.py`
Kind = str


@dataclass(frozen=True)
class Node:
    """One non-linear value.

    Args:
        kind: "square", "product", "power" or "count".
        left: Affine form; columns: 0 the constant, 1..n the centred inputs u, n + 1 + i node i. Its size is at most 1
            on the box, except for a count, where it is an integer at every point of the box.
        right: The other factor of a product.
        level: 1 if the forms read inputs only, else one more than the highest level they read.
        reach: Largest |left| of a count.
        top: Largest value of left of a count (its value is at most that, or 1).
        more: Third and further factors of a power; all of its factors are distinct.
        powers: Exponents of the factors of a power.
    """

    kind: Kind
    left: Row
    right: Row | None
    level: int
    reach: int = 1
    top: int = 1
    more: tuple[Row, ...] = ()
    powers: tuple[int, ...] = ()

    @property
    def forms(self) -> tuple[Row, ...]:
        """Every form the node reads."""
        return (self.left, *((self.right,) if self.right is not None else ()), *self.more)


@dataclass
class Program:
    r"""Nodes, each at most 1 in size on the box (counts: at most `reach`), and outputs that are affine in them.

    Inputs are centred: :math:`u_i = (x_i - m_i) / r_i \in [-1, 1]`; an input with r = 0 is a constant and is not read.

    Args:
        center: m, raw units, exact.
        radius: r, raw units, exact.
        nodes: In an order in which each reads only earlier ones.
        outputs: One affine row per output, over the same columns.
        defects: Upper bound per output of |function - program| on the box (eigenvectors are not exact numbers).
        leaves_out: Whether squares were left out, as part of the defects, to save neurons.
    """

    center: list[fmpq]
    radius: list[fmpq]
    nodes: list[Node] = field(default_factory=list)
    outputs: list[Row] = field(default_factory=list)
    defects: list[float] = field(default_factory=list)
    leaves_out: bool = False
    _known: dict[tuple[object, ...], int] = field(default_factory=dict, repr=False)

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return len(self.center)

    @property
    def depth(self) -> int:
        """Number of levels of nodes."""
        return max((node.level for node in self.nodes), default=0)

    def square_column(self, form: Row) -> int:
        """Gives the column of ``form^2``, adding the square unless it or its negative is there already.

        Args:
            form: Affine form with ``|form| <= 1`` on the box.

        Returns:
            The column.
        """
        return self._column("square", _positive(form), None)

    def product(self, a: Row, b: Row) -> Row:
        """Multiplies two forms; equal ones (up to the sign) are squared.

        Args:
            a: Form with ``|a| <= 1`` on the box.
            b: Likewise.

        Returns:
            The row of ``a * b``.
        """
        first, second = _positive(a), _positive(b)
        sign = (1 if first is a else -1) * (1 if second is b else -1)
        if first == second:
            return {self._column("square", first, None): fmpq(sign)}
        if _order(second) < _order(first):
            first, second = second, first
        return {self._column("product", first, second): fmpq(sign)}

    def count_column(self, form: Row, reach: int, top: int) -> int:
        """Gives the column of a unit function of an integer form.

        Args:
            form: Affine form over the inputs that is an integer at every point of the box.
            reach: Largest absolute value of it, rounded up.
            top: Largest value of it, rounded up.

        Returns:
            The column.
        """
        return self._column("count", form, None, reach, top)

    def power(self, factors: list[Row]) -> Row:
        """Multiplies three forms or more in one layer; equal ones (up to the sign) become powers.

        Args:
            factors: Forms with ``|form| <= 1`` on the box.

        Returns:
            The row of the product.
        """
        sign = 1
        found: dict[frozenset[tuple[int, fmpq]], tuple[Row, int]] = {}
        for factor in factors:
            form = _positive(factor)
            sign *= 1 if form is factor else -1
            key = frozenset(form.items())
            found[key] = form, found[key][1] + 1 if key in found else 1
        ordered = sorted(found.values(), key=lambda pair: (-pair[1], _order(pair[0])))
        forms, powers = [form for form, _ in ordered], tuple(power for _, power in ordered)
        right = forms[1] if len(forms) > 1 else None
        return {self._add(Node("power", forms[0], right, 0, more=tuple(forms[2:]), powers=powers)): fmpq(sign)}

    def _column(self, kind: Kind, left: Row, right: Row | None, reach: int = 1, top: int = 1) -> int:
        return self._add(Node(kind, left, right, 0, reach, top))

    def _add(self, node: Node) -> int:
        key = (node.kind, node.powers, *(frozenset(row.items()) for row in node.forms))
        if key not in self._known:
            level = 1 + max((self._level(column) for row in node.forms for column in row), default=0)
            self._known[key] = 1 + self.n_inputs + len(self.nodes)
            self.nodes.append(replace(node, level=level))
        return self._known[key]

    def _level(self, column: int) -> int:
        first = 1 + self.n_inputs
        return self.nodes[column - first].level if column >= first else 0


def _positive(form: Row) -> Row:
    """The form or its negative: the one whose first non-constant coefficient is positive (itself if it is that one)."""
    leading = min((column for column in form if column != CONSTANT), default=CONSTANT)
    if form.get(leading, fmpq(0)) >= 0:
        return form
    negative: Row = {}
    add_multiple(negative, fmpq(-1), form)
    return negative


def _order(form: Row) -> list[tuple[int, int, int]]:
    return sorted((column, int(value.p), int(value.q)) for column, value in form.items())
