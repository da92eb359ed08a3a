"""The linear system of all generators: grad H(x) . (M x + c) = 0 for every x, one row for each monomial of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from scipy import sparse

from .source import Energies, Key

__all__ = ["Action", "build_action"]


@dataclass(frozen=True, eq=False)
class Action:
    r"""The residual of a generator m (entries of M, then of c) as a bilinear form of couplings and m.

    Row r of the residual is :math:`\sum_e f_e\, \theta_{t(e)}\, m_{u(e)}` over the entries e in row r.

    Args:
        rows: Output and monomial of each row.
        terms: Output and monomial of each coupling.
        values: Exact couplings, one per term.
        row: Row of each entry, shape (entries,).
        term: Coupling of each entry.
        unknown: Unknown of each entry.
        factor: Whole number f of each entry.
        n_unknowns: Number of entries of m.
    """

    rows: tuple[Key, ...]
    terms: tuple[Key, ...]
    values: tuple[Fraction, ...]
    row: np.ndarray
    term: np.ndarray
    unknown: np.ndarray
    factor: np.ndarray
    n_unknowns: int

    @cached_property
    def couplings(self) -> np.ndarray:
        """The couplings as floats, shape (terms,)."""
        return np.array([float(value) for value in self.values])

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """The system R with residual R m, shape (rows, unknowns)."""
        entries = self.factor * self.couplings[self.term]
        return sparse.csr_array((entries, (self.row, self.unknown)), shape=(len(self.rows), self.n_unknowns))

    def of_generator(self, m: np.ndarray) -> sparse.csr_array:
        """Returns the matrix B with residual B theta for one generator.

        Args:
            m: Shape (unknowns,).

        Returns:
            Shape (rows, terms).
        """
        entries = self.factor * m[self.unknown]
        return sparse.csr_array((entries, (self.row, self.term)), shape=(len(self.rows), len(self.terms)))

    @cached_property
    def scales(self) -> np.ndarray:
        """Largest coupling of the output and degree that each row is made of, shape (rows,): the unit of rounding."""
        largest: dict[tuple[int, int], float] = {}
        degrees = [(k, sum(power for _, power in monomial)) for k, monomial in self.terms]
        for key, value in zip(degrees, np.abs(self.couplings).tolist(), strict=True):
            largest[key] = max(largest.get(key, 0.0), value)
        of_terms = np.array([largest[key] for key in degrees])
        scales = np.zeros(len(self.rows))
        np.maximum.at(scales, self.row, of_terms[self.term])
        return scales


def build_action(energies: Energies, moving: Sequence[int], linear: bool = True, shifts: bool = False) -> Action:
    """Builds the system for generators that move some of the variables.

    Args:
        energies: The energies.
        moving: Variables that may move; M has a row and a column for each.
        linear: Whether M is unknown.
        shifts: Whether c is unknown.

    Returns:
        The system; unknown i * len(moving) + j is M[i, j], then come the entries of c.

    Cost: terms x degree x variables entries.
    """
    place = {variable: i for i, variable in enumerate(moving)}
    n, start = len(moving), len(moving) ** 2 if linear else 0
    rows: dict[Key, int] = {}
    terms: list[Key] = []
    values: list[Fraction] = []
    entries: list[tuple[int, int, int, int]] = []
    for k, polynomial in enumerate(energies.polynomials):
        for monomial, value in polynomial.terms.items():
            if not monomial:
                continue
            powers = dict(monomial)
            for variable, power in monomial:
                i = place.get(variable)
                if i is None:
                    continue
                lowered = {**powers, variable: power - 1}
                targets: list[tuple[int, int | None]] = []
                if linear:
                    targets += [(i * n + j, other) for other, j in place.items()]
                if shifts:
                    targets.append((start + i, None))
                for unknown, other in targets:
                    raised = lowered if other is None else {**lowered, other: lowered.get(other, 0) + 1}
                    key = (k, tuple(sorted((v, e) for v, e in raised.items() if e)))
                    entries.append((rows.setdefault(key, len(rows)), len(terms), unknown, power))
            terms.append((k, monomial))
            values.append(value)
    table = np.array(entries, dtype=np.int64).reshape(-1, 4).T
    n_unknowns = start + (n if shifts else 0)
    return Action(tuple(rows), tuple(terms), tuple(values), table[0], table[1], table[2], table[3], n_unknowns)
