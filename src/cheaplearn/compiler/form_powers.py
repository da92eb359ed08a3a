r"""Homogeneous parts that are powers of one linear form: ``c (a . t)^d``, found exactly.

They are the forms of Waring rank 1: expanded they have up to ``C(n + d - 1, d)`` monomials, as a power they take one
square per doubling of d. The form is read off the coefficients of ``t_i^d`` and ``t_i^(d-1) t_j``, then every
coefficient is checked in rational arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from flint import fmpq

from .splitting import Monomial

__all__ = ["linear_form_of_power"]


def linear_form_of_power(part: Mapping[Monomial, fmpq], degree: int) -> tuple[fmpq, dict[int, fmpq]] | None:
    """Writes a homogeneous polynomial as ``c (a . t)^degree``, if it is one.

    Args:
        part: Coefficient by monomial, all of the same degree, at least two of them.
        degree: d, 2 or more.

    Returns:
        c and a (site: coefficient, the first one 1), or None.
    """
    sites = sorted({site for monomial in part for site, _ in monomial})
    if len(part) != math.comb(len(sites) + degree - 1, degree) or len(sites) < 2:
        return None  # no coefficient of a power of a form in exactly these variables is zero
    first = sites[0]
    leading = part[(first, degree),]
    form = {first: fmpq(1)}
    for site in sites[1:]:
        form[site] = part[(first, degree - 1), (site, 1)] / (degree * leading)
    for monomial, coefficient in part.items():
        wanted = leading * math.factorial(degree)
        for site, power in monomial:
            wanted *= form[site] ** power / math.factorial(power)
        if wanted != coefficient:
            return None
    return leading, form
