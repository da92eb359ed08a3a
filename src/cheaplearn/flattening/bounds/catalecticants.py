"""Bounds for networks with biases and affine skips: the span of the partial derivatives of one order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...polynomial import Polynomial
from .moments import Moments, divisor_counts
from .ranks import rank_of
from .results import CLOSED_FORM, EXACT, LowerBound, RankTerm, summary
from .staircase import budget_of
from .waring import waring_rank

__all__ = ["biased_bounds"]

_PAGE = "docs/theory/flattening_bounds.md"
_ANY = "biases and affine skips, any activation"
_SHALLOW = f"one hidden layer with {_ANY}"
_DEEP = f"any number of hidden layers with {_ANY}"


def biased_bounds(p: Any, exact: bool | None = None) -> tuple[LowerBound, ...]:
    """Bounds the hidden neurons of ordinary networks, with biases and an affine skip from the input to the output.

    - Essential variables: the first derivatives of the part of degree >= 2 span a space of at most as many dimensions
      as there are neurons, at any depth.
    - Catalecticant: the same for the partial derivatives of any order k >= 2, for one hidden layer.
    - Waring: each homogeneous part of degree >= 2 is a sum of as many powers of linear forms as there are neurons, for
      one hidden layer and exact Taylor coefficients. Given where the Waring rank is a theorem.

    Args:
        p: The polynomial, or what makes one.
        exact: Whether ranks are proven from above too; None where that is quick. The bounds are valid anyway.

    Returns:
        All bounds that apply, the largest first.

    Cost: as for `bias_free_bound`.

    Example:
        >>> [(bound.name, bound.neurons) for bound in biased_bounds("x1*x2*x3*x4")]
        [('Waring', 8), ('catalecticant', 6), ('essential variables', 4)]
    """
    polynomial = Polynomial.coerce(p)
    budget = budget_of(exact, "biased_bounds")
    bounds = [*_of_derivatives(polynomial, budget), *_waring(polynomial, budget)]
    return tuple(sorted(bounds, key=lambda bound: -bound.neurons))


def _of_derivatives(polynomial: Polynomial, budget: float) -> list[LowerBound]:
    degree = polynomial.degree
    if degree < 2:
        affine = RankTerm(1, 0, "no part of degree >= 2", EXACT)
        return [_bound("essential variables", (affine,), True)]
    ranks = [RankTerm(1, n, f"derivatives of order {k}", how) for k, n, how in _ranks(polynomial, budget)]
    bounds = [_bound("essential variables", (ranks[0],), True)]
    if degree > 2:
        bounds.append(_bound("catalecticant", (max(ranks[1:], key=lambda term: term.rank),), False))
    return bounds


def _ranks(polynomial: Polynomial, budget: float) -> Iterator[tuple[int, int, str]]:
    degree = polynomial.degree
    if len(polynomial) == 1:  # the derivatives of a monomial are, up to factors, its divisors
        counts = divisor_counts(next(iter(polynomial.terms)))
        yield from ((k, counts[k], CLOSED_FORM) for k in range(1, degree))
        return
    moments = Moments(polynomial.terms, "biased_bounds")
    every = frozenset(range(degree + 1))
    for k in range(1, degree):
        rank = rank_of(moments.part(frozenset({k}), every, least=2), moments, None, budget)
        yield k, rank.lower, rank.how


def _bound(name: str, ranks: tuple[RankTerm, ...], deep: bool) -> LowerBound:
    return LowerBound(
        ranks[0].rank,
        name,
        f"{_DEEP if deep else _SHALLOW}, Taylor coefficients or uniform approximation on an open set",
        f"ridge functions span few derivatives; {_PAGE}",
        summary(ranks),
        ranks,
        survives_limits=True,
        holds_at_any_depth=deep,
    )


def _waring(polynomial: Polynomial, budget: float) -> list[LowerBound]:
    found = []
    for degree in range(2, polynomial.degree + 1):
        part = {m: c for m, c in polynomial.terms.items() if sum(power for _, power in m) == degree}
        known = waring_rank(part, budget) if part else None
        if known:
            found.append(
                RankTerm(1, known.rank, f"Waring rank of the part of degree {degree}: {known.theorem}", known.how)
            )
    if not found:
        return []
    best = max(found, key=lambda term: term.rank)
    model = f"{_SHALLOW}, exact Taylor coefficients to degree {polynomial.degree}"
    proof = f"{best.matrix.partition(': ')[2]}; {_PAGE}"
    return [LowerBound(best.rank, "Waring", model, proof, best.arithmetic, (best,))]
