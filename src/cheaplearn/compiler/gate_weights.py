r"""Weights of a square from several scales: Taylor (Richardson), minimax, or minimax of the relative error.

``sum_k g_k E(s_k f)`` has m free weights. "taylor" cancels the m lowest powers that are there; the two minimax rules
let the error equioscillate at m + 1 points (Remez). Everything is solved in 400-bit balls, because small scales leave
almost parallel columns; the points come from float64 grids and need not be exact.
"""

from __future__ import annotations

import math

import numpy as np
from flint import arb, arb_mat

from .gate_remainder import ripple_of

__all__ = ["GAINS", "best_weights", "remainder_coefficients"]

GAINS = ("minimax", "middle", "taylor")
_EXCHANGES = 8


def best_weights(columns: list[list[arb]], gain: str, powers: tuple[int, ...]) -> list[arb]:
    """Fits the weights.

    Args:
        columns: For each scale the coefficients of ``t^2, t^4, ...`` in ``E(s_k reach t)``.
        gain: One of GAINS.
        powers: The powers of t^2 that "taylor" matches: 1 and the m - 1 that follow.

    Returns:
        The weights times ``1 / reach^2``: ``sum_k g_k E(s_k reach t) ~= t^2``.
    """
    m = len(columns)
    if gain == "taylor":
        rows = [[column[j - 1] for column in columns] for j in powers[:m]]
        return _solve(rows, [arb(j == 1) for j in powers[:m]])
    points = _first_points(m, gain)
    for _ in range(_EXCHANGES):
        weights, level = _level(columns, points, gain)
        ripple = ripple_of(remainder_coefficients(columns, weights, arb(1)), 0.0)
        error = ripple.quotients if gain == "middle" else ripple.values
        extrema = _extrema(error, m + 1)
        if extrema is None or float(np.abs(error).max()) <= 1.001 * level:
            break
        points = [i / (len(error) - 1) for i in extrema]
    return weights


def remainder_coefficients(columns: list[list[arb]], weights: list[arb], gain: arb) -> list[arb]:
    """Subtracts the square.

    Args:
        columns: As in `best_weights`.
        weights: One for each column.
        gain: What t^2 should be multiplied by.

    Returns:
        Coefficients of ``t^2, t^4, ...`` in ``sum_k g_k E_k(t) - gain t^2``.
    """
    total = [sum((g * c for g, c in zip(weights, row, strict=True)), arb(0)) for row in zip(*columns, strict=True)]
    total[0] -= gain
    return total


def _first_points(m: int, gain: str) -> list[float]:
    """Where a Chebyshev polynomial of the leading order has its extrema, descending in [0, 1]."""
    if gain == "middle":
        return [math.sqrt((1 + math.cos(i * math.pi / m)) / 2) for i in range(m + 1)]
    root = math.cos(math.pi / (2 * (m + 1)))  # stretched so that t = 0 is its last root
    return [math.sqrt((math.cos(i * math.pi / (m + 1)) + root) / (1 + root)) for i in range(m + 1)]


def _level(columns: list[list[arb]], points: list[float], gain: str) -> tuple[list[arb], float]:
    """Solves for equal errors of alternating sign at m + 1 points."""
    rows = []
    for i, point in enumerate(points):
        tau = arb(point) ** 2
        sign = arb((-1) ** i)
        quotients = [_horner(column, tau) for column in columns]
        rows.append([*quotients, sign if gain == "middle" else sign / tau])
    *weights, level = _solve(rows, [arb(1)] * len(points))
    return weights, abs(float(level.mid()))


def _horner(column: list[arb], tau: arb) -> arb:
    value = arb(0)
    for coefficient in reversed(column):
        value = value * tau + coefficient
    return value


def _extrema(error: np.ndarray, count: int) -> list[int] | None:
    """Indices of alternating extrema, descending; None if there are too few."""
    signs = np.sign(error)
    used = np.flatnonzero(signs)
    breaks = np.flatnonzero(np.diff(signs[used])) + 1
    peaks = [int(run[np.argmax(np.abs(error[run]))]) for run in np.split(used, breaks)]
    while len(peaks) > count:
        peaks.pop(0 if abs(error[peaks[0]]) < abs(error[peaks[-1]]) else -1)
    return peaks[::-1] if len(peaks) == count else None


def _solve(rows: list[list[arb]], right: list[arb]) -> list[arb]:
    solution = arb_mat(rows).solve(arb_mat([[value] for value in right]))
    return [arb(solution[i, 0].mid()) for i in range(len(right))]
