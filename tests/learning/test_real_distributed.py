"""The couplings of real variables from a cluster: of arrays that are sent there and of collections that live there."""

import os
import pickle
import signal

import numpy as np
import pandas as pd
import pytest
from real_fields import gaussian_ring, phi4_ring

from cheaplearn import Chain, HamiltonianDensity
from cheaplearn.learning.real import cluster_samples

dask_distributed = pytest.importorskip("distributed")
dask_array = pytest.importorskip("dask.array")

RING = Chain(4, periodic=True)
SETTINGS = [
    {"order": 4},
    {"order": 2},
    {"order": 2, "method": "score matching", "regularization": 0.01},
    {"order": 4, "geometry": RING, "radius": 1, "symmetry": "translation+reflection+sign flip"},
    {"order": 2, "bounds": (-30, None)},
]


@pytest.fixture(scope="module")
def processes():
    silent = {"processes": True, "dashboard_address": ":0", "silence_logs": 50}
    with (
        dask_distributed.LocalCluster(n_workers=2, threads_per_worker=1, **silent) as cluster,
        dask_distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def client(processes):
    processes.wait_for_workers(2, timeout=60)  # the test before may have killed one
    return processes


@pytest.fixture(scope="module")
def X():
    return 3 * phi4_ring(4, 9000, 1, sweeps=15)


def collection(X, rows=2500, columns=None):
    return dask_array.from_array(X, chunks=(rows, columns or X.shape[1]))


def fitted(X, engine="dask", weight=None, **settings):
    return HamiltonianDensity(engine=engine, **settings).fit(X, sample_weight=weight)


def assert_same(one, other, tolerance=1e-9):
    a, b = (model.couplings.query("term != '1'") for model in (one, other))
    assert list(a.term) == list(b.term)
    for column in ("value_raw", "value_scaled", "standard_error"):
        x, y = a[column].to_numpy(), b[column].to_numpy()
        assert np.isfinite(x).all()
        assert np.abs(x - y).max() <= tolerance * np.abs(x).max()
    assert (one.method_, one.notes_, one.verdict_) == (other.method_, other.notes_, other.verdict_)


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_collection_has_the_couplings_of_its_values(client, X, settings):
    weight = np.random.default_rng(2).integers(0, 3, len(X)).astype(float)
    here = fitted(X, "numpy", weight, **settings)
    there = fitted(collection(X, columns=3), "dask", weight, **settings)
    assert_same(here, there)
    again = fitted(
        collection(X, (5000, 0, 1, 3999)), "dask", dask_array.from_array(weight, (5000, 0, 1, 3999)), **settings
    )
    assert_same(here, again)


@pytest.mark.parametrize("settings", SETTINGS[:2])
def test_an_array_is_sent_and_has_the_same_couplings(client, X, settings):
    assert_same(fitted(X, "numpy", **settings), fitted(X, **settings))
    assert_same(fitted(X, client.scheduler.address, **settings), fitted(X, **settings), 0)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_ladder_climbs_on_a_cluster(client, weighted):
    X = gaussian_ring(4, 8500, 3)
    weight = np.random.default_rng(4).integers(0, 3, len(X)) if weighted else None
    settings = {"order": [2, 4], "radius": "auto", "geometry": RING, "symmetry": "auto", "cv": 3, "random_state": 0}
    here, there = (fitted(X, engine, weight, **settings) for engine in ("numpy", "dask"))
    pd.testing.assert_frame_equal(here.ladder_, there.ladder_, rtol=1e-9)
    assert_same(here, there)


def test_samples_are_summed_on_the_workers_and_only_sums_travel(client, X, monkeypatch):
    def none(*_):
        message = "summed on this machine"
        raise AssertionError(message)

    sizes, one = [], dask_distributed.Future.result

    def result(self, *arguments, **options):
        value = one(self, *arguments, **options)
        sizes.append(len(pickle.dumps(value)))
        return value

    monkeypatch.setattr(cluster_samples.RealSamples, "sums", none)
    monkeypatch.setattr(cluster_samples.RealSamples, "score_moments", none)
    monkeypatch.setattr(dask_distributed.Future, "result", result)
    monkeypatch.setattr(dask_distributed.Client, "gather", None)
    for data in (X, collection(X)):
        fitted(data, order=4, geometry=RING, radius=1)
    assert 0 < max(sizes) < 50_000 < X.nbytes / 5  # bytes; a matrix of 30 couplings has 7,200


def test_the_same_samples_give_the_same_bits_whoever_is_first(client, X):
    first = fitted(collection(X), order=4)
    for _ in range(2):
        assert_same(first, fitted(collection(X), order=4), 0)


def test_a_data_frame_names_the_variables(client, X):
    dask_frame = pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame(X, columns=["north", "east", "south", "west"])
    here = fitted(frame, "numpy", order=2)
    there = fitted(dask_frame.from_pandas(frame, npartitions=3), order=2)
    assert here.feature_names_in_.tolist() == there.feature_names_in_.tolist()
    assert_same(here, there)


def test_parts_of_samples_are_found_in_their_pieces(client, X):
    from cheaplearn.learning.clusters import connected
    from cheaplearn.learning.real.samples import RealSamples

    rng = np.random.default_rng(5)
    here = RealSamples(X, rng.uniform(0.5, 2, len(X)), None, np.arange(len(X)), len(X), np.empty(0))
    with connected("dask") as workers:
        there = cluster_samples.ClusterPlace(workers).sent(here)
        assert len(there.pieces) == 2
        for chosen in (rng.permutation(len(X))[:700], np.arange(5), np.arange(len(X) - 5, len(X))):
            a, b = here.part(chosen).moments(), there.part(chosen).moments()
            np.testing.assert_allclose(a.mean, b.mean, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(a.squares, b.squares, rtol=1e-12)
            assert there.part(chosen).count == len(chosen)


@pytest.mark.parametrize(
    ("wrong", "settings", "message"),
    [
        (np.nan, {}, r"`X` of `HamiltonianDensity` must be finite numbers, got nan in row 4711, column 2"),
        (-77.0, {"bounds": (-50, None)}, r"`X` .* must be within the bounds, got -77 in row 4711, column 'x2'"),
    ],
)
def test_a_wrong_value_is_found_in_its_row(client, X, wrong, settings, message):
    X = X.copy()
    X[4711, 2] = X[6000, 0] = wrong
    weight = np.ones(len(X))
    weight[:100] = 0
    with pytest.raises(ValueError, match=message):
        fitted(collection(X), weight=weight, **settings)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(7), r"of shape \(9000,\), got shape \(7,\)"),
        (-np.ones(9000), "finite and not negative, got -1"),
        (np.zeros(9000), "positive for some sample, got none"),
        (dask_array.ones(9000, chunks=1000), "chunks of as many rows as those of X"),
    ],
)
def test_wrong_weights_of_a_collection_are_refused(client, X, weight, message):
    with pytest.raises(ValueError, match=f"`sample_weight` of `HamiltonianDensity` must be .*{message}"):
        fitted(collection(X), weight=weight)


