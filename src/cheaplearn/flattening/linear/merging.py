"""Which neighbours of a chain to multiply, so that the fewest non-zeros are left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from .base import clean

__all__ = ["grouped"]

_Way = tuple[int, int, list[sparse.csr_array]]  # non-zeros, minus the number of factors, factors


def grouped(factors: Sequence[sparse.csr_array], most: int | None) -> list[sparse.csr_array]:
    """Multiplies runs of neighbours: the best way to cut the chain into runs.

    Args:
        factors: In product order.
        most: Largest number of factors allowed; None for any.

    Returns:
        The products. A run whose product has more non-zeros than its factors is not made longer, unless `most` asks for
        it. Of equally cheap ways the one of most factors is taken.
    """
    count = len(factors)
    limit = count if most is None else min(most, count)
    runs = [_runs(factors[start:], most is not None) for start in range(count)]
    ways: list[dict[int, _Way]] = [{} for _ in range(count)] + [{0: (0, 0, [])}]  # of the rest, by number of factors
    for start in range(count - 1, -1, -1):
        for length, product in enumerate(runs[start], start=1):
            for after, (cost, _, rest) in ways[start + length].items():
                way = (cost + int(product.nnz), -after - 1, [product, *rest])
                if after < limit and (after + 1 not in ways[start] or way[0] < ways[start][after + 1][0]):
                    ways[start][after + 1] = way
    return min(ways[0].values(), key=lambda way: way[:2])[2]


def _runs(factors: Sequence[sparse.csr_array], all_lengths: bool) -> list[sparse.csr_array]:
    """Products of the first 1, 2, ... factors."""
    products, total = [factors[0]], factors[0].nnz
    for factor in factors[1:]:
        total += factor.nnz
        product = _product(products[-1], factor)
        products.append(product)
        if product.nnz > total and not all_lengths:
            break
    return products


def _product(left: sparse.csr_array, right: sparse.csr_array) -> sparse.csr_array:
    """The product without entries that only rounding left there."""
    product, scale = left @ right, abs(left) @ abs(right)
    dust = 8 * np.finfo(np.float64).eps * max(1, int(np.diff(left.indptr).max(initial=1)))
    return clean(product.multiply(abs(product) > dust * scale))
