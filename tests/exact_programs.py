"""Slow twin of the compiler's programs: everything in rational arithmetic, every stated range checked."""

from fractions import Fraction
from math import prod

from flint import fmpq

UNIT_VALUES = {
    "hinge": lambda form: max(form, fmpq(0)),
    "half": lambda form: max(form, fmpq(0)),
    "step": lambda form: fmpq(int(form > 0)),
    "bump": lambda form: fmpq(int(form == 0)),
}


def program_values(program, point, basis=None):
    """Evaluates a program exactly at a rational point and asserts that its forms keep what nodes promise."""
    u = [
        (fmpq(x.numerator, x.denominator) - m) / r if r else fmpq(0)
        for x, m, r in zip(point, program.center, program.radius, strict=True)
    ]
    columns = [fmpq(1), *u]

    def value(row):
        return sum((c * columns[column] for column, c in row.items()), fmpq(0))

    for node in program.nodes:
        left = value(node.left)
        if node.kind == "count":
            assert left.q == (2 if basis in {"half", "step"} else 1)
            assert abs(left) <= node.reach
            assert left <= node.top
            columns.append(UNIT_VALUES[basis](left))
            continue
        if node.kind == "power":
            factors = [value(form) for form in node.forms]
            assert all(abs(factor) <= 1 for factor in factors)
            columns.append(
                prod((factor**power for factor, power in zip(factors, node.powers, strict=True)), start=fmpq(1))
            )
            continue
        assert abs(left) <= 1
        right = value(node.right) if node.kind == "product" else left
        assert abs(right) <= 1
        columns.append(left * right)
    return [value(row) for row in program.outputs]


def points(rng, box, kinds, count):
    """Rational points of a box: its corners among them, bits and spins at their two values."""
    for _ in range(count):
        shares = [
            Fraction(int(rng.integers(0, 2)) if kind != "real" else int(rng.integers(0, 9)), 1 if kind != "real" else 8)
            for kind in kinds
        ]
        yield [a + (b - a) * share for (a, b), share in zip(box, shares, strict=True)]
