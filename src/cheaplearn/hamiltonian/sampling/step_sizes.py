"""Step sizes of leapfrog paths, learned from how often their ends are accepted."""

from __future__ import annotations

import numpy as np

__all__ = ["TARGET", "StepSizes"]

TARGET = 0.8  # acceptance; anything from 0.6 to 0.9 costs about the same per independent sample
GAIN, STABILITY, FORGETTING = 0.05, 10.0, 0.75  # as in Hoffman & Gelman


class StepSizes:
    """Dual averaging of the logarithms of several step sizes, each with its own acceptance.

    Args:
        first: First guesses, shape (sizes,).
        target: Acceptance to be reached.

    Attributes:
        now: Sizes to be tried next, shape (sizes,).

    Source: Nesterov (2009); Hoffman & Gelman (2014), the No-U-Turn sampler, section 3.2.
    """

    def __init__(self, first: np.ndarray, target: float = TARGET) -> None:
        self.now = np.array(first, dtype=np.float64)
        self._target, self._round = target, 0
        self._center = np.log(10 * self.now)
        self._shortfall, self._mean = np.zeros((2, len(self.now)))

    @property
    def settled(self) -> np.ndarray:
        """The averages, to be kept once learning ends, shape (sizes,)."""
        return np.exp(self._mean) if self._round else self.now

    def learn(self, acceptance: np.ndarray) -> None:
        """Takes in how often paths with `now` were accepted.

        Args:
            acceptance: Shape (sizes,).
        """
        self._round += 1
        share = 1 / (self._round + STABILITY)
        self._shortfall += share * (self._target - acceptance - self._shortfall)
        logs = self._center - np.sqrt(self._round) / GAIN * self._shortfall
        weight = self._round**-FORGETTING
        self._mean += weight * (logs - self._mean)
        self.now = np.exp(logs)
