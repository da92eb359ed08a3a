import itertools

import numpy as np
import pytest
from scipy.special import softmax

from cheaplearn.hamiltonian import FactorGraph
from cheaplearn.hamiltonian.sampling import integrated_autocorrelation_time, sample
from cheaplearn.hamiltonian.sampling.cluster import ClusterMoves, cluster_sweeps
from cheaplearn.hamiltonian.sampling.gibbs import GibbsKernel

SIGN = np.array([-1.0, 1.0])
CRITICAL = np.log(1 + np.sqrt(2)) / 2


def torus(L, K):
    tables = {}
    for i, j in itertools.product(range(L), repeat=2):
        for a, b in (((i + 1) % L, j), (i, (j + 1) % L)):
            tables[tuple(sorted((i * L + j, a * L + b)))] = -K * np.outer(SIGN, SIGN)
    return FactorGraph.from_tables(np.full(L * L, 2), tables)


def random_graph(n, seed, scale):
    rng = np.random.default_rng(seed)
    scopes = [s for d in range(3) for s in itertools.combinations(range(n), d)]
    return FactorGraph.from_tables(np.full(n, 2), {s: scale * rng.normal(size=(2,) * len(s)) for s in scopes})


def kaufman_log_partition(L, K):
    """ln Z of the Ising model on an L x L torus: Kaufman (1949)."""
    angle = np.pi * np.arange(2 * L) / L
    gamma = np.arccosh(np.cosh(2 * K) / np.tanh(2 * K) - np.cos(angle))
    gamma[0] = 2 * K + np.log(np.tanh(K))
    odd, even = L * gamma[1::2] / 2, L * gamma[::2] / 2
    products = [np.prod(2 * f(g)) for g in (odd, even) for f in (np.cosh, np.sinh)]
    return L * L / 2 * np.log(2 * np.sinh(2 * K)) + np.log(sum(products) / 2)


def kaufman_energy(L, K, step=1e-4):
    """Mean of sum s s, negative: -d ln Z / dK."""
    return -(kaufman_log_partition(L, K + step) - kaufman_log_partition(L, K - step)) / (2 * step)


def test_the_formula_of_the_torus_agrees_with_enumeration():
    graph = torus(4, 0.3)
    states = (np.arange(2**16)[:, None] >> np.arange(16)) & 1
    np.testing.assert_allclose(kaufman_log_partition(4, 0.3), np.log(np.exp(-graph.energies(states)).sum()), rtol=1e-12)


def test_the_critical_square_lattice_has_the_exact_energy_and_the_known_magnetisation():
    L = 32
    moves = ClusterMoves(torus(L, CRITICAL), 20, np.random.default_rng(1))
    moves.watch(np.tile(SIGN, L * L))
    moves.advance(100)
    energy, magnetisation = moves.advance(1000)
    for values, truth in (
        (energy, CRITICAL * kaufman_energy(L, CRITICAL)),
        (np.abs(magnetisation) / L**2, 1.0088 * L ** (-1 / 8)),  # amplitude: Salas & Sokal (2000)
    ):
        tau = integrated_autocorrelation_time(values)
        error = values.std() * np.sqrt(tau / values.size)
        assert abs(values.mean() - truth) < 4 * error
        assert tau < 15

    kernel = GibbsKernel(torus(L, CRITICAL), np.tile(SIGN, L * L))
    chains = kernel.start(moves.codes, np.random.default_rng(2))
    slow = integrated_autocorrelation_time(np.abs(kernel.run(chains, 3000, trace=True)[1]))
    assert slow > 20 * integrated_autocorrelation_time(np.abs(magnetisation))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_any_signs_and_fields_fill_the_states_as_enumeration_says(seed, beta):
    graph = random_graph(4, seed, 0.6)
    codes = np.zeros((20_000, 4), np.int64)
    energies = cluster_sweeps(graph, codes, 40, np.random.default_rng(seed), beta)
    np.testing.assert_allclose(energies, graph.energies(codes), atol=1e-10)
    states = np.array(list(itertools.product(range(2), repeat=4)))
    expected = 20_000 * softmax(-beta * graph.energies(states))
    counts = np.bincount(codes @ [8, 4, 2, 1], minlength=16)
    z = (((counts - expected) ** 2 / expected).sum() - 15) / np.sqrt(30)
    assert abs(z) < 4


def test_sample_can_flip_clusters():
    drawn = sample(torus(8, 0.6), 400, "cluster", random_state=3)
    assert drawn.method == "cluster"
    up = drawn.codes.mean(axis=1) > 0.5
    assert abs(up.mean() - 0.5) < 4 * 0.5 / np.sqrt(drawn.effective_sample_size)
    np.testing.assert_array_equal(drawn.codes, sample(torus(8, 0.6), 400, "cluster", random_state=3).codes)


def test_more_states_and_higher_orders_are_refused():
    potts = FactorGraph.from_tables(np.array([3, 3]), {(0, 1): np.eye(3)})
    with pytest.raises(ValueError, match="two-state sites coupled in pairs, got up to 3 states and 2 sites"):
        sample(potts, 10, "cluster")
    triple = FactorGraph.from_tables(np.full(3, 2), {(0, 1, 2): np.zeros((2, 2, 2))})
    with pytest.raises(ValueError, match="got up to 2 states and 3 sites"):
        cluster_sweeps(triple, np.zeros((1, 3), int), 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="`codes` of `GibbsKernel` must be from 0"):
        cluster_sweeps(torus(3, 0.1), np.full((1, 9), 2), 1, np.random.default_rng(0))
