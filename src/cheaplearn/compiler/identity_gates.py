r"""Identity neurons: how a strictly layered network carries a value v past a layer of neurons.

| activation | neurons | value | error |
|---|---|---|---|
| relu, silu, gelu, softplus | 2 | sigma(v) - sigma(-v) = v | 0 |
| square | 2 | ((v + 1/2)^2 - (v - 1/2)^2)/2 = v | 0 |
| tanh | 1 | tanh(e v)/e | e^2 abs(v)^3 / 3 |
| sigmoid | 1 | 4 (sigma(e v) - 1/2)/e | e^2 abs(v)^3 / 12 |

tanh is computed to relative accuracy, so that e can be tiny; the sigmoid is not, and e balances truncation and
rounding. The Gaussian is even: it has no such neuron here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..network import activation_named
from .arithmetic import Arithmetic

__all__ = ["IdentityGate", "identity_gate"]


@dataclass(frozen=True)
class IdentityGate:
    """``v ~= sum_k weight_k sigma(slope_k v + shift_k) + constant``.

    Args:
        slopes: Powers of two with their sign.
        shifts: One per neuron.
        weights: One per neuron, powers of two with their sign.
        constant: Added to the sum.
        cubic: Truncation is at most ``cubic |v|^3``.
    """

    slopes: tuple[float, ...]
    shifts: tuple[float, ...]
    weights: tuple[float, ...]
    constant: float = 0.0
    cubic: float = 0.0

    def rounding(self, activation: str, size: float, arithmetic: Arithmetic) -> float:
        """Bounds the rounding of a carried value.

        Args:
            activation: Name.
            size: Bound of |v|.
            arithmetic: Rounding model.

        Returns:
            Error of the activations and of the sum that reads them.
        """
        name = activation_named(activation)
        total, largest = 0.0, abs(self.constant)
        for slope, shift, weight in zip(self.slopes, self.shifts, self.weights, strict=True):
            z = abs(slope) * size + abs(shift)
            lipschitz = 2 * z if activation == "square" else 1.2
            own = 0.0 if activation == "relu" else arithmetic.u * name.error(z, arithmetic.dtype)
            own += lipschitz * arithmetic.sum_u * z * bool(shift) + 3 * arithmetic.tiny * (activation != "relu")
            total += abs(weight) * own
            largest += abs(weight) * name.largest(z)
        if activation == "relu":
            return total
        return (total + 2 * arithmetic.u * largest) * (1 + 2.0**-8)


def identity_gate(activation: str, arithmetic: Arithmetic) -> IdentityGate | None:
    """Gives the identity neurons of an activation.

    Args:
        activation: Name.
        arithmetic: Rounding model.

    Returns:
        The gate, or None if there is none (gaussian, exp).
    """
    if activation in {"relu", "silu", "gelu", "softplus"}:
        return IdentityGate((1.0, -1.0), (0.0, 0.0), (1.0, -1.0))
    if activation == "square":
        return IdentityGate((1.0, 1.0), (0.5, -0.5), (0.5, -0.5))
    if activation == "tanh":
        scale = 2.0 ** math.floor(math.log2(arithmetic.u) / 2 - 2)
        return IdentityGate((scale,), (0.0,), (1 / scale,), 0.0, scale**2 / 3)
    if activation == "sigmoid":
        scale = 2.0 ** round(math.log2(40 * arithmetic.u) / 3)
        return IdentityGate((scale,), (0.0,), (4 / scale,), -2 / scale, scale**2 / 12)
    return None
