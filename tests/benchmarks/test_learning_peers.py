"""The bench of the estimators: what it hands over, the truths it judges by, and how it measures memory."""

import importlib
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FOLDER, SHARED = BENCHMARKS / "learning", BENCHMARKS / "shared"
SEEDS = [0, 1, 2]


@pytest.fixture
def bench(monkeypatch):
    """Imports a module of the bench, whose folders are no packages."""
    for folder in (BENCHMARKS, SHARED, FOLDER):
        monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent in {BENCHMARKS, FOLDER, SHARED}:
            del sys.modules[name]


@pytest.mark.parametrize("megabytes", [20, 80])
def test_the_meter_sees_memory_that_was_given_back_and_not_what_was_there(bench, megabytes):
    metered = bench("meter").metered
    there = np.ones(8_000_000)
    assert np.ones(25_000_000).sum() == 25_000_000  # an earlier peak does not count

    def call():
        passing = np.ones(megabytes * 125_000)
        return float(passing.sum())

    for traced in (False, True):
        result, cost = metered(call, traced)
        assert result == megabytes * 125_000
        assert cost["seconds"] > 0
        if cost["peak"] is not None:  # the system tells
            assert cost["peak"] == pytest.approx(megabytes, rel=0.05, abs=1)
    assert there.nbytes == 64e6


@pytest.mark.parametrize("problem", ["gaussian", "phi4"])
def test_slopes_of_the_true_densities_are_derivatives(bench, problem):
    densities = bench("densities")
    truth, n = (densities.gaussian_truth, 64) if problem == "gaussian" else (densities.phi4_truth, densities.SITES)
    X, step = np.random.default_rng(0).normal(size=(5, n)), 1e-5
    _, slopes = truth(X)
    for i in range(n):
        up, down = (truth(X + sign * step * np.eye(n)[i])[0] for sign in (1, -1))
        np.testing.assert_allclose(slopes[:, i], (up - down) / (2 * step), rtol=0, atol=1e-7)


def test_the_gaussian_truth_is_that_of_its_covariance(bench):
    densities = bench("densities")
    precision = -np.array([densities.gaussian_truth(row[None])[1][0] for row in np.eye(64)])
    X = np.random.default_rng(1).normal(size=(5, 64))
    volume = np.linalg.slogdet(precision / (2 * np.pi))[1]
    expected = (volume - np.einsum("ri,ij,rj->r", X, precision, X)) / 2
    np.testing.assert_allclose(densities.gaussian_truth(X)[0], expected, rtol=1e-12)


def test_ln_z_of_the_ring_is_an_integral_over_three_sites(bench):
    densities = bench("densities")
    x, step = np.linspace(-4, 4, 121, retstep=True)
    grid = np.stack(np.meshgrid(x, x, x), axis=-1).reshape(-1, 3)
    unnormalised = densities.phi4_truth(grid)[0] + densities.phi4_log_partition(3)
    assert densities.phi4_log_partition(3) == pytest.approx(np.log(np.exp(unnormalised).sum() * step**3), abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_slopes_of_the_peers_mixtures_are_derivatives(bench, seed, tmp_path):
    worker, n, step = bench("worker_scikitlearn"), 3, 1e-5
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, n)) * rng.uniform(0.5, 2, n)
    points = rng.normal(size=(4, n))
    shifted = np.concatenate([points + sign * step * np.eye(n)[i] for i in range(n) for sign in (1, -1)])
    files = {"data": tmp_path / "in.npz", "outputs": tmp_path / "out.npz", "seed": seed}
    np.savez(files["data"], X=X, X_test=np.vstack([points, shifted]), fold=np.arange(40) % 2)
    for fit in (worker.covariance, worker.mixture, worker.kernels):
        result = fit(files, "all")
        assert result["parameters"] > 0
        found = np.load(files["outputs"])
        values = found["log_density"][4:].reshape(n, 2, 4)
        np.testing.assert_allclose(found["slopes"][:4], (values[:, 0] - values[:, 1]).T / (2 * step), atol=1e-6)


def test_formulas_are_judged_by_terms_and_by_coefficients(bench):
    formulas = bench("formulas")
    a, b = sympy.symbols("a b")
    truth = formulas.terms_of(a * b / 2 + a**2, (a, b))
    assert formulas.has_only_fractions(a * b / 2, (a, b))
    assert not formulas.has_only_fractions(a * b / sympy.pi, (a, b))
    X = np.random.default_rng(0).normal(size=(300, 2))
    y = formulas.value(truth, X)
    np.testing.assert_allclose(y, X[:, 0] * X[:, 1] / 2 + X[:, 0] ** 2, rtol=1e-12)

    def judge(*found):
        result = formulas.compare([[list(powers), c] for powers, c in found], truth, X, y)
        return result["terms"], result["exact"]

    right = ((1, 1), 0.5), ((2, 0), 1.0)
    assert judge(*right) == (True, True)
    assert judge(((1, 1), float(Fraction(1, 2)) + 1e-6), right[1]) == (True, False)
    assert judge(((1, 1), 0.52), right[1]) == (False, False)
    assert judge(*right, ((0, 1), 1e-7)) == (True, False)
    assert judge(*right, ((0, 1), 0.1)) == (False, False)
    assert judge(right[0]) == (False, False)


