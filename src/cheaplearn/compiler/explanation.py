"""What dominates a certificate, and what would lower it: first-order shares of every gate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..network import rounded_up
from .arithmetic import Arithmetic
from .gate_noise import gate_noise
from .layout import Layout
from .program import Node
from .rows import CONSTANT, Row
from .search import Candidate, product_floor
from .sensitivity import node_sensitivities
from .square_gates import SquareGate, gate_kinds

__all__ = ["dominating_parts", "remedies"]

_NAMED = 3  # gates that are named one by one


def dominating_parts(layout: Layout, candidate: Candidate, variables: Sequence[str]) -> tuple[str, ...]:
    """Says where the bound of the worst output comes from.

    Args:
        layout: The program as arrays.
        candidate: The network.
        variables: Names of the inputs.

    Returns:
        One line per hidden layer with its share, then the gates with the largest shares. Shares are first-order upper
        bounds term by term; joint bounds may make the whole smaller than their sum.
    """
    nodes = layout.program.nodes
    errors = candidate.assembly.bounds.errors
    worst = int(np.argmax(errors))
    weights = np.zeros(len(errors))
    weights[worst] = 1.0
    parts = node_sensitivities(layout, weights) * candidate.assembly.node_errors
    total = float(parts.sum())
    if not nodes or not total:
        return ()
    whole = max(total, float(errors[worst]))
    lines = []
    for level in range(1, layout.program.depth + 1):
        inside = [i for i, node in enumerate(nodes) if node.level == level]
        lines.append(f"gates of layer {level}: {parts[inside].sum() / whole:.0%} ({len(inside)} of them)")
    for i in np.argsort(-parts)[: _NAMED if len(nodes) > 1 else 0]:
        lines.append(f"{_words(nodes[i], variables)}: {parts[i] / whole:.0%}, {rounded_up(float(parts[i]), 2):.2g}")
    rest = 1.0 - total / whole
    if rest > 0.01:
        lines.append(f"inputs, weights and sums: {rest:.0%}")
    return tuple(lines)


def remedies(candidate: Candidate, dtype: str) -> tuple[str, ...]:
    """Says what would lower the bound, judged by the floors of a single product.

    Args:
        candidate: The network.
        dtype: Name of its dtype.

    Returns:
        One line per remedy.
    """
    gates = candidate.choice.gates
    if not gates or gates[0].kind in {"exact", "sawtooth"}:
        return () if dtype == "float64" else ("dtype='float64'",)
    lines = []
    here = min(_floor(gate, dtype) for gate in gates)
    for kind in gate_kinds(candidate.choice.activation):
        per_product = 2 * kind[1] * (2 if kind[0] == "pair" else 1)
        gain = here / product_floor(candidate.choice.activation, kind, dtype)
        if per_product > 2 * gates[-1].neurons and gain > 1.5:
            lines.append(f"a smaller tolerance: {per_product} neurons a product are about {gain:.2g} times as exact")
            break
    if dtype != "float64":
        lines.append("dtype='float64'")
    lines.append("activation='square' where the runtime can multiply; a smaller box")
    return tuple(lines)


def _floor(gate: SquareGate, dtype: str) -> float:
    return gate.pair_remainder + gate_noise(gate, Arithmetic(np.dtype(dtype))).of_product


def _words(node: Node, variables: Sequence[str]) -> str:
    inputs = _inputs(node.left, variables)
    if node.kind == "product":
        assert node.right is not None
        return f"product of {inputs} with {_inputs(node.right, variables)} (layer {node.level})"
    return f"{'square' if node.kind == 'square' else 'count'} of {inputs} (layer {node.level})"


def _inputs(form: Row, variables: Sequence[str]) -> str:
    columns = sorted(column for column in form if column != CONSTANT)
    names = [variables[column - 1] for column in columns if column <= len(variables)]
    hidden = len(columns) - len(names)
    if hidden:
        names.append(f"{hidden} gate{'s' if hidden > 1 else ''}")
    if len(names) == 1:
        return names[0]
    return "a form in " + ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
