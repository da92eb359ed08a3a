"""k-fold rotations of coordinate planes: by the charge of each monomial in z = x + i y."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np

from .maps import MapTest
from .noise import linear_test
from .source import Key

__all__ = ["Plane", "plane_sets", "rotation_matrix", "turn_order"]

Plane = tuple[int, int]
_Complex = tuple[int, int]
_Row = dict[int, int]  # factor by number of the coupling


def turn_order(test: MapTest, planes: Sequence[Plane]) -> tuple[int, float, float, float]:
    """Finds the largest k such that turning all planes by 360/k degrees at once is a symmetry.

    Written in z = x + i y and its conjugate, a rotation by an angle multiplies z^a zbar^b by a phase with the charge
    a - b; the k-fold rotation is a symmetry if all charges that occur are multiples of k.

    Args:
        test: Of the energy.
        planes: Disjoint pairs of variables.

    Returns:
        k (0 if every angle will do, 1 if none), and residual, expected residual and p-value as of a `Verdict`.
    """
    functionals = _functionals(test.terms, tuple(planes))
    highest = max(functionals, default=0)
    unit = float(
        max((abs(factor) for rows in functionals.values() for row in rows for factor in row.values()), default=1)
    )
    if not test.noisy:
        sizes = {charge: _size(test, rows) / unit for charge, rows in functionals.items() if charge}
        if test.exact:
            present = [charge for charge, rows in functionals.items() if charge and _is_there(test, rows)]
        else:
            present = [charge for charge, size in sizes.items() if size > test.tolerance * test.norm]
        order = math.gcd(*present) if present else 0
        off = math.sqrt(sum(size**2 for charge, size in sizes.items() if order == 0 or charge % order))
        return order, 0.0 if test.exact else off / test.norm, 0.0, 1.0
    for order in [0, *range(highest, 1, -1)]:
        rows = [row for charge, rows in functionals.items() if (charge % order if order else charge) for row in rows]
        D = np.zeros((len(rows), len(test.terms)))
        for i, row in enumerate(rows):
            D[i, list(row)] = [factor / unit for factor in row.values()]
        size, expected, p_value = linear_test(D, test.couplings, test.covariance)
        if p_value >= test.level:
            return order, size / test.norm, expected / test.norm, p_value
    return 1, 1.0, 0.0, 0.0


def rotation_matrix(planes: Sequence[Plane], order: int, n: int) -> np.ndarray:
    """Returns the matrix that turns every plane by 360/order degrees, shape (n, n).

    Args:
        planes: Disjoint pairs of variables.
        order: k.
        n: Number of variables.
    """
    matrix, angle = np.eye(n), 2 * math.pi / order
    for x, y in planes:
        matrix[np.ix_([x, y], [x, y])] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    return matrix


def _functionals(terms: tuple[Key, ...], planes: tuple[Plane, ...]) -> dict[int, list[_Row]]:
    """Coefficients in z and zbar of each charge, as linear functions of the couplings; zero rows are left out.

    All are multiplied by one power of 2, so that factors are whole numbers.

    Returns:
        Rows by charge >= 0.
    """
    turned = {variable for plane in planes for variable in plane}
    highest = max((sum(e for v, e in monomial if v in turned) for _, monomial in terms), default=0)
    rows: dict[tuple[int, object], dict[int, _Complex]] = {}
    for t, (k, monomial) in enumerate(terms):
        powers = dict(monomial)
        degree = sum(power for variable, power in monomial if variable in turned)
        spread: dict[tuple[tuple[int, int], ...], _Complex] = {(): (2 ** (highest - degree), 0)}
        for x, y in planes:
            local = _in_z(powers.pop(x, 0), powers.pop(y, 0))
            spread = {
                (*done, place): _times(left, right) for done, left in spread.items() for place, right in local.items()
            }
        others = tuple(sorted(powers.items()))
        for places, value in spread.items():
            charge = sum(a - b for a, b in places)
            if charge >= 0:  # negative charges are the conjugates of positive ones
                rows.setdefault((charge, (k, others, places)), {})[t] = value
    found: dict[int, list[_Row]] = {}
    for (charge, _), entries in rows.items():
        for part in (0, 1):
            row = {t: value[part] for t, value in entries.items() if value[part]}
            if row:
                found.setdefault(charge, []).append(row)
    return found


@lru_cache(maxsize=1024)
def _in_z(a: int, b: int) -> dict[tuple[int, int], _Complex]:
    """Expands (2 x)^a (2 y)^b with 2 x = z + zbar and 2 y = (z - zbar) / i."""
    result: dict[tuple[int, int], _Complex] = {}
    unit = [(1, 0), (0, -1), (-1, 0), (0, 1)][b % 4]  # (1 / i)^b
    for i in range(a + 1):
        for j in range(b + 1):
            value = math.comb(a, i) * math.comb(b, j) * (-1) ** (b - j)
            place = (i + j, a + b - i - j)
            before = result.get(place, (0, 0))
            result[place] = (before[0] + value * unit[0], before[1] + value * unit[1])
    return {place: value for place, value in result.items() if any(value)}


def _times(left: _Complex, right: _Complex) -> _Complex:
    return left[0] * right[0] - left[1] * right[1], left[0] * right[1] + left[1] * right[0]


def _is_there(test: MapTest, rows: list[_Row]) -> bool:
    values = list(test.values.values())
    return any(sum(factor * values[t] for t, factor in row.items()) != 0 for row in rows)


def _size(test: MapTest, rows: list[_Row]) -> float:
    values = list(test.values.values())
    return float(np.linalg.norm([float(sum(factor * values[t] for t, factor in row.items())) for row in rows]))


def plane_sets(variables: Sequence[int], most: int) -> list[tuple[Plane, ...]]:
    """Lists single planes, then pairs of disjoint planes in both relative orientations.

    Args:
        variables: That may span planes.
        most: Largest number of sets; pairs of planes are left out if they would be more.

    Returns:
        The sets.
    """
    single = list(combinations(variables, 2))
    double = [
        (first, oriented)
        for first, second in combinations(single, 2)
        if not set(first) & set(second)
        for oriented in (second, second[::-1])
    ]
    sets: list[tuple[Plane, ...]] = [(plane,) for plane in single]
    return sets + (double if len(single) + len(double) <= most else [])
