"""Two sparse factors at a price per non-zero: coordinate descent on the total, least squares on fixed supports.

The total is the squared error plus `price` times the non-zeros. If all other entries are fixed, an entry has one best
value, and 0 is better still if that value lowers the squared error by no more than the price. So one price shares the
non-zeros out between both factors and over all inner units; entries may come back. Entries of one row of the right
factor do not meet in any entry of the product, so a row is set at once; likewise a column of the left factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

__all__ = ["SparsePair", "refitted", "swept"]


@dataclass(frozen=True, eq=False)
class SparsePair:
    """Two factors, left @ right.

    Args:
        left: Shape (m, k).
        right: Shape (k, n).
    """

    left: np.ndarray
    right: np.ndarray

    @property
    def synapses(self) -> int:
        """Non-zeros of both."""
        return int(np.count_nonzero(self.left) + np.count_nonzero(self.right))

    def squared_error(self, A: np.ndarray) -> float:
        """Squared Frobenius distance.

        Args:
            A: Shape (m, n).

        Returns:
            The distance from the product to A.
        """
        return float(np.linalg.norm(A - self.left @ self.right) ** 2)

    def without_idle_units(self) -> SparsePair:
        """Leaves out inner units that nothing feeds or nothing reads.

        Returns:
            The same product.
        """
        used = np.any(self.left, axis=0) & np.any(self.right, axis=1)
        return self if used.all() else SparsePair(self.left[:, used], self.right[used])

    def pruned(self, removed: int) -> SparsePair:
        """Sets the entries to 0 whose loss alone raises the squared error least at a least squares fit.

        Args:
            removed: How many.

        Returns:
            The pair, not fitted again.
        """
        entries = np.flatnonzero(np.concatenate([self.left.ravel(), self.right.ravel()]))
        losses = np.concatenate([
            (np.abs(self.left) ** 2 * np.sum(np.abs(self.right) ** 2, axis=1)).ravel(),
            (np.abs(self.right) ** 2 * np.sum(np.abs(self.left) ** 2, axis=0)[:, None]).ravel(),
        ])
        dropped = entries[np.argsort(losses[entries], kind="stable")[:removed]]
        left, right = self.left.copy(), self.right.copy()
        left.flat[dropped[dropped < left.size]] = 0
        right.flat[dropped[dropped >= left.size] - left.size] = 0
        return SparsePair(left, right)


def swept(A: np.ndarray, pair: SparsePair, price: float, sweeps: int) -> SparsePair:
    """Sets the rows of the right factor, then the columns of the left one, to their best values, one after the other.

    Args:
        A: Shape (m, n).
        pair: Start.
        price: What a non-zero must lower the squared error by, at least 0.
        sweeps: How often.

    Returns:
        The pair, without idle units.

    Guarantee: no sweep raises squared error + price * non-zeros (in exact arithmetic).
    Cost: about 2 k^2 (m + n) multiplications a sweep.
    """
    across = np.ascontiguousarray(A.T)
    for _ in range(sweeps):
        right = _descended(A, pair.left, pair.right, price)
        left = _descended(across, right.T, pair.left.T, price).T
        pair = SparsePair(left, right).without_idle_units()
    return pair


def refitted(A: np.ndarray, pair: SparsePair, rounds: int = 2) -> SparsePair:
    """Least squares on the supports: all columns of the right factor, then all rows of the left one.

    Args:
        A: Shape (m, n).
        pair: Supports, and the left factor to start from.
        rounds: Alternations.

    Returns:
        The pair of least error; never worse than the one given.
    """
    best, least = pair, pair.squared_error(A)
    for _ in range(rounds):
        right = _least_squares(A, pair.left, pair.right != 0)
        pair = SparsePair(_least_squares(A.T, right.T, pair.left.T != 0).T, right)
        now = pair.squared_error(A)
        if now >= least:
            break
        best, least = pair, now
    return best


def _descended(A: np.ndarray, left: np.ndarray, right: np.ndarray, price: float) -> np.ndarray:
    adjoint = left.conj().T
    gram, wanted = adjoint @ left, adjoint @ A
    weights = gram.diagonal().real
    right = np.array(right, order="C")
    for k, weight in enumerate(weights):
        if weight > 0:
            row = right[k] + (wanted[k] - gram[k] @ right) / weight
            row[np.abs(row) ** 2 * weight <= price] = 0
            right[k] = row
    right[weights == 0] = 0
    return right


def _least_squares(A: np.ndarray, left: np.ndarray, support: np.ndarray) -> np.ndarray:
    """The right factor column by column; normal equations where they are well posed, they are a tenth of the time."""
    adjoint = left.conj().T
    gram, wanted = adjoint @ left, adjoint @ A
    right = np.zeros(support.shape, wanted.dtype)
    for j, column in enumerate(support.T):
        used = np.flatnonzero(column)
        if not len(used):
            continue
        try:
            factor = linalg.cho_factor(gram[np.ix_(used, used)], check_finite=False)
            right[used, j] = linalg.cho_solve(factor, wanted[used, j], check_finite=False)
        except linalg.LinAlgError:
            right[used, j] = linalg.lstsq(left[:, used], A[:, j], lapack_driver="gelsy")[0]
    return right
