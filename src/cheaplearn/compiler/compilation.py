"""`compile`: the public door of the compiler."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .._messages import must_be
from ..circuit import Circuit
from ..geometry import Grid
from ..network import Certificate, Network, activation_named
from .assumptions import assumptions
from .automatic import automatic
from .explanation import dominating_parts, remedies
from .inputs import Interval, read_box, read_tolerances
from .job import Job
from .lattice import Lattice, check_invariant, checked_lattice
from .layout import Layout
from .refusal import ToleranceError, uncertifiable, unreachable
from .search import Candidate
from .square_gates import SquareGate

__all__ = ["compile", "compiled"]

DTYPES = ("float16", "float32", "float64")


def compile(
    p: Any,
    box: Any = None,
    tolerance: float | Sequence[float] | None = None,
    dtype: str = "float32",
    activation: str = "silu",
    depth: int | None = None,
    strict_layers: bool = False,
    variables: Mapping[str, str] | None = None,
    relative_tolerance: float | Sequence[float] | None = None,
    geometry: Any = None,
) -> Network:
    r"""Compiles a function to a plain network with a proven error.

    Args:
        p: A polynomial (text, `Polynomial`, SymPy expression, ...), a list of them (several outputs), a mapping from
            the name of each output to its polynomial, a `Hamiltonian` or a fitted estimator (the outputs are then its
            logits -H - mu).
        box: One pair (low, high) for every input, or {"x": (low, high), ...}; raw units. Not needed for bits, spins.
        tolerance: Largest allowed |network - p| on the box: one number, or one per output. None: the cheapest gates at
            their best.
        dtype: "float16" (float32 inside a unit, see `HALF_PRECISION`), "float32" or "float64".
        activation: "silu", "gelu", "softplus", "gaussian" (one neuron a square), "tanh", "sigmoid", "exp" (two),
            "square" (a multiplication, exact up to rounding: the one to take where the runtime can multiply), "relu"
            (exact for bits and spins; about log4(1/tolerance) neurons a square of real inputs) or "auto" (the
            cheapest; ``net.metadata["choice"]`` says why).
        depth: Most hidden layers; None: as many as products of pairs need, ``ceil(log2 degree)``. With fewer, up to
            16 factors are multiplied in one layer: 2^(b-1) neurons for b factors (2^b with exp), and far less exact.
        strict_layers: Whether each layer reads only the one before: values are carried by identity neurons.
        variables: Kind of some inputs: {"x": "bit" | "spin" | "real"}.
        relative_tolerance: Instead of `tolerance`: relative to the sum over terms of |c| max over the box of
            |monomial|.
        geometry: A periodic `Grid` or `Chain` with one site per input, row by row, on which every output is
            translation-invariant: the network is then made of convolutions (`net.convolutions`), with the same gates
            at each site. None: the geometry of `p` itself, if it has a periodic one on which it is invariant (and
            `strict_layers` is False). False: never.

    Returns:
        The network; `net.certificate` holds the proof's numbers.

    Raises:
        ToleranceError: If no network of this kind can be certified to the tolerance in this dtype.
        ValueError: If an argument is not usable.

    Guarantee: ``|net(x) - p(x)| <= net.certificate.error`` for every x in the box, in floating point (see
        `Certificate.assumptions`).
    Cost: neurons = squares: rank of a quadratic form, 2 a product, 1 a square. With convolutions, per site: 1 a
        coupling of two sites and 1 for the squares of all sites; the rest as without. With `depth`, 2^(b-1) for b
        factors in one layer (2^b where their number has not the parity of the activation).
    Source: Lin, Tegmark & Rolnick (2017), Eq. 11 and section II.C; half-price gates and certificate: docs/theory/.

    Example:
        >>> import cheaplearn as cl
        >>> net = cl.compile(cl.Polynomial.parse("x*y"), box=(-1, 1), tolerance=1e-4)
        >>> net.neurons, net.certificate.error < 1e-4
        (2, True)
    """
    _check_depth(depth)
    if dtype not in DTYPES:
        raise ValueError(must_be("dtype", "compile", f"one of {', '.join(DTYPES)}", repr(dtype)))
    circuit = Circuit.coerce(p, variables)
    intervals = read_box(circuit, box)
    tolerances = read_tolerances(circuit, intervals, tolerance, relative_tolerance)
    lattice = _lattice(p, circuit, intervals, False if geometry is None and strict_layers else geometry)
    if lattice and strict_layers:
        advice = "Leave one of the two out."
        raise ValueError(must_be("strict_layers", "compile", "False for convolutions on a grid", True, advice))

    def compile_with(name: str) -> Network:
        activation_named(name)
        job = Job(circuit, intervals, tolerances, np.dtype(dtype), name, strict_layers, lattice, depth)
        return _require_depth(compiled(job), depth)

    if activation != "auto":
        return compile_with(activation)
    counts_only = all(kind != "real" for kind in circuit.kinds)
    return automatic(compile_with, dtype, counts_only=counts_only, is_strict=strict_layers)


def compiled(job: Job) -> Network:
    """Runs a compilation.

    Args:
        job: What is to be compiled, and how.

    Returns:
        The network with its certificate.

    Raises:
        ToleranceError: If no network of this kind can be certified, or not to the tolerances.
    """
    layout, best = job.best()
    if not math.isfinite(best.ratio):
        raise ToleranceError(uncertifiable(job, best), math.inf)
    if job.tolerances is not None and best.ratio > 1.0:
        message, reached = unreachable(job, best)
        raise ToleranceError(message, reached, _network(job, layout, best))
    return _network(job, layout, best)


def _check_depth(depth: int | None) -> None:
    if depth is not None and not (isinstance(depth, int) and not isinstance(depth, bool) and depth > 0):
        raise ValueError(must_be("depth", "compile", "None or a positive number of hidden layers", repr(depth)))


def _require_depth(net: Network, depth: int | None) -> Network:
    """Refuses a network with more hidden layers than levels: sawtooth squares have one for every tooth."""
    if depth is not None and net.depth > depth:
        requirement = f"at least {net.depth} for activation {net.activation!r} to this tolerance"
        advice = "Pass activation='silu' for squares in one layer."
        raise ValueError(must_be("depth", "compile", requirement, depth, advice))
    return net


def _lattice(p: Any, circuit: Circuit, intervals: list[Interval], geometry: Any) -> Lattice | None:
    """The translations to keep: those of `geometry`, or of the geometry of p where they leave p unchanged."""
    if geometry is False:
        return None
    own = getattr(p, "geometry", None) if geometry is None else geometry
    if geometry is None and not (isinstance(own, Grid) and all(own.periodic) and own.n_sites == circuit.n_inputs):
        return None
    lattice = checked_lattice(own, circuit)
    try:
        check_invariant(lattice, circuit, intervals)
    except ValueError:
        if geometry is None:
            return None
        raise
    return lattice


def _network(job: Job, layout: Layout, best: Candidate) -> Network:
    bounds, circuit = best.assembly.bounds, job.circuit
    certificate = Certificate(
        errors=tuple(bounds.errors.tolist()),
        truncations=tuple(bounds.truncations.tolist()),
        roundings=tuple(bounds.roundings.tolist()),
        box={name: _inside(a, b) for name, (a, b) in zip(circuit.variables, job.intervals, strict=True)},
        dtype=job.dtype.name,
        assumptions=assumptions(
            job.dtype.name, job.activation, best.assembly.largest_slope if best.assembly.neurons else None
        ),
        labels=circuit.labels,
        kinds={name: kind for name, kind in zip(circuit.variables, circuit.kinds, strict=True) if kind != "real"},
        dominating=dominating_parts(layout, best, circuit.variables),
        remedies=remedies(best, job.dtype.name),
    )
    facts: dict[str, Any] = {"gates": [_gate_facts(gate) for gate in best.choice.gates]}
    if job.lattice:
        facts["grid"] = list(job.lattice.shape)
    return Network(
        layers=best.assembly.network_layers(circuit.n_inputs, job.dtype),
        variables=circuit.variables,
        labels=circuit.labels,
        classes=circuit.classes,
        certificate=certificate,
        formula=circuit.fingerprint,
        metadata=facts,
    )


def _gate_facts(gate: SquareGate) -> dict[str, Any]:
    return {"kind": gate.kind, "bias": gate.bias, "scales": list(gate.scales), "weights": list(gate.weights)}


def _inside(low: Fraction, high: Fraction) -> tuple[float, float]:
    """The ends as floats, rounded inward: the proof is about the exact interval."""
    a, b = float(low), float(high)
    inner = math.nextafter(a, math.inf) if a < low else a, math.nextafter(b, -math.inf) if b > high else b
    return inner if inner[0] <= inner[1] else (a, b)
