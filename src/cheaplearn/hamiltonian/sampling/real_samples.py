"""Samples of real variables, and what is known of their quality."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = ["RealSamples"]


@dataclass(frozen=True, eq=False)
class RealSamples:
    """Samples of exp(-H) over real variables.

    Attributes:
        values: Raw units, shape (n, variables).
        method: "exact", "hmc" or "tempering".
        acceptance: Mean acceptance of the paths; 1 for exact samples.
        effective_sample_size: Independent samples they are worth: the least over the energy and the leading linear
            observable; at most n.
        autocorrelation_time: tau in moves (1: independent), the largest of both observables.
        r_hat: Split R-hat, the largest of both observables; 1 for exact samples.
        chains: Number of independent chains (stacks of replicas with "tempering"); row k comes from chain k modulo
            chains.
        moves: Of each chain while its samples were taken and before, without the learning of units and step sizes.
        burn_in: Moves of each chain that were dropped, after units and step sizes had been learned.
        thinning: Moves between samples of one chain.
        notes: What was decided or limited, one sentence each.
    """

    values: np.ndarray = field(repr=False)
    method: str
    acceptance: float
    effective_sample_size: float
    autocorrelation_time: float
    r_hat: float
    chains: int
    moves: int
    burn_in: int
    thinning: int
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        if self.method == "exact":
            return f"RealSamples({len(self):,} of {self.values.shape[1]} variables, exact)"
        return (
            f"RealSamples({len(self):,} of {self.values.shape[1]} variables by {self.method}, worth "
            f"{self.effective_sample_size:,.0f}: {self.chains} chains x {self.moves} moves, acceptance "
            f"{self.acceptance:.2f}, autocorrelation {self.autocorrelation_time:.3g} moves, R-hat {self.r_hat:.3f})"
        )
