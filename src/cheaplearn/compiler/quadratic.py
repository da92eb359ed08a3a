r"""Quadratic forms as few squares, shared between outputs.

Each connected block of variables is done in the cheapest of three ways:

- *eigenvectors*, per output: ``u^T A u = sum_j d_j (v_j . u)^2``, rank(A) squares, the fewest possible for one output;
  the smallest ones are left out as far as the tolerance allows, bounded and added to the certificate;
- *one product* of two inputs and nothing else: the two squares of a product gate, shared by all outputs;
- *edges*, shared by all outputs: ``u_i u_j = 2 ((u_i + u_j)/2)^2 - (u_i^2 + u_j^2)/2``, one square per pair and at
  most one per variable, whatever the number of outputs: cheap for local families.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import arb, arb_mat, ctx, fmpq
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from .box_bounds import largest_weighted_squares
from .program import Program
from .rows import ROUNDUP, Row, add_multiple, rational, up, upper

__all__ = ["Quadratic", "add_quadratics"]

Quadratic = dict[tuple[int, int], fmpq]  # (i, j) with i <= j, columns of the program -> coefficient of u_i u_j

# Eigenvalues below this share of the largest are rounding noise of the coefficients; what is left out is not
# forgotten but bounded exactly and added to the certificate.
_NUMERICAL_RANK = 2.0**-46
_PRECISION = 240  # bits
_WORTH_AN_ERROR = 0.05  # squares are left out only where that saves this share of the network


def add_quadratics(
    program: Program, quadratics: list[Quadratic], budgets: Sequence[float] | np.ndarray | None = None
) -> None:
    """Adds one quadratic form per output to the program.

    Args:
        program: Program with as many outputs and defects as there are forms; it is changed.
        quadratics: Coefficients in centred inputs, one dictionary per output.
        budgets: What may be left out of each output: its smallest eigenvalues, bounded jointly. None for nothing.
    """
    budgets = [0.0] * len(quadratics) if budgets is None else budgets
    blocks = list(_blocks(quadratics))
    for block in blocks:
        parts = [{pair: c for pair, c in quadratic.items() if pair[0] in block} for quadratic in quadratics]
        columns = sorted(block)
        if all(pair == tuple(columns) for part in parts for pair in part):
            _add_product(program, parts, columns)
            continue
        if any(math.isinf(up(c)) for part in parts for c in part.values()):
            _add_edges(program, _edge_rows(parts))  # no eigenvalue is a float64 number: refused by their size
            continue
        decompositions = [
            _shortened(_eigenvectors(part, columns), budget / len(blocks))
            for part, budget in zip(parts, budgets, strict=True)
        ]
        full = sum(len(decomposition.all) for decomposition in decompositions)
        eigen_cost = sum(len(decomposition.kept) for decomposition in decompositions)
        if full - eigen_cost < _WORTH_AN_ERROR * (full + len(program.nodes)):
            decompositions = [_Decomposition(decomposition.all, decomposition.all) for decomposition in decompositions]
            eigen_cost = full
        edges = _edge_rows(parts)
        if _edge_cost(edges) <= eigen_cost:
            _add_edges(program, edges)
        else:
            for k, (part, decomposition) in enumerate(zip(parts, decompositions, strict=True)):
                _add_eigenvectors(program, k, part, columns, decomposition)


def _blocks(quadratics: list[Quadratic]) -> Iterator[set[int]]:
    """Connected blocks of variables, in order of their first variable."""
    pairs = sorted({pair for quadratic in quadratics for pair in quadratic})
    if not pairs:
        return
    size = max(j for _, j in pairs) + 1
    i, j = np.array(pairs).T
    graph = sparse.coo_array((np.ones(len(pairs)), (i, j)), shape=(size, size))
    labels = connected_components(graph, directed=False)[1]
    used = sorted(set(i) | set(j))
    for label in dict.fromkeys(labels[used]):
        yield {column for column in used if labels[column] == label}


def _add_product(program: Program, parts: list[Quadratic], columns: list[int]) -> None:
    i, j = columns
    product = program.product({i: fmpq(1)}, {j: fmpq(1)})
    for output, part in zip(program.outputs, parts, strict=True):
        for coefficient in part.values():
            add_multiple(output, coefficient, product)


def _eigenvectors(part: Quadratic, columns: list[int]) -> list[tuple[float, np.ndarray]]:
    """Pairs (d, v): v a direction over `columns` with sum |v| <= 1, so that |v . u| <= 1 on the box."""
    if not part:
        return []
    position = {column: k for k, column in enumerate(columns)}
    matrix = np.zeros((len(columns), len(columns)))
    for (i, j), coefficient in part.items():
        half = float(Fraction(int(coefficient.p), int(coefficient.q))) / 2
        matrix[position[i], position[j]] += half
        matrix[position[j], position[i]] += half
    values, vectors = np.linalg.eigh(matrix)
    kept = np.abs(values) > _NUMERICAL_RANK * np.abs(values).max()
    norms = np.abs(vectors).sum(axis=0) * (1 + 1e-14)
    return [(float(values[k] * norms[k] ** 2), vectors[:, k] / norms[k]) for k in np.flatnonzero(kept)[::-1]]


@dataclass(frozen=True)
class _Decomposition:
    """Squares of a quadratic form: those kept, and all of them, with a bound of those left out."""

    kept: list[tuple[float, np.ndarray]]
    all: list[tuple[float, np.ndarray]]
    left_out: float = 0.0


def _shortened(squares: list[tuple[float, np.ndarray]], budget: float) -> _Decomposition:
    """Leaves out as many of the smallest squares as the budget covers: ``sum |d_j| f_j^2`` is bounded jointly."""
    order = sorted(range(len(squares)), key=lambda j: abs(squares[j][0]))
    if not order or budget <= abs(squares[order[0]][0]) / len(squares):
        return _Decomposition(squares, squares)
    forms = np.array([[0.0, *squares[j][1]] for j in order])
    weights = np.array([abs(squares[j][0]) for j in order])
    low, high, bound = 0, len(order) + 1, 0.0  # `low` can be left out, `high` cannot
    while high - low > 1:
        middle = (low + high) // 2
        size = largest_weighted_squares(forms[:middle], weights[:middle])
        if size <= budget:
            low, bound = middle, size
        else:
            high = middle
    dropped = set(order[:low])
    return _Decomposition([square for j, square in enumerate(squares) if j not in dropped], squares, bound)


def _add_eigenvectors(
    program: Program,
    output: int,
    part: Quadratic,
    columns: list[int],
    decomposition: _Decomposition,
) -> None:
    if not decomposition.all:
        return
    for weight, direction in decomposition.kept:
        form = {c: rational(float(v)) for c, v in zip(columns, direction, strict=True) if v}
        add_multiple(program.outputs[output], rational(weight), {program.square_column(form): fmpq(1)})
    program.leaves_out |= decomposition.left_out > 0
    program.defects[output] += _left_over(part, columns, decomposition.all) + decomposition.left_out


def _left_over(part: Quadratic, columns: list[int], decomposition: list[tuple[float, np.ndarray]]) -> float:
    """Bounds |part - its squares| on the box, entry by entry, in ball arithmetic on the exact numbers."""
    previous, ctx.prec = ctx.prec, _PRECISION
    try:
        directions = arb_mat([[float(v) for v in direction] for _, direction in decomposition])
        weighted = arb_mat([[arb(weight) * float(v) for v in direction] for weight, direction in decomposition])
        squares = directions.transpose() * weighted
        total = 0.0
        for a, i in enumerate(columns):
            for b, j in enumerate(columns[a:], start=a):
                rest = arb(part.get((i, j), fmpq(0))) - squares[a, b] * (1 if a == b else 2)
                total += upper(rest)
    finally:
        ctx.prec = previous
    return total * ROUNDUP


def _edge_rows(parts: list[Quadratic]) -> list[dict[tuple[int, int], fmpq]]:
    """Coefficients of the squares ((u_i + u_j)/2)^2 and u_i^2 (key (i, i)), per output."""
    rows = []
    for part in parts:
        row: dict[tuple[int, int], fmpq] = {}
        for (i, j), coefficient in part.items():
            if i == j:
                row[i, i] = row.get((i, i), fmpq(0)) + coefficient
            else:
                row[i, j] = 2 * coefficient
                for k in (i, j):
                    row[k, k] = row.get((k, k), fmpq(0)) - coefficient / 2
        rows.append({pair: c for pair, c in row.items() if c})
    return rows


def _edge_cost(rows: list[dict[tuple[int, int], fmpq]]) -> int:
    return len({pair for row in rows for pair in row})


def _add_edges(program: Program, rows: list[dict[tuple[int, int], fmpq]]) -> None:
    half = fmpq(1, 2)
    column_of = {
        (i, j): program.square_column({i: fmpq(1)} if i == j else {i: half, j: half})
        for i, j in sorted({pair for row in rows for pair in row})
    }
    for output, row in zip(program.outputs, rows, strict=True):
        combined: Row = {column_of[pair]: coefficient for pair, coefficient in row.items()}
        add_multiple(output, fmpq(1), combined)
