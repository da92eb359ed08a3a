"""The result of `flatten`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from .._messages import must_be
from ..network import Network
from ..polynomial import Polynomial
from .bounds import LowerBound
from .candidates import BIAS_FREE, Candidate

__all__ = ["Flattening"]


@dataclass(frozen=True, repr=False)
class Flattening:
    """Flat and deep networks for a polynomial, beside a proven bound.

    Args:
        polynomial: p.
        activation: Of all networks.
        biases: Whether the model has biases and skips.
        box: Range of each variable, raw units.
        lower_bound: The bound for one hidden layer in the model asked for; with biases the largest that also holds for
            networks that only come close.
        bounds: Every proven bound.
        candidates: The networks that were built.
        dtypes: Where errors were certified.
        size: Sum over the terms of their largest sizes on the box: an error of this size says nothing.
    """

    polynomial: Polynomial
    activation: str
    biases: bool
    box: Mapping[str, tuple[Fraction, Fraction]]
    lower_bound: LowerBound
    bounds: tuple[LowerBound, ...]
    candidates: tuple[Candidate, ...]
    dtypes: tuple[str, ...]
    size: float

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per network.

        Columns: hidden_layers, neurons, synapses, lower_bound (proven for that depth and model), error_float32,
        error_float64 (best certified, units of p; infinite if none), construction, model, note.
        """
        return pd.DataFrame([self._row(candidate) for candidate in self.candidates], columns=self._columns)

    @cached_property
    def flat(self) -> Candidate:
        """The smallest network of one hidden layer in the model asked for; of the fewest if one was not asked for."""
        return min(self._flat, key=lambda c: (c.neurons, c.error(self.dtypes[-1])))

    @cached_property
    def deep(self) -> Candidate:
        """The smallest network of any depth in the gates of the model asked for."""
        return min(self._mine, key=lambda c: (c.neurons, c.error(self.dtypes[-1])))

    @property
    def cost(self) -> float:
        """Neurons of the smallest flat network over those of the smallest network of any depth."""
        return self.flat.neurons / max(self.deep.neurons, 1)

    @property
    def proven_cost(self) -> float:
        """The lower bound for one hidden layer over the neurons of the smallest network of any depth."""
        return self.lower_bound.neurons / max(self.deep.neurons, 1)

    @cached_property
    def bits_lost(self) -> pd.Series:
        """Bits that flattening costs, per dtype: log2 of the best certified error, one layer over any number.

        Infinite or nan where none can be certified.
        """
        flat, deep = ([min(c.error(t) for c in group) for t in self.dtypes] for group in (self._flat, self._mine))
        bits = [_log2(a) - _log2(b) if a != b or math.isinf(a) else 0.0 for a, b in zip(flat, deep, strict=True)]
        return pd.Series(bits, index=list(self.dtypes), name="bits lost by flattening")

    def network(self, row: int, dtype: str = "float32") -> Network:
        """Gives the network of a row.

        Args:
            row: Index in `table`.
            dtype: Its dtype.

        Returns:
            The network with its certificate.

        Raises:
            ValueError: If there is none: no error can be certified in this dtype.
        """
        if not isinstance(row, Integral) or not 0 <= row < len(self.candidates):
            requirement = f"from 0 to {len(self.candidates) - 1}"
            raise ValueError(must_be("row", "Flattening.network", requirement, repr(row)))
        if dtype not in self.dtypes:
            raise ValueError(must_be("dtype", "Flattening.network", f"one of {', '.join(self.dtypes)}", repr(dtype)))
        net = self.candidates[row].networks[dtype]
        if net is None:
            requirement = "one with a certified error"
            raise ValueError(must_be("row", "Flattening.network", requirement, f"{row} in {dtype}", "Try float64."))
        return net

    def plot(self, ax: Any = None) -> Any:
        """Draws neurons against hidden layers, on a logarithmic scale, with the bound; needs Matplotlib.

        Args:
            ax: Axes to draw on, or None.

        Returns:
            The axes.
        """
        from .drawing import draw_depths

        return draw_depths(self, ax)

    @property
    def _mine(self) -> list[Candidate]:
        """Candidates of the model asked for: half-price gates only stand beside the bias-free ones."""
        mine = [c for c in self.candidates if self.biases or c.construction != "half-price gates"]
        return mine or list(self.candidates)

    @property
    def _flat(self) -> list[Candidate]:
        flat = [c for c in self._mine if c.depth <= 1 and (self.biases or c.model == BIAS_FREE)]
        return flat or [c for c in self._mine if c.depth == min(m.depth for m in self._mine)]

    @property
    def _columns(self) -> list[str]:
        errors = [f"error_{dtype}" for dtype in self.dtypes]
        return ["hidden_layers", "neurons", "synapses", "lower_bound", *errors, "construction", "model", "note"]

    def _row(self, candidate: Candidate) -> list[Any]:
        errors = [candidate.error(dtype) for dtype in self.dtypes]
        useless = [dtype for dtype, error in zip(self.dtypes, errors, strict=True) if error >= self.size > 0]
        notes = [f"no tolerance reachable in {' or '.join(useless)}"] if useless else []
        bound = self._bound(candidate)
        if candidate.neurons < bound and any(candidate.networks.values()):
            notes.append("fewer than the bound: leaves out squares below rounding")
        others = {t: net.neurons for t, net in candidate.networks.items() if net and net.neurons != candidate.neurons}
        notes += [f"{neurons} neurons in {dtype}" for dtype, neurons in others.items()]
        note = "; ".join(notes)
        sizes = [candidate.depth, candidate.neurons, candidate.synapses, bound]
        return [*sizes, *errors, candidate.construction, candidate.model, note]

    def _bound(self, candidate: Candidate) -> float:
        """The largest bound that holds for a candidate."""
        if candidate.model == BIAS_FREE and candidate.depth == 1:
            return self.lower_bound.neurons
        holding = [b for b in self.bounds if b.survives_limits and (b.holds_at_any_depth or candidate.depth <= 1)]
        return max((b.neurons for b in holding), default=0)

    def __repr__(self) -> str:
        from .words import described

        return described(self)


def _log2(number: float) -> float:
    return math.log2(number) if 0 < number < math.inf else (math.inf if number else -np.inf)
