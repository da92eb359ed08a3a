"""Choice of the gate: amplitude, gain and layout with the smallest certified error."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from .assembly import Assembly, Layout, assemble
from .certification import RANGE_MARGIN, Bounds, certify
from .gates import GAINS, MAX_AMPLITUDE, square_gate
from .program import Program

__all__ = ["Candidate", "best_candidate", "quick_candidate"]

# Tried in order of cost: the next one only if the one before misses the tolerances.
_LAYOUTS = (Layout(), Layout(balanced=True), Layout(balanced=True, group=16))
_OCTAVES = {"float32": 10, "float64": 24}  # amplitudes 2^0 ... 2^-octaves bracket every optimum of the dtype
_START = {"float32": 4, "float64": 14}  # octave of a single product
_REFINEMENTS = 6
_REFINING_GAINS = 1.5  # refining an octave never gained more; a layout further from the tolerance is not refined


@dataclass(frozen=True)
class Candidate:
    """A network in exact numbers with its proven bounds.

    Args:
        assembly: The network.
        bounds: What is proven about it.
        amplitude: Scale of the pre-activations.
        gain: How the gain of the squares was chosen, None without squares.
        layout: How the affine maps are laid out.
        ratio: Largest bound relative to the tolerance of its output; at most 1 if it meets them all.
    """

    assembly: Assembly
    bounds: Bounds
    amplitude: float
    gain: str | None
    layout: Layout
    ratio: float


def best_candidate(
    program: Program, activation: str, dtype: np.dtype, tolerances: np.ndarray, *, stop_early: bool = True
) -> Candidate:
    """Finds the layout of least cost that meets the tolerances, with the smallest certified error in that layout.

    Args:
        program: The function as squares.
        activation: Name of the activation.
        dtype: float32 or float64.
        tolerances: Positive, one per output.
        stop_early: Whether to stop at the first layout that meets them; otherwise they only weigh the outputs.

    Returns:
        The best candidate of the first layout that meets the tolerances, else the best of all. Its `ratio` tells
        whether the tolerances are met.
    """
    with threadpool_limits(limits=1):  # the matrices are small: threads would only wait for each other
        return _best(_Search(program, activation, dtype, tolerances), stop_early)


def _best(search: _Search, stop_early: bool) -> Candidate:
    program = search.program
    if not program.squares:
        return search.evaluate(None, 1.0, _LAYOUTS[0])
    longest = max(len(output) for output in program.outputs)
    best, is_refined, start = None, False, _START[search.dtype.name]
    for layout in _LAYOUTS:
        if layout.group and layout.group >= longest:
            continue
        found = search.descend(layout, start)
        start = round(-math.log2(found.amplitude))
        hopeful = stop_early and found.ratio <= _REFINING_GAINS
        if hopeful:
            found = search.refined(found)
            if found.ratio <= 1.0:
                return found
        if best is None or found.ratio < best.ratio:
            best, is_refined = found, hopeful
    assert best is not None
    return best if is_refined else search.refined(best)


def quick_candidate(program: Program, activation: str, dtype: np.dtype, tolerances: np.ndarray) -> Candidate:
    """Certifies one ordinary choice without any search: a cheap, valid, not quite smallest bound.

    Args:
        program: The function as squares.
        activation: Name of the activation.
        dtype: float32 or float64.
        tolerances: Positive, one per output.

    Returns:
        The candidate of the plain layout at the amplitude of a single product.
    """
    with threadpool_limits(limits=1):
        search = _Search(program, activation, dtype, tolerances)
        return search.evaluate(GAINS[0] if program.squares else None, 2.0 ** -_START[dtype.name], _LAYOUTS[0])


def _ratio(candidate: Candidate) -> float:
    return candidate.ratio


@dataclass(frozen=True)
class _Search:
    program: Program
    activation: str
    dtype: np.dtype
    tolerances: np.ndarray

    def descend(self, layout: Layout, start: int) -> Candidate:
        """Walks downhill over octaves of the amplitude; truncation grows with it, rounding shrinks."""
        octaves = range(_OCTAVES[self.dtype.name] + 1)
        start = min(max(start, 0), octaves[-1])
        best = self.evaluate(GAINS[0], 2.0**-start, layout)
        if not math.isfinite(best.ratio):
            return min((self.evaluate(GAINS[0], 2.0**-k, layout) for k in octaves), key=_ratio)
        for step in (1, -1):
            k = start + step
            while k in octaves and (candidate := self.evaluate(GAINS[0], 2.0**-k, layout)).ratio < best.ratio:
                best, k = candidate, k + step
        return best

    def refined(self, best: Candidate) -> Candidate:
        """Picks the gain, then takes golden-section steps within an octave of the amplitude on either side."""
        if not math.isfinite(best.ratio) or self.activation == "square":
            return best
        best = min([best, *(self.evaluate(gain, best.amplitude, best.layout) for gain in GAINS[1:])], key=_ratio)
        return min([best, *self._golden(best.gain, math.log2(best.amplitude), best.layout)], key=_ratio)

    def _golden(self, gain: str | None, exponent: float, layout: Layout) -> Iterator[Candidate]:
        low, high = exponent - 1.0, min(exponent + 1.0, math.log2(MAX_AMPLITUDE / (1 + RANGE_MARGIN)))
        golden = (math.sqrt(5.0) - 1.0) / 2.0
        left, right = high - golden * (high - low), low + golden * (high - low)
        tried = {x: self.evaluate(gain, 2.0**x, layout) for x in (left, right)}
        yield from tried.values()
        for _ in range(_REFINEMENTS):
            if tried[left].ratio <= tried[right].ratio:
                high, right = right, left
                fresh = left = high - golden * (high - low)
            else:
                low, left = left, right
                fresh = right = low + golden * (high - low)
            tried[fresh] = self.evaluate(gain, 2.0**fresh, layout)
            yield tried[fresh]

    def evaluate(self, gain: str | None, amplitude: float, layout: Layout) -> Candidate:
        """Assembles and certifies one candidate."""
        amplitude = min(amplitude, MAX_AMPLITUDE / (1 + RANGE_MARGIN))
        gate = square_gate(self.activation, amplitude * (1 + RANGE_MARGIN), gain) if gain else None
        try:
            assembly = assemble(self.program, gate, amplitude, self.dtype, layout)
            bounds = certify(self.program, assembly, amplitude)
        except OverflowError as overflow:
            nothing = np.full(len(self.program.outputs), np.inf)
            assembly = Assembly(self.program.n_inputs, [], [], {}, gate, self.dtype)
            bounds = Bounds(nothing, nothing, str(overflow))
        return Candidate(assembly, bounds, amplitude, gain, layout, float((bounds.errors / self.tolerances).max()))
