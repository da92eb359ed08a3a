"""At which betas annealing stops: dense near both ends, or where a pilot saw the energies fluctuate."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit

__all__ = ["even_schedule", "pilot_schedule", "sigmoid_schedule"]

STEEPNESS = 4.0  # the sigmoid schedule runs from sigmoid(-4) to sigmoid(4), stretched to 0 .. 1
PILOT_SHARE = 10  # the pilot of the adaptive schedule takes a tenth of the steps
MOVE_SHARE = 0.8  # share of the adaptive schedule that follows the pilot; the rest is the sigmoid


def sigmoid_schedule(steps: int) -> np.ndarray:
    """Returns betas from 0 to 1, dense near both, shape (steps + 1,)."""
    betas = expit(STEEPNESS * np.linspace(-1, 1, steps + 1))
    return (betas - betas[0]) / (betas[-1] - betas[0])


def pilot_schedule(steps: int) -> np.ndarray:
    """Returns the betas of a pilot for a schedule of so many steps."""
    return sigmoid_schedule(max(math.ceil(steps / PILOT_SHARE), 10))


def even_schedule(steps: int, pilot: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    """Places the betas at equal thermodynamic length: density proportional to the deviation of H - A.

    Args:
        steps: How many.
        pilot: Betas of the pilot, from 0 to 1, shape (k + 1,).
        deviations: Standard deviation of H - A at each beta of the pilot but the first, shape (k,), nats.

    Returns:
        Betas from 0 to 1, shape (steps + 1,).
    """
    sigmoid = sigmoid_schedule(steps)
    length = np.concatenate([[0], np.cumsum(deviations * np.diff(pilot))])
    if length[-1] == 0:  # H = A: any schedule will do
        return sigmoid
    share = np.interp(sigmoid, pilot, length) / length[-1]  # of the length up to each beta
    mixed = MOVE_SHARE * share + (1 - MOVE_SHARE) * np.linspace(0, 1, steps + 1)
    betas = np.interp(np.linspace(0, 1, steps + 1), mixed, sigmoid)
    betas[0], betas[-1] = 0.0, 1.0
    return betas
