r"""Activations: how they are computed and how exactly, as stated assumptions of every certificate.

The accuracy is the error of one evaluation in the standard libraries, in units of u (half the machine epsilon).
Measured for NumPy/SciPy, ONNX Runtime and PyTorch on every float32 with ``2^-11 <= |z| < 2^16``, on x86-64 with
AVX-512, largest values:

- SiLU 1.47 u|z| below 1/8, 1.87 below 1, 2.79 below 4, 3.49 u|z| and 53 u in all (ONNX Runtime; others 2.44 and 22);
- GELU 1.13 u|z| below 1/8, 1.72 below 1, 6.39 u|z| and 22 u in all (PyTorch; others 1.92 and 7.6);
- softplus 2.12 u below 1/8, 2.97 u below 1, 4.77 u below 4, 9.2 u in all;
- tanh 4.85 u|z| and 5.5 u (ONNX Runtime; others 1.7 and 1.1); sigmoid 1.0, 1.5, 2.3, 3.0 u for 1/8, 1, 4, all;
  Gaussian 2.51 u (NumPy; others 1.0); exp 2.55, 5.9 and 157 u below 1/8, 1, 4 (NumPy; others 1.1, 2.3, 36);
  ReLU and the square as IEEE 754 has them.

Float64 by random samples against 200 bits: never more, but SiLU 65 u, softplus 33 u and tanh 7.4 u. The assumptions
leave a margin; `benchmarks/bench_activations.py` measures again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from .._messages import must_be

__all__ = ["ACTIVATIONS", "HALF_PRECISION", "Activation", "activation_named"]

HALF_PRECISION = (
    "float16 weights and units, float32 in between: the products of a unit (exact), their sum with the bias in any "
    "order and the activation are computed in float32, and the result is rounded to float16 once"
)
_HALF_SHARE = 2.0**-13  # u of float32 in units of u of float16


@dataclass(frozen=True)
class Activation:
    """An activation as the network evaluates it.

    Args:
        name: Its name in this package.
        evaluate: Array to array of the same dtype.
        formula: What it computes, in words.
        error_constant: a in ``|computed - exact| <= u min(a + b |z|, cap)``; for "square" b multiplies z^2.
        error_slopes: Pairs (limit, b): b holds for ``|z| <= limit``; limits ascend.
        error_cap: The cap; infinite if there is none.
    """

    name: str
    evaluate: Callable[[np.ndarray], np.ndarray]
    formula: str
    error_constant: float
    error_slopes: tuple[tuple[float, float], ...]
    error_cap: float = np.inf

    def error_slope(self, z_max: float) -> float:
        """Gives b for a range.

        Args:
            z_max: Largest |z|.

        Returns:
            b; infinite where nothing is assumed.
        """
        return next((slope for limit, slope in self.error_slopes if z_max <= limit), np.inf)

    def error(self, z_max: float, dtype: npt.DTypeLike = np.float32) -> float:
        """Bounds the error of one evaluation at an exact z, in units of u of the dtype.

        Args:
            z_max: Largest |z|.
            dtype: float16 (see `HALF_PRECISION`: includes the rounding of the unit), float32 or float64.

        Returns:
            E such that ``|computed - exact| <= u E`` (plus the smallest subnormal) for every ``|z| <= z_max``;
            infinite where nothing is assumed.
        """
        slope = self.error_slope(z_max)
        growth = z_max * z_max if self.name == "square" else z_max
        error = min(
            self.error_constant + (slope * growth if slope else 0.0), self.error_cap if slope < np.inf else slope
        )
        if np.dtype(dtype) == np.float16:
            return (self.largest(z_max) + _HALF_SHARE * error) * (1 + 2.0**-10)
        return error

    def largest(self, z_max: float) -> float:
        """Gives the largest absolute value on a range.

        Args:
            z_max: Largest |z|.

        Returns:
            ``max |activation(z)|`` over ``|z| <= z_max``, to within float64 rounding.
        """
        if self.name == "gaussian":
            return 1.0
        return float(np.abs(self(np.array([z_max, -z_max], dtype=np.float64))).max())

    def accuracy(self, z_max: float) -> str:
        """States the assumption for a range in words.

        Args:
            z_max: Largest |z|.

        Returns:
            One sentence.
        """
        if self.name == "square":
            return f"{self.formula} correctly rounded"
        limit, slope = next((pair for pair in self.error_slopes if z_max <= pair[0]), (z_max, np.inf))
        if self.error_constant == slope == 0:
            return f"{self.formula} exact"
        return f"{self.formula} to within {self._bound(slope, limit)} for |z| <= {limit:g}"

    def _bound(self, slope: float, limit: float) -> str:
        if not slope:
            return f"{self.error_constant:g} u"
        bound = f"{self.error_constant:g} + {slope:g} |z|" if self.error_constant else f"{slope:g} |z|"
        if self.error_cap < np.inf and self.error_constant + slope * limit > self.error_cap:
            return f"u min({bound}, {self.error_cap:g})"
        return f"u ({bound})" if self.error_constant else f"{slope:g} u |z|"

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


def _gaussian(z: np.ndarray) -> np.ndarray:
    return np.exp(-z * z)


def _exp(z: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # infinite, as in the other runtimes: nothing is assumed there
        return np.exp(z)


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, z.dtype.type(0))


_FAR = 65536.0  # |z| up to which the accuracies were measured
_SILU_SLOPES = ((0.125, 1.5), (1.0, 2.0), (4.0, 3.2), (_FAR, 4.0))
ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("silu", _silu, "SiLU(z) = z / (1 + exp(-z))", 0.0, _SILU_SLOPES, 128.0),
        Activation("gelu", _gelu, "GELU(z) = z Phi(z)", 0.0, ((0.125, 1.25), (1.0, 2.0), (_FAR, 8.0)), 28.0),
        Activation("softplus", _softplus, "softplus(z) = ln(1 + exp(z))", 2.8, ((1.0, 2.0), (_FAR, 2.0)), 64.0),
        Activation("square", _square, "z^2", 0.0, ((np.inf, 1.0),)),
        Activation("tanh", np.tanh, "tanh(z)", 0.0, ((_FAR, 5.5),), 9.0),
        Activation("sigmoid", special.expit, "sigmoid(z) = 1 / (1 + exp(-z))", 1.4, ((_FAR, 0.4),), 3.4),
        Activation("gaussian", _gaussian, "exp(-z^2)", 3.0, ((_FAR, 0.0),)),
        Activation("exp", _exp, "exp(z)", 3.0, ((0.125, 1.0), (1.0, 5.0), (4.0, 48.0))),
        Activation("relu", _relu, "max(z, 0)", 0.0, ((np.inf, 0.0),)),
    )
}


def activation_named(name: str) -> Activation:
    """Looks an activation up.

    Args:
        name: "silu", "gelu", "softplus", "square", "tanh", "sigmoid", "gaussian", "exp" or "relu".

    Returns:
        The activation.

    Raises:
        ValueError: If the name is not one of them.
    """
    if name not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(must_be("activation", "compile", f"one of {known}, auto", repr(name)))
    return ACTIVATIONS[name]
