"""How uncertain the predictions of a regression are: what must be kept besides its Hamiltonian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from ...hamiltonian import Hamiltonian
from .design import Design

__all__ = ["Spread"]


@dataclass(frozen=True, eq=False)
class Spread:
    """Noise and uncertain couplings of each output.

    Args:
        noise: Standard deviation of the noise in the units of y, shape (outputs,); NaN where it is not known.
        factors: F for each output: the covariance of the coefficients of the constant and of all terms (or orbits), for
            y in any unit, is F F^T times the squared noise in that unit; shapes (columns, any).
        freedom: Weight of the rows less the numbers fitted, shape (outputs,).
    """

    noise: np.ndarray
    factors: tuple[np.ndarray, ...]
    freedom: np.ndarray

    def deviations(self, hamiltonian: Hamiltonian, X: np.ndarray) -> np.ndarray:
        """Standard deviation of a new y at points.

        Args:
            hamiltonian: Of the regression.
            X: Raw points, shape (samples, n).

        Returns:
            Shape (samples, outputs), in the units of y.
        """
        design, t = Design(hamiltonian.monomials, hamiltonian.orbits), hamiltonian.variables.scaled(X)
        found = np.empty((len(t), len(self.factors)))
        size = design.rows_at_once
        for first in range(0, len(t), size):
            values = design.values(t[first : first + size])
            for k, F in enumerate(self.factors):
                found[first : first + size, k] = np.sum((values @ F) ** 2, axis=1)
        return self.noise * np.sqrt(1 + found)

    def reach(self, hamiltonian: Hamiltonian, X: np.ndarray, level: float) -> np.ndarray:
        """Half the length of the intervals that contain a new y with probability `level`, shape (samples, outputs)."""
        return self.deviations(hamiltonian, X) * student.ppf((1 + level) / 2, np.maximum(self.freedom, 1e-9))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Returns what must be saved, plain arrays by name."""
        factors = {f"spread_factor_{k}": factor for k, factor in enumerate(self.factors)}
        return {"spread_noise": self.noise, "spread_freedom": self.freedom, **factors}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Spread:
        """Returns the spread that `to_arrays` took apart (a loaded `.npz` with more in it will do)."""
        noise = np.asarray(arrays["spread_noise"])
        factors = tuple(np.asarray(arrays[f"spread_factor_{k}"]) for k in range(len(noise)))
        return cls(noise, factors, np.asarray(arrays["spread_freedom"]))
