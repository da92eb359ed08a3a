"""What a multiplication by neurons can reach: the floor of every gate in every dtype."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from .._messages import must_be
from ..circuit import Circuit
from ..network import ACTIVATIONS, Network
from .layout import Layout
from .lowering import lower
from .search import Candidate, floor_of_gate
from .square_gates import gate_kinds

__all__ = ["table"]

DTYPES = ("float16", "float32", "float64")
_TEETH = {"float16": (2, 4), "float32": (4, 8), "float64": (8, 16)}
_GRID = 129  # values of each factor, besides as many random ones


def table(activations: Sequence[str] | None = None, dtypes: Sequence[str] = DTYPES) -> pd.DataFrame:
    r"""Lists the smallest error of a product ``x y`` on [-1, 1]^2 for every gate.

    In exact arithmetic each of these gates reaches any accuracy as its scale goes to 0 (Lin, Tegmark & Rolnick 2017,
    Eq. 11); in floating point rounding grows as the scale shrinks, and the best scale leaves a floor.

    Args:
        activations: Names; None for all.
        dtypes: "float16", "float32", "float64" or some of them.

    Returns:
        One row per gate: activation, dtype, kind ("half": one neuron a square and a skip; "even"; "pair": the paper's
        four neurons a product; "exact"; "sawtooth": ReLU, where more neurons buy accuracy), scales, neurons of a
        product, hidden layers, certified floor, measured floor (largest error on a grid and at random points).

    Raises:
        ValueError: If a name is not known.

    Cost: about ten seconds for everything.
    Source: THEORY of the gates: docs/theory/gates.md.

    Example:
        >>> floors = table(["gelu"], ["float32"])
        >>> bool((floors.measured <= floors.certified).all()), int(floors.neurons[0])
        (True, 2)
    """
    names = tuple(ACTIVATIONS) if activations is None else tuple(activations)
    for name in names:
        if name not in ACTIVATIONS:
            raise ValueError(must_be("activations", "gates.table", f"some of {', '.join(ACTIVATIONS)}", repr(name)))
    for dtype in dtypes:
        if dtype not in DTYPES:
            raise ValueError(must_be("dtypes", "gates.table", f"some of {', '.join(DTYPES)}", repr(dtype)))
    layout = _product()
    rows = []
    for name in names:
        for dtype in dtypes:
            kinds = gate_kinds(name) if name != "relu" else tuple(("sawtooth", teeth) for teeth in _TEETH[dtype])
            rows += [_row(layout, name, dtype, kind) for kind in kinds]
    return pd.DataFrame(rows)


def _product() -> Layout:
    box = [(Fraction(-1), Fraction(1))] * 2
    return Layout(lower(Circuit.coerce("x*y"), box), [False, False])


def _row(layout: Layout, activation: str, dtype: str, kind: tuple[str, int]) -> dict[str, object]:
    candidate = floor_of_gate(layout, activation, np.dtype(dtype), kind)
    return {
        "activation": activation,
        "dtype": dtype,
        "kind": kind[0],
        "scales": kind[1],
        "neurons": candidate.assembly.neurons,
        "depth": sum(1 for name in candidate.assembly.activations if name),
        "certified": float(candidate.assembly.bounds.errors[0]),
        "measured": _measured(candidate, np.dtype(dtype)),
    }


def _measured(candidate: Candidate, dtype: np.dtype) -> float:
    layers = candidate.assembly.network_layers(2, dtype)
    net = Network(layers, ("x", "y"), ("x*y",))
    line = np.linspace(-1.0, 1.0, _GRID)
    rng = np.random.default_rng(0)
    pairs = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    pairs = np.concatenate([pairs, rng.uniform(-1, 1, pairs.shape)]).astype(dtype)
    wide = pairs.astype(np.longdouble)
    return float(np.abs(net(pairs)[:, 0] - wide[:, 0] * wide[:, 1]).max())
