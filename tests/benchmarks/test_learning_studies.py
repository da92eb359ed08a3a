"""The studies of graph recovery and of higher orders: their models, their criterion and their exact divergence."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from cheaplearn.hamiltonian.factor_graph import FactorGraph

FOLDER = Path(__file__).parents[2] / "benchmarks"
SEEDS = [0, 1, 2]


@pytest.fixture
def study(monkeypatch):
    """Imports a script of the folder, which is no package."""
    monkeypatch.syspath_prepend(str(FOLDER))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if name.startswith("bench_") or name == "graph_models":
            del sys.modules[name]


def degrees(edges, n):
    assert len(set(edges)) == len(edges)
    assert all(a < b for a, b in edges)
    return np.bincount(np.ravel(edges), minlength=n)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("n", "degree"), [(16, 3), (16, 4), (25, 4), (64, 4)])
def test_random_graphs_are_simple_and_regular(study, n, degree, seed):
    edges = study("graph_models").random_regular(n, degree, np.random.default_rng(seed))
    assert (degrees(edges, n) == degree).all()


def test_lattices_join_the_nearest_neighbours(study):
    lattice = study("graph_models").lattice
    assert (degrees(lattice(25, True), 25) == 4).all()
    inside = degrees(lattice(25, False), 25).reshape(5, 5)
    assert inside.tolist() == [[2, 3, 3, 3, 2], *[[3, 4, 4, 4, 3]] * 3, [2, 3, 3, 3, 2]]
    assert (0, 1) in lattice(9, False)
    assert (0, 2) not in lattice(9, False)
    assert (0, 2) in lattice(9, True)


@pytest.mark.parametrize("signs", ["ferromagnet", "glass"])
def test_samples_have_the_moments_of_the_couplings(study, signs):
    models = study("graph_models")
    edges = models.lattice(9, False)
    couplings = models.draw_couplings(edges, 0.6, 0.4, 0.25, signs, np.random.default_rng(1))
    assert np.count_nonzero(np.abs(couplings) == 0.4) == round(len(edges) / 4)
    states = 1.0 - 2 * ((np.arange(512)[:, None] >> np.arange(9)) & 1)
    pairs = np.array([states[:, a] * states[:, b] for a, b in edges])
    p = np.exp(couplings @ pairs)
    exact = pairs @ p / p.sum()
    X, counts = models.Source(9, edges, couplings, signs, 5, trials=1).first(0, 40_000)
    assert counts.sum() == 40_000
    assert len(np.unique(X, axis=0)) == len(X)
    measured = np.array([(X[:, a] * X[:, b]) @ counts for a, b in edges]) / 40_000
    z = (measured - exact) / np.sqrt((1 - exact**2) / 40_000)
    assert np.abs(z).max() < 4  # 12 edges, fixed seed


@pytest.mark.parametrize("true", [3, 17, 18, 19, 22, 31])
@pytest.mark.parametrize("guess", [18, 2, 40])
def test_search_ends_at_the_least_number_that_is_enough(study, true, guess):
    bench = study("bench_graph_recovery")
    model = bench.Model("periodic lattice", "glass", 9, 0.5, 0)
    model._recovers = lambda method, reading, k: k >= true
    assert model.least_samples("screening", "refit", guess) == (true, bench.count_of(true))


def test_search_gives_up_where_no_number_is_enough(study):
    model = study("bench_graph_recovery").Model("open lattice", "glass", 9, 0.5, 0)
    model._recovers = lambda *_: False
    assert model.least_samples("screening", "refit", 18)[1] == np.inf


@pytest.mark.parametrize("reading", ["shrunk", "refit"])
@pytest.mark.parametrize("method", ["screening", "pseudolikelihood"])
def test_many_samples_recover_the_graph_and_few_do_not(study, method, reading):
    bench = study("bench_graph_recovery")
    model = bench.Model("open lattice", "glass", 9, 0.5, 0)
    assert model._trial(method, 0, 36)[reading]
    assert not model._trial(method, 0, 0)[reading]


@pytest.mark.parametrize("method", ["screening", "pseudolikelihood"])
def test_a_site_alone_finds_its_couplings(study, method):
    bench = study("bench_graph_recovery")
    model = bench.SitewiseModel("open lattice", "glass", 9, 0.5, 0)
    assert model._trial(method, 0, 40)["shrunk"]
    assert not model._trial(method, 0, 0)["shrunk"]
    X, counts = model.source.first(0, 200_000)
    true = dict(zip(model.edges, model.couplings, strict=True))
    J = bench.couplings_of_site(method, X, counts / counts.sum(), 4, 0.0)
    expected = [true.get((min(4, j), max(4, j)), 0.0) for j in range(9)]
    np.testing.assert_allclose(J, expected, atol=0.03)  # about four standard errors


def test_divergence_is_zero_at_the_truth_and_brute_force_elsewhere(study):
    bench = study("bench_higher_orders")
    truth = bench.random_glass("glass", 6, 3, 5, 0.7, 0)
    spins = 2.0 * ((np.arange(64)[:, None] >> np.arange(5, -1, -1)) & 1) - 1
    H = sum(k * spins[:, list(sites)].prod(axis=1) for sites, k in truth.terms.items())
    p = np.exp(-H) / np.exp(-H).sum()
    np.testing.assert_allclose(truth.p, p, rtol=1e-12)
    J = np.random.default_rng(1).normal(size=5)
    tables = {(i, i + 1): J[i] * bench.spin_product(2) for i in range(5)}
    q = np.exp(-sum(J[i] * spins[:, i] * spins[:, i + 1] for i in range(5)))
    q /= q.sum()
    sizes = np.full(6, 2)
    assert truth.divergence(FactorGraph.from_tables(sizes, tables)) == pytest.approx(p @ np.log(p / q))
    own = {sites: k * bench.spin_product(3) for sites, k in truth.terms.items()}
    assert truth.divergence(FactorGraph.from_tables(sizes, own)) == pytest.approx(0, abs=1e-13)
