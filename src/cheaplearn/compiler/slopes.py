"""How steep and how curved activations are: what turns an error before an activation into one behind it."""

from __future__ import annotations

import math

__all__ = ["largest_curvature", "largest_slope", "largest_third"]

# suprema of the absolute first, second and third derivatives over the real line
_FIRST = {"silu": 1.1, "gelu": 1.13, "softplus": 1.0, "gaussian": 0.858, "tanh": 1.0, "sigmoid": 0.25}
_SECOND = {
    "silu": 0.5,
    "gelu": 0.798,
    "softplus": 0.25,
    "gaussian": 2.0,
    "tanh": 0.77,
    "sigmoid": 0.0963,
    "square": 2.0,
}
_THIRD = {"tanh": 2.0, "sigmoid": 0.125}


def largest_slope(activation: str, z_max: float) -> float:
    """Bounds the first derivative.

    Args:
        activation: Its name, a smooth one.
        z_max: Largest |z|.

    Returns:
        A bound of its absolute value.
    """
    return _exponential(z_max) if activation == "exp" else _FIRST[activation]


def largest_curvature(activation: str, z_max: float) -> float:
    """Bounds the second derivative.

    Args:
        activation: Its name, a smooth one.
        z_max: Largest |z|.

    Returns:
        A bound of its absolute value.
    """
    return _exponential(z_max) if activation == "exp" else _SECOND[activation]


def largest_third(activation: str) -> float:
    """Bounds the third derivative.

    Args:
        activation: "tanh" or "sigmoid".

    Returns:
        A bound of its absolute value over the real line.
    """
    return _THIRD[activation]


def _exponential(z_max: float) -> float:
    return math.exp(min(z_max, 700.0)) * (1 + 2.0**-40)
