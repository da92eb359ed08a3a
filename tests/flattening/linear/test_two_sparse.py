"""Two refitted sparse factors: each step lowers what it says it lowers, and loose tolerances get fewer synapses."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

import cheaplearn.flattening.linear as linear
from cheaplearn.flattening.linear.refitting import SparsePair, refitted, swept

REFITTED = "two refitted sparse factors"


def fresh():
    return np.random.default_rng(np.random.SeedSequence().entropy)


def smooth(rng, m, n, power=1.0):
    """Singular values 1 / i^power, vectors at random."""
    U, _ = np.linalg.qr(rng.standard_normal((m, m)))
    V, _ = np.linalg.qr(rng.standard_normal((n, n)))
    s = np.arange(1, min(m, n) + 1) ** -power
    return (U[:, : len(s)] * s) @ V[:, : len(s)].T


def normal(rng, shape, kind):
    return rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if kind == "complex" else 0)


def total(A, pair, price):
    return np.linalg.norm(A - pair.left @ pair.right) ** 2 + price * pair.synapses


def others(found):
    """Synapses of the cheapest attempt within the error that is not the refitted pair: what was found before."""
    rows = found.table
    return rows[rows["within"] & (rows["note"] != REFITTED)]["synapses"].min()


@pytest.fixture(scope="module")
def layer():
    X, y = load_digits(return_X_y=True)
    with warnings.catch_warnings(), threadpool_limits(1):  # more threads take ten times as long on a busy machine
        warnings.simplefilter("ignore")  # 60 steps are enough for a matrix that looks trained
        net = MLPClassifier((96,), max_iter=60, random_state=0).fit(X / 16, y)
    return net.coefs_[0].T


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("price", [0.0, 0.3, 3.0])
def test_sweep_never_raises_error_plus_price(kind, price):
    rng = fresh()
    A = normal(rng, (12, 9), kind)
    pair = SparsePair(normal(rng, (12, 7), kind), normal(rng, (7, 9), kind))
    totals = [total(A, pair, price)]
    for _ in range(15):
        pair = swept(A, pair, price, 1)
        totals.append(total(A, pair, price))
    assert np.all(np.diff(totals) <= 1e-12 * totals[0])
    assert totals[-1] < 0.9 * totals[0]


def test_after_many_sweeps_no_single_entry_can_be_bettered():
    rng, price = fresh(), 0.8
    A = rng.standard_normal((7, 6))
    pair = swept(A, SparsePair(np.eye(7), A.copy()), price, 3000)
    least = total(A, pair, price)
    assert 0 < pair.synapses < 42
    for name in ("left", "right"):
        entries = getattr(pair, name)
        for index in np.ndindex(entries.shape):
            for value in (0, entries[index] - 1e-3, entries[index] + 1e-3, -entries[index]):
                changed = entries.copy()
                changed[index] = value
                other = SparsePair(changed, pair.right) if name == "left" else SparsePair(pair.left, changed)
                assert total(A, other, price) >= least - 1e-7


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_refit_is_least_squares_on_the_support_and_never_worse(kind):
    rng = fresh()
    A = normal(rng, (14, 11), kind)
    left = np.where(rng.random((14, 8)) < 0.4, normal(rng, (14, 8), kind), 0)
    right = np.where(rng.random((8, 11)) < 0.4, normal(rng, (8, 11), kind), 0)
    pair, errors = SparsePair(left, right), []
    for _ in range(8):
        errors.append(pair.squared_error(A))
        before, pair = pair, refitted(A, pair, 1)
        assert not np.any(pair.left[left == 0])
        assert not np.any(pair.right[right == 0])
        for j in range(11):  # the right factor was fitted to the left one before, column by column
            used = right[:, j] != 0
            twin = np.linalg.lstsq(before.left[:, used], A[:, j], rcond=None)[0]
            assert pair is before or np.allclose(before.left[:, used] @ (pair.right[used, j] - twin), 0, atol=1e-9)
    assert np.all(np.diff(errors) <= 0)
    assert errors[-1] < 0.9 * errors[0]


def test_refit_survives_equal_units():
    rng = fresh()
    A, column = rng.standard_normal((6, 5)), rng.standard_normal((6, 1))
    pair = SparsePair(np.hstack([column, column, rng.standard_normal((6, 1))]), rng.standard_normal((3, 5)))
    assert refitted(A, pair).squared_error(A) <= pair.squared_error(A)


def test_pruning_takes_the_entries_of_least_loss():
    pair = SparsePair(np.array([[3.0, 0.1], [0.0, 2.0]]), np.array([[1.0, 0.2], [5.0, 1.0]]))
    # losses: left 9 * 1.04, 0.01 * 26, -, 4 * 26; right 1 * 9, 0.04 * 9, 25 * 4.01, 1 * 4.01
    pruned = pair.pruned(2)
    assert pruned.left.tolist() == [[3.0, 0.0], [0.0, 2.0]]
    assert pruned.right.tolist() == [[1.0, 0.0], [5.0, 1.0]]


@pytest.mark.parametrize("error", [0.03, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("shape", [(40, 60), (48, 30)])
def test_smooth_spectra_get_fewer_synapses_within_the_error(shape, error):
    A = smooth(fresh(), *shape)
    found = linear.factorize(A, error=error)
    assert found.best.note == REFITTED
    assert found.chain.depth == 2
    assert np.linalg.norm(A - found.chain.dense()) <= error * np.linalg.norm(A)
    assert found.synapses < 0.95 * others(found)
    assert found.error > 0.9 * error  # what is allowed is used


@pytest.mark.parametrize(("error", "share"), [(0.1, 0.9), (0.3, 0.8), (0.5, 0.75)])
def test_trained_layer_gets_fewer_synapses_within_the_error(layer, error, share):
    found = linear.factorize(layer, error=error)
    assert found.best.note == REFITTED
    assert found.error <= error
    assert found.synapses <= share * others(found)
    assert found.chain.skip_synapses <= found.synapses


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_scale_of_the_matrix_does_not_matter(scale):
    A = smooth(fresh(), 20, 16)
    found = linear.factorize(scale * A, error=0.2, method="sparse")
    assert found.synapses == pytest.approx(linear.factorize(A, error=0.2, method="sparse").synapses, rel=0.1)
    assert found.error <= 0.2


def test_same_matrix_gives_the_same_factors():
    A = smooth(fresh(), 24, 24)
    first, second = (linear.factorize(A, error=0.3, method="sparse").chain for _ in range(2))
    assert np.array_equal(first.dense(), second.dense())


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (2, 2), (3, 20)])
def test_small_and_narrow_matrices_are_handled(shape):
    A = fresh().standard_normal(shape)
    found = linear.factorize(A, error=0.4)
    assert found.error <= 0.4
    assert found.synapses <= A.size


def test_tight_tolerances_are_left_to_the_other_methods():
    notes = linear.factorize(smooth(fresh(), 20, 20), error=1e-4).table["note"].tolist()
    assert REFITTED not in notes
