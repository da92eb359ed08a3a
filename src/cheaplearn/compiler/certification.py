r"""Certificates: a proven bound on |network - function| over the box, in floating point.

Notation as in `basis.py`. Neuron i stands for the square of the form ``f_i`` (``|f_i| <= 1``) at scale ``lam``; its
computed pre-activation is ``lam (f_i + eta_i)``, so its even part is ``kappa lam^2 (f_i^2 + eps_i)`` with
``|eps_i| <= 2 |f_i eta_i| + eta_i^2 + |r_i| / (kappa lam^2)``. Every unit adds rounding noise: the sum,
``|zeta| <= gamma_m (sum |w s| + |b|)`` for m stored numbers in any order (Higham, Accuracy and Stability of Numerical
Algorithms, section 3.1), and the activation. In the even basis a neuron's noise has the coefficient of its e. Sums over
many squares are bounded jointly where that is less than term by term: the two forms of a product have
``|f| + |g| <= 1``; forms of the inputs obey ``|r(z)| <= nu z^2`` with a bound of the quadratic form (`box_bounds.py`),
and ``sum w |f| <= sqrt(sum w) sqrt(sum w f^2)``. Derivation: docs/theory/certificate.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import fmpq

from ..network import activation_named
from .assembly import Assembly
from .basis import EvenBasis
from .box_bounds import largest_weighted_squares, weighted_squares_at_corners
from .program import Program
from .rows import CONSTANT, ROUNDUP, Row, add_multiple, rational, up

__all__ = ["RANGE_MARGIN", "Bounds", "certify"]

_FEW = 3  # rows with so few terms are bounded sum by sum
RANGE_MARGIN = 2.0**-7  # a computed pre-activation may leave [-amplitude, amplitude] by this share


@dataclass(frozen=True)
class Bounds:
    """Proven bounds per output; `message` says why there are none if they are infinite.

    Args:
        truncations: Share of the remainders of the squares.
        roundings: Share of everything else.
        message: Empty, or the reason for an infinite bound.
    """

    truncations: np.ndarray
    roundings: np.ndarray
    message: str = ""

    @property
    def errors(self) -> np.ndarray:
        """Total bound per output."""
        return (self.truncations + self.roundings) * ROUNDUP


def certify(program: Program, assembly: Assembly, amplitude: float) -> Bounds:
    """Bounds the distance between the stored network and the program's function.

    Args:
        program: The function, exact.
        assembly: The stored network.
        amplitude: The scale lam with which the squares were placed.

    Returns:
        The bounds; infinite if a value may overflow or leave the certified range.

    Cost: proportional to the non-zeros of all rows in the even basis, plus one eigendecomposition per output.
    """
    return _Certifier(program, assembly, amplitude).run()


@dataclass
class _Noise:
    """Bounds for one unit: its size and its noise are at most ``slope |f| + rest`` (slope 0 for linear units)."""

    size_rest: float
    noise_rest: float
    size_slope: float = 0.0
    noise_slope: float = 0.0
    eta_truncation: float = 0.0
    eta_rounding: float = 0.0


class _Certifier:
    def __init__(self, program: Program, assembly: Assembly, amplitude: float) -> None:
        self.program, self.assembly, self.gate = program, assembly, assembly.gate
        self.amplitude = amplitude
        info = np.finfo(assembly.dtype)
        self.u = float(info.eps) / 2
        self.tiny = float(info.smallest_subnormal)
        self.huge = float(info.max) / 4
        self.basis = EvenBasis(assembly.n_inputs, assembly.gate)
        self.noise: dict[int, _Noise] = {}
        self.eta: dict[int, float] = {}  # of each square
        centers = zip(program.center, program.radius, strict=True)
        self.inputs = [up(abs(m) + r) for m, r in centers]  # sup |x|
        self.scale = rational(amplitude)
        self.per_square = self.gate.kappa * self.scale**2 if self.gate else fmpq(1)
        self.e_max = up(self.per_square) * (1 + RANGE_MARGIN) ** 2 + (self.gate.remainder if self.gate else 0.0)
        self.first_square = 1 + program.n_inputs
        self.message = ""
        if not max(self.inputs, default=0.0) < self.huge:
            self.message = f"an input may overflow {assembly.dtype.name}"

    def run(self) -> Bounds:
        column = 1 + self.assembly.n_inputs
        for rows, neurons in zip(self.assembly.layers[:-1], self.assembly.neurons[:-1], strict=True):
            for offset, row in enumerate(rows):
                if neurons:
                    self._neuron(column + offset, row)
                else:
                    self._linear_unit(column + offset, row)
            column += len(rows)
        outputs = [self._output(k, row) for k, row in enumerate(self.assembly.layers[-1])]
        truncations, roundings = np.array(outputs).reshape(-1, 2).T
        if self.message:
            truncations = np.full(len(outputs), np.inf)
        return Bounds(truncations, roundings, self.message)

    def _neuron(self, column: int, stored: Row) -> None:
        assert self.gate is not None
        expanded = self.basis.expand(stored)
        wanted: Row = {}
        add_multiple(wanted, self.scale, self.program.squares[self.assembly.square_of[column]].form)
        zeta = self._sum_noise(stored)
        truncation, rounding = self._distance(wanted, expanded)
        eta_truncation = truncation / self.amplitude * ROUNDUP
        eta_rounding = (rounding + zeta) / self.amplitude * ROUNDUP
        eta = eta_truncation + eta_rounding
        self.eta[self.assembly.square_of[column]] = eta
        if not 2 * eta <= RANGE_MARGIN:  # twice: the two forms of a product share one range
            self.message = self.message or "errors inside the network are too large for its gates"

        # |z| <= amplitude (|f| + eta), and z^2 <= amplitude^2 (|f| + 3 eta) since |f|, eta <= 1
        activation, odd = activation_named(self.gate.activation), up(self.gate.odd)
        squared = self.gate.activation == "square"
        slope = self.amplitude**2 if squared else self.amplitude
        noise_slope = self.u * activation.error_slope(self.amplitude * (1 + RANGE_MARGIN)) * slope
        noise_rest = self.u * activation.error_constant + 3 * noise_slope * eta + self.tiny
        noise_rest += odd * zeta + self.gate.constant_error
        e_slope = up(self.per_square)
        size_rest = odd * self.amplitude * eta + 3 * e_slope * eta + self.gate.remainder + up(self.gate.constant)
        self.basis.add_neuron(column, stored)
        self.noise[column] = _Noise(
            size_rest=(size_rest + noise_slope + noise_rest) * ROUNDUP,
            noise_rest=noise_rest * ROUNDUP,
            size_slope=(odd * self.amplitude + e_slope) * ROUNDUP,
            noise_slope=noise_slope * ROUNDUP,
            eta_truncation=eta_truncation,
            eta_rounding=eta_rounding,
        )

    def _linear_unit(self, column: int, stored: Row) -> None:
        zeta = self._sum_noise(stored)
        self.basis.add_linear_unit(column, stored)
        self.noise[column] = _Noise((self._size(self.basis.tails[column]) + zeta) * ROUNDUP, zeta)

    def _output(self, k: int, stored: Row) -> tuple[float, float]:
        expanded = self.basis.expand(stored)
        zeta = self._sum_noise(stored)
        truncation, rounding = self._distance(self.program.outputs[k], expanded)
        return truncation, rounding + zeta + self.program.defects[k]

    def _sum_noise(self, stored: Row) -> float:
        """Bounds the rounding of a computed row: products, then sums in any order, then underflow."""
        terms = self._terms_size(stored)
        if not terms < self.huge:
            self.message = self.message or f"a sum may overflow {self.assembly.dtype.name}"
        inexact = {c for c, weight in stored.items() if c != CONSTANT and not _is_power_of_two(weight)}
        if len(stored) <= _FEW:
            size = self._few_terms(stored, inexact)
        else:
            # a term meets all sums and, unless its weight is a power of two, the rounding of its product
            k = len(stored) - 1 + bool(inexact)
            size = k / (1 - k * self.u) * terms
        return (self.u * size + len(stored) * self.tiny) * ROUNDUP

    def _few_terms(self, stored: Row, inexact: set[int]) -> float:
        """Bounds rounding / u for at most three terms: one of the pairs is added first, then the third."""
        # the pairs are bounded in the even basis, where the odd part of a neuron cancels against a skip
        products = self._terms_size({c: v for c, v in stored.items() if c in inexact})
        if len(stored) == 1:
            return products * (1 + 4 * self.u)
        pairs = [0.0]
        if len(stored) == 3:
            pairs = [self._computed_size({c: v for c, v in stored.items() if c != left}) for left in stored]
        return (products + max(pairs) + self._computed_size(stored)) * (1 + 16 * self.u)

    def _computed_size(self, stored: Row) -> float:
        """Bounds the exact sum of the terms of a row at the computed values of its sources."""
        return self._size(self.basis.expand(stored))

    def _terms_size(self, stored: Row) -> float:
        """Bounds sum |w s| + |b| at computed values."""
        size = up(stored.get(CONSTANT, fmpq(0)))
        slopes: list[tuple[int, float]] = []
        for column, weight in stored.items():
            if column == CONSTANT:
                continue
            w = up(weight)
            if column <= self.assembly.n_inputs:
                size += w * self.inputs[column - 1] * (1 + self.u)
                continue
            size += w * self.noise[column].size_rest
            if (square := self.assembly.square_of.get(column)) is not None:
                slopes.append((square, w * self.noise[column].size_slope))
        return size + self._largest_sum(slopes)

    def _distance(self, wanted: Row, expanded: Row) -> tuple[float, float]:
        """Bounds |expanded row at computed values - wanted row at exact values|: (truncation, rounding)."""
        missing = dict(expanded)  # over (1, x, squares as -1 - index): what the stored row has too much
        rounding = 0.0
        direct: list[tuple[int, fmpq]] = []
        inner: list[tuple[int, float]] = []  # errors eta inside a square come out as 2 |f| eta
        slopes: list[tuple[int, float]] = []
        for column, value in expanded.items():
            if column == CONSTANT:
                continue
            if column <= self.assembly.n_inputs:
                rounding += up(value) * self.inputs[column - 1] * self.u  # x is rounded to the dtype first
                continue
            noise = self.noise[column]
            rounding += up(value) * noise.noise_rest
            missing.pop(column)
            if (square := self.assembly.square_of.get(column)) is None:
                continue
            carried = up(value * self.per_square)
            eta = noise.eta_truncation + noise.eta_rounding
            rounding += carried * eta * eta
            inner.append((square, carried * 2 * noise.eta_truncation))
            add_multiple(missing, value * self.per_square, {-1 - square: fmpq(1)})
            direct.append((square, value))
            slopes.append((square, up(value) * noise.noise_slope + carried * 2 * noise.eta_rounding))
        truncation = self._remainders(direct) + self._largest_sum(inner)
        rounding += self._largest_sum(slopes) + self._mismatch(wanted, missing)
        return truncation * ROUNDUP, rounding * ROUNDUP

    def _mismatch(self, wanted: Row, missing: Row) -> float:
        """Bounds the exact difference of two rows: `wanted` over (1, u, squares), `missing` over (1, x, squares)."""
        difference: Row = {}
        for column, value in missing.items():
            if 0 < column <= self.assembly.n_inputs:
                add_multiple(difference, value * self.program.radius[column - 1], {column: fmpq(1)})
                add_multiple(difference, value * self.program.center[column - 1], {CONSTANT: fmpq(1)})
            else:
                add_multiple(difference, value, {column if column >= 0 else self.first_square - 1 - column: fmpq(1)})
        add_multiple(difference, fmpq(-1), wanted)
        return sum(up(value) for value in difference.values())  # |u| <= 1 and 0 <= f^2 <= 1

    def _remainders(self, direct: list[tuple[int, fmpq]]) -> float:
        """Bounds |sum_i c_i r_i|: pair by pair, or jointly for forms of the inputs, whichever is less."""
        if not direct or self.gate is None or not self.gate.remainder:
            return 0.0
        coefficients = dict(direct)
        pairs, single = _matched(coefficients, self.program.partners, opposite=True)
        alone = 0.0
        for i, j in pairs:
            # r(f) - r(g) with |f| + |g| <= 1 is at most `pair_remainder`; what the coefficients differ by is added
            alone += min(up(coefficients[i]), up(coefficients[j])) * self.gate.pair_remainder
            alone += up(coefficients[i] + coefficients[j]) * self.gate.remainder
        alone += sum(up(coefficients[i]) for i in single) * self.gate.remainder

        # (|f| + eta)^2 <= (1 + d) f^2 + (1 + 1/d) eta^2 for every d > 0
        nu = self.gate.relative_remainder * self.amplitude**2
        first = [i for i in coefficients if self.program.squares[i].level == 1]
        rest = sum(up(c) for i, c in direct if self.program.squares[i].level > 1) * self.gate.remainder
        rest += sum(up(coefficients[i]) * self.eta[i] ** 2 for i in first) * nu * (1 + 1 / RANGE_MARGIN)
        weights = np.array([up(coefficients[i]) for i in first]) * nu * (1 + RANGE_MARGIN)
        return min(alone, self._joint_squares(first, weights, alone - rest) + rest)

    def _largest_sum(self, weighted: list[tuple[int, float]]) -> float:
        """Bounds the maximum over the box of sum_i w_i |f_i|, w >= 0."""
        weights = dict(weighted)
        pairs, single = _matched(weights, self.program.partners, opposite=False)
        alone = sum(max(weights[i], weights[j]) for i, j in pairs) + sum(weights[i] for i in single)
        if len(weights) == 1 or any(self.program.squares[i].level > 1 for i in weights):
            return alone * ROUNDUP
        total = sum(weights.values())
        if not total:
            return 0.0
        squares = self._joint_squares(list(weights), np.array(list(weights.values())), alone * alone / total)
        return min(alone, (total * squares) ** 0.5) * ROUNDUP

    def _joint_squares(self, squares: list[int], weights: np.ndarray, useful: float) -> float:
        """Joint bound of sum_i w_i f_i^2 for forms of the inputs; infinite where it cannot get below `useful`."""
        if not squares:
            return 0.0
        forms = self.program.dense_forms()[squares]
        if weighted_squares_at_corners(forms, weights) >= useful:
            return np.inf
        return largest_weighted_squares(forms, weights)

    def _size(self, expanded: Row) -> float:
        """Bounds the value of a row over (1, x, e)."""
        constant = expanded.get(CONSTANT, fmpq(0))
        size = 0.0
        for column, value in expanded.items():
            if column == CONSTANT:
                continue
            if column <= self.assembly.n_inputs:
                constant += value * self.program.center[column - 1]
                size += up(value * self.program.radius[column - 1])
                size += up(value) * self.inputs[column - 1] * self.u
                continue
            noise = self.noise[column]
            size += up(value) * (noise.noise_slope + noise.noise_rest)
            if column in self.assembly.square_of:
                size += up(value) * self.e_max
        return size + up(constant)


def _is_power_of_two(weight: fmpq) -> bool:
    """Tells whether a product with a stored weight is exact (its denominator is a power of two in any case)."""
    numerator = abs(int(weight.p))
    return numerator & (numerator - 1) == 0


def _matched(
    coefficients: Mapping[int, Any], partners: Mapping[int, list[int]], *, opposite: bool
) -> tuple[list[tuple[int, int]], list[int]]:
    """Matches squares with a partner among the others (of opposite sign if asked), each at most once."""
    if not partners:
        return [], list(coefficients)
    pairs, free = [], dict.fromkeys(coefficients)
    for i in list(coefficients):
        if i not in free:
            continue
        for j in partners.get(i, ()):
            if j in free and (not opposite or coefficients[i] * coefficients[j] < 0):
                pairs.append((i, j))
                del free[i], free[j]
                break
    return pairs, list(free)
