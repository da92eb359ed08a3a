r"""Any polynomial of degree d in n variables by C(n + d, d) directions in general position: a linear system.

The points of the principal lattice ``a_i >= 0, sum a_i <= d`` (moved to its centre) determine polynomials of degree d,
so the equations ``sum_j w_j a_j^alpha = alpha! c_alpha`` have exactly one solution; it is found over the rationals.
Source: Chung & Yao (1977) for the lattice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations_with_replacement

from flint import fmpq, fmpz_mat

from .form import FlatForm

__all__ = ["MOST_DIRECTIONS", "lattice_form", "lattice_size"]

MOST_DIRECTIONS = 1001  # equations that are solved exactly within seconds: dense quartics in 10 variables

Exponents = tuple[int, ...]


def lattice_size(variables: int, degree: int) -> int:
    """Counts the directions.

    Args:
        variables: n.
        degree: d.

    Returns:
        ``C(n + d, d)``.
    """
    return math.comb(variables + degree, degree)


def lattice_form(terms: Mapping[Exponents, fmpq], degree: int) -> FlatForm | None:
    """Solves for the weights of lattice directions.

    Args:
        terms: Coefficient by exponents, over variables of size at most 1.
        degree: The degree.

    Returns:
        The form, or None where there would be more than MOST_DIRECTIONS directions.

    Cost: one exact solution of as many equations as directions.
    """
    n = len(next(iter(terms), ()))
    if not terms or lattice_size(n, degree) > MOST_DIRECTIONS:
        return None
    exponents = _exponents(n, degree)
    centre = round(degree / (n + 1))
    points = [tuple(x - centre for x in alpha) for alpha in exponents]
    system = fmpz_mat([[math.prod(x**r for x, r in zip(a, alpha, strict=True)) for a in points] for alpha in exponents])
    degrees = sorted({sum(alpha) for alpha in terms})
    common = math.lcm(*(int(c.q) for c in terms.values()))
    wanted = [
        [int(terms[alpha] * common) * _factorials(alpha) if sum(alpha) == k and alpha in terms else 0 for k in degrees]
        for alpha in exponents
    ]
    solution = system.solve(fmpz_mat(wanted))
    weights = {k: [solution[j, i] / common for j in range(len(points))] for i, k in enumerate(degrees)}
    used = [j for j in range(len(points)) if any(part[j] for part in weights.values())]
    return FlatForm(
        "generic directions",
        tuple(tuple(map(fmpq, points[j])) for j in used),
        {k: [part[j] for j in used] for k, part in weights.items()},
        degree,
    )


def _exponents(n: int, degree: int) -> list[Exponents]:
    found = []
    for sites in combinations_with_replacement(range(n + 1), degree):  # the last one is no variable
        found.append(tuple(sites.count(i) for i in range(n)))
    return found


def _factorials(alpha: Exponents) -> int:
    return math.prod(map(math.factorial, alpha))
