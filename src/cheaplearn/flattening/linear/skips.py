"""Chains whose layers may read any earlier layer, so that kept values need no synapses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from .base import LinearMap, clean
from .chains import FactorChain

if TYPE_CHECKING:
    import pandas as pd

    from ...network import Network

__all__ = ["SkipChain", "skip_chain"]


@dataclass(frozen=True, eq=False, repr=False)
class SkipChain(LinearMap):
    """Layers that read the inputs and every earlier unit; the outputs are picked among all of these.

    Args:
        layers: In order of application; shape (units, inputs + earlier units).
        outputs: Place of each output among inputs and units: reading it takes no synapse.
        strict: The chain without skips that it was made from.
    """

    layers: tuple[sparse.csr_array, ...]
    outputs: np.ndarray
    strict: FactorChain

    @property
    def name(self) -> str:
        """What it computes."""
        return self.strict.name

    @property
    def exact_dense_synapses(self) -> int | None:
        """Non-zeros of the dense matrix where they are known."""
        return self.strict.exact_dense_synapses

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs and inputs."""
        return self.strict.shape

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.layers)

    @property
    def synapses(self) -> int:
        """Non-zeros of all layers; none for the outputs, which are units (`to_network` has to copy some)."""
        return sum(int(layer.nnz) for layer in self.layers)

    @property
    def dtype(self) -> np.dtype:
        """Type of the weights: float64 or complex128."""
        return self.strict.dtype

    @property
    def table(self) -> pd.DataFrame:
        """One row a layer, in order of application: layer, shape, non-zeros."""
        import pandas as pd

        rows = [(i, f"{f.shape[0]} x {f.shape[1]}", int(f.nnz)) for i, f in enumerate(self.layers)]
        return pd.DataFrame(rows, columns=["layer", "shape", "non-zeros"])

    def apply(self, columns: np.ndarray) -> np.ndarray:
        """Maps vectors that stand in columns.

        Args:
            columns: Shape (n, samples).

        Returns:
            Shape (m, samples).
        """
        return self._through(list(self.layers), columns)

    def apply_absolute(self, columns: np.ndarray) -> np.ndarray:
        """Maps columns through the absolute values of all weights.

        Args:
            columns: Shape (n, samples).

        Returns:
            Shape (m, samples).
        """
        return self._through([abs(layer) for layer in self.layers], columns)

    def reference(self) -> np.ndarray:
        """The dense matrix, computed independently.

        Returns:
            Shape (m, n).
        """
        return self.strict.reference()

    def to_network(self, dtype: str = "float64") -> Network:
        """Turns it into a network whose last layer holds all outputs.

        Args:
            dtype: "float16", "float32" or "float64".

        Returns:
            The network. Its last layer copies the outputs that earlier layers hold: one synapse each on top of
            `synapses`.
        """
        from .export import linear_network

        real = self if self.dtype.kind != "c" else skip_chain(self.strict.real_form())
        return linear_network([*real.layers[:-1], real.last_with_copies()], "xy", real.shape[1], dtype)

    def last_with_copies(self) -> sparse.csr_array:
        """The last layer, extended to all outputs.

        Returns:
            Shape (outputs, sources of the last layer).
        """
        last = self.layers[-1]
        sources = last.shape[1]
        copies = sparse.eye_array(sources, format="csr")
        return clean(sparse.vstack([copies, last], format="csr")[self.outputs])

    def _through(self, layers: list[sparse.csr_array], columns: np.ndarray) -> np.ndarray:
        total = self.shape[1] + sum(layer.shape[0] for layer in layers)
        held = np.empty((total, columns.shape[1]), np.result_type(columns, self.dtype))
        width = len(columns)
        held[:width] = columns
        for layer in layers:
            held[width : width + layer.shape[0]] = layer @ held[:width]
            width += layer.shape[0]
        return held[self.outputs]

    def _layers_in_words(self) -> str:
        return f"{self.depth} layer{'s' if self.depth > 1 else ''} with skips"


def skip_chain(chain: FactorChain) -> SkipChain:
    """Rewrites a chain: units that copy a value are replaced by reading that value where it is.

    Args:
        chain: The strict chain.

    Returns:
        The same map; one layer a factor that has a unit which does more than copy.
    """
    places, sources, layers = np.arange(chain.shape[1]), chain.shape[1], []
    for factor in reversed(chain.factors):
        lengths = np.diff(factor.indptr)
        first = np.minimum(factor.indptr[:-1], max(0, factor.nnz - 1))
        copies = (lengths == 1) & (factor.data[first] == 1) if factor.nnz else np.zeros(len(lengths), bool)
        working = np.flatnonzero(~copies)
        held = np.empty(factor.shape[0], np.int64)
        held[copies] = places[factor.indices[first[copies]]]
        held[working] = sources + np.arange(len(working))
        if len(working):
            layers.append(_placed(factor[working], places, sources))
            sources += len(working)
        places = held
    if not layers:  # a permutation: one layer without units, so that every chain has one
        layers.append(sparse.csr_array((0, sources)))
    return SkipChain(tuple(layers), places, chain)


def _placed(rows: sparse.csr_array, places: np.ndarray, sources: int) -> sparse.csr_array:
    """Lets rows over the units of one layer read them where they are."""
    found = sparse.csr_array((rows.data, places[rows.indices], rows.indptr), shape=(rows.shape[0], sources))
    return clean(found)
