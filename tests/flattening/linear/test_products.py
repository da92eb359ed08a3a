"""Low rank, products of sparse matrices, Strassen: counts by formula, products against NumPy."""

import numpy as np
import pytest

import cheaplearn.flattening.linear as linear

SEEDS = [0, 1, 2]


def of_rank(rng, m, n, k):
    return rng.standard_normal((m, k)) @ rng.standard_normal((k, n))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("m", "n", "k"), [(20, 20, 3), (12, 30, 5), (30, 12, 1), (9, 9, 9)])
def test_low_rank_counts_and_reproduces_the_matrix(seed, m, n, k):
    A = of_rank(np.random.default_rng(seed), m, n, k)
    plain, block = linear.low_rank(A), linear.low_rank(A, identity_block=True)
    assert plain.synapses == k * (m + n)
    assert block.synapses == k * (m + n) - k * k + k
    assert max(plain.error(), block.error()) <= 1e-11
    assert plain.dense_synapses == m * n


@pytest.mark.parametrize("seed", SEEDS)
def test_truncated_low_rank_has_the_least_frobenius_error(seed):
    A = np.random.default_rng(seed).standard_normal((15, 10))
    s = np.linalg.svd(A, compute_uv=False)
    for identity_block in (False, True):
        chain = linear.low_rank(A, 4, identity_block)
        assert np.linalg.norm(chain.dense() - A) == pytest.approx(np.linalg.norm(s[4:]), rel=1e-9)


@pytest.mark.parametrize("density", [0.02, 0.05, 0.2])
def test_random_sparse_products_cost_what_is_expected(density):
    n, trials = 200, 8
    costs = []
    for seed in range(trials):
        A, B = (linear.random_sparse(n, density, 2 * seed + i) for i in (0, 1))
        chain = linear.sparse_product(A, B)
        assert chain.dense_synapses == np.count_nonzero(A.toarray() @ B.toarray())
        assert chain.synapses == A.nnz + B.nnz
        costs.append(chain.flattening_cost)
    deviation = np.std(costs, ddof=1) / trials**0.5
    assert np.mean(costs) == pytest.approx(linear.sparse_product_cost(n, density), abs=4 * deviation + 0.005)


def test_sparse_product_cost_is_the_formula():
    assert linear.sparse_product_cost(100, 0.1) == pytest.approx((1 - 0.99**100) / 0.2, rel=1e-12)
    assert linear.sparse_product_cost(100, 1) == 0.5


@pytest.mark.parametrize("values", ["ones", "signs", "normal"])
def test_random_sparse_keeps_to_its_density_and_seed(values):
    A = linear.random_sparse(300, 0.1, 7, values)
    assert abs(A.nnz / 90000 - 0.1) < 0.006
    assert np.array_equal(A.toarray(), linear.random_sparse(300, 0.1, 7, values).toarray())


@pytest.mark.parametrize(("n", "levels"), [(2, 1), (4, 2), (8, 3), (8, 1), (16, 2), (16, 4)])
def test_strassen_counts_follow_the_recurrence(n, levels):
    A = np.random.default_rng(np.random.SeedSequence().entropy).standard_normal((n, n))
    chain = linear.strassen(A, levels)
    assert chain.synapses == linear.strassen_synapses(n, leaf=n >> levels)
    assert chain.dense_synapses == n**3
    assert chain.error() <= 1e-11
    assert chain.depth == 2 * levels + 1


@pytest.mark.parametrize("shape", [(5, 5, 5), (7, 3, 2), (1, 9, 4), (6, 10, 3)])
@pytest.mark.parametrize("levels", [None, 0, 1, 2])
def test_strassen_multiplies_matrices_of_any_size(shape, levels):
    m, n, c = shape
    if levels is not None and levels > (max(shape) - 1).bit_length():
        pytest.skip("no more levels than the size has")
    rng = np.random.default_rng(np.random.SeedSequence().entropy)
    A, B = rng.standard_normal((m, n)), rng.standard_normal((n, c))
    chain = linear.strassen(A, levels, columns=c)
    assert np.allclose(chain(B.reshape(1, -1))[0], (A @ B).ravel(), rtol=0, atol=1e-12)
    assert chain.dense_synapses == m * n * c


def test_strassen_with_dense_leaves_of_32_wins_from_64_as_a_real_chain():
    A = np.random.default_rng(0).standard_normal((64, 64))
    chain = linear.strassen(A)
    assert chain.synapses == linear.strassen_synapses(64, 32) == 253_952 < 64**3 == chain.dense_synapses
    B = np.random.default_rng(1).standard_normal((64, 64))
    assert np.allclose(chain(B.reshape(1, -1))[0], (A @ B).ravel(), rtol=0, atol=1e-11)


def test_strassen_recurrence_and_crossovers_are_those_of_the_theory():
    for levels in range(12):
        assert linear.strassen_synapses(2**levels) == 9 * 7**levels - 8 * 4**levels
    assert linear.strassen_crossover() == 131_072
    assert linear.strassen_synapses(65_536) >= 65_536**3
    assert linear.strassen_synapses(131_072) < 131_072**3
    assert linear.strassen_crossover(leaf=32) == 64
    assert linear.strassen_synapses(512, 32) / 512**3 < linear.strassen_synapses(256, 32) / 256**3 < 1


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: linear.low_rank([[1, np.nan]]), r"`A` of `low_rank` must be finite, got nan at \[0, 1\]"),
        (lambda: linear.low_rank(np.ones(3)), "a matrix with entries"),
        (lambda: linear.low_rank([["a"]]), "numeric"),
        (lambda: linear.low_rank(np.eye(3), 4), "between 0 and 3"),
        (lambda: linear.sparse_product(np.eye(2), np.eye(3)), "of 2 rows"),
        (lambda: linear.random_sparse(5, 1.5), "between 0 and 1"),
        (lambda: linear.sparse_product_cost(5, 0), "positive"),
        (lambda: linear.strassen(np.eye(4), 3), "between 0 and 2"),
        (lambda: linear.strassen_synapses(12, 8), "leaf times a power of two"),
    ],
)
def test_bad_arguments_are_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()
