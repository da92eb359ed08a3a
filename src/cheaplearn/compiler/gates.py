r"""Squares from activations: the even part of an activation is a square up to a remainder that is bounded here.

Write ``sigma(z) = z/2 + e0 + e(z)``. For SiLU, GELU and softplus `e` is even, so one neuron and an affine skip give
``e(z) = kappa z^2 + r(z)``. Put ``w = z^2`` and ``g(w) = e(sqrt w)``. **g is concave**, hence ``g(w) - kappa w`` is
concave too and is bounded from below by its end points and from above by any of its tangents. Proofs:

- SiLU: with ``x = z/2``, ``e = x tanh x = sum_k 2 w / (w + 4 a_k)``, ``a_k = ((k - 1/2) pi)^2`` (partial fractions
  of tanh): each term is concave in w >= 0.
- softplus: ``e = ln cosh(z/2)``, whose derivative in w is ``sum_k 1 / (w + 4 a_k)``: decreasing.
- GELU: ``e = z/2 erf(z / sqrt 2) = (w / sqrt(2 pi)) int_0^1 exp(-w t^2 / 2) dt``; the second derivative in w of
  ``w exp(-w t^2 / 2)`` is ``(-t^2 + w t^4 / 4) exp(...)``, negative for ``w t^2 < 4``: concave for ``|z| <= 2``.

Source: THEORY section 2 (half-price gates); the concavity argument and the bounds are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from flint import arb, ctx, fmpq

from .rows import rational, upper

__all__ = ["GAINS", "MAX_AMPLITUDE", "SquareGate", "square_gate"]

MAX_AMPLITUDE = 1.0  # |z| <= 1: where the accuracy of the activations is assumed, and within the proofs above
_PRECISION = 240  # bits: remainders of relative size 1e-20 keep forty correct digits
GAINS = ("minimax", "middle", "taylor")


@dataclass(frozen=True)
class SquareGate:
    r"""One neuron as a square: ``sigma(z) = odd z + constant + kappa z^2 + r(z)`` for ``|z| <= amplitude``.

    Args:
        activation: Name.
        amplitude: Certified range of z, dimensionless.
        odd: Coefficient of z, exact.
        constant: e0 as a rational, to within `constant_error`.
        constant_error: Bound on what the rational misses.
        kappa: Gain, an exact rational.
        remainder: Upper bound of ``|r(z)|`` on the range.
        relative_remainder: Upper bound of ``|r(z)| / z^2`` on the range.
        pair_remainder: Upper bound of ``|r(y) - r(z)|`` where ``|y| + |z|`` is at most the amplitude (a product).
    """

    activation: str
    amplitude: float
    odd: fmpq
    constant: fmpq
    constant_error: float
    kappa: fmpq
    remainder: float
    relative_remainder: float
    pair_remainder: float


@cache
def square_gate(activation: str, amplitude: float, gain: str = "minimax") -> SquareGate:
    r"""Chooses the gain and bounds the remainder rigorously.

    Args:
        activation: "silu", "gelu", "softplus" or "square".
        amplitude: Largest |z|, in (0, MAX_AMPLITUDE]; any positive number for "square".
        gain: "minimax" makes the worst remainder smallest (equal ripples), "middle" the worst r / z^2, "taylor" takes
            kappa = sigma''(0) / 2.

    Returns:
        The gate.

    Guarantee: the two bounds hold for every real z in the range (ball arithmetic on the concave remainder).
    Cost: 1 neuron (plus an affine skip where odd is not 0).
    """
    if activation == "square":
        return SquareGate(activation, amplitude, fmpq(0), fmpq(0), 0.0, fmpq(1), 0.0, 0.0, 0.0)
    c2, c4 = _SERIES[activation]
    w_max = amplitude * amplitude
    share = {"minimax": 2.0 * (math.sqrt(2.0) - 1.0), "middle": 0.5, "taylor": 0.0}[gain]
    kappa = c2 - share * c4 * w_max
    previous, ctx.prec = ctx.prec, _PRECISION
    try:
        remainder, relative, pair = _remainder_bounds(activation, arb(amplitude), kappa, c4)
        constant = arb.const_log2() if activation == "softplus" else arb(0)
        middle = _middle(constant)
        constant_error = upper(constant - arb(middle))
    finally:
        ctx.prec = previous
    return SquareGate(
        activation, amplitude, fmpq(1, 2), middle, constant_error, rational(kappa), remainder, relative, pair
    )


# e(z) = c2 z^2 - c4 z^4 + ...
_SERIES = {
    "silu": (1 / 4, 1 / 48),
    "gelu": (1 / math.sqrt(2 * math.pi), 1 / (6 * math.sqrt(2 * math.pi))),
    "softplus": (1 / 8, 1 / 192),
}


def _even_part(activation: str, z: arb) -> tuple[arb, arb]:
    """The even part without its constant, and its derivative with respect to w = z^2."""
    half = z / 2
    if activation == "silu":
        value, slope = half * half.tanh(), half.tanh() / 2 + half / 2 / half.cosh() ** 2
    elif activation == "softplus":
        value, slope = half.cosh().log(), half.tanh() / 2
    else:
        erf = (z / arb(2).sqrt()).erf()
        value, slope = half * erf, erf / 2 + z / (2 * arb.pi()).sqrt() * (-z * z / 2).exp()
    return value, slope / (2 * z)


def _remainder_bounds(activation: str, z_max: arb, kappa: float, c4: float) -> tuple[float, float, float]:
    gain = arb(kappa)
    w_max = z_max * z_max
    end_value, _ = _even_part(activation, z_max)
    at_end = end_value - gain * w_max  # the remainder at the end of the range; at z = 0 it is 0

    # Concave: below every tangent. Newton steps on the slope bring the point of contact to the maximum.
    at_zero = arb(_SERIES[activation][0]) - gain
    contact = at_zero / (2 * arb(c4))
    tangent = abs(at_zero) * w_max  # the tangent at 0, valid without any search
    for _ in range(4):
        if not (contact > 0 and contact < w_max):
            break
        contact = arb(contact.mid())
        value, slope = _even_part(activation, contact.sqrt())
        above = value - gain * contact + abs(slope - gain) * w_max
        tangent = above if above < tangent else tangent
        contact += (slope - gain) / (2 * arb(c4))
    low = 0.0 if at_end > 0 else upper(at_end)
    high = max(upper(tangent), 0.0 if at_end < 0 else upper(at_end))

    # r(w)/w falls from its value at 0 to its value at the end (concave and r(0) = 0). For GELU c2 is irrational.
    relative = max(upper(_slope_at_zero(activation) - gain), upper(at_end / w_max))
    return max(low, high), relative, _pair_bound(activation, z_max, gain, high, low)


def _pair_bound(activation: str, z_max: arb, gain: arb, high: float, low: float) -> float:
    """Bounds |r(y) - r(z)| for |y| + |z| <= z_max, given -low <= r <= high on the range."""
    # r >= 0 up to a threshold and falls after it (concave, 0 at 0). If both r(y) and r(z) are >= 0 they differ by at
    # most `high`. If r(z) < 0 then |z| is above the threshold t and |y| below z_max - t, where r <= r'(0) y^2.
    slope = upper(_slope_at_zero(activation) - gain)
    for share in (0.9, 0.85, 0.8):  # thresholds; r(t) >= 0 is checked
        t = z_max * share
        value, _ = _even_part(activation, t)
        if value - gain * t * t > 0:
            return max(high, low + slope * upper(z_max - t) ** 2)
    return high + low


def _slope_at_zero(activation: str) -> arb:
    if activation == "gelu":
        return 1 / (2 * arb.pi()).sqrt()
    return arb(_SERIES[activation][0])


def _middle(ball: arb) -> fmpq:
    mantissa, exponent = ball.mid().man_exp()
    scale = fmpq(2) ** int(exponent)
    return fmpq(int(mantissa)) * scale
