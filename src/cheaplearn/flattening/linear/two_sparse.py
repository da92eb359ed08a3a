"""Two sparse factors within a loose error: several starts, a rising price per non-zero, lowered and raised again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from .refitting import SparsePair, refitted, swept

__all__ = ["sparse_pair_within"]

_FIRST = 0.3  # price at first, in squared errors allowed per entry of the matrix; at the end it is about 10
_STEPS = 60  # never needed: the error allowed is met first
_HALVINGS = 4
_SMALL = 2**20  # rows * columns * shorter side, up to which every start is worked out
_MIDDLE = 2**24  # and up to which all are tried
_HOPEFUL = 1.15  # of what must be beaten: what is dearer after the first rise stays so, 9 to 13 % were gained later
_NEAR = 1.07  # of it: what is dearer before the last trim stays so, up to 5 % were gained by it

Priced = tuple[SparsePair, float]


def sparse_pair_within(A: np.ndarray, error: float, beat: int) -> SparsePair | None:
    """Looks for two sparse factors of few non-zeros within a relative error.

    Args:
        A: Shape (m, n), not 0.
        error: Relative Frobenius error allowed, above 0.
        beat: Synapses of what was found otherwise: the search ends where it will hardly be beaten.

    Returns:
        The factors; None if no start is within the error, or if the search ended.

    Guarantee: the error. The number of non-zeros is that of a local minimum. Nothing is random.
    Cost: about 1 s for 64 x 96, 7 s for 256 x 256; beyond that a single start is tried, with fewer steps.
    """
    scale = float(np.linalg.norm(A))
    A = A / scale
    work = A.size * min(A.shape)
    allowed = (error * (1 - 1e-9)) ** 2  # rounding must not decide in the end
    search = _Search(A, allowed) if work <= _MIDDLE else _Search(A, allowed, 2, 1.4, (0.2,))
    risen = [
        found for start in _starts(A, work <= _MIDDLE) if (found := search.raised(start, _FIRST * allowed / A.size))
    ]
    risen = [found for found in risen if _count(found) <= _HOPEFUL * beat]
    if not risen:
        return None
    if work > _SMALL:
        risen = [min(risen, key=_count)]
    pair = min((search.annealed(found) for found in risen), key=lambda pair: pair.synapses)
    if pair.synapses > _NEAR * beat:
        return None
    pair = search.trimmed(pair)
    return _with_copies(SparsePair(pair.left * scale, pair.right))


@dataclass(frozen=True, eq=False)
class _Search:
    """The matrix, what is allowed, and how much is tried.

    Args:
        A: Of norm 1.
        allowed: Squared error.
        sweeps: At each price.
        growth: Of the price from step to step.
        drops: Of the price, after which it rises again: as good as 30 sweeps a step, in less time.
    """

    A: np.ndarray
    allowed: float
    sweeps: int = 4
    growth: float = 1.2
    drops: tuple[float, ...] = (0.5, 0.2, 0.5, 0.5)

    def within(self, pair: SparsePair) -> bool:
        """Whether the error is allowed."""
        return pair.squared_error(self.A) <= self.allowed

    def raised(self, pair: SparsePair, price: float) -> Priced | None:
        """Raises the price while the error is allowed; the last pair for which it is, and its price."""
        last = None
        for _ in range(_STEPS):
            pair = swept(self.A, pair, price, self.sweeps)
            if not self.within(pair):
                break
            last = pair, price
            price *= self.growth
        return last

    def annealed(self, found: Priced) -> SparsePair:
        """Lowers the price, so that other entries come back, and raises it again; then the best price by bisection."""
        best = found
        for drop in self.drops:
            again = self.raised(found[0], found[1] * drop)
            if again is None:
                break
            found = again
            best = min(best, found, key=_count)
        pair, low = best
        high = low * self.growth
        for _ in range(_HALVINGS):
            middle = (low * high) ** 0.5
            now = swept(self.A, pair, middle, self.sweeps)
            if self.within(now):
                low, pair = middle, now
                best = min(best, (now, low), key=_count)
            else:
                high = middle
        return best[0]

    def trimmed(self, pair: SparsePair) -> SparsePair:
        """Least squares on the supports, then the most entries less that the error allows after another fit."""
        pair = refitted(self.A, pair)
        for _ in range(3):
            low, high, best = 0, pair.synapses // 20 + 2, None
            while high - low > 1:
                middle = (low + high) // 2
                now = refitted(self.A, pair.pruned(middle))
                if self.within(now):
                    low, best = middle, now
                else:
                    high = middle
            if best is None:
                break
            pair = refitted(self.A, best, 5)
        return pair.without_idle_units()


def _starts(A: np.ndarray, several: bool) -> Iterator[SparsePair]:
    """[low rank, rest] [low rank; identity], with the identity at the shorter side, and the low rank alone."""
    U, s, V = linalg.svd(A, full_matrices=False, check_finite=False)
    m, n = A.shape
    full = len(s)
    for k in sorted({full // 8, full // 4, 3 * full // 8}) if several else [full // 8]:
        left, right = U[:, :k] * s[:k], V[:k]
        rest = A - left @ right
        more = (rest, np.eye(n)) if n <= m else (np.eye(m), rest)
        yield SparsePair(np.hstack([left, more[0]]), np.vstack([right, more[1]]))
    for k in sorted({full // 4, full // 2, full} - {0}) if several else []:
        root = np.sqrt(s[:k])
        yield SparsePair(U[:, :k] * root, root[:, None] * V[:k])


def _with_copies(pair: SparsePair) -> SparsePair:
    """Scales units that read one input so that they copy it, which skips save."""
    single = np.count_nonzero(pair.right, axis=1) == 1
    scales = np.where(single, pair.right.sum(axis=1), 1)
    return SparsePair(pair.left * scales, np.where(single[:, None], pair.right != 0, pair.right))


def _count(found: Priced) -> int:
    return found[0].synapses
