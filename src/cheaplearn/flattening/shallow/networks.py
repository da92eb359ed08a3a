r"""A flat form placed in floating point: one hidden layer, one shared bias, no skip and no bias of the output.

    |net(x) - p(x)| <= sum_{m > d} |c_m| lam^m max |sum_j w_j (a_j . t)^m|     terms beyond the degree
                    +  sum_j |w_j| (u E(z_j) + L |zeta_j| + c u |sigma(z_j)|)  activation, argument, stored weights
                    +  additions u sum_j |w_j| |sigma(z_j)|                    the sum, in groups of four
                    +  u sum_alpha |c_alpha| |alpha| X^alpha                   x itself in the dtype

with ``c_m = sigma_m / m!``, the exact weights w_j of the form, ``|z_j| <= |beta| + lam A_j`` and E, L the stated
accuracy and the slope of the activation there. The scale with the smallest bound is taken. Derivation:
docs/theory/flat_networks.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import arb
from scipy import sparse

from ...compiler.arithmetic import Arithmetic
from ...compiler.assumptions import assumptions
from ...compiler.even_series import MAX_TERMS, even_series, odd_series, working_precision
from ...compiler.rows import upper
from ...compiler.slopes import largest_slope
from ...network import Certificate, Layer, Network, activation_named
from .form import FlatForm

__all__ = ["shallow_network"]

_GROUP = 4
_SCALES = tuple(m * 2.0**-k for k in range(-2, 24) for m in (1.5, 1.25, 1.0, 0.875))
_STORED = 8  # roundings from an exact number to the stored one, in float64 all of them count; its product
_NEGLIGIBLE = 1e-3  # share of the orders summed up that the rest of them may have
_GROWTH = 1 + 2.0**-8  # second-order terms, rounding of these bounds


def shallow_network(
    form: FlatForm,
    activation: str,
    bias: float,
    dtype: np.dtype,
    reach: Sequence[Fraction],
    variables: Sequence[str],
    slope_size: float,
    box: dict[str, tuple[float, float]],
) -> Network | None:
    """Places a form where its certified error is smallest.

    Args:
        form: Over ``t_i = x_i / reach_i``.
        activation: Name of a smooth activation none of whose derivatives vanish at the bias, up to the degree.
        bias: beta, a number of the dtype.
        dtype: float32 or float64.
        reach: Largest |x_i|, positive.
        variables: Names of the inputs.
        slope_size: Bound of ``sum_i |x_i dp/dx_i|`` on the box, for the rounding of x.
        box: Range of each input.

    Returns:
        The network with its certificate, or None where no scale has a finite bound.

    Cost: a few vector operations per scale.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what overflows is no finite bound
        placement = _Placement(form, activation, bias, Arithmetic(dtype), reach)
        best = min((placement.bounds(scale) for scale in _SCALES), key=lambda bounds: bounds.total)
    if not math.isfinite(best.total):
        return None
    inputs = Arithmetic(dtype).u * slope_size * _GROWTH
    certificate = Certificate(
        errors=(best.total + inputs,),
        truncations=(best.truncation,),
        roundings=(best.rounding + inputs,),
        box=box,
        dtype=dtype.name,
        assumptions=assumptions(dtype.name, activation, best.largest_z),
        labels=("y",),
    )
    layers = tuple(_layers(form, placement, best.scale, reach))
    return Network(
        layers,
        tuple(variables),
        ("y",),
        certificate=certificate,
        metadata={"construction": form.construction, "scale": best.scale, "shared_bias": bias},
    )


@dataclass(frozen=True)
class _Bounds:
    scale: float
    truncation: float
    rounding: float
    largest_z: float

    @property
    def total(self) -> float:
        total = (self.truncation + self.rounding) * _GROWTH
        return total if math.isfinite(total) else math.inf


