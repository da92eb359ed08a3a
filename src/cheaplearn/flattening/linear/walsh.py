"""The Hadamard transform as a product of sparse factors."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import linalg, sparse

from .chains import FactorChain
from .checks import checked_size

__all__ = ["hadamard"]


def hadamard(n: int) -> FactorChain:
    """The Hadamard matrix of Sylvester, entries +1 and -1, as log2 n factors of sums and differences.

    Args:
        n: Size, a power of two.

    Returns:
        The chain; all weights are +1 or -1, so that it is exact.

    Cost: 2 n log2 n synapses against n^2 of the dense matrix.
    Source: the Kronecker product of log2 n matrices [[1, 1], [1, -1]].

    Example:
        >>> hadamard(16)
        FactorChain(hadamard: 16 x 16, 4 factors, 128 synapses, dense 256, cost of flattening 2)
    """
    n = checked_size(n, "hadamard", power_of_two=True)
    factors = [_stage(n, n >> (level + 1)) for level in range(n.bit_length() - 1)]
    return FactorChain(tuple(factors) or (np.ones((1, 1)),), "hadamard", partial(_dense, n), n * n)


def _stage(n: int, inner: int) -> sparse.csr_array:
    pair = sparse.kron([[1.0, 1.0], [1.0, -1.0]], sparse.eye_array(inner))
    return sparse.csr_array(sparse.kron(sparse.eye_array(n // (2 * inner)), pair, format="csr"))


def _dense(n: int) -> np.ndarray:
    return linalg.hadamard(n, dtype=np.float64)
