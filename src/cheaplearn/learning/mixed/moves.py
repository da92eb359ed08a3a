"""Chains of real and discrete variables: each kind is moved given the other."""

from __future__ import annotations

import math

import numpy as np

from ...hamiltonian import Hamiltonian
from ...hamiltonian.sampling.gaussian import Gaussian
from ...hamiltonian.sampling.step_sizes import StepSizes
from ...hamiltonian.sampling.trajectories import Trajectories
from ...hamiltonian.slopes import Slopes
from ...hamiltonian.walls import Walls
from .columns import Columns
from .gaussians import ConditionalGaussians

__all__ = ["MixedMoves"]

PATH = math.pi / 2  # of Hamiltonian Monte Carlo, in units of the deviations
PATHS, SIZES = (0.5, 1.5), (0.8, 1.0)  # drawn between these times PATH and the step size learned
MOST_STEPS = 64
SETTLING = 50  # moves
FARTHEST = 1e8  # in units of t: chains beyond have run away


class _RealSlopes:
    """H and its slope over the real variables, the discrete ones of each chain held as they are."""

    def __init__(self, slopes: Slopes, values: np.ndarray, real: np.ndarray) -> None:
        self._slopes, self._values, self._real = slopes, values, real

    def values_and_gradients(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = self._values.copy()
        points[:, self._real] = X
        value, gradient = self._slopes.values_and_gradients(points)
        return value, gradient[:, self._real]


class MixedMoves:
    """Chains that alternate between the real variables (exact Gaussians, or a path of HMC) and Gibbs sweeps.

    Args:
        hamiltonian: H, one class.
        columns: Its variables.
        gaussians: Where H is quadratic in the real variables, their distributions given the others; else None.
        chains: How many.
        rng: Source of all randomness.

    Attributes:
        values: Raw columns of all chains, shape (chains, columns).
        acceptance: Mean acceptance of the paths since the last `learn`.

    Guarantee:
        Every move leaves exp(-H) invariant, up to rounding, once learning has ended.
    """

    def __init__(
        self,
        hamiltonian: Hamiltonian,
        columns: Columns,
        gaussians: ConditionalGaussians | None,
        chains: int,
        rng: np.random.Generator,
    ) -> None:
        self.columns, self.gaussians, self._rng = columns, gaussians, rng
        self.variables, self._slopes = hamiltonian.variables, Slopes.of_hamiltonian(hamiltonian)
        self.values = np.empty((chains, len(columns)))
        for site in columns.discrete_sites:
            levels = columns.levels(site)
            self.values[:, columns.of_site[site]] = levels[rng.integers(len(levels), size=chains)]
        center, scale = self.variables.center[columns.real], self.variables.scale[columns.real]
        self.values[:, columns.real] = center + 2 * scale * rng.normal(size=(chains, len(columns.real)))
        ends = np.full(len(scale), np.inf)
        self._unit = Gaussian(center, np.array(scale), Walls(-ends, ends))
        self._size = PATH
        self._direction = np.zeros(len(columns))
        self._taken: list[float] = []

    @property
    def steps(self) -> int:
        """Evaluations of H in a move."""
        path = 1 if self.gaussians is not None else 1 + min(math.ceil(PATH / self._size), MOST_STEPS)
        return path + len(self.columns.discrete_sites)

    @property
    def acceptance(self) -> float:
        """Mean acceptance of the paths; 1 for exact Gaussians."""
        return float(np.mean(self._taken)) if self._taken else 1.0

    def watch(self, direction: np.ndarray) -> None:
        """Sets the linear observable that `advance` reports, of raw values, shape (columns,)."""
        self._direction = direction

    def learn(self, windows: tuple[int, ...]) -> None:
        """Learns units and step size in windows of moves; nothing to learn for Gaussians.

        Raises:
            FloatingPointError: If chains run away.
        """
        if self.gaussians is not None:
            return
        self._settle()
        for window in windows:
            sizes, seen = StepSizes(np.array([self._size])), []
            for k in range(window):
                self._size = min(float(sizes.now[0]), PATH)
                sizes.learn(np.array([self._move_reals()]))
                self._sweep()
                if k >= window // 2:
                    seen.append(self.values[:, self.columns.real])
            self._size = min(float(sizes.settled[0]), PATH)
            if window is not windows[-1]:
                self._unit = Gaussian.of_points(np.concatenate(seen), self._unit.walls)
        self._taken = []

    def _settle(self) -> None:
        """Lets every chain find its own step size: those that start far out, where H is steep, need small ones."""
        forces = self._trajectories().forces
        sizes = StepSizes(np.minimum(0.5, 1 / np.sqrt(1 + forces)))
        for _ in range(SETTLING):
            chains = self._trajectories()
            size = np.minimum(sizes.now * self._rng.uniform(*SIZES), PATH)
            sizes.learn(chains.move(int(self._rng.integers(1, 9)), size, 1.0, self._rng))
            self._keep(chains)
            self._sweep()
        self._size = float(np.exp(np.log(np.minimum(sizes.settled, PATH)).mean()))

    def advance(self, moves: int) -> np.ndarray:
        """Moves on; returns H (nats) and the watched observable after each move, shape (2, chains, moves)."""
        trace = np.empty((2, len(self.values), moves))
        for k in range(moves):
            self._taken.append(self._move_reals())
            self._sweep()
            trace[0, :, k] = self._slopes.values_and_gradients(self.values)[0]
            trace[1, :, k] = self.values @ self._direction
        return trace

    def _move_reals(self) -> float:
        """Draws the real variables given the others; returns the mean acceptance."""
        if self.gaussians is not None:
            self.values[:, self.columns.real] = self.gaussians.draw_reals(self.values, self._rng)
            return 1.0
        chains = self._trajectories()
        path, share = PATH * self._rng.uniform(*PATHS), self._rng.uniform(*SIZES)
        steps = min(math.ceil(path / (share * self._size)), MOST_STEPS)
        chance = chains.move(steps, min(share * self._size, path / steps), 1.0, self._rng)
        self._keep(chains)
        return float(chance.mean())

    def _trajectories(self) -> Trajectories:
        """Prepares paths of the real variables, the others held as they are now."""
        real = self.columns.real
        slopes = _RealSlopes(self._slopes, self.values, real)
        return Trajectories(slopes, self._unit, self._unit.white(self.values[:, real]))  # type: ignore[arg-type]

    def _keep(self, chains: Trajectories) -> None:
        self.values[:, self.columns.real] = chains.X
        if not np.all(np.abs(self.variables.scaled(self.values)) < FARTHEST):
            message = "Chains ran away: numerical failure. Probably no density exp(-H) exists; see normalizability_."
            raise FloatingPointError(message)

    def _sweep(self) -> None:
        """Draws each discrete site given all others; H is linear in its columns, so their slopes are the fields."""
        for site in self.columns.discrete_sites:
            columns, levels = self.columns.of_site[site], self.columns.levels(site)
            fields = self._slopes.values_and_gradients(self.values)[1][:, columns]
            noise = self._rng.gumbel(size=(len(fields), len(levels)))  # the largest is a draw from exp(-E)
            self.values[:, columns] = levels[np.argmax(noise - fields @ levels.T, axis=1)]
