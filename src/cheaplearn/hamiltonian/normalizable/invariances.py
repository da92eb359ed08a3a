"""Linear directions along which a polynomial does not change, exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ...polynomial.monomials import Monomial
from .curves import whole

__all__ = ["constant_directions"]

DENSE_COLUMNS = 64  # up to here any system is eliminated exactly
SPARSE_ROW = 8  # entries of a row on average, up to which larger ones are, too
CLEAR = 1e-7  # singular values above this share of the largest are taken for non-zero


def constant_directions(terms: Mapping[Monomial, Fraction], columns: Sequence[int]) -> list[dict[int, Fraction]]:
    """Finds a basis of all u, supported on some variables, with p(x + s u) = p(x) for all x and s.

    These are the u with u . grad p = 0 identically: a linear system with one row per monomial of the gradient.
    Singular values in floats tell whether there may be any (a filter that can miss, not invent); the basis comes
    from rational elimination.

    Args:
        terms: Coefficient by monomial.
        columns: The variables that may move.

    Returns:
        Whole rates by variable, zeros left out; an empty list if there are none, or the system is too large: more
        than 64 variables with more than 8 entries per row.

    Cost: rows times columns^2, less where rows are short.
    """
    rows: dict[Monomial, dict[int, Fraction]] = {}
    place = {i: k for k, i in enumerate(columns)}
    for monomial, coefficient in terms.items():
        for position, (i, power) in enumerate(monomial):
            if i in place:
                lowered = ((i, power - 1),) if power > 1 else ()
                rest = monomial[:position] + lowered + monomial[position + 1 :]
                rows.setdefault(rest, {})[place[i]] = coefficient * power
    dense = sum(map(len, rows.values())) > SPARSE_ROW * len(rows)
    if not columns or (len(columns) > DENSE_COLUMNS and dense) or _clearly_regular(list(rows.values()), len(columns)):
        return []
    return [{columns[k]: u for k, u in vector.items()} for vector in _null_space(list(rows.values()), len(columns))]


def _clearly_regular(rows: list[dict[int, Fraction]], count: int) -> bool:
    product = np.zeros((count, count))
    sizes = np.zeros(count)
    for row in rows:
        index = np.fromiter(row, int, len(row))
        values = np.array([float(v) for v in row.values()])
        product[np.ix_(index, index)] += np.outer(values, values)
    sizes = np.sqrt(np.diag(product))
    if not np.all(sizes > 0):
        return False
    return bool(np.linalg.eigvalsh(product / np.outer(sizes, sizes))[0] > CLEAR**2 * 100)


def _null_space(rows: list[dict[int, Fraction]], count: int) -> list[dict[int, Fraction]]:
    import flint

    pivots: dict[int, dict[int, Any]] = {}
    for row in rows:
        current: dict[int, Any] = {k: flint.fmpq(v.numerator, v.denominator) for k, v in row.items()}
        while current:
            lead = min(current)
            if lead not in pivots:
                pivots[lead] = {k: v / current[lead] for k, v in current.items()}
                break
            factor = current[lead]
            for k, v in pivots[lead].items():
                value = current.get(k, 0) - factor * v
                if value == 0:
                    current.pop(k, None)
                else:
                    current[k] = value
    vectors = []
    for free in (k for k in range(count) if k not in pivots):
        vector = {free: flint.fmpq(1)}
        for lead in sorted((k for k in pivots if k < free), reverse=True):
            value = sum((v * vector[k] for k, v in pivots[lead].items() if k in vector), flint.fmpq(0))
            if value != 0:
                vector[lead] = -value
        scaled = whole([Fraction(int(v.p), int(v.q)) for v in vector.values()])
        vectors.append(dict(zip(vector, scaled, strict=True)))
    return vectors
