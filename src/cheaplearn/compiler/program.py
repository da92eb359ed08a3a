"""The square program: a function as affine maps and squares of affine forms, in exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from flint import fmpq

from .rows import CONSTANT, Row, add_multiple

__all__ = ["Program", "Square"]


@dataclass(frozen=True)
class Square:
    """One square ``f^2``.

    Args:
        form: The affine form f; columns: 0 the constant, 1..n the centred inputs u, n + 1 + i the square i.
        level: 1 if f reads inputs only, else one more than the highest level it reads.
    """

    form: Row
    level: int


@dataclass
class Program:
    r"""Squares of forms with ``|f| <= 1`` on the box, and outputs that are affine in them.

    Inputs are centred: :math:`u_i = (x_i - m_i) / r_i \in [-1, 1]`; an input with r = 0 is a constant and is not read.

    Args:
        center: m, raw units, exact.
        radius: r, raw units, exact.
        squares: In an order in which each reads only earlier ones.
        outputs: One affine row per output, over the same columns.
        defects: Upper bound per output of |function - program| on the box (eigenvectors are not exact numbers).
        partners: For a square of a product the squares it forms one with, ``((a + b)/2)^2`` and ``((a - b)/2)^2``: on
            the box the sizes of the two forms add up to at most 1.
    """

    center: list[fmpq]
    radius: list[fmpq]
    squares: list[Square] = field(default_factory=list)
    outputs: list[Row] = field(default_factory=list)
    defects: list[float] = field(default_factory=list)
    partners: dict[int, list[int]] = field(default_factory=dict)
    _dense: np.ndarray | None = field(default=None, repr=False)
    _known: dict[frozenset[tuple[int, fmpq]], int] = field(default_factory=dict, repr=False)

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return len(self.center)

    @property
    def depth(self) -> int:
        """Number of levels of squares."""
        return max((square.level for square in self.squares), default=0)

    def square_column(self, form: Row) -> int:
        """Gives the column of ``form^2``, adding the square unless it or its negative is there already.

        Args:
            form: Affine form with ``|form| <= 1`` on the box.

        Returns:
            The column.
        """
        key = min(frozenset(form.items()), frozenset((c, -v) for c, v in form.items()), key=_leading_negative)
        if key not in self._known:
            level = 1 + max((self._level(column) for column in form), default=0)
            self._known[key] = 1 + self.n_inputs + len(self.squares)
            self.squares.append(Square(form, level))
        return self._known[key]

    def product(self, a: Row, b: Row) -> Row:
        """Multiplies two forms by the difference of two squares (one square if they are equal).

        Args:
            a: Form with ``|a| <= 1`` on the box.
            b: Likewise.

        Returns:
            The row of ``a * b``.
        """
        if a == b:
            return {self.square_column(a): fmpq(1)}
        columns = {}
        for sign in (1, -1):
            half: Row = {}
            add_multiple(half, fmpq(1, 2), a)
            add_multiple(half, fmpq(sign, 2), b)
            if half:
                columns[self.square_column(half)] = fmpq(sign)
        if len(columns) == 2:
            first = 1 + self.n_inputs
            plus, minus = (column - first for column in columns)
            self.partners.setdefault(plus, []).append(minus)
            self.partners.setdefault(minus, []).append(plus)
        return columns

    def dense_forms(self) -> np.ndarray:
        """Forms over (1, u) as one array; zero rows for squares that read other squares.

        Returns:
            Shape (squares, 1 + n_inputs), float64, each entry correctly rounded.
        """
        if self._dense is None or len(self._dense) != len(self.squares):
            self._dense = np.zeros((len(self.squares), 1 + self.n_inputs))
            for i, square in enumerate(self.squares):
                if square.level == 1:
                    for column, value in square.form.items():
                        self._dense[i, column] = int(value.p) / int(value.q)
        return self._dense

    def _level(self, column: int) -> int:
        first = 1 + self.n_inputs
        return self.squares[column - first].level if column >= first else 0


def _leading_negative(key: frozenset[tuple[int, fmpq]]) -> bool:
    """Tells a form from its negative: False for the one whose first non-constant coefficient is positive."""
    leading = min(((column, value) for column, value in key if column != CONSTANT), default=(0, fmpq(0)))
    return bool(leading[1] < 0)