class _Placement:
    """What a form needs of an activation at a bias."""

    def __init__(
        self, form: FlatForm, activation: str, bias: float, arithmetic: Arithmetic, reach: Sequence[Fraction]
    ) -> None:
        self.form, self.bias, self.arithmetic = form, bias, arithmetic
        self.activation, self.name = activation_named(activation), activation
        even, odd = even_series(activation, bias), odd_series(activation, bias)
        self.series = even  # its radius and tail hold for the odd part too
        with working_precision():
            balls = [part for pair in zip(even.coefficients, odd.coefficients, strict=True) for part in pair]
            self.largest = [upper(ball) for ball in balls]  # |sigma_m| / m!
            self.inverse = {k: _inverse(balls[k] * math.factorial(k)) for k in form.parts}
        per_unit = np.abs(form.matrix).max(axis=0, initial=0.0) / np.array([float(r) or 5e-324 for r in reach])
        self.largest_input = float(per_unit.max(initial=0.0))  # weight, but for the scale
        self.inputs_per_neuron = np.count_nonzero(form.matrix, axis=1)
        self.distinct, self.place = np.unique(form.reach, return_inverse=True)

    def factors(self, scale: float) -> dict[int, float]:
        """``1 / (sigma_k lam^k)``, to within a few float64 roundings."""
        powers = {k: scale**k for k in self.inverse}
        return {k: inverse / powers[k] if powers[k] else math.inf for k, inverse in self.inverse.items()}

    def bounds(self, scale: float) -> _Bounds:
        """The bounds at a scale; infinite where nothing can be said."""
        form, u = self.form, self.arithmetic.u
        z = abs(self.bias) + scale * form.reach
        largest_z = float(z.max(initial=abs(self.bias)))
        factors = self.factors(scale)
        if scale * float(form.reach.max(initial=0.0)) > 0.9 * self.series.radius or not np.all(
            np.isfinite(list(factors.values()))
        ):
            return _Bounds(scale, math.inf, 0.0, largest_z)
        weights = form.sizes(factors)
        inputs = scale * self.largest_input
        if not max(weights.max(initial=0.0), inputs) < self.arithmetic.largest:
            return _Bounds(scale, math.inf, 0.0, largest_z)
        own, size, slope = (values[self.place] for values in self._of_neurons(scale))
        argument = u * ((self.inputs_per_neuron + _STORED) * z + 2)  # stored weights, products, sum
        stages = max(1, math.ceil(math.log(max(form.neurons, 2), _GROUP)))
        additions = form.neurons if form.neurons <= _GROUP**2 else (_GROUP - 1) * stages
        stored = _STORED + len(form.parts)
        noise = weights @ (u * own + slope * argument + (stored + additions) * u * size)
        underflow = self.arithmetic.tiny * (4 * form.neurons + float(weights.sum()))
        return _Bounds(scale, self._truncation(scale, factors, weights), float(noise) + underflow, largest_z)

    def _of_neurons(self, scale: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Accuracy, size and slope of the activation, for every distinct reach."""
        ends = [abs(self.bias) + scale * reach for reach in self.distinct]
        own = [self.activation.error(end, self.arithmetic.dtype) for end in ends]
        size = [self.activation.largest(end) * (1 + 2.0**-30) for end in ends]
        return np.array(own), np.array(size), np.array([largest_slope(self.name, end) for end in ends])

    def _truncation(self, scale: float, factors: dict[int, float], weights: np.ndarray) -> float:
        total, order = 0.0, self.form.degree + 1
        tail = self._tail(scale, order, weights)  # of this order and all that follow
        while tail > _NEGLIGIBLE * total and order <= 2 * MAX_TERMS:
            by_neuron = float(weights @ self.form.reach**order)
            moment = self.form.moments.largest(self.form, order, factors, by_neuron)
            total += self.largest[order] * scale**order * moment
            order += 1
            tail = self._tail(scale, order, weights)
        return (total + tail) * _GROWTH

    def _tail(self, scale: float, order: int, weights: np.ndarray) -> float:
        """Bounds the terms of an order and beyond by Cauchy's estimate, even and odd ones."""
        last = order // 2 - 1
        return 2 * float(weights @ np.array([self.series.tail(scale * r, last) for r in self.distinct])[self.place])


def _inverse(value: arb) -> float:
    if value.contains(0):
        return math.inf
    return float((1 / value).mid())


def _layers(form: FlatForm, placement: _Placement, scale: float, reach: Sequence[Fraction]) -> Iterator[Layer]:
    dtype = placement.arithmetic.dtype
    hidden = (form.matrix * (scale / np.array([float(r) for r in reach]))).astype(dtype)
    yield Layer(sparse.csr_array(hidden), np.full(form.neurons, placement.bias, dtype), placement.name)
    weights = form.weights(placement.factors(scale)).astype(dtype)
    before = len(reach)
    while form.neurons > _GROUP**2 and len(weights) > _GROUP:
        groups = np.arange(len(weights)) // _GROUP
        columns = before + np.arange(len(weights))
        shape = groups[-1] + 1, before + len(weights)
        yield Layer(sparse.csr_array((weights, (groups, columns)), shape=shape), np.zeros(shape[0], dtype), None)
        before, weights = shape[1], np.ones(shape[0], dtype)
    columns = before + np.arange(len(weights))
    last = sparse.csr_array((weights, (np.zeros(len(weights), dtype=int), columns)), shape=(1, before + len(weights)))
    yield Layer(last, np.zeros(1, dtype), None)
