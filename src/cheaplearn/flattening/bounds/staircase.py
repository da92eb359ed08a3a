"""The bound for networks without biases: ranks along the staircase of known moments."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ..._messages import must_be
from ...polynomial import Polynomial
from .derivatives import Point
from .moments import Moments, Monomial, divisor_counts
from .points import shared_point
from .ranks import CHEAP, Rank, rank_of
from .results import CLOSED_FORM, EXACT, LowerBound, RankTerm, summary

__all__ = ["bias_free_bound", "budget_of"]

Degrees = frozenset[int]
Rectangle = tuple[Degrees, Degrees]

_PROOF = "staircase completion, Woerdeman (1987); docs/theory/flattening_bounds.md"


def bias_free_bound(
    p: Any, activation: str = "softplus", shared_bias: Any = None, exact: bool | None = None
) -> LowerBound:
    r"""Bounds the neurons of one hidden layer without biases, skips and output bias.

    The network is ``sum_j w_j sigma(b + a_j . x)`` with one b for all neurons; its Taylor coefficients to the degree d
    of p are to be those of p.

    .. math::
        N \ge \sum_{k \le d} \mathrm{rank}\, M[\le k, \le d - k]
            - \sum_{k < d} \mathrm{rank}\, M[\le k, \le d - k - 1]

    Here ``M_(alpha, beta) = gamma! c_gamma / sigma_|gamma|`` with ``gamma = alpha + beta``, and [<=k, <=l] are the rows
    of degree at most k and the columns of degree at most l. Degrees whose derivative vanishes at b have no known
    moments: rows and columns are then chosen so as to avoid them, and the best choice counts.

    Args:
        p: The polynomial, or what makes one.
        activation: "softplus", "sigmoid", "tanh", "gaussian", "exp", "gelu", "silu" or "square".
        shared_bias: b, exactly (0 for literally none); None for a point where no derivative up to d vanishes.
        exact: Whether added ranks are proven from above too; None where that is quick. The bound is valid anyway.

    Returns:
        The bound; infinite if a derivative vanishes that p needs.

    Cost: linear in the number of divisors of terms, plus eliminations of the blocks that do not fall apart.

    Example:
        >>> [int(bias_free_bound(text).neurons) for text in ("x*y", "x*y + 1", "x*y + x", "x1*x2*x3 + x4*x5*x6")]
        [4, 3, 2, 14]
    """
    polynomial = Polynomial.coerce(p)
    budget = budget_of(exact, "bias_free_bound")
    degree = polynomial.degree
    point = shared_point(activation, degree, shared_bias)
    model = (
        f"one hidden layer of {activation}, no skip, no output bias, no biases but one shared expansion point "
        f"{point.place}, exact Taylor coefficients to degree {degree}"
    )
    missing = sorted({sum(power for _, power in monomial) for monomial in polynomial.terms} - point.known)
    if missing:
        proof = f"derivative {missing[0]} of {activation} is 0 at {point.place}: no network has terms of that degree"
        return LowerBound(math.inf, "staircase", model, proof, EXACT)
    if len(polynomial) == 1 and len(point.known) > degree:
        ranks = _ranks_of_monomial(polynomial.terms)
    else:
        ranks = _largest(Moments(polynomial.terms, "bias_free_bound"), point, degree, budget)
    return LowerBound(_total(ranks), "staircase", model, _PROOF, summary(ranks), ranks)


def budget_of(exact: bool | None, owner: str) -> float:
    """Turns a wish into steps that may be spent on proofs that are not needed.

    Args:
        exact: The wish.
        owner: Public function that was called, for the message.

    Returns:
        Number of steps.

    Raises:
        TypeError: If it is no wish.
    """
    if exact is not None and not isinstance(exact, bool):
        raise TypeError(must_be("exact", owner, "True, False or None", repr(exact)))
    return CHEAP if exact is None else math.inf if exact else 0.0


def _total(ranks: tuple[RankTerm, ...]) -> int:
    return max(sum(term.sign * term.rank for term in ranks), 0)


def _ranks_of_monomial(terms: Mapping[Monomial, Fraction]) -> tuple[RankTerm, ...]:
    """The derivatives of a monomial are, up to factors, its divisors: of each degree as many as there are."""
    counts = divisor_counts(next(iter(terms)))
    degree = len(counts) - 1
    return tuple(RankTerm(1, n, _words(({k}, {degree - k})), CLOSED_FORM) for k, n in enumerate(counts))


def _largest(moments: Moments, point: Point, degree: int, budget: float) -> tuple[RankTerm, ...]:
    cache: dict[Rectangle, Rank] = {}
    found = (_along(moments, point, steps, budget, cache) for steps in _staircases(point.known, degree))
    return max(found, key=_total, default=())  # no staircase: nothing is known, and p = 0


def _staircases(known: Degrees, degree: int) -> list[list[tuple[int, Rectangle]]]:
    # Signed rectangles of known entries for each maximal choice of row degrees R and column degrees C. (R, C) is
    # allowed if i + j is known, or beyond the degree, for all i in R and j in C. More rows and columns never lower the
    # bound, so closed pairs suffice: R is the intersection of the sets that go with the members of C, and the reverse.
    every = frozenset(range(degree + 1))
    partners = [frozenset(i for i in every if i + j > degree or i + j in known) for j in range(degree + 1)]
    closed = {every}
    for partner in partners:
        closed |= {rows & partner for rows in closed}
    pairs = [(rows, frozenset(j for j in every if rows <= partners[j])) for rows in closed]
    return [_steps(rows, columns, degree) for rows, columns in pairs if rows and columns and min(rows) <= max(columns)]


def _steps(rows: Degrees, columns: Degrees, degree: int) -> list[tuple[int, Rectangle]]:
    signs: Counter[Rectangle] = Counter()
    for k in range(degree + 1):
        low = frozenset(i for i in rows if i <= k)
        signs[low, frozenset(j for j in columns if j <= degree - k)] += 1
        if k < degree:
            signs[low, frozenset(j for j in columns if j <= degree - k - 1)] -= 1
    return [(sign, rectangle) for rectangle, sign in signs.items() if sign and all(rectangle)]


def _along(
    moments: Moments, point: Point, steps: list[tuple[int, Rectangle]], budget: float, cache: dict[Rectangle, Rank]
) -> tuple[RankTerm, ...]:
    terms = []
    for sign, (rows, columns) in steps:
        wanted = budget if sign > 0 else math.inf
        rank = _rank(moments, point, (rows, columns), wanted, cache)
        proven = rank.lower if sign > 0 or rank.upper is None else rank.upper  # without end, there is one from above
        terms.append(RankTerm(sign, proven, _words((rows, columns)), rank.how))
    return tuple(terms)


def _rank(moments: Moments, point: Point, rectangle: Rectangle, budget: float, cache: dict[Rectangle, Rank]) -> Rank:
    rows, columns = rectangle
    for known in ((rows, columns), (columns, rows)):  # the matrix is symmetric
        if known in cache and (cache[known].upper is not None or budget < math.inf):
            return cache[known]
    if len(rows) > len(columns):
        rows, columns = columns, rows
    cache[rows, columns] = rank_of(moments.part(rows, columns), moments, point, budget)
    return cache[rows, columns]


def _words(rectangle: tuple[Any, Any]) -> str:
    rows, columns = (_degrees(sorted(degrees)) for degrees in rectangle)
    return f"rank M[{rows}, {columns}]"


def _degrees(degrees: list[int]) -> str:
    if len(degrees) > 1 and degrees == list(range(degrees[-1] + 1)):
        return f"<={degrees[-1]}"
    return "+".join(map(str, degrees))
