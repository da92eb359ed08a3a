r"""Quadratic forms of rank r by r + 2 neurons, the fewest there can be: two simplices.

``A = sum_i d_i l_i l_i^T`` (exact LDL^T). The forms with ``d_i > 0`` get one simplex: points with weights ``w_j > 0``
such that ``sum_j w_j a_j = 0`` and ``sum_j w_j a_j a_j^T`` is their part of A; those with ``d_i < 0`` another one of
the same total weight and opposite sign, so that neither a constant nor a linear term is left. Where one of the two is
empty, one neuron along no direction takes the constant away. On axis i of the l_i the points 0 to i - 1 are at 1, point
i at ``-s_i``, the others at 0, ``s_i = W_i / w_i``, ``W_i = w_0 + ... + w_(i-1)``; ``1 / W_(i+1) = 1 / W_i - 1 / d_i``.
The staircase bound of a quadratic form is r + 2 (docs/theory/flattening_bounds.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flint import fmpq

from .form import FlatForm

__all__ = ["quadratic_form"]

Exponents = tuple[int, ...]


def quadratic_form(terms: Mapping[Exponents, fmpq]) -> FlatForm | None:
    """Writes a quadratic form by simplices.

    Args:
        terms: Coefficient by exponents.

    Returns:
        The form, or None if a term is not of degree 2.
    """
    if not terms or any(sum(alpha) != 2 for alpha in terms):
        return None
    n = len(next(iter(terms)))
    # part 2 wants sum w a_i a_j = alpha! c_alpha: twice the symmetric matrix
    matrix = [[fmpq(0)] * n for _ in range(n)]
    for alpha, coefficient in terms.items():
        sites = [i for i, power in enumerate(alpha) for _ in range(power)]
        matrix[sites[0]][sites[1]] += coefficient
        matrix[sites[1]][sites[0]] += coefficient
    squares = _squares(matrix)
    ends = {sign: [(abs(d), form) for d, form in squares if (d > 0) == (sign > 0)] for sign in (1, -1)}
    total = 1 / sum((1 / d for d, _ in (ends[1] or ends[-1])), fmpq(0))
    points: list[tuple[list[fmpq], fmpq]] = []
    for sign, members in ends.items():
        if members:
            points += [(point, sign * weight) for point, weight in _simplex(members, total, n)]
    if not (ends[1] and ends[-1]):
        points.append(([fmpq(0)] * n, -total if ends[1] else total))
    return FlatForm(
        "two simplices", tuple(tuple(point) for point, _ in points), {2: [weight for _, weight in points]}, 2
    )


def _simplex(members: Sequence[tuple[fmpq, list[fmpq]]], total: fmpq, n: int) -> list[tuple[list[fmpq], fmpq]]:
    """Points and weights with the given total, first moment 0 and second moment ``sum d l l^T``."""
    inverse = 1 / total + sum((1 / d for d, _ in members), fmpq(0))
    weights = [1 / inverse]
    stretches = []
    for d, _ in members:
        before = 1 / inverse
        inverse -= 1 / d
        weights.append(1 / inverse - before)
        stretches.append(before / weights[-1])
    points = []
    for j, weight in enumerate(weights):
        point = [fmpq(0)] * n
        for i, (_, form) in enumerate(members):
            height = -stretches[i] if j == i + 1 else fmpq(int(j <= i))
            point = [x + height * y for x, y in zip(point, form, strict=True)]
        points.append((point, weight))
    return points


def _squares(matrix: list[list[fmpq]]) -> list[tuple[fmpq, list[fmpq]]]:
    """Exact ``sum d l l^T``, as many as the rank: Lagrange's reduction."""
    n = len(matrix)
    rest = [row[:] for row in matrix]
    found: list[tuple[fmpq, list[fmpq]]] = []
    while True:
        diagonal = next((i for i in range(n) if rest[i][i]), None)
        if diagonal is not None:
            found.append((1 / rest[diagonal][diagonal], rest[diagonal][:]))
        else:
            pair = next(((i, j) for i in range(n) for j in range(i) if rest[i][j]), None)
            if pair is None:
                return found
            i, j = pair
            c = 2 * rest[i][j]
            for sign in (1, -1):
                form = [x + sign * y for x, y in zip(rest[i], rest[j], strict=True)]
                found.append((sign / c, form))
            rest = _less(rest, *found[-2])
        rest = _less(rest, *found[-1])


def _less(matrix: list[list[fmpq]], d: fmpq, form: list[fmpq]) -> list[list[fmpq]]:
    return [[x - d * form[i] * form[j] for j, x in enumerate(row)] for i, row in enumerate(matrix)]
