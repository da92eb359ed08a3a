"""Fourier transforms as products of sparse factors, for any size."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import sparse

from .chains import FactorChain
from .checks import checked_size, prime_factors

__all__ = ["digit_reversal", "fft", "real_stages", "roots_of_unity"]


def fft(n: int, real: bool = False, inverse: bool = False) -> FactorChain:
    r"""The discrete Fourier transform as a chain of one factor for each prime factor of n.

    .. math:: X_k = \sum_j e^{-2 \pi i j k / n} x_j

    Args:
        n: Size. A prime factor p costs n p synapses, so that a prime size gains nothing.
        real: Reads n real numbers and gives the n real numbers that determine their spectrum: the real parts of
            X_0 .. X_(n // 2), then the imaginary parts of X_1 .. X_((n - 1) // 2).
        inverse: The inverse transform (of the n real numbers with `real`), 1 / n included.

    Returns:
        The chain. The reordering of the inputs is part of the factor that acts first.

    Cost: complex, n times the sum of the prime factors: 2 n log2 n for a power of two, against n^2 of the dense
        matrix. Real, 3 n log2 n - 4.75 n + 6 real synapses for a power of two from 8 on, neighbours
        multiplied where that saves synapses.
    Source: Cooley & Tukey (1965); real inputs: Sorensen, Jones, Heideman & Burrus (1987).

    Example:
        >>> fft(8)
        FactorChain(fft: complex 8 x 8, 3 factors, 48 synapses, dense 64, cost of flattening 1.33)
    """
    n = checked_size(n, "fft")
    if real:
        return _real_inverse(n) if inverse else _real(n)
    factors = _complex_stages(n)
    if not inverse:
        return FactorChain(tuple(factors), "fft", partial(_dense, n), n * n)
    conjugates = [factor.conj() for factor in factors]
    conjugates[0] = conjugates[0] / n
    return FactorChain(tuple(conjugates), "inverse fft", partial(_dense_inverse, n), n * n)


def roots_of_unity(n: int) -> np.ndarray:
    """Powers of exp(-2 pi i / n), rounded once; those on the axes are exact.

    Args:
        n: Size.

    Returns:
        Shape (n,), complex.
    """
    quarter, rest = np.divmod(4 * np.arange(n), n)
    angle = 0.5 * np.pi * rest / n
    c, s = np.cos(angle), np.sin(angle)
    turned = [(c, -s), (-s, -c), (-c, s), (s, c)]
    parts: np.ndarray = np.array(turned)[quarter, :, np.arange(n)]
    return (parts[:, 0] + 0.0) + 1j * (parts[:, 1] + 0.0)


def digit_reversal(radices: list[int]) -> np.ndarray:
    """Which input each place of the first factor reads: bit reversal for radices 2, 2, 2, ...

    Args:
        radices: Sizes of the factors, in product order.

    Returns:
        A permutation of range(product of the radices).
    """
    order = np.arange(1)
    for p in reversed(radices):
        order = (np.arange(p)[:, None] + p * order[None, :]).ravel()
    return order


def _complex_stages(n: int) -> list[sparse.csr_array]:
    """Factors in product order; the last one reads the inputs where they are."""
    radices = prime_factors(n) or [1]
    factors, done = [], 1
    for p in radices:
        size = n // done
        k, r = np.meshgrid(np.arange(size), np.arange(p), indexing="ij")
        columns = r * (size // p) + k % (size // p)
        stage = sparse.csr_array((roots_of_unity(size)[r * k % size].ravel(), (k.ravel(), columns.ravel())))
        factors.append(_repeated(stage, done))
        done *= p
    return _reading(factors, digit_reversal(radices))


def _real(n: int) -> FactorChain:
    factors = _reading(real_stages(n), digit_reversal(prime_factors(n) or [1]))
    return FactorChain(tuple(factors), "real fft", partial(_dense_real, n), _real_synapses(n)).merged()


def _real_inverse(n: int) -> FactorChain:
    """Rows of the real transform are orthogonal: its inverse is its transpose with scaled inputs."""
    weights = np.full(n, 2 / n)
    weights[0] = 1 / n
    if n % 2 == 0:
        weights[n // 2] = 1 / n
    chain = _real(n).transposed("inverse real fft", partial(_dense_real_inverse, n))
    scaled = chain.factors[-1] @ sparse.diags_array(weights)
    return FactorChain((*chain.factors[:-1], scaled), chain.name, chain.target, chain.exact_dense_synapses)


def real_stages(n: int) -> list[sparse.csr_array]:
    """Factors of the real transform in product order, before the inputs are reordered.

    Args:
        n: Size.

    Returns:
        Real matrices; between them stand the packed half spectra of the parts.
    """
    factors, done = [], 1
    for p in prime_factors(n) or [1]:
        factors.append(_repeated(_real_stage(n // done, p), done))
        done *= p
    return factors


def _real_stage(size: int, p: int) -> sparse.csr_array:
    """Joins p half spectra of m = size / p: X_k = sum_r w^(r k) Y_r[k mod m] with Y_r[m - k] = conj Y_r[k]."""
    m = size // p
    k, r = (axis.ravel() for axis in np.meshgrid(np.arange(size // 2 + 1), np.arange(p), indexing="ij"))
    w = roots_of_unity(size)[r * k % size]
    folded = k % m
    sign = np.where(folded > m // 2, -1.0, 1.0)
    folded = np.minimum(folded, m - folded)
    re, im = r * m + folded, r * m + m // 2 + folded
    has_im, gives_im = (folded > 0) & (2 * folded != m), (k > 0) & (2 * k != size)
    k_im, both = size // 2 + k, has_im & gives_im
    rows = np.concatenate([k, k[has_im], k_im[gives_im], k_im[both]])
    columns = np.concatenate([re, im[has_im], re[gives_im], im[both]])
    values = [w.real, (-sign * w.imag)[has_im], w.imag[gives_im], (sign * w.real)[both]]
    return sparse.csr_array((np.concatenate(values), (rows, columns)), shape=(size, size))


def _repeated(stage: sparse.csr_array, times: int) -> sparse.csr_array:
    return sparse.csr_array(sparse.kron(sparse.eye_array(times), stage, format="csr"))


def _reading(factors: list[sparse.csr_array], order: np.ndarray) -> list[sparse.csr_array]:
    """Lets the factor that acts first read its inputs in another order."""
    last = factors[-1]
    return [*factors[:-1], sparse.csr_array((last.data, order[last.indices], last.indptr), shape=last.shape)]


def _real_synapses(n: int) -> int:
    """Row k holds each multiple of g = gcd(k, n) g times."""
    roots = roots_of_unity(n)
    total = 0
    for k in range(n // 2 + 1):
        g = int(np.gcd(k, n))
        total += g * int(np.count_nonzero(roots.real[::g]))
        total += g * int(np.count_nonzero(roots.imag[::g])) if 0 < 2 * k < n else 0
    return total


def _dense(n: int) -> np.ndarray:
    return np.fft.fft(np.eye(n), axis=0)


def _dense_inverse(n: int) -> np.ndarray:
    return np.fft.ifft(np.eye(n), axis=0)


def _dense_real(n: int) -> np.ndarray:
    spectrum = np.fft.rfft(np.eye(n), axis=0)
    return np.concatenate([spectrum.real, spectrum.imag[1 : (n + 1) // 2]])


def _dense_real_inverse(n: int) -> np.ndarray:
    packed = np.eye(n)
    spectrum = packed[: n // 2 + 1].astype(complex)
    spectrum[1 : (n + 1) // 2] += 1j * packed[n // 2 + 1 :]
    return np.fft.irfft(spectrum, n, axis=0)
