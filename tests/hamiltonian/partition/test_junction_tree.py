import math

import numpy as np
import pytest
from factor_graphs import all_codes, all_pairs, chain, ising_lattice, random_graph, seeds
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from cheaplearn.hamiltonian import FactorGraph
from cheaplearn.hamiltonian.partition import Enumeration, JunctionTree, try_junction_tree


def kaufman(rows, columns, beta):
    """ln Z of the Ising torus: Kaufman, Phys. Rev. 76 (1949) 1232; gamma_0 changes sign at the critical point."""
    ell = np.arange(1, 2 * columns)
    gamma = np.arccosh(np.cosh(2 * beta) / np.tanh(2 * beta) - np.cos(np.pi * ell / columns))
    odd = gamma[0::2] * rows / 2
    even = np.concatenate([[2 * beta + np.log(np.tanh(beta))], gamma[1::2]]) * rows / 2
    products = [np.prod(2 * f(g)) for g in (odd, even) for f in (np.cosh, np.sinh)]
    return rows * columns / 2 * math.log(2 * math.sinh(2 * beta)) + math.log(sum(products) / 2)


def transfer_matrix(graph):
    """ln Z of a chain with a field at every site and then a bond between neighbours."""
    n = graph.n_sites
    vector, log_partition = np.exp(-graph.table(0)), 0.0
    for i in range(n - 1):
        vector = vector @ np.exp(-graph.table(n + i)) * np.exp(-graph.table(i + 1))
        log_partition += math.log(vector.sum())
        vector /= vector.sum()
    return log_partition


