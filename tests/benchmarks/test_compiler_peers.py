"""The bench against the peers: what it hands over, the intervals it computes itself, and how it reports failures."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

import cheaplearn as cl

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FOLDER, SHARED = BENCHMARKS / "compiler", BENCHMARKS / "shared"
SEEDS = [0, 1, 2]


@pytest.fixture
def bench(monkeypatch):
    """Imports a module of the bench, whose folders are no packages."""
    monkeypatch.syspath_prepend(str(SHARED))
    monkeypatch.syspath_prepend(str(FOLDER))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent in {FOLDER, SHARED}:
            del sys.modules[name]


def random_function(bench, seed):
    return bench("functions").sparse("random", n=3, count=7, degree=3, seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_workers_and_compiler_read_the_same_polynomial(bench, seed):
    function = random_function(bench, seed)
    X = bench("functions").points(3, 500, seed)
    p = bench("worker_cheaplearn").polynomial(function)
    assert len(p.terms) == len(function["terms"]) == 7
    np.testing.assert_allclose(bench("functions").values(function, X), p(X), rtol=0, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_boxes_tile_the_cube(bench, n):
    low, high = bench("functions").boxes(n, 4)
    assert low.shape == high.shape == (4**n, n)
    assert low.min() == -1
    assert high.max() == 1
    assert np.prod(high - low, axis=1).sum() == pytest.approx(2**n)
    X = bench("functions").points(n, 200, n)
    inside = ((low[None] <= X[:, None]) & (X[:, None] <= high[None])).all(axis=2)
    assert inside.any(axis=1).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_interval_bound_holds_on_the_plain_arrays_and_shrinks_with_the_boxes(bench, tmp_path, seed):
    function = random_function(bench, seed)
    worker = bench("worker_cheaplearn")
    net = cl.compile(worker.polynomial(function), box=(-1, 1), dtype="float64")
    worker.write_layers(net, tmp_path / "layers.npz")
    with np.load(tmp_path / "layers.npz") as file:
        arrays = dict(file)
    interval = bench("worker_interval")
    X = bench("functions").points(3, 300, seed)
    low, high = interval.network_range(arrays, X, X)  # boxes of one point: the network itself
    np.testing.assert_allclose(low, net(X)[:, 0], rtol=0, atol=2 * net.certificate.error)
    np.testing.assert_allclose(high, net(X)[:, 0], rtol=0, atol=2 * net.certificate.error)
    coarse, fine = (interval.bound(arrays, function, pieces)["bound"] for pieces in (1, 8))
    assert np.abs(net(X)[:, 0] - bench("functions").values(function, X)).max() <= fine < coarse
    last = f"bias{len(net.layers) - 1}"
    for shift in (10 * coarse, -10 * coarse):  # both sides count
        shifted = arrays | {last: arrays[last] + shift}
        assert interval.bound(shifted, function, 1)["bound"] == pytest.approx(11 * coarse)


@pytest.mark.parametrize("seed", SEEDS)
def test_silu_intervals_enclose_every_value_and_are_attained(bench, seed):
    interval = bench("worker_interval")
    low, high = np.sort(np.random.default_rng(seed).uniform(-6, 3, (2, 200)), axis=0)
    inner = interval.silu(np.linspace(low, high, 4001))
    a, b = interval.silu_range(low, high)
    assert (a <= inner.min(axis=0)).all()
    assert (b >= inner.max(axis=0)).all()
    np.testing.assert_allclose(a, inner.min(axis=0), atol=1e-5)
    np.testing.assert_allclose(b, inner.max(axis=0), atol=1e-12)


def test_a_failed_part_gives_its_reason_and_the_others_their_figures(bench, tmp_path):
    function = bench("functions").xy()
    net = cl.compile("x0*x1", box=(-1, 1))
    bench("worker_cheaplearn").write_layers(net, tmp_path / "layers.npz")
    cases = [{"part": "good", "pieces": 2}, {"part": "bad", "pieces": "two"}]
    job = {"function": function, "layers": str(tmp_path / "layers.npz"), "cases": cases}
    results = bench("processes").run(sys.executable, FOLDER / "worker_interval.py", job, 60, ["good", "bad"])
    assert results["good"]["bound"] > net.certificate.error
    assert "failed" in results["bad"]


def test_a_worker_that_breaks_or_takes_too_long_is_reported(bench, tmp_path):
    run = bench("processes").run
    job = {"function": bench("functions").xy(), "layers": str(tmp_path / "missing.npz"), "cases": []}
    assert "missing.npz" in run(sys.executable, FOLDER / "worker_interval.py", job, 60)["all"]["failed"]
    assert run(sys.executable, FOLDER / "worker_interval.py", job, 0.001) == {
        "all": {"failed": "not finished in 0.001 s"}
    }


def test_a_peer_that_cannot_be_installed_is_reported_with_the_installer_s_reason(bench, tmp_path, monkeypatch):
    environments = bench("environments")
    monkeypatch.setitem(environments.RECIPES, "absent", [["--no-index", "no-such-peer-of-cheaplearn"]])
    answer = environments.prepare("absent", tmp_path)
    assert "no-such-peer-of-cheaplearn" in answer.reason
    results = bench("processes").run(answer, FOLDER / "worker_interval.py", {}, 1, ["first", "second"])
    assert results == {key: {"failed": answer.reason} for key in ("first", "second")}
