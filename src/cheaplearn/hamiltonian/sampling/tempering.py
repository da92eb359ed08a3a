"""Parallel tempering: hot replicas carry the cold ones over the barriers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..._messages import must_be
from ..factor_graph import FactorGraph
from .gibbs import GibbsKernel
from .moves import random_codes
from .replicas import Replicas

__all__ = ["Tempered", "TemperingMoves", "tempered"]

REPLICAS = 16
ROUNDS = 8  # of adaptation, each twice as long as the one before
FIRST_ROUND = 20  # sweeps


@dataclass(frozen=True, eq=False)
class Tempered:
    """Samples of parallel tempering.

    Attributes:
        codes: States of the cold replicas, shape (n, sites); row k comes from stack k modulo stacks.
        betas: Inverse temperatures, rising to 1, shape (replicas,).
        swap_rates: Share of accepted swaps between neighbours after the burn-in, shape (replicas - 1,).
        sweeps: Sweeps of each replica, burn-in included.
    """

    codes: np.ndarray
    betas: np.ndarray
    swap_rates: np.ndarray
    sweeps: int

    def __repr__(self) -> str:
        return (
            f"Tempered({len(self.codes):,} samples of {self.codes.shape[1]} sites, {len(self.betas)} replicas, "
            f"swap rates from {self.swap_rates.min():.2f} to {self.swap_rates.max():.2f}, {self.sweeps} sweeps)"
        )


class TemperingMoves:
    """Stacks of replicas at rising beta; neighbours exchange their betas after each sweep.

    Args:
        graph: The energy.
        chains: Number of independent stacks; each contributes its replica at beta = 1.
        rng: Draws the first states, seeds the chains and decides the swaps.
        replicas: Per stack.
        least_beta: The hottest replica's; 0 draws its sites independently at each sweep.

    Raises:
        ValueError: If there are fewer than 2 replicas or the least beta is not within [0, 1).
    """

    def __init__(
        self,
        graph: FactorGraph,
        chains: int,
        rng: np.random.Generator,
        replicas: int = REPLICAS,
        least_beta: float = 0.05,
    ) -> None:
        if replicas != int(replicas) or replicas < 2:
            raise ValueError(must_be("replicas", "tempering", "an integer of at least 2", replicas))
        if not 0 <= least_beta < 1:
            raise ValueError(must_be("least_beta", "tempering", "at least 0 and below 1", least_beta))
        betas = np.geomspace(max(least_beta, 1e-3), 1, replicas)
        betas[0] = least_beta
        self._rng, self._kernel = rng, GibbsKernel(graph)
        self._chains = self._kernel.start(random_codes(graph, chains * replicas, rng), rng)
        self._replicas = Replicas(chains, betas)

    @property
    def betas(self) -> np.ndarray:
        """Inverse temperatures, rising to 1, shape (replicas,); geometric at first, see `adapt`."""
        return self._replicas.betas

    @betas.setter
    def betas(self, values: np.ndarray) -> None:
        self._replicas.betas = values

    @property
    def codes(self) -> np.ndarray:
        """The states at beta = 1, shape (stacks, n)."""
        return self._chains.codes[self._replicas.place[:, -1]]

    @property
    def swap_rates(self) -> np.ndarray:
        """Mean acceptance of the swaps between neighbours since the last adaptation, shape (replicas - 1,)."""
        return self._replicas.swap_rates

    def watch(self, observable: np.ndarray) -> None:
        """Sets the linear observable: tables of all sites, shape (sum of sizes,)."""
        self._kernel.watch(observable)
        self._chains = self._kernel.start(self._chains.codes, self._rng)

    def advance(self, sweeps: int) -> np.ndarray:
        """Moves on; returns energy (nats) and observable at beta = 1 after each sweep, shape (2, stacks, sweeps)."""
        trace = np.empty((2, len(self._replicas.place), sweeps))
        for t in range(sweeps):
            self._kernel.run(self._chains, 1, self.betas[self._replicas.levels][:, None])
            self._replicas.swap(self._chains.energies, self._rng)
            cold = self._replicas.place[:, -1]
            trace[0, :, t], trace[1, :, t] = self._chains.energies[cold], self._chains.linear[cold]
        return trace

    def adapt(self, sweeps: int) -> None:
        """Moves on, then places the inner betas for equal swap rates; not to be used while samples are taken.

        Args:
            sweeps: How many to measure the present rates with.

        Guarantee:
            None on the rates reached: see `Replicas.even_out`.
        """
        self.forget()
        self.advance(sweeps)
        self._replicas.even_out()

    def forget(self) -> None:
        """Counts the swaps from now on."""
        self._replicas.forget()


def adapt_betas(moves: TemperingMoves, sweeps: int | None = None) -> int:
    """Adapts the betas in rounds of doubling length.

    Args:
        moves: The stacks; changed.
        sweeps: In all; default 20 + 40 + ... (8 rounds: 5100).

    Returns:
        Sweeps done.
    """
    total = FIRST_ROUND * (2**ROUNDS - 1) if sweeps is None else sweeps
    rounds = max(1, min(ROUNDS, int(math.log2(total / FIRST_ROUND + 1)))) if total else 0
    lengths = [total * 2**r // (2**rounds - 1) for r in range(rounds)]
    for length in lengths:
        moves.adapt(max(length, 1))
    return sum(max(length, 1) for length in lengths)


def tempered(
    graph: FactorGraph,
    n: int,
    rng: np.random.Generator,
    replicas: int = REPLICAS,
    stacks: int = 4,
    sweeps: int | None = None,
    thinning: int = 10,
    least_beta: float = 0.05,
    betas: np.ndarray | None = None,
) -> Tempered:
    """Samples by parallel tempering.

    Args:
        graph: The energy H.
        n: How many samples.
        rng: Source of all randomness; the same state gives the same samples.
        replicas: Temperatures in each stack; enough if `Tempered.swap_rates` are above some 0.2.
        stacks: Independent copies of the whole.
        sweeps: Of the burn-in, in which the betas are adapted to near-equal swap rates; default 5100.
        thinning: Sweeps between samples of one stack.
        least_beta: Of the hottest replica; small enough that it crosses every barrier.
        betas: Given inverse temperatures, rising to 1, which are then kept; `replicas` and `least_beta` unused.

    Returns:
        The samples, betas and swap rates.

    Raises:
        ValueError: If an argument is out of range.

    Guarantee:
        Sweeps and swaps leave the product of all exp(-beta H) invariant; after the burn-in the betas are fixed.
        Convergence is not guaranteed: high swap rates do not exclude a mode that no replica has found.
    Cost: stacks x replicas sweeps of `gibbs_sweeps` per sweep.
    Source: Hukushima & Nemoto (1996); even-odd swaps and schedule: Syed, Bouchard-Cote, Deligiannidis & Doucet (2022).
    """
    for name, value, least in (("n", n, 1), ("stacks", stacks, 1), ("thinning", thinning, 1)):
        if value != int(value) or value < least:
            raise ValueError(must_be(name, "tempered", f"an integer of at least {least}", value))
    given = None if betas is None else _checked(betas)
    moves = TemperingMoves(graph, stacks, rng, replicas if given is None else len(given), least_beta)
    if given is None:
        done = adapt_betas(moves, sweeps)
    else:
        moves.betas = given
        done = FIRST_ROUND * (2**ROUNDS - 1) if sweeps is None else sweeps
        moves.advance(done)
        moves.forget()
    rounds = -(-n // stacks)
    codes = np.empty((rounds, stacks, graph.n_sites), np.uint8 if graph.sizes.max(initial=0) <= 256 else np.int32)
    for k in range(rounds):
        moves.advance(thinning)
        codes[k] = moves.codes
    return Tempered(
        codes.reshape(-1, graph.n_sites)[:n], moves.betas.copy(), moves.swap_rates, done + rounds * thinning
    )


def _checked(betas: np.ndarray) -> np.ndarray:
    values = np.array(betas, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or values[0] < 0 or np.any(np.diff(values) <= 0) or values[-1] != 1:
        raise ValueError(must_be("betas", "tempered", "rising from at least 0 to 1", np.array2string(values)))
    return values
