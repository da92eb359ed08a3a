r"""Products of several factors as powers of their signed sums.

With b factors a_i and ``F_s = s . a`` over sign patterns s with ``s_1 = 1``,

    sum_s (prod s) F_s^b = 2^(b-1) b! prod_i a_i,

and the same sum of ``F_s^n`` vanishes for ``n < b`` with n - b even: every monomial left has only odd exponents. Equal
factors give equal sums, which are merged: x^r counts as one factor with coefficients -r, -r + 2, ..., r.
Source: Lin, Tegmark & Rolnick (2017), section II.E; docs/theory/power_gates.md.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import product

__all__ = ["corner_moment", "corner_sum", "n_patterns", "sign_patterns"]


@cache
def sign_patterns(powers: tuple[int, ...]) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Lists the distinct signed sums of factors with multiplicities, up to an overall sign.

    Args:
        powers: How often each factor occurs, all at least 1.

    Returns:
        Pairs (coefficients of the factors, signed number of patterns that give them); the zero sum is left out.
    """
    patterns = []
    for coefficients in product(*(range(r, -r - 1, -2) for r in powers)):
        if next((c for c in coefficients if c), 0) <= 0:
            continue
        minus = [(r - c) // 2 for r, c in zip(powers, coefficients, strict=True)]
        count = math.prod(math.comb(r, k) for r, k in zip(powers, minus, strict=True))
        patterns.append((coefficients, count * (-1) ** sum(minus)))
    return tuple(patterns)


def n_patterns(powers: tuple[int, ...]) -> int:
    """Counts them: half of ``prod (r_i + 1)``, rounded down.

    Args:
        powers: As in `sign_patterns`.

    Returns:
        Their number.
    """
    return math.prod(r + 1 for r in powers) // 2


def corner_sum(factors: int, power: int) -> int:
    """Evaluates ``sum_s (prod s) F_s^power`` where every factor is 1: its largest value on the box.

    Args:
        factors: b.
        power: n, of the parity of b.

    Returns:
        The sum; 0 for ``n < b`` and ``2^(b-1) b!`` for ``n = b``.
    """
    return sum((-1) ** i * math.comb(factors - 1, i) * (factors - 2 * i) ** power for i in range(factors))


def corner_moment(factors: int, power: int) -> int:
    """Evaluates ``sum_s |F_s|^power`` where every factor is 1.

    Args:
        factors: b.
        power: n >= 0.

    Returns:
        The sum; for ``n >= 1`` it is the largest on the box ``|a_i| <= 1``, being convex and the same at every corner.
    """
    return sum(math.comb(factors - 1, i) * abs(factors - 2 * i) ** power for i in range(factors))
