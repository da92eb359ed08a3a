"""Transforms as chains: the dense matrix is the transform, the counts are those of the theory."""

from math import log2

import numpy as np
import pytest

import cheaplearn.flattening.linear as linear
from cheaplearn.flattening.linear.checks import prime_factors
from cheaplearn.flattening.linear.filters import daubechies_filter

SIZES = [1, 2, 3, 4, 6, 8, 12, 25, 30, 37, 64, 100]


def naive_fourier(n):
    return np.array([[np.exp(-2j * np.pi * j * k / n) for j in range(n)] for k in range(n)])


def counted(chain):
    """Non-zeros of the dense matrix by size, not by formula."""
    return linear.FactorChain(chain.factors).dense_synapses


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("real", [False, True])
def test_fourier_chain_is_the_transform_for_any_size(n, real, inverse):
    chain = linear.fft(n, real=real, inverse=inverse)
    assert chain.error() <= 1e-13 * n
    assert counted(chain) == chain.dense_synapses


@pytest.mark.parametrize("n", SIZES)
def test_fourier_chain_agrees_with_the_definition(n):
    assert np.allclose(linear.fft(n).dense(), naive_fourier(n), rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", [2, 4, 8, 64, 1024, 4096])
def test_fourier_and_hadamard_take_two_n_log_n_synapses(n):
    for chain in (linear.fft(n), linear.hadamard(n)):
        assert chain.synapses == 2 * n * log2(n)
        assert chain.dense_synapses == n * n
        assert chain.flattening_cost == n / (2 * log2(n))
        assert chain.depth == log2(n)


@pytest.mark.parametrize("n", [6, 30, 37, 100, 360])
def test_fourier_of_any_size_takes_n_times_the_sum_of_its_prime_factors(n):
    assert linear.fft(n).synapses == n * sum(prime_factors(n))


@pytest.mark.parametrize("n", [8, 16, 64, 1024])
def test_real_transforms_take_as_many_synapses_as_documented(n):
    assert linear.fft(n, real=True).synapses == 3 * n * log2(n) - 4.75 * n + 6
    assert linear.fft(n, real=True, inverse=True).synapses == linear.fft(n, real=True).synapses
    if n >= 16:
        assert linear.dct(n).synapses == 3 * n * log2(n) - 3.75 * n + 4


def test_large_fourier_chain_is_exact_to_rounding():
    rng = np.random.default_rng(np.random.SeedSequence().entropy)
    X = rng.standard_normal((3, 4096)) + 1j * rng.standard_normal((3, 4096))
    assert np.abs(linear.fft(4096)(X) - np.fft.fft(X)).max() <= 1e-11


@pytest.mark.parametrize("n", [1, 2, 16, 128])
def test_hadamard_chain_is_exact(n):
    assert linear.hadamard(n).error() == 0


@pytest.mark.parametrize("n", [2, 4, 8, 64, 1024])
def test_haar_warns_that_the_strict_chain_costs_more_than_the_dense_matrix(n):
    strict, skips = linear.haar(n), linear.haar(n, skips=True)
    assert strict.synapses == n * log2(n) + 2 * n - 2
    assert strict.skip_synapses == skips.synapses == 4 * n - 4
    assert strict.dense_synapses == skips.dense_synapses == counted(strict) == n * (log2(n) + 1)
    assert n == 2 or strict.flattening_cost < 1
    assert max(strict.error(), skips.error()) <= 1e-14


@pytest.mark.parametrize("order", [1, 2, 3, 5, 10, 30])
@pytest.mark.parametrize("levels", [None, 0, 2])
def test_daubechies_chain_is_orthogonal_and_equals_its_stretched_filters(order, levels):
    chain = linear.daubechies(64, order, levels)
    assert chain.error() <= 1e-14
    assert np.allclose(chain.dense() @ chain.dense().T, np.eye(64), rtol=0, atol=1e-14)


@pytest.mark.parametrize("order", [2, 7, 20])
def test_daubechies_details_of_polynomials_below_the_order_vanish(order):
    h = daubechies_filter(order)
    g = h[::-1] * (-1.0) ** np.arange(len(h))
    x = np.linspace(-1, 1, len(h))
    for degree in range(min(order, 8)):
        assert abs(g @ x**degree) <= 1e-13


@pytest.mark.parametrize("n", SIZES)
def test_cosine_chain_is_the_orthonormal_transform_for_any_size(n):
    there, back = linear.dct(n), linear.dct(n, inverse=True)
    assert max(there.error(), back.error()) <= 1e-13
    assert np.allclose(back.dense() @ there.dense(), np.eye(n), rtol=0, atol=1e-12)
    assert counted(there) == there.dense_synapses


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize(("n", "taps"), [(8, 8), (9, 4), (64, 64), (100, 100), (64, 3)])
def test_convolution_convolves_either_way_and_auto_takes_the_cheaper(n, taps, kind):
    rng = np.random.default_rng(np.random.SeedSequence().entropy)
    kernel = rng.standard_normal(taps) + (1j * rng.standard_normal(taps) if kind == "complex" else 0)
    direct, through, auto = (linear.convolution(kernel, n, method) for method in ("direct", "fft", "auto"))
    assert direct.synapses == direct.dense_synapses == n * taps
    assert auto.synapses == min(direct.synapses, through.synapses)
    x = rng.standard_normal((1, n))
    expected = [sum(kernel[j] * x[0, (i - j) % n] for j in range(taps)) for i in range(n)]
    for chain in (direct, through):
        assert chain.error() <= 1e-13 * n
        assert np.allclose(chain(x), [expected], rtol=0, atol=1e-12)


def test_complex_convolution_takes_two_transforms_joined_at_the_spectrum():
    assert linear.convolution(np.arange(64) + 1j, method="fft").synapses == 4 * 64 * 6 - 4 * 64


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: linear.hadamard(12), r"`n` of `hadamard` must be a power of two, got 12. Pass 8 or 16."),
        (lambda: linear.haar(6), "power of two"),
        (lambda: linear.fft(0), "positive integer"),
        (lambda: linear.fft(2.5), "positive integer"),
        (lambda: linear.dct(True), "positive integer"),
        (lambda: linear.daubechies(12, 2, 3), "between 0 and 2"),
        (lambda: linear.daubechies(16, 31), "between 0 and 30"),
        (lambda: linear.convolution([1, 2, 3], 2), "at most n = 2"),
        (lambda: linear.convolution([1, np.nan]), r"finite, got nan at \[1\]"),
        (lambda: linear.convolution([1, 2], method="magic"), "one of auto, direct, fft"),
    ],
)
def test_bad_arguments_are_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()
