"""Exact sums over all states of sparse factor graphs, one site at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..._messages import must_be
from ..factor_graph import FactorGraph
from .checks import checked_array, code_type
from .elimination import Elimination, best_elimination
from .program import compile_program, message_places

__all__ = ["JunctionTree", "try_junction_tree"]

MAX_CLIQUE = 1 << 22  # numbers in the largest table: 32 MiB
BLOCK = 1 << 20  # random numbers drawn at once


class JunctionTree:
    r"""Sums over the sites in a fixed order: :math:`m(x_S) = \ln\sum_{x_v} \exp(-\sum_f T_f + \sum_c m_c)`.

    Only the structure of the graph is read; the methods take `values` in its layout (nats), so that a fit can
    change them. Sites of one state are left out of the tables.

    Args:
        graph: Sizes and scopes.
        limit: Most numbers in one table.
        elimination: The order of the sites, found for this graph; None searches one.

    Attributes:
        width: Sites in the largest table, minus 1.
        entries: Numbers in the largest table.
        cost: Numbers in all tables together.

    Raises:
        ValueError: If every order tried needs a table above the limit, or 2^29 numbers in all.

    Guarantee: sums are of positive numbers, as logarithms relative to the largest: nothing overflows, and what
        underflows is below 1e-300 of the sum it belongs to. ln Z is off by some unit roundoffs of the sum of the
        largest |entries| of the tables.
    Cost: about 12 ns per number in the tables for ln Z, three times as much for marginals; 8 bytes per number of the
        messages (for ln Z alone only of those still to be read).
    Source: variable elimination and its backward pass, e.g. Koller and Friedman (2009), chapters 9 and 10.

    Example:
        >>> bond = np.array([[0.0, 1.0], [1.0, 0.0]])
        >>> ring = FactorGraph.from_tables(np.full(4, 2), {(0, 1): bond, (1, 2): bond, (2, 3): bond, (0, 3): bond})
        >>> tree = JunctionTree(ring)
        >>> tree.width, round(tree.log_partition(ring.values), 6)  # (1 + 1/e)^4 + (1 - 1/e)^4
        (2, 1.297642)
    """

    def __init__(self, graph: FactorGraph, limit: int = MAX_CLIQUE, elimination: Elimination | None = None) -> None:
        found = best_elimination(graph, limit) if elimination is None else elimination
        if found is None:
            requirement = f"of sites that can be summed out with tables of at most {limit:,} numbers"
            got = f"{len(graph)} factors of {graph.n_sites} sites that depend on each other too much"
            advice = "Lower the order or the radius, or use annealing."
            raise ValueError(must_be("graph", "JunctionTree", requirement, got, advice))
        self.width: int = found.width
        self.entries: int = found.entries
        self.cost: int = found.cost
        self._sizes = graph.sizes
        self._length = int(graph.table_start[-1])
        self._program, self._constants = compile_program(graph, found)

    def log_partition(self, values: np.ndarray) -> float:
        """Returns ln of the sum over all states of exp(-H), nats."""
        values = self._checked(values)
        _, _, shifts = self._collected(values, kept=False)
        return self._log_partition(values, shifts)

    def calibrate(self, values: np.ndarray) -> tuple[float, np.ndarray]:
        """Computes ln Z and its gradient at once.

        Args:
            values: All tables, in the layout of the graph, nats.

        Returns:
            ln Z (nats), and the probability of each table entry in the layout of the values: -d ln Z / d values.
        """
        from .messages import distribute  # Numba loads here

        values = self._checked(values)
        places, messages, shifts = self._collected(values, kept=True)
        marginals = np.zeros(self._length)
        marginals[self._constants] = 1
        distribute(self._program, values, places, messages, shifts, marginals)
        return self._log_partition(values, shifts), marginals

    def sampler(self, values: np.ndarray) -> Callable[[int, np.random.Generator], np.ndarray]:
        """Prepares independent samples.

        Args:
            values: All tables, in the layout of the graph, nats.

        Returns:
            A function of (n, rng) that returns codes of n samples; it holds the messages.

        Guarantee: every site is drawn from its exact conditional distribution, up to rounding.
        Cost: one table entry per sample, factor or message, and state.
        """
        from .messages import draw

        values = self._checked(values).copy()
        places, messages, _ = self._collected(values, kept=True)
        steps = len(self._program.site)

        def sample(n: int, rng: np.random.Generator) -> np.ndarray:
            codes = np.zeros((n, len(self._sizes)), code_type(self._sizes))
            rows = max(1, BLOCK // max(1, steps))
            for first in range(0, n if steps else 0, rows):
                part = codes[first : first + rows]
                draw(self._program, values, places, messages, rng.random((len(part), steps)), part)
            return codes

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

    def _checked(self, values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(checked_array(values, self._length, "values", "JunctionTree"))

    def _collected(self, values: np.ndarray, kept: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns where the messages lie, the messages, and what was subtracted from each."""
        from .messages import collect

        places, length = message_places(self._program, kept)
        messages, shifts = np.empty(length), np.empty(len(self._program.site))
        collect(self._program, values, places, messages, shifts)
        return places, messages, shifts

    def _log_partition(self, values: np.ndarray, shifts: np.ndarray) -> float:
        return float(shifts.sum() - values[self._constants].sum())

    def __repr__(self) -> str:
        return f"JunctionTree({len(self._sizes)} sites, width {self.width}, {self.cost:,} numbers in all tables)"


def try_junction_tree(graph: FactorGraph, limit: int = MAX_CLIQUE) -> JunctionTree | None:
    """Builds a junction tree where that is possible, and gives up early on dense graphs.

    Args:
        graph: Sizes and scopes.
        limit: Most numbers in one table.

    Returns:
        The tree, or None if every order tried needs a table above the limit, or 2^29 numbers in all.
    """
    elimination = best_elimination(graph, limit)
    return None if elimination is None else JunctionTree(graph, limit, elimination)
