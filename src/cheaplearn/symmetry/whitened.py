"""One-parameter groups of correlated samples: found where their covariance is one, told in their own axes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from .continuous import Continuous, find_continuous
from .naming import name_generator
from .null_vectors import Solver
from .results import Generator
from .source import from_samples, read_source

__all__ = ["find_whitened", "is_skewed"]

ROUND = 5.0  # ratio of the largest to the smallest variance up to which the axes of the samples will do


def is_skewed(X: Any) -> bool:
    """Whether samples spread much more in some direction than in another: noise then hides and feigns symmetries.

    Args:
        X: Samples, shape (samples, n).

    Returns:
        True if their variances differ by more than a factor of 5; False if some direction has none at all.
    """
    values = np.linalg.eigvalsh(np.atleast_2d(np.cov(np.asarray(X, dtype=float).T)))
    return bool(values[0] > 1e-10 * values[-1] and values[-1] > ROUND * values[0])


def find_whitened(X: Any, order: int, affine: bool, solver: Solver) -> Continuous:
    """Finds the one-parameter groups of the density of samples.

    Args:
        X: Samples, shape (samples, n), that vary in every direction.
        order: Highest degree of the energy that is fitted.
        affine: Whether to look for translations and for rotations about other points, too.
        solver: Decides what counts as zero.

    Returns:
        The algebra; generators x' = L M L^-1 x of z' = M z, x = L z the samples less their mean.
    """
    table = pd.DataFrame(X)
    names = tuple(map(str, table.columns)) if hasattr(X, "columns") else tuple(f"x{i}" for i in range(table.shape[1]))
    values = table.to_numpy(dtype=float)
    mean, L = values.mean(axis=0), np.linalg.cholesky(np.atleast_2d(np.cov(values.T)))
    white = pd.DataFrame(np.linalg.solve(L, (values - mean).T).T, columns=list(names))
    found = find_continuous(read_source(from_samples(white, order), "symmetries"), affine, solver)
    back = np.linalg.inv(L)
    generators = [_moved(g, L, back, mean, names, solver.resolution) for g in found.generators]
    return replace(found, generators=generators, forms=found.forms @ back, kernel=found.kernel @ L.T)


def _moved(
    generator: Generator, L: np.ndarray, back: np.ndarray, mean: np.ndarray, names: tuple[str, ...], resolution: float
) -> Generator:
    matrix = L @ generator.matrix @ back
    size = np.abs(matrix).max()
    matrix = matrix / size if size else matrix
    shift = None
    if generator.shift is not None:
        shift = L @ generator.shift / (size or 1.0) - matrix @ mean
    return replace(generator, matrix=matrix, shift=shift, name=name_generator(matrix, shift, names, resolution))
