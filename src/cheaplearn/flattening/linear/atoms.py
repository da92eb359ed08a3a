"""Products of two sparse matrices, taken apart where columns of the product share a single column of the left factor.

Column j of B C is a sum of few columns ("atoms") of B. Where two columns share one atom and nothing else, their ratio
is the same on all rows of the atom: equal ratios do not happen by chance, so they show the atom. Atoms are collected
over all pairs, and their weights are read off the columns in the same way, largest agreement first.
"""

from __future__ import annotations

import numpy as np

__all__ = ["sparse_factors"]

_SAME = 1e-9  # relative difference of ratios that count as equal
_AGREE = 3  # rows that must agree
_MOST_PAIRS = 20_000
_FULLEST = 0.4  # share of non-zeros above which columns overlap too much for atoms to show
_ROUNDS = 6


def sparse_factors(A: np.ndarray, random_state: int = 0) -> tuple[np.ndarray, np.ndarray] | None:
    """Looks for sparse B and C with A = B C.

    Args:
        A: Shape (m, n).
        random_state: Seed of the pairs that are looked at where there are too many.

    Returns:
        Both factors; None if A is too full or no atom shows itself. What no atom explains is a column of its own.
    """
    if np.count_nonzero(A) > _FULLEST * A.size:
        return None
    atoms = _atoms(A, random_state)
    if not 0 < len(atoms) <= 2 * max(A.shape):
        return None
    B = np.array(atoms).T
    C, rest = _weights(A, B)
    rest[np.abs(rest) <= 1e-12 * np.abs(A).max()] = 0
    left_over = np.flatnonzero(np.any(rest, axis=0))
    own = np.zeros((len(left_over), A.shape[1]), A.dtype)
    own[np.arange(len(left_over)), left_over] = 1
    used = np.any(C, axis=1)
    return np.hstack([B[:, used], rest[:, left_over]]), np.vstack([C[used], own])


def _atoms(A: np.ndarray, random_state: int) -> list[np.ndarray]:
    """Collects parts of atoms from pairs of columns, and joins the parts that agree."""
    filled = A != 0
    first, second = np.triu_indices(A.shape[1], 1)
    shared = filled.astype(np.float32).T @ filled.astype(np.float32)
    pairs = np.flatnonzero(shared[first, second] >= _AGREE)
    if len(pairs) > _MOST_PAIRS:
        pairs = np.random.default_rng(random_state).choice(pairs, _MOST_PAIRS, replace=False)
    parts = []
    for i, j in zip(first[pairs], second[pairs], strict=True):
        rows = np.flatnonzero(filled[:, i] & filled[:, j])
        agreeing = rows[_mode(A[rows, i] / A[rows, j])[1]]
        if len(agreeing) >= _AGREE:
            part = np.zeros(len(A), A.dtype)
            part[agreeing] = A[agreeing, i]
            parts.append(part)
    parts.sort(key=np.count_nonzero, reverse=True)
    return _joined(parts)


def _joined(parts: list[np.ndarray]) -> list[np.ndarray]:
    atoms: list[np.ndarray] = []
    for part in parts:
        rows = part != 0
        for k, atom in enumerate(atoms):
            both = np.flatnonzero(rows & (atom != 0))
            if len(both) >= 2:
                scale, agreeing = _mode(atom[both] / part[both])
                if agreeing.sum() == len(both):
                    atoms[k] = np.where(atom != 0, atom, part * scale)
                    break
        else:
            atoms.append(part)
    return [atom / np.abs(atom).max() for atom in atoms]


def _weights(A: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reads the weight of each atom in each column where enough rows agree; takes it off and looks again."""
    C, rest = np.zeros((B.shape[1], A.shape[1]), A.dtype), A.copy()
    rows = [np.flatnonzero(atom) for atom in B.T]
    for _ in range(_ROUNDS):
        changed = False
        for j in range(A.shape[1]):
            for k in np.argsort([-len(r) for r in rows]):
                ratios = rest[rows[k], j] / B[rows[k], k]
                value, agreeing = _mode(ratios)
                if abs(value) > 1e-9 and agreeing.sum() >= max(2, (len(ratios) + 1) // 2):
                    C[k, j] += value
                    rest[rows[k], j] -= value * B[rows[k], k]
                    rest[np.abs(rest[:, j]) <= 1e-12 * np.abs(A[:, j]).max(), j] = 0
                    changed = True
        if not changed:
            break
    return C, rest


def _mode(values: np.ndarray) -> tuple[complex, np.ndarray]:
    """The value that most others equal, and which they are."""
    close = np.abs(values[:, None] - values[None, :]) <= _SAME * np.abs(values)[:, None]
    best = int(np.argmax(close.sum(axis=1)))
    return values[best], close[best]
