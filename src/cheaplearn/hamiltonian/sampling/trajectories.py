"""Hamiltonian Monte Carlo of many chains at once, anywhere between a Gaussian and H."""

from __future__ import annotations

import numpy as np

from ..slopes import Slopes
from .gaussian import Gaussian

__all__ = ["Trajectories"]


class Trajectories:
    r"""Chains in the units z of a Gaussian with energies :math:`E_\beta = (1 - \beta) A + \beta H`, A = |z|^2 / 2.

    Args:
        slopes: H.
        gaussian: The units; its |z|^2 / 2 is A.
        Z: First points, shape (chains, n); copied.

    Attributes:
        Z: The points now, in units of the Gaussian, shape (chains, n).
        H: Their energies, shape (chains,), nats.

    Source: Duane, Kennedy, Pendleton & Roweth (1987); Neal (2011), MCMC using Hamiltonian dynamics.
    """

    def __init__(self, slopes: Slopes, gaussian: Gaussian, Z: np.ndarray) -> None:
        self.slopes, self.gaussian = slopes, gaussian
        self.Z = np.array(Z)
        self.H, self._slope = self._energies(self.Z)

    @property
    def X(self) -> np.ndarray:
        """The points now, raw, shape (chains, n)."""
        return self.gaussian.raw(self.Z)

    @property
    def A(self) -> np.ndarray:
        """Energies of the Gaussian, shape (chains,), nats."""
        return (self.Z**2).sum(axis=1) / 2

    @property
    def forces(self) -> np.ndarray:
        """Length of the gradient of H over z, shape (chains,)."""
        return np.linalg.norm(self._slope, axis=1)

    def move(
        self, steps: int, size: np.ndarray | float, beta: np.ndarray | float, rng: np.random.Generator
    ) -> np.ndarray:
        """Gives each chain a random momentum, follows its path, and accepts the end or stays.

        Args:
            steps: Leapfrog steps.
            size: Of a step: one number, or shape (chains,).
            beta: One number, or shape (chains,).
            rng: Draws momenta and decides.

        Returns:
            The probability with which each end was accepted, shape (chains,); 0 for ends of no finite energy.

        Guarantee:
            Leaves exp(-E_beta) invariant up to rounding, and is its own time reversal.
        """
        size, beta = np.reshape(size, (-1, 1)), np.reshape(beta, (-1, 1))
        P = rng.normal(size=self.Z.shape)
        with np.errstate(all="ignore"):  # a path may run into infinity: its end is refused below
            before = self._total(self.Z, self.H, P, beta)
            Z, H, slope = self.Z.copy(), self.H, self._slope
            P -= size / 2 * ((1 - beta) * Z + beta * slope)
            for step in range(steps):
                Z += size * P
                self.gaussian.white_walls.reflect(Z, P)
                H, slope = self._energies(Z)
                P -= (size if step < steps - 1 else size / 2) * ((1 - beta) * Z + beta * slope)
            after = self._total(Z, H, P, beta)
            chance = np.exp(np.minimum(before - after, 0))
        chance[~np.isfinite(after)] = 0
        taken = rng.random(len(chance)) < chance
        self.Z[taken], self.H[taken], self._slope[taken] = Z[taken], H[taken], slope[taken]
        return chance

    def _energies(self, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, gradient = self.slopes.values_and_gradients(self.gaussian.raw(Z))
        return value, self.gaussian.pulled_back(gradient)

    @staticmethod
    def _total(Z: np.ndarray, H: np.ndarray, P: np.ndarray, beta: np.ndarray) -> np.ndarray:
        b = beta[:, 0]
        return (1 - b) * (Z**2).sum(axis=1) / 2 + b * H + (P**2).sum(axis=1) / 2
