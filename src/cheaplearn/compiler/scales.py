"""Scales of gates: few significant bits, so that most products by them are exact."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["SCALE_BITS", "scales_of"]

SCALE_BITS = 4  # significant bits


def scales_of(amplitude: float, ratios: Sequence[float]) -> tuple[float, ...]:
    """Rounds scales to few bits.

    Args:
        amplitude: Largest scale, positive.
        ratios: Of the scales to the largest one.

    Returns:
        The scales, in the order of `ratios`.
    """
    return tuple(_few_bits(_few_bits(amplitude) * ratio) for ratio in ratios)


def _few_bits(number: float) -> float:
    mantissa, exponent = math.frexp(number)
    return math.ldexp(round(math.ldexp(mantissa, SCALE_BITS)), exponent - SCALE_BITS)
