"""What every factored linear map can answer, with or without skips."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from ..._messages import must_be
from .checks import checked_size
from .timing import Timing, time_against_dense

if TYPE_CHECKING:
    import pandas as pd

    from ...network import Network

__all__ = ["LinearMap"]

_BLOCK = 256  # columns of the dense matrix held at a time while its non-zeros are counted


class LinearMap(ABC):
    """A linear map written as layers of sparse matrices: a network without activation."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it computes, for printing."""

    @property
    @abstractmethod
    def exact_dense_synapses(self) -> int | None:
        """Non-zeros of the dense matrix where they are known."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """Outputs and inputs."""

    @property
    @abstractmethod
    def depth(self) -> int:
        """Layers of synapses."""

    @property
    @abstractmethod
    def synapses(self) -> int:
        """Non-zero weights of all layers."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype:
        """Type of the weights: float64 or complex128."""

    @property
    @abstractmethod
    def table(self) -> pd.DataFrame:
        """One row a layer: shape and non-zeros."""

    @abstractmethod
    def apply(self, columns: np.ndarray) -> np.ndarray:
        """Maps vectors that stand in columns: (n, samples) to (m, samples)."""

    @abstractmethod
    def apply_absolute(self, columns: np.ndarray) -> np.ndarray:
        """Maps columns through the absolute values of all weights: the scale that rounding is relative to."""

    @abstractmethod
    def reference(self) -> np.ndarray:
        """The dense matrix, computed independently of the layers."""

    @abstractmethod
    def to_network(self, dtype: str = "float64") -> Network:
        """Turns the map into a network of linear layers."""

    def __call__(self, X: Any) -> np.ndarray:
        """Applies the map.

        Args:
            X: Shape (samples, n).

        Returns:
            Shape (samples, m).

        Raises:
            ValueError: If `X` is not of that shape.
        """
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != self.shape[1]:
            expected = f"of shape (samples, {self.shape[1]})"
            raise ValueError(must_be("X", type(self).__name__, expected, f"shape {X.shape}"))
        return self.apply(X.T).T

    def dense(self) -> np.ndarray:
        """The product of all layers.

        Returns:
            Shape (m, n).
        """
        return self.apply(np.eye(self.shape[1], dtype=self.dtype))

    def error(self) -> float:
        """Compares with the reference.

        Returns:
            Largest |entry of `dense()` - entry of `reference()`|.
        """
        return float(np.abs(self.dense() - self.reference()).max())

    @cached_property
    def dense_synapses(self) -> int:
        """Non-zeros of the dense matrix: the synapses of the flat network.

        Known exactly for the transforms; else an entry counts if it is larger than its rounding error can be,
        so that what cancels exactly is not counted for its dust.
        """
        if self.exact_dense_synapses is not None:
            return self.exact_dense_synapses
        return sum(int(np.count_nonzero(block)) for block in self.dense_blocks())

    def dense_blocks(self) -> Iterator[np.ndarray]:
        """Gives the dense matrix in blocks of columns, without rounding dust.

        Yields:
            Shape (m, some columns); entries that rounding explains are 0.
        """
        unit = 16 * (self.depth + 1) * max(self.shape[1], 2) ** 0.5 * np.finfo(np.float64).eps
        for start in range(0, self.shape[1], _BLOCK):
            columns = np.zeros((self.shape[1], min(_BLOCK, self.shape[1] - start)))
            columns[start + np.arange(columns.shape[1]), np.arange(columns.shape[1])] = 1
            block = self.apply(columns.astype(self.dtype))
            yield np.where(np.abs(block) > unit * self.apply_absolute(columns), block, 0)

    @property
    def flattening_cost(self) -> float:
        """Synapses of the dense matrix over those of the layers.

        The deep side is a construction, so the ratio is a lower bound of the cost of flattening by the best deep
        chain. It says nothing about how good that chain can be. Below 1 the dense matrix is the cheaper one.
        """
        if not self.synapses:
            return float("inf") if self.dense_synapses else 1.0
        return self.dense_synapses / self.synapses

    def measure(self, samples: int = 64, repeats: int = 5) -> Timing:
        """Times the layers against the dense matrix.

        Args:
            samples: Vectors multiplied at a time.
            repeats: Timed applications of each.

        Returns:
            Seconds of both and their ratio.
        """
        samples = checked_size(samples, "measure", "samples")
        return time_against_dense(self, samples, checked_size(repeats, "measure", "repeats"))

    def to_onnx(self, path: Any = None, dtype: str = "float64") -> Any:
        """Exports to ONNX by way of `to_network`.

        Args:
            path: File to write, or None.
            dtype: Type of the weights.

        Returns:
            The `onnx.ModelProto`; a complex map reads and gives real parts, then imaginary parts.
        """
        return self.to_network(dtype).to_onnx(path)

    def to_torch(self, dtype: str = "float64") -> Any:
        """Turns the map into a PyTorch module by way of `to_network`; needs the extra ``cheaplearn[torch]``.

        Args:
            dtype: Type of the weights.

        Returns:
            A `torch.nn.Module` whose parameters are the non-zero weights.
        """
        return self.to_network(dtype).to_torch()

    def __repr__(self) -> str:
        kind = "complex " if self.dtype.kind == "c" else ""
        return (
            f"{type(self).__name__}({self.name}: {kind}{self.shape[0]} x {self.shape[1]}, {self._layers_in_words()}, "
            f"{self.synapses} synapses, dense {self.dense_synapses}, cost of flattening {self.flattening_cost:.3g})"
        )

    def _layers_in_words(self) -> str:
        return f"{self.depth} factor{'s' if self.depth > 1 else ''}"


def clean(matrix: Any) -> sparse.csr_array:
    """Gives a matrix as sorted CSR in float64 or complex128, without stored zeros.

    Args:
        matrix: Dense or sparse.

    Returns:
        A copy.
    """
    found = sparse.csr_array(matrix)
    found = found.astype(np.complex128 if found.dtype.kind == "c" else np.float64, copy=True)
    found.sum_duplicates()
    found.eliminate_zeros()
    return found