def test_what_a_collection_cannot_have_is_said(client, X):
    chunks = collection(X)
    with pytest.raises(ValueError, match=r'`engine` .* must be "dask" or an address for a Dask collection'):
        fitted(chunks, "numpy")
    with pytest.raises(ValueError, match=r'`engine` .* must be "numpy", "dask" or the address'):
        fitted(X, "cuda")
    for several in ({"order": "auto"}, {"regularization": "search"}, {"symmetry": [None, "sign flip"]}):
        with pytest.raises(ValueError, match=r"`X` .* must be an array where families or regularizations are compared"):
            fitted(chunks, **several)
    with pytest.raises(ValueError, match=r"`groups` .* must be None for a Dask collection"):
        HamiltonianDensity(engine="dask").fit(chunks, groups=np.ones(9000))
    with pytest.raises(ValueError, match=r"`geometry` .* one site per column of X"):
        fitted(chunks, geometry=Chain(5))
    with pytest.raises(ValueError, match=r"`X` of `HamiltonianDensity.partial_fit` must be an array"):
        HamiltonianDensity(engine="dask").partial_fit(chunks)


def test_a_worker_that_dies_between_two_passes_changes_nothing(client, X, monkeypatch):
    undisturbed = fitted(collection(X), order=4)
    asked, killed = cluster_samples.ClusterRealSamples.score_moments, []

    def kill_then_ask(self, functions, theta):
        if not killed:
            owner = next(iter(client.who_has(self.pieces[-1:]).values()))[0]
            os.kill(client.run(os.getpid, workers=[owner])[owner], signal.SIGKILL)
            killed.append(owner)
        return asked(self, functions, theta)

    monkeypatch.setattr(cluster_samples.ClusterRealSamples, "score_moments", kill_then_ask)
    disturbed = fitted(collection(X), order=4)
    assert killed[0] not in client.nthreads()
    assert_same(undisturbed, disturbed, 0)
