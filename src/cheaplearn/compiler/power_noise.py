r"""What finite precision does to a product of b factors in one layer, bounded jointly over its sign patterns.

A neuron at ``z = s F`` is off by ``u (a + c |z|)`` (the accuracy of the activation) and by ``L |zeta|`` for an error
zeta of z; the linear unit behind it, ``t = sigma(z) - sigma'(0) z - sigma(0)`` (of a pair: the sum or difference of
two neurons), adds ``u |t|``. An error eta of F that
differs from pattern to pattern comes out as ``|T(s F + s eta) - T(s F)| <= C s^2 eta (|F| + eta)``,
``C = sup |sigma''|``. Summed over patterns with ``sum_s |F_s|^n`` at a corner (`corner_moment`), where it is largest.
"""

from __future__ import annotations

from ..network import activation_named
from .arithmetic import Arithmetic
from .linear_units import is_power_of_two
from .power_gates import POWER_REACH, PowerGate
from .rows import ROUNDUP
from .sign_patterns import corner_moment
from .slopes import largest_curvature, largest_slope, largest_third

__all__ = ["even_size", "largest_z", "pattern_noise", "sum_size"]

_GROWTH = 1 + 2.0**-7  # what second-order terms can add to a first-order bound


def largest_z(gate: PowerGate) -> float:
    """Bounds |z| of every neuron.

    Args:
        gate: The gate.

    Returns:
        A bound on the reach.
    """
    return abs(gate.bias) + gate.scales[0] * gate.degree * POWER_REACH * _GROWTH


def even_size(gate: PowerGate, scale: float, sum_power: float | None = None) -> float:
    """Bounds ``|T(s F)|``, of one neuron or summed over the patterns.

    Args:
        gate: The gate.
        scale: s.
        sum_power: None for one neuron on the reach.

    Returns:
        The bound.
    """
    power = _order(gate)
    moment = gate.degree**power if sum_power is None else sum_power
    return _size_factor(gate) * (scale * POWER_REACH) ** power * moment * _GROWTH


def _order(gate: PowerGate) -> int:
    """The power of F that bounds T: pairs keep the linear term of their odd part."""
    if gate.degree % 2 == 0:
        return 2
    return 1 if gate.kind == "pair" else 3


def _size_factor(gate: PowerGate) -> float:
    if gate.degree % 2 == 0:
        return gate.neurons * largest_curvature(gate.activation, largest_z(gate)) / 2
    if gate.kind == "pair":
        return 2 * largest_slope(gate.activation, largest_z(gate))
    return largest_third(gate.activation) / 6


def sum_size(gate: PowerGate, scale: float) -> float:
    """Bounds ``sum_s |T(s F_s)|``.

    Args:
        gate: The gate.
        scale: s.

    Returns:
        The bound on the reach.
    """
    return even_size(gate, scale, corner_moment(gate.degree, _order(gate)))


def pattern_noise(gate: PowerGate, scale: float, form_error: float, arithmetic: Arithmetic) -> float:
    """Bounds the error of ``sum_s |t_s|`` against ``T(s F_s)`` of the factors as computed.

    Args:
        gate: The gate.
        scale: s, one of its scales.
        form_error: eta, rounding of a signed sum F.
        arithmetic: Rounding model.

    Returns:
        The bound, without the rounding of the sum over patterns.
    """
    u, sum_u, tiny = arithmetic.u, arithmetic.sum_u, arithmetic.tiny
    activation, bias, z_max = activation_named(gate.activation), abs(gate.bias), largest_z(gate)
    lipschitz = largest_slope(gate.activation, z_max)
    product = 0.0 if is_power_of_two(scale) or arithmetic.is_half else sum_u
    odd = int(gate.odd.p) / int(gate.odd.q)
    center = abs(int(gate.constant.p) / int(gate.constant.q))

    # one neuron: z, then the activation; slopes are per |z - bias|
    constant = lipschitz * (sum_u * bias * (1 + sum_u) + 2 * tiny)
    slope = lipschitz * (product + (sum_u if bias else 0.0))
    if arithmetic.is_half:
        constant += u * activation.error(z_max, arithmetic.dtype) + tiny
    else:
        b_slope = activation.error_slope(z_max)
        constant += u * (activation.error_constant + (b_slope * bias if bias else 0.0)) + tiny
        slope += u * b_slope
    constant, slope = gate.neurons * constant, gate.neurons * slope

    # the linear unit t behind it: partial sums, then a small result
    slope += odd * product + 2 * sum_u * arithmetic.is_half
    if center and (odd or gate.kind == "pair"):  # three terms: the first sum, whatever the order
        constant += sum_u * center * (1 + 2.0**-8)
        slope += sum_u * (2 * lipschitz if gate.kind == "pair" else odd)
    constant += 3 * tiny + gate.constant_error

    patterns = corner_moment(gate.degree, 0)
    linear = scale * POWER_REACH * corner_moment(gate.degree, 1)  # sum of |z - bias|
    own = constant * patterns + slope * linear + u * sum_size(gate, scale)
    return (own + _spread(gate, scale * form_error, linear)) * _GROWTH * ROUNDUP


def _spread(gate: PowerGate, eta: float, linear: float) -> float:
    """What errors of the signed sums that differ from pattern to pattern do: eta times the slopes of T, summed."""
    patterns, z_max = corner_moment(gate.degree, 0), largest_z(gate)
    if gate.kind == "pair" and gate.degree % 2:
        return 2 * largest_slope(gate.activation, z_max) * eta * patterns
    return gate.neurons * largest_curvature(gate.activation, z_max) * eta * (linear + patterns * eta)
