"""Samples of many variables on a chain, for the memory that a fit takes."""

import numpy as np

SITES, CHUNK = 200, 1000


def draw(rows, seed=0):
    """X of neighbours that are correlated, shape (rows, 200); outputs of pairs of neighbours; two classes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, SITES))
    for i in range(1, SITES):
        X[:, i] += 0.5 * X[:, i - 1]
    y = np.einsum("ri,ri->r", X[:, 1:], X[:, :-1]) + rng.normal(size=rows)
    return X, y, (y > np.median(y)).astype(int)


def chunks(*arrays):
    for first in range(0, len(arrays[0]), CHUNK):
        yield tuple(array[first : first + CHUNK] for array in arrays)
