"""Proof that a leading form is positive definite because it is a sum of squares with room to spare."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from scipy import sparse

from ...polynomial.monomials import Monomial
from .conic import solve_conic, triangle_scales
from .definite import cholesky_proves
from .degrees import LeadingForm
from .gram import GramBlocks, gram_blocks

__all__ = ["is_sum_of_squares"]

Intervals = Mapping[Monomial, tuple[Fraction, Fraction]]


def is_sum_of_squares(form: LeadingForm) -> bool:
    """Proves that L = sum over cliques of v^T Q v with positive definite Q, v the monomials of weight 1/2.

    Since v contains z_i^(d_i/2), L is then at least a positive multiple of sum z_i^d_i. The solver maximises the
    least eigenvalue t of all Q; its answer is only a proposal. In rational arithmetic the residual L - sum v^T Q v
    is computed; |r z^(b+c)| <= |r| (z^(2b) + z^(2c)) / 2 moves it, and intervals of coefficients, to the diagonals; and
    the matrices that are left are proved positive definite by `cholesky_proves`.

    Args:
        form: The leading form.

    Returns:
        True if proved. False says nothing: there are positive forms that are no sums of squares.

    Cost: `solve_conic` with one variable per monomial. Forms beyond `gram.MAX_ROWS` rows per matrix are not tried.
    """
    terms = _scaled(form)
    supports = {tuple(i for i, _ in monomial) for monomial in terms}
    return any(_proves(terms, blocks) for blocks in gram_blocks(supports, form.degrees))


def _scaled(form: LeadingForm) -> dict[Monomial, tuple[Fraction, Fraction]]:
    # z_i -> z_i 2^k_i with pure coefficients near 1.
    scales = []
    for i, degree in enumerate(form.degrees):
        low, high = form.pure(i)
        middle = (low + high) / 2
        bits = middle.numerator.bit_length() - middle.denominator.bit_length()
        scales.append(Fraction(2) ** round(-bits / degree))
    result = {}
    for monomial, (low, high) in form.terms.items():
        factor = Fraction(1)
        for i, power in monomial:
            factor *= scales[i] ** power
        result[monomial] = low * factor, high * factor
    return result


def _proves(terms: Intervals, blocks: GramBlocks) -> bool:
    if any(monomial not in blocks.places for monomial in terms):
        return False
    proposal = _widest_gram(terms, blocks)
    return proposal is not None and _verified(terms, blocks, proposal)


def _widest_gram(terms: Intervals, blocks: GramBlocks) -> list[np.ndarray] | None:
    # Dual problem: minimise L(y) over moments y with M_C(y) >= 0 and sum of traces 1; its multipliers are Q - t.
    column = {monomial: k for k, monomial in enumerate(blocks.places)}
    products = blocks.products
    rows = np.arange(len(products))
    columns = np.array([column[product] for *_, product in products])
    scales = triangle_scales([(i, j) for _, i, j, _ in products])
    diagonal = np.array([i == j for _, i, j, _ in products])
    triangles = sparse.csc_matrix((scales, (rows, columns)), shape=(len(products), len(column)))
    trace = np.bincount(columns[diagonal], minlength=len(column)).astype(float)
    q = np.zeros(len(column))
    for monomial, (low, high) in terms.items():
        q[column[monomial]] = float((low + high) / 2)
    nothing = sparse.csc_matrix((len(column), len(column)))
    sizes = [len(basis) for basis in blocks.bases]
    solution = solve_conic(nothing, q, (sparse.csc_matrix(trace[None]), np.ones(1)), triangles, sizes)
    margin = -float(solution.z[0]) if len(solution.z) else 0.0
    if not solution.solved or not margin > 0:
        return None
    return [matrix + margin * np.eye(len(matrix)) for matrix in blocks.matrices(solution.z[1:])]


def _verified(terms: Intervals, blocks: GramBlocks, matrices: list[np.ndarray]) -> bool:
    for _ in range(2):  # after one correction in floats the residual is that of rounding
        _spread(blocks, matrices, {m: float(sum(r) / 2) for m, r in _residual(terms, blocks, matrices).items()})
    slack = [[Fraction(0)] * len(matrix) for matrix in matrices]
    for monomial, (low, high) in _residual(terms, blocks, matrices).items():
        block, i, j = blocks.places[monomial][0]
        size = max(abs(low), abs(high))
        slack[block][i] += size / 2
        slack[block][j] += size / 2
    return all(cholesky_proves(matrix, room) for matrix, room in zip(matrices, slack, strict=True))


def _residual(terms: Intervals, blocks: GramBlocks, matrices: list[np.ndarray]) -> dict[Monomial, tuple]:
    result = {}
    for monomial, places in blocks.places.items():
        low, high = terms.get(monomial, (Fraction(0), Fraction(0)))
        made = sum((Fraction(float(matrices[b][i, j])) * (1 if i == j else 2) for b, i, j in places), Fraction(0))
        result[monomial] = low - made, high - made
    return result


def _spread(blocks: GramBlocks, matrices: list[np.ndarray], residual: Mapping[Monomial, float]) -> None:
    for monomial, places in blocks.places.items():
        share = residual[monomial] / sum(1 if i == j else 2 for _, i, j in places)
        for block, i, j in places:
            matrices[block][i, j] += share
            if i != j:
                matrices[block][j, i] = matrices[block][i, j]
