"""The same regression from tensors, from a stream of chunks, and from a cluster; and in how much memory."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from cheaplearn import Chain, HamiltonianRegressor

N_WIDE, SAMPLES = 200, 10_000


def couplings_of(model):
    return model.hamiltonian_.coefficients, model.hamiltonian_.raw_standard_errors, np.atleast_1d(model.noise_)


def assert_same(one, other, tolerance):
    for a, b in zip(couplings_of(one), couplings_of(other), strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=tolerance * np.nanmax(np.abs(a)))  # NaN where a has it


def noisy(seed, samples=600, n=4):
    rng = np.random.default_rng(seed)
    X = rng.normal(1, 1, size=(samples, n))
    Y = np.column_stack([X[:, 0] * X[:, 1] + 2, X[:, 2] ** 2 - X[:, 3]])
    return X, Y + 0.1 * rng.normal(size=Y.shape)


@pytest.mark.parametrize("rho", [0.0, 3.0])
@pytest.mark.parametrize("symmetry", [None, "permutation"])
def test_a_stream_of_chunks_gives_the_fit_of_all_samples(rho, symmetry):
    X, Y = noisy(1)
    weight = np.random.default_rng(2).integers(0, 3, len(X)).astype(float)
    arguments = {"symmetry": symmetry, "regularization": rho, "cv": None}
    whole = HamiltonianRegressor(3, "all", **arguments).fit(X, Y, sample_weight=weight)
    stream = HamiltonianRegressor(3, "all", **arguments)
    for part in np.split(np.arange(len(X)), [50, 210, 211, 400]):
        stream.partial_fit(X[part], Y[part], sample_weight=weight[part] if weight[part].any() else None)
    assert_same(whole, stream, 1e-12)
    np.testing.assert_allclose(stream.predict(X), whole.predict(X), rtol=1e-12, atol=1e-12)
    assert stream.fit(X[:100], Y[:100]).predict(X).shape == Y.shape  # a fit begins anew
    assert_same(stream, HamiltonianRegressor(3, "all", **arguments).fit(X[:100], Y[:100]), 1e-12)


def test_a_stream_needs_one_family_and_refuses_another():
    X, Y = noisy(3)
    for arguments in ({}, {"order": 1, "radius": "all", "regularization": 0, "sparse": True}):
        model = HamiltonianRegressor(**arguments)
        assert not hasattr(model, "partial_fit")
    model = HamiltonianRegressor(2, "all", regularization=0).partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"`y` of `HamiltonianRegressor.partial_fit` must be of 2 outputs"):
        model.partial_fit(X, Y[:, 0])
    with pytest.raises(ValueError, match="X has 3 features, but HamiltonianRegressor is expecting 4"):
        model.partial_fit(X[:, :3], Y)
    with pytest.raises(ValueError, match=r"must be as in earlier calls \(order 2, radius all\), got order 3"):
        model.set_params(order=3).partial_fit(X, Y)


@pytest.mark.parametrize(("name", "tolerance"), [("float64", 1e-10), ("float32", 1e-5)])
def test_tensors_give_the_answer_of_arrays(name, tolerance):
    torch = pytest.importorskip("torch")
    X, Y = noisy(4)
    places = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])
    weight = np.random.default_rng(5).integers(0, 3, len(X)).astype(float)
    for sparse in (False, True):
        arguments = {"order": [1, 2, 3], "random_state": 0, "sparse": sparse}
        array = HamiltonianRegressor(**arguments).fit(X, Y, sample_weight=weight)
        for place in places:
            T, U = (torch.tensor(values, dtype=getattr(torch, name), device=place) for values in (X, Y))
            tensor = HamiltonianRegressor(**arguments).fit(T, U, sample_weight=weight)
            scale = np.abs(Y).max()
            assert np.abs(tensor.predict(T) - array.predict(X)).max() <= tolerance * scale
            np.testing.assert_allclose(tensor.ladder_["loss"], array.ladder_["loss"], atol=10 * tolerance)
            assert tensor.order_ == array.order_


def test_tensors_that_are_no_samples_are_refused():
    torch = pytest.importorskip("torch")
    X, Y = map(torch.tensor, noisy(6))
    for X_bad, y_bad, message in (
        (X[:, 0], Y, r"`X` of `HamiltonianRegressor` must be of shape \(samples, n\), floating point"),
        (X, Y[:-1], r"`y` of `HamiltonianRegressor` must be of shape \(600,\)"),
        (X * torch.inf, Y, r"`X` of `HamiltonianRegressor` must be finite"),
    ):
        with pytest.raises(ValueError, match=message):
            HamiltonianRegressor(1).fit(X_bad, y_bad)


def peak(function):
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_stays_far_below_that_of_the_design_matrix():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(SAMPLES, N_WIDE))
    y = np.sum(X[:, 1:] * X[:, :-1], axis=1) + rng.normal(size=SAMPLES)
    polynomial_features = SAMPLES * ((N_WIDE + 1) * (N_WIDE + 2) // 2) * X.itemsize
    arguments = {"order": 2, "radius": 1, "geometry": Chain(N_WIDE)}
    HamiltonianRegressor(**arguments, regularization=0, cv=None).fit(X[:700], y[:700])  # imports are not counted

    def stream():
        model = HamiltonianRegressor(**arguments, regularization=0, cv=None)
        for k in range(0, SAMPLES, 2500):
            model.partial_fit(X[k : k + 2500], y[k : k + 2500])

    one = HamiltonianRegressor(**arguments, regularization=0, cv=None)
    assert peak(lambda: one.fit(X, y)) * 50 < polynomial_features
    assert peak(stream) * 50 < polynomial_features
    assert peak(lambda: HamiltonianRegressor(**arguments, cv=5).fit(X, y)) * 25 < polynomial_features


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    silent = {"processes": False, "dashboard_address": ":0", "silence_logs": 50}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, **silent) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.parametrize("sparse", [False, True])
def test_a_cluster_finds_the_ladder_of_one_machine(client, sparse):
    import dask.array as da
    import dask.dataframe as dd

    X, Y = noisy(8, samples=3000)
    weight = np.random.default_rng(9).integers(0, 3, len(X)).astype(float)
    weight[1000:1500] = 0  # a whole chunk
    arguments = {"order": [1, 2, 3], "random_state": 0, "sparse": sparse}
    here = HamiltonianRegressor(**arguments).fit(X, Y, sample_weight=weight)
    frame = dd.from_pandas(pd.DataFrame(X, columns=list("abcd")), npartitions=3)
    for A, B in (
        (X, Y),
        (da.from_array(X, chunks=(500, 3)), da.from_array(Y, chunks=(700, 1))),
        (frame, Y),
        (da.from_array(X, chunks=(500, 4)), Y),
    ):
        there = HamiltonianRegressor(**arguments, engine="dask").fit(A, B, sample_weight=weight)
        np.testing.assert_allclose(there.ladder_["loss"], here.ladder_["loss"], rtol=1e-10)
        assert_same(here, there, 1e-10)
    address = HamiltonianRegressor(2, engine=client.scheduler.address, random_state=0).fit(X, Y)
    assert_same(HamiltonianRegressor(2, random_state=0).fit(X, Y), address, 1e-10)


def test_what_a_cluster_cannot_do_is_refused(client, tmp_path):
    import dask.array as da

    X, Y = noisy(10)
    lazy = da.from_array(X, chunks=(100, 4))
    for arguments, A, B, message in (
        ({}, lazy, Y, '`X` of `HamiltonianRegressor` must be a NumPy array where engine is "numpy", got Array'),
        (
            {"engine": "dask", "checkpoint": tmp_path},
            lazy,
            Y,
            "`checkpoint` of .* must be None for a Dask",
        ),
        ({"engine": "dask"}, lazy, Y[:5], "`y` of `HamiltonianRegressor` must be of 600 rows, got 5"),
        ({"engine": "dask"}, da.where(lazy > 2, np.nan, lazy), Y, "`X` of `HamiltonianRegressor` must be finite"),
    ):
        with pytest.raises(ValueError, match=message):
            HamiltonianRegressor(1, **arguments).fit(A, B)
