"""The same couplings from a cluster of processes as from this one, also when a worker dies on the way."""

import os
import pickle
import signal
import sys
import time

import numpy as np
import pandas as pd
import pytest

import cheaplearn as cl
from cheaplearn.learning import chunks, clusters
from cheaplearn.learning.discrete import distributed

dask_distributed = pytest.importorskip("distributed")
dask_array = pytest.importorskip("dask.array")

N, SITES = 12_500, 8  # three partitions, of 4,096 samples and more


@pytest.fixture(scope="module")
def processes():
    silent = {"processes": True, "dashboard_address": ":0", "silence_logs": 50}
    with (
        dask_distributed.LocalCluster(n_workers=3, threads_per_worker=1, **silent) as cluster,
        dask_distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def client(processes):
    processes.wait_for_workers(3, timeout=60)  # the test before may have killed one
    return processes


def chain_of_spins(seed, samples=N, sites=SITES):
    """Each spin copies the one before with probability 0.7; the first is up with 0.6."""
    rng = np.random.default_rng(seed)
    s = np.where(rng.random((samples, sites)) < 0.7, 1, -1)
    s[:, 0] = np.where(rng.random(samples) < 0.6, 1, -1)
    return np.cumprod(s, axis=1)


def categories(seed, samples=N, sites=4):
    """Letters a to c that repeat the one before in half of the samples."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, (samples, sites))
    for i in range(1, sites):
        codes[:, i] = np.where(rng.random(samples) < 0.5, codes[:, i - 1], codes[:, i])
    return np.array(["a", "b", "c"])[codes]


def fitted(X, engine="dask", weight=None, **arguments):
    return cl.HamiltonianDensity(engine=engine, standard_errors=True, **arguments).fit(X, sample_weight=weight)


def assert_same(one, other, tolerance=1e-6):
    a, b = one.hamiltonian_.couplings, other.hamiltonian_.couplings
    assert list(a.term) == list(b.term)
    for column in ("value", "standard_error"):
        x, y = a[column].to_numpy(), b[column].to_numpy()
        assert np.isfinite(x).all()
        assert np.abs(x - y).max() <= tolerance * np.abs(x).max()


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("spin", {"method": "screening"}),
        ("spin", {"method": "pseudolikelihood", "l1": "auto"}),
        ("bit", {"method": "pseudolikelihood", "order": 3}),
        ("category", {"method": "screening", "l1": "auto"}),
    ],
)
def test_a_cluster_finds_the_couplings_of_one_machine(client, kind, arguments):
    X = categories(1) if kind == "category" else chain_of_spins(2)
    X = (X + 1) // 2 if kind == "bit" else X
    weight = np.random.default_rng(3).integers(0, 4, len(X)).astype(float)
    assert_same(fitted(X, "numpy", weight, kind=kind, **arguments), fitted(X, "dask", weight, kind=kind, **arguments))


def test_each_worker_holds_its_samples_and_no_others(client):
    with distributed.cluster("dask") as place:
        sums = sums_of(place, chain_of_spins(4))
        for _ in range(5):
            sums.first(sums.theta)
        owners = [worker for some in client.who_has(sums.partitions).values() for worker in some]
        assert len(sums.partitions) == 3
        assert sorted(owners) == sorted(client.nthreads())


def test_neighbouring_chunks_are_joined_into_equal_runs():
    rng = np.random.default_rng(0)
    for _ in range(50):
        counts = (rng.integers(0, 900, rng.integers(1, 30)) * rng.integers(0, 2)).tolist()
        number = int(rng.integers(1, 6))
        runs = [counts[part] for part in chunks.neighbouring(counts, number)]
        assert [count for run in runs for count in run if count] == [count for count in counts if count]
        assert all(sum(run) > 0 for run in runs)
        assert len(runs) <= number
        assert max(map(sum, runs), default=0) <= sum(counts) / number + max(counts)


def test_squared_scores_are_of_the_same_samples_however_these_are_divided(client):
    from cheaplearn.learning.discrete.partition import Partition
    from cheaplearn.learning.discrete.score_moments import ScorePoint

    X = chain_of_spins(5)
    with distributed.cluster("dask") as place:
        sums, whole = sums_of(place, X), sums_of(Partition, X)
        point = ScorePoint(np.linspace(-0.3, 0.3, len(whole.theta)), np.ones(SITES), None, float(len(X)), 7)
        for a, b in zip(whole.score_moments(point), sums.score_moments(point), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10 * np.abs(a).max())


def sums_of(place, X):
    from cheaplearn.hamiltonian import Alphabet
    from cheaplearn.learning.discrete.losses import loss_of
    from cheaplearn.learning.discrete.pattern import slots_of
    from cheaplearn.learning.discrete.terms import local_terms

    n = X.shape[1]
    alphabet = Alphabet.of_kinds([f"x{i}" for i in range(n)], ["spin"] * n)
    terms = local_terms("spin", alphabet, 2, np.inf, None)
    atoms = np.ascontiguousarray(X.T.astype(np.int8))
    sums = place(atoms, np.ones(len(X)), slots_of(terms), loss_of("pseudolikelihood", terms))
    sums.theta = np.zeros(len(terms))
    return sums


def test_a_worker_killed_between_two_sums_changes_nothing(client, monkeypatch):
    X = chain_of_spins(6)
    undisturbed = fitted(X, kind="spin", method="pseudolikelihood")
    first, calls, killed = distributed.ClusterSums.first, [], []

    def first_then_kill(self, theta):
        result = first(self, theta)
        calls.append(theta)
        if len(calls) == 2:  # a worker that holds samples and their curvatures dies between gradient and Newton step
            owner = next(iter(client.who_has(self.partitions[:1]).values()))[0]
            os.kill(client.run(os.getpid, workers=[owner])[owner], signal.SIGKILL)
            killed.append(owner)
        return result

    monkeypatch.setattr(distributed.ClusterSums, "first", first_then_kill)
    disturbed = fitted(X, kind="spin", method="pseudolikelihood")
    assert len(calls) > 3
    assert killed[0] not in client.nthreads()
    assert_same(undisturbed, disturbed, tolerance=0)  # to the last bit: the same parts in the same order


def test_a_worker_killed_within_a_sum_changes_nothing(client, monkeypatch, tmp_path):
    X = chain_of_spins(7)
    undisturbed = fitted(X, kind="spin", method="screening")
    grave, second = str(tmp_path / "grave"), distributed._second

    def second_or_die(partition, given, offset):  # runs on the workers; the first of them dies in the middle
        try:
            with open(grave, "x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            return second(partition, given, offset)
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(distributed, "_second", second_or_die)
    disturbed = fitted(X, kind="spin", method="screening")
    with open(grave) as file:
        assert int(file.read()) not in client.run(os.getpid).values()
    assert_same(undisturbed, disturbed, tolerance=0)


def test_a_fit_leaves_nothing_on_the_cluster_and_can_be_pickled(client):
    model = fitted(chain_of_spins(8), kind="spin", method="pseudolikelihood")
    until = time.monotonic() + 5
    while any(client.who_has().values()) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(client.who_has().values())
    assert_same(model, pickle.loads(pickle.dumps(model)), tolerance=0)
    with pytest.raises(RuntimeError, match="left the cluster"):
        model._fit.objective.at(model._fit.theta)


def test_an_address_is_an_engine_too(client):
    X = chain_of_spins(9)
    address = client.scheduler.address
    assert_same(
        fitted(X, address, kind="spin", method="pseudolikelihood"), fitted(X, kind="spin", method="pseudolikelihood"), 0
    )


def test_the_ladder_climbs_on_a_cluster(client):
    X = chain_of_spins(10, 8200, 3)
    ladders = [
        cl
        .HamiltonianDensity(
            kind="spin",
            order="auto",
            method="pseudolikelihood",
            regularization=1.0,
            cv=2,
            engine=engine,
            random_state=0,
        )
        .fit(X)
        .ladder_
        for engine in ("numpy", "dask")
    ]
    np.testing.assert_allclose(ladders[0].loss, ladders[1].loss, rtol=1e-9)


@pytest.mark.parametrize("engine", ["cuda", 3, None, "localhost"])
def test_only_engines_are_accepted(engine):
    with pytest.raises(ValueError, match=r'`engine` of `HamiltonianDensity` must be "numpy", "dask" or the address'):
        fitted(chain_of_spins(0, 50, 3), engine, kind="spin")


def test_dask_without_a_client_says_how_to_open_one(monkeypatch):
    def none():
        message = "No global client found"
        raise ValueError(message)

    monkeypatch.setattr(dask_distributed, "get_client", none)
    with pytest.raises(ValueError, match=r"no Dask client is open, got 'dask'.*client = Client\(\)"):
        fitted(chain_of_spins(0, 50, 3), kind="spin")


def test_missing_dask_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r"Dask is missing.*cheaplearn\[distributed\]"):
        fitted(chain_of_spins(0, 50, 3), kind="spin")


def test_an_address_where_nothing_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(clusters, "SECONDS", 1)
    before = time.monotonic()
    with pytest.raises(ValueError, match=r"answers within 1 s, got 'tcp://127.0.0.1:1'"):
        fitted(chain_of_spins(0, 50, 3), "tcp://127.0.0.1:1", kind="spin")
    assert time.monotonic() - before < 10


def test_a_cluster_without_workers_is_given_up(monkeypatch):
    monkeypatch.setattr(clusters, "SECONDS", 0.5)
    with (
        dask_distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        pytest.raises(ValueError, match=r"a worker within 0.5 s, got '.*' without workers"),
    ):
        fitted(chain_of_spins(0, 50, 3), empty.scheduler_address, kind="spin")


def collection(X, rows=4500, columns=None):
    """The array in chunks, also of columns."""
    return dask_array.from_array(X, chunks=(rows, columns or X.shape[1]))


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("spin", {"method": "screening", "l1": "auto"}),
        ("bit", {"method": "likelihood"}),
        ("category", {"method": "screening"}),
        ("category", {"method": "pseudolikelihood", "labels": ["c", "a", "b"]}),
    ],
)
def test_a_dask_array_has_the_couplings_of_its_values(client, kind, arguments):
    X = categories(11) if kind == "category" else chain_of_spins(12)
    X = (X + 1) // 2 if kind == "bit" else X
    weight = np.random.default_rng(13).integers(0, 4, len(X)).astype(float)
    here = fitted(X, "numpy", weight, kind=kind, **arguments)
    there = fitted(collection(X, columns=5), "dask", weight, kind=kind, **arguments)
    assert_same(here, there)
    assert here.notes_ == there.notes_
    assert here.alphabet_ == there.alphabet_


def test_chunks_never_come_to_the_client(client, monkeypatch):
    def chunk(block_info):
        return chain_of_spins(block_info[None]["chunk-location"][0], *block_info[None]["chunk-shape"])

    X = dask_array.map_blocks(chunk, chunks=((5000,) * 3, (16,)), dtype=int)
    arguments = {"kind": "spin", "method": "screening", "standard_errors": False}
    here = cl.HamiltonianDensity(**arguments).fit(np.concatenate([chain_of_spins(k, 5000, 16) for k in range(3)]))
    sizes, one = [], dask_distributed.Future.result

    def result(self, *arguments, **options):
        value = one(self, *arguments, **options)
        sizes.append(len(pickle.dumps(value)))
        return value

    monkeypatch.setattr(dask_distributed.Future, "result", result)
    monkeypatch.setattr(dask_distributed.Client, "gather", None)
    there = cl.HamiltonianDensity(engine="dask", **arguments).fit(X)
    x, y = (model.hamiltonian_.couplings.value.to_numpy() for model in (here, there))
    np.testing.assert_allclose(x, y, rtol=0, atol=1e-6 * np.abs(x).max())
    assert 0 < max(sizes) < 10_000  # bytes; the codes of the rows of one chunk have 5000 x 16


def test_lost_chunks_are_computed_again(client, monkeypatch):
    X = collection(categories(14))
    undisturbed = fitted(X, kind="category", method="pseudolikelihood")
    second, killed = distributed.ClusterSums.second, []

    def kill_then_second(self, theta, direction):
        if not killed:
            owner = next(iter(client.who_has(self.partitions[-1:]).values()))[0]
            os.kill(client.run(os.getpid, workers=[owner])[owner], signal.SIGKILL)
            killed.append(owner)
        return second(self, theta, direction)

    monkeypatch.setattr(distributed.ClusterSums, "second", kill_then_second)
    disturbed = fitted(X, kind="category", method="pseudolikelihood")
    assert killed[0] not in client.nthreads()
    assert_same(undisturbed, disturbed, tolerance=0)


def test_a_collection_has_the_notes_of_its_values(client):
    X = chain_of_spins(15, 3000, 6)
    X[:, 2], X[:, 4] = X[:, 1], 1
    X[(X[:, 0] > 0), 5] = 1
    for part in (X, np.tile(X[:4], (50, 1))):
        arguments = {"kind": "spin", "method": "pseudolikelihood", "regularization": 100.0}
        with pytest.warns(UserWarning, match="HamiltonianDensity"):
            here = cl.HamiltonianDensity(**arguments).fit(part)
        with pytest.warns(UserWarning, match="HamiltonianDensity"):
            there = cl.HamiltonianDensity(engine="dask", **arguments).fit(collection(part, 1000))
        assert len(here.notes_) >= 2
        assert here.notes_ == there.notes_


def test_a_dask_data_frame_names_the_sites(client):
    dask_frame = pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame(categories(16, 6000, 3), columns=["left", "middle", "right"])
    here = fitted(frame, "numpy", kind="category", method="pseudolikelihood")
    there = fitted(dask_frame.from_pandas(frame, npartitions=2), kind="category", method="pseudolikelihood")
    assert here.feature_names_in_.tolist() == there.feature_names_in_.tolist()
    assert_same(here, there)


def test_chunks_may_be_empty_or_without_weight(client):
    X, weight = chain_of_spins(17, 9000, 4), np.ones(9000)
    weight[3000:6000] = 0
    spread = collection(X, (3000, 0, 3000, 3000))
    there = fitted(
        spread, weight=dask_array.from_array(weight, chunks=spread.chunks[:1]), kind="spin", method="screening"
    )
    assert_same(fitted(X, "numpy", weight, kind="spin", method="screening"), there)


@pytest.mark.parametrize(
    ("kind", "wrong", "message"),
    [
        ("spin", 3, r"one of -1, 1 in column 2 \(x2\), got 3.0 in row 4711"),
        ("spin", np.nan, r"one of -1, 1 in column 2 \(x2\), got nan in row 4711"),
        ("category", None, "without missing values in column x2, got row 4711"),
        ("category", 1.5, "of one type in column x2, got text and numbers"),
    ],
)
def test_a_wrong_value_is_found_in_its_row(client, kind, wrong, message):
    X = categories(18).astype(object) if kind == "category" else chain_of_spins(18).astype(float)
    X[4711, 2] = wrong
    with pytest.raises(ValueError, match=message):
        fitted(collection(X), kind=kind)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(7), r"of shape \(6000,\), got shape \(7,\)"),
        (-np.ones(6000), "finite and not negative, got -1"),
        (np.zeros(6000), "positive for some sample, got none"),
        (dask_array.ones(6000, chunks=1000), "chunks of as many rows as those of X"),
    ],
)
def test_wrong_weights_of_a_collection_are_refused(client, weight, message):
    with pytest.raises(ValueError, match=f"`sample_weight` of `HamiltonianDensity` must be .*{message}"):
        fitted(collection(chain_of_spins(19, 6000, 3)), weight=weight, kind="spin")


def test_what_a_collection_cannot_have_is_said(client):
    X = collection(chain_of_spins(20, 6000, 3))
    with pytest.raises(ValueError, match=r'`engine` .* must be "dask" or an address for a Dask collection'):
        fitted(X, "numpy", kind="spin")
    with pytest.raises(ValueError, match=r"`X` .* must be an array where families or regularizations are compared"):
        fitted(X, kind="spin", order="auto")
    with pytest.raises(ValueError, match=r"`groups` .* must be None for a Dask collection"):
        cl.HamiltonianDensity(kind="spin", engine="dask").fit(X, groups=np.ones(6000))
    with pytest.raises(ValueError, match=r"`X` .* must be of shape \(samples, n\), got shape \(6000,\)"):
        fitted(X[:, 0], kind="spin")
    with pytest.raises(ValueError, match=r"`geometry` .* one site per column of X"):
        fitted(X, kind="spin", geometry=cl.Chain(4))
