"""Which chain has which beta: swaps between neighbours, and betas placed for equal swap rates."""

from __future__ import annotations

import numpy as np

__all__ = ["Replicas"]

LEAST_REJECTION = 1e-3  # so that betas stay apart where every swap is accepted


class Replicas:
    """Stacks of replicas at rising beta, whose energies are linear in beta: beta x D + something without beta.

    Args:
        stacks: Independent copies of the whole.
        betas: Rising, shape (replicas,).

    Attributes:
        betas: As passed; to be replaced only between runs.
        place: The row of the chain that has each beta, shape (stacks, replicas).
    """

    def __init__(self, stacks: int, betas: np.ndarray) -> None:
        self.betas = betas
        self.place = np.arange(stacks * len(betas)).reshape(stacks, len(betas))
        self._parity = 0
        self.forget()

    @property
    def swap_rates(self) -> np.ndarray:
        """Mean acceptance of the swaps between neighbours since they were last forgotten, shape (replicas - 1,)."""
        return self._accepted / np.maximum(self._tried, 1)

    @property
    def levels(self) -> np.ndarray:
        """The level, from 0, at which each chain is, shape (stacks x replicas,)."""
        levels = np.empty(self.place.size, np.int64)
        levels[self.place] = np.arange(len(self.betas))
        return levels

    def forget(self) -> None:
        """Counts the swaps from now on."""
        self._tried, self._accepted = np.zeros((2, len(self.betas) - 1))

    def swap(self, D: np.ndarray, rng: np.random.Generator) -> None:
        """Tries to exchange even, then odd neighbours, in turn: accepts with min(1, exp(difference of beta D)).

        Args:
            D: What beta multiplies, of each chain, shape (stacks x replicas,), nats.
            rng: Decides.
        """
        low = np.arange(self._parity, len(self.betas) - 1, 2)
        self._parity = 1 - self._parity
        if not len(low):
            return
        energies = D[self.place]
        gain = (self.betas[low + 1] - self.betas[low]) * (energies[:, low + 1] - energies[:, low])
        chance = np.exp(np.minimum(gain, 0))
        stack, pair = np.nonzero(rng.random(chance.shape) < chance)
        one, two = low[pair], low[pair] + 1
        self.place[stack, one], self.place[stack, two] = self.place[stack, two], self.place[stack, one]
        self._tried[low] += len(chance)
        self._accepted[low] += chance.sum(axis=0)

    def even_out(self) -> None:
        """Places the inner betas for equal swap rates, and forgets the swaps.

        Guarantee:
            None on the rates reached. The rejection rate is treated as a density along beta (Syed et al. 2022):
            equal shares of its sum are equal rates when replicas are many.
        """
        barrier = np.concatenate([[0], np.cumsum(1 - self.swap_rates + LEAST_REJECTION)])
        self.betas = np.interp(np.linspace(0, barrier[-1], len(self.betas)), barrier, self.betas)
        self.betas[-1] = 1.0
        self.forget()
