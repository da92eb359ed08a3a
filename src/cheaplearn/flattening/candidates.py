"""The networks that are compared: flat and deep, in the gates of a model, with the best certified error per dtype."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ..circuit import Circuit
from ..compiler.compilation import compiled
from ..compiler.inputs import Interval
from ..compiler.job import Job
from ..compiler.power_gates import MAX_POWER, power_kind
from ..compiler.refusal import ToleranceError
from ..compiler.rows import up
from ..network import Network
from ..polynomial import Polynomial
from .shallow import flat_forms, scaled_terms, shallow_network

__all__ = ["BIAS_FREE", "WITH_BIASES", "Candidate", "bias_free_candidates", "gate_candidates"]

_FINEST = np.dtype(np.float64)
BIAS_FREE = "shared bias, no skips"
WITH_BIASES = "biases and skips"


@dataclass(frozen=True, repr=False)
class Candidate:
    """One construction.

    Args:
        construction: Its name.
        model: Which networks it belongs to.
        depth: Hidden layers.
        neurons: Hidden neurons, in float64 where that is certified.
        synapses: Non-zero weights, likewise.
        networks: The network with the smallest certified error, by dtype; None where none can be certified.
    """

    construction: str
    model: str
    depth: int
    neurons: int
    synapses: int
    networks: Mapping[str, Network | None]

    def __repr__(self) -> str:
        errors = ", ".join(f"{dtype} {self.error(dtype):.2g}" for dtype in self.networks)
        sizes = f"{self.depth} hidden layers, {self.neurons} neurons, {self.synapses} synapses"
        return f"Candidate({self.construction} ({self.model}): {sizes}, certified error {errors})"

    def error(self, dtype: str) -> float:
        """The certified error in a dtype; infinite if there is none.

        Args:
            dtype: Its name.

        Returns:
            In the units of the polynomial.
        """
        net = self.networks[dtype]
        return math.inf if net is None or net.certificate is None else net.certificate.error


def bias_free_candidates(
    p: Polynomial, activation: str, bias: float, box: Sequence[Interval], dtypes: Sequence[str]
) -> Iterator[Candidate]:
    """Builds one hidden layer in every way that has exact Taylor coefficients.

    Args:
        p: The polynomial, not constant.
        activation: A smooth one.
        bias: The shared bias.
        box: Range of each variable.
        dtypes: Where floors are wanted.

    Yields:
        Candidates, fewest neurons first.
    """
    reach = [max(abs(low), abs(high)) or Fraction(1) for low, high in box]
    ranges = {name: (float(low), float(high)) for name, (low, high) in zip(p.variables, box, strict=True)}
    terms = scaled_terms(p, reach)
    slope_size = sum(up(c) * sum(alpha) for alpha, c in terms.items())
    for form in flat_forms(terms):
        networks = {
            dtype: shallow_network(form, activation, bias, np.dtype(dtype), reach, p.variables, slope_size, ranges)
            for dtype in dtypes
        }
        sizes = _finest(networks)
        synapses = sizes.synapses if sizes else int(np.count_nonzero(form.matrix)) + form.neurons
        yield Candidate(form.construction, BIAS_FREE, 1, form.neurons, synapses, networks)


def gate_candidates(
    p: Polynomial,
    activation: str,
    box: Sequence[Interval],
    dtypes: Sequence[str],
    depths: Sequence[int] | None,
    *,
    is_paired: bool,
) -> Iterator[Candidate]:
    """Compiles at every depth.

    Args:
        p: The polynomial.
        activation: Its activation.
        box: Range of each variable.
        dtypes: Where floors are wanted.
        depths: Numbers of hidden layers; None for all up to that of a tree of pairs.
        is_paired: Whether the gates are the paper's: pairs of neurons, four a product.

    Yields:
        Candidates, fewest layers first; depths that one layer cannot multiply enough factors for are left out.
    """
    circuit = Circuit.coerce(p)
    kind = power_kind(activation, is_paired=is_paired)
    name = "paper's gates (pairs)" if is_paired or kind == "pair" else "half-price gates"
    tree = max(1, math.ceil(math.log2(max(p.degree, 2))))
    for depth in depths or range(1, tree + 1):
        if (MAX_POWER if kind else 2) ** depth < p.degree:
            continue
        job = Job(circuit, list(box), None, np.dtype(dtypes[0]), activation, depth=depth, is_paired=is_paired)
        networks = {dtype: _certified(replace(job, dtype=np.dtype(dtype))) for dtype in dtypes}
        sizes = _finest(networks) or _certified(replace(job, dtype=_FINEST))
        if sizes:
            yield Candidate(name, WITH_BIASES, sizes.depth, sizes.neurons, sizes.synapses, networks)


def _finest(networks: Mapping[str, Network | None]) -> Network | None:
    """The network whose sizes a row shows: float64's if there is one."""
    return networks.get("float64") or next((net for net in networks.values() if net), None)


def _certified(job: Job) -> Network | None:
    try:
        return compiled(job)
    except ToleranceError:
        return None
