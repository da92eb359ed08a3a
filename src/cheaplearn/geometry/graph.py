"""Any undirected graph: the distance is the number of hops."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse
from scipy.sparse.csgraph import dijkstra

from .._messages import must_be
from .base import Geometry, checked_length

__all__ = ["Graph"]


class Graph(Geometry):
    """Undirected graph whose distance is the smallest number of edges between two sites.

    Args:
        n_sites: Number of sites.
        edges: Pairs of sites; direction and repetition do not matter, loops are refused.

    Raises:
        ValueError: If an edge is not a pair of two different sites.

    Cost: stores the edges only; `neighbours` searches breadth first no further than `radius`.

    Example:
        >>> square = Graph(4, [(0, 1), (1, 2), (2, 3), (3, 0)])
        >>> float(square.distance(0, 2)), square.neighbours(0, 1).tolist()
        (2.0, [1, 3])
    """

    def __init__(self, n_sites: int, edges: Iterable[tuple[int, int]]) -> None:
        self._n_sites = checked_length(n_sites, "n_sites", "Graph")
        pairs = np.asarray(list(edges))
        pairs = pairs.reshape(0, 2).astype(int) if pairs.size == 0 else pairs
        if pairs.ndim != 2 or pairs.shape[1] != 2:
            raise ValueError(must_be("edges", "Graph", "pairs of sites", f"shape {pairs.shape}"))
        pairs = self._checked_sites(pairs, "edges")
        if np.any(pairs[:, 0] == pairs[:, 1]):
            loop = int(pairs[pairs[:, 0] == pairs[:, 1]][0, 0])
            raise ValueError(must_be("edges", "Graph", "between two different sites", f"a loop at {loop}"))
        self._edges = np.unique(np.sort(pairs, axis=1), axis=0)

    @classmethod
    def from_adjacency(cls, matrix: Any) -> Graph:
        """Reads a graph from its adjacency matrix.

        Args:
            matrix: Square symmetric matrix, dense or SciPy-sparse; a non-zero entry is an edge.

        Returns:
            The graph.

        Raises:
            ValueError: If the matrix is not square and symmetric.
        """
        linked = csr_array(matrix) if issparse(matrix) else csr_array(np.atleast_2d(np.asarray(matrix)))
        if linked.shape[0] != linked.shape[1] or (linked != linked.T).nnz:
            raise ValueError(must_be("matrix", "Graph.from_adjacency", "square and symmetric", linked.shape))
        rows, columns = linked.nonzero()
        return cls(linked.shape[0], zip(rows.tolist(), columns.tolist(), strict=True))

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return self._n_sites

    @property
    def edges(self) -> list[tuple[int, int]]:
        """The edges, each once, ascending."""
        return [(int(a), int(b)) for a, b in self._edges]

    @cached_property
    def max_radius(self) -> int:
        """Largest finite distance, in hops; one breadth-first search per site on first use."""
        return int(max(np.max(row[np.isfinite(row)]) for row in map(self._hops, range(self.n_sites))))

    @cached_property
    def connected(self) -> bool:
        """Whether every site can be reached from every other."""
        return bool(np.all(np.isfinite(self._hops(0))))

    def distance(self, i: Any, j: Any) -> Any:
        """Number of hops between sites.

        Args:
            i: Site or array of sites.
            j: Site or array of sites; broadcasts with `i`.

        Returns:
            Hops as float, `inf` where no path exists, in the broadcast shape of `i` and `j`.
        """
        first, second = np.broadcast_arrays(self._checked_sites(i, "i"), self._checked_sites(j, "j"))
        sources, inverse = np.unique(first, return_inverse=True)
        rows = np.array([self._hops(source) for source in sources]).reshape(len(sources), self.n_sites)
        return rows[inverse.reshape(first.shape), second][()]

    def neighbours(self, site: int, radius: float) -> np.ndarray:
        """Sites that at most `radius` hops reach.

        Args:
            site: Site number.
            radius: Largest number of hops; `math.inf` means all sites, linked or not.

        Returns:
            Site numbers, ascending, without `site`.
        """
        centre = int(self._checked_sites(site, "site"))
        sites = np.arange(self.n_sites)
        near = sites if np.isinf(radius) else sites[self._hops(centre, radius) <= radius]
        return near[near != centre]

    def to_dict(self) -> dict[str, Any]:
        """Plain description of the graph.

        Returns:
            `kind`, `n_sites` and `edges`.
        """
        return {"kind": "graph", "n_sites": self.n_sites, "edges": [list(edge) for edge in self.edges]}

    @cached_property
    def _adjacency(self) -> csr_array:
        shape = (self.n_sites, self.n_sites)
        half = csr_array((np.ones(len(self._edges)), tuple(self._edges.T)), shape=shape)
        return half + half.T

    def _hops(self, site: int, limit: float = np.inf) -> np.ndarray:
        return dijkstra(self._adjacency, unweighted=True, indices=site, limit=limit)

    def __repr__(self) -> str:
        return f"Graph({self.n_sites} sites, {len(self._edges)} edges)"
