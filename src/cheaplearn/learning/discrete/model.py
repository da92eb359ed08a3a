"""A fitted density of spins, bits or categories: energies, ln Z and samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...hamiltonian import Alphabet, FactorGraph
from ...hamiltonian.conditional import pseudo_log_likelihood
from ...hamiltonian.partition import exact_sampler
from ...hamiltonian.partition.estimate import estimate_log_partition
from .fitting import DiscreteFit
from .start import smoothed_frequencies

if TYPE_CHECKING:
    from ...hamiltonian.partition import LogPartition
    from ...hamiltonian.sampling import Samples as Drawn

__all__ = ["DiscreteModel"]


@dataclass(eq=False)
class DiscreteModel:
    """What can be asked of a density of discrete sites.

    Args:
        graph: The energies as tables.
        alphabet: The states of every site.
        frequencies: Of the states of each site, smoothed: where annealing starts.
        seed: Of annealing.
        owner: Who is called, for messages.
    """

    graph: FactorGraph
    alphabet: Alphabet
    frequencies: list[np.ndarray]
    seed: Any
    owner: str
    sums: LogPartition | None = field(default=None)

    @classmethod
    def of(cls, fit: DiscreteFit, alphabet: Alphabet, seed: Any, owner: str) -> DiscreteModel:
        """Returns the model of a fit."""
        return cls(fit.graph, alphabet, smoothed_frequencies(fit.samples.state_weights(), 1.0), seed, owner)

    def energy(self, X: np.ndarray) -> np.ndarray:
        """Returns H of samples, nats."""
        return self.graph.energies(self.alphabet.encode(X, self.owner))

    def pseudo_log_likelihood(self, X: np.ndarray) -> np.ndarray:
        """Returns the sum over sites of ln p(x_i | rest), nats."""
        return pseudo_log_likelihood(self.graph, self.alphabet.encode(X, self.owner))

    def partition(self) -> LogPartition:
        """Returns ln Z, computed on first use."""
        return self.sums or self.estimate_partition()

    def estimate_partition(self, **options: Any) -> LogPartition:
        """Computes ln Z anew and keeps it."""
        base = [-np.log(p) for p in self.frequencies]
        self.sums = estimate_log_partition(self.graph, self.seed, base, **options)
        return self.sums

    def sample(self, n: int, method: str, random_state: Any, **options: Any) -> Drawn:
        """Draws samples, as codes of states."""
        from ...hamiltonian.sampling import sample  # Numba loads here

        exact = exact_sampler(self.graph) if method in {"auto", "exact"} else None
        return sample(self.graph, n, method, random_state, exact=exact, **options)

    def values(self, drawn: Drawn) -> np.ndarray:
        """Returns what was drawn as raw values."""
        return self.alphabet.decode(drawn.codes)
