"""Forms as arrays: values and gradients in float64, for searches whose results are checked exactly later."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from ...polynomial.monomials import Monomial

__all__ = ["FormArrays"]


class FormArrays:
    """A sum of monomials in float64.

    Args:
        terms: Coefficient by monomial, not empty.
        size: Number of variables.
    """

    def __init__(self, terms: Mapping[Monomial, Fraction | float], size: int) -> None:
        degree = max((sum(p for _, p in m) for m in terms), default=1)
        self.sites = np.full((len(terms), max(degree, 1)), size)  # the site beyond the last one is worth 1
        for row, monomial in enumerate(terms):
            flat = [i for i, p in monomial for _ in range(p)]
            self.sites[row, : len(flat)] = flat
        self.coefficients = np.array([float(c) for c in terms.values()])
        self.size = size

    def value_and_gradient(self, u: np.ndarray) -> tuple[float, np.ndarray]:
        """Evaluates at one point.

        Args:
            u: Shape (size,).

        Returns:
            The value, and the gradient of shape (size,).
        """
        factors = np.append(u, 1.0)[self.sites]
        before = np.cumprod(np.column_stack([np.ones(len(factors)), factors[:, :-1]]), axis=1)
        after = np.cumprod(np.column_stack([np.ones(len(factors)), factors[:, :0:-1]]), axis=1)[:, ::-1]
        others = before * after * self.coefficients[:, None]
        gradient = np.bincount(self.sites.ravel(), others.ravel(), minlength=self.size + 1)[: self.size]
        return float((others[:, 0] * factors[:, 0]).sum()), gradient
