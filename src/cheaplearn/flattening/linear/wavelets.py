"""Orthogonal wavelet transforms: where depth pays only if later layers may read earlier ones."""

from __future__ import annotations

from functools import partial
from typing import Literal, overload

import numpy as np
from scipy import sparse

from .chains import FactorChain
from .checks import checked_level, checked_size
from .filters import daubechies_filter
from .skips import SkipChain

__all__ = ["daubechies", "haar"]

_HIGHEST_ORDER = 30


@overload
def haar(n: int, skips: Literal[False] = False) -> FactorChain: ...
@overload
def haar(n: int, skips: Literal[True]) -> SkipChain: ...
@overload
def haar(n: int, skips: bool) -> FactorChain | SkipChain: ...
def haar(n: int, skips: bool = False) -> FactorChain | SkipChain:
    """The orthonormal Haar transform: one mean, then differences from the coarsest to the finest scale.

    A warning about baselines: the dense matrix is sparse itself, n (log2 n + 1) non-zeros. The strict chain has to
    copy what it has finished and costs *more* than the dense matrix; only with skips is depth the cheaper way.

    Args:
        n: Size, a power of two.
        skips: Let layers read all earlier ones.

    Returns:
        The strict chain (which prints both counts), or the one with skips.

    Cost: n log2 n + 2 n - 2 synapses; with skips 4 n - 4; dense n (log2 n + 1).
    Source: Haar (1910).

    Example:
        >>> haar(8)
        FactorChain(haar: 8 x 8, 3 factors (28 synapses with skips), 38 synapses, dense 32, cost of flattening 0.842)
    """
    n = checked_size(n, "haar", power_of_two=True)
    levels = n.bit_length() - 1
    chain = _chain(n, daubechies_filter(1), levels, "haar", partial(_dense_haar, n), n * (levels + 1))
    return chain.with_skips() if skips else chain


def daubechies(n: int, order: int = 2, levels: int | None = None) -> FactorChain:
    """A periodic orthogonal wavelet transform with Daubechies' filters of extremal phase.

    Args:
        n: Size, divisible by 2^levels.
        order: Vanishing moments, 1 (Haar) to 30; the filters have 2 order taps.
        levels: Scales; None for as many as n allows.

    Returns:
        The chain; `with_skips()` saves its copies. Outputs: the coarsest sums, then details from coarse to fine.

    Cost: at most 2 order (2 n - n / 2^(levels - 1)) synapses with skips; copies besides in the strict chain.
    Source: Daubechies (1988).
    """
    n = checked_size(n, "daubechies")
    order = checked_level(checked_size(order, "daubechies", "order"), "daubechies", _HIGHEST_ORDER, "order")
    most = (n & -n).bit_length() - 1
    levels = most if levels is None else checked_level(levels, "daubechies", most)
    h = daubechies_filter(order)
    return _chain(n, h, levels, f"daubechies {order}", partial(_dense_wavelet, n, h, levels), None)


def _chain(n: int, h: np.ndarray, levels: int, name: str, target: partial, synapses: int | None) -> FactorChain:
    stages = [_stage(n, n >> level, h) for level in range(levels)]
    return FactorChain(tuple(reversed(stages)) or (np.eye(n),), name, target, synapses)


def _stage(n: int, size: int, h: np.ndarray) -> sparse.csr_array:
    """Splits the first `size` values into sums and details, and copies the rest."""
    half, taps = size // 2, len(h)
    i, t = (axis.ravel() for axis in np.meshgrid(np.arange(half), np.arange(taps), indexing="ij"))
    columns = (2 * i + t) % size
    rows, values = np.concatenate([i, half + i]), np.concatenate([h[t], _details(h)[t]])
    split = sparse.csr_array((values, (rows, np.concatenate([columns, columns]))), shape=(size, size))
    return sparse.csr_array(sparse.block_diag([split, sparse.eye_array(n - size)], format="csr"))


def _details(h: np.ndarray) -> np.ndarray:
    return h[::-1] * (-1.0) ** np.arange(len(h))


def _dense_haar(n: int) -> np.ndarray:
    """Row by row from the definition: a wavelet of length s is 1 / sqrt(s) times its signs."""
    rows = [np.full(n, n**-0.5)]
    length = n
    while length > 1:
        for start in range(0, n, length):
            row = np.zeros(n)
            row[start : start + length] = length**-0.5
            row[start + length // 2 : start + length] *= -1
            rows.append(row)
        length //= 2
    return np.array(rows)


def _dense_wavelet(n: int, h: np.ndarray, levels: int) -> np.ndarray:
    """Each scale by its own filter on the inputs: the filters so far, stretched and convolved."""
    scaling, details = np.ones(1), []
    for level in range(levels):
        details.append(_shifts(np.convolve(scaling, _stretched(_details(h), level)), n, 2 << level))
        scaling = np.convolve(scaling, _stretched(h, level))
    return np.concatenate([_shifts(scaling, n, 1 << levels), *reversed(details)])


def _stretched(taps: np.ndarray, level: int) -> np.ndarray:
    out = np.zeros((len(taps) - 1 << level) + 1)
    out[:: 1 << level] = taps
    return out


def _shifts(taps: np.ndarray, n: int, step: int) -> np.ndarray:
    """One row for each shift of a filter by `step`, wrapped round."""
    row = np.bincount(np.arange(len(taps)) % n, taps, n)
    return np.array([np.roll(row, shift) for shift in range(0, n, step)])
