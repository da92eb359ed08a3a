"""The energy of discrete sites as a sum of tables: what partition functions and samplers work on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .._messages import must_be

if TYPE_CHECKING:
    from .hamiltonian import Hamiltonian

__all__ = ["FactorGraph"]

MAX_ENTRIES = 1 << 27  # numbers in all tables together: 1 GiB
BLOCK_ENTRIES = 1 << 20  # table entries looked up at once


@dataclass(frozen=True, eq=False)
class FactorGraph:
    r"""Tables T_f over sets of sites: :math:`H(x) = \sum_f T_f(x_{s_f})`, in nats; p(x) is proportional to exp(-H).

    The tables lie in one flat array, so that compiled loops can walk them. Entry (x_1, ..., x_d) of factor f
    is ``values[table_start[f] + sum(strides[k] * x[sites[k]])]`` for k in
    ``site_start[f] .. site_start[f + 1] - 1``; the last site of a factor has stride 1.

    Args:
        sizes: Number of states of each site, shape (n,).
        sites: Sites of all factors one after the other, ascending within each, shape (sum of degrees,).
        site_start: Where each factor's sites begin, shape (factors + 1,).
        values: All tables one after the other, shape (sum of table sizes,), nats.
    """

    sizes: np.ndarray
    sites: np.ndarray
    site_start: np.ndarray
    values: np.ndarray

    @classmethod
    def from_tables(cls, sizes: np.ndarray, tables: dict[tuple[int, ...], np.ndarray]) -> FactorGraph:
        """Builds the graph of some tables.

        Args:
            sizes: Number of states of each site.
            tables: For each ascending tuple of sites a table with one axis per site.

        Returns:
            The graph, factors in the order given.

        Example:
            >>> graph = FactorGraph.from_tables(np.array([2, 3]), {(0, 1): np.arange(6.0).reshape(2, 3)})
            >>> graph.energies(np.array([[1, 2], [0, 1]])).tolist()
            [5.0, 1.0]
        """
        scopes = list(tables)
        start = np.cumsum([0, *(len(scope) for scope in scopes)])
        sites = np.array([site for scope in scopes for site in scope], np.int64)
        values = np.concatenate([np.ravel(tables[s]) for s in scopes]) if scopes else np.empty(0)
        return cls(np.asarray(sizes, np.int64), sites, start.astype(np.int64), values.astype(np.float64))

    @classmethod
    def from_hamiltonian(cls, hamiltonian: Hamiltonian, column: int = 0) -> FactorGraph:
        """Reads the energy of one class of a Hamiltonian of spins, bits or categories.

        Args:
            hamiltonian: The Hamiltonian; its variables are spins or bits in their own units.
            column: Which class.

        Returns:
            One factor for each set of sites that some monomial couples.

        Raises:
            ValueError: If a variable is real or the tables would exceed 2^27 numbers.
        """
        from .tabulate import tabulate

        return tabulate(hamiltonian, column)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.sizes)

    def __len__(self) -> int:
        return len(self.site_start) - 1

    @cached_property
    def degrees(self) -> np.ndarray:
        """Number of sites of each factor, shape (factors,)."""
        return np.diff(self.site_start)

    @cached_property
    def strides(self) -> np.ndarray:
        """Steps in the flat table, one per entry of `sites`."""
        strides = np.ones(len(self.sites), np.int64)
        for degree in range(int(self.degrees.max(initial=0)) - 2, -1, -1):
            here = self.site_start[:-1][self.degrees > degree + 1] + degree
            strides[here] = strides[here + 1] * self.sizes[self.sites[here + 1]]
        return strides

    @cached_property
    def table_start(self) -> np.ndarray:
        """Where each factor's table begins in `values`, shape (factors + 1,)."""
        first = self.site_start[:-1]
        lengths = np.where(self.degrees > 0, 1, 1)
        filled = self.degrees > 0
        lengths[filled] = self.strides[first[filled]] * self.sizes[self.sites[first[filled]]]
        return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

    @cached_property
    def incidence(self) -> tuple[np.ndarray, np.ndarray]:
        """Factors of each site: `(start, entry)`; ``entry[start[i]:start[i + 1]]`` are places in `sites`."""
        entry = np.argsort(self.sites, kind="stable")
        counts = np.bincount(self.sites, minlength=self.n_sites)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), entry.astype(np.int64)

    def scopes(self) -> Iterator[tuple[int, ...]]:
        """Yields the sites of each factor."""
        for first, last in zip(self.site_start[:-1].tolist(), self.site_start[1:].tolist(), strict=True):
            yield tuple(self.sites[first:last].tolist())

    def table(self, factor: int) -> np.ndarray:
        """Returns the table of one factor, one axis per site (a view)."""
        sites = self.sites[self.site_start[factor] : self.site_start[factor + 1]]
        flat = self.values[self.table_start[factor] : self.table_start[factor + 1]]
        return flat.reshape(tuple(self.sizes[sites]))

    def lookups(self, codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
        """Which table entries samples read.

        Args:
            codes: Shape (samples, n).
            factors: Numbers of factors of one degree.

        Returns:
            Places in `values`, shape (samples, len(factors)).
        """
        places = np.broadcast_to(self.table_start[factors], (len(codes), len(factors))).copy()
        degree = int(self.degrees[factors[0]]) if len(factors) else 0
        for k in range(degree):
            entries = self.site_start[factors] + k
            places += codes[:, self.sites[entries]].astype(np.int64) * self.strides[entries]
        return places

    def energies(self, codes: np.ndarray) -> np.ndarray:
        """Energies of samples.

        Args:
            codes: Shape (samples, n), as `Alphabet.encode` returns them.

        Returns:
            H in nats, shape (samples,).

        Cost: one table entry per sample and factor; memory is bounded.
        """
        total = np.zeros(len(codes))
        for degree in np.unique(self.degrees):
            factors = np.flatnonzero(self.degrees == degree)
            rows = max(1, BLOCK_ENTRIES // len(factors))
            for first in range(0, len(codes), rows):
                part = codes[first : first + rows]
                total[first : first + rows] += self.values[self.lookups(part, factors)].sum(axis=1)
        return total


def check_table_size(entries: float, degree: int) -> None:
    """Refuses tables that do not fit.

    Args:
        entries: Numbers in all tables together.
        degree: Sites of the largest factor.

    Raises:
        ValueError: If there are too many.
    """
    if entries > MAX_ENTRIES:
        requirement = f"a sum of tables of at most {MAX_ENTRIES:,} numbers"
        got = f"{entries:.3g} numbers (largest factor: {degree} sites)"
        raise ValueError(must_be("hamiltonian", "FactorGraph", requirement, got, "Lower the order or the radius."))
