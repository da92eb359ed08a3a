"""Products of sparse matrices, whose dense matrix is fuller than both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from ..._messages import must_be
from .chains import FactorChain
from .checks import checked_choice, checked_matrix, checked_size

__all__ = ["random_sparse", "sparse_product", "sparse_product_cost"]


def sparse_product(A: Any, B: Any) -> FactorChain:
    """The product A B, kept as its two factors.

    Args:
        A: Shape (m, k), dense or sparse.
        B: Shape (k, n).

    Returns:
        The chain.

    Cost: the non-zeros of A and B, against those of A B; `sparse_product_cost` says what to expect.

    Raises:
        ValueError: If the matrices do not fit.

    Example:
        >>> sparse_product(random_sparse(200, 0.1), random_sparse(200, 0.1, random_state=1)).flattening_cost > 4
        True
    """
    left, right = checked_matrix(A, "sparse_product"), checked_matrix(B, "sparse_product", "B")
    if left.shape[1] != right.shape[0]:
        requirement = f"of {left.shape[1]} rows, as A has columns"
        raise ValueError(must_be("B", "sparse_product", requirement, f"shape {right.shape}"))
    return FactorChain((left, right), "sparse product", lambda: left @ right)


def random_sparse(n: int, density: float, random_state: int = 0, values: str = "ones") -> sparse.csr_array:
    """A random square matrix with independent non-zeros.

    Args:
        n: Size.
        density: Probability of a non-zero.
        random_state: Seed.
        values: "ones", "signs" or "normal".

    Returns:
        The matrix.

    Raises:
        ValueError: If the density is not between 0 and 1.
    """
    n = checked_size(n, "random_sparse")
    checked_choice(values, "random_sparse", "values", ("ones", "signs", "normal"))
    _check_density(density, "random_sparse")
    rng = np.random.default_rng(random_state)
    mask = rng.random((n, n)) < density
    drawn: dict[str, Callable[[int], np.ndarray]] = {
        "ones": np.ones,
        "signs": lambda count: rng.choice([-1.0, 1.0], count),
        "normal": rng.standard_normal,
    }
    matrix = np.zeros((n, n))
    matrix[mask] = drawn[values](int(mask.sum()))
    return sparse.csr_array(matrix)


def sparse_product_cost(n: int, density: float) -> float:
    """Expected non-zeros of a product of two random 0/1 matrices over those of the two.

    Args:
        n: Size.
        density: Probability p of a non-zero in either.

    Returns:
        The ratio of expectations [1 - (1 - p^2)^n] / (2 p); > 1 where keeping the factors pays.

    Raises:
        ValueError: If the density is not in (0, 1].
    """
    n = checked_size(n, "sparse_product_cost")
    _check_density(density, "sparse_product_cost")
    if density == 0:
        raise ValueError(must_be("density", "sparse_product_cost", "positive", density))
    return float(-np.expm1(n * np.log1p(-(density**2))) / (2 * density)) if density < 1 else 0.5


def _check_density(density: float, owner: str) -> None:
    if not 0 <= density <= 1:
        raise ValueError(must_be("density", owner, "between 0 and 1", density))
