r"""What finite precision does to a product of b factors in one layer, bounded jointly over its sign patterns.

A neuron at ``z = s F`` is off by ``u (a + c |z|)`` (the accuracy of the activation) and by ``L |zeta|`` for an error
zeta of z; the linear unit behind it, ``t = sigma(z) - sigma'(0) z - sigma(0)``, adds ``u |t|``. An error eta of F that
differs from pattern to pattern comes out as ``|T(s F + s eta) - T(s F)| <= C s^2 eta (|F| + eta)``,
``C = sup |sigma''|``. Summed over patterns with ``sum_s |F_s|^n`` at a corner (`corner_moment`), where it is largest.
"""

from __future__ import annotations

from ..network import activation_named
from .arithmetic import Arithmetic
from .gate_noise import CURVATURE, LIPSCHITZ
from .linear_units import is_power_of_two
from .power_gates import POWER_REACH, PowerGate
from .rows import ROUNDUP
from .sign_patterns import corner_moment

__all__ = ["even_size", "largest_z", "pattern_noise", "sum_size"]

# sup |sigma'''| over the real line, for the odd parts
_THIRD = {"tanh": 2.0, "sigmoid": 0.125}
_GROWTH = 1 + 2.0**-7  # what second-order terms can add to a first-order bound


def largest_z(gate: PowerGate) -> float:
    """Bounds |z| of every neuron.

    Args:
        gate: The gate.

    Returns:
        A bound on the reach.
    """
    return gate.scales[0] * gate.degree * POWER_REACH * _GROWTH


def even_size(gate: PowerGate, scale: float, sum_power: float | None = None) -> float:
    """Bounds ``|T(s F)|``, of one neuron or summed over the patterns.

    Args:
        gate: The gate.
        scale: s.
        sum_power: None for one neuron on the reach.

    Returns:
        The bound.
    """
    power = 3 if gate.degree % 2 else 2
    factor = _THIRD[gate.activation] / 6 if power == 3 else CURVATURE[gate.activation] / 2
    moment = gate.degree**power if sum_power is None else sum_power
    return factor * (scale * POWER_REACH) ** power * moment * _GROWTH


def sum_size(gate: PowerGate, scale: float) -> float:
    """Bounds ``sum_s |T(s F_s)|``.

    Args:
        gate: The gate.
        scale: s.

    Returns:
        The bound on the reach.
    """
    return even_size(gate, scale, corner_moment(gate.degree, 3 if gate.degree % 2 else 2))


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
    activation, lipschitz = activation_named(gate.activation), LIPSCHITZ[gate.activation]
    z_max = largest_z(gate)
    product = 0.0 if is_power_of_two(scale) or arithmetic.is_half else sum_u
    odd = int(gate.odd.p) / int(gate.odd.q)
    center = abs(int(gate.constant.p) / int(gate.constant.q))

    constant = lipschitz * tiny
    slope = lipschitz * product  # per |z|
    if arithmetic.is_half:
        constant += u * activation.error(z_max, arithmetic.dtype) + tiny
        slope += 2 * sum_u
    else:
        constant += u * activation.error_constant + tiny
        slope += u * activation.error_slope(z_max)
    slope += odd * product
    if center and odd:  # three terms: the first sum is at most |sigma(0)| + |sigma'(0) z|, whatever the order
        constant += sum_u * center * (1 + 2.0**-8)
        slope += sum_u * odd
    constant += 3 * tiny + gate.constant_error

    patterns = corner_moment(gate.degree, 0)
    linear = scale * POWER_REACH * corner_moment(gate.degree, 1)  # sum of |z|
    own = constant * patterns + slope * linear + u * sum_size(gate, scale)
    eta = scale * form_error
    spread = CURVATURE[gate.activation] * eta * (linear + patterns * eta)
    return (own + spread) * _GROWTH * ROUNDUP
