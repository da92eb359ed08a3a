r"""Square gates: ``f^2 ~= sum_k g_k E(s_k f)`` for ``|f| <= reach``, E the even part of an activation.

| kind | neurons per scale | E(z) | odd part |
|---|---|---|---|
| half | 1 | sigma(z) - z/2 - sigma(0) (SiLU, GELU, softplus) | exactly z/2, removed by a skip |
| even | 1 | sigma(z) - sigma(0) (Gaussian) | 0 |
| pair | 2 | sigma(b+z) + sigma(b-z) - 2 sigma(b) | cancels |
| exact | 1 | z^2 | 0 |

With m scales the remainder falls as amplitude^(2m) (one power more where ``sigma''''(b) = 0``). The weights are rounded
to the dtype first; the remainder is then bounded for what is stored. Derivation: docs/theory/gates.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from flint import arb, fmpq

from .._messages import must_be
from .even_series import MAX_TERMS, EvenSeries, even_series, working_precision
from .gate_remainder import Ripple, ripple_of
from .gate_weights import GAINS, best_weights, remainder_coefficients
from .rows import middle, upper
from .scales import scales_of

__all__ = ["GAINS", "MAX_SCALES", "REACH", "SquareGate", "gate_kinds", "square_gate"]

REACH = 1.0 + 2.0**-7  # |f| <= 1 with room for what earlier layers add
MAX_SCALES = 3
_TERMS = (6, 12, 24, 48, MAX_TERMS)  # powers of z^2 that are tried
_TAIL = 2.0**-10  # accepted share of the tail in the relative remainder

_KINDS = {
    "silu": ("half", "pair"),
    "gelu": ("half", "pair"),
    "softplus": ("half", "pair"),
    "gaussian": ("even", "pair"),
    "tanh": ("pair",),
    "sigmoid": ("pair",),
    "exp": ("pair",),
    "square": ("exact",),
}
# Where sigma''''(b) = 0; of several such places the one where sigma, to which rounding is relative, is smallest beside
# sigma'' (sigmoid: four times less error at -2.29 than at 2.29).
_PAIR_BIASES = {
    "silu": -1.0319582417807491,
    "gelu": -0.7922869913932613,
    "softplus": -1.3169578969248168,
    "gaussian": 1.6506801238857844,
    "tanh": 1.1462158347805889,
    "sigmoid": -2.2924316695611777,
    "exp": 0.0,  # no such place: a bias is a factor
}
_RATIOS = {1: (1.0,), 2: (1.0, 1 / 2), 3: (1.0, 3 / 4, 3 / 8)}
_NEURONS = {"half": 1, "even": 1, "pair": 2, "exact": 1}


@dataclass(frozen=True)
class SquareGate:
    """Few neurons as a square, with what they miss.

    Args:
        activation: Name.
        kind: "half", "even", "pair", "exact" or "sawtooth" (`sawtooth.py`).
        bias: b, exactly a number of the dtype; 0.0 unless the kind is "pair".
        scales: s_k, positive numbers of the dtype with at most SCALE_BITS significant bits, descending.
        weights: g_k, numbers of the dtype.
        odd: Coefficient of z in sigma(z) that a skip must remove: 1/2 for "half", else 0.
        constant: sigma(b) of one neuron as a rational, to within `constant_error`.
        constant_error: Bound on what the rational misses.
        remainder: Upper bound of ``|R(f)|``, ``R(f) = sum_k g_k E(s_k f) - f^2``, for ``|f| <= REACH``.
        relative_remainder: Upper bound of ``|R(f)| / f^2`` there.
        pair_remainder: Upper bound of ``|R(f) - R(g)|`` where ``|f| + |g| <= REACH`` (a product).
    """

    activation: str
    kind: str
    bias: float
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    odd: fmpq
    constant: fmpq
    constant_error: float
    remainder: float
    relative_remainder: float
    pair_remainder: float

    @property
    def neurons(self) -> int:
        """Neurons of one square; a product takes two squares."""
        if self.kind == "sawtooth":
            return len(self.weights)
        return _NEURONS[self.kind] * len(self.scales)


def gate_kinds(activation: str) -> tuple[tuple[str, int], ...]:
    """Lists the gates of an activation.

    Args:
        activation: "silu", "gelu", "softplus", "gaussian", "tanh", "sigmoid", "exp" or "square".

    Returns:
        Pairs (kind, number of scales), ascending in neurons per square.

    Raises:
        ValueError: If the activation has no square gate.
    """
    if activation not in _KINDS:
        known = ", ".join(_KINDS)
        raise ValueError(must_be("activation", "gate_kinds", f"one of {known}", repr(activation)))
    pairs = [
        (kind, scales) for kind in _KINDS[activation] for scales in range(1, 2 if kind == "exact" else MAX_SCALES + 1)
    ]
    return tuple(sorted(pairs, key=lambda pair: _NEURONS[pair[0]] * pair[1]))


@cache
def square_gate(
    activation: str,
    amplitude: float,
    dtype: str = "float32",
    kind: str | None = None,
    scales: int = 1,
    gain: str = "minimax",
) -> SquareGate:
    r"""Chooses scales and weights and bounds the remainder rigorously.

    Args:
        activation: As in `gate_kinds`.
        amplitude: Largest scale, > 0; rounded to SCALE_BITS significant bits (a power of two for "exact").
        dtype: "float16", "float32" or "float64"; weights and bias are numbers of it.
        kind: One of the activation's kinds; None takes its cheapest.
        scales: Number of scales, 1 to MAX_SCALES.
        gain: "minimax" makes the worst ``|R|`` smallest, "middle" the worst ``|R| / f^2``, "taylor" cancels the
            lowest powers (Richardson).

    Returns:
        The gate.

    Raises:
        ValueError: If an argument is none of these, a weight overflows the dtype, or the amplitude is too large for
            the series to prove anything.

    Guarantee: the three remainders hold for every real f in the range, for the stored weights.
    Cost: milliseconds, once; the gate has ``scales`` neurons a square, twice as many if the kind is "pair".
    """
    kind = kind or gate_kinds(activation)[0][0]
    _check(activation, amplitude, dtype, kind, scales, gain)
    if kind == "exact":
        return _exact(activation, amplitude, dtype)
    bias = float(np.dtype(dtype).type(_bias(activation, kind, scales, dtype)))
    with working_precision():
        return _certified(activation, kind, bias, scales_of(amplitude, _RATIOS[scales]), dtype, gain)


def _bias(activation: str, kind: str, scales: int, dtype: str) -> float:
    if kind != "pair":
        return 0.0
    # Several scales in float64 want so small a z that sigma(0) = 0 pays: rounding is then relative to z.
    return 0.0 if dtype == "float64" and scales > 1 and activation in ("silu", "gelu") else _PAIR_BIASES[activation]


def _certified(activation: str, kind: str, bias: float, scales: tuple[float, ...], dtype: str, gain: str) -> SquareGate:
    series = even_series(activation, bias)
    for terms in _TERMS if scales[0] * REACH < series.radius else ():
        columns = _columns(series, scales, _NEURONS[kind], terms)
        weights = _rounded_weights(columns, bias, dtype, gain, scales)
        ripple = _ripple(series, columns, weights, scales, kind, terms)
        if ripple is not None:
            break
    else:
        requirement = f"small enough to prove a remainder (scale well below {series.radius:.3g})"
        raise ValueError(must_be("amplitude", "square_gate", requirement, scales[0], "Pass a smaller amplitude."))
    constant = middle(series.coefficients[0])
    return SquareGate(
        activation,
        kind,
        bias,
        scales,
        weights,
        fmpq(1, 2) if kind == "half" else fmpq(0),
        constant,
        upper(series.coefficients[0] - arb(constant)),
        ripple.largest,
        ripple.largest_quotient / REACH**2 * (1 + 2.0**-50),
        ripple.largest_difference,
    )


def _columns(series: EvenSeries, scales: tuple[float, ...], multiple: int, terms: int) -> list[list[arb]]:
    """Coefficients of ``t^2, t^4, ...`` in ``E(s_k REACH t)`` for each scale."""
    columns = []
    for scale in scales:
        square, power, column = arb(scale * REACH) ** 2, arb(multiple), []
        for j in range(1, terms + 1):
            power *= square
            column.append(power * series.coefficients[j])
        columns.append(column)
    return columns


def _rounded_weights(
    columns: list[list[arb]], bias: float, dtype: str, gain: str, scales: tuple[float, ...]
) -> tuple[float, ...]:
    """Fits, then rounds one weight after the other; the last makes good for what the others miss in f^2."""
    powers = (1, 3, 4) if bias and abs(columns[0][1]) < abs(columns[0][2]) else (1, 2, 3)
    fit = [weight * arb(REACH) ** 2 for weight in best_weights(columns, gain, powers)]
    order = sorted(range(len(fit)), key=lambda k: -abs(float(fit[k] * columns[k][0])))
    missing, rounded = arb(0), {}
    for k in order:
        exact = fit[k] + missing / columns[k][0] if k == order[-1] else fit[k]
        with np.errstate(over="ignore"):
            rounded[k] = float(np.dtype(dtype).type(float(exact.mid())))
        if not math.isfinite(rounded[k]):
            got = f"{scales[0]:g}, where a weight is {float(exact.mid()):.3g}"
            requirement = f"so large that no weight overflows {dtype}"
            raise ValueError(must_be("amplitude", "square_gate", requirement, got, "Pass a larger amplitude."))
        missing += (fit[k] - arb(rounded[k])) * columns[k][0]
    return tuple(rounded[k] for k in range(len(fit)))


def _ripple(
    series: EvenSeries,
    columns: list[list[arb]],
    weights: tuple[float, ...],
    scales: tuple[float, ...],
    kind: str,
    terms: int,
) -> Ripple | None:
    """The remainder, or None where the tail is too large a part of it."""
    tail = _NEURONS[kind] * sum(
        abs(weight) * series.tail(scale * REACH, terms) for weight, scale in zip(weights, scales, strict=True)
    )
    coefficients = remainder_coefficients(columns, [arb(weight) for weight in weights], arb(REACH) ** 2)
    ripple = ripple_of(coefficients, tail * (1 + 2.0**-48))
    return ripple if tail <= _TAIL * min(ripple.largest, ripple.largest_quotient) else None


def _exact(activation: str, amplitude: float, dtype: str) -> SquareGate:
    scale = math.ldexp(1.0, round(math.log2(amplitude)))
    weight = 1.0 / scale / scale
    limits = np.finfo(dtype)
    if not float(limits.tiny) <= weight <= float(limits.max):
        requirement = f"such that its inverse square is a number of {dtype}"
        raise ValueError(must_be("amplitude", "square_gate", requirement, amplitude, "Pass amplitude=1.0."))
    return SquareGate(activation, "exact", 0.0, (scale,), (weight,), fmpq(0), fmpq(0), 0.0, 0.0, 0.0, 0.0)


def _check(activation: str, amplitude: float, dtype: str, kind: str, scales: int, gain: str) -> None:
    owner = "square_gate"
    if not (math.isfinite(amplitude) and amplitude >= 2.0**-60):
        raise ValueError(must_be("amplitude", owner, "a positive number, 2^-60 or more", amplitude))
    if dtype not in ("float16", "float32", "float64"):
        raise ValueError(must_be("dtype", owner, "'float16', 'float32' or 'float64'", repr(dtype)))
    if gain not in GAINS:
        raise ValueError(must_be("gain", owner, f"one of {', '.join(GAINS)}", repr(gain)))
    if (kind, scales) not in gate_kinds(activation):
        known = ", ".join(f"{name} with {count}" for name, count in gate_kinds(activation))
        got = f"{kind!r} with {scales}"
        raise ValueError(must_be("kind", owner, f"with its scales one of {known} for {activation!r}", got))
