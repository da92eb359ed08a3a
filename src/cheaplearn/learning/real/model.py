"""A fitted density of real variables: energies, ln Z and samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._messages import must_be
from ...hamiltonian import Hamiltonian
from ...hamiltonian.normalizable import Normalizability
from .basis import ProductBasis
from .bounds import Bounds
from .scores import hyvarinen_losses
from .walls import Walls

if TYPE_CHECKING:
    from ...hamiltonian.partition import LogPartition
    from ...hamiltonian.sampling import RealSamples as Drawn

__all__ = ["RealModel"]


@dataclass(eq=False)
class RealModel:
    """What can be asked of a density of real variables.

    Args:
        hamiltonian: H, one column.
        walls: Where the variables end.
        existence: Whether exp(-H) can be normalised.
        seed: Of annealing.
    """

    hamiltonian: Hamiltonian
    walls: Walls
    existence: Normalizability
    seed: Any
    sums: LogPartition | None = field(default=None)

    def energy(self, X: np.ndarray) -> np.ndarray:
        """Returns H of samples, nats; infinite beyond a wall."""
        return np.where(self.walls.inside(X), self.hamiltonian(X)[:, 0], np.inf)

    def hyvarinen_score(self, X: np.ndarray) -> np.ndarray:
        """Returns the Hyvarinen loss of samples in raw units, 1 / x^2: comparable whatever a model's own units are."""
        H = self.hamiltonian
        scale = H.variables.scale
        unit = np.full_like(scale, np.exp(np.mean(np.log(scale))))  # one length for all variables
        factors = [np.prod(unit[block] / scale[block], axis=1) for block in H.monomials.sites]
        theta = H.coefficients * np.concatenate(factors)[:, None]
        t = (X - H.variables.center) / unit
        bounds = None if self.walls.open else Bounds.scaled(self.walls.low, self.walls.high, H.variables.center, unit)
        basis = ProductBasis(H.monomials, hermite=False)
        return hyvarinen_losses(t, basis, theta, bounds=bounds)[:, 0] / unit[0] ** 2

    def partition(self) -> LogPartition:
        """Returns ln Z, computed on first use."""
        return self.sums or self.estimate_partition()

    def estimate_partition(self, **options: Any) -> LogPartition:
        """Computes ln Z anew and keeps it."""
        from ...hamiltonian.partition import real_log_partition

        self._check("log_partition_")
        self.sums = real_log_partition(self.hamiltonian, self.seed, bounds=self._bounds, **options)
        return self.sums

    def sample(self, n: int, method: str, random_state: Any, **options: Any) -> Drawn:
        """Draws samples."""
        from ...hamiltonian.sampling import sample_real

        self._check("sample")
        return sample_real(self.hamiltonian, n, random_state, method=method, bounds=self._bounds, **options)

    def values(self, drawn: Drawn) -> np.ndarray:
        """Returns what was drawn as raw values."""
        return drawn.values

    @property
    def _bounds(self) -> Any:
        if self.walls.open:
            return None
        return list(zip(self.walls.low.tolist(), self.walls.high.tolist(), strict=True))

    def _check(self, asked: str) -> None:
        """Refuses what needs a density that does not exist."""
        if self.existence.verdict == "no":
            advice = 'Fit with normalizable="guarantee", or another order.'
            requirement = "asked of a density that exists"
            raise ValueError(must_be(asked, "HamiltonianDensity", requirement, self.existence.proof, advice))
