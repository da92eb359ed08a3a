"""Linear maps as products of sparse factors, one layer a factor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from ..._messages import must_be
from .base import LinearMap, clean
from .checks import checked_size

if TYPE_CHECKING:
    import pandas as pd

    from ...network import Network
    from .skips import SkipChain

__all__ = ["FactorChain"]


@dataclass(frozen=True, eq=False, repr=False)
class FactorChain(LinearMap):
    """A matrix as a product of sparse factors: ``A = factors[0] @ factors[1] @ ...``; the last one acts first.

    Args:
        factors: Dense or sparse matrices that fit; kept as `scipy.sparse.csr_array` without stored zeros.
        name: What it computes, for printing.
        target: Computes the dense matrix independently of the factors; None if nothing else is known about it.
        exact_dense_synapses: Non-zeros of the dense matrix where they are known; else they are counted.

    Raises:
        ValueError: If there is no factor, one has a number that is not finite, or neighbours do not fit.

    Example:
        >>> chain = FactorChain([[[1, 0], [1, 1]], [[1, 2], [0, 1]]])
        >>> chain.synapses, chain.dense_synapses, chain.dense().tolist()
        (6, 4, [[1.0, 2.0], [1.0, 3.0]])
    """

    factors: tuple[sparse.csr_array, ...]
    name: str = "chain"
    target: Callable[[], np.ndarray] | None = None
    exact_dense_synapses: int | None = None

    def __post_init__(self) -> None:
        factors = tuple(clean(factor) for factor in self.factors)
        if not factors:
            raise ValueError(must_be("factors", "FactorChain", "at least one matrix", "none"))
        for i, factor in enumerate(factors):
            if not np.all(np.isfinite(factor.data)):
                raise ValueError(must_be("factors", "FactorChain", "finite", f"another number in factor {i}"))
            if i and factors[i - 1].shape[1] != factor.shape[0]:
                shapes = f"shapes {factors[i - 1].shape} and {factor.shape}"
                raise ValueError(must_be("factors", "FactorChain", "matrices that can be multiplied in order", shapes))
        object.__setattr__(self, "factors", factors)

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs and inputs."""
        return int(self.factors[0].shape[0]), int(self.factors[-1].shape[1])

    @property
    def depth(self) -> int:
        """Number of factors."""
        return len(self.factors)

    @property
    def synapses(self) -> int:
        """Non-zeros of all factors."""
        return sum(int(factor.nnz) for factor in self.factors)

    @property
    def dtype(self) -> np.dtype:
        """Type of the product: float64 or complex128."""
        return np.result_type(*(factor.dtype for factor in self.factors))

    @property
    def table(self) -> pd.DataFrame:
        """One row a factor, in product order: factor, shape, non-zeros."""
        import pandas as pd

        rows = [(i, f"{f.shape[0]} x {f.shape[1]}", int(f.nnz)) for i, f in enumerate(self.factors)]
        return pd.DataFrame(rows, columns=["factor", "shape", "non-zeros"])

    @cached_property
    def skip_synapses(self) -> int:
        """Synapses if later layers may read earlier ones, so that nothing is copied."""
        return self.with_skips().synapses

    def apply(self, columns: np.ndarray) -> np.ndarray:
        """Maps vectors that stand in columns.

        Args:
            columns: Shape (n, samples).

        Returns:
            Shape (m, samples).
        """
        for factor in reversed(self.factors):
            columns = factor @ columns
        return columns

    def apply_absolute(self, columns: np.ndarray) -> np.ndarray:
        """Maps columns through the absolute values of all factors.

        Args:
            columns: Shape (n, samples).

        Returns:
            Shape (m, samples).
        """
        for factor in reversed(self.factors):
            columns = abs(factor) @ columns
        return columns

    def reference(self) -> np.ndarray:
        """The dense matrix, computed independently of the factors.

        Returns:
            Shape (m, n).

        Raises:
            ValueError: If nothing but the factors is known.
        """
        if self.target is None:
            advice = "Pass target=lambda: matrix."
            raise ValueError(must_be("target", "FactorChain", "given for a comparison", "None", advice))
        return np.asarray(self.target())

    def merged(self, max_factors: int | None = None) -> FactorChain:
        """Multiplies neighbours where that leaves fewer non-zeros: the best way to cut the chain into products.

        Args:
            max_factors: Largest number of factors that may be left; None for any.

        Returns:
            The shorter chain of the same map. What cancels in a product is no synapse.
        """
        from .merging import grouped

        most = None if max_factors is None else checked_size(max_factors, "merged", "max_factors")
        return self._with(grouped(self.factors, most))

    def without_idle_units(self) -> FactorChain:
        """Leaves out units that are always 0 and units that nothing reads.

        Returns:
            The same map, its inputs and outputs unchanged.
        """
        factors = [factor.tocsc() for factor in self.factors]
        for i in range(len(factors) - 1, 0, -1):  # upwards: units that are always 0
            used = np.flatnonzero(np.diff(factors[i].tocsr().indptr))
            factors[i], factors[i - 1] = factors[i].tocsr()[used], factors[i - 1].tocsc()[:, used]
        for i in range(len(factors) - 1):  # downwards: units that nothing reads
            used = np.flatnonzero(np.diff(factors[i].tocsc().indptr))
            factors[i], factors[i + 1] = factors[i].tocsc()[:, used], factors[i + 1].tocsr()[used]
        return self._with(factors)

    def transposed(self, name: str, target: Callable[[], np.ndarray]) -> FactorChain:
        """The transpose: all factors transposed, in reverse order, with as many synapses.

        Args:
            name: What it computes.
            target: Computes its dense matrix.

        Returns:
            The chain.
        """
        factors = tuple(factor.T for factor in reversed(self.factors))
        return FactorChain(factors, name, target, self.exact_dense_synapses)

    def with_skips(self) -> SkipChain:
        """Lets each layer read all earlier ones: a unit that only copies another one is left out.

        Returns:
            The same map with `skip_synapses` synapses.
        """
        from .skips import skip_chain

        return skip_chain(self)

    def real_form(self) -> FactorChain:
        """The same map of stacked (real parts, imaginary parts); a real chain is its own real form.

        Returns:
            A real chain of twice the size.
        """
        from .export import real_block

        if self.dtype.kind != "c":
            return self
        factors = tuple(real_block(factor) for factor in self.factors)
        target = self.target
        real_target = None if target is None else lambda: real_block(sparse.csr_array(target())).toarray()
        return FactorChain(factors, f"{self.name} on (re, im)", real_target)

    def to_network(self, dtype: str = "float64") -> Network:
        """Turns the chain into a network of linear layers.

        Args:
            dtype: "float16", "float32" or "float64".

        Returns:
            The network. That of a complex chain reads all real parts, then all imaginary parts, and gives both alike.
        """
        from .export import linear_network

        chain = self.real_form()
        return linear_network(reversed(chain.factors), "xy", chain.shape[1], dtype)

    def _with(self, factors: Sequence[sparse.csr_array]) -> FactorChain:
        return FactorChain(tuple(factors), self.name, self.target, self.exact_dense_synapses)

    def _layers_in_words(self) -> str:
        words = super()._layers_in_words()
        return words + (f" ({self.skip_synapses} synapses with skips)" if self.skip_synapses < self.synapses else "")
