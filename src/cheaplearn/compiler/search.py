"""Choice of the gates: fewest neurons that meet the tolerance, then the smallest certified error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from threadpoolctl import threadpool_limits

from .arithmetic import Arithmetic
from .assembly import assemble
from .gate_noise import gate_noise
from .joint import JointBounds
from .layout import Layout
from .power_gates import MAX_POWER_SCALES, PowerGate, power_kind
from .power_search import best_power_exponent, power_gate_at
from .sawtooth import most_teeth, sawtooth_gate
from .sensitivity import node_sensitivities
from .square_gates import SquareGate, gate_kinds, square_gate
from .stored import Assembly, GateChoice

__all__ = ["Candidate", "best_candidate", "best_exponent", "floor_of_gate", "product_floor", "quick_candidate"]

_LOWEST, _HIGHEST = -30, 1  # exponents of the largest scale that bracket every optimum
_SMALL = 2000  # nodes up to which scales between powers of two are tried
_GAINS = {1: ("minimax", "middle"), 2: ("minimax", "taylor"), 3: ("minimax", "taylor")}


@dataclass(frozen=True)
class Candidate:
    """A stored network with its proven bounds.

    Args:
        assembly: The network.
        choice: Its gates.
        ratio: Largest bound relative to the tolerance of its output; at most 1 if it meets them all.
    """

    assembly: Assembly
    choice: GateChoice
    ratio: float


def best_candidate(
    layout: Layout,
    activation: str,
    dtype: np.dtype,
    tolerances: np.ndarray | None,
    *,
    is_strict: bool = False,
    is_paired: bool = False,
) -> Candidate:
    """Finds the gates with the fewest neurons that meet the tolerances, then the smallest certified error.

    Args:
        layout: The program as arrays.
        activation: Name of the activation.
        dtype: Type of the stored numbers.
        tolerances: Positive, one per output; None takes the cheapest gates at their best.
        is_strict: Whether no layer may be skipped: gates without skips, identity neurons.
        is_paired: Whether only the paper's gates are used, ``sigma(b + z) +- sigma(b - z)``.

    Returns:
        The best candidate; its `ratio` tells whether the tolerances are met.
    """
    with threadpool_limits(limits=1):  # the matrices are small: threads would only wait for each other
        search = _Search(layout, activation, dtype, tolerances, is_strict=is_strict, is_paired=is_paired)
        return search.run_with_powers()


def quick_candidate(layout: Layout, activation: str, dtype: np.dtype, tolerances: np.ndarray) -> Candidate:
    """Certifies one ordinary choice without any search: a valid, not quite smallest bound.

    Args:
        layout: The program as arrays.
        activation: Name of the activation.
        dtype: Type of the stored numbers.
        tolerances: Positive, one per output.

    Returns:
        The candidate of the cheapest gate at the scale that is best for a single product.
    """
    with threadpool_limits(limits=1):
        search = _Search(layout, activation, dtype, tolerances)
        search.set_powers(1)
        if not search.has_squares:
            return search.evaluate(())
        if activation == "relu":
            return search.evaluate((sawtooth_gate(most_teeth(dtype)),))
        kind = gate_kinds(activation)[0]
        return search.uniform(kind, best_exponent(activation, kind, dtype.name), "minimax")


def floor_of_gate(layout: Layout, activation: str, dtype: np.dtype, kind: tuple[str, int]) -> Candidate:
    """Finds the smallest certified error with one gate at every node.

    Args:
        layout: The program as arrays.
        activation: Name of the activation.
        dtype: Type of the stored numbers.
        kind: Kind of the gate and number of scales; ("sawtooth", teeth) for relu.

    Returns:
        The best candidate of that gate.
    """
    with threadpool_limits(limits=1):
        search = _Search(layout, activation, dtype, None)
        return search.evaluate((sawtooth_gate(kind[1]),)) if kind[0] == "sawtooth" else search.best_of_kind(kind)


@cache
def best_exponent(activation: str, kind: tuple[str, int], dtype: str) -> float:
    """Finds the largest scale, as the exponent of a power of two, with the smallest certified error of a product.

    Args:
        activation: Name of the activation.
        kind: Kind of the gate and number of scales.
        dtype: Name of the dtype.

    Returns:
        Its exponent, a multiple of 1/4.
    """

    def error(exponent: float) -> float:
        return _product_error(activation, kind, dtype, exponent)

    if kind[0] == "exact":
        return 0
    coarse = min(range(_HIGHEST, _LOWEST, -1), key=error)
    return min((coarse + step for step in (0.0, -0.25, 0.25, -0.5, 0.5, -0.75, 0.75)), key=error)


def product_floor(activation: str, kind: tuple[str, int], dtype: str) -> float:
    """Gives the certified error of a single product on [-1, 1]^2 at its best scale, without its inputs and output.

    Args:
        activation: Name of the activation.
        kind: Kind of the gate and number of scales.
        dtype: Name of the dtype.

    Returns:
        Truncation and rounding of the gate.
    """
    return _product_error(activation, kind, dtype, best_exponent(activation, kind, dtype))


def _product_error(activation: str, kind: tuple[str, int], dtype: str, exponent: float) -> float:
    gate = _gate(activation, exponent, dtype, kind, "minimax")
    return gate.pair_remainder + gate_noise(gate, Arithmetic(np.dtype(dtype))).of_product if gate else math.inf


def _gate(activation: str, exponent: float, dtype: str, kind: tuple[str, int], gain: str) -> SquareGate | None:
    """A gate, or None where none can be proven or stored."""
    try:
        return square_gate(activation, 2.0**exponent, dtype, kind[0], kind[1], gain)
    except ValueError:
        return None


class _Search:
    def __init__(
        self,
        layout: Layout,
        activation: str,
        dtype: np.dtype,
        tolerances: np.ndarray | None,
        *,
        is_strict: bool = False,
        is_paired: bool = False,
    ) -> None:
        self.layout, self.activation, self.dtype = layout, activation, dtype
        self.is_strict, self.is_paired = is_strict, is_paired
        self.has_tolerance = tolerances is not None
        self.tolerances = np.ones(len(layout.program.outputs)) if tolerances is None else tolerances
        self.joint = JointBounds(layout)
        self.is_small = len(layout.program.nodes) <= _SMALL
        self.has_squares = any(node.kind not in {"count", "power"} for node in layout.program.nodes)
        self.powers: dict[int, PowerGate] = {}
        self.power_kind = power_kind(activation, is_paired=is_paired) or "half"
        self.degrees = sorted({sum(node.powers) for node in layout.program.nodes if node.kind == "power"})

    def run_with_powers(self) -> Candidate:
        """Tries products in one layer with more and more scales, until the tolerances are met."""
        best: Candidate | None = None
        for scales in range(1, MAX_POWER_SCALES + 1):
            exponents = self.set_powers(scales)
            found = self.run()
            if self.degrees:
                found = self.refined(found, scales, exponents)
            is_wanted = found.ratio <= 1.0 if self.has_tolerance else math.isfinite(found.ratio)
            if is_wanted or not self.degrees:
                return found
            if best is None or found.ratio < best.ratio:
                best = found
        assert best is not None
        return best

    def set_powers(self, scales: int) -> dict[int, float]:
        """Takes for every number of factors the gate that is best for one product; returns the scales' exponents."""
        arguments = self.dtype.name, scales, self.power_kind
        exponents = {b: best_power_exponent(self.activation, b, *arguments) for b in self.degrees}
        self.powers = {b: power_gate_at(self.activation, b, k, *arguments) for b, k in exponents.items()}
        return exponents

    def refined(self, best: Candidate, scales: int, exponents: dict[int, float]) -> Candidate:
        """Walks downhill over the scales of the products."""
        for b in self.degrees:
            for step in (0.25, -0.25):
                k = exponents[b] + step
                while (candidate := self.with_power(best, b, k, scales)).ratio < best.ratio:
                    best, exponents[b], k = candidate, k, k + step
        return best

    def with_power(self, candidate: Candidate, b: int, exponent: float, scales: int) -> Candidate:
        """Exchanges the gate of products of b factors; the same candidate if there is no such gate."""
        try:
            gate = power_gate_at(self.activation, b, exponent, self.dtype.name, scales, self.power_kind)
        except ValueError:
            return candidate
        self.powers = {**candidate.choice.powers, b: gate}
        return self.evaluate(candidate.choice.gates, candidate.choice.of_node)

    def run(self) -> Candidate:
        if not self.has_squares:
            return self.evaluate(())
        if self.activation == "relu":
            return self.best_sawtooth()
        best: Candidate | None = None
        for kind in gate_kinds(self.activation):
            if (self.is_strict and kind[0] == "half") or (self.is_paired and kind[0] not in {"pair", "exact"}):
                continue  # an odd part is taken away by a skip
            found = self.best_of_kind(kind)
            if found.ratio <= 1.0 and best is not None:
                return self.mixed(best, found)
            if found.ratio <= 1.0 or not self.has_tolerance:
                return found
            if best is None or found.ratio < best.ratio:
                best = found
        assert best is not None
        return best

    def best_sawtooth(self) -> Candidate:
        """Gives every square the teeth that its effect on the outputs asks for, as few as needed in all."""
        most = most_teeth(self.dtype)
        best = self.evaluate((sawtooth_gate(most),))
        if best.ratio > 1.0 or not self.has_tolerance:
            return best
        effects = np.log2(np.maximum(self._sensitivities(), 1e-300)) / 2
        low, high = -1.0, float(effects.max(initial=0.0)) + most + 1  # 4^-(teeth + 1) times the effect is 4^-level
        gates = tuple(sawtooth_gate(teeth) for teeth in range(most + 1))
        while high - low > 0.125:
            level = (low + high) / 2
            teeth = np.clip(np.ceil(effects + level - 1), 0, most).astype(np.int64)
            candidate = self.evaluate(gates, teeth)
            if candidate.ratio <= 1.0:
                best, high = candidate, level
            else:
                low = level
        return best

    def best_of_kind(self, kind: tuple[str, int]) -> Candidate:
        """Walks downhill over the scale; truncation grows with it, rounding shrinks. Then tries the other gains."""
        start = best_exponent(self.activation, kind, self.dtype.name)
        best = self.uniform(kind, start, "minimax")
        if kind[0] == "exact":
            return best
        exponent = start
        for step in (1.0, -1.0, 0.25, -0.25) if self.is_small else (1.0, -1.0):
            k = exponent + step
            while (candidate := self.uniform(kind, k, "minimax")).ratio < best.ratio:
                best, exponent, k = candidate, k, k + step
        others = [self.uniform(kind, exponent, gain) for gain in _GAINS[kind[1]][1:]]
        return min([best, *others], key=lambda candidate: candidate.ratio)

    def uniform(self, kind: tuple[str, int], exponent: float, gain: str) -> Candidate:
        """The same gate at every node."""
        gate = _gate(self.activation, exponent, self.dtype.name, kind, gain)
        if gate is None or not _LOWEST < exponent <= _HIGHEST:
            return Candidate(Assembly(), GateChoice(self.activation, (), np.zeros(0, dtype=np.int64)), math.inf)
        return self.evaluate((gate,))

    def mixed(self, cheap: Candidate, exact: Candidate) -> Candidate:
        """Gives the exact gate only to the nodes that matter most to an output, as few as needed."""
        if len(cheap.choice.gates) != 1 or not math.isfinite(cheap.ratio):
            return exact
        gates = cheap.choice.gates + exact.choice.gates
        order = np.argsort(-self._sensitivities(), kind="stable")
        run = self.layout.lattice.n_sites if self.layout.lattice else 1  # a channel has one gate at all sites
        low, high, best = 0, len(order) // run, exact  # `high` upgrades are enough, `low` are not
        while high - low > 1:
            middle = (low + high) // 2
            of_node = np.zeros(len(order), dtype=np.int64)
            of_node[order[: middle * run]] = 1
            candidate = self.evaluate(gates, of_node)
            if candidate.ratio <= 1.0:
                high, best = middle, candidate
            else:
                low = middle
        return best

    def _sensitivities(self) -> np.ndarray:
        """What an error of each node counts, relative to the tolerances; the same at all sites of a channel."""
        effects = node_sensitivities(self.layout, 1.0 / self.tolerances)
        if self.layout.lattice is None:
            return effects
        n_sites = self.layout.lattice.n_sites
        return np.repeat(effects.reshape(-1, n_sites).max(axis=1), n_sites)

    def evaluate(self, gates: tuple[SquareGate, ...], of_node: np.ndarray | None = None) -> Candidate:
        """Assembles and certifies one choice."""
        if of_node is None:
            of_node = np.zeros(len(self.layout.program.nodes), dtype=np.int64)
        choice = GateChoice(self.activation, gates, of_node, self.powers)
        assembly = assemble(self.layout, choice, self.dtype, self.joint, is_strict=self.is_strict)
        ratio = float((assembly.bounds.errors / self.tolerances).max())
        return Candidate(assembly, choice, ratio)
