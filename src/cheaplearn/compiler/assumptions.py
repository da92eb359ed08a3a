"""What every certificate takes for granted, in words."""

from __future__ import annotations

from ..network import HALF_PRECISION, activation_named

__all__ = ["assumptions"]

_UNIT_ROUNDOFF = {"float16": "2^-11", "float32": "2^-24", "float64": "2^-53"}


def assumptions(dtype: str, activation: str, largest_z: float | None) -> tuple[str, ...]:
    """States the model of arithmetic.

    Args:
        dtype: Name of the dtype.
        activation: Name of the activation.
        largest_z: Largest |z| of a neuron; None if there is none.

    Returns:
        Sentences.
    """
    unit = _UNIT_ROUNDOFF[dtype]
    if dtype == "float16":
        lines = [f"{HALF_PRECISION} (u = {unit})"]
    else:
        lines = [
            f"products and sums are correctly rounded {dtype} operations (u = {unit}), sums in any order, fused or not"
        ]
    lines.append("gradual underflow (no flush to zero), no TF32 and no other reduced-precision matrix products")
    if largest_z is not None:
        lines.append(f"{activation_named(activation).accuracy(largest_z)}, u = {unit}")
    return tuple(lines)
