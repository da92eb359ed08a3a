"""Which columns a sparse least-squares fit keeps: backward elimination, additions and exchanges, by extended BIC."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import gammaln

__all__ = ["RELATIVE_FLOOR", "Selection", "select"]

RELATIVE_FLOOR = 1e-12  # of the root mean square of the output: residuals below are rounding
COLLINEAR = 1e-10  # of a squared column: what is left of it beside the others is rounding
MOST_EXCHANGED = 40  # columns kept, above which exchanges are not tried


@dataclass
class Selection:
    """Columns kept.

    Args:
        kept: Which, ascending.
        criterion: Their extended BIC.
        path: Number of columns, root mean square residual and criterion of every step, the last of which was taken.
    """

    kept: np.ndarray
    criterion: float
    path: list[tuple[int, float, float]] = field(default_factory=list)


def select(A: np.ndarray, z: np.ndarray, weight: float) -> Selection:
    r"""Selects columns for z.

    The criterion is :math:`n \ln(\max(\mathrm{RSS}, f) / n) + k \ln n + 2 \ln \binom{T}{k}` for k of T columns and n
    rows: the last part (Chen and Chen 2008, with gamma = 1) is the price of having chosen among so many. The floor f is
    at the level of rounding: exact fits tie, and the fewest columns win.

    Args:
        A: Triangle of the columns, shape (m, columns), which may stand for many more rows.
        z: The output in the same rows, shape (m,).
        weight: n, the number of rows (their weight).

    Returns:
        The selection: a local minimum, which no added, dropped or exchanged column improves (exchanges are tried up to
        40 columns).

    Cost: columns^3.
    """
    norms = np.linalg.norm(A, axis=0)
    usable = np.flatnonzero(norms > 0)
    search = _Search(A[:, usable] / norms[usable], z, weight)
    rank = np.linalg.matrix_rank(search.A) if search.A.size else 0
    if rank == len(usable) and weight > 1.2 * len(usable):
        kept = search.eliminated()
    else:
        kept = np.empty(0, int)
        search.note(kept)
    kept = search.polished(kept)
    return Selection(usable[kept], search.note(kept), search.path)


@dataclass
class _Search:
    A: np.ndarray
    z: np.ndarray
    weight: float
    path: list[tuple[int, float, float]] = field(default_factory=list)

    @property
    def pool(self) -> int:
        return self.A.shape[1]

    @property
    def floor(self) -> float:
        return RELATIVE_FLOOR**2 * float(self.z @ self.z)

    def bic(self, rss: float, count: int) -> float:
        """Returns the criterion."""
        least = max(rss, self.floor, np.finfo(float).tiny)
        choices = gammaln(self.pool + 1) - gammaln(count + 1) - gammaln(self.pool - count + 1)
        return self.weight * math.log(least / self.weight) + count * math.log(self.weight) + 2 * float(choices)

    def residual(self, kept: np.ndarray) -> np.ndarray:
        """Returns the residuals of the fit of some columns."""
        if not len(kept):
            return self.z
        theta = np.linalg.lstsq(self.A[:, kept], self.z, rcond=None)[0]
        return self.z - self.A[:, kept] @ theta

    def criterion(self, kept: np.ndarray) -> float:
        """Returns the criterion of some columns."""
        r = self.residual(kept)
        return self.bic(float(r @ r), len(kept))

    def note(self, kept: np.ndarray, rss: float | None = None) -> float:
        """Keeps a step of the path and returns its criterion."""
        if rss is None:
            r = self.residual(kept)
            rss = float(r @ r)
        value = self.bic(rss, len(kept))
        self.path.append((len(kept), math.sqrt(max(rss, 0.0) / self.weight), value))
        return value

    def eliminated(self) -> np.ndarray:
        """Drops the column that matters least, again and again; returns the best set met on the way."""
        kept = np.arange(self.A.shape[1])
        best, best_value = kept, self.note(kept)
        while len(kept):
            # rows of S span the dual basis: dropping column j raises RSS by theta_j^2 / |S_j|^2
            Q, R = np.linalg.qr(self.A[:, kept])
            S = np.linalg.solve(R, np.eye(len(kept)))
            theta = S @ (Q.T @ self.z)
            r = self.z - self.A[:, kept] @ theta
            rss, renew = float(r @ r), int(0.8 * len(kept))
            while len(kept) > renew:
                norms = np.einsum("ij,ij->i", S, S)
                rise = theta**2 / norms
                j = int(np.argmin(rise))
                overlap = (S @ S[j]) / norms[j]
                rss += float(rise[j])
                theta = np.delete(theta - overlap * theta[j], j)
                S = np.delete(S - np.outer(overlap, S[j]), j, axis=0)
                kept = np.delete(kept, j)
                value = self.note(kept, rss)
                if value < best_value:
                    best, best_value = kept, value
        return best

    def polished(self, kept: np.ndarray) -> np.ndarray:
        """Adds, drops and exchanges columns as long as that lowers the criterion."""
        value = self.criterion(kept)
        while True:
            better, found = self._neighbour(kept)
            if not found < value - 1e-9 * abs(value):
                return kept
            kept, value = better, self.note(better)

    def _neighbour(self, kept: np.ndarray) -> tuple[np.ndarray, float]:
        """Returns the best set that differs by one column added, dropped or exchanged."""
        options = [self._best_addition(kept)]
        for j in range(len(kept)):
            fewer = np.delete(kept, j)
            options.append((fewer, self.criterion(fewer)))
            if len(kept) <= MOST_EXCHANGED:
                options.append(self._best_addition(fewer))
        return min(options, key=lambda option: option[1])

    def _best_addition(self, kept: np.ndarray) -> tuple[np.ndarray, float]:
        Q = np.linalg.qr(self.A[:, kept])[0] if len(kept) else np.zeros((len(self.z), 0))
        r = self.z - Q @ (Q.T @ self.z)
        r -= Q @ (Q.T @ r)
        beside = self.A - Q @ (Q.T @ self.A)
        size = np.einsum("ij,ij->j", beside, beside)
        size[kept] = 0.0
        gain = np.divide((beside.T @ r) ** 2, size, out=np.zeros_like(size), where=size > COLLINEAR)
        j = int(np.argmax(gain))
        if not gain[j] > 0 or len(kept) + 1 >= self.weight:
            return kept, math.inf
        more = np.sort(np.append(kept, j))
        return more, self.criterion(more)
