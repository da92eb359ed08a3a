"""`flatten`: what depth buys a polynomial, as a table beside a proven bound."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

import numpy as np

from .._messages import must_be
from ..circuit import Circuit
from ..compiler.even_series import FORMULAS
from ..compiler.inputs import Interval, read_box, scales
from ..compiler.power_bias import shared_bias as best_bias
from ..polynomial import Polynomial
from .bounds import bias_free_bound, biased_bounds
from .candidates import Candidate, bias_free_candidates, gate_candidates
from .results import Flattening

__all__ = ["flatten"]

DTYPES = ("float32", "float64")
_MOST_DEGREE = 64  # of bias-free networks
_LARGEST_BIAS = 64  # beyond it activations are straight or flat to all digits


def flatten(
    p: Any,
    activation: str = "softplus",
    biases: bool = False,
    box: Any = (-1, 1),
    depths: Sequence[int] | None = None,
    dtypes: Sequence[str] = DTYPES,
    shared_bias: float | None = None,
    exact: bool | None = None,
) -> Flattening:
    r"""Compares networks of every depth for a polynomial with a proven lower bound for one hidden layer.

    Args:
        p: A polynomial (text, `Polynomial`, SymPy expression, ...).
        activation: "softplus", "silu", "gelu", "tanh", "sigmoid", "gaussian" or "exp".
        biases: The model of the bound and of the networks. False: one hidden layer has one shared expansion point, no
            skip and no output bias; deeper networks use the paper's gates (four neurons a product); half-price gates
            stand beside. True: ordinary networks with biases and affine skips.
        box: One pair (low, high) for every variable, or {"x": (low, high), ...}; raw units. Where low = high, the value
            is put in first.
        depths: Numbers of hidden layers; None for 1 to ``ceil(log2 degree)``.
        dtypes: Where the best certified error is wanted: "float32", "float64" or both.
        shared_bias: Expansion point of the bias-free networks, and of their bound where it depends on it (terms of
            three degrees or more); None for one where no derivative vanishes.
        exact: True: every rank of the bound over the rationals; False: modulo a large prime where that is valid; None:
            exact where that is quick. The bound says which it was.

    Returns:
        The result: `lower_bound`, `bounds`, `table`, `bits_lost`, `network(row, dtype)`, `plot()`.

    Raises:
        ValueError: If an argument is not usable.

    Guarantee: ``lower_bound.neurons`` is proven for its ``model``; each error is that of the network's certificate: the
        smallest over gates and scales that was found, in the stated dtype.
    Cost: seconds; a product of 16 factors has 65,536 neurons in one layer, built and certified in about 10 s; dense
        polynomials with 20,000 neurons take a minute (`depths` without 1 leaves them out).
    Source: Lin, Tegmark & Rolnick (2017), sections II.E and III.F-H; Rolnick & Tegmark (2018), Theorem 5.1; bounds:
        docs/theory/flattening_bounds.md.

    Example:
        >>> import cheaplearn as cl
        >>> f = cl.flatten("x1*x2*x3*x4")
        >>> f.lower_bound.neurons, f.flat.neurons, f.deep.neurons
        (16, 16, 12)
    """
    p = Polynomial.coerce(p)
    _check(activation, biases, dtypes, shared_bias)
    depths = _checked_depths(depths)
    intervals = read_box(Circuit.coerce(p), box)
    p = _without_constants(p, intervals)
    circuit = Circuit.coerce(p)
    bias = _bias(p, activation) if shared_bias is None else float(shared_bias)
    with_biases = biased_bounds(p, exact)
    if biases:
        bounds = with_biases
        lower = next(bound for bound in bounds if bound.survives_limits)
    else:
        lower = bias_free_bound(p, activation, Fraction(bias) if _depends_on_bias(p, shared_bias) else None, exact)
        bounds = (lower, *with_biases)
    candidates: list[Candidate] = []
    if int(biases) < p.degree <= _MOST_DEGREE and (depths is None or 1 in depths):  # they are ordinary networks too
        candidates += bias_free_candidates(p, activation, bias, intervals, dtypes)
    if not biases or activation == "exp":  # all gates of exp are pairs
        candidates += gate_candidates(p, activation, intervals, dtypes, depths, is_paired=True)
    if activation != "exp":
        candidates += gate_candidates(p, activation, intervals, dtypes, depths, is_paired=False)
    if not candidates:
        advice = "Pass depths=None, or float64 among the dtypes."
        raise ValueError(must_be("depths", "flatten", "some that a network can be certified for", depths, advice))
    size = float(scales(circuit, intervals)[0]) if p.terms else 0.0
    box_of = dict(zip(p.variables, intervals, strict=True))
    return Flattening(p, activation, biases, box_of, lower, bounds, tuple(_once(candidates)), tuple(dtypes), size)


def _without_constants(p: Polynomial, intervals: list[Interval]) -> Polynomial:
    """Puts in the value of variables that have only one, which stay inputs: bounds are about the others."""
    values = {i: low for i, (low, high) in enumerate(intervals) if low == high}
    if not values:
        return p
    terms: dict[tuple[tuple[int, int], ...], Fraction] = {}
    for monomial, coefficient in p.terms.items():
        value = Fraction(coefficient)
        for site, power in monomial:
            value *= values.get(site, Fraction(1)) ** power
        kept = tuple((site, power) for site, power in monomial if site not in values)
        terms[kept] = terms.get(kept, Fraction(0)) + value
    return Polynomial(terms, p.variables)


def _bias(p: Polynomial, activation: str) -> float:
    return best_bias(activation, _degrees(p)) if p.degree <= _MOST_DEGREE else 0.5


def _depends_on_bias(p: Polynomial, shared_bias: float | None) -> bool:
    """Whether the point is to be told to the bound: its ratios of derivatives matter from three degrees on."""
    return shared_bias is not None or len(_degrees(p)) > 2


def _degrees(p: Polynomial) -> tuple[int, ...]:
    return tuple(sorted({sum(power for _, power in monomial) for monomial in p.terms})) or (0,)


def _once(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Without those that a depth makes equal to another of the same gates."""
    kept: dict[tuple[str, int, int], Candidate] = {}
    for candidate in candidates:
        kept.setdefault((candidate.construction, candidate.depth, candidate.neurons), candidate)
    return list(kept.values())


