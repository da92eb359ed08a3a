"""The shared bias of a pair gate that multiplies b factors."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from .even_series import even_series, odd_series

__all__ = ["power_bias"]

_CANDIDATES = np.arange(-32, 33) / 8  # few bits: the same number in every dtype


@cache
def power_bias(activation: str, degree: int) -> float:
    """Chooses the bias with the lowest floor of ``sum_s (prod s) sigma(beta + s F_s)``, to leading order.

    Truncation is ``A s^2`` with ``A ~ |c_(b+2) / c_b|``, rounding ``B / s^b`` with ``B ~ |sigma(beta)| / |c_b|``; at
    the best scale their sum is proportional to ``(A^b B^2)^(1 / (b + 2))``.

    Args:
        activation: A smooth one.
        degree: b.

    Returns:
        beta; 0 for exp, where a bias is a factor.

    Cost: one power series per candidate, once: 0.3 s.
    """
    if activation == "exp":
        return 0.0
    return float(min(_CANDIDATES, key=lambda bias: _floor(activation, degree, float(bias))))


def _floor(activation: str, degree: int, bias: float) -> float:
    part, j = (odd_series if degree % 2 else even_series)(activation, bias), degree // 2
    wanted, following = (abs(float(part.coefficients[i].mid())) for i in (j, j + 1))
    size = abs(float(even_series(activation, bias).coefficients[0].mid())) + abs(bias) / 8
    if wanted < 1e-12:
        return math.inf
    return degree * math.log(max(following, 1e-3 * wanted) / wanted) + 2 * math.log(max(size, 1e-3) / wanted)
