"""A search that tries hard to break a certificate, and the assertion built on it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from ..circuit import Circuit
from ..network import Network

__all__ = ["assert_certified", "reference_values", "worst_error"]

_BATCH = 4096


def reference_values(circuit: Circuit, X: np.ndarray) -> np.ndarray:
    """Evaluates a circuit term by term in extended precision: the slow obvious twin.

    Args:
        circuit: The function.
        X: Raw inputs, shape (samples, n).

    Returns:
        Shape (samples, outputs), numpy.longdouble (64-bit significand on x86; plain float64 on some platforms).
    """
    wide = np.asarray(X).astype(np.longdouble)
    ratio = [np.longdouble(s.numerator) / np.longdouble(s.denominator) for s in [Fraction(s) for s in circuit.scale]]
    shift = [np.longdouble(c.numerator) / np.longdouble(c.denominator) for c in [Fraction(c) for c in circuit.center]]
    scaled = [(wide[:, i] - c) / s for i, (c, s) in enumerate(zip(shift, ratio, strict=True))]
    columns = []
    for output in circuit.outputs:
        total = np.zeros(len(wide), dtype=np.longdouble)
        for monomial, coefficient in output.terms.items():
            term = np.full(len(wide), np.longdouble(coefficient.numerator) / np.longdouble(coefficient.denominator))
            for site, power in monomial:
                term = term * scaled[site] ** power
            total += term
        columns.append(total)
    return np.column_stack(columns)


def worst_error(
    net: Network,
    source: Any,
    seed: int = 0,
    effort: int = 20_000,
    evaluate: Callable[[np.ndarray], np.ndarray] | None = None,
) -> tuple[float, np.ndarray]:
    """Searches the box of a certificate for the largest error: random points, corners, coordinate ascent, fine noise.

    Args:
        net: A network with a certificate.
        source: The function it was compiled from (anything `compile` accepts).
        seed: Seed of the search.
        effort: Number of random points of each kind.
        evaluate: Another runtime for the same network (ONNX Runtime, say), array to array; None for the network itself.

    Returns:
        The largest |network - function| found over all outputs, judged in exact arithmetic, and the input where it was
        found.

    Raises:
        ValueError: If the network has no certificate.
    """
    if net.certificate is None:
        message = "`net` of `worst_error` must carry a certificate; compile it first."
        raise ValueError(message)
    circuit = Circuit.coerce(source)
    return _Search(net, circuit, np.random.default_rng(seed), evaluate or net).run(effort)


def assert_certified(net: Network, source: Any, slack: float = 10.0, seed: int = 0, effort: int = 20_000) -> float:
    """Asserts that a certificate is valid and tight: found <= certified <= slack * found.

    Args:
        net: A network with a certificate.
        source: The function it was compiled from.
        slack: How far above the worst error found the certificate may lie.
        seed: Seed of the search.
        effort: Number of random points of each kind.

    Returns:
        certified / found.

    Raises:
        AssertionError: If the certificate is broken or too loose.
        ValueError: If the network has no certificate.
    """
    found, where = worst_error(net, source, seed, effort)
    if net.certificate is None:  # worst_error has refused this already; said again for the type checker
        raise ValueError
    certified = net.certificate.error
    if found > certified:
        message = f"certificate broken: {found:.6g} found at {where.tolist()}, {certified:.6g} certified"
        raise AssertionError(message)
    if certified > slack * found:
        message = f"certificate loose: {certified:.3g} certified, only {found:.3g} found ({certified / found:.1f}x)"
        raise AssertionError(message)
    return certified / found


class _Search:
    def __init__(
        self,
        net: Network,
        circuit: Circuit,
        rng: np.random.Generator,
        evaluate: Callable[[np.ndarray], np.ndarray],
    ) -> None:
        assert net.certificate is not None
        self.evaluate, self.circuit, self.rng = evaluate, circuit, rng
        self.discrete = np.array([name in net.certificate.kinds for name in net.variables], dtype=np.bool_)
        self.single = net.dtype == np.float32
        self.low, self.high = (
            np.array([net.certificate.box[name] for name in net.variables], dtype=np.float64).reshape(-1, 2).T
        )

    def run(self, effort: int) -> tuple[float, np.ndarray]:
        n = len(self.low)
        uniform = self.rng.uniform(self.low, self.high, (effort, n))
        corners = np.where(self.rng.random((effort, n)) < 0.5, self.low, self.high)
        middle = (self.low + self.high) / 2
        special = np.stack([self.low, self.high, middle])
        thirds = self.low + (self.high - self.low) * self.rng.integers(0, 9, (effort, n)) / 8
        start = self.allowed(np.concatenate([special, uniform, corners, thirds]))
        errors = self.errors(start)
        best = [start[k] for k in np.argsort(errors)[::-1][:6]]
        found = [self.ascend(point) for point in best]
        point, value = max(found, key=lambda pair: pair[1])
        point = self.jitter(point, value)
        return self.judge(point), point

    def allowed(self, X: np.ndarray) -> np.ndarray:
        """Moves bits and spins to the nearer of their two values."""
        if not self.discrete.any():
            return X
        nearer = np.where(X < (self.low + self.high) / 2, self.low, self.high)
        return np.where(self.discrete, nearer, X)

    def judge(self, point: np.ndarray) -> float:
        """The error at one point in exact arithmetic, rounded once: the search itself may round."""
        computed = self.evaluate(point[None])[0]
        exact = self.circuit.exact(point.tolist())
        return max(float(abs(Fraction(float(a)) - b)) for a, b in zip(computed, exact, strict=True))

    def errors(self, X: np.ndarray) -> np.ndarray:
        """Largest error over the outputs, per sample."""
        parts = []
        for i in range(0, len(X), _BATCH):
            part = X[i : i + _BATCH]
            parts.append(np.abs(self.evaluate(part) - self.exact(part)).max(axis=1))
        return np.concatenate(parts).astype(np.float64)

    def exact(self, X: np.ndarray) -> np.ndarray:
        """float64 is exact enough to judge a float32 network; a float64 one needs the slow twin."""
        return self.circuit(X) if self.single else reference_values(self.circuit, X)

    def ascend(self, point: np.ndarray) -> tuple[np.ndarray, float]:
        """Moves one coordinate at a time to the best of a few values, until none helps."""
        value = float(self.errors(point[None])[0])
        n = len(point)
        for _ in range(60):
            shares = np.concatenate([np.linspace(0, 1, 9), self.rng.random(4)])
            moves = np.repeat(point[None], n * len(shares), axis=0)
            which = np.repeat(np.arange(n), len(shares))
            moves[np.arange(len(moves)), which] = self.low[which] + (self.high - self.low)[which] * np.tile(shares, n)
            moves = self.allowed(moves)
            errors = self.errors(moves)
            k = int(np.argmax(errors))
            if errors[k] <= value * (1 + 1e-6):
                break
            point, value = moves[k], float(errors[k])
        return point, value

    def jitter(self, point: np.ndarray, value: float) -> np.ndarray:
        """Looks nearby, at several scales, for the luck of rounding."""
        for scale in (1e-1, 1e-2, 1e-4, 1e-6):
            noise = self.rng.uniform(-scale, scale, (2048, len(point))) * (self.high - self.low)
            moves = np.clip(point + noise * (self.rng.random(noise.shape) < 0.5), self.low, self.high)
            moves = self.allowed(moves)
            errors = self.errors(moves)
            k = int(np.argmax(errors))
            if errors[k] > value:
                point, value = moves[k], float(errors[k])
        return point
