"""Gibbs sampling of factor graphs: many chains at once, any alphabet, any order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._messages import must_be
from ..factor_graph import FactorGraph
from .couplings import dense_sweeps, is_pairwise_binary, pair_couplings, sparse_sweeps
from .generator import generator_states
from .walks import table_sweeps, walks

__all__ = ["Chains", "GibbsKernel", "gibbs_sweeps"]

DENSE_SITES = 2000  # a full matrix of couplings of so many sites takes 32 MB
DENSE_SHARE = 0.1  # share of coupled pairs above which a full row is faster than a list of neighbours


@dataclass
class Chains:
    """What a kernel keeps of each chain between calls.

    Args:
        codes: States, shape (chains, n), int32.
        fields: H(x_i = 1) - H(x_i = 0), same shape, nats; no columns where the kernel walks tables.
        energies: H, shape (chains,), nats.
        linear: The linear observable A, shape (chains,).
        generators: Shape (chains, 4), uint64.
    """

    codes: np.ndarray
    fields: np.ndarray
    energies: np.ndarray
    linear: np.ndarray
    generators: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)


class GibbsKernel:
    r"""Contiguous arrays from which Gibbs sweeps of one graph run, prepared once.

    The chains follow :math:`p(x) \propto \exp(-\beta H(x) - \gamma A(x))`, where :math:`A(x) = \sum_i a_i(x_i)` is
    any linear observable: the base energy of annealing, or a magnetisation that is only watched (gamma = 0).

    Args:
        graph: The energy H; its tables must be finite.
        observable: The tables a_i one site after the other, shape (sum of sizes,), or None for zero.
        layout: "dense" or "sparse" (pairwise two-state graphs only), "tables" (any graph) or "auto".

    Attributes:
        layout: What "auto" chose.

    Raises:
        ValueError: If a table entry is not finite, a shape is wrong or the layout does not suit the graph.
    """

    def __init__(self, graph: FactorGraph, observable: np.ndarray | None = None, layout: str = "auto") -> None:
        if not np.all(np.isfinite(graph.values)):
            advice = "Replace infinite energies by large ones: Gibbs sampling cannot pass forbidden states anyway."
            raise ValueError(must_be("graph", "GibbsKernel", "of finite tables", "NaN or infinity", advice))
        self.graph = graph
        self.layout = _layout(graph) if layout == "auto" else layout
        if self.layout not in {"dense", "sparse", "tables"}:
            raise ValueError(must_be("layout", "GibbsKernel", '"auto", "dense", "sparse" or "tables"', layout))
        if self.layout != "tables" and not is_pairwise_binary(graph):
            got = f"{layout!r} for {graph.sizes.max()} states and factors of {graph.degrees.max()} sites"
            raise ValueError(must_be("layout", "GibbsKernel", '"tables" unless the graph is pairwise binary', got))
        self.local_start = np.concatenate([[0], np.cumsum(graph.sizes)]).astype(np.int64)
        self._arrays: tuple[Any, ...] = (walks(graph),) if self.layout == "tables" else ()
        if self.layout != "tables":
            self._prepare_pairs()
        self.watch(observable)

    def _prepare_pairs(self) -> None:
        self._fields, first, second, coupling = pair_couplings(self.graph)
        n = self.graph.n_sites
        if self.layout == "dense":
            matrix = np.zeros((n, n))
            np.add.at(matrix, (first, second), coupling)
            self._arrays = (matrix + matrix.T,)
        else:
            one, two = np.concatenate([first, second]), np.concatenate([second, first])
            order = np.argsort(one, kind="stable")
            start = np.concatenate([[0], np.cumsum(np.bincount(one, minlength=n))]).astype(np.int64)
            self._arrays = start, two[order], np.concatenate([coupling, coupling])[order]

    def watch(self, observable: np.ndarray | None) -> None:
        """Sets the linear observable A; chains that were started before must be started again.

        Args:
            observable: Its tables one site after the other, shape (sum of sizes,), or None for zero.

        Raises:
            ValueError: If the shape is wrong or a value is not finite.
        """
        length = int(self.local_start[-1])
        tables = np.zeros(length) if observable is None else np.array(observable, dtype=np.float64)
        if tables.shape != (length,) or not np.all(np.isfinite(tables)):
            got = f"shape {tables.shape}"
            raise ValueError(must_be("observable", "GibbsKernel", f"finite, of shape ({length},)", got))
        self.observable = tables
        self._slopes = tables if self.layout == "tables" else tables[1::2] - tables[::2]

    def start(self, codes: np.ndarray, rng: np.random.Generator) -> Chains:
        """Prepares chains.

        Args:
            codes: First states, shape (chains, n); copied.
            rng: Seeds the generators of the chains.

        Returns:
            The chains, to be passed to `run`.

        Raises:
            ValueError: If a code is no state of its site.
        """
        self.check(codes)
        states = np.array(codes, dtype=np.int32, order="C")
        linear = self.observable[self.local_start[:-1] + states].sum(axis=1)
        return Chains(
            states, self._local_fields(states), self.graph.energies(states), linear, generator_states(rng, len(states))
        )

    def run(
        self,
        chains: Chains,
        sweeps: int,
        beta: np.ndarray | float = 1.0,
        gamma: np.ndarray | float = 0.0,
        backwards: bool = False,
        trace: bool = False,
    ) -> np.ndarray:
        """Sweeps chains in place.

        Args:
            chains: From `start`.
            sweeps: How often each site is visited.
            beta: Factor of H: one number, or an array of shape (chains or 1, sweeps or 1).
            gamma: Factor of A: likewise.
            backwards: Whether to visit the last site first: the time reversal of a forward sweep.
            trace: Whether to return H and A after each sweep.

        Returns:
            Shape (2, chains, sweeps): H in nats and A; (2, 0, 0) without `trace`.

        Raises:
            ValueError: If `beta` or `gamma` has another shape.
        """
        record = np.empty((2, len(chains), sweeps) if trace else (2, 0, 0))
        factors = [np.ascontiguousarray(np.atleast_2d(np.asarray(b, np.float64))) for b in (beta, gamma)]
        for name, factor in zip(("beta", "gamma"), factors, strict=True):
            if factor.shape[0] not in {1, len(chains)} or factor.shape[1] not in {1, sweeps}:
                requirement = f"of shape ({len(chains)} or 1, {sweeps} or 1)"
                raise ValueError(must_be(name, "GibbsKernel.run", requirement, f"shape {factor.shape}"))
        if not sweeps or not chains.codes.size:
            if trace:
                record[0], record[1] = chains.energies[:, None], chains.linear[:, None]
            return record
        moving = (chains.energies, chains.linear, chains.generators, *self._arrays, self._slopes)
        settings = (*factors, sweeps, backwards, record)
        if self.layout == "tables":
            table_sweeps(chains.codes, *moving, *settings)
        elif self.layout == "dense":
            dense_sweeps(chains.codes, chains.fields, *moving, *settings)
        else:
            sparse_sweeps(chains.codes, chains.fields, *moving, *settings)
        return record

    def _local_fields(self, codes: np.ndarray) -> np.ndarray:
        if self.layout == "tables":
            return np.empty((len(codes), 0))
        fields = np.tile(self._fields, (len(codes), 1))
        if self.layout == "dense":
            return fields + codes @ self._arrays[0]
        from scipy.sparse import csr_array

        start, neighbour, coupling = self._arrays
        matrix = csr_array((coupling, neighbour, start), shape=(codes.shape[1],) * 2)
        return np.ascontiguousarray(fields + (matrix @ codes.T).T)

    def check(self, codes: np.ndarray) -> None:
        """Refuses codes that are no states of this graph.

        Args:
            codes: Shape (chains, n).

        Raises:
            ValueError: If the shape, the type or a value is wrong.
        """
        n = self.graph.n_sites
        if codes.ndim != 2 or codes.shape[1] != n or codes.dtype.kind not in "iu":
            got = f"{codes.dtype} of shape {codes.shape}"
            raise ValueError(must_be("codes", "GibbsKernel", f"integers of shape (chains, {n})", got))
        if codes.size and (codes.min() < 0 or np.any(codes.max(axis=0) >= self.graph.sizes)):
            advice = "Encode raw values with `Alphabet.encode`."
            got = f"values from {codes.min()} to {codes.max()}"
            raise ValueError(must_be("codes", "GibbsKernel", "from 0 to the states of each site less 1", got, advice))


def gibbs_sweeps(
    graph: FactorGraph | GibbsKernel,
    codes: np.ndarray,
    sweeps: int,
    rng: np.random.Generator,
    beta: np.ndarray | float = 1.0,
) -> np.ndarray:
    """Updates every site of every chain in turn from its conditional distribution, `sweeps` times.

    Args:
        graph: The energy H, or a `GibbsKernel` of it, which saves the preparation when there are many calls.
        codes: States, shape (chains, n), any integer type; changed in place.
        sweeps: How often each site is visited.
        rng: Seeds one generator per chain; the same state of `rng` gives the same result.
        beta: p is proportional to exp(-beta H): one number, or one per chain, shape (chains,).

    Returns:
        H of each chain at the end, shape (chains,), nats.

    Raises:
        ValueError: If a code is no state of its site, a table is not finite or a shape is wrong.

    Guarantee:
        Each sweep leaves exp(-beta H) invariant, up to the rounding of float64. How fast chains that start
        elsewhere approach it is not known; see `autocorrelation`.
    Cost: per site update the site's tables; for two-state sites in pairs the site's neighbours, only if it flips.

    Example:
        >>> graph = FactorGraph.from_tables(np.array([2]), {(0,): np.array([0.0, 50.0])})
        >>> codes = np.array([[1], [1]])
        >>> gibbs_sweeps(graph, codes, 1, np.random.default_rng(0)).tolist(), codes.tolist()
        ([0.0, 0.0], [[0], [0]])
    """
    kernel = graph if isinstance(graph, GibbsKernel) else GibbsKernel(graph)
    chains = kernel.start(codes, rng)
    kernel.run(chains, sweeps, np.reshape(beta, (-1, 1)))
    codes[...] = chains.codes
    return chains.energies


def _layout(graph: FactorGraph) -> str:
    if not is_pairwise_binary(graph):
        return "tables"
    n, pairs = graph.n_sites, np.count_nonzero(graph.degrees == 2)
    return "dense" if n <= DENSE_SITES and 2 * pairs > DENSE_SHARE * n * n else "sparse"
