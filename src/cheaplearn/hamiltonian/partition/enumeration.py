"""Exact sums over all states, by a table of all energies."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..._messages import must_be
from ..factor_graph import FactorGraph
from .checks import checked_array, code_type

__all__ = ["Enumeration"]

MAX_STATES = 1 << 25  # 256 MiB for one number each
CHUNK = 1 << 16  # numbers exponentiated at once


class Enumeration:
    """All states of a factor graph, numbered in C order (the first site is slowest).

    Only the structure of the graph is read; the methods take `values` in its layout (nats), so that a fit can
    change them.

    Every table is rewritten as differences from state 0 along each of its axes. An entry then counts for all states
    that agree with it where it is not 0: it is added to one place of a dense tensor, and a sum along each axis spreads
    it out. A graph of any number of terms of any order thus costs n sums over the states.

    Args:
        graph: Sizes and scopes; the product of the sizes is at most 2^25.

    Raises:
        ValueError: If there are more states.

    Cost: about n additions per state; two numbers of 8 bytes per state.
    Source: the zeta transform and its transpose (Yates 1937), in mixed radix.

    Example:
        >>> graph = FactorGraph.from_tables(np.array([2, 3]), {(0, 1): np.arange(6.0).reshape(2, 3)})
        >>> states = Enumeration(graph)
        >>> states.energies(graph.values).tolist(), states.codes(np.array([5])).tolist()
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [[1, 2]])
    """

    def __init__(self, graph: FactorGraph) -> None:
        self.sizes: tuple[int, ...] = tuple(graph.sizes.tolist())
        self.states: int = math.prod(self.sizes)
        if self.states > MAX_STATES:
            got = f"{_count(self.states)} states of {len(self.sizes)} sites"
            advice = "Use JunctionTree if few sites depend on each other at once, else annealing."
            raise ValueError(must_be("graph", "Enumeration", f"of at most {MAX_STATES:,} states", got, advice))
        self._length = int(graph.table_start[-1])
        self._strides = np.array([math.prod(self.sizes[k + 1 :]) for k in range(len(self.sizes))], np.int64)
        self._groups = _tables_by_shape(graph)
        self._places = np.empty(self._length, np.int64)  # where the state lies that has 0 everywhere else
        for shape, entries, scopes in self._groups:
            states = np.stack(np.unravel_index(np.arange(entries.shape[1]), shape)) if shape else np.zeros((0, 1), int)
            self._places[entries] = self._strides[scopes] @ states

    def energies(self, values: np.ndarray) -> np.ndarray:
        """Sums the tables in every state.

        Args:
            values: All tables, in the layout of the graph, nats.

        Returns:
            H of all states in C order, shape (states,), nats.

        Guarantee: errors are below 2^d (n + d) unit roundoffs of the sum of the largest |entries| of the tables,
            d the largest degree.
        """
        from .zeta import add_zero_state  # Numba loads here

        differences = checked_array(values, self._length, "values", "Enumeration").copy()
        for shape, entries, _ in self._groups:
            tables = differences[entries].reshape(-1, *shape)
            for axis in range(1, tables.ndim):
                tables[_from(1, axis)] -= tables[_first(axis)]
            differences[entries] = tables.reshape(entries.shape)
        dense = np.bincount(self._places, differences, self.states).astype(np.float64, copy=False)
        add_zero_state(dense, self.sizes)
        return dense

    def marginals(self, weights: np.ndarray) -> np.ndarray:
        """For each table entry sums the weights of the states that read it: the exact transpose of `energies`.

        ``energies(values) @ weights == values @ marginals(weights)`` up to rounding.

        Args:
            weights: One number of any sign per state, shape (states,), for example p.

        Returns:
            Sums, in the layout of the graph's values.

        Guarantee: errors are absolute, some unit roundoffs of the sum of all |weights|: the entries of state 0 are
            differences, and where no weight lies they may come out as -1e-17 rather than 0.
        """
        return self._folded(np.array(checked_array(weights, self.states, "weights", "Enumeration")))

    def log_partition(self, values: np.ndarray) -> float:
        """Returns ln of the sum over all states of exp(-H), nats."""
        return _to_distribution(self.energies(values))[1]

    def distribution(self, values: np.ndarray) -> np.ndarray:
        """Returns p of all states in C order, shape (states,), which sums to 1."""
        return self.solve(values)[0]

    def solve(self, values: np.ndarray) -> tuple[np.ndarray, float]:
        """Returns p of all states in C order, shape (states,), and ln Z, nats."""
        return _to_distribution(self.energies(values))

    def calibrate(self, values: np.ndarray) -> tuple[float, np.ndarray]:
        """Computes ln Z and its gradient at once.

        Args:
            values: All tables, in the layout of the graph, nats.

        Returns:
            ln Z (nats), and the probability of each table entry in the layout of the values: -d ln Z / d values.
        """
        p, log_partition = _to_distribution(self.energies(values))
        return log_partition, self._folded(p)

    def codes(self, states: np.ndarray) -> np.ndarray:
        """Looks up the states of the sites.

        Args:
            states: Numbers of states, shape (samples,).

        Returns:
            Codes, shape (samples, n), uint8, or int32 if a site has more than 256 states.
        """
        codes = np.empty((len(states), len(self.sizes)), code_type(np.array(self.sizes)))
        for site, (stride, size) in enumerate(zip(self._strides.tolist(), self.sizes, strict=True)):
            codes[:, site] = np.asarray(states) // stride % size
        return codes

    def sampler(self, values: np.ndarray) -> Callable[[int, np.random.Generator], np.ndarray]:
        """Prepares independent samples.

        Args:
            values: All tables, in the layout of the graph, nats.

        Returns:
            A function of (n, rng) that returns codes of n samples; it holds one number per state.

        Guarantee: states are drawn by inverting the cumulative sum of p: each probability is off by at most about
            1e-16 sqrt(states), and states below 1e-16 may never come.
        """
        p = self.distribution(values)
        cumulative = np.cumsum(p, out=p)
        total = cumulative[-1]  # the largest number below 1 times it rounds to less than it: no state behind the last

        def sample(n: int, rng: np.random.Generator) -> np.ndarray:
            return self.codes(np.searchsorted(cumulative, rng.random(n) * total, side="right"))

        return sample

    def sample(self, values: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draws exact independent samples (use `sampler` to draw more than once).

        Args:
            values: All tables, in the layout of the graph, nats.
            n: How many.
            rng: Source of random numbers.

        Returns:
            Codes, shape (n, sites).
        """
        return self.sampler(values)(n, rng)

    def __repr__(self) -> str:
        return f"Enumeration({len(self.sizes)} sites, {self.states:,} states)"

    def _folded(self, weights: np.ndarray) -> np.ndarray:
        """Returns the marginals of weights and overwrites these."""
        from .zeta import add_to_zero_state

        add_to_zero_state(weights, self.sizes)
        sums = weights[self._places]
        for shape, entries, _ in self._groups:
            tables = sums[entries].reshape(-1, *shape)
            for axis in range(1, tables.ndim):
                tables[_first(axis)] -= tables[_from(1, axis)].sum(axis=axis, keepdims=True)
            sums[entries] = tables.reshape(entries.shape)
        return sums


