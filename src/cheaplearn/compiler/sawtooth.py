r"""Squares from ReLU: Yarotsky's sawtooth (arXiv:1610.01145, Proposition 2), with skips one neuron a tooth.

``y_0 = |f|``, ``y_s = 2 y_(s-1) - 4 max(y_(s-1) - 1/2, 0)`` (a tent on [0, 1], s times) and

    f^2 = y_0 - sum_(s=1..m) y_s / 4^s + R,   -4^-(m+1) <= -R <= 0,

the piecewise linear interpolation of f^2 at multiples of ``2^-m``: the error falls fourfold with every neuron, so the
size grows as the logarithm of 1/tolerance. All steps are exact in floating point: the numbers are multiples of one
power of two and never grow. As an interpolation it changes at most twice as fast as f, also a little outside [-1, 1].
"""

from __future__ import annotations

from functools import cache

import numpy as np
from flint import fmpq

from .rows import ROUNDUP
from .square_gates import SquareGate

__all__ = ["most_teeth", "sawtooth_gate"]


def most_teeth(dtype: np.dtype) -> int:
    """Gives the number of teeth after which more do not help.

    Args:
        dtype: Type of the network.

    Returns:
        m such that 4^-(m+1) is below the unit roundoff.
    """
    return (np.finfo(dtype).nmant + 4) // 2


@cache
def sawtooth_gate(teeth: int) -> SquareGate:
    """Makes a square of ReLU neurons.

    Args:
        teeth: m, 0 or more.

    Returns:
        The gate; its weights read y_0, ..., y_m.

    Guarantee: ``|R| <= 4^-(m+1)`` for ``|f| <= 1``.
    Cost: m + 1 neurons in m + 1 layers.
    """
    remainder = 4.0 ** -(teeth + 1)
    weights = (1.0, *(-(4.0**-s) for s in range(1, teeth + 1)))
    return SquareGate(
        activation="relu",
        kind="sawtooth",
        bias=0.0,
        scales=(1.0,),
        weights=weights,
        odd=fmpq(0),
        constant=fmpq(0),
        constant_error=0.0,
        remainder=remainder * ROUNDUP,
        relative_remainder=float("inf"),
        pair_remainder=remainder * ROUNDUP,
    )
