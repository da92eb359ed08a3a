"""Generators of an energy whose couplings are exact, rounded or measured: one decision for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .action import Action
from .exact import Vector, exact_null_space
from .noise import aligned_covariance, linear_test
from .numeric import NullSpace, noisy_null_space, rounded_null_space
from .readable import echelon, simplest, whole_numbers
from .source import Energies

__all__ = ["LEVEL", "ROUNDING", "Solver", "method_of"]

LEVEL = 1e-3  # of a test whether a symmetry is violated, before it is divided by the number of tests
ROUNDING = 1e-9  # default tolerance for couplings that look rounded
_MOST_NOISE = 1 / 3  # a residual expected from noise above this share of the terms says nothing about symmetry


def method_of(energies: Energies, tolerance: float | None) -> str:
    """Says how null spaces are decided.

    Args:
        energies: The energies.
        tolerance: As of `symmetries`.

    Returns:
        "exact", "rounded" or "noisy".
    """
    if energies.noisy:
        return "noisy"
    return "exact" if tolerance == 0 or (tolerance is None and not energies.rounded) else "rounded"


@dataclass(eq=False)
class Solver:
    """Decides which generators are symmetries.

    Args:
        method: "exact", "rounded" or "noisy".
        tolerance: Of "rounded".
        notes: Sentences about decisions that are not clear; more are added.
    """

    method: str
    tolerance: float = ROUNDING
    notes: list[str] = field(default_factory=list)

    @property
    def resolution(self) -> float:
        """Relative size below which entries of matrices derived from generators count as zero."""
        return {"exact": 1e-7, "rounded": 1e-5, "noisy": 0.02}[self.method]

    def __call__(self, action: Action, energies: Energies, what: str) -> tuple[np.ndarray, float]:
        """Finds all generators.

        Args:
            action: The system.
            energies: Its energies.
            what: What the unknowns are called in sentences.

        Returns:
            A readable basis, shape (dimension, unknowns), and the p-value that all are symmetries (1 without errors).
        """
        if self.method == "exact":
            return _as_array(exact_null_space(action), action.n_unknowns), 1.0
        if self.method == "rounded":
            exact = exact_null_space(action)
            space = rounded_null_space(action, self.tolerance)
            if len(exact) == len(space.basis):
                return _as_array(exact, action.n_unknowns), 1.0
            basis = self._readable(space, action, np.zeros(0))
        else:
            covariance = aligned_covariance(energies, action.terms)
            space = noisy_null_space(action, covariance, LEVEL)
            basis = self._decided(self._readable(space, action, covariance), action, covariance, what)
        if len(basis) and not space.clear:
            self.notes.append(_unclear(space, what))
        return basis, space.p_value

    def judged(self, m: np.ndarray, action: Action, energies: Energies, p_value: float) -> tuple[float, float, float]:
        """Measures a generator.

        Args:
            m: The generator, shape (unknowns,).
            action: The system.
            energies: Its energies.
            p_value: Of the space it was found in; it stands for the generator's own where the errors of its entries
                matter.

        Returns:
            Residual, residual expected from noise (both relative), p-value.
        """
        if self.method == "exact":
            return 0.0, 0.0, 1.0
        size = _size(action, m)
        residual = float(np.linalg.norm(action.matrix @ m)) / size
        if self.method == "rounded":
            return residual, 0.0, 1.0
        covariance = aligned_covariance(energies, action.terms)
        _, expected, own = linear_test(action.of_generator(m), action.couplings, covariance)
        return residual, expected / size, own if own >= LEVEL / len(m) else p_value

    def _readable(self, space: NullSpace, action: Action, covariance: np.ndarray) -> np.ndarray:
        if not len(space.basis):
            return space.basis

        def passes(m: np.ndarray) -> bool:
            if self.method == "rounded":
                return float(np.linalg.norm(action.matrix @ m)) <= self.tolerance * _size(action, m)
            return linear_test(action.of_generator(m), action.couplings, covariance)[2] >= LEVEL / len(m)

        window = 0.25 if self.method == "noisy" else 1e-6
        return np.array([simplest(m, window, passes) for m in echelon(space.basis)])

    def _decided(self, basis: np.ndarray, action: Action, covariance: np.ndarray, what: str) -> np.ndarray:
        if not len(basis):
            return basis
        columns = np.zeros(action.n_unknowns)
        np.add.at(columns, action.unknown, (action.factor * action.couplings[action.term]) ** 2)
        typical = float(np.sqrt(np.median(columns)))
        shares = []
        for m in basis:
            expected = linear_test(action.of_generator(m), action.couplings, covariance)[1]
            shares.append(expected / max(_size(action, m), typical * float(np.linalg.norm(m))))
        if max(shares) <= _MOST_NOISE:
            return basis
        self.notes.append(
            f"{len(basis)} {what} are within the errors, but so would be others: the errors of the couplings leave "
            f"{max(shares):.0%} of each term open. They are not reported; more data would decide"
        )
        return basis[:0]


def _unclear(space: NullSpace, what: str) -> str:
    return (
        f"the number of {what} is not certain: the smallest singular value that is not zero is only "
        f"{space.gap:.3g} times the largest that counts as zero"
    )


def _as_array(basis: Sequence[Vector], n: int) -> np.ndarray:
    return np.array([whole_numbers(vector) for vector in basis]).reshape(-1, n)


def _size(action: Action, m: np.ndarray) -> float:
    """Size of the terms of the residual before they cancel."""
    return float(np.linalg.norm(action.factor * action.couplings[action.term] * m[action.unknown])) or 1.0
