import math

import numpy as np
import pytest
from factor_graphs import all_codes, all_pairs, random_graph, seeds
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from cheaplearn.hamiltonian import FactorGraph
from cheaplearn.hamiltonian.partition import Enumeration


def brute_force_marginals(graph, codes, p):
    """Sums the probabilities that read each table entry, one state at a time."""
    sums = np.zeros(len(graph.values))
    for factor in range(len(graph)):
        places = graph.lookups(codes, np.array([factor]))[:, 0]
        np.add.at(sums, places, p)
    return sums


@settings(deadline=None)
@given(seeds, st.integers(0, 7), st.integers(0, 10))
def test_energies_are_those_of_the_graph_in_c_order(seed, n, factors):
    graph = random_graph(seed, n, factors)
    states = Enumeration(graph)
    codes = states.codes(np.arange(states.states))
    np.testing.assert_array_equal(codes, all_codes(graph.sizes.tolist()))
    assert codes.dtype == np.uint8
    np.testing.assert_allclose(states.energies(graph.values), graph.energies(codes), rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(seeds, st.integers(0, 7), st.integers(0, 10))
def test_marginals_are_the_transpose_of_energies(seed, n, factors):
    graph = random_graph(seed, n, factors)
    states = Enumeration(graph)
    weights = np.random.default_rng(seed).normal(size=states.states)
    left, right = states.energies(graph.values) @ weights, graph.values @ states.marginals(weights)
    size = np.abs(states.energies(np.abs(graph.values))) @ np.abs(weights)
    assert abs(left - right) <= 1e-14 * size + 1e-300


@pytest.mark.parametrize("seed", range(5))
def test_marginals_count_the_states_that_read_each_entry(seed):
    graph = random_graph(seed)
    states = Enumeration(graph)
    codes = all_codes(graph.sizes.tolist())
    energies = graph.energies(codes)
    p = np.exp(-energies - logsumexp(-energies))
    log_partition, marginals = states.calibrate(graph.values)
    np.testing.assert_allclose(states.distribution(graph.values), p, rtol=1e-12)
    np.testing.assert_allclose(log_partition, logsumexp(-energies), rtol=1e-13)
    assert log_partition == states.log_partition(graph.values)
    np.testing.assert_allclose(marginals, brute_force_marginals(graph, codes, p), atol=1e-14)


@pytest.mark.parametrize("sizes", [[2] * 18, [3, 2] * 5 + [7], [1 << 17, 3], [3, 1 << 17], [1, 41, 40, 39, 2]])
def test_sweeps_over_many_blocks_agree_with_sums_along_each_axis(sizes):
    from cheaplearn.hamiltonian.partition.zeta import add_to_zero_state, add_zero_state

    dense = np.random.default_rng(0).normal(size=sizes)
    spread, folded = dense.copy(), dense.copy()
    for axis in range(dense.ndim):
        other, zero = (slice(None),) * axis + (slice(1, None),), (slice(None),) * axis + (slice(0, 1),)
        spread[other] += spread[zero]
        folded[zero] += folded[other].sum(axis=axis, keepdims=True)
    for done, expected in ((add_zero_state, spread), (add_to_zero_state, folded)):
        flat = dense.ravel().copy()
        done(flat, tuple(sizes))
        np.testing.assert_allclose(flat, expected.ravel(), rtol=1e-9, atol=1e-9)


def test_large_energies_neither_overflow_nor_vanish():
    graph = random_graph(3, scale=1e3)
    energies = graph.energies(all_codes(graph.sizes.tolist()))
    assert np.ptp(energies) > 2000
    assert math.isclose(Enumeration(graph).log_partition(graph.values), logsumexp(-energies), rel_tol=1e-12)


def test_samples_have_the_exact_distribution():
    graph = random_graph(11, n=8, largest=3)
    states = Enumeration(graph)
    p = states.distribution(graph.values)
    n = 200_000
    codes = states.sample(graph.values, n, np.random.default_rng(5))
    counts = np.bincount(np.ravel_multi_index(tuple(codes.T), states.sizes), minlength=states.states)
    kept = n * p > 20
    chi_square = np.sum((counts - n * p)[kept] ** 2 / (n * p)[kept])
    z = (chi_square - kept.sum()) / math.sqrt(2 * kept.sum())  # chi-square: mean = variance / 2
    assert kept.sum() > 20
    assert abs(z) < 4


class ExtremeNumbers:
    """A source of the smallest and the largest number that `Generator.random` can return."""

    def random(self, n):
        return np.resize([0.0, 1 - 2.0**-53], n)


@pytest.mark.parametrize("seed", range(10))
def test_states_of_probability_zero_are_never_drawn(seed):
    table = np.concatenate([[1e6], np.random.default_rng(seed).normal(size=8), [1e6, 1e6]])
    graph = FactorGraph.from_tables(np.array([len(table)]), {(0,): table})
    assert Enumeration(graph).sample(graph.values, 2, ExtremeNumbers()).ravel().tolist() == [1, 8]


def test_a_seed_gives_the_same_samples_and_a_sampler_goes_on():
    graph = random_graph(2)
    states = Enumeration(graph)
    draw, rng = states.sampler(graph.values), np.random.default_rng(9)
    first = states.sample(graph.values, 50, np.random.default_rng(9))
    np.testing.assert_array_equal(draw(50, rng), first)
    assert not np.array_equal(draw(50, rng), first)


def test_codes_of_many_states_are_not_cut_to_a_byte():
    graph = FactorGraph.from_tables(np.array([300, 2]), {(0,): np.arange(300.0)})
    codes = Enumeration(graph).codes(np.array([599]))
    assert codes.tolist() == [[299, 1]]
    assert codes.dtype == np.int32


def test_too_many_states_are_refused():
    with pytest.raises(ValueError, match=r"`graph` of `Enumeration` must be of at most 33,554,432 states, got .*"):
        Enumeration(all_pairs(26, order=1))
    with pytest.raises(ValueError, match=r"got about 2\^1000 states of 1000 sites\. Use JunctionTree"):
        Enumeration(all_pairs(1000, order=1))


@pytest.mark.parametrize(("wrong", "text"), [(np.zeros(3), "shape"), ("inf", "finite"), ("nan", "finite")])
def test_wrong_values_are_refused(wrong, text):
    graph = all_pairs(3)
    states = Enumeration(graph)
    values = wrong if isinstance(wrong, np.ndarray) else np.full(len(graph.values), float(wrong))
    with pytest.raises(ValueError, match=rf"`values` of `Enumeration` must be .*{text}"):
        states.energies(values)
    with pytest.raises(ValueError, match=r"`weights` of `Enumeration` must be of shape \(8,\)"):
        states.marginals(np.zeros(5))
