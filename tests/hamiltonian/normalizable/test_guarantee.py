"""Couplings fitted under the condition that the density exists."""

import itertools
import math

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize_scalar

from cheaplearn.geometry import Chain, Grid
from cheaplearn.hamiltonian import Monomials, local_monomials
from cheaplearn.hamiltonian.normalizable import guaranteed_couplings, normalizability
from cheaplearn.polynomial import Polynomial

MARGIN = 1e-6


def energy(monomials, theta, n):
    terms = {
        tuple((i, len(list(g))) for i, g in itertools.groupby(m)): c
        for m, c in zip(monomials, theta.tolist(), strict=True)
    }
    return Polynomial(terms, [f"x{i}" for i in range(n)])


def random_problem(rng, size, rank=None):
    root = rng.normal(size=(size, rank or size + 10))
    A = root @ root.T / root.shape[1]
    return A, A @ rng.normal(size=size) * 3


def loss(A, b, theta):
    return theta @ A @ theta / 2 - b @ theta


@pytest.mark.parametrize(
    ("n", "order", "radius", "geometry"),
    [
        (1, 4, 0, None),
        (3, 4, math.inf, None),
        (5, 2, math.inf, None),
        (16, 4, 1, Chain(16)),
        (9, 4, 1, Grid(3, 3)),
        (6, 6, 1, Chain(6)),
        (36, 2, 1, Grid(6, 6)),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_the_guaranteed_density_exists_where_the_free_optimum_has_none(n, order, radius, geometry, seed):
    rng = np.random.default_rng(seed)
    monomials = local_monomials(n, order, radius, geometry)
    while True:
        A, b = random_problem(rng, len(monomials))
        free = np.linalg.solve(A, b)
        if normalizability(energy(monomials, free, n)).verdict == "no":
            break
    theta = guaranteed_couplings(A, b, monomials)
    assert normalizability(energy(monomials, theta, n)).verdict == "yes"
    assert loss(A, b, theta) > loss(A, b, free)


@pytest.mark.parametrize("seed", range(4))
def test_a_free_optimum_that_has_a_density_is_returned(seed):
    rng = np.random.default_rng(seed)
    monomials = local_monomials(4, 4, 1, Chain(4))
    theta = 0.1 * rng.normal(size=len(monomials))
    theta[[len(m) == 4 and len(set(m)) == 1 for m in monomials]] = 1 + rng.random(4)
    A, _ = random_problem(rng, len(monomials))
    np.testing.assert_allclose(guaranteed_couplings(A, A @ theta, monomials), theta, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_order_two_bounds_the_eigenvalues_of_the_precision_matrix_and_is_optimal(seed):
    """In the Frobenius norm the answer is the projection on matrices with eigenvalues of at least the margin."""
    rng = np.random.default_rng(seed)
    n, margin = 6, 0.1
    monomials = local_monomials(n, 2, math.inf)
    wanted = rng.normal(size=(n, n))
    wanted = wanted + wanted.T
    # sum of squares of theta weighs pairs half as much as the Frobenius norm of the matrix of the form
    rows, columns = np.triu_indices(n)
    weight = np.concatenate([np.ones(n), np.where(rows == columns, 1.0, 0.5)])
    target = np.concatenate([np.zeros(n), np.where(rows == columns, 1, 2) * wanted[rows, columns]])
    theta = guaranteed_couplings(sparse.diags(weight), weight * target, monomials, margin=margin)
    form = np.zeros((n, n))
    form[rows, columns] = theta[n:] * np.where(rows == columns, 1, 0.5)
    form = form + np.triu(form, 1).T
    values, vectors = np.linalg.eigh(wanted)
    np.testing.assert_allclose(form, vectors * np.maximum(values, margin) @ vectors.T, atol=1e-6)


def test_chordal_cliques_lose_nothing_at_order_two():
    """On a ring the condition on cliques must allow every positive definite matrix with the pattern of the ring."""
    n = 8
    ring = [(i,) for i in range(n)], sorted({tuple(sorted((i, (i + k) % n))) for i in range(n) for k in (0, 1)})
    monomials = Monomials(tuple(map(np.array, ring)))
    theta = np.array([1.0 if len(m) == 2 and m[0] == m[1] else 0.0 if len(m) == 1 else -0.999 for m in monomials])
    got = guaranteed_couplings(np.eye(len(theta)), theta, monomials, margin=1e-4)
    np.testing.assert_allclose(got, theta, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_two_tied_couplings_reach_the_best_point_of_a_scan(seed):
    """H = sum u x_i^4 + v x_i^2 x_(i+1)^2 on a chain: along the boundary the best point is found by scanning v."""
    rng = np.random.default_rng(seed)
    monomials = local_monomials(5, 4, 1, Chain(5))
    kinds = [(len(m) == 4 and len(set(m)) == 1, sorted(map(m.count, set(m))) == [2, 2]) for m in monomials]
    tying = sparse.csr_matrix(np.array(kinds, float))
    A, _ = random_problem(rng, 2)
    b = A @ [1.0, -3.0]
    theta = guaranteed_couplings(A, b, monomials, tying=tying)
    assert normalizability(energy(monomials, tying @ theta, 5)).verdict == "yes"

    # with y = x^2 >= 0 the form is sum u y_i^2 + v y_i y_(i+1): positive for v < 0 iff its matrix is
    worst = np.linalg.eigvalsh((np.eye(5, k=1) + np.eye(5, k=-1)) / 2)[-1]

    def on_boundary(v):
        return loss(A, b, np.array([MARGIN - worst * v, v]))

    best = minimize_scalar(on_boundary, bounds=(-50, 0), method="bounded", options={"xatol": 1e-9})
    assert loss(A, b, theta) == pytest.approx(best.fun, abs=1e-5)


def test_singular_losses_and_scales_far_from_one_are_handled():
    rng = np.random.default_rng(5)
    monomials = local_monomials(3, 4, math.inf)
    A, b = random_problem(rng, len(monomials), rank=12)
    for scale in (1e-3, 1.0, 1e3):
        theta = guaranteed_couplings(A * 1e4, b * 1e4 * scale, monomials, margin=MARGIN * max(scale, 1))
        assert normalizability(energy(monomials, theta, 3)).verdict == "yes"


def test_bits_are_exempt_from_the_condition():
    kinds = ("real", "bit", "real")
    monomials = local_monomials(3, 4, math.inf, kinds=kinds)
    A, b = random_problem(np.random.default_rng(0), len(monomials))
    theta = guaranteed_couplings(A, b, monomials, kinds=kinds)
    bounds = {"x1": (0, 1)}
    assert normalizability(energy(monomials, theta, 3), bounds).verdict == "yes"


def test_what_cannot_be_guaranteed_is_refused_in_words():
    quartic = local_monomials(2, 4, math.inf)
    size = len(quartic)
    cubic = local_monomials(2, 3, math.inf)
    with pytest.raises(ValueError, match=r"even order.*no density of odd"):
        guaranteed_couplings(np.eye(len(cubic)), np.zeros(len(cubic)), cubic)
    with pytest.raises(ValueError, match=r"shape \(14, 14\)"):
        guaranteed_couplings(np.eye(3), np.zeros(size), quartic)
    with pytest.raises(ValueError, match="positive and finite"):
        guaranteed_couplings(np.eye(size), np.zeros(size), quartic, margin=0)
    with pytest.raises(ValueError, match="finite, and b too"):
        guaranteed_couplings(np.eye(size), np.full(size, np.nan), quartic)
    lame = Monomials((*quartic.sites[:3], np.array([[0, 0, 0, 0], [0, 0, 1, 1]])))
    with pytest.raises(ValueError, match=r"power 4.*variables \[1\]"):
        guaranteed_couplings(np.eye(len(lame)), np.zeros(len(lame)), lame)
    many = local_monomials(14, 4, math.inf)
    with pytest.raises(ValueError, match="local enough"):
        guaranteed_couplings(sparse.identity(len(many)), np.zeros(len(many)), many)
    opposite = sparse.csr_matrix([[float(len(m) == 4) * (1 if m[0] == 0 else -1)] for m in quartic])
    with pytest.raises(RuntimeError, match="tying admits"):
        guaranteed_couplings(np.eye(1), np.ones(1), quartic, tying=opposite)


def test_a_margin_too_small_for_a_proof_is_an_error_and_never_a_wrong_promise():
    monomials = local_monomials(6, 4, 1, Chain(6))
    refused = 0
    for seed in range(12):
        A, b = random_problem(np.random.default_rng(seed), len(monomials))
        try:
            theta = guaranteed_couplings(A, b * 1e9, monomials, margin=1e-7)
        except RuntimeError as error:
            refused += "Pass a larger margin" in str(error)
        else:
            assert normalizability(energy(monomials, theta, 6)).verdict == "yes"
    assert refused > 0
