"""Products with a matrix of features: held in memory, held in single precision only, or never held.

The solver needs Z W, Z^T R and sums of squares. In double precision they decide where the optimum is; in single
precision they only steer towards it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from .columns import Columns
from .namespaces import like, namespace_of

__all__ = ["Compact", "Held", "Products", "Streamed", "as_products", "held"]

ROWS_AT_ONCE = 1024  # rows that are converted together


class Products(Protocol):
    """A matrix Z, shape (samples, features), by what it does; arrays have its namespace and device."""

    @property
    def shape(self) -> tuple[int, int]:
        """Samples and features."""

    @property
    def example(self) -> Any:
        """Some array of the namespace and device."""

    def times(self, W: Any) -> Any:
        """Returns Z W in the precision of W; shape (features, columns) to (samples, columns)."""

    def transposed_times(self, R: Any) -> Any:
        """Returns Z^T R in the precision of R; shape (samples, columns) to (features, columns)."""

    def squares(self, weight: Any) -> Any:
        """Returns sum_i w_ip Z_ij^2, shape (features, problems), for weights of shape (samples, problems)."""


def as_products(Z: Any) -> Products:
    """Returns the products of an array; products as they are."""
    return Z if hasattr(Z, "transposed_times") else Held(Z)


class Held:
    """An array of NumPy or PyTorch, with a copy in single precision.

    Args:
        Z: Shape (samples, features). If it is in single precision, products in double precision convert it row
            block by row block: then the copy is the array itself.
    """

    def __init__(self, Z: Any) -> None:
        xp = namespace_of(Z)
        self.Z, self.shape, self.example = Z, (int(Z.shape[0]), int(Z.shape[1])), Z
        self._single = xp.astype(Z, xp.float32, copy=False)
        self._double = Z.dtype == xp.float64

    def _blocks(self) -> Iterator[tuple[slice, Any]]:
        xp = namespace_of(self.Z)
        for start in range(0, self.shape[0], ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            yield rows, xp.astype(self.Z[rows, :], xp.float64, copy=False)

    def times(self, W: Any) -> Any:
        """Returns Z W in the precision of W."""
        xp = namespace_of(W)
        if W.dtype == xp.float32:
            return self._single @ W
        if self._double:
            return self.Z @ W
        return xp.concat([part @ W for _, part in self._blocks()])

    def transposed_times(self, R: Any) -> Any:
        """Returns Z^T R in the precision of R."""
        if R.dtype == namespace_of(R).float32:
            return self._single.T @ R
        if self._double:
            return self.Z.T @ R
        return sum(part.T @ R[rows, :] for rows, part in self._blocks())

    def squares(self, weight: Any) -> Any:
        """Returns weighted sums of squares, shape (features, problems)."""
        return sum((part * part).T @ weight[rows, :] for rows, part in self._blocks())


class Streamed:
    """Z = (psi - mean) A with psi evaluated block by block in every product; nothing of the size of psi is held.

    Args:
        columns: Evaluates psi.
        mean: Mean of each column of psi, shape (columns,).
        linear: A, shape (columns, features).

    Cost: each product evaluates psi and multiplies in double precision.
    """

    def __init__(self, columns: Columns, mean: np.ndarray, linear: np.ndarray) -> None:
        self.columns, self.mean, self.linear = columns, mean, linear
        self.shape, self.example = (columns.n_rows, linear.shape[1]), mean

    def centred(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yields rows and psi - mean there."""
        for rows, psi in self.columns.row_blocks():
            psi -= self.mean
            yield rows, psi

    def times(self, W: np.ndarray) -> np.ndarray:
        """Returns Z W in the precision of W."""
        theta = self.linear @ W.astype(np.float64, copy=False)
        result = np.empty((self.shape[0], theta.shape[1]), W.dtype)
        for rows, psi in self.centred():
            result[rows] = psi @ theta
        return result

    def transposed_times(self, R: np.ndarray) -> np.ndarray:
        """Returns Z^T R in the precision of R."""
        total = np.zeros((len(self.mean), R.shape[1]))
        for rows, psi in self.centred():
            total += psi.T @ R[rows]
        return (self.linear.T @ total).astype(R.dtype, copy=False)

    def squares(self, weight: np.ndarray) -> np.ndarray:
        """Returns weighted sums of squares, shape (features, problems)."""
        total = np.zeros((self.shape[1], weight.shape[1]))
        for rows, psi in self.centred():
            total += ((psi @ self.linear) ** 2).T @ weight[rows]
        return total


class Compact(Streamed):
    """Holds Z in single precision and streams the products in double precision, which are few."""

    def __init__(self, columns: Columns, mean: np.ndarray, linear: np.ndarray) -> None:
        super().__init__(columns, mean, linear)
        self._single = np.empty(self.shape, np.float32)
        for rows, psi in self.centred():
            self._single[rows] = psi @ linear

    def times(self, W: np.ndarray) -> np.ndarray:
        """Returns Z W in the precision of W."""
        return self._single @ W if W.dtype == np.float32 else super().times(W)

    def transposed_times(self, R: np.ndarray) -> np.ndarray:
        """Returns Z^T R in the precision of R."""
        return self._single.T @ R if R.dtype == np.float32 else super().transposed_times(R)

    def squares(self, weight: np.ndarray) -> np.ndarray:
        """Returns weighted sums of squares, to single precision: they only steer."""
        blocks = (slice(start, start + ROWS_AT_ONCE) for start in range(0, self.shape[0], ROWS_AT_ONCE))
        return sum((self._single[rows] ** 2).T @ weight[rows] for rows in blocks)


def held(streamed: Streamed, example: Any = None) -> Held:
    """Evaluates all features in double precision.

    Args:
        streamed: The matrix.
        example: Where to put them; NumPy if left out.

    Returns:
        The same matrix, held.
    """
    Z = np.empty(streamed.shape)
    for rows, psi in streamed.centred():
        Z[rows] = psi @ streamed.linear
    return Held(Z if example is None else like(Z, example))
