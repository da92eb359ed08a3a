"""What all Markov chain samplers have in common: chains that advance and report two observables."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..factor_graph import FactorGraph
from .gibbs import GibbsKernel

__all__ = ["GibbsMoves", "Moves", "leading_observable", "random_codes"]


class Moves(Protocol):
    """Chains of one method, started at random states."""

    @property
    def codes(self) -> np.ndarray:
        """The states now, shape (chains, n)."""

    def watch(self, observable: np.ndarray) -> None:
        """Sets the linear observable that `advance` reports: tables of all sites, shape (sum of sizes,)."""

    def advance(self, sweeps: int) -> np.ndarray:
        """Moves on and returns energy (nats) and observable after each sweep, shape (2, chains, sweeps)."""


class GibbsMoves:
    """Chains of plain Gibbs sweeps.

    Args:
        graph: The energy.
        chains: How many.
        rng: Draws the first states and seeds the chains.
    """

    def __init__(self, graph: FactorGraph, chains: int, rng: np.random.Generator) -> None:
        self._kernel = GibbsKernel(graph)
        self._rng = rng
        self._chains = self._kernel.start(random_codes(graph, chains, rng), rng)

    @property
    def codes(self) -> np.ndarray:
        """The states now, shape (chains, n)."""
        return self._chains.codes

    def watch(self, observable: np.ndarray) -> None:
        """Sets the linear observable: tables of all sites, shape (sum of sizes,)."""
        self._kernel.watch(observable)
        self._chains = self._kernel.start(self._chains.codes, self._rng)

    def advance(self, sweeps: int) -> np.ndarray:
        """Moves on and returns energy (nats) and observable after each sweep, shape (2, chains, sweeps)."""
        return self._kernel.run(self._chains, sweeps, trace=True)


def random_codes(graph: FactorGraph, chains: int, rng: np.random.Generator) -> np.ndarray:
    """Draws states at infinite temperature, shape (chains, n), int32."""
    return rng.integers(0, graph.sizes, size=(chains, graph.n_sites), dtype=np.int32)


def leading_observable(graph: FactorGraph, codes: np.ndarray) -> np.ndarray:
    """Finds the linear observable in which chains differ most: the first principal component of their states.

    In a ferromagnet this is the magnetisation, in a glass the direction between its largest valleys.

    Args:
        graph: Says how many states each site has.
        codes: States of the chains, shape (chains, n).

    Returns:
        One table per site, one site after the other, shape (sum of sizes,), of norm 1; the codes themselves if
        all chains agree.
    """
    start = np.concatenate([[0], np.cumsum(graph.sizes)])
    indicators = np.zeros((len(codes), int(start[-1])))
    np.put_along_axis(indicators, start[:-1] + codes, 1.0, axis=1)
    indicators -= indicators.mean(axis=0)
    if not indicators.any():
        return np.concatenate([[], *(np.arange(q, dtype=float) for q in graph.sizes)])
    values, vectors = np.linalg.eigh(indicators @ indicators.T)  # chains are few
    return vectors[:, -1] @ indicators / np.sqrt(values[-1])
