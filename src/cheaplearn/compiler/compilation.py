"""`compile`: the public door of the compiler."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .._messages import must_be
from ..circuit import Circuit
from ..network import Certificate, Network, activation_named, rounded_up
from .counts import unit_function
from .depth_budget import smallest_depth
from .layout import Layout
from .lowering import DepthBudget, lower
from .power_gates import PowerGate, power_parity
from .sawtooth import most_teeth
from .search import Candidate, best_candidate, quick_candidate
from .splitting import degree
from .square_gates import SquareGate

__all__ = ["ToleranceError", "compile"]

DTYPES = ("float16", "float32", "float64")


class ToleranceError(ValueError):
    """The tolerance cannot be certified in this dtype; says the best reachable error and what would reach it.

    Args:
        message: The explanation.
        best: Best certified error found, in the units of the output that limits it.
        network: The network that has it, None if none could be certified.
    """

    def __init__(self, message: str, best: float, network: Network | None = None) -> None:
        super().__init__(message)
        self.best = best
        self.network = network


def compile(
    p: Any,
    box: Any = None,
    tolerance: float | Sequence[float] | None = None,
    dtype: str = "float32",
    activation: str = "silu",
    depth: int | None = None,
    strict_layers: bool = False,
    variables: Mapping[str, str] | None = None,
    relative_tolerance: float | None = None,
) -> Network:
    r"""Compiles a function to a plain network with a proven error.

    Args:
        p: A polynomial (text, `Polynomial`, SymPy expression, ...), a list of them (several outputs), a `Hamiltonian`
            or a fitted estimator (the outputs are then its logits -H - mu).
        box: One pair (low, high) for every input, or {"x": (low, high), ...}; raw units. Not needed for bits, spins.
        tolerance: Largest allowed |network - p| on the box: one number, or one per output. None: as exact as possible.
        dtype: "float32" or "float64".
        activation: "silu", "gelu", "softplus" (one neuron a square) or "square" (exact up to rounding).
        depth: Most hidden layers; None: as many as products of pairs need, ``ceil(log2 degree)``. With fewer, up to 6
            factors are multiplied in one layer: 2^(b-1) neurons for b factors, and far less exact.
        strict_layers: Only False (skips allowed) so far.
        variables: Kind of some inputs: {"x": "bit" | "spin" | "real"}.
        relative_tolerance: Instead of `tolerance`: relative to the sum over terms of |c| max over the box of
            |monomial|.

    Returns:
        The network; `net.certificate` holds the proof's numbers.

    Raises:
        ToleranceError: If no network of this kind can be certified to the tolerance in this dtype.
        ValueError: If an argument is not usable.

    Guarantee: ``|net(x) - p(x)| <= net.certificate.error`` for every x in the box, in floating point (see
        `Certificate.assumptions`).
    Cost: neurons = squares: rank of a quadratic form, 2 a product, 1 a square; with `depth`, 2^(b-1) for b factors in
        one layer (2^b where their number has not the parity of the activation), half of prod (r + 1) for powers r.
    Source: Lin, Tegmark & Rolnick (2017), Eq. 11 and section II.C; half-price gates and certificate: docs/theory/.

    Example:
        >>> import cheaplearn as cl
        >>> net = cl.compile(cl.Polynomial.parse("x*y"), box=(-1, 1), tolerance=1e-4)
        >>> net.neurons, net.certificate.error < 1e-4
        (2, True)
    """
    _refuse_unbuilt(strict_layers)
    _check_depth(depth)
    if dtype not in DTYPES:
        raise ValueError(must_be("dtype", "compile", f"one of {', '.join(DTYPES)}", repr(dtype)))
    activation_named(activation)
    circuit = Circuit.coerce(p, variables)
    intervals = _box(circuit, box)
    tolerances = _tolerances(circuit, intervals, tolerance, relative_tolerance)
    numeric = np.dtype(dtype)
    layout = _layout(circuit, intervals, activation, dtype, depth)
    best = best_candidate(layout, activation, numeric, tolerances)
    _check_layers(best, depth, activation)
    if tolerances is not None and best.ratio > 1.0:
        message, reached = _unreachable(circuit, intervals, best, tolerances, activation, dtype, depth)
        network = _network(circuit, intervals, best, activation, dtype) if math.isfinite(reached) else None
        raise ToleranceError(message, reached, network)
    if not math.isfinite(best.ratio):
        advice = "Scale the box or use float64" + (" or allow more depth" if depth is not None else "")
        message = f"No network can be certified in {dtype}: {best.assembly.bounds.message}. {advice}."
        raise ToleranceError(message, math.inf)
    return _network(circuit, intervals, best, activation, dtype)


def _layout(
    circuit: Circuit, intervals: list[tuple[Fraction, Fraction]], activation: str, dtype: str, depth: int | None = None
) -> Layout:
    square_cost = most_teeth(np.dtype(dtype)) if activation == "relu" else 1
    program = lower(circuit, intervals, unit_function(activation), square_cost)
    if depth is not None and program.depth > depth:
        budget = DepthBudget(depth, _budget_parity(circuit, activation, depth))
        program = lower(circuit, intervals, unit_function(activation), square_cost, budget)
    return Layout(program, [kind != "real" for kind in circuit.kinds])


def _budget_parity(circuit: Circuit, activation: str, depth: int) -> int:
    """Refuses a depth that products of several factors at once cannot keep either."""
    parity = power_parity(activation)
    largest = max((degree(monomial) for output in circuit.outputs for monomial in output.terms), default=0)
    needed = smallest_depth(largest, parity)
    if parity is None or depth < needed:
        what = f"at least {needed} for degree {largest} and activation {activation!r}"
        tree = smallest_depth(largest, None)
        advice = f"depth={tree} is the most exact" if tree > needed else "Pass depth=None for as many layers as needed"
        raise ValueError(must_be("depth", "compile", what, depth, f"{advice}."))
    return parity


def _check_depth(depth: Any) -> None:
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int | np.integer) or depth < 1):
        raise ValueError(must_be("depth", "compile", "None or a positive integer", repr(depth)))


def _check_layers(best: Candidate, depth: int | None, activation: str) -> None:
    """Refuses a network with more hidden layers than levels: sawtooth squares have one for every tooth."""
    layers = sum(1 for name in best.assembly.activations if name)
    if depth is not None and layers > depth:
        what = f"at least {layers} for activation {activation!r} to this tolerance"
        raise ValueError(must_be("depth", "compile", what, depth, "Pass activation='silu' for squares in one layer."))


def _refuse_unbuilt(strict_layers: bool) -> None:
    if strict_layers:
        raise ValueError(must_be("strict_layers", "compile", "False", True, "Identity neurons are not built yet."))


def _ones(circuit: Circuit) -> np.ndarray:
    return np.ones(len(circuit.outputs))


def _box(circuit: Circuit, box: Any) -> list[tuple[Fraction, Fraction]]:
    """One exact interval per input."""
    given = dict(box) if isinstance(box, Mapping) else {}
    for name in given:
        if name not in circuit.variables:
            known = f"about the variables {', '.join(circuit.variables)}"
            raise ValueError(must_be("box", "compile", known, f"an unknown variable {name!r}", "Correct the name."))
    intervals = []
    for name, kind in zip(circuit.variables, circuit.kinds, strict=True):
        pair = given.get(name) if isinstance(box, Mapping) else box
        if kind != "real":
            natural = (0, 1) if kind == "bit" else (-1, 1)
            pair = natural if pair is None or not isinstance(box, Mapping) else pair
        intervals.append(_interval(name, pair))
    return intervals


def _interval(name: str, pair: Any) -> tuple[Fraction, Fraction]:
    advice = f'Pass box=(-1, 1) or box={{"{name}": (-1, 1), ...}}.'
    try:
        low, high = pair
        low, high = _exact(low), _exact(high)
    except (TypeError, ValueError, OverflowError):
        requirement = "bounded to certify an error: a pair of finite numbers (low, high)"
        got = f"{pair!r} for {name!r}"
        raise ValueError(must_be("box", "compile", requirement, got, advice)) from None
    if low > high:
        got = f"an empty interval {pair!r} for {name!r}"
        raise ValueError(must_be("box", "compile", "ordered, low <= high", got, advice))
    return low, high


def _exact(number: Any) -> Fraction:
    return Fraction(number) if isinstance(number, int | Fraction) else Fraction(float(number))


def _tolerances(
    circuit: Circuit, intervals: list[tuple[Fraction, Fraction]], tolerance: Any, relative: Any
) -> np.ndarray | None:
    if tolerance is not None and relative is not None:
        advice = "Pass only one of the two."
        raise ValueError(must_be("tolerance", "compile", "None if relative_tolerance is given", tolerance, advice))
    name, value = ("tolerance", tolerance) if relative is None else ("relative_tolerance", relative)
    if value is None:
        return None
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in ((), (len(circuit.outputs),)) or not np.all(np.isfinite(array)) or np.any(array <= 0):
        requirement = f"a positive number, or one per output ({len(circuit.outputs)})"
        raise ValueError(must_be(name, "compile", requirement, repr(value)))
    scales = _ones(circuit) if relative is None else _scales(circuit, intervals)
    return np.broadcast_to(array, scales.shape) * scales


def _scales(circuit: Circuit, intervals: list[tuple[Fraction, Fraction]]) -> np.ndarray:
    """Sum over terms of |c| max over the box of |monomial|, per output; 1 for the zero polynomial."""
    reach = [
        max(abs((low - Fraction(c)) / Fraction(s)), abs((high - Fraction(c)) / Fraction(s)))
        for (low, high), c, s in zip(intervals, circuit.center, circuit.scale, strict=True)
    ]
    scales = []
    for output in circuit.outputs:
        total = Fraction(0)
        for monomial, coefficient in output.terms.items():
            size = abs(coefficient)
            for site, power in monomial:
                size *= reach[site] ** power
            total += size
        scales.append(float(total) or 1.0)
    return np.array(scales)


def _network(
    circuit: Circuit, intervals: list[tuple[Fraction, Fraction]], best: Candidate, activation: str, dtype: str
) -> Network:
    bounds = best.assembly.bounds
    certificate = Certificate(
        errors=tuple(bounds.errors.tolist()),
        truncations=tuple(bounds.truncations.tolist()),
        roundings=tuple(bounds.roundings.tolist()),
        box={name: (float(low), float(high)) for name, (low, high) in zip(circuit.variables, intervals, strict=True)},
        dtype=dtype,
        assumptions=_assumptions(activation, dtype, best),
        labels=circuit.labels,
        kinds={name: kind for name, kind in zip(circuit.variables, circuit.kinds, strict=True) if kind != "real"},
    )
    return Network(
        layers=best.assembly.network_layers(len(circuit.variables), np.dtype(dtype)),
        variables=circuit.variables,
        labels=circuit.labels,
        classes=circuit.classes,
        certificate=certificate,
        formula=circuit.fingerprint,
        metadata={
            "gates": [_gate_facts(gate) for gate in best.choice.gates]
            + [_power_facts(gate) for gate in best.choice.powers.values()]
        },
    )


def _assumptions(activation: str, dtype: str, best: Candidate) -> tuple[str, ...]:
    unit = {"float16": "2^-11", "float32": "2^-24", "float64": "2^-53"}[dtype]
    lines = [
        f"products and sums are correctly rounded {dtype} operations (u = {unit}), sums in any order, fused or not",
        "gradual underflow (no flush to zero), no TF32 and no other reduced-precision matrix products",
    ]
    if best.assembly.neurons:
        lines.append(f"{activation_named(activation).accuracy(best.assembly.largest_slope)}, u = {unit}")
    return tuple(lines)


def _gate_facts(gate: SquareGate) -> dict[str, Any]:
    return {"kind": gate.kind, "bias": gate.bias, "scales": list(gate.scales), "weights": list(gate.weights)}


def _power_facts(gate: PowerGate) -> dict[str, Any]:
    return {"kind": f"power {gate.degree}", "bias": 0.0, "scales": list(gate.scales), "weights": list(gate.weights)}


def _at_depth(depth: int | None) -> str:
    return "" if depth is None else f" with {depth} hidden layer{'s' if depth > 1 else ''}"


def _unreachable(
    circuit: Circuit,
    intervals: list[tuple[Fraction, Fraction]],
    best: Candidate,
    tolerances: np.ndarray,
    activation: str,
    dtype: str,
    depth: int | None,
) -> tuple[str, float]:
    """Words what is reachable, and tries what would help."""
    ratios = best.assembly.bounds.errors / tolerances
    k = int(np.argmax(ratios))
    reached = float(best.assembly.bounds.errors[k])
    where = f" of output {circuit.labels[k]!r}" if len(circuit.labels) > 1 else ""
    advice = []
    tree = _layout(circuit, intervals, activation, dtype)
    if depth is not None and (deeper := tree.program.depth) > depth:
        candidate = quick_candidate(tree, activation, np.dtype(dtype), tolerances)
        value = rounded_up(float(candidate.assembly.bounds.errors[k]), 2)
        advice.append(f"depth={deeper} reaches {value:.2g}")
    for other_dtype, other in (("float64", activation), (dtype, "square"), ("float64", "square")):
        if (other_dtype, other) == (dtype, activation):
            continue
        try:
            layout = _layout(circuit, intervals, other, other_dtype, depth)
        except ValueError:  # that activation cannot keep the depth
            continue
        candidate = quick_candidate(layout, other, np.dtype(other_dtype), tolerances)
        if candidate.ratio <= 1.0:
            value = rounded_up(float(candidate.assembly.bounds.errors[k]), 2)
            advice.append(f"dtype={other_dtype!r}, activation={other!r} reaches {value:.2g}")
    message = (
        f"`tolerance`{where} is {tolerances[k]:.3g}, but the best error that can be certified with activation "
        f"{activation!r} in {dtype}{_at_depth(depth)} is {rounded_up(reached):.3g}. "
    )
    message += (
        ("What would help: " + "; ".join(advice) + ".")
        if advice
        else f"Pass tolerance={rounded_up(reached):.3g} or more."
    )
    return message, reached
