"""First-order sensitivities bound what finite perturbations of a node do to the outputs."""

from fractions import Fraction

import numpy as np
import pytest
from builders import random_polynomial

from cheaplearn.circuit import Circuit
from cheaplearn.compiler.counts import unit_function
from cheaplearn.compiler.layout import Layout
from cheaplearn.compiler.lowering import lower
from cheaplearn.compiler.sensitivity import node_sensitivities


def outputs_of(program, u, which=None, change=0.0):
    columns = [1.0, *u]

    def value(row):
        return sum(float(int(c.p) / int(c.q)) * columns[column] for column, c in row.items())

    for i, node in enumerate(program.nodes):
        left = value(node.left)
        right = value(node.right) if node.kind == "product" else left
        columns.append((max(left, 0.0) if node.kind == "count" else left * right) + (change if i == which else 0.0))
    return np.array([value(row) for row in program.outputs])


@pytest.mark.parametrize("seed", range(8))
def test_a_small_error_of_a_node_changes_the_outputs_by_no_more_than_its_sensitivity(seed):
    rng = np.random.default_rng(seed)
    kinds = {"x0": "bit", "x1": "bit", "x2": "bit"}
    circuit = Circuit.from_polynomials([random_polynomial(rng, 5, 6, 6) for _ in range(2)], kinds)
    box = [(Fraction(0), Fraction(1)) if kind == "bit" else (Fraction(-1), Fraction(3)) for kind in circuit.kinds]
    program = lower(circuit, box, unit_function("silu"))
    weights = rng.random(2) + 0.5
    layout = Layout(program, [kind == "bit" for kind in circuit.kinds])
    claimed = node_sensitivities(layout, weights)
    assert len(claimed) == len(program.nodes)
    largest, step = np.zeros(len(claimed)), 1e-6
    corners = rng.choice([-1.0, 1.0], (40, len(box)))
    inside = np.where([kind == "bit" for kind in circuit.kinds], corners, rng.uniform(-1, 1, corners.shape))
    for u in [*corners, *inside]:
        before = outputs_of(program, u)
        for i in range(len(claimed)):
            change = np.abs(outputs_of(program, u, i, step) - before)
            largest[i] = max(largest[i], float(weights @ change) / step)
    assert np.all(largest <= claimed * (1 + 1e-3) + 1e-6)
    read = claimed > 0
    assert np.median(largest[read] / claimed[read]) > 0.2
