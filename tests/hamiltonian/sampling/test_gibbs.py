import itertools

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import chi2

from cheaplearn.hamiltonian import FactorGraph
from cheaplearn.hamiltonian.sampling.generator import generator_states, next_uniform
from cheaplearn.hamiltonian.sampling.gibbs import GibbsKernel, gibbs_sweeps

MIXED = [3, 2, 1, 4]


def random_graph(sizes, order, seed, scale=0.7):
    rng = np.random.default_rng(seed)
    scopes = [s for d in range(order + 1) for s in itertools.combinations(range(len(sizes)), d)]
    sizes = np.array(sizes)
    return FactorGraph.from_tables(sizes, {s: scale * rng.normal(size=tuple(sizes[list(s)])) for s in scopes})


def all_codes(sizes):
    return np.array(list(itertools.product(*[range(q) for q in sizes])))


def z_of_chi_square(counts, p):
    """How far Pearson's statistic lies from its mean, in standard deviations of its distribution."""
    expected = counts.sum() * p
    freedom = len(p) - 1
    return (((counts - expected) ** 2 / expected).sum() - freedom) / np.sqrt(2 * freedom)


def naive_sweep(graph, x, state, beta, gamma, observable, backwards):
    """One sweep as in the textbook: all energies of each site from scratch, then inversion."""
    start = np.concatenate([[0], np.cumsum(graph.sizes)])
    for i in range(len(x))[:: -1 if backwards else 1]:
        trial = np.tile(x, (graph.sizes[i], 1))
        trial[:, i] = np.arange(graph.sizes[i])
        p = softmax(-beta * graph.energies(trial) - gamma * observable[start[i] : start[i + 1]])
        uniform = next_uniform.py_func(state)
        if len(p) == 2:  # the kernels give small numbers to state 1
            x[i] = int(uniform < p[1])
        else:
            x[i] = min(np.searchsorted(np.cumsum(p), uniform, side="right"), len(p) - 1)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    ("sizes", "order", "layout"), [(MIXED, 3, "tables"), ([2] * 5, 2, "dense"), ([2] * 5, 2, "sparse")]
)
def test_sweeps_follow_the_naive_twin_number_by_number(sizes, order, layout, backwards):
    graph = random_graph(sizes, order, seed=1)
    rng = np.random.default_rng(2)
    observable = rng.normal(size=sum(sizes))
    betas, gammas = rng.uniform(0, 2, size=(7, 5)), rng.uniform(0, 1, size=(1, 5))
    kernel = GibbsKernel(graph, observable, layout)
    chains = kernel.start(rng.integers(0, sizes, size=(7, len(sizes))), rng)
    expected, states = chains.codes.copy(), chains.generators.copy()
    kernel.run(chains, 5, betas, gammas, backwards)
    with np.errstate(over="ignore"):
        for c, t in itertools.product(range(7), range(5)):
            naive_sweep(graph, expected[c], states[c], betas[c, t], gammas[0, t], observable, backwards)
    np.testing.assert_array_equal(chains.codes, expected)


@pytest.mark.parametrize("layout", ["dense", "sparse", "tables"])
def test_all_layouts_make_the_same_moves_and_keep_the_energies(layout):
    graph = random_graph([2] * 9, 2, seed=3)
    observable = np.random.default_rng(4).normal(size=18)
    codes = np.random.default_rng(5).integers(0, 2, size=(6, 9))
    results = []
    for name in (layout, "dense"):
        kernel = GibbsKernel(graph, observable, name)
        chains = kernel.start(codes, np.random.default_rng(6))
        trace = kernel.run(chains, 30, 0.8, 0.3, trace=True)
        results.append((chains.codes, trace))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(results[0][1][0, :, -1], graph.energies(results[0][0]), atol=1e-10)
    linear = observable[np.arange(0, 18, 2) + results[0][0]].sum(axis=1)
    np.testing.assert_allclose(results[0][1][1, :, -1], linear, atol=1e-10)


