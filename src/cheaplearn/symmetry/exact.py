"""Null spaces over the rational numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from .action import Action

__all__ = ["exact_null_space", "null_space_of_rows"]

Vector = list[Fraction]

_PRIME = 18446744073709551557  # the largest prime below 2^64


def exact_null_space(action: Action) -> list[Vector]:
    """Solves R m = 0 exactly.

    Args:
        action: The system.

    Returns:
        A basis; each vector has a 1 where all others have 0. The residual of each is exactly zero.

    Cost: the system falls apart into blocks that share no unknown; each costs an elimination modulo a prime and, if it
        has solutions, one over the rationals.
    """
    n_rows, n = len(action.rows), action.n_unknowns
    sums: dict[tuple[int, int], Fraction] = {}
    for row, term, unknown, factor in zip(
        action.row.tolist(), action.term.tolist(), action.unknown.tolist(), action.factor.tolist(), strict=True
    ):
        key = (row, unknown)
        sums[key] = sums.get(key, Fraction(0)) + factor * action.values[term]
    sums = {key: value for key, value in sums.items() if value}
    tails, heads = np.array(list(sums), dtype=np.int64).reshape(-1, 2).T
    graph = sparse.csr_array((np.ones(len(tails)), (tails, heads + n_rows)), shape=(n_rows + n,) * 2)
    _, part = connected_components(graph, directed=False)
    blocks: dict[int, list[tuple[int, int, Fraction]]] = {}
    for (row, unknown), value in sums.items():
        blocks.setdefault(int(part[row]), []).append((row, unknown, value))
    basis: list[Vector] = []
    for label in dict.fromkeys(part[n_rows:].tolist()):
        unknowns = np.flatnonzero(part[n_rows:] == label).tolist()
        for solution in _block(blocks.get(label, []), unknowns):
            vector = [Fraction(0)] * n
            for unknown, value in zip(unknowns, solution, strict=True):
                vector[unknown] = value
            basis.append(vector)
    return basis


def _block(entries: list[tuple[int, int, Fraction]], unknowns: list[int]) -> list[Vector]:
    column = {unknown: j for j, unknown in enumerate(unknowns)}
    rows: dict[int, dict[int, Fraction]] = {}
    for row, unknown, value in entries:
        rows.setdefault(row, {})[column[unknown]] = value
    return null_space_of_rows(
        [[entry.get(j, Fraction(0)) for j in range(len(unknowns))] for entry in rows.values()], len(unknowns)
    )


def null_space_of_rows(rows: Sequence[Sequence[Fraction]], n: int) -> list[Vector]:
    """Solves a dense homogeneous system over the rationals.

    Args:
        rows: Equations, each of n numbers.
        n: Number of unknowns.

    Returns:
        A basis of the solutions, in echelon form.
    """
    import flint

    whole = [list(row) for row in dict.fromkeys(tuple(_primitive(row)) for row in rows)]
    if not whole:
        return [_unit(n, j) for j in range(n)]
    modular = flint.nmod_mat(n, len(whole), [row[j] % _PRIME for j in range(n) for row in whole], _PRIME)
    reduced, rank = modular.rref()
    if rank == n:  # the rank modulo a prime is never above the true one
        return []
    chosen, i = [], 0
    for j in range(len(whole)):
        if i < rank and int(reduced[i, j]):
            chosen.append(whole[j])
            i += 1
    basis = _rational_null_space(chosen, n)
    if all(_orthogonal(row, vector) for row in whole for vector in basis):
        return basis
    return _rational_null_space(whole, n)  # the prime divides a minor: independent rows looked dependent


def _rational_null_space(rows: list[list[int]], n: int) -> list[Vector]:
    import flint

    if not rows:
        return [_unit(n, j) for j in range(n)]
    reduced, denominator, rank = flint.fmpz_mat(rows).rref()
    table, scale = reduced.tolist(), int(denominator)
    pivots = [next(j for j in range(n) if table[i][j] != 0) for i in range(rank)]
    basis = []
    for free in sorted(set(range(n)) - set(pivots)):
        vector = _unit(n, free)
        for i, pivot in enumerate(pivots):
            vector[pivot] = Fraction(-int(table[i][free]), scale)
        basis.append(vector)
    return basis


def _primitive(row: Sequence[Fraction]) -> list[int]:
    denominator = math.lcm(*(value.denominator for value in row))
    whole = [value.numerator * (denominator // value.denominator) for value in row]
    divisor = math.gcd(*whole) or 1
    return [value // divisor for value in whole]


def _unit(n: int, j: int) -> Vector:
    return [Fraction(int(i == j)) for i in range(n)]


def _orthogonal(row: list[int], vector: Vector) -> bool:
    total: Any = sum(a * b for a, b in zip(row, vector, strict=True) if a and b)
    return total == 0
