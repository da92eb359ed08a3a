"""What `factorize` returns: the cheapest chain found, its error, and everything that was tried."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .chains import FactorChain

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Attempt", "Factorization"]


@dataclass(frozen=True, eq=False)
class Attempt:
    """One way of writing the matrix.

    Args:
        method: "low_rank", "sparse_plus_low_rank", "butterfly", "sparse" or "dense".
        note: How, in a few words; why not, if there is no chain.
        chain: The factors, None if the method does not apply.
        matrix: What they stand for.
        seconds: Time it took.
    """

    method: str
    note: str
    chain: FactorChain | None
    matrix: np.ndarray
    seconds: float = 0.0

    @cached_property
    def error(self) -> float:
        """Relative Frobenius error; infinite without a chain."""
        return _relative(np.linalg.norm(self._difference), np.linalg.norm(self.matrix))

    @cached_property
    def max_error(self) -> float:
        """Largest |difference| of an entry; infinite without a chain."""
        return float(np.abs(self._difference).max())

    @property
    def synapses(self) -> float:
        """Non-zeros of the factors; infinite without a chain."""
        return self.chain.synapses if self.chain else np.inf

    @cached_property
    def _difference(self) -> np.ndarray:
        return np.full(1, np.inf) if self.chain is None else self.chain.dense() - self.matrix


@dataclass(frozen=True, eq=False, repr=False)
class Factorization:
    """The cheapest chain found for a matrix.

    Args:
        best: The attempt that was chosen.
        attempts: All of them.
        tolerance: Relative Frobenius error that was asked for.
        message: What was found, in one sentence.
    """

    best: Attempt
    attempts: tuple[Attempt, ...]
    tolerance: float
    message: str

    @property
    def chain(self) -> FactorChain:
        """The factors; `chain.with_skips()`, `.to_network()`, `.to_onnx(path)` and `.to_torch()` lead on."""
        assert self.best.chain is not None
        return self.best.chain

    @property
    def method(self) -> str:
        """Which method found it; "dense" if nothing cheaper was found."""
        return self.best.method

    @property
    def error(self) -> float:
        """Relative Frobenius error of the chain, measured."""
        return self.best.error

    @property
    def max_error(self) -> float:
        """Largest error of an entry, measured."""
        return self.best.max_error

    @property
    def reached(self) -> bool:
        """Whether the error is within the tolerance."""
        return self.error <= self.tolerance

    @property
    def synapses(self) -> int:
        """Non-zeros of the factors."""
        return self.chain.synapses

    @property
    def saving(self) -> float:
        """Non-zeros of the matrix over those of the factors: a construction, not a bound of what is possible."""
        return self.chain.flattening_cost

    @property
    def table(self) -> pd.DataFrame:
        """One row an attempt: method, note, factors, synapses, with skips, error, max_error, within, seconds."""
        import pandas as pd

        names = ["method", "note", "factors", "synapses", "with skips", "error", "max error", "within", "seconds"]
        return pd.DataFrame([_row(attempt, self.tolerance) for attempt in self.attempts], columns=names)

    def __repr__(self) -> str:
        size = f"{self.chain.shape[0]} x {self.chain.shape[1]}"
        return (
            f"Factorization({size} by {self.method}: {self.synapses} synapses, saving {self.saving:.3g}, relative "
            f"error {self.error:.2g}. {self.message})"
        )


def _row(attempt: Attempt, tolerance: float) -> tuple:
    chain = attempt.chain
    counts = (chain.depth, chain.synapses, chain.skip_synapses) if chain else (0, None, None)
    errors = (attempt.error, attempt.max_error) if chain else (None, None)
    return (attempt.method, attempt.note, *counts, *errors, attempt.error <= tolerance, attempt.seconds)


def _relative(error: np.floating, scale: np.floating) -> float:
    if scale == 0:
        return 0.0 if error == 0 else np.inf
    return float(error / scale)
