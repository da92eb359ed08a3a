"""Waring ranks that are theorems: sums of monomials in disjoint variables, quadratic forms, forms in two variables.

The Waring rank of a form F of degree D is the least number of complex linear forms whose D-th powers sum to F. Of real
forms there may be need for more, so it bounds real networks from below.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpq_mat, fmpq_poly, nmod_mat

from .moments import Moments, Monomial
from .ranks import CHEAP, pivots, prime, rank_of
from .results import EXACT

__all__ = ["WaringRank", "waring_rank"]

Form = Mapping[Monomial, Fraction]

_MOST_ENTRIES = 300_000  # of the matrix of first derivatives that is searched for a change of variables


@dataclass(frozen=True)
class WaringRank:
    """A Waring rank and why it is known.

    Args:
        rank: The rank over the complex numbers.
        theorem: The source.
        how: The arithmetic, in words.
    """

    rank: int
    theorem: str
    how: str = EXACT


def waring_rank(form: Form, budget: float = CHEAP) -> WaringRank | None:
    """Looks for a theorem that gives the Waring rank of a form.

    Args:
        form: Non-zero coefficient by monomial, all of one degree >= 2.
        budget: Steps that may be spent on proving the rank of a quadratic form from above.

    Returns:
        The rank, or None if none of the theorems applies.

    Example:
        >>> waring_rank({((0, 1), (1, 2)): Fraction(1)}).rank  # x y^2
        3
    """
    degree = sum(power for _, power in next(iter(form)))
    if degree == 2:
        moments = Moments(form, "biased_bounds")
        quadratic = rank_of(moments.part(frozenset({1}), frozenset({1})), moments, None, budget)
        return WaringRank(quadratic.lower, "rank of a quadratic form", quadratic.how)
    for reduced in (form, _essential(form)):
        if rank := _coprime_monomials(reduced):
            return WaringRank(rank, "monomials in disjoint variables, Carlini, Catalisano and Geramita (2012)")
        sites = _sites(reduced)
        if len(sites) == 2:
            return WaringRank(
                _binary(reduced, sites[1], degree), "form in two variables, Sylvester; Comas and Seiguer (2011)"
            )
    return None


def _sites(form: Form) -> list[int]:
    return sorted({site for monomial in form for site, _ in monomial})


def _coprime_monomials(form: Form) -> int:
    """Sum over the monomials of prod (r_i + 1) over all but one smallest exponent; 0 if two share a variable."""
    shared = Counter(site for monomial in form for site, _ in monomial)
    if max(shared.values()) > 1:
        return 0
    return sum(math.prod(power + 1 for power in sorted(power for _, power in monomial)[1:]) for monomial in form)


def _essential(form: Form) -> Form:
    # If the derivatives by some variables are a basis of the span of all first derivatives, F is, after an invertible
    # linear change of variables, what is left of it when the other variables are set to 0. The basis is found modulo a
    # prime: should it be too small, the Waring rank of what is left is at most smaller, and the bound stays valid.
    sites = _sites(form)
    if len(form) * len(sites) > _MOST_ENTRIES:
        return form
    derivatives: dict[Monomial, int] = {}
    entries: list[tuple[int, int, int]] = []
    denominator = math.lcm(*(value.denominator for value in form.values()))
    for monomial, value in form.items():
        for k, (site, power) in enumerate(monomial):
            lowered = ((site, power - 1),) if power > 1 else ()
            row = derivatives.setdefault(monomial[:k] + lowered + monomial[k + 1 :], len(derivatives))
            entries.append((row, sites.index(site), int(power * value * denominator) % prime(0)))
    table = [[0] * len(sites) for _ in derivatives]
    for row, column, entry in entries:
        table[row][column] = entry
    basis = {sites[j] for j in pivots(nmod_mat(len(table), len(sites), list(itertools.chain(*table)), prime(0)))}
    return {monomial: value for monomial, value in form.items() if all(site in basis for site, _ in monomial)}


def _binary(form: Form, second: int, degree: int) -> int:
    """The apolar ideal has generators of degrees r <= D + 2 - r; the rank is r if the first is square-free."""
    coefficients = [Fraction(0)] * (degree + 1)
    for monomial, value in form.items():
        power = dict(monomial).get(second, 0)
        coefficients[power] = value / math.comb(degree, power)
    entries = [fmpq(value.numerator, value.denominator) for value in coefficients]
    for size in range(1, degree // 2 + 2):
        height, width = degree - size + 1, size + 1
        hankel = fmpq_mat(height, width, [entries[i + j] for i in range(height) for j in range(width)])
        reduced, rank = hankel.rref()
        if rank == size:
            return size if _is_square_free(_null_vector(reduced, rank, width), size) else degree + 2 - size
        if rank < size:  # two generators of one degree: some combination of them is square-free
            return size
    raise AssertionError


def _null_vector(reduced: fmpq_mat, rank: int, width: int) -> list[fmpq]:
    """The one solution of an echelon form with a single free column."""
    leading = [next(j for j in range(width) if reduced[i, j] != 0) for i in range(rank)]
    (free,) = set(range(width)) - set(leading)
    vector = [fmpq(0)] * width
    vector[free] = fmpq(1)
    for i, j in enumerate(leading):
        vector[j] = -reduced[i, free]
    return vector


def _is_square_free(vector: list[fmpq], degree: int) -> bool:
    """Whether the form sum_j v_j X^(degree-j) Y^j has no square factor; degree - deg is the power of X in it."""
    polynomial = fmpq_poly(vector)
    if degree - polynomial.degree() > 1:
        return False
    return polynomial.degree() < 1 or polynomial.gcd(polynomial.derivative()).degree() == 0
