"""Filters of Daubechies' orthogonal wavelets, from the roots of their defining polynomial."""

from __future__ import annotations

from functools import cache
from math import comb
from typing import Any

import flint
import numpy as np

__all__ = ["daubechies_filter"]

_BITS = 400  # roots lie close together for high orders


@cache
def _coefficients(order: int) -> tuple[float, ...]:
    with flint.ctx.workprec(_BITS):
        y = flint.fmpz_poly([comb(order - 1 + k, k) for k in range(order)])
        taps = [flint.acb(1)]
        roots: Any = y.complex_roots() if order > 1 else []  # (root, multiplicity)
        for root, _ in roots:
            taps = _times(taps, -_inside(root))
        for _ in range(order):
            taps = _times(taps, flint.acb(1))
        total = sum(taps, flint.acb(0))
        return tuple(float((tap * flint.arb(2).sqrt() / total).real.mid()) for tap in taps)


def daubechies_filter(order: int) -> np.ndarray:
    r"""Taps of the low-pass filter with `order` vanishing moments and extremal phase.

    With y = (2 - z - 1/z) / 4 the squared modulus of the filter is 2 (1 - y)^N P(y), P(y) = sum_k C(N-1+k, k) y^k.
    Each root of P gives a pair z, 1/z; the one inside the unit circle is kept.

    Args:
        order: Vanishing moments, 1 to 30; 1 is Haar.

    Returns:
        Shape (2 order,), orthonormal, sum sqrt(2); computed with 400 bits and rounded once.

    Source: Daubechies (1988), Orthonormal bases of compactly supported wavelets.

    Example:
        >>> [round(float(tap), 4) for tap in daubechies_filter(2)]
        [0.483, 0.8365, 0.2241, -0.1294]
    """
    return np.array(_coefficients(order))


def _inside(root: flint.acb) -> flint.acb:
    """The solution z of (2 - z - 1/z) / 4 = root with |z| < 1."""
    half = 1 - 2 * root
    z = half + (half * half - 1).sqrt()
    return z if abs(complex(z)) < 1 else 1 / z


def _times(taps: list[flint.acb], constant: flint.acb) -> list[flint.acb]:
    """Multiplies a polynomial, highest power first, by (z + constant)."""
    shifted = [*taps, flint.acb(0)]
    return [a + constant * b for a, b in zip(shifted, [flint.acb(0), *taps], strict=True)]
