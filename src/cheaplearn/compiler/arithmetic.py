r"""The rounding model of a dtype: what one stored number, one unit and one sum may be off by.

float32 and float64: every product and every addition is rounded once, ``fl(a op b) = (a op b)(1 + d) + e`` with
``|d| <= u`` (Higham, Accuracy and Stability of Numerical Algorithms, sections 2.2 and 3.1). float16: products are
exact in float32, sums are float32 in any order, and the result of a unit is rounded to float16 once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Arithmetic"]

_HUGE = 1e300


@dataclass(frozen=True)
class Arithmetic:
    """Rounding of one dtype.

    Args:
        dtype: float16, float32 or float64.
    """

    dtype: np.dtype

    @property
    def u(self) -> float:
        """Unit roundoff of stored numbers."""
        return float(np.finfo(self.dtype).eps) / 2

    @property
    def is_half(self) -> bool:
        """Whether units are float16 and sums float32."""
        return self.dtype == np.float16

    @property
    def sum_u(self) -> float:
        """Unit roundoff of an addition inside a unit."""
        return 2.0**-24 if self.is_half else self.u

    @property
    def tiny(self) -> float:
        """Smallest subnormal: the absolute error of an operation that underflows."""
        return float(np.finfo(self.dtype).smallest_subnormal)

    @property
    def largest(self) -> float:
        """Size that no value may reach: overflow is certain not to happen below."""
        return float(np.finfo(self.dtype).max) / 4

    def stored(self, numbers: np.ndarray) -> np.ndarray:
        """Rounds to the dtype.

        Args:
            numbers: Float64.

        Returns:
            The nearest numbers of the dtype, as float64; infinite on overflow.
        """
        with np.errstate(over="ignore", under="ignore"):
            return numbers.astype(self.dtype).astype(np.float64)

    def unit_rounding(
        self,
        additions: np.ndarray,
        inexact: np.ndarray,
        sizes: np.ndarray,
        largest: np.ndarray | float,
        levels: np.ndarray | int = 0,
        entries: np.ndarray | int = 0,
    ) -> np.ndarray:
        """Bounds the rounding of units ``sum w s + b``.

        Args:
            additions: Additions that a term can meet, on its way through partial sums too.
            inexact: Whether some product of the unit is rounded.
            sizes: Bound of ``sum |w s| + |b|``.
            largest: Bound of the computed result of the last addition, where one is known.
            levels: Levels of partial sums: each is stored, in float16 with a rounding of its own.
            entries: Products of the unit and its partial sums, if there are partial sums.

        Returns:
            Bounds, same shape.
        """
        k = additions + inexact
        sizes = np.minimum(sizes, _HUGE)  # 0 * inf is no bound; the caller refuses such sizes
        underflow = (additions + 1 + 2 * np.asarray(entries)) * self.tiny  # each product and each stored sum once
        if self.is_half:
            # exact products in float32, one rounding to float16 (also of what a product alone gives)
            rounded = (additions > 0) | inexact
            stored = np.where(rounded, np.minimum(sizes, largest), 0.0) + levels * sizes
            result = self.u * stored * (1 + 2.0**-8)
            return result + additions * self.sum_u * sizes * (1 + 2.0**-8) + underflow
        single = np.minimum(sizes, largest)  # one addition is off by u times its result
        size = np.where(additions == 1, single + inexact * sizes, k * sizes)
        return self.u * size * (1 + 2 * (k + 2) * self.u) + underflow
