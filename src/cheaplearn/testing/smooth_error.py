"""The error of a network as a smooth function: both sides in float64, with its gradient, for the search to climb."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy import special

from ..circuit import Circuit
from ..hamiltonian.slopes import Slopes
from ..network import Network, activation_named

__all__ = ["SmoothError"]


def _silu_slope(z: np.ndarray) -> np.ndarray:
    s = special.expit(z)
    return s * (1 + z * (1 - s))


def _gelu_slope(z: np.ndarray) -> np.ndarray:
    return special.ndtr(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def _sigmoid_slope(z: np.ndarray) -> np.ndarray:
    s = special.expit(z)
    return s * (1 - s)


_SLOPES = {
    "silu": _silu_slope,
    "gelu": _gelu_slope,
    "softplus": special.expit,
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "sigmoid": _sigmoid_slope,
    "gaussian": lambda z: -2 * z * np.exp(-z * z),
    "exp": np.exp,
    "square": lambda z: 2 * z,
    "relu": lambda z: (z > 0).astype(z.dtype),
}


class SmoothError:
    """Network minus function, in float64.

    Args:
        net: The network; its stored weights are used as they are.
        circuit: The function.
    """

    def __init__(self, net: Network, circuit: Circuit) -> None:
        self.net = net
        self.layers = [(layer.weights.astype(np.float64), layer.bias.astype(np.float64)) for layer in net.layers]
        center, scale = (np.array([float(Fraction(x)) for x in row]) for row in (circuit.center, circuit.scale))
        self.slopes = [Slopes.of_terms(output.terms, circuit.n_inputs, center, scale) for output in circuit.outputs]

    def __call__(self, X: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Evaluates one output at each point.

        Args:
            X: Raw inputs, shape (samples, n).
            outputs: Output of each sample, shape (samples,).

        Returns:
            Errors, shape (samples,), and their gradients, shape (samples, n).
        """
        values, gradients = self._network(X, outputs)
        for k in np.unique(outputs):
            inside = outputs == k
            value, gradient = self.slopes[k].values_and_gradients(X[inside])
            values[inside] -= value
            gradients[inside] -= gradient
        return values, gradients

    def _network(self, X: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sources, slopes, starts = X.T, [], []
        for (weights, bias), layer in zip(self.layers, self.net.layers, strict=True):
            z = weights @ sources + bias[:, None]
            slopes.append(_SLOPES[layer.activation](z) if layer.activation else None)
            starts.append(len(sources))
            values = activation_named(layer.activation)(z) if layer.activation else z
            sources = np.concatenate([sources, values])
        adjoint = np.zeros_like(sources)
        adjoint[starts[-1] + outputs, np.arange(len(X))] = 1.0
        for (weights, bias), slope, start in zip(
            reversed(self.layers), reversed(slopes), reversed(starts), strict=True
        ):
            mine = adjoint[start : start + len(bias)]
            adjoint[:start] += weights.T @ (mine if slope is None else mine * slope)
        return values[outputs, np.arange(len(X))], adjoint[: X.shape[1]].T.copy()
