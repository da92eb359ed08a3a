import math
import subprocess
import sys

import numpy as np
import pytest
from factor_graphs import all_pairs, chain, ising_lattice, random_graph
from scipy.special import logsumexp

from cheaplearn.hamiltonian import FactorGraph
from cheaplearn.hamiltonian.partition import (
    Enumeration,
    JunctionTree,
    LogPartition,
    exact_log_partition,
    exact_method,
    exact_sampler,
)


@pytest.mark.parametrize(
    ("graph", "kind"),
    [
        (random_graph(0), Enumeration),
        (all_pairs(16), Enumeration),
        (all_pairs(18, order=3), Enumeration),  # the tables of a tree would not be smaller
        (chain(20), JunctionTree),
        (chain(200), JunctionTree),
        (ising_lattice(5, 5, 1.0), JunctionTree),
        (all_pairs(25), Enumeration),  # too dense for a tree
        (all_pairs(26), type(None)),
    ],
)
def test_the_method_suits_the_graph(graph, kind):
    assert type(exact_method(graph)) is kind


@pytest.mark.parametrize("graph", [random_graph(1), chain(17), all_pairs(17, scale=0.2)])
def test_the_exact_value_is_its_own_bracket(graph):
    result = exact_log_partition(graph)
    states = Enumeration(graph)
    expected = logsumexp(-graph.energies(states.codes(np.arange(states.states))))
    assert math.isclose(result.value, expected, rel_tol=1e-12)
    assert result.lower == result.value == result.upper
    assert result.verified
    assert result.standard_error == 0


def test_what_is_too_large_is_left_to_others():
    assert exact_log_partition(all_pairs(30)) is None
    assert exact_sampler(all_pairs(30)) is None


def test_samplers_are_given_only_where_they_are_cheap():
    assert exact_sampler(all_pairs(20)) is not None
    assert exact_sampler(all_pairs(23)) is None
    assert exact_sampler(ising_lattice(8, 8, 0.4)) is not None
    torus = ising_lattice(10, 10, 0.4)
    assert exact_sampler(torus) is None
    assert isinstance(exact_method(torus), JunctionTree)


@pytest.mark.parametrize("graph", [random_graph(2), chain(40, scale=0.5)])
def test_samplers_draw_with_the_mean_energy(graph):
    energies = graph.energies(exact_sampler(graph)(20_000, np.random.default_rng(1)))
    mean = graph.values @ exact_method(graph).calibrate(graph.values)[1]
    z = (energies.mean() - mean) / (energies.std() / math.sqrt(len(energies)))
    assert abs(z) < 4


def test_a_result_reads_as_one_line():
    exact = exact_log_partition(FactorGraph.from_tables(np.array([2]), {(0,): np.zeros(2)}))
    assert repr(exact) == "LogPartition(0.6931471806 nats, exact by enumeration)"
    estimate = LogPartition(1.25, 1.0, 1.5, "annealing", 0.1)
    text = "LogPartition(1.25 nats, between 1 and 1.5, standard error 0.1, by annealing, not verified)"
    assert repr(estimate) == text


def test_importing_the_room_does_not_load_numba():
    code = "import sys, cheaplearn.hamiltonian.partition; print('numba' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "False"
