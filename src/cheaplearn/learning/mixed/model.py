"""A fitted density of real and discrete variables: energies, ln Z and samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._messages import must_be
from ...hamiltonian import Hamiltonian
from ...hamiltonian.normalizable import Normalizability
from ...hamiltonian.partition import LogPartition
from .columns import Columns
from .gaussians import MAX_STATES, ConditionalGaussians
from .polynomials import ConditionalPolynomials

if TYPE_CHECKING:
    from ...hamiltonian.sampling import RealSamples as Drawn

__all__ = ["MixedModel"]

OWNER = "HamiltonianDensity"


@dataclass(eq=False)
class MixedModel:
    """What can be asked of a density of real and discrete variables.

    Args:
        hamiltonian: H, one column.
        columns: Its variables.
        existence: Whether exp(-H) can be normalised.
    """

    hamiltonian: Hamiltonian
    columns: Columns
    existence: Normalizability
    sums: LogPartition | None = field(default=None)

    def energy(self, X: np.ndarray) -> np.ndarray:
        """Returns H of samples, nats."""
        return self.hamiltonian(self.columns.encode(X))[:, 0]

    def partition(self) -> LogPartition:
        """Returns ln Z, computed on first use."""
        return self.sums or self.estimate_partition()

    def estimate_partition(self, **options: Any) -> LogPartition:
        """Sums the Gaussian integrals of all states and keeps the result.

        Args:
            **options: None yet.

        Returns:
            The exact ln Z.

        Raises:
            ValueError: If H is of higher degree in the real variables, or there are more than 2^16 states.
        """
        self._check("log_partition_")
        if options:
            requirement = "without options: ln Z of variables of several kinds is exact or not known"
            raise ValueError(must_be("estimate_partition", OWNER, requirement, ", ".join(options)))
        if self._gaussians is None or self._gaussians.n_states > MAX_STATES:
            requirement = (
                f"asked where H is at most quadratic in the real variables and the discrete ones have at most "
                f"{MAX_STATES:,} states"
            )
            got = f"degree {self._polynomials.degree}"
            if self._gaussians is not None:
                got = f"{self._gaussians.n_states:,} states"
            advice = "`energy` gives differences of ln p without it, and `sample` needs none."
            raise ValueError(must_be("log_partition_", OWNER, requirement, got, advice))
        value = self._gaussians.log_partition()
        self.sums = LogPartition(value, value, value, "enumeration", verified=True)
        return self.sums

    def sample(self, n: int, method: str, random_state: Any, **options: Any) -> Drawn:
        """Draws samples of all columns."""
        from .drawing import draw_mixed  # Numba loads here

        self._check("sample")
        return draw_mixed(self.hamiltonian, self.columns, self._gaussians, n, method, random_state, **options)

    def values(self, drawn: Any) -> np.ndarray:
        """Returns what was drawn as raw values of the sites."""
        return self.columns.decode(drawn.values)

    @cached_property
    def _polynomials(self) -> ConditionalPolynomials:
        return ConditionalPolynomials(self.hamiltonian, self.columns)

    @cached_property
    def _gaussians(self) -> ConditionalGaussians | None:
        """The Gaussians of all states, or None where H is of higher degree."""
        if self._polynomials.degree > 2:
            return None
        return ConditionalGaussians(self._polynomials, self.hamiltonian.variables, self.columns)

    def _check(self, asked: str) -> None:
        """Refuses what needs a density that does not exist."""
        if self.existence.verdict == "no":
            requirement = "asked of a density that exists"
            advice = "Fit more samples, or another order or other terms."
            raise ValueError(must_be(asked, OWNER, requirement, self.existence.proof.rstrip("."), advice))
