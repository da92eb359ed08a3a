import itertools

import numpy as np
import pytest
from scipy.special import softmax

from cheaplearn.hamiltonian import FactorGraph
from cheaplearn.hamiltonian.sampling import sample
from cheaplearn.hamiltonian.sampling.gibbs import gibbs_sweeps
from cheaplearn.hamiltonian.sampling.tempering import tempered

SIGN = np.array([-1.0, 1.0])


def two_wells(n=12, J=0.4, field=0.04):
    tables = {p: -J * np.outer(SIGN, SIGN) for p in itertools.combinations(range(n), 2)}
    return FactorGraph.from_tables(np.full(n, 2), tables | {(i,): -field * SIGN for i in range(n)})


def mixed_graph(seed=0):
    rng = np.random.default_rng(seed)
    sizes = np.array([3, 2, 4])
    scopes = [(0,), (1, 2), (0, 1, 2)]
    return FactorGraph.from_tables(sizes, {s: rng.normal(size=tuple(sizes[list(s)])) for s in scopes})


def enumerated(graph):
    states = np.array(list(itertools.product(*[range(q) for q in graph.sizes])))
    return states, softmax(-graph.energies(states))


def test_wells_that_gibbs_never_leaves_get_their_shares():
    graph = two_wells()
    states, p = enumerated(graph)
    up = states.sum(axis=1) > 6
    truth = p[up].sum()  # 0.72
    drawn = tempered(graph, 2000, np.random.default_rng(1), replicas=8, stacks=20, sweeps=600, thinning=10)
    share = (drawn.codes.sum(axis=1) > 6).reshape(100, 20).mean(axis=0)  # of each independent stack
    assert abs(share.mean() - truth) < 4 * share.std(ddof=1) / np.sqrt(20)
    assert share.std(ddof=1) < 0.2  # the stacks agree: those of plain Gibbs would have shares 0 and 1 only
    assert abs(share.mean() - truth) < 0.1
    stuck = np.zeros((20, 12), int)
    gibbs_sweeps(graph, stuck, 600, np.random.default_rng(2))
    assert stuck.sum() < 20


@pytest.mark.parametrize("betas", [None, np.array([0, 0.3, 1])])
def test_cold_replicas_fill_the_states_as_enumeration_says(betas):
    graph = mixed_graph()
    states, p = enumerated(graph)
    drawn = tempered(graph, 20_000, np.random.default_rng(3), 4, 4000, sweeps=60, thinning=5, betas=betas)
    counts = np.bincount(np.ravel_multi_index(tuple(drawn.codes.T), (3, 2, 4)), minlength=len(states))
    expected = 20_000 * p
    z = (((counts - expected) ** 2 / expected).sum() - (len(p) - 1)) / np.sqrt(2 * (len(p) - 1))
    assert abs(z) < 4
    if betas is not None:
        np.testing.assert_array_equal(drawn.betas, betas)


def test_adaptation_evens_out_the_swap_rates():
    rng = np.random.default_rng(4)
    tables = {p: 0.3 * rng.normal() * np.outer(SIGN, SIGN) for p in itertools.combinations(range(40), 2)}
    graph = FactorGraph.from_tables(np.full(40, 2), tables)
    adapted = tempered(graph, 800, np.random.default_rng(5), 10, 4, sweeps=1500, least_beta=0.02)
    fixed = tempered(graph, 800, np.random.default_rng(5), 10, 4, sweeps=1500, betas=np.geomspace(0.02, 1, 10))
    assert np.ptp(adapted.swap_rates) < 0.12
    assert np.ptp(fixed.swap_rates) > 0.3
    assert adapted.swap_rates.min() > fixed.swap_rates.min() + 0.1
    assert adapted.betas[-1] == 1
    assert np.all(np.diff(adapted.betas) > 0)


def test_a_seed_repeats_the_samples():
    first, second = (tempered(mixed_graph(), 50, np.random.default_rng(6), 4, sweeps=50) for _ in range(2))
    np.testing.assert_array_equal(first.codes, second.codes)
    np.testing.assert_array_equal(first.swap_rates, second.swap_rates)
    assert repr(first).startswith("Tempered(50 samples of 3 sites, 4 replicas, swap rates from ")


def test_sample_can_temper():
    drawn = sample(two_wells(8, 0.3, 0.0), 200, "tempering", random_state=7, chains=20)
    assert drawn.method == "tempering"
    up = (drawn.codes.sum(axis=1) > 4).mean()
    assert abs(up - 0.5) < 4 * 0.5 / np.sqrt(drawn.effective_sample_size) + 0.05
    assert any("betas" in note for note in drawn.notes)


def test_wrong_arguments_are_named():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="`replicas` of `tempering` must be an integer of at least 2, got 1"):
        tempered(mixed_graph(), 5, rng, replicas=1)
    with pytest.raises(ValueError, match="`betas` of `tempered` must be rising from at least 0 to 1"):
        tempered(mixed_graph(), 5, rng, betas=np.array([0.5, 0.2, 1]))
    with pytest.raises(ValueError, match="`least_beta` of `tempering`"):
        tempered(mixed_graph(), 5, rng, least_beta=1.0)
