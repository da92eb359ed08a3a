"""Stored rows: what rounding a weight changes is made up for where it can be."""

import numpy as np
import pytest
from flint import fmpq

import cheaplearn as cl
from cheaplearn.compiler.basis import EvenBasis
from cheaplearn.compiler.gates import square_gate
from cheaplearn.compiler.rows import CONSTANT
from cheaplearn.testing import worst_error


def test_the_bias_makes_up_for_rounded_input_weights_at_the_centre_of_the_box():
    center = [fmpq(1000), fmpq(-700)]
    target = {1: fmpq(1, 3), 2: fmpq(2, 7)}
    stored = EvenBasis(2, None).store(target, np.dtype("float32"), center)
    assert stored[1] != target[1]
    missed = sum(target[i + 1] * m for i, m in enumerate(center))
    missed -= stored[CONSTANT] + sum(stored[i + 1] * m for i, m in enumerate(center))
    assert abs(missed) <= abs(stored[CONSTANT]) / 2**24


def test_weights_make_up_for_the_odd_part_of_a_neuron_as_it_is_stored():
    basis = EvenBasis(1, square_gate("silu", 0.1))
    neuron = {1: fmpq(3, 64), CONSTANT: fmpq(1, 32)}
    basis.add_neuron(2, neuron)
    stored = basis.store({2: fmpq(1000, 3)}, np.dtype("float32"), [fmpq(0)])
    expanded = basis.expand(stored)  # over (1, x, e): the odd part must be gone up to one rounding of its own size
    odd = abs(stored[2]) / 2 * fmpq(3, 64)
    assert abs(expanded.get(1, fmpq(0))) <= odd / 2**24
    assert expanded[2] == stored[2]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rounding_of_the_input_itself_is_certified(dtype):
    net = cl.compile("x", box=(-1, 1), dtype=dtype)  # weight 1: nothing else rounds
    found, _ = worst_error(net, "x", effort=2000)
    u = np.finfo(dtype).eps / 2
    assert found <= net.certificate.error <= 1.001 * u
    assert dtype == "float64" or found > u / 4
