"""Chunks of samples that are seen once: the couplings of all samples, whatever the chunks; memory; what is refused."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from real_fields import gaussian_ring, phi4_ring
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import PolynomialFeatures

from cheaplearn import Chain, HamiltonianDensity

RING = Chain(4, periodic=True)


def samples(seed, count=400):
    """Four real variables of different units, not Gaussian."""
    rng = np.random.default_rng(seed)
    X = phi4_ring(4, count, seed, sweeps=30)
    return X * 10.0 ** rng.uniform(-2, 2, 4) + rng.normal(size=4)


def fields(seed, count=400):
    return 3 * phi4_ring(4, count, seed, sweeps=30)


def scaled_couplings(model, X):
    """Couplings of raw monomials, each times the spread of its variables."""
    (H,) = model.hamiltonian_.to_polynomials()
    sd = X.std(axis=0)
    values = {term: float(value) for term, value in H.terms.items() if term}
    return {term: value * np.prod([sd[i] ** power for i, power in term]) for term, value in values.items()}


def assert_same(one, other, X, tolerance=1e-9):
    a, b = scaled_couplings(one, X), scaled_couplings(other, X)
    assert a.keys() == b.keys()
    assert a
    worst = max(abs(a[term] - b[term]) for term in a)
    assert worst <= tolerance * max(map(abs, a.values()))


def streamed(chunks, weights=None, **settings):
    model = HamiltonianDensity(**settings)
    for k, chunk in enumerate(chunks):
        assert model.partial_fit(chunk, sample_weight=None if weights is None else weights[k]) is model
    return model


def cut(X, rng, pieces=7, first=20):
    """Cuts into chunks of random sizes, some of one sample, the first not too small."""
    edges = np.sort(rng.choice(np.arange(first + 1, len(X)), pieces - 2, replace=False))
    return np.split(X, [first, first + 1, *edges[edges > first + 1]])


FAMILIES = [
    (samples, {"order": 4}),
    (samples, {"order": 2}),
    (samples, {"order": 2, "method": "score matching"}),
    (samples, {"order": 2, "method": "likelihood", "geometry": RING, "radius": 1}),
    (samples, {"terms": [(0, 0), (1, 1), (0, 1), (2, 2), (3, 3), (0, 0, 0, 0), (2, 3)]}),
    (fields, {"order": 4, "geometry": RING, "radius": 1}),
    (fields, {"order": 4, "geometry": RING, "radius": 1, "symmetry": "translation+reflection+sign flip"}),
    (fields, {"order": 2, "geometry": RING, "radius": 1, "symmetry": "translation"}),
    (fields, {"order": 4, "symmetry": "sign flip"}),
]


@pytest.mark.parametrize(("draw", "settings"), FAMILIES)
def test_chunks_have_the_couplings_of_all_samples_in_any_order(draw, settings):
    X, rng = draw(1), np.random.default_rng(2)
    whole = HamiltonianDensity(standard_errors=False, **settings).fit(X)
    chunks = cut(X, rng)
    model = streamed(chunks, **settings)
    assert_same(model, whole, X)
    assert_same(streamed([chunks[k] for k in (0, *rng.permutation(np.arange(1, len(chunks))))], **settings), whole, X)
    assert_same(streamed([X[250:], X[:100], X[100:250]], **settings), whole, X)
    assert (model.order_, model.radius_, model.symmetry_) == (whole.order_, whole.radius_, whole.symmetry_)
    assert (model.method_, model.verdict_, model.notes_[:-1]) == (whole.method_, whole.verdict_, whole.notes_)
    assert model.normalizability_.verdict == whole.normalizability_.verdict
    pd.testing.assert_frame_equal(model.ladder_, whole.ladder_)
    assert np.ptp(model.energy(X) - whole.energy(X)) < 1e-8 * np.ptp(whole.energy(X))


@pytest.mark.parametrize("settings", [{"order": 4}, {"order": 2}])
def test_a_weight_of_two_is_two_samples_and_zero_none(settings):
    X, rng = samples(3), np.random.default_rng(3)
    weight = rng.integers(0, 3, len(X)).astype(float)
    parts = [slice(0, 30), slice(30, 200), slice(200, 400)]
    model = streamed([X[p] for p in parts], [weight[p] for p in parts], **settings)
    assert_same(model, HamiltonianDensity(standard_errors=False, **settings).fit(X, sample_weight=weight), X)
    repeated = np.repeat(X, weight.astype(int), axis=0)
    assert_same(streamed([repeated[:40], repeated[40:]], **settings), model, X)
    assert model.n_samples_seen_ == np.sum(weight > 0)


@pytest.mark.parametrize("bounds", [(0, None), (0, 2.5)])
def test_bounded_variables_depend_on_the_first_chunk_only_by_its_units(bounds):
    rng = np.random.default_rng(4)
    X = rng.beta(1.5, 3.0, (900, 2)) * 2.5
    settings = {"order": 2, "bounds": bounds}
    first, rest = X[:100], X[100:]
    model = streamed([first, *cut(rest, rng)], **settings)
    assert_same(streamed([first, rest[::-1]], **settings), model, X)
    assert_same(HamiltonianDensity(**settings).fit(first), streamed([first], **settings), X)
    whole = HamiltonianDensity(**settings).fit(X).couplings.query("term != '1'")
    apart = model.couplings.query("term != '1'").value_raw - whole.value_raw
    assert np.abs(apart / whole.standard_error).max() < 1  # same couplings of many samples


def test_a_chunk_that_is_refused_changes_nothing():
    rng = np.random.default_rng(5)
    X = rng.exponential(size=(300, 2))
    model = streamed([X[:100]], order=1, bounds=(0, None))
    before = pickle.dumps(model)
    wrong = X[100:].copy()
    wrong[17, 1] = -1.0
    with pytest.raises(ValueError, match=r"within the bounds, got -1 in row 17, column 'x1'"):
        model.partial_fit(wrong)
    with pytest.raises(ValueError, match="NaN"):
        model.partial_fit(np.where(wrong > 0, wrong, np.nan))
    with pytest.raises(ValueError, match="2 features"):
        model.partial_fit(X[:, :1])
    with pytest.raises(ValueError, match="at least one non-zero"):
        model.partial_fit(X, sample_weight=np.zeros(300))
    with pytest.raises(ValueError, match=r"small enough for sums of powers, got 1e\+300"):
        model.partial_fit(X * 0 + 1e300)
    assert pickle.dumps(model) == before
    assert_same(model.partial_fit(X[100:]), streamed([X[:100], X[100:]], order=1, bounds=(0, None)), X, 0)


def test_a_symmetry_that_later_samples_rule_out_is_refused():
    X = fields(6)
    model = streamed([X[:200]], order=4, symmetry="sign flip")
    far = np.concatenate([X + 1e3] * 10)  # in the end the mean is more than 4 standard deviations off
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=r"`symmetry` .* such that the samples can have it"):
        model.partial_fit(far)
    assert pickle.dumps(model) == before


def test_the_first_chunk_must_vary_and_may_then_be_tiny():
    X = samples(7)
    model = HamiltonianDensity(order=4)
    for few in (X[:1], X[[3, 3, 3]]):
        with pytest.raises(ValueError, match=r"a first chunk in which some column varies, got [13] equal sample"):
            model.partial_fit(few)
        with pytest.raises(NotFittedError):
            model.energy(X)
        assert not hasattr(model, "n_features_in_")
    with pytest.warns(UserWarning, match="The samples determine"):
        model.partial_fit(X[:3])
    model.partial_fit(X[3:])
    assert_same(model, HamiltonianDensity(order=4, standard_errors=False).fit(X), X, 1e-6)


def test_units_that_do_not_suit_later_samples_are_said():
    X = samples(8)
    model = streamed([X], order=2)
    with pytest.warns(UserWarning, match="Samples of x2 have mean .* but the first chunk set the units to"):
        model.partial_fit(np.column_stack([X[:, :2], X[:, 2] * 1e4, X[:, 3]]))


def test_what_cannot_be_known_of_samples_that_are_gone_is_said():
    X = samples(9)
    model = streamed([X[:200], X[200:]], order=4)
    assert model.n_samples_seen_ == 400
    assert model.notes_ == [
        "Fitted to 400 samples (total weight 400) in 2 chunks. Standard errors of score matching need the samples "
        "again: `fit` them all, or a part."
    ]
    assert model.hamiltonian_.standard_errors is None
    assert model.verdict_ == "order 4, radius all: 69 numbers; nothing was compared."
    gaussian, whole = streamed([X[:200], X[200:]], order=2), HamiltonianDensity(order=2).fit(X)
    assert gaussian.notes_ == ["Fitted to 400 samples (total weight 400) in 2 chunks."]
    a, b = (model.couplings.query("term != '1'") for model in (gaussian, whole))
    np.testing.assert_allclose(a.standard_error, b.standard_error, rtol=1e-6)


def test_a_stream_survives_pickling_and_a_clone_starts_anew():
    X = samples(10)
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = HamiltonianDensity(order=4).partial_fit(frame[:150])
    again = pickle.loads(pickle.dumps(model)).partial_fit(frame[150:])
    assert_same(again, model.partial_fit(frame[150:]), X, 0)
    assert again.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        model.partial_fit(frame[list("dcba")])
    assert clone(model).partial_fit(frame[:100]).n_samples_seen_ == 100
    assert not hasattr(model.fit(frame), "n_samples_seen_")
    assert model.partial_fit(frame[:50]).n_samples_seen_ == 50


def test_a_ridge_and_a_guarantee_may_change_on_the_way():
    X = fields(11)
    model = streamed([X], order=4, geometry=RING, radius=1)
    model.set_params(regularization=0.1).partial_fit(X)
    assert model.regularization_ == 0.1
    assert_same(model, HamiltonianDensity(order=4, geometry=RING, radius=1, regularization=0.1).fit(X), X)


def test_a_torch_tensor_is_a_chunk():
    torch = pytest.importorskip("torch")
    X = samples(12)
    chunks = [torch.tensor(X[:150]), torch.tensor(X[150:])]
    assert_same(streamed(chunks, order=4), HamiltonianDensity(order=4, standard_errors=False).fit(X), X)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"order": "auto"}, r"`order` .*partial_fit` must be one order, .* got 2 families"),
        ({"radius": "auto", "geometry": RING}, r"one radius, .* got \d families"),
        ({"symmetry": [None, "sign flip"]}, r"one symmetry .* got 2 symmetries"),
        ({"regularization": "search"}, r"a given regularization, got regularization='search'"),
        ({"order": 4, "method": "likelihood"}, r"`method` of `HamiltonianDensity` must be score matching unless"),
        ({"bounds": (1, 0)}, r"`bounds` of `HamiltonianDensity` must be pairs"),
    ],
)
def test_chunks_are_for_one_family(settings, message):
    model = HamiltonianDensity(**settings)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(fields(13))
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize(
    ("name", "value"), [("order", 2), ("method", "score matching"), ("bounds", (-99, 99)), ("geometry", Chain(4))]
)
def test_the_family_may_not_change_between_chunks(name, value):
    model = streamed([fields(14)], order=4)
    with pytest.raises(ValueError, match=rf"`{name}` of `HamiltonianDensity.partial_fit` must be .* as for the chunks"):
        model.set_params(**{name: value}).partial_fit(fields(15))
    model.set_params(**{name: getattr(HamiltonianDensity(order=4), name)}).partial_fit(fields(15))


@pytest.mark.parametrize("kind", ["spin", "bit", "category"])
def test_only_real_densities_take_chunks(kind):
    model = HamiltonianDensity(kind)
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError) as refused:
        model.partial_fit(np.ones((2, 2)))
    assert "`partial_fit` of `HamiltonianDensity` must be asked of kind='real'" in str(refused.value.__cause__)


def peak(function):
    """Returns the bytes that a call holds at most on top of what was there before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        function()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", ["likelihood", "score matching"])
def test_a_local_fit_needs_far_less_memory_than_its_features(method):
    X = gaussian_ring(200, 8000, 16)
    settings = {"order": 2, "radius": 1, "geometry": Chain(200), "method": method, "standard_errors": False}
    HamiltonianDensity(**settings).fit(X[:500])  # imports
    features = peak(lambda: PolynomialFeatures(2).fit_transform(X[:250])) * len(X) / 250  # in proportion to samples
    whole = peak(lambda: HamiltonianDensity(**settings).fit(X))
    chunks = peak(lambda: streamed(np.split(X, 8), **settings))
    assert features > 25 * whole
    assert features > 50 * chunks