@settings(deadline=None)
@given(seeds, st.integers(0, 8), st.integers(0, 12))
def test_sums_agree_with_enumeration(seed, n, factors):
    graph = random_graph(seed, n, factors)
    tree, states = JunctionTree(graph), Enumeration(graph)
    log_partition, marginals = tree.calibrate(graph.values)
    expected, expected_marginals = states.calibrate(graph.values)
    assert math.isclose(log_partition, expected, rel_tol=1e-12, abs_tol=1e-12)
    assert tree.log_partition(graph.values) == log_partition
    np.testing.assert_allclose(marginals, expected_marginals, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("order", [2, 3])
def test_sparse_graphs_of_many_branches_agree_with_enumeration(seed, order):
    graph = random_graph(seed, n=16, factors=16, order=order, largest=2)
    tree = JunctionTree(graph)
    log_partition, marginals = tree.calibrate(graph.values)
    expected, expected_marginals = Enumeration(graph).calibrate(graph.values)
    assert math.isclose(log_partition, expected, rel_tol=1e-12)
    assert tree.log_partition(graph.values) == log_partition
    np.testing.assert_allclose(marginals, expected_marginals, atol=1e-12)


def test_marginals_are_minus_the_gradient():
    graph = random_graph(4)
    tree = JunctionTree(graph)
    marginals = tree.calibrate(graph.values)[1]
    step = 1e-5 * np.eye(len(graph.values))
    slopes = [(tree.log_partition(graph.values + s) - tree.log_partition(graph.values - s)) / 2e-5 for s in step]
    np.testing.assert_allclose(marginals, -np.array(slopes), atol=1e-8)


def test_the_structure_serves_other_values():
    graph = random_graph(6)
    tree = JunctionTree(graph)
    for beta in (0.0, 0.5, 3.0):
        expected = logsumexp(-beta * graph.energies(all_codes(graph.sizes.tolist())))
        assert math.isclose(tree.log_partition(beta * graph.values), expected, rel_tol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_large_energies_neither_overflow_nor_vanish(seed):
    graph = random_graph(seed, scale=1e3)
    log_partition, marginals = JunctionTree(graph).calibrate(graph.values)
    expected, expected_marginals = Enumeration(graph).calibrate(graph.values)
    assert math.isclose(log_partition, expected, rel_tol=1e-13)
    np.testing.assert_allclose(marginals, expected_marginals, atol=1e-9)


def test_an_unlikely_branch_that_a_later_field_favours_is_not_lost():
    """Of the first table only exp(-2000) is left, which the last one outweighs."""
    tables = {(0, 1): np.array([[0.0, 2000.0], [0.0, 2001.0]]), (1, 2): np.zeros((2, 2)), (1,): np.array([2005.0, 0.0])}
    graph = FactorGraph.from_tables(np.full(3, 2), tables)
    log_partition, marginals = JunctionTree(graph).calibrate(graph.values)
    weights = np.array([[-2005.0, -2000.0], [-2005.0, -2001.0]])  # minus the energy of (x_0, x_1)
    assert math.isclose(log_partition, logsumexp(weights) + math.log(2), rel_tol=1e-14)
    np.testing.assert_allclose(marginals[:4].reshape(2, 2), np.exp(weights - logsumexp(weights)), rtol=1e-11)


def test_a_chain_agrees_with_its_transfer_matrix():
    graph = chain(10_000, seed=1)
    tree = JunctionTree(graph)
    log_partition, marginals = tree.calibrate(graph.values)
    assert (tree.width, tree.entries, tree.cost) == (1, 4, 4 * 9_999 + 2)
    assert math.isclose(log_partition, transfer_matrix(graph), rel_tol=1e-12)
    fields, bonds = marginals[:20_000].reshape(-1, 2), marginals[20_000:].reshape(-1, 2, 2)
    np.testing.assert_allclose(fields.sum(axis=1), 1, rtol=1e-11)
    np.testing.assert_allclose(bonds.sum(axis=2), fields[:-1], rtol=1e-11)
    np.testing.assert_allclose(bonds.sum(axis=1), fields[1:], rtol=1e-11)


@pytest.mark.parametrize(("rows", "columns"), [(3, 3), (4, 5), (6, 6), (8, 7)])
@pytest.mark.parametrize("beta", [0.1, 0.3, 0.44, 0.7])
def test_the_ising_torus_agrees_with_kaufman(rows, columns, beta):
    graph = ising_lattice(rows, columns, beta)
    log_partition, marginals = JunctionTree(graph).calibrate(graph.values)
    assert math.isclose(log_partition, kaufman(rows, columns, beta), rel_tol=1e-12)
    pairs = marginals.reshape(-1, 2, 2)
    if rows == columns:
        np.testing.assert_allclose(pairs, np.broadcast_to(pairs[0], pairs.shape), rtol=1e-10)
    np.testing.assert_allclose(pairs.sum(axis=1), 0.5, rtol=1e-11)
    energy = (kaufman(rows, columns, beta + 1e-5) - kaufman(rows, columns, beta - 1e-5)) / 2e-5
    assert math.isclose(-(graph.values @ marginals) / beta, energy, rel_tol=1e-7)


def test_a_torus_of_a_hundred_spins_agrees_with_kaufman():
    graph = ising_lattice(10, 10, 0.44)
    assert math.isclose(JunctionTree(graph).log_partition(graph.values), kaufman(10, 10, 0.44), rel_tol=1e-12)


def test_samples_have_the_exact_distribution():
    graph = random_graph(11, n=8, largest=3)
    p = Enumeration(graph).distribution(graph.values)
    n = 200_000
    codes = JunctionTree(graph).sample(graph.values, n, np.random.default_rng(5))
    assert codes.dtype == np.uint8
    counts = np.bincount(np.ravel_multi_index(tuple(codes.T), tuple(graph.sizes)), minlength=len(p))
    kept = n * p > 20
    chi_square = np.sum((counts - n * p)[kept] ** 2 / (n * p)[kept])
    z = (chi_square - kept.sum()) / math.sqrt(2 * kept.sum())  # chi-square: mean = variance / 2
    assert kept.sum() > 20
    assert abs(z) < 4


def test_samples_of_a_lattice_have_the_mean_energy():
    graph = ising_lattice(6, 6, 0.44)
    tree = JunctionTree(graph)
    energies = graph.energies(tree.sample(graph.values, 20_000, np.random.default_rng(3)))
    mean = graph.values @ tree.calibrate(graph.values)[1]
    z = (energies.mean() - mean) / (energies.std() / math.sqrt(len(energies)))
    assert abs(z) < 4


def test_a_seed_gives_the_same_samples_and_a_sampler_goes_on():
    graph = chain(300)
    tree = JunctionTree(graph)
    draw, rng = tree.sampler(graph.values), np.random.default_rng(9)
    first = tree.sample(graph.values, 5_000, np.random.default_rng(9))  # more than one block
    np.testing.assert_array_equal(draw(5_000, rng), first)
    assert not np.array_equal(draw(5_000, rng), first)


class ExtremeNumbers:
    """A source of the smallest and the largest number that `Generator.random` can return."""

    def random(self, shape):
        return np.resize([0.0, 1 - 2.0**-53], shape)


@pytest.mark.parametrize("seed", range(10))
def test_states_of_probability_zero_are_never_drawn(seed):
    table = np.concatenate([[1e6], np.random.default_rng(seed).normal(size=8), [1e6, 1e6]])
    graph = FactorGraph.from_tables(np.array([len(table)]), {(0,): table})
    assert JunctionTree(graph).sample(graph.values, 2, ExtremeNumbers()).ravel().tolist() == [1, 8]


@pytest.mark.parametrize("sizes", [[], [1, 1], [2, 3, 300], [1, 4]])
def test_sites_without_factors_are_uniform(sizes):
    graph = FactorGraph.from_tables(np.array(sizes, int), {(): np.array(2.5)})
    tree = JunctionTree(graph)
    log_partition, marginals = tree.calibrate(graph.values)
    assert math.isclose(log_partition, sum(map(math.log, sizes)) - 2.5, rel_tol=1e-14)
    assert marginals.tolist() == [1]
    codes = tree.sample(graph.values, 20_000, np.random.default_rng(0))
    assert codes.shape == (20_000, len(sizes))
    for column, size in zip(codes.T, sizes, strict=True):
        z = (column.mean() - (size - 1) / 2) / math.sqrt((size**2 - 1) / 12 / len(column)) if size > 1 else 0
        assert abs(z) < 4
        assert set(column.tolist()) == set(range(size))


@pytest.mark.parametrize("size", [3, 4, 5, 6, 8, 10])
def test_a_torus_is_as_wide_as_two_rows(size):
    tree = JunctionTree(ising_lattice(size, size, 1.0))
    assert tree.width <= 2 * size
    assert tree.entries == 2 ** (tree.width + 1)


def test_a_ring_and_a_tree_have_their_widths():
    zero = np.zeros((2, 2))
    ring = {(i, i + 1): zero for i in range(49)} | {(0, 49): zero}
    assert JunctionTree(FactorGraph.from_tables(np.full(50, 2), ring)).width == 2
    heap = {((i - 1) // 2, i): zero for i in range(1, 50)}
    assert JunctionTree(FactorGraph.from_tables(np.full(50, 2), heap)).width == 1


def test_entangled_graphs_are_refused():
    for graph in (all_pairs(300), ising_lattice(20, 20, 1.0)):
        assert try_junction_tree(graph) is None
        with pytest.raises(
            ValueError, match=r"`graph` of `JunctionTree` must be of sites .* at most 4,194,304 numbers"
        ):
            JunctionTree(graph)
    lattice = ising_lattice(4, 4, 1.0)
    entries = JunctionTree(lattice).entries
    assert try_junction_tree(lattice, limit=entries) is not None
    assert try_junction_tree(lattice, limit=32) is None


def test_wrong_values_are_refused():
    tree = JunctionTree(chain(3))
    with pytest.raises(ValueError, match=r"`values` of `JunctionTree` must be of shape \(14,\), got shape \(3,\)"):
        tree.calibrate(np.zeros(3))
    with pytest.raises(ValueError, match=r"must be finite, got inf at place 0. Forbid a state by a large energy"):
        tree.log_partition(np.full(14, np.inf))
