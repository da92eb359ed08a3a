"""The bias that neurons share: of a pair gate that multiplies b factors, of a flat network without other biases."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from ..network import activation_named
from .even_series import even_series, odd_series
from .slopes import largest_slope

__all__ = ["power_bias", "shared_bias"]

# few bits: the same number in every dtype; not 0, where every second derivative of most activations vanishes
_CANDIDATES = np.array([k / 8 for k in range(-32, 33) if k])
_LEAST, _LEAST_COARSE = 1e-3, 0.05
_HIGH = 6  # degrees from which scales are large in coarse dtypes


def power_bias(activation: str, degree: int, dtype: str = "float64") -> float:
    """Chooses the bias with the lowest floor of ``sum_s (prod s) sigma(beta + s F_s)``.

    Args:
        activation: A smooth one.
        degree: b.
        dtype: Where its scales are large, ``c_(b+2) = 0`` gains little: the orders beyond matter.

    Returns:
        beta; 0 for exp, where a bias is a factor.

    Cost: one power series per candidate, once: 0.3 s.
    """
    return shared_bias(activation, (degree,), _LEAST if dtype == "float64" or degree < _HIGH else _LEAST_COARSE)


@cache
def shared_bias(activation: str, degrees: tuple[int, ...], least: float = _LEAST) -> float:
    """Chooses the bias where the worst of several degrees has the lowest floor.

    Args:
        activation: A smooth one.
        degrees: Degrees of the terms.
        least: Truncation below which nothing is gained, relative.

    Returns:
        beta; 0 for exp.

    Cost: as `power_bias`.
    """
    if activation == "exp":
        return 0.0
    return float(min(_CANDIDATES, key=lambda bias: max(_floor(activation, b, float(bias), least) for b in degrees)))


def _floor(activation: str, degree: int, bias: float, least: float) -> float:
    # truncation A s^2, A ~ |c_(b+2) / c_b|, and rounding B / s^b, B ~ (|sigma| + L |beta| + its accuracy) / |c_b|; at
    # the best scale their sum is like (A^b B^2)^(1 / (b + 2)), whose logarithm this is
    part, j = (odd_series if degree % 2 else even_series)(activation, bias), degree // 2
    wanted, following = (abs(float(part.coefficients[i].mid())) for i in (j, j + 1))
    size = abs(float(even_series(activation, bias).coefficients[0].mid()))
    size += abs(bias) * largest_slope(activation, abs(bias)) + activation_named(activation).error(abs(bias) + 0.5)
    if wanted < 1e-12:
        return math.inf
    truncation, rounding = max(following / wanted, least), max(size, 1e-3) / wanted
    return (degree * math.log(truncation) + 2 * math.log(rounding)) / (degree + 2)