@pytest.mark.parametrize(("sizes", "order"), [([3, 2, 4], 3), ([2, 2, 2, 2], 2), ([5, 3], 2), ([2] * 4, 4)])
@pytest.mark.parametrize("beta", [1.0, 0.4])
def test_many_chains_fill_the_states_as_enumeration_says(sizes, order, beta):
    graph = random_graph(sizes, order, seed=7)
    rng = np.random.default_rng(8)
    codes = rng.integers(0, sizes, size=(40_000, len(sizes)))
    gibbs_sweeps(graph, codes, 25, rng, beta)
    states = all_codes(sizes)
    p = softmax(-beta * graph.energies(states))
    counts = np.bincount(np.ravel_multi_index(tuple(codes.T), sizes), minlength=len(states))
    assert abs(z_of_chi_square(counts, p)) < 4


def test_each_chain_can_have_its_own_temperature():
    graph = random_graph([3, 2], 2, seed=9)
    rng = np.random.default_rng(10)
    beta = np.repeat([0.0, 2.0], 20_000)
    codes = np.zeros((40_000, 2), np.uint8)
    energies = gibbs_sweeps(graph, codes, 20, rng, beta)
    np.testing.assert_allclose(energies, graph.energies(codes), atol=1e-12)
    states = all_codes([3, 2])
    for b in (0.0, 2.0):
        counts = np.bincount(np.ravel_multi_index(tuple(codes[beta == b].T), (3, 2)), minlength=6)
        assert abs(z_of_chi_square(counts, softmax(-b * graph.energies(states)))) < 4


def test_the_same_generator_gives_the_same_chains_in_any_company():
    graph = random_graph(MIXED, 2, seed=11)
    first, second = np.zeros((2, 300, 4), np.int64)
    gibbs_sweeps(graph, first, 3, np.random.default_rng(12))
    gibbs_sweeps(GibbsKernel(graph), second, 3, np.random.default_rng(12))
    np.testing.assert_array_equal(first, second)
    alone = np.zeros((1, 4), np.int64)
    gibbs_sweeps(graph, alone, 3, np.random.default_rng(12))
    np.testing.assert_array_equal(alone[0], first[0])


def test_uniform_numbers_are_uniform_and_those_of_two_chains_unrelated():
    states = generator_states(np.random.default_rng(13), 2)
    u = np.array([[next_uniform(state) for _ in range(20_000)] for state in states])
    assert u.min() >= 0
    assert u.max() < 1
    counts = np.histogram(u, bins=200, range=(0, 1))[0]
    assert 1e-4 < chi2.sf(((counts - 200) ** 2 / 200).sum(), 199) < 1 - 1e-4
    assert abs(np.corrcoef(u)[0, 1]) < 4 / np.sqrt(20_000)


def test_tables_too_large_to_copy_are_walked_in_place(monkeypatch):
    graph = random_graph(MIXED, 3, seed=14)
    copied = np.zeros((50, 4), np.int64)
    gibbs_sweeps(graph, copied, 5, np.random.default_rng(15))
    monkeypatch.setattr("cheaplearn.hamiltonian.sampling.walks.MAX_COPIES", 0)
    walked = np.zeros((50, 4), np.int64)
    gibbs_sweeps(graph, walked, 5, np.random.default_rng(15))
    np.testing.assert_array_equal(copied, walked)


def test_wrong_input_is_named():
    graph = random_graph([2, 3], 2, seed=16)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"`codes` of `GibbsKernel` must be from 0 .* got values from 0 to 2"):
        gibbs_sweeps(graph, np.array([[2, 0]]), 1, rng)
    with pytest.raises(ValueError, match=r"`codes` of `GibbsKernel` must be integers of shape \(chains, 2\)"):
        gibbs_sweeps(graph, np.zeros((1, 2)), 1, rng)
    with pytest.raises(ValueError, match=r"`beta` of `GibbsKernel.run` must be of shape \(2 or 1, 1 or 1\)"):
        gibbs_sweeps(graph, np.zeros((2, 2), int), 1, rng, np.ones(3))
    with pytest.raises(ValueError, match='`layout` of `GibbsKernel` must be "tables" unless'):
        GibbsKernel(graph, layout="dense")
    infinite = FactorGraph.from_tables(np.array([2]), {(0,): np.array([0.0, np.inf])})
    with pytest.raises(ValueError, match="finite tables, got NaN or infinity"):
        GibbsKernel(infinite)
