"""A fitted density of real variables: energies, ln Z and samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._messages import must_be
from ...hamiltonian import Hamiltonian
from ...hamiltonian.normalizable import Normalizability
from ...hamiltonian.walls import Walls
from .basis import ProductBasis
from .bounds import Bounds
from .scores import hyvarinen_losses

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
        covariance: Of the couplings of raw monomials, shape (terms, terms), nats^2; None if it is not known.
    """

    hamiltonian: Hamiltonian
    walls: Walls
    existence: Normalizability
    seed: Any
    covariance: np.ndarray | None = None
    sums: LogPartition | None = field(default=None)

    def energy(self, X: np.ndarray) -> np.ndarray:
        """Returns H of samples, nats; infinite beyond a wall."""
        return np.where(self.walls.contain(X), self.hamiltonian(X)[:, 0], np.inf)

    def hyvarinen_score(self, X: np.ndarray, units: np.ndarray | None = None) -> np.ndarray:
        """Returns the Hyvarinen loss of samples, comparable whatever a model's own units are.

        Args:
            X: Samples, shape (samples, n).
            units: Length of one unit of each variable, shape (n,); None for raw units.
        """
        H = self.hamiltonian
        scale = H.variables.scale
        if units is None:  # sums are formed in one length for all variables, which keeps them of order 1
            common = float(np.exp(np.mean(np.log(scale))))
            return self.hyvarinen_score(X, np.full(len(scale), common)) / common**2
        factors = [np.prod(units[block] / scale[block], axis=1) for block in H.monomials.sites]
        theta = H.coefficients * np.concatenate(factors)[:, None]
        t = (X - H.variables.center) / units
        bounds = None
        if self.walls.any:
            bounds = Bounds.scaled(self.walls.low, self.walls.high, H.variables.center, units)
        return hyvarinen_losses(t, ProductBasis(H.monomials, hermite=False), theta, bounds=bounds)[:, 0]

    def partition(self) -> LogPartition:
        """Returns ln Z, computed on first use."""
        return self.sums or self.estimate_partition()

    def estimate_partition(self, **options: Any) -> LogPartition:
        """Computes ln Z anew and keeps it."""
        from ...hamiltonian.partition import real_log_partition

        self._check("log_partition_")
        self.sums = real_log_partition(self.hamiltonian, self.seed, **self._known, **options)
        return self.sums

    def sample(self, n: int, method: str, random_state: Any, **options: Any) -> Drawn:
        """Draws samples."""
        from ...hamiltonian.sampling import sample_real

        self._check("sample")
        return sample_real(self.hamiltonian, n, random_state, method=method, **self._known, **options)

    def values(self, drawn: Drawn) -> np.ndarray:
        """Returns what was drawn as raw values."""
        return drawn.values

    @property
    def _known(self) -> dict[str, Any]:
        """What samplers need not find out: walls and existence."""
        ends = zip(self.walls.low.tolist(), self.walls.high.tolist(), strict=True)
        return {"bounds": list(ends) if self.walls.any else None, "existence": self.existence}

    def _check(self, asked: str) -> None:
        """Refuses what needs a density that does not exist."""
        if self.existence.verdict == "no":
            advice = 'Fit with normalizable="guarantee", or another order.'
            requirement = "asked of a density that exists"
            raise ValueError(must_be(asked, "HamiltonianDensity", requirement, self.existence.proof, advice))
