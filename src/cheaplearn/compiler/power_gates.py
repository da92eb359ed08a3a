r"""Products of b factors in one hidden layer: ``prod a_i ~= sum_k G_k sum_s (prod s) T(s_k F_s)``, ``F_s = s . a``.

In a "half" gate T is the even part of the activation (SiLU, GELU, softplus, Gaussian; b even) or its odd part without
the linear term (tanh, sigmoid at bias 0; b odd): one neuron and a skip. In a "pair" gate, the paper's, it is
``sigma(beta + z) + (-1)^b sigma(beta - z)`` with a shared bias beta, for any b: 2^b neurons for distinct factors.
Powers of F_s below b cancel between the sign patterns (`sign_patterns.py`), so that one scale is enough and the error
is, by parity,

    D(a) = prod a_i (e_0 + e_1 q_1 + e_2 q_2 + ...),   q_1 = mean(a_i^2),   1 >= q_1 >= q_2 >= ... >= 0,
    |D| <= max_t t^b |e_0 + e_1 t^2| + max_m |e_2 + ... + e_m|,

because ``|prod a_i| <= t^b`` for ``t^2 = mean(a_i^2)``, and by partial summation. The q_j descend: q_j is the mean of
``prod a_i^(2 k_i)`` under independent k_i with the log-concave weights ``1 / (2 k_i + 1)!``, given ``sum k_i = j``, and
such k grow with their sum (Efron 1965, Theorem 1). One scale balances e_0 against e_1 (minimax); m scales cancel
``e_1, ..., e_(m-1)``. The weights are rounded to the dtype first. Derivation: docs/theory/power_gates.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from flint import arb, arb_mat, fmpq

from .._messages import must_be
from .even_series import FORMULAS, MAX_TERMS, EvenSeries, even_series, odd_series, working_precision
from .power_bias import power_bias
from .rows import ROUNDUP, middle, upper
from .scales import scales_of
from .sign_patterns import corner_moment, corner_sum

__all__ = ["MAX_POWER", "MAX_POWER_SCALES", "POWER_REACH", "PowerGate", "power_gate", "power_kind", "power_parity"]

MAX_POWER = 16  # factors of one product at most: 2^15 to 2^16 neurons
MAX_POWER_SCALES = 3
POWER_REACH = 1.0 + 2.0**-3  # |a_i| <= 1 with room for what earlier layers add
_PARITY = {"silu": 0, "gelu": 0, "softplus": 0, "gaussian": 0, "tanh": 1, "sigmoid": 1}
_RATIOS = (1.0, 3 / 4, 1 / 2)


@dataclass(frozen=True)
class PowerGate:
    """One or two neurons per sign pattern and scale, with what the product misses.

    Args:
        activation: Name.
        degree: b.
        kind: "half" or "pair".
        bias: beta, exactly a number of the dtype; 0 for "half".
        scales: s_k, positive numbers of the dtype with few significant bits, descending.
        weights: G_k, numbers of the dtype.
        odd: sigma'(0) where a skip must remove ``sigma'(0) z``, else 0.
        constant: What is removed, sigma(0) or 2 sigma(beta), as a rational to within `constant_error`; 0 if nothing is.
        constant_error: Bound on what the rational misses.
        gain_error: e_0.
        next_error: e_1.
        other_errors: ``e_2, e_3, ...``.
        slack: Upper bound of everything else on the reach: tail of the series, float64 rounding of the above.
        sizes: Upper bounds of ``|sum_s (prod s) T(s_k F_s)|`` on the reach, one per scale.
    """

    activation: str
    degree: int
    kind: str
    bias: float
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    odd: fmpq
    constant: fmpq
    constant_error: float
    gain_error: float
    next_error: float
    other_errors: tuple[float, ...]
    slack: float
    sizes: tuple[float, ...]

    @property
    def neurons(self) -> int:
        """Neurons per sign pattern and scale."""
        return 2 if self.kind == "pair" else 1

    def remainder(self, reach: float = 1.0) -> float:
        """Bounds the error of the product in exact arithmetic.

        Args:
            reach: Largest |a_i|, at most POWER_REACH.

        Returns:
            Upper bound of ``|D(a)|``; infinite beyond POWER_REACH.
        """
        if not reach <= POWER_REACH:
            return math.inf
        b, square = self.degree, reach * reach
        main = reach**b * abs(self.gain_error + self.next_error * square)
        if self.gain_error * self.next_error < 0:
            peak = min(-b * self.gain_error / ((b + 2) * self.next_error), square)
            main = max(main, peak ** (b / 2) * abs(self.gain_error + self.next_error * peak))
        rounding = 2.0**-48 * reach ** (b + 2) * (abs(self.gain_error) + abs(self.next_error))
        terms = np.array(self.other_errors) * reach ** (b + 4.0 + 2.0 * np.arange(len(self.other_errors)))
        others = float(np.abs(np.cumsum(terms)).max()) + 2.0**-44 * float(np.abs(terms).sum())
        return (main + rounding + others + self.slack) * ROUNDUP


def power_kind(activation: str, *, is_paired: bool = False) -> str | None:
    """Tells which gate multiplies several factors in one layer.

    Args:
        activation: Its name.
        is_paired: Whether only the paper's gates are wanted.

    Returns:
        "half" (one neuron a pattern), "pair" (two) or None.
    """
    if activation in _PARITY and not is_paired:
        return "half"
    return "pair" if activation in FORMULAS else None


def power_parity(activation: str) -> int | None:
    """Tells which products an activation can do in one layer.

    Args:
        activation: Its name.

    Returns:
        0 for even, 1 for odd numbers of factors (a constant 1 as a further factor does the others); None for none.
    """
    return _PARITY.get(activation)


@cache
def power_gate(
    activation: str, degree: int, amplitude: float, dtype: str = "float32", scales: int = 1, kind: str = "half"
) -> PowerGate:
    """Chooses scales and weights and bounds the remainder rigorously.

    Args:
        activation: One with a `power_parity`; any smooth one for pairs.
        degree: Number of factors, of its parity (any for pairs), from 3 to MAX_POWER + 1.
        amplitude: Largest scale, > 0, rounded to a few significant bits.
        dtype: "float16", "float32" or "float64".
        scales: Number of scales, 1 to MAX_POWER_SCALES.
        kind: "half" or "pair".

    Returns:
        The gate.

    Raises:
        ValueError: If an argument is none of these, a weight overflows the dtype, or the amplitude is too large for
            the series to prove anything.

    Guarantee: the remainder holds for every ``|a_i| <= reach <= POWER_REACH`` in exact arithmetic, for the stored
        weights.
    Cost: milliseconds, once.
    """
    _check(activation, degree, amplitude, scales, kind)
    bias = float(np.dtype(dtype).type(power_bias(activation, degree, dtype))) if kind == "pair" else 0.0
    series = (odd_series if degree % 2 else even_series)(activation, bias)
    s = scales_of(amplitude, _RATIOS[:scales])
    if s[0] * degree * POWER_REACH > 0.9 * series.radius:
        requirement = f"at most {0.9 * series.radius / degree / POWER_REACH:.3g} to prove a remainder"
        raise ValueError(must_be("amplitude", "power_gate", requirement, amplitude, "Pass a smaller amplitude."))
    with working_precision():
        return _certified(activation, degree, kind, bias, s, dtype, series)


def _certified(
    activation: str, b: int, kind: str, bias: float, scales: tuple[float, ...], dtype: str, series: EvenSeries
) -> PowerGate:
    neurons = 2 if kind == "pair" else 1
    columns = [_columns(series, b, scale, neurons) for scale in scales]
    weights = tuple(_stored(weight, dtype, scales[0]) for weight in _weights(columns, b))
    totals = [
        sum((arb(g) * c for g, c in zip(weights, row, strict=True)), arb(0)) for row in zip(*columns, strict=True)
    ]
    errors = [totals[0] - 1, *totals[1:]]
    gain, following, *others = (float(error.mid()) for error in errors)
    missed = [upper(error - arb(middle)) for error, middle in zip(errors, (gain, following, *others), strict=True)]
    slack = sum(POWER_REACH ** (b + 2 * j) * value for j, value in enumerate(missed))
    patterns = neurons * corner_moment(b, 0)
    tails = [patterns * series.tail(scale * b * POWER_REACH, MAX_TERMS) for scale in scales]
    slack += sum(abs(g) * tail for g, tail in zip(weights, tails, strict=True))
    sizes = [
        sum(upper(c) * POWER_REACH ** (b + 2 * j) for j, c in enumerate(column)) + tail
        for column, tail in zip(columns, tails, strict=True)
    ]
    removed, odd = _removed(activation, b, kind, bias)
    constant = middle(removed)
    return PowerGate(
        activation,
        b,
        kind,
        bias,
        scales,
        weights,
        odd,
        constant,
        upper(removed - arb(constant)),
        gain,
        following,
        tuple(others),
        slack * ROUNDUP,
        tuple(size * ROUNDUP for size in sizes),
    )


def _removed(activation: str, b: int, kind: str, bias: float) -> tuple[arb, fmpq]:
    """The constant and the multiple of z that are taken away to get T."""
    centre = even_series(activation, bias).coefficients[0]
    if kind == "pair":
        return (arb(0) if b % 2 else 2 * centre), fmpq(0)
    return centre, _odd_coefficient(activation)


def _columns(series: EvenSeries, b: int, scale: float, neurons: int) -> list[arb]:
    """Coefficients of the terms of degree ``b, b + 2, ...`` of the product, each relative to its largest value."""
    first = b // 2
    return [
        neurons * series.coefficients[j] * arb(scale) ** (2 * j + b % 2) * corner_sum(b, 2 * j + b % 2)
        for j in range(first, MAX_TERMS + 1)
    ]


def _weights(columns: list[list[arb]], b: int) -> list[arb]:
    if len(columns) == 1:
        return [1 / (columns[0][0] + arb(_balance(b)) * columns[0][1])]
    m = len(columns)
    # a derivative that vanishes at the bias leaves nothing to cancel: the next one takes its place
    orders = [j for j, value in enumerate(columns[0]) if not value.contains(0)][:m]
    solution = arb_mat([[column[j] for column in columns] for j in orders]).solve(
        arb_mat([[arb(j == 0)] for j in orders])
    )
    return [solution[k, 0] for k in range(m)]


@cache
def _balance(b: int) -> float:
    """The d that makes ``max over 0 <= t <= 1 of t^b |t^2 - d|`` smallest: equal at the inner peak and at 1."""
    low, high = 0.0, 1.0
    while high - low > 2.0**-40:
        d = (low + high) / 2
        inner = (b * d / (b + 2)) ** (b / 2) * 2 * d / (b + 2)
        low, high = (d, high) if inner < 1 - d else (low, d)
    return low


def _odd_coefficient(activation: str) -> fmpq:
    return {"gaussian": fmpq(0), "tanh": fmpq(1), "sigmoid": fmpq(1, 4)}.get(activation, fmpq(1, 2))


def _stored(weight: arb, dtype: str, scale: float) -> float:
    with np.errstate(over="ignore"):
        rounded = float(np.dtype(dtype).type(float(weight.mid())))
    if not math.isfinite(rounded):
        requirement = f"so large that no weight overflows {dtype}"
        raise ValueError(must_be("amplitude", "power_gate", requirement, scale, "Pass a larger amplitude."))
    return rounded


def _check(activation: str, degree: int, amplitude: float, scales: int, kind: str) -> None:
    owner, parity = "power_gate", power_parity(activation)
    if kind not in {"half", "pair"}:
        raise ValueError(must_be("kind", owner, "'half' or 'pair'", repr(kind)))
    if kind == "pair":
        if activation not in FORMULAS:
            raise ValueError(must_be("activation", owner, f"one of {', '.join(FORMULAS)}", repr(activation)))
        parity = degree % 2
    if parity is None:
        raise ValueError(must_be("activation", owner, f"one of {', '.join(_PARITY)}", repr(activation)))
    if degree % 2 != parity or not 3 <= degree <= MAX_POWER + 1:
        requirement = f"{'odd' if parity else 'even'} for {activation!r}, from 3 to {MAX_POWER + 1}"
        raise ValueError(must_be("degree", owner, requirement, degree, "Pass the constant 1 as a further factor."))
    if not (math.isfinite(amplitude) and amplitude >= 2.0**-60):
        raise ValueError(must_be("amplitude", owner, "a positive number, 2^-60 or more", amplitude))
    if not 1 <= scales <= MAX_POWER_SCALES:
        raise ValueError(must_be("scales", owner, f"from 1 to {MAX_POWER_SCALES}", scales))
