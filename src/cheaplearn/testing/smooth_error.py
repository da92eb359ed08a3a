"""The error of a network as a smooth function: both sides in float64, with its gradient, for the search to climb."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy import sparse, special

from ..circuit import Circuit
from ..network import Network, activation_named

__all__ = ["SmoothError"]

_ENTRIES = 4_000_000  # numbers held at once for the terms of one batch


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
        self.terms = [_Terms(output.terms, circuit.n_inputs) for output in circuit.outputs]
        self.scale = np.array([float(Fraction(s)) for s in circuit.scale])
        self.center = np.array([float(Fraction(c)) for c in circuit.center])

    def __call__(self, X: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Evaluates one output at each point.

        Args:
            X: Raw inputs, shape (samples, n).
            outputs: Output of each sample, shape (samples,).

        Returns:
            Errors, shape (samples,), and their gradients, shape (samples, n).
        """
        values, gradients = self._network(X, outputs)
        scaled = (X - self.center) / self.scale
        for k in np.unique(outputs):
            inside = outputs == k
            value, gradient = self.terms[k](scaled[inside])
            values[inside] -= value
            gradients[inside] -= gradient / self.scale
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


class _Terms:
    """The terms of one polynomial, by number of variables, as arrays."""

    def __init__(self, terms: object, n: int) -> None:
        self.n = n
        self.constant = 0.0
        groups: dict[int, list[tuple[tuple[tuple[int, int], ...], float]]] = {}
        for monomial, coefficient in terms.items():  # type: ignore[attr-defined]
            if monomial:
                groups.setdefault(len(monomial), []).append((monomial, float(coefficient)))
            else:
                self.constant = float(coefficient)
        self.groups = [self._arrays(members) for members in groups.values()]

    def _arrays(
        self, members: list[tuple[tuple[tuple[int, int], ...], float]]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[sparse.csr_array]]:
        sites = np.array([[site for site, _ in monomial] for monomial, _ in members])
        powers = np.array([[power for _, power in monomial] for monomial, _ in members])
        coefficients = np.array([coefficient for _, coefficient in members])
        rows = np.arange(len(members))
        spread = [
            sparse.csr_array((np.ones(len(members)), (rows, sites[:, j])), shape=(len(members), self.n))
            for j in range(sites.shape[1])
        ]
        return sites, powers, coefficients, spread

    def __call__(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        largest = max((sites.size for sites, *_ in self.groups), default=1)
        batch = max(1, _ENTRIES // largest)
        parts = [self._batch(X[i : i + batch]) for i in range(0, len(X), batch)]
        return np.concatenate([value for value, _ in parts]), np.concatenate([gradient for _, gradient in parts])

    def _batch(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = np.full(len(X), self.constant)
        gradient = np.zeros((len(X), self.n))
        for sites, powers, coefficients, spread in self.groups:
            x = X[:, sites]
            factors = x**powers
            value += factors.prod(axis=2) @ coefficients
            for j in range(sites.shape[1]):
                others = np.delete(factors, j, axis=2).prod(axis=2)
                slopes = powers[:, j] * x[:, :, j] ** (powers[:, j] - 1)
                gradient += (others * slopes * coefficients) @ spread[j]
        return value, gradient
