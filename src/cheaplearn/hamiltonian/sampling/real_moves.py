"""Chains of real variables that learn their units and step sizes, alone or in stacks of replicas."""

from __future__ import annotations

import math

import numpy as np

from ..slopes import Slopes
from .gaussian import Gaussian
from .replicas import Replicas
from .step_sizes import StepSizes
from .trajectories import Trajectories

__all__ = ["RealMoves"]

PATH = math.pi / 2  # in units of the deviations: a Gaussian forgets its start after a quarter of a turn
PATHS = 0.5, 1.5  # drawn between these times PATH, so that no period fits
SIZES = 0.8, 1.0  # drawn between these times the size learned
MOST_STEPS = 128


class RealMoves:
    """Stacks of chains at rising beta between a Gaussian and H; one beta, 1, is plain Hamiltonian Monte Carlo.

    Args:
        slopes: H.
        gaussian: Units, and the distribution at beta 0.
        X: First points, raw, shape (stacks x betas, n).
        betas: Rising to 1.
        rng: Source of all randomness.

    Attributes:
        replicas: Which chain has which beta.
        acceptance: Of the paths at beta 1 during the last `advance`, shape (stacks,).
    """

    def __init__(
        self, slopes: Slopes, gaussian: Gaussian, X: np.ndarray, betas: np.ndarray, rng: np.random.Generator
    ) -> None:
        self.replicas = Replicas(len(X) // len(betas), np.array(betas, np.float64))
        self._chains, self._rng = Trajectories(slopes, gaussian, gaussian.white(X)), rng
        self._sizes = np.full(len(betas), self._first_size())
        self._direction = np.zeros(len(gaussian.mean))
        self.acceptance = np.ones(len(self.replicas.place))

    @property
    def gaussian(self) -> Gaussian:
        """Units of the moves."""
        return self._chains.gaussian

    @property
    def values(self) -> np.ndarray:
        """The raw points at beta 1, shape (stacks, n)."""
        return self.gaussian.raw(self._chains.Z[self.replicas.place[:, -1]])

    @property
    def everywhere(self) -> np.ndarray:
        """The raw points of all replicas, shape (stacks x betas, n)."""
        return self._chains.X

    @property
    def steps(self) -> int:
        """Leapfrog steps of a path of mean length."""
        return min(math.ceil(PATH / self._sizes[-1]), MOST_STEPS)

    def watch(self, direction: np.ndarray) -> None:
        """Sets the linear observable that `advance` reports, of raw x, shape (n,)."""
        self._direction = direction

    def use_units(self, gaussian: Gaussian) -> None:
        """Changes the units; sizes have to be learned again."""
        self._chains = Trajectories(self._chains.slopes, gaussian, gaussian.white(self._chains.X))
        self._sizes[:] = min(1.0, PATH)

    def settle(self, moves: int) -> None:
        """Lets every chain find its own step size: those that start far out, where H is steep, need small ones."""
        sizes = StepSizes(np.minimum(0.5, 1 / np.sqrt(1 + self._chains.forces)))
        for _ in range(moves):
            size = np.minimum(sizes.now * self._rng.uniform(*SIZES), PATH)
            sizes.learn(self._chains.move(int(self._rng.integers(1, 9)), size, self._betas(), self._rng))
        self._sizes[:] = np.exp(np.log(np.minimum(sizes.settled, PATH)).mean())

    def learn(self, moves: int, even_out: bool = False) -> np.ndarray:
        """Moves on and learns one step size for each beta.

        Args:
            moves: How many.
            even_out: Whether to place the betas for equal swap rates at the end.

        Returns:
            Raw points of all replicas during the second half, shape (samples, n).
        """
        sizes, kept = StepSizes(self._sizes), []
        for k in range(moves):
            self._sizes = np.minimum(sizes.now, PATH)
            sizes.learn(self._move())
            if k >= moves // 2:
                kept.append(self._chains.X)
        self._sizes = np.minimum(sizes.settled, PATH)
        if even_out:
            self.replicas.even_out()
        return np.concatenate(kept)

    def advance(self, moves: int) -> np.ndarray:
        """Moves on; returns H (nats) and the watched observable at beta 1 after each move, (2, stacks, moves)."""
        trace = np.empty((2, len(self.replicas.place), moves))
        total = np.zeros(len(self.acceptance))
        for t in range(moves):
            self._move()
            total += self._accepted
            cold = self.replicas.place[:, -1]
            trace[0, :, t] = self._chains.H[cold]
            trace[1, :, t] = self.values @ self._direction
        self.acceptance = total / max(moves, 1)
        return trace

    def _betas(self) -> np.ndarray:
        return self.replicas.betas[self.replicas.levels]

    def _move(self) -> np.ndarray:
        """Moves all chains and swaps replicas; returns the mean acceptance at each beta."""
        path, share = PATH * self._rng.uniform(*PATHS), self._rng.uniform(*SIZES)
        steps = min(math.ceil(path / (share * self._sizes[-1])), MOST_STEPS)
        sizes = np.minimum(share * self._sizes, path / steps)
        levels, place = self.replicas.levels, self.replicas.place
        chance = self._chains.move(steps, sizes[levels], self.replicas.betas[levels], self._rng)[place]
        self._accepted = chance[:, -1]
        if len(self.replicas.betas) > 1:
            self.replicas.swap(self._chains.H - self._chains.A, self._rng)
        return chance.mean(axis=0)

    def _first_size(self) -> float:
        return float(np.clip(1 / np.sqrt(1 + np.median(self._chains.forces)), 1e-6, 1.0))
