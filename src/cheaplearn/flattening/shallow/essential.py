r"""A polynomial in as few variables as it depends on, after an exact linear change.

The directions v with ``v . grad p = 0`` are the null space of the coefficients of the gradient. In reduced echelon form
its basis is ``e_f - sum_i R_if e_i``, one vector per free variable f, so that p at t equals p where every t_f is 0 and
``t_i`` is ``y_i = t_i + sum_f R_if t_f``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flint import fmpq, fmpq_mat

from .form import FlatForm

__all__ = ["Essential", "essential_variables"]

Exponents = tuple[int, ...]


@dataclass(frozen=True)
class Essential:
    """The polynomial in y, each scaled to size at most 1, and what y is.

    Args:
        terms: Coefficient by exponents.
        rows: Each variable as a row over t.
    """

    terms: dict[Exponents, fmpq]
    rows: list[list[fmpq]]

    def over_all(self, form: FlatForm) -> FlatForm:
        """Turns a flat form over y into one over t.

        Args:
            form: Its directions are rows over y.

        Returns:
            The same sums along directions over t.
        """
        directions = fmpq_mat([list(direction) for direction in form.directions]) * fmpq_mat(self.rows)
        return replace(form, directions=tuple(tuple(row) for row in directions.tolist()))


def essential_variables(terms: Mapping[Exponents, fmpq]) -> Essential | None:
    """Looks for directions along which a polynomial is constant.

    Args:
        terms: Coefficient by exponents, over variables of size at most 1.

    Returns:
        The polynomial in fewer variables, or None if it depends on all of them.
    """
    n = len(next(iter(terms), ()))
    place: dict[Exponents, int] = {}
    entries: list[tuple[int, int, fmpq]] = []
    for alpha, coefficient in terms.items():
        for i, power in enumerate(alpha):
            if power:
                lower = tuple(r - (j == i) for j, r in enumerate(alpha))
                entries.append((place.setdefault(lower, len(place)), i, coefficient * power))
    if not entries:
        return None
    gradient = fmpq_mat(len(place), n)
    for row, i, value in entries:
        gradient[row, i] = value
    echelon, rank = gradient.rref()
    if rank == n:
        return None
    pivots = [next(i for i in range(n) if echelon[row, i]) for row in range(rank)]
    rows = [[echelon[row, i] for i in range(n)] for row in range(rank)]
    reach = [sum((abs(x) for x in row), fmpq(0)) for row in rows]
    kept: dict[Exponents, fmpq] = {}
    for alpha, coefficient in terms.items():
        if all(power == 0 or i in pivots for i, power in enumerate(alpha)):
            exponents = tuple(alpha[i] for i in pivots)
            for size, power in zip(reach, exponents, strict=True):
                coefficient *= size**power
            kept[exponents] = coefficient
    return Essential(kept, [[x / size for x in row] for row, size in zip(rows, reach, strict=True)])
