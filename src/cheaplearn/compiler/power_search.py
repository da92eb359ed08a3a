"""The scale at which one product of b factors in one layer is most exact."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from .arithmetic import Arithmetic
from .power_gates import PowerGate, power_gate
from .power_noise import pattern_noise

__all__ = ["best_power_exponent", "power_gate_at"]

_LOWEST, _HIGHEST = -24, 0


def power_gate_at(
    activation: str, degree: int, exponent: float, dtype: str, scales: int, kind: str = "half"
) -> PowerGate:
    """Makes the gate whose largest scale is a power of two.

    Args:
        activation: As in `power_gate`.
        degree: Likewise.
        exponent: Of the largest scale.
        dtype: As in `power_gate`.
        scales: Likewise.
        kind: Likewise.

    Returns:
        The gate.

    Raises:
        ValueError: If there is none.
    """
    return power_gate(activation, degree, 2.0**exponent, dtype, scales, kind)


@cache
def best_power_exponent(activation: str, degree: int, dtype: str, scales: int, kind: str = "half") -> float:
    """Finds the exponent with the smallest certified error of one product of exact factors.

    Args:
        activation: As in `power_gate`.
        degree: Likewise.
        dtype: Likewise.
        scales: Likewise.
        kind: Likewise.

    Returns:
        The exponent, a multiple of 1/4.
    """
    arithmetic = Arithmetic(np.dtype(dtype))

    def error(exponent: float) -> float:
        try:
            gate = power_gate_at(activation, degree, exponent, dtype, scales, kind)
        except ValueError:
            return math.inf
        form_error = arithmetic.u * degree
        noise = [pattern_noise(gate, s, form_error, arithmetic) for s in gate.scales]
        return gate.remainder() + float(np.abs(gate.weights) @ noise)

    coarse = min(range(_HIGHEST, _LOWEST, -1), key=error)
    return min((coarse + step for step in (0.0, -0.25, 0.25, -0.5, 0.5, -0.75, 0.75)), key=error)
