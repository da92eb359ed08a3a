"""The discrete cosine transform by way of the real Fourier transform."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import fft as scipy_fft
from scipy import sparse

from .chains import FactorChain
from .checks import checked_size
from .fourier import fft

__all__ = ["dct"]


def dct(n: int, inverse: bool = False) -> FactorChain:
    r"""The orthonormal DCT-II as a chain of real factors.

    .. math:: X_k = s_k \sum_j x_j \cos(\pi k (2 j + 1) / (2 n)), \quad s_0 = n^{-1/2}, \quad s_k = (2 / n)^{1/2}

    The inputs with even places, then the others backwards, have a Fourier transform V with
    X_k = s_k Re(exp(-i pi k / (2 n)) V_k). Neighbouring factors are multiplied where that saves synapses.

    Args:
        n: Size, any.
        inverse: The inverse transform (DCT-III), which is the transpose.

    Returns:
        The chain.

    Cost: 3 n log2 n - 3.75 n + 4 synapses for a power of two from 16 on.
    Source: Makhoul (1980).

    Example:
        >>> dct(16)
        FactorChain(dct: 16 x 16, 3 factors, 136 synapses, dense 256, cost of flattening 1.88)
    """
    n = checked_size(n, "dct")
    chain = FactorChain((_turned(n), *_reordered(n)), "dct", partial(_dense, n), _synapses(n)).merged()
    return chain.transposed("inverse dct", partial(_dense_inverse, n)) if inverse else chain


def _turned(n: int) -> sparse.csr_array:
    """Reads the packed half spectrum; V_(n - k) is the conjugate of V_k."""
    k = np.arange(n)
    folded, sign = np.minimum(k, n - k), np.where(2 * k > n, -1.0, 1.0)
    scale = np.where(k == 0, 1.0, 2**0.5) / n**0.5
    angle = np.pi * k / (2 * n)
    has_im = (folded > 0) & (2 * folded != n)
    rows = np.concatenate([k, k[has_im]])
    columns = np.concatenate([folded, (n // 2 + folded)[has_im]])
    values = np.concatenate([scale * np.cos(angle), (scale * sign * np.sin(angle))[has_im]])
    return sparse.csr_array((values, (rows, columns)), shape=(n, n))


def _reordered(n: int) -> list[sparse.csr_array]:
    factors = list(fft(n, real=True).factors)
    order = np.concatenate([np.arange(0, n, 2), np.arange(1, n, 2)[::-1]])
    last = factors[-1]
    return [*factors[:-1], sparse.csr_array((last.data, order[last.indices], last.indptr), shape=last.shape)]


def _synapses(n: int) -> int:
    """An entry is zero where k (2 j + 1) is an odd multiple of n: then k = n / odd x odd."""
    k, odd = np.arange(n)[:, None], 2 * np.arange(n)[None, :] + 1
    return n * n - int(np.count_nonzero(k * odd % (2 * n) == n))


def _dense(n: int) -> np.ndarray:
    return scipy_fft.dct(np.eye(n), axis=0, norm="ortho")


def _dense_inverse(n: int) -> np.ndarray:
    return scipy_fft.idct(np.eye(n), axis=0, norm="ortho")
