"""What is computed from the rows of one chunk: sums, squared residuals, a triangle. Any array of the array API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, to_device

from .design import Design
from .moments import Moments
from .units import Summary, Units

__all__ = ["Chunk", "gradient_of", "moments_of", "squares_of", "summary_of", "triangle_of"]


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some rows.

    Args:
        X: Raw variables, shape (rows, n).
        Y: Raw outputs, shape (rows, outputs).
        weight: Weights, shape (rows,).
    """

    X: Any
    Y: Any
    weight: Any

    def blocks(self, units: Units, size: int) -> Iterator[tuple[slice, Any, Any, Any]]:
        """Yields places, t, u and weights, at most `size` rows at a time."""
        for first in range(0, self.X.shape[0], size):
            part = slice(first, min(first + size, self.X.shape[0]))
            yield part, units.variables(self.X[part, :]), units.outputs(self.Y[part, :]), self.weight[part]


def summary_of(chunk: Chunk) -> Summary:
    """Returns extremes and sums of a chunk."""
    xp = array_namespace(chunk.X)
    weight = _numpy(chunk.weight)
    Y = _numpy(chunk.Y)
    total = weight.sum()
    mean = weight @ Y / total
    return Summary(
        _numpy(xp.min(chunk.X, axis=0)),
        _numpy(xp.max(chunk.X, axis=0)),
        _numpy(chunk.weight @ chunk.X),
        weight @ Y,
        weight @ (Y - mean) ** 2,
        float(total),
        int(chunk.X.shape[0]),
    )


def moments_of(chunk: Chunk, design: Design, units: Units, membership: np.ndarray) -> list[Moments]:
    """Sums the rows of a chunk by cell, in one pass.

    Args:
        chunk: The rows.
        design: The columns.
        units: Units of variables and outputs.
        membership: How often each row counts in each cell, shape (rows, cells).

    Returns:
        The sums of each cell, float64.
    """
    sums = [Moments.zero(design.n_columns, chunk.Y.shape[1]) for _ in range(membership.shape[1])]
    for part, t, u, weight in chunk.blocks(units, design.rows_at_once):
        values = design.values(t)
        for cell, times in zip(sums, membership[part].T, strict=True):
            chosen = np.flatnonzero(times)
            if len(chosen) == len(times):
                cell.add(_products(values, u, weight, times))
            elif len(chosen):
                index = array_namespace(t).asarray(chosen, device=device(t))
                cell.add(_products(values[index, :], u[index, :], weight[index], times[chosen]))
    return sums


def _products(values: Any, u: Any, weight: Any, times: np.ndarray) -> Moments:
    xp = array_namespace(values)
    counted = weight * xp.asarray(times, dtype=values.dtype, device=device(values))
    weighted = values if bool(xp.all(counted == 1)) else values * counted[:, None]
    return Moments(
        _numpy(weighted.T @ values), _numpy(weighted.T @ u), _numpy(xp.sum(u * u * counted[:, None], axis=0))
    )


def squares_of(
    chunk: Chunk, design: Design, units: Units, coefficients: np.ndarray, training: np.ndarray, held: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Squares the residuals of many fits.

    Args:
        chunk: The rows.
        design: Terms (or orbits) of the fits.
        units: Units of variables and outputs.
        coefficients: Of each fit, shape (columns, folds, settings, outputs).
        training: How often each row trains in each fold, shape (rows, folds).
        held: Whether it is held out there, same shape.

    Returns:
        Weighted sum over the training rows, shape (folds, settings, outputs); and the squares of each held-out row
        and fold, by row and then fold, shape (pairs, settings, outputs).
    """
    T, folds, settings, outputs = coefficients.shape
    total, kept = np.zeros(coefficients.shape[1:]), [np.empty((0, settings, outputs))]
    width = folds * settings * outputs
    rows = max(16, min(design.rows_at_once, (1 << 18) // width))
    for part, t, u, weight in chunk.blocks(units, rows):
        xp = array_namespace(t)
        B = xp.asarray(coefficients.reshape(T, -1), dtype=t.dtype, device=device(t))
        fitted = xp.reshape(design.values(t) @ B, (t.shape[0], folds, settings, outputs))
        squared = _numpy((fitted - u[:, None, None, :]) ** 2)
        counted = _numpy(weight)[:, None] * training[part]
        total += np.einsum("if,ifrk->frk", counted, squared)
        kept.append(squared[held[part] > 0])
    return total, np.concatenate(kept)


def gradient_of(chunk: Chunk, design: Design, units: Units, coefficients: np.ndarray) -> Moments:
    """Sums residuals against the columns.

    Args:
        chunk: The rows.
        design: The columns.
        units: Units of variables and outputs.
        coefficients: Shape (columns, outputs).

    Returns:
        Columns times residuals as `cross` and squared residuals as `squares`; only `gram[0, 0]` (1, 1) of the Gram
        matrix.
    """
    cross, squares, total = np.zeros(coefficients.shape), np.zeros(coefficients.shape[1]), 0.0
    for _, t, u, weight in chunk.blocks(units, design.rows_at_once):
        xp = array_namespace(t)
        values = design.values(t)
        residual = u - values @ xp.asarray(coefficients, dtype=t.dtype, device=device(t))
        weighted = residual * weight[:, None]
        cross += _numpy(values.T @ weighted)
        squares += _numpy(xp.sum(weighted * residual, axis=0))
        total += float(xp.sum(weight))
    return Moments(np.full((1, 1), total), cross, squares)


def triangle_of(chunk: Chunk, design: Design, units: Units) -> np.ndarray:
    """Reduces weighted rows [columns, outputs] to a triangle with the same products, without squaring them.

    Args:
        chunk: The rows.
        design: The columns.
        units: Units of variables and outputs.

    Returns:
        R of the QR decomposition, shape (columns + outputs, columns + outputs), zero rows at the end if there are
        fewer rows; float64.
    """
    width = design.n_columns + chunk.Y.shape[1]
    R = np.zeros((width, width))
    for _, t, u, weight in chunk.blocks(units, max(design.rows_at_once, width)):
        rows = np.hstack([_numpy(design.values(t)), _numpy(u)]) * np.sqrt(_numpy(weight))[:, None]
        R = merged_triangle(R, rows)
    return R


def merged_triangle(R: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns the triangle of the rows behind R and others."""
    merged = np.linalg.qr(np.vstack([R, rows]), mode="r")
    return np.vstack([merged, np.zeros((R.shape[1] - len(merged), R.shape[1]))])


def _numpy(array: Any) -> np.ndarray:
    """Returns a NumPy array of float64, whatever and wherever the array is."""
    if isinstance(array, np.ndarray):
        return array.astype(np.float64, copy=False)
    return np.asarray(to_device(array, "cpu"), dtype=np.float64)
