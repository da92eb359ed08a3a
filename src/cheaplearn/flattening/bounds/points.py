"""Expansion points of the activations, with exact derivatives.

- sigmoid, tanh: polynomials in ``s = sigma(b)``.
- softplus: ``sigma_0 = ln(1 + e^b) = -ln(1 - s)``, then the polynomials of sigmoid.
- silu: ``sigma_k = b s^(k) + k s^(k-1)``.
- gelu over phi(b): ``b t, t + b``, then rational values; ``t = Phi(b)/phi(b)``.
- gaussian over exp(-b^2): Hermite values. exp: all alike. square: ``b^2, 2b, 2, 0, 0, ...``

The points chosen here have rational s. Then ``ln(1 - s)``, and for s other than 1/2 also b, are transcendental; so are
s and ``ln(1 + e^b)`` for rational b other than 0 (Lindemann). t at b = 0 is ``sqrt(pi/2)``; elsewhere we know no proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from flint import arb, fmpq, fmpq_poly

from ..._messages import must_be
from ...polynomial.coefficients import exact_fraction
from .derivatives import Derivative, Parameter, Point

__all__ = ["shared_point"]

OWNER = "bias_free_bound"

Step = Callable[[fmpq_poly], fmpq_poly]
Maker = Callable[[fmpq, int], Point]

_Z = fmpq_poly([0, 1])
_HALF = fmpq(1, 2)
_VALUES = [fmpq(p, q) for q in range(3, 24) for p in range(q // 2 + 1, q)]  # of sigmoid, above 1/2: 2/3, 3/4, 3/5, ...
_BIASES = [fmpq(p, q) for q in range(1, 24) for p in range(1, 2 * q)]


def shared_point(activation: str, degree: int, shared_bias: Any = None) -> Point:
    """Expands an activation at a point.

    Args:
        activation: Its name.
        degree: Highest order of a derivative.
        shared_bias: The point, exactly; None for a simple one where no derivative vanishes.

    Returns:
        The derivatives.

    Raises:
        ValueError: If the activation is not one of those known here.
    """
    if activation == "relu":
        advice = "ReLU has no Taylor polynomial at its kink; `biased_bounds` hold for it."
        raise ValueError(must_be("activation", OWNER, "smooth", "'relu'", advice))
    if activation not in _AT_BIAS:
        raise ValueError(must_be("activation", OWNER, f"one of {', '.join(_AT_BIAS)}", repr(activation)))
    if shared_bias is not None:
        bias: Fraction = exact_fraction(shared_bias, "shared_bias", OWNER)
        return _AT_BIAS[activation](fmpq(bias.numerator, bias.denominator), degree)
    wanted = min(degree, 2) if activation == "square" else degree
    return next(point for point in _choices(activation, degree) if all(s.polynomial for s in point.sigma[: wanted + 1]))


def _choices(activation: str, degree: int) -> Iterator[Point]:
    if activation in _AT_VALUE:
        return (_AT_VALUE[activation](value, degree, f"sigmoid(b) = {value}") for value in _VALUES)
    if activation == "tanh":  # twice b in terms of the sigmoid
        chain = _chain(_Z, _tanh_step, degree)
        return (Point("tanh", f"tanh(b) = {2 * s - 1}", _rational(chain, 2 * s - 1)) for s in [fmpq(3, 4), *_VALUES])
    return (_AT_BIAS[activation](bias, degree) for bias in _BIASES)


def _exp(bias: fmpq, degree: int) -> Point:
    return Point("exp", f"b = {_word(bias)}", _rational([fmpq_poly([1])] * (degree + 1)))


def _square(bias: fmpq, degree: int) -> Point:
    return Point("square", f"b = {_word(bias)}", _rational(_chain(_Z * _Z, fmpq_poly.derivative, degree), bias))


def _gaussian(bias: fmpq, degree: int) -> Point:
    return Point("gaussian", f"b = {_word(bias)}", _rational(_chain(fmpq_poly([1]), _gaussian_step, degree), bias))


def _gelu(bias: fmpq, degree: int) -> Point:
    chain = _chain(fmpq_poly([2, 0, -1]), _normal_step, max(degree - 2, 0))
    sigma = (Derivative(bias * _Z), Derivative(_Z + bias), *_rational(chain, bias))
    ratio = Parameter(f"Phi(b)/phi(b) at b = {_word(bias)}", lambda: _ratio(arb(bias)), transcendental=bias == 0)
    return Point("gelu", f"b = {_word(bias)}", sigma[: degree + 1], (ratio,))


def _tanh(bias: fmpq, degree: int) -> Point:
    chain = _chain(_Z, _tanh_step, degree)
    if bias == 0:
        return Point("tanh", "b = 0", _rational(chain))
    return Point(
        "tanh",
        f"b = {_word(bias)}",
        _derivatives(chain),
        (Parameter(f"tanh({_word(bias)})", lambda: arb(bias).tanh()),),
    )


def _sigmoid(bias: fmpq, degree: int) -> Point:
    if bias == 0:
        return _sigmoid_at(_HALF, degree, "b = 0")
    return Point(
        "sigmoid", f"b = {_word(bias)}", _derivatives(_chain(_Z, _sigmoid_step, degree)), (_sigmoid_value(bias),)
    )


def _softplus(bias: fmpq, degree: int) -> Point:
    if bias == 0:
        return _softplus_at(_HALF, degree, "b = 0")
    height = Parameter(f"softplus({_word(bias)})", lambda: (1 + arb(bias).exp()).log())
    sigma = (Derivative(_Z, 1), *_derivatives(_chain(_Z, _sigmoid_step, degree)))
    return Point("softplus", f"b = {_word(bias)}", sigma[: degree + 1], (_sigmoid_value(bias), height))


def _silu(bias: fmpq, degree: int) -> Point:
    if bias == 0:
        return Point("silu", "b = 0", _rational(_silu_chain(fmpq_poly([0]), degree), _HALF))
    return Point(
        "silu", f"b = {_word(bias)}", _derivatives(_silu_chain(fmpq_poly([bias]), degree)), (_sigmoid_value(bias),)
    )


def _sigmoid_at(value: fmpq, degree: int, place: str) -> Point:
    return Point("sigmoid", place, _rational(_chain(_Z, _sigmoid_step, degree), value))


def _softplus_at(value: fmpq, degree: int, place: str) -> Point:
    ratio = 1 / (1 - value)
    height = Parameter(f"ln {ratio}", lambda: arb(ratio).log())
    sigma = (Derivative(_Z), *_rational(_chain(_Z, _sigmoid_step, degree), value))
    return Point("softplus", place, sigma[: degree + 1], (height,))


def _silu_at(value: fmpq, degree: int, place: str) -> Point:
    ratio = value / (1 - value)
    chain = [fmpq_poly([s(value)]) for s in _chain(_Z, _sigmoid_step, degree)]
    before = [fmpq_poly([0]), *chain]
    sigma = _derivatives([_Z * chain[k] + k * before[k] for k in range(degree + 1)])
    return Point("silu", place, sigma, (Parameter(f"b = ln {ratio}", lambda: arb(ratio).log()),))


def _silu_chain(bias: fmpq_poly, degree: int) -> list[fmpq_poly]:
    chain = _chain(_Z, _sigmoid_step, degree)
    before = [fmpq_poly([0]), *chain]
    return [bias * chain[k] + k * before[k] for k in range(degree + 1)]


_AT_BIAS: dict[str, Maker] = {
    "softplus": _softplus,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "gaussian": _gaussian,
    "exp": _exp,
    "gelu": _gelu,
    "silu": _silu,
    "square": _square,
}
_AT_VALUE = {"softplus": _softplus_at, "sigmoid": _sigmoid_at, "silu": _silu_at}


def _word(bias: fmpq) -> str:
    """A float in its short form, other numbers as fractions."""
    number = float(Fraction(int(bias.p), int(bias.q)))
    return repr(number) if bias.q > 10**6 and Fraction(number) == Fraction(int(bias.p), int(bias.q)) else str(bias)


# Derivatives as polynomials: of the value of the activation, or of z with the exponential factor left out


def _chain(first: fmpq_poly, step: Step, steps: int) -> list[fmpq_poly]:
    found = [first]
    for _ in range(steps):
        found.append(step(found[-1]))
    return found


def _sigmoid_step(q: fmpq_poly) -> fmpq_poly:
    return _Z * (1 - _Z) * q.derivative()


def _tanh_step(q: fmpq_poly) -> fmpq_poly:
    return (1 - _Z * _Z) * q.derivative()


def _gaussian_step(q: fmpq_poly) -> fmpq_poly:
    return q.derivative() - 2 * _Z * q


def _normal_step(q: fmpq_poly) -> fmpq_poly:
    return q.derivative() - _Z * q


def _derivatives(polynomials: list[fmpq_poly]) -> tuple[Derivative, ...]:
    return tuple(map(Derivative, polynomials))


def _rational(polynomials: list[fmpq_poly], value: Any = 0) -> tuple[Derivative, ...]:
    return tuple(Derivative(fmpq_poly([polynomial(fmpq(value))])) for polynomial in polynomials)


# Balls of the parameters


def _sigmoid_value(bias: fmpq) -> Parameter:
    return Parameter(f"sigmoid({_word(bias)})", lambda: 1 / (1 + (-arb(bias)).exp()))


def _ratio(bias: Any) -> Any:
    """Phi(b) / phi(b)."""
    return (arb.pi() / 2).sqrt() * (bias * bias / 2).exp() * (1 + (bias / arb(2).sqrt()).erf())
