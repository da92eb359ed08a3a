"""Values of monomials at many points, in blocks of bounded size."""

from __future__ import annotations

import numpy as np

from .monomials import Monomials

__all__ = ["linear_combination", "monomial_values"]

BLOCK_ENTRIES = 1 << 21  # values held at once: 16 MiB of float64


def monomial_values(t: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """Values of monomials of one degree.

    Args:
        t: Scaled variables, shape (samples, n).
        sites: The variables of each product, shape (terms, degree).

    Returns:
        Products, shape (samples, terms).

    Example:
        >>> monomial_values(np.array([[2.0, 3.0]]), np.array([[0, 0], [0, 1]]))
        array([[4., 6.]])
    """
    values = t[:, sites[:, 0]]
    for column in sites.T[1:]:
        values *= t[:, column]  # fancy indexing made a copy above: in place is safe
    return values


def linear_combination(t: np.ndarray, monomials: Monomials, coefficients: np.ndarray) -> np.ndarray:
    """Sum of monomials with coefficients, one column per class.

    Args:
        t: Scaled variables, shape (samples, n).
        monomials: The terms.
        coefficients: Shape (terms, classes).

    Returns:
        Shape (samples, classes).

    Cost: two floating point operations per sample, term and class on BLAS; memory is bounded.
    """
    total = np.zeros((len(t), coefficients.shape[1]))
    rows = 1024
    for first in range(0, len(t), rows):
        part, done = t[first : first + rows], 0
        for block in monomials.blocks(BLOCK_ENTRIES // rows):
            total[first : first + rows] += monomial_values(part, block) @ coefficients[done : done + len(block)]
            done += len(block)
    return total
