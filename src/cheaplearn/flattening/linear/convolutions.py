"""Circular convolutions: directly, or through the Fourier transform."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import linalg, sparse

from ..._messages import must_be
from .chains import FactorChain
from .checks import checked_choice, checked_matrix, checked_size
from .fourier import fft

__all__ = ["convolution"]


def convolution(kernel: Any, n: int | None = None, method: str = "auto") -> FactorChain:
    r"""Circular convolution with a fixed kernel.

    .. math:: y_i = \sum_j \mathrm{kernel}_j \, x_{(i - j) \bmod n}

    Args:
        kernel: Real or complex, at most n numbers.
        n: Size of inputs and outputs; None for the length of the kernel.
        method: "direct" (one sparse circulant factor), "fft" (there, times the spectrum, back) or "auto" (the one of
            fewer synapses).

    Returns:
        The chain; its name says which way was taken.

    Cost: direct, n times the non-zeros of the kernel. FFT, complex: 4 n log2 n - 4 n for a power of two from 4 on (two
        levels of both transforms and the spectrum are one factor); real kernels use the real transform, about
        6 n log2 n real synapses.

    Raises:
        ValueError: If the kernel is longer than n.

    Example:
        >>> convolution([1, 2, 1], 8)
        FactorChain(convolution (direct): 8 x 8, 1 factor, 24 synapses, dense 24, cost of flattening 1)
    """
    taps = checked_matrix(kernel, "convolution", "kernel", ndim=1)
    n = checked_size(len(taps) if n is None else n, "convolution")
    if len(taps) > n:
        advice = "Pass a larger n, or add up the taps that coincide modulo n."
        raise ValueError(must_be("kernel", "convolution", f"at most n = {n} numbers", len(taps), advice))
    checked_choice(method, "convolution", "method", ("auto", "direct", "fft"))
    padded = np.concatenate([taps, np.zeros(n - len(taps))])
    dense = n * int(np.count_nonzero(padded))
    target = partial(linalg.circulant, padded)
    ways = []
    if method != "fft":
        ways.append(FactorChain((_circulant(padded),), "convolution (direct)", target, dense))
    if method != "direct":
        factors = _by_complex_fft(padded) if padded.dtype.kind == "c" else _by_real_fft(padded)
        ways.append(FactorChain(tuple(factors), "convolution (fft)", target, dense).merged())
    return min(ways, key=lambda chain: chain.synapses)


def _circulant(padded: np.ndarray) -> sparse.csr_array:
    n, used = len(padded), np.flatnonzero(padded)
    rows = np.repeat(np.arange(n), len(used))
    columns = (rows - np.tile(used, n)) % n
    return sparse.csr_array((np.tile(padded[used], n), (rows, columns)), shape=(n, n))


def _by_complex_fft(padded: np.ndarray) -> list[sparse.csr_array]:
    n = len(padded)
    there, back = fft(n).factors, fft(n, inverse=True).factors
    spectrum = sparse.diags_array(np.fft.fft(padded))
    return [*back, sparse.csr_array(spectrum @ there[0]), *there[1:]]


def _by_real_fft(padded: np.ndarray) -> list[sparse.csr_array]:
    """In the packed half spectrum a complex number of the kernel's spectrum is a 2 x 2 block."""
    n = len(padded)
    spectrum = np.fft.rfft(padded)
    k = np.arange(1, (n + 1) // 2)
    im = n // 2 + k
    ends = np.setdiff1d(np.arange(n // 2 + 1), k)  # without imaginary part
    rows, columns = np.concatenate([ends, k, k, im, im]), np.concatenate([ends, k, im, k, im])
    c, s = spectrum.real, spectrum.imag
    values = np.concatenate([c[ends], c[k], -s[k], s[k], c[k]])
    times = sparse.csr_array((values, (rows, columns)), shape=(n, n))
    return [*fft(n, real=True, inverse=True).factors, times, *fft(n, real=True).factors]
