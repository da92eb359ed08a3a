r"""Values that later units can read, with their size and error: the running state of an assembly.

A source is an input, a centred input or a node of the program. It is read through units: its value is
``sum_k weight_k unit_k + offset`` up to its error.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = ["Sources"]


def _empty(dtype: type) -> np.ndarray:
    return np.zeros(0, dtype=dtype)


@dataclass
class Sources:
    """Arrays over sources, and over the units they are read through.

    Args:
        count: Units of each source.
        start: Where they begin in `unit`.
        unit: Columns of the network: inputs, then units in order of layers.
        weight: Weight of each, a number of the dtype.
        offset: Constant of each source.
        size: Bound of ``sum |weight unit|``.
        truncation: Error of the source because activations are no squares.
        rounding: Error of the source because of finite precision.
        is_integral: Whether a source is exactly an integer in floating point.
    """

    count: np.ndarray = field(default_factory=lambda: _empty(np.int64))
    start: np.ndarray = field(default_factory=lambda: _empty(np.int64))
    unit: np.ndarray = field(default_factory=lambda: _empty(np.int64))
    weight: np.ndarray = field(default_factory=lambda: _empty(np.float64))
    offset: np.ndarray = field(default_factory=lambda: _empty(np.float64))
    size: np.ndarray = field(default_factory=lambda: _empty(np.float64))
    truncation: np.ndarray = field(default_factory=lambda: _empty(np.float64))
    rounding: np.ndarray = field(default_factory=lambda: _empty(np.float64))
    is_integral: np.ndarray = field(default_factory=lambda: _empty(np.bool_))

    @classmethod
    def of_size(cls, n: int) -> Sources:
        """Makes room for n sources that nobody has set yet.

        Args:
            n: Number of sources.

        Returns:
            Empty sources.
        """
        return cls(
            np.zeros(n, dtype=np.int64),
            np.zeros(n, dtype=np.int64),
            offset=np.zeros(n),
            size=np.zeros(n),
            truncation=np.zeros(n),
            rounding=np.zeros(n),
            is_integral=np.zeros(n, dtype=np.bool_),
        )

    def set(
        self,
        sources: np.ndarray,
        units: np.ndarray,
        weights: np.ndarray,
        *,
        size: np.ndarray,
        truncation: np.ndarray | float = 0.0,
        rounding: np.ndarray | float = 0.0,
        offset: np.ndarray | float = 0.0,
        is_integral: np.ndarray | bool = False,
    ) -> None:
        """Defines sources by the units they are read through.

        Args:
            sources: Indices, shape (m,).
            units: Columns, shape (m, units per source).
            weights: Same shape.
            size: Shape (m,).
            truncation: Shape (m,).
            rounding: Shape (m,).
            offset: Shape (m,).
            is_integral: Shape (m,).
        """
        per_source = units.shape[1]
        self.count[sources] = per_source
        self.start[sources] = len(self.unit) + per_source * np.arange(len(sources))
        self.unit = np.concatenate([self.unit, units.ravel()])
        self.weight = np.concatenate([self.weight, weights.ravel()])
        self.size[sources] = size
        self.truncation[sources] = truncation
        self.rounding[sources] = rounding
        self.offset[sources] = offset
        self.is_integral[sources] = is_integral

    def entries(self, sources: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Expands entries over sources into entries over units.

        Args:
            sources: Source of each entry.

        Returns:
            For each expanded entry the entry it comes from, the column it reads and the weight.
        """
        counts = self.count[sources]
        origin = np.repeat(np.arange(len(sources)), counts)
        within = np.arange(len(origin)) - np.repeat(np.cumsum(counts) - counts, counts)
        place = self.start[sources][origin] + within
        return origin, self.unit[place], self.weight[place]
