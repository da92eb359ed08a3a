r"""Functions of bits and spins that one neuron computes: unit functions of an integer S.

Every function f of ``S in {0, ..., k}`` is a sum of at most k unit functions, by activation:

- *hinge* (relu, silu, gelu): ``max(S - j, 0)``; ``f = f(0) + (f(1) - f(0)) S + sum_j f''(j) hinge_j``, k - 1 neurons;
- *half hinge* (softplus, which is not 0 at 0): ``max(S - j + 1/2, 0)``, k - 1 neurons;
- *step* (sigmoid, tanh): 1 where ``S >= j``; ``f = f(0) + sum_j (f(j) - f(j - 1)) step_j``, k neurons;
- *bump* (gaussian): 1 where ``S = j``; ``f = c + sum_j (f(j) - c) bump_j``, c its most common value, k neurons.

The product of k bits is one neuron of each kind (Lin, Tegmark & Rolnick 2017, Eq. 13, is the step); the product of k
spins is a function of the number of +1. ReLU is exact; the others are at a slope beta with an error proven in
`unit_gate`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq

from ..circuit import Circuit
from .program import Program
from .rows import CONSTANT, ROUNDUP, Row, add_multiple
from .splitting import Monomial, degree

__all__ = ["UnitFunction", "UnitGate", "add_counts", "function_of_sum", "spin_product", "unit_function", "unit_gate"]

_BASIS = {
    "relu": "hinge",
    "silu": "hinge",
    "gelu": "hinge",
    "softplus": "half",
    "sigmoid": "step",
    "tanh": "step",
    "gaussian": "bump",
}

_SPIN_PAIR = {"hinge": 1, "half": 1, "step": 2, "bump": 1}  # neurons of a product of two spins


@dataclass(frozen=True)
class UnitFunction:
    """What one neuron can do with an integer.

    Args:
        activation: Name.
        basis: "hinge", "half", "step" or "bump".
    """

    activation: str
    basis: str


@dataclass(frozen=True)
class UnitGate:
    """A unit function as a neuron: ``value ~= weight * sigma(slope * form) + offset``.

    Args:
        slope: beta, a power of two.
        weight: What its value is read with, a power of two.
        offset: Constant.
        truncation: Bound of the error at every integer (half-integer for "half" and "step").
        sensitivity: Largest change of the value per change of the form.
        grows: Whether the value grows with the form; otherwise it is at most 1.
    """

    slope: float
    weight: float
    offset: float
    truncation: float
    sensitivity: float
    grows: bool = True


def unit_function(activation: str) -> UnitFunction | None:
    """Gives the unit function of an activation.

    Args:
        activation: Name.

    Returns:
        The unit function, None if the activation has none (square).
    """
    basis = _BASIS.get(activation)
    return UnitFunction(activation, basis) if basis else None


def unit_gate(activation: str, u: float) -> UnitGate:
    r"""Chooses the slope and bounds the error.

    Args:
        activation: Name of an activation that has a unit function.
        u: Half the machine epsilon of the dtype.

    Returns:
        The gate.

    Guarantee: the truncation holds at every integer m (half-integer): SiLU ``|m| / (1 + exp(beta |m|))``, GELU
    ``|m| Phi(-beta |m|)``, softplus ``ln(1 + exp(-beta |m|)) / beta``, sigmoid ``exp(-beta / 2)``, tanh (half of
    it is read) ``exp(-beta)``, Gaussian ``exp(-beta^2 m^2)``, all largest at the smallest |m| > 0. Slopes:
    |SiLU'| <= 1.1, |GELU'| <= 1.13.
    """
    if activation == "relu":
        return UnitGate(1.0, 1.0, 0.0, 0.0, 1.0)
    # beta such that the error is far below u
    beta = 2.0 ** math.ceil(math.log2(-math.log(u) * 2.0 + 8.0))
    if activation == "silu":
        return UnitGate(beta, 1 / beta, 0.0, _exp(-beta), 1.1)
    if activation == "gelu":
        beta = 16.0  # Phi(-16) < exp(-128)
        return UnitGate(beta, 1 / beta, 0.0, _exp(-128.0), 1.13)
    if activation == "softplus":
        return UnitGate(beta, 1 / beta, 0.0, _exp(-beta / 2), 1.0)
    if activation == "sigmoid":
        return UnitGate(beta, 1.0, 0.0, _exp(-beta / 2), beta / 4, grows=False)
    if activation == "tanh":
        return UnitGate(beta / 2, 0.5, 0.5, _exp(-beta / 2), beta / 4, grows=False)
    return UnitGate(16.0, 1.0, 0.0, _exp(-255.0), 16.0, grows=False)  # gaussian; |sigma'| < 0.86


def _exp(power: float) -> float:
    """Rounded up: at a large slope nothing else is left of the margin."""
    return math.exp(power) * ROUNDUP


def function_of_sum(program: Program, unit: UnitFunction, total: Row, values: Sequence[fmpq]) -> Row:
    """Writes a function of an integer-valued form.

    Args:
        program: Gets the unit functions.
        unit: The unit function of the activation.
        total: Row of S, in {0, ..., k} at every point of the box.
        values: f(0), ..., f(k).

    Returns:
        The row of f(S).
    """
    k = len(values) - 1
    row: Row = {CONSTANT: values[0]} if values[0] else {}
    if k == 0:
        return row
    if unit.basis in {"hinge", "half"}:
        add_multiple(row, values[1] - values[0], total)
        bends = {j: values[j + 1] - 2 * values[j] + values[j - 1] for j in range(1, k)}
        if unit.basis == "hinge":
            weights = bends
        else:  # a half hinge at j bends by 1/2 at j - 1 and by 1/2 at j
            weights, last = {}, fmpq(0)
            for j in range(1, k):
                last = weights[j + 1] = 2 * bends[j] - last
    elif unit.basis == "step":
        weights = {j: values[j] - values[j - 1] for j in range(1, k + 1)}
    else:
        usual = Counter(values).most_common(1)[0][0]  # is a constant: only the other values take a bump
        weights = {j: value - usual for j, value in enumerate(values)}
        row = {CONSTANT: usual} if usual else {}
    shift = fmpq(1, 2) if unit.basis in {"half", "step"} else fmpq(0)
    for j, weight in weights.items():
        if weight:
            form = dict(total)
            add_multiple(form, shift - j, {CONSTANT: fmpq(1)})
            add_multiple(
                row, weight, {program.count_column(form, max(k - j, j) + 1, max(k - j, 0) + int(bool(shift))): fmpq(1)}
            )
    return row


def spin_product(program: Program, first: Row, second: Row) -> Row:
    """Multiplies two rows that are -1 or 1 at every point with one hinge: ``4 max((a + b)/2, 0) - 1 - a - b``.

    Args:
        program: Gets the hinge.
        first: Row of a.
        second: Row of b.

    Returns:
        The row of the product.
    """
    half: Row = {}
    for row in (first, second):
        add_multiple(half, fmpq(1, 2), row)
    product: Row = {program.count_column(half, 1, 1): fmpq(4)}
    add_multiple(product, fmpq(-2), half)
    add_multiple(product, fmpq(-1), {CONSTANT: fmpq(1)})
    return product


def add_counts(
    program: Program,
    circuit: Circuit,
    terms: list[dict[Monomial, fmpq]],
    unit: UnitFunction,
    square_cost: int,
) -> None:
    """Adds symmetric functions of bits or spins, and pairs of them where squares would cost more.

    Args:
        program: The program; its outputs are changed.
        circuit: Where the terms come from.
        terms: Terms per output; what is handled here is taken out.
        unit: The unit function of the activation.
        square_cost: Neurons of a square.
    """
    for k, rest in enumerate(terms):
        for kind in ("bit", "spin"):
            inside = {m: c for m, c in rest.items() if m and all(circuit.kinds[site] == kind for site, _ in m)}
            values = _symmetric_values(inside, kind)
            if values is None or (max(map(degree, inside)) <= 2 and square_cost == 1):
                continue
            sites = sorted({site for m in inside for site, _ in m})
            neurons = len(values) + 1
            if neurons >= sum(1 for m in inside if degree(m) > 1) * (1 if kind == "bit" else 2) + 2:
                continue  # one neuron a monomial is cheaper
            row = function_of_sum(program, unit, number_of_ones(sites, kind), values)
            add_multiple(program.outputs[k], fmpq(1), row)
            for monomial in inside:
                del rest[monomial]
    _add_pairs(program, circuit, terms, unit, square_cost)


def number_of_ones(sites: Sequence[int], kind: str) -> Row:
    """The number of bits that are 1, or of spins that are +1.

    Args:
        sites: The inputs.
        kind: "bit" or "spin".

    Returns:
        Its row over the centred inputs (for both kinds ``(1 + u)/2`` each).
    """
    del kind  # the same row for both: u is the spin itself, and twice the bit minus 1
    row: Row = {site + 1: fmpq(1, 2) for site in sites}
    row[CONSTANT] = fmpq(len(sites), 2)
    return row


def _symmetric_values(terms: dict[Monomial, fmpq], kind: str) -> list[fmpq] | None:
    """f(0), ..., f(k) of a polynomial that is symmetric in its k bits or spins; None if it is not."""
    sites = {site for monomial in terms for site, _ in monomial}
    k = len(sites)
    by_degree: dict[int, list[fmpq]] = {}
    for monomial, coefficient in terms.items():
        by_degree.setdefault(degree(monomial), []).append(coefficient)
    if k < 2 or any(len(cs) != math.comb(k, d) or len(set(cs)) > 1 for d, cs in by_degree.items()):
        return None
    values = []
    for ones in range(k + 1):
        total = fmpq(0)
        for d, coefficients in by_degree.items():
            if kind == "bit":
                count = math.comb(ones, d)
            else:  # elementary symmetric polynomial of `ones` times +1 and the rest -1
                count = sum(math.comb(ones, d - i) * math.comb(k - ones, i) * (-1) ** i for i in range(d + 1))
            total += coefficients[0] * count
        values.append(total)
    return values


def _add_pairs(
    program: Program, circuit: Circuit, terms: list[dict[Monomial, fmpq]], unit: UnitFunction, square_cost: int
) -> None:
    pairs = {m for rest in terms for m in rest if degree(m) == 2 and len(m) == 2}
    pairs = {m for m in pairs if circuit.kinds[m[0][0]] == circuit.kinds[m[1][0]] != "real"}
    sites = {site for m in pairs for site, _ in m}
    others = {s for rest in terms for m in rest if degree(m) == 2 and m not in pairs for s, _ in m}
    neurons = sum(_SPIN_PAIR[unit.basis] if circuit.kinds[m[0][0]] == "spin" else 1 for m in pairs)
    if neurons >= square_cost * len(sites) or (square_cost == 1 and sites & others):
        return  # the quadratic form of a whole block takes at most one square a variable
    for pair in sorted(pairs):
        row = product_of_discrete(program, unit, pair, circuit.kinds[pair[0][0]])
        for output, rest in zip(program.outputs, terms, strict=True):
            if pair in rest:
                add_multiple(output, rest.pop(pair), row)


def product_of_discrete(program: Program, unit: UnitFunction, monomial: Monomial, kind: str) -> Row:
    """The product of bits (one neuron) or of spins (a function of the number of +1).

    Args:
        program: Gets the unit functions.
        unit: The unit function of the activation.
        monomial: Sites, each with power 1.
        kind: "bit" or "spin".

    Returns:
        The row of the product.
    """
    sites = [site for site, _ in monomial]
    k = len(sites)
    if kind == "bit":
        values = [fmpq(int(ones == k)) for ones in range(k + 1)]
    else:
        values = [fmpq((-1) ** (k - ones)) for ones in range(k + 1)]
    return function_of_sum(program, unit, number_of_ones(sites, kind), values)


def is_natural(circuit: Circuit, box: Sequence[tuple[Fraction, Fraction]]) -> bool:
    """Tells whether every bit and spin has its natural range, no scale of its own and no powers (s^2 = 1 is reduced).

    Args:
        circuit: The function.
        box: Range of each input.

    Returns:
        Whether counts may be used.
    """
    natural = {"bit": (0, 1), "spin": (-1, 1)}
    sites = (pair for output in circuit.outputs for monomial in output.terms for pair in monomial)
    if any(power > 1 and circuit.kinds[site] != "real" for site, power in sites):
        return False
    return all(
        kind == "real" or (pair == natural[kind] and circuit.center[i] == 0 and circuit.scale[i] == 1)
        for i, (kind, pair) in enumerate(zip(circuit.kinds, box, strict=True))
    )