def _tables_by_shape(graph: FactorGraph) -> list[tuple[tuple[int, ...], np.ndarray, np.ndarray]]:
    """Groups tables of one shape: the shape, the entries (tables, numbers), and the scopes (tables, degree)."""
    groups: dict[tuple[int, ...], list[int]] = {}
    scopes = list(graph.scopes())
    for factor, scope in enumerate(scopes):
        groups.setdefault(tuple(graph.sizes[list(scope)].tolist()), []).append(factor)
    found = []
    for shape, factors in groups.items():
        entries = graph.table_start[factors][:, None] + np.arange(math.prod(shape))
        members = np.array([scopes[factor] for factor in factors], np.int64).reshape(len(factors), len(shape))
        found.append((shape, entries, members))
    return found


def _first(axis: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(0, 1),)


def _from(start: int, axis: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(start, None),)


def _to_distribution(energies: np.ndarray) -> tuple[np.ndarray, float]:
    """Turns energies into probabilities in place; returns them and ln Z."""
    lowest = energies.min()
    total = 0.0
    for first in range(0, len(energies), CHUNK):
        part = energies[first : first + CHUNK]
        np.subtract(lowest, part, out=part)
        np.exp(part, out=part)
        total += float(part.sum())
    energies /= total
    return energies, float(math.log(total) - lowest)


def _count(states: int) -> str:
    return f"{states:,}" if states < 10**12 else f"about 2^{states.bit_length() - 1}"
