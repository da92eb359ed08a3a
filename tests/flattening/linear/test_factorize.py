"""Cheaper chains for given matrices: planted structure is recovered, and what has none is not claimed to have any."""

import numpy as np
import pytest

import cheaplearn.flattening.linear as linear


def fresh():
    return np.random.default_rng(np.random.SeedSequence().entropy)


def random_butterfly(rng, n):
    product = np.eye(n)
    for factor in linear.hadamard(n).factors:
        random = factor.copy()
        random.data = rng.standard_normal(factor.nnz)
        product = product @ random.toarray()
    return product


@pytest.mark.parametrize("transform", [linear.hadamard, linear.fft])
@pytest.mark.parametrize("n", [4, 64, 128])
def test_butterflies_of_transforms_are_recovered(transform, n):
    A = transform(n).dense()
    found = linear.factorize(A)
    assert found.synapses == transform(n).synapses
    assert found.error <= 1e-13
    assert found.max_error <= 1e-10
    assert n == 4 or found.method == "butterfly"


def test_butterfly_of_the_inverse_and_of_a_mixed_size_is_recovered():
    for chain in (linear.fft(64, inverse=True), linear.fft(60)):
        found = linear.factorize(chain.dense(), method="butterfly")
        assert found.synapses == chain.synapses
        assert found.error <= 1e-13


@pytest.mark.parametrize("trial", range(3))
@pytest.mark.parametrize("n", [8, 32, 64])
def test_random_butterflies_are_recovered_in_order_shuffled_and_scaled(trial, n):
    rng = fresh()
    A = random_butterfly(rng, n)
    rows, columns = rng.permutation(n), rng.permutation(n)
    scaled = rng.uniform(0.5, 2, n)[:, None] * A * rng.uniform(0.5, 2, n)
    for matrix in (A, scaled, A[rows][:, columns], scaled[rows][:, columns]):
        found = linear.factorize(matrix, method="butterfly")
        assert found.synapses == 2 * n * np.log2(n)
        assert found.error <= 1e-10


@pytest.mark.parametrize("transform", [linear.hadamard, linear.fft])
def test_transforms_in_unknown_order_are_recovered(transform):
    rng = fresh()
    A = transform(64).dense()[rng.permutation(64)][:, rng.permutation(64)]
    found = linear.factorize(A, method="butterfly")
    assert found.synapses == 768
    assert found.error <= 1e-13


def test_butterfly_with_noise_is_found_with_the_error_of_the_noise():
    rng = fresh()
    noise = rng.standard_normal((64, 64))
    A = linear.hadamard(64).dense() + 1e-3 * noise
    found = linear.factorize(A, error=2e-3)
    assert found.method == "butterfly"
    assert 5e-4 < found.error < 1.1e-3


@pytest.mark.parametrize("trial", range(3))
def test_planted_low_rank_and_sparse_part_are_recovered_exactly(trial):
    rng = fresh()
    n, k = 100, 4
    planted = np.where(rng.random((n, n)) < 0.04, 5 * rng.standard_normal((n, n)), 0)
    A = rng.standard_normal((n, k)) @ rng.standard_normal((k, n)) + planted
    found = linear.factorize(A, method="sparse_plus_low_rank")
    entries, columns = np.count_nonzero(planted), min(np.any(planted, axis=0).sum(), np.any(planted, axis=1).sum())
    assert found.error <= 1e-10
    assert found.synapses == 2 * n * k - k * k + k + entries + columns
    assert found.chain.skip_synapses <= found.synapses
    assert found.saving > 5


@pytest.mark.parametrize("trial", range(3))
def test_product_of_two_sparse_matrices_is_taken_apart(trial):
    rng = fresh()
    seeds = rng.integers(0, 2**31, 2)
    B, C = (linear.random_sparse(96, 0.05, seed, "normal") for seed in seeds)
    A = (B @ C).toarray()
    found = linear.factorize(A, method="sparse")
    assert found.error <= 1e-10
    assert found.synapses <= 1.3 * (B.nnz + C.nnz)
    assert found.synapses < np.count_nonzero(A) / 1.3


def test_low_rank_is_found_and_cheapest_where_it_is_planted():
    rng = fresh()
    A = rng.standard_normal((40, 3)) @ rng.standard_normal((3, 50))
    found = linear.factorize(A)
    assert found.synapses == 3 * 90 - 9 + 3
    assert found.error <= 1e-12


def test_random_dense_matrix_is_honestly_not_cheaper():
    A = fresh().standard_normal((48, 48))
    found = linear.factorize(A)
    assert found.synapses == 48 * 48
    assert found.saving == 1
    assert found.method == "dense"
    assert found.reached
    assert "No chain with fewer synapses" in found.message
    assert {"butterfly", "low_rank", "sparse_plus_low_rank", "sparse", "dense"} == set(found.table["method"])


@pytest.mark.parametrize("error", [0.05, 0.3])
def test_allowed_error_is_used_and_kept(error):
    A = fresh().standard_normal((40, 30))
    found = linear.factorize(A, error=error)
    assert found.error <= error
    assert found.synapses < 40 * 30


def test_named_method_that_does_not_reach_the_error_says_so():
    found = linear.factorize(fresh().standard_normal((16, 16)), method="butterfly")
    assert not found.reached
    assert "was not reached" in found.message


def test_method_that_does_not_apply_gives_the_matrix_itself():
    A = fresh().standard_normal((7, 7))
    found = linear.factorize(A, method="butterfly")
    assert found.method == "dense"
    assert found.table["note"].tolist() == ["no such structure found", "the matrix itself"]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_factors_are_no_more_than_allowed(most):
    A = linear.hadamard(64).dense()
    found = linear.factorize(A, method="butterfly", max_factors=most)
    assert found.chain.depth <= most
    assert found.error <= 1e-13
    assert found.synapses == {1: 4096, 2: 64 * 8 * 2, 3: 64 * 4 * 3}[most]


def test_zero_matrix_and_one_row_are_handled():
    assert linear.factorize(np.zeros((4, 4))).synapses == 0
    assert linear.factorize([[1.0, 2.0, 3.0]]).synapses == 3


def test_result_leads_to_a_network():
    A = fresh().standard_normal((12, 2)) @ fresh().standard_normal((2, 9))
    found = linear.factorize(A)
    X = fresh().standard_normal((5, 9))
    assert np.allclose(found.chain.to_network()(X), X @ A.T, rtol=0, atol=1e-12)
    assert "saving" in repr(found)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: linear.factorize([[np.nan]]), "finite"),
        (lambda: linear.factorize(np.eye(3), error=1.0), "less than 1"),
        (lambda: linear.factorize(np.eye(3), error=-1e-3), "at least 0"),
        (lambda: linear.factorize(np.eye(3), method="best"), "one of auto, butterfly"),
        (lambda: linear.factorize(np.eye(3), max_factors=0), "positive integer"),
    ],
)
def test_bad_arguments_are_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()
