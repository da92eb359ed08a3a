"""One random number generator per chain, for compiled loops: results do not depend on the order of the chains."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["generator_states", "next_uniform"]

SHIFT, LOW, HIGH, DROPPED = np.uint64(17), np.uint64(45), np.uint64(19), np.uint64(11)
UNIT = 2.0**-53


def generator_states(rng: np.random.Generator, chains: int) -> np.ndarray:
    """Draws the states of independent generators.

    Args:
        rng: Where the seeds come from; it moves on.
        chains: How many.

    Returns:
        States of xoshiro256+, shape (chains, 4), uint64; period 2^256 - 1 each.
    """
    return rng.integers(1, 2**64, size=(chains, 4), dtype=np.uint64)


@njit(cache=True, nogil=True)
def next_uniform(state: np.ndarray) -> float:
    """Draws a number and moves the generator on.

    Args:
        state: Of one generator, shape (4,), uint64; changed.

    Returns:
        Uniform in [0, 1), a multiple of 2^-53.

    Source: Blackman & Vigna (2021), xoshiro256+ (its upper 53 bits).
    """
    total = state[0] + state[3]
    shifted = state[1] << SHIFT
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = (state[3] << LOW) | (state[3] >> HIGH)
    return (total >> DROPPED) * UNIT
