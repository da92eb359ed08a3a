r"""What finite precision does to a square gate: ``|error of f^2| <= constant + slope |f| + curvature f^2``.

The pre-activation is ``z = s v`` (plus the bias b of a pair), v a computed value: exact where s is a power of two
and b = 0. The neuron is off by ``u (a + c |z|)`` (the accuracy of the activation) and by ``L |zeta|`` for an error
zeta of z. The linear unit behind it, ``t = h - s v / 2`` for SiLU, is one addition whose result is the small even part:
it loses only ``u |t|``. Pairs and softplus add three numbers, the first two of which do not cancel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..network import activation_named
from .arithmetic import Arithmetic
from .slopes import largest_curvature, largest_slope
from .square_gates import REACH, SquareGate

__all__ = ["GateNoise", "gate_noise"]


@dataclass(frozen=True)
class GateNoise:
    """Rounding of one gate in units of f^2, and sizes.

    Args:
        constant: Part that does not shrink with f.
        slope: Part proportional to |f|.
        curvature: Part proportional to f^2.
        size: ``size REACH^2`` bounds ``sum_k |g_k t_k|`` without noise, over one square and over two of a product.
        value_size: Bounds of ``|t_k|`` for ``|f| <= REACH``.
    """

    constant: float
    slope: float
    curvature: float
    size: float
    value_size: tuple[float, ...]

    @property
    def of_square(self) -> float:
        """Bound for one square."""
        return self.constant + self.slope * REACH + self.curvature * REACH**2

    @property
    def of_product(self) -> float:
        """Bound for the difference of two squares whose forms have ``|f| + |g| <= REACH``."""
        return 2 * self.constant + self.slope * REACH + self.curvature * REACH**2


def gate_noise(gate: SquareGate, arithmetic: Arithmetic) -> GateNoise:
    """Bounds the rounding of a gate.

    Args:
        gate: The gate.
        arithmetic: Rounding model.

    Returns:
        The bounds.
    """
    if gate.kind == "exact":
        u = arithmetic.u * (1 + 2.0**-10)
        tiny = arithmetic.tiny * gate.weights[0]
        return GateNoise(tiny, 0.0, u, 1.0 + 2 * u, (gate.scales[0] ** 2 * REACH**2,))
    if gate.kind == "sawtooth":  # every tooth is exact; the unit that adds them up is not
        size = sum(map(abs, gate.weights)) * REACH
        own = (len(gate.weights) - 1) * arithmetic.sum_u + arithmetic.is_half * arithmetic.u
        constant = own * size * (1 + 2.0**-8) + len(gate.weights) * arithmetic.tiny
        return GateNoise(constant, 0.0, 0.0, 1.0, (size + constant,))
    constant = slope = curvature = size = 0.0
    values = []
    for scale, weight in zip(gate.scales, gate.weights, strict=True):
        curvature_there = largest_curvature(gate.activation, abs(gate.bias) + scale * REACH)
        even = (2 if gate.kind == "pair" else 1) * curvature_there * scale**2 / 2
        of_scale = _of_scale(gate, scale, even, arithmetic)
        constant += abs(weight) * of_scale[0]
        slope += abs(weight) * of_scale[1]
        curvature += abs(weight) * of_scale[2]
        # t is without the constant as it is stored, which is off by u at most
        missed = arithmetic.u * abs(_sigma_at_bias(gate)) * (2 if gate.kind == "pair" else 1) + arithmetic.tiny
        size += abs(weight) * (even + 2 * missed / REACH**2)
        values.append((even + of_scale[2]) * REACH**2 + of_scale[0] + of_scale[1] * REACH + missed)
    return GateNoise(constant, slope, curvature, size * (1 + 2.0**-7), tuple(values))


def _of_scale(gate: SquareGate, scale: float, even: float, arithmetic: Arithmetic) -> tuple[float, float, float]:
    """Error of one linear unit t in units of t: constant, per |f|, per f^2."""
    u, sum_u, tiny = arithmetic.u, arithmetic.sum_u, arithmetic.tiny
    neurons = 2 if gate.kind == "pair" else 1
    activation = activation_named(gate.activation)
    z_max = abs(gate.bias) + scale * REACH
    is_power = math.frexp(scale)[0] <= 0.5
    lipschitz = largest_slope(gate.activation, z_max)
    center = abs(_sigma_at_bias(gate))

    # z: the product s v, then the bias
    product = 0.0 if is_power or arithmetic.is_half else sum_u * scale
    constant = neurons * lipschitz * (sum_u * abs(gate.bias) * (1 + sum_u) + 2 * tiny)
    slope = neurons * lipschitz * (product + (sum_u * scale if gate.bias else 0.0))

    # h
    if arithmetic.is_half:
        constant += neurons * (u * activation.error(z_max, arithmetic.dtype) + tiny)
    else:
        b_slope = activation.error_slope(z_max)
        constant += neurons * (u * (activation.error_constant + b_slope * abs(gate.bias)) + tiny)
        slope += neurons * u * b_slope * scale

    # t = h - odd s v - sigma(0) (or h + h' - 2 sigma(b)): partial sums, then a small result
    odd = 0.5 if gate.odd else 0.0
    slope += odd * product
    if center:
        constant += sum_u * neurons * center * (1 + 2.0**-8)  # the first addition of a pair or of softplus
        slope += sum_u * (odd + (2 * lipschitz if gate.kind == "pair" else 0.0)) * scale
        if gate.kind == "even":  # exp(-z^2) - 1: two terms, no partial sum
            constant -= sum_u * center * (1 + 2.0**-8)
    curvature = u * even * (1 + 2.0**-8)
    constant += 3 * tiny
    if arithmetic.is_half:
        slope += 2 * sum_u * scale
    growth = 1 + 2.0**-7
    return constant * growth, slope * growth, curvature * growth


def _sigma_at_bias(gate: SquareGate) -> float:
    return int(gate.constant.p) / int(gate.constant.q)
