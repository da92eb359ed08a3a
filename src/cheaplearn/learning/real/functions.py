"""What is summed over samples: functions of scaled variables, tied or not, and walls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from ...hamiltonian import Variables
from .basis import ProductBasis
from .bounds import Bounds
from .rows import ScaledRows
from .site_terms import Derivatives, Problem

__all__ = ["Functions"]


@dataclass(frozen=True, eq=False)
class Functions:
    """The functions of a family in units of its own.

    Args:
        basis: Products of all terms.
        tying: P with theta = P u, shape (terms, K); None for K = terms.
        variables: Units.
        bounds: Walls in these units, or None.
    """

    basis: ProductBasis
    tying: csr_array | None
    variables: Variables
    bounds: Bounds | None

    def __len__(self) -> int:
        return self.derivatives.n_functions

    @cached_property
    def derivatives(self) -> Derivatives:
        """Their derivatives as matrices: the same for all samples, so they are found once."""
        return Derivatives(self.basis, self.tying)

    def problem(self, X: np.ndarray, weight: np.ndarray | None, like: Any) -> Problem:
        """Prepares sums.

        Args:
            X: Raw values, shape (samples, n), finite and within the walls.
            weight: Sample weights, shape (samples,); None for 1.
            like: An empty array of the namespace, dtype and device to sum in.

        Returns:
            The samples with these functions.
        """
        rows = ScaledRows(X, self.variables, like)
        return Problem(rows, weight, self.basis, bounds=self.bounds, derivatives=self.derivatives)
