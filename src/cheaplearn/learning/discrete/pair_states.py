"""Which states of two sites occur together: copies of columns, combinations that never occur."""

from __future__ import annotations

import numpy as np

__all__ = ["compared_pairs", "joint_states"]

ROWS_AT_ONCE = 2048


def joint_states(codes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Finds the states that occur together.

    Args:
        codes: Shape (samples, n).
        sizes: States of each site, shape (n,).

    Returns:
        Booleans over the states of all sites, shape (S, S); the diagonal tells which states occur at all.

    Cost: 2 S^2 operations for each sample that is read; reading stops as soon as everything possible was seen.
    """
    site = np.repeat(np.arange(len(sizes)), sizes)
    state = np.concatenate([np.arange(q) for q in sizes])
    seen = np.zeros((len(site), len(site)), bool)
    impossible = (site == site[:, None]) & (state != state[:, None])
    for start in range(0, len(codes), ROWS_AT_ONCE):
        one_hot = (codes[start : start + ROWS_AT_ONCE][:, site] == state).astype(np.float32)
        seen |= one_hot.T @ one_hot > 0
        if np.all(seen | impossible):
            break
    return seen


def compared_pairs(seen: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compares all pairs of sites that vary.

    Args:
        seen: From `joint_states`.
        sizes: States of each site, shape (n,).

    Returns:
        Pairs that are each other's copies (each state of one goes with one of the other), and other pairs some
        combination of whose states never occurs; shape (pairs, 2), ascending.
    """
    first = np.cumsum(sizes) - sizes
    together = np.add.reduceat(np.add.reduceat(seen, first, axis=0, dtype=np.int64), first, axis=1)
    used = np.diag(together)
    considered = np.triu((used > 1) & (used > 1)[:, None], 1)
    copies = considered & (together == used) & (together == used[:, None])
    return np.argwhere(copies), np.argwhere(considered & ~copies & (together < used * used[:, None]))
