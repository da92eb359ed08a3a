"""A search that tries hard to find the largest error of a network: the adversary of every certificate."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from ..circuit import Circuit
from ..network import Network
from .reference import reference_values
from .smooth_error import SmoothError

__all__ = ["Search"]

_BATCH = 4096
_STARTS = 48  # of the gradient ascent
_STEPS = 60
_CLIMBERS = 4  # points that the coordinate search starts from
_COORDINATES = 48  # tried in one sweep
_SHRINKS = (0.9, 0.7, 0.5, 0.3, 0.1, 0.03, 0.01)


class Search:
    """Corners, random points, gradient ascent, shrunken inputs, coordinate search, fine noise.

    Args:
        net: A network with a certificate.
        circuit: The function it was compiled from.
        seed: Seed of every random choice.
        evaluate: How the network is evaluated: itself, or the same network in another runtime.
        output: Index of the only output to look at; None for the largest error over all.
    """

    def __init__(
        self,
        net: Network,
        circuit: Circuit,
        seed: int,
        evaluate: Callable[[np.ndarray], np.ndarray],
        output: int | None = None,
    ) -> None:
        assert net.certificate is not None
        self.net, self.evaluate, self.circuit = net, evaluate, circuit
        self.rng = np.random.default_rng(seed)
        self.outputs = np.arange(len(net.labels)) if output is None else np.array([output])
        self.is_single = net.dtype != np.float64
        self.discrete = np.array([name in net.certificate.kinds for name in net.variables], dtype=np.bool_)
        box = [net.certificate.box[name] for name in net.variables]
        self.low, self.high = np.array(box, dtype=np.float64).reshape(-1, 2).T
        self.candidates: list[np.ndarray] = []  # the best points of each stage

    def run(self, effort: int) -> tuple[float, np.ndarray]:
        """Searches.

        Args:
            effort: Number of random points of each kind.

        Returns:
            The largest error found, judged in exact arithmetic, and the input where it was found.
        """
        starts = self._starts(effort)
        errors = self.errors(starts)
        self._keep(starts[np.argsort(errors)[::-1][:_CLIMBERS]])
        if len(self.low):
            climbed = self._ascend(starts[np.argsort(errors)[::-1][: _STARTS // 2]])
            self._keep(self._best(np.concatenate([climbed, self._shrunken(climbed)]), _CLIMBERS))
            for point in self._best(np.concatenate(self.candidates), _CLIMBERS):
                self._keep(self._jitter(self._by_coordinates(point))[None])
        judged = [(self.judge(point), k) for k, point in enumerate(self._best(np.concatenate(self.candidates), 8))]
        found, k = max(judged)
        return found, self._best(np.concatenate(self.candidates), 8)[k]

    def judge(self, point: np.ndarray) -> float:
        """The error at one point in exact arithmetic, rounded once: the search itself may round.

        Args:
            point: Shape (n,).

        Returns:
            The largest error over the outputs looked at.
        """
        computed = self.evaluate(point[None])[0]
        exact = self.circuit.exact(point.tolist())
        return max(float(abs(Fraction(float(computed[k])) - exact[k])) for k in self.outputs)

    def errors(self, X: np.ndarray) -> np.ndarray:
        """Largest error over the outputs looked at.

        Args:
            X: Shape (samples, n).

        Returns:
            Shape (samples,).
        """
        parts = []
        for i in range(0, len(X), _BATCH):
            part = X[i : i + _BATCH]
            # float64 is exact enough to judge a float32 network; a float64 one needs the slow twin
            exact = self.circuit(part) if self.is_single else reference_values(self.circuit, part)
            parts.append(np.abs(self.evaluate(part) - exact)[:, self.outputs].max(axis=1))
        return np.concatenate(parts).astype(np.float64)

    def _keep(self, points: np.ndarray) -> None:
        self.candidates.append(points)

    def _best(self, points: np.ndarray, count: int) -> np.ndarray:
        return points[np.argsort(self.errors(points), kind="stable")[::-1][:count]]

    def _starts(self, effort: int) -> np.ndarray:
        n = len(self.low)
        uniform = self.rng.uniform(self.low, self.high, (effort, n))
        corners = np.where(self.rng.random((effort, n)) < 0.5, self.low, self.high)
        special = np.stack([self.low, self.high, (self.low + self.high) / 2])
        eighths = self.low + (self.high - self.low) * self.rng.integers(0, 9, (effort, n)) / 8
        return self._allowed(np.concatenate([special, uniform, corners, eighths]))

    def _allowed(self, X: np.ndarray) -> np.ndarray:
        """Moves bits and spins to the nearer of their two values."""
        if not self.discrete.any():
            return X
        nearer = np.where(X < (self.low + self.high) / 2, self.low, self.high)
        return np.where(self.discrete, nearer, X)

    def _ascend(self, best: np.ndarray) -> np.ndarray:
        """Gradient ascent from several points at once, each on one output and one sign of the error."""
        more = self._starts(_STARTS // 4)[: _STARTS // 2]
        X = np.concatenate([best, more])
        smooth = SmoothError(self.net, self.circuit)
        outputs = self.outputs[np.arange(len(X)) % len(self.outputs)]
        width = np.where(self.discrete, 0.0, self.high - self.low)
        value, gradient = smooth(X, outputs)
        sign = np.where(value >= 0, 1.0, -1.0)
        step = np.full(len(X), 0.5)
        for turn in range(_STEPS):
            # every second step goes along the signs (to corners), the others along the gradient
            slope = sign[:, None] * gradient * width
            size = np.abs(slope).max(axis=1, keepdims=True) + 1e-300
            direction = np.sign(slope) if turn % 2 else slope / size
            moved = np.clip(X + step[:, None] * direction * width, self.low, self.high)
            new_value, new_gradient = smooth(moved, outputs)
            better = sign * new_value > sign * value
            X = np.where(better[:, None], moved, X)
            value, gradient = np.where(better, new_value, value), np.where(better[:, None], new_gradient, gradient)
            step = np.where(better, np.minimum(step * 1.5, 1.0), step * 0.6)
        return X

    def _shrunken(self, points: np.ndarray) -> np.ndarray:
        """The same points with all inputs, or half of them, moved towards the centre."""
        middle = (self.low + self.high) / 2
        parts = []
        for factor in _SHRINKS:
            some = self.rng.random(points.shape) < 0.5
            parts.append(middle + (points - middle) * factor)
            parts.append(np.where(some, middle + (points - middle) * factor, points))
        return self._allowed(np.concatenate(parts))

    def _by_coordinates(self, point: np.ndarray) -> np.ndarray:
        """Moves one coordinate at a time to the best of a few values, until none of those tried helps."""
        value, n = float(self.errors(point[None])[0]), len(point)
        for _ in range(12):
            tried = self.rng.permutation(n)[:_COORDINATES]
            shares = np.concatenate([np.linspace(0, 1, 5), self.rng.random(3)])
            moves = np.repeat(point[None], len(tried) * len(shares), axis=0)
            which = np.repeat(tried, len(shares))
            moves[np.arange(len(moves)), which] = self.low[which] + (self.high - self.low)[which] * np.tile(
                shares, len(tried)
            )
            moves = self._allowed(moves)
            errors = self.errors(moves)
            k = int(np.argmax(errors))
            if errors[k] <= value * (1 + 1e-6):
                break
            point, value = moves[k], float(errors[k])
        return point

    def _jitter(self, point: np.ndarray) -> np.ndarray:
        """Looks nearby, at several scales, for the luck of rounding."""
        value = float(self.errors(point[None])[0])
        for scale in (1e-1, 1e-2, 1e-4, 1e-6):
            noise = self.rng.uniform(-scale, scale, (512, len(point))) * (self.high - self.low)
            moves = np.clip(point + noise * (self.rng.random(noise.shape) < 0.5), self.low, self.high)
            moves = self._allowed(moves)
            errors = self.errors(moves)
            k = int(np.argmax(errors))
            if errors[k] > value:
                point, value = moves[k], float(errors[k])
        return point