def _check(activation: str, biases: Any, dtypes: Sequence[str], shared_bias: Any) -> None:
    owner = "flatten"
    if activation not in FORMULAS:
        advice = "ReLU and square have no derivatives to expand; see docs/theory/flattening_bounds.md."
        raise ValueError(must_be("activation", owner, f"one of {', '.join(FORMULAS)}", repr(activation), advice))
    if not isinstance(biases, bool | np.bool_):
        raise ValueError(must_be("biases", owner, "True or False", repr(biases)))
    if not dtypes or any(dtype not in DTYPES for dtype in dtypes):
        raise ValueError(must_be("dtypes", owner, f"some of {', '.join(DTYPES)}", repr(dtypes)))
    is_number = isinstance(shared_bias, Real) and not isinstance(shared_bias, bool) and math.isfinite(shared_bias)
    if shared_bias is not None and not (is_number and abs(shared_bias) <= _LARGEST_BIAS):
        raise ValueError(
            must_be("shared_bias", owner, f"None or a number of size at most {_LARGEST_BIAS}", shared_bias)
        )


def _checked_depths(depths: Any) -> tuple[int, ...] | None:
    if depths is None:
        return None
    found = tuple(depths) if isinstance(depths, Iterable) and not isinstance(depths, str) else ()
    if not found or not all(isinstance(d, Integral) and not isinstance(d, bool) and int(d) > 0 for d in found):
        advice = "Pass depths=[1, 2], for example."
        raise ValueError(must_be("depths", "flatten", "positive numbers of hidden layers", repr(depths), advice))
    return tuple(map(int, found))
