"""From coefficients of terms of scaled variables to those of raw variables."""

from __future__ import annotations

from math import comb

import numpy as np
from scipy.sparse import csr_array

from ...hamiltonian import Monomials

__all__ = ["expansion"]

Partial = list[tuple[tuple[int, ...], float]]  # terms with their coefficients


def expansion(monomials: Monomials, slope: np.ndarray, shift: np.ndarray) -> csr_array:
    r"""Matrix that expands terms of t = slope x + shift in terms of x.

    Args:
        monomials: The terms, closed under divisors.
        slope: Shape (n,).
        shift: Shape (n,).

    Returns:
        E with :math:`\phi_j(t) = \sum_k E_{jk} \phi_k(x)`, the constant first, shape (1 + terms, 1 + terms).

    Cost: terms times their number of divisors.
    """
    terms: list[tuple[int, ...]] = [(), *monomials]
    place = {term: k for k, term in enumerate(terms)}
    rows, columns, entries = [], [], []
    for row, term in enumerate(terms):
        expanded: Partial = [((), 1.0)]
        for site in dict.fromkeys(term):
            expanded = _times(expanded, site, term.count(site), float(slope[site]), float(shift[site]))
        for divisor, value in expanded:
            if value:
                rows.append(row)
                columns.append(place[divisor])
                entries.append(value)
    return csr_array((entries, (rows, columns)), shape=(len(terms), len(terms)))


def _times(partial: Partial, site: int, power: int, a: float, b: float) -> Partial:
    """Multiplies an expansion by (a x + b)^power of one variable."""
    return [
        (term + (site,) * k, value * comb(power, k) * a**k * b ** (power - k))
        for term, value in partial
        for k in range(power + 1)
    ]