@pytest.mark.parametrize("sites", [5, 8])
def test_the_field_on_the_ring_is_translation_invariant(bench, sites):
    formulas = bench("formulas")
    field = formulas.ring_field(sites)
    assert len(field) == 3 * sites
    X = np.random.default_rng(sites).normal(size=(20, sites))
    near, next_to = np.roll(X, -1, axis=1), np.roll(X, -2, axis=1)
    expected = (X**2 / 2 - X * near + X * near * next_to / 2).sum(axis=1)
    np.testing.assert_allclose(formulas.value(field, X), expected, rtol=1e-9, atol=1e-9)


def test_splits_hand_over_every_row_once_with_folds_for_all(bench, tmp_path):
    path = bench("classification").write_split(
        lambda seed: (np.arange(200.0)[:, None], np.array(["b", "a"] * 100)), 0, tmp_path / "split.npz"
    )
    data = np.load(path)
    together = np.sort(np.concatenate([data["X"], data["X_test"]])[:, 0])
    np.testing.assert_array_equal(together, np.arange(200))
    np.testing.assert_array_equal(data["y"], data["X"][:, 0] % 2 == 0)  # a before b
    assert sorted(set(data["fold"].tolist())) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("peer", ["cheaplearn", "scikit-learn"])
def test_a_classifier_is_run_in_a_process_of_its_own_and_measured(bench, tmp_path, peer):
    classification, Method = bench("classification"), bench("rows").Method
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    path = classification.write_split(lambda _: (X, X[:, 0] * X[:, 1] > 0), 0, tmp_path / "split.npz")
    options = (
        {"order": [1, 2]}
        if peer == "cheaplearn"
        else {"scale": "deviation", "degrees": [1, 2], "spins": False, "strengths": [1.0]}
    )
    method = Method("name", peer, "classifier" if peer == "cheaplearn" else "logistic", options)
    result = classification.measure(method, path, 0, {peer: sys.executable}, 60)
    assert result["accuracy"] > 0.9
    assert 0 < result["loss"] < 0.3
    assert result["parameters"] == (12 if peer == "cheaplearn" else 6)
    assert result["seconds"] > 0


@pytest.mark.parametrize(("inputs", "classes"), [(30, 2), (13, 3), (64, 10)])
def test_networks_have_just_as_many_parameters_as_is_said(bench, inputs, classes):
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    worker = bench("worker_scikitlearn")
    one, two = worker.widths(inputs, classes if classes > 2 else 1)
    X, y = np.random.default_rng(0).normal(size=(30, inputs)), np.arange(30) % classes

    def size(*hidden):
        network = MLPClassifier(hidden, max_iter=1, random_state=0)
        with pytest.warns(ConvergenceWarning):
            network.fit(X, y)
        return worker.weights(network)

    assert size(one - 1) < worker.PARAMETERS <= size(one)
    assert size(two - 1, two - 1) < worker.PARAMETERS <= size(two, two)


def test_workers_look_where_the_bench_looks(bench, tmp_path, monkeypatch):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "only_here.py").write_text("ANSWER = 42")
    worker = "import only_here, worker\nworker.answer('all', found=only_here.ANSWER, task=worker.job())"
    (tmp_path / "worker_small.py").write_text(worker)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "lib")  # relative, and workers run in a folder of their own
    result = bench("processes").run(sys.executable, tmp_path / "worker_small.py", [1], 60)
    assert result == {"all": {"found": 42, "task": [1]}}


def test_a_method_without_environment_is_a_row_with_the_reason(bench, capsys):
    classification, regression, densities, memory = map(
        bench, ["classification", "regression", "densities", "memory"]
    )  # fmt: skip
    absent = bench("processes").Unavailable("not installed: no such peer")
    method = bench("rows").Method("peer", "pysindy", "stlsq")
    result = method.run({"pysindy": absent}, 1, ["first"])["first"]
    classification.row("A", [result])
    regression.row("B", [result])
    regression.formula_row("C", [result])
    densities.row("D", result, None)
    memory.row("E", result, result, 25)
    lines = capsys.readouterr().out.splitlines()
    assert [line[:3] for line in lines] == ["| A", "| B", "| C", "| D", "| E"]
    assert all("no such peer" in line for line in lines)


def test_targets_of_memory_are_met_only_by_every_measure(bench):
    memory = bench("memory")
    assert memory.verdict([30.0, 26.0], 25) == "met"
    assert memory.verdict([30.0, 24.0], 25) == "met by one measure"
    assert memory.verdict([24.0, None], 25) == "missed"
    assert memory.verdict([None, None], 25) == "not known"
