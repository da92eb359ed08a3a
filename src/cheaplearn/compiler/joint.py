r"""Joint bounds of the squares that an output reads.

Term by term, ``sum_j |c_j| r(f_j)`` is bounded by the worst of every square, though they cannot all be large at once:
with ``M = max over the box of sum_j |c_j| f_j^2`` (`box_bounds.py`) and ``|r(z)| <= nu z^2`` it is at most ``nu M``,
and ``sum_j |c_j| a_j |f_j| <= sqrt(sum |c_j| a_j^2) sqrt(M)``. Only squares of forms of the inputs are treated so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .box_bounds import largest_weighted_squares, weighted_squares_at_corners
from .gate_noise import GateNoise
from .layout import Layout
from .rows import ROUNDUP
from .square_gates import REACH, SquareGate

__all__ = ["JointBounds"]

_MARGIN = REACH - 1.0
_LARGEST = 20_000_000  # entries of the dense forms of one output
_MOST_INPUTS = 1000  # an eigendecomposition of that size takes a second


class JointBounds:
    """The numbers M of every output, computed once.

    Args:
        layout: The program as arrays.
    """

    def __init__(self, layout: Layout) -> None:
        self.n_outputs = len(layout.program.outputs)
        self.members: list[tuple[np.ndarray, np.ndarray, float]] = []  # per output: nodes, |c|, M
        rows = layout.outputs
        squares, forms = (
            layout.squares_of_inputs if layout.n <= _MOST_INPUTS else (np.zeros(0, dtype=np.int64), np.zeros((0, 0)))
        )
        place = np.full(len(layout.program.nodes), -1)
        place[squares] = np.arange(len(squares))
        for k in range(self.n_outputs):
            inside = (rows.row == k) & (rows.source >= 2 * layout.n)
            nodes, weights = rows.source[inside] - 2 * layout.n, np.abs(rows.high[inside]) * (1 + 2.0**-50)
            kept = place[nodes] >= 0 if len(nodes) else np.zeros(0, dtype=np.bool_)
            nodes, weights = nodes[kept], weights[kept]
            self.members.append((nodes, weights, _largest(forms, place[nodes], weights)))

    def savings(
        self,
        gates: Sequence[SquareGate],
        noise: Sequence[GateNoise],
        of_node: np.ndarray,
        form_rounding: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """How much less the joint bounds are than the sums term by term.

        Args:
            gates: The gates.
            noise: Their noise.
            of_node: Gate of each node.
            form_rounding: Rounding error of the form of each square.

        Returns:
            What to subtract from the truncation and from the rounding of each output.
        """
        less = np.zeros((2, self.n_outputs))
        remainder, relative = (np.array([getattr(gate, name) for gate in gates]) for name in _REMAINDERS)
        constant, slope, curvature = (np.array([getattr(n, name) for n in noise]) for name in _NOISE)
        for k, (nodes, c, largest) in enumerate(self.members):
            if not np.isfinite(largest):
                continue
            gate, eta = of_node[nodes], form_rounding[nodes]
            f_squared = largest * (1 + _MARGIN) + (1 + 1 / _MARGIN) * float(c @ eta**2)  # of the computed forms
            alone = float(c @ remainder[gate])
            together = float(relative[gate].max()) * f_squared
            less[0, k] = alone - together * ROUNDUP

            alone = float(c @ (constant[gate] + slope[gate] * REACH + curvature[gate] * REACH**2 + 2 * eta))
            together = float(c @ constant[gate]) + float(curvature[gate].max()) * f_squared
            together += (float(c @ slope[gate] ** 2) * f_squared) ** 0.5 + 2 * (float(c @ eta**2) * largest) ** 0.5
            less[1, k] = alone - together * ROUNDUP
        return np.maximum(less[0], 0.0) * (1 - 2.0**-30), np.maximum(less[1], 0.0) * (1 - 2.0**-30)


_REMAINDERS = ("remainder", "relative_remainder")
_NOISE = ("constant", "slope", "curvature")


def _largest(forms: np.ndarray, rows: np.ndarray, weights: np.ndarray) -> float:
    """M of one output; infinite where it would not help or cost too much."""
    if len(rows) < 2 or len(rows) * forms.shape[1] > _LARGEST:
        return np.inf
    if weighted_squares_at_corners(forms[rows], weights) > 0.9 * weights.sum():
        return np.inf
    return largest_weighted_squares(forms[rows], weights)
