"""ln Z of one real variable by quadrature."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.polynomial import polynomial as power_series
from numpy.polynomial.legendre import leggauss
from scipy.optimize import brentq

from ..._messages import must_be

__all__ = ["quadrature_log_partition"]

NODES = 40  # of each panel
MOST_PANELS = 1 << 14  # between two turning points
CLOSE = 1e-13  # relative change at which doubling the panels ends
DEEP = 745.0  # nats above the minimum: exp(-745) is the least float


def quadrature_log_partition(coefficients: np.ndarray, low: float, high: float, owner: str) -> tuple[float, float]:
    """Integrates exp(-H) of one variable.

    Args:
        coefficients: Of the powers 0, 1, ... of H, nats.
        low: Wall, or minus infinity.
        high: Wall above it, or infinity.
        owner: The function that was called, for the message.

    Returns:
        ln of the integral; a bound of its error in practice: the last change on doubling the panels, and rounding.

    Raises:
        ValueError: If H does not rise toward an end without wall.

    Guarantee:
        The panels end at all turning points of H and at the walls and are doubled until the integral stays; nodes lie
        wherever exp(-H) is above 1e-323 of its maximum.
    Cost: microseconds to milliseconds.

    Example:
        >>> value, error = quadrature_log_partition(np.array([0, 0, 0.5]), -math.inf, math.inf, "example")
        >>> round(2 * value, 12) == round(math.log(2 * math.pi), 12)
        True
    """
    H = np.trim_zeros(np.asarray(coefficients, np.float64), "b")
    for end, sign in ((low, -1), (high, 1)):
        if math.isinf(end) and (len(H) < 2 or H[-1] * sign ** (len(H) - 1) < 0):
            advice = "No density exp(-H) exists: pass `bounds`, or fit with a guarantee that it exists."
            raise ValueError(must_be("hamiltonian", owner, "bounded below", f"H falling or level to {end}", advice))
    turns = _turning_points(H, low, high)
    lowest = float(power_series.polyval(turns, H).min())
    edges = np.unique(np.clip(np.concatenate([[_end(H, turns[0], -1, low, lowest)], turns]), low, high))
    edges = np.unique(np.append(edges, _end(H, turns[-1], 1, high, lowest)))
    x, w = leggauss(NODES)
    before, panels = math.nan, 1
    while True:
        cuts = np.unique(np.concatenate([np.linspace(a, b, panels + 1) for a, b in itertools.pairwise(edges)]))
        half = np.diff(cuts)[:, None] / 2
        now = float((half * w * np.exp(lowest - power_series.polyval(cuts[:-1, None] + half * (1 + x), H))).sum())
        change = abs(now - before) / now
        if change < CLOSE or panels >= MOST_PANELS:
            return math.log(now) - lowest, change + 1e-15 * (1 + abs(lowest))
        before, panels = now, 2 * panels


def _turning_points(H: np.ndarray, low: float, high: float) -> np.ndarray:
    """Returns where H may turn within the walls, and the walls, in ascending order."""
    roots = power_series.polyroots(power_series.polyder(H)) if len(H) > 2 else np.zeros(0)
    real = roots.real[np.abs(roots.imag) <= 1e-6 * (1 + np.abs(roots))]
    inside = real[(real > low) & (real < high)]
    walls = [end for end in (low, high) if math.isfinite(end)]
    return np.sort(np.concatenate([inside, walls]))


def _end(H: np.ndarray, turn: float, sign: int, wall: float, lowest: float) -> float:
    """Returns the wall, or where H is 745 nats above its minimum, beyond the last turning point."""
    if math.isfinite(wall):
        return wall

    def excess(step: float) -> float:
        return float(power_series.polyval(turn + sign * step, H)) - lowest - DEEP

    step = 1e-6 * (1 + abs(turn))
    if excess(0.0) >= 0:
        return turn
    while excess(step) < 0:
        step *= 2
    return turn + sign * float(brentq(excess, 0.0, step))
