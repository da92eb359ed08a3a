r"""Activations: how they are computed and how exactly, as stated assumptions of every certificate.

The accuracy is the error of one evaluation in the standard libraries, in units of u (half the machine epsilon).
Measured over all float32 numbers with ``1/8 <= |z| < 1`` and every third down to 2^-11, for NumPy/SciPy
and ONNX Runtime: at most 1.87 u|z| (1.47 u|z| below 1/8) for SiLU, 1.72 u|z| (1.10) for GELU, 3.04 u (ln 2 + |z|/2) for
softplus; in float64 against 120 bits, by sampling, never more. The assumptions leave a margin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from .._messages import must_be

__all__ = ["ACTIVATIONS", "Activation", "activation_named"]


@dataclass(frozen=True)
class Activation:
    """An activation as the network evaluates it.

    Args:
        name: Its name in this package.
        evaluate: Array to array of the same dtype.
        formula: What it computes, in words.
        error_constant: a in ``|computed - exact| <= u (a + b |z|)``; for "square" b multiplies z^2.
        error_slopes: Pairs (limit, b): b holds for ``|z| <= limit``; limits ascend.
    """

    name: str
    evaluate: Callable[[np.ndarray], np.ndarray]
    formula: str
    error_constant: float
    error_slopes: tuple[tuple[float, float], ...]

    def error_slope(self, z_max: float) -> float:
        """Gives b for a range.

        Args:
            z_max: Largest |z|.

        Returns:
            b; infinite where nothing is assumed.
        """
        return next((slope for limit, slope in self.error_slopes if z_max <= limit), np.inf)

    def accuracy(self, z_max: float) -> str:
        """States the assumption for a range in words.

        Args:
            z_max: Largest |z|.

        Returns:
            One sentence.
        """
        limit, slope = next((pair for pair in self.error_slopes if z_max <= pair[0]), (z_max, np.inf))
        if self.name == "square":
            return f"{self.formula} correctly rounded"
        bound = f"u ({self.error_constant:g} + {slope:g} |z|)" if self.error_constant else f"{slope:g} u |z|"
        return f"{self.formula} to within {bound} for |z| <= {limit:g}"

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Applies the activation elementwise, in the dtype of `z`."""
        return self.evaluate(z)


def _silu(z: np.ndarray) -> np.ndarray:
    return z * special.expit(z)


def _gelu(z: np.ndarray) -> np.ndarray:
    return z * special.ndtr(z)


def _softplus(z: np.ndarray) -> np.ndarray:
    return np.logaddexp(z.dtype.type(0), z)


def _square(z: np.ndarray) -> np.ndarray:
    return z * z


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("silu", _silu, "SiLU(z) = z / (1 + exp(-z))", 0.0, ((0.125, 1.5), (1.0, 2.0))),
        Activation("gelu", _gelu, "GELU(z) = z Phi(z)", 0.0, ((0.125, 1.25), (1.0, 2.0))),
        Activation("softplus", _softplus, "softplus(z) = ln(1 + exp(z))", 2.8, ((1.0, 2.0),)),
        Activation("square", _square, "z^2", 0.0, ((np.inf, 1.0),)),
    )
}


def activation_named(name: str) -> Activation:
    """Looks an activation up.

    Args:
        name: "silu", "gelu", "softplus" or "square".

    Returns:
        The activation.

    Raises:
        ValueError: If the name is not one of them.
    """
    if name not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(must_be("activation", "compile", f"one of {known}", repr(name)))
    return ACTIVATIONS[name]
