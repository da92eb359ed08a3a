"""Sums, folds, expansions, fractions and selections, each against a slow twin."""

from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest

from cheaplearn import Chain, groups
from cheaplearn.hamiltonian import find_orbits, local_monomials
from cheaplearn.learning.regression.cells import Cells
from cheaplearn.learning.regression.chunks import Chunk, merged_triangle, moments_of, triangle_of
from cheaplearn.learning.regression.design import Design
from cheaplearn.learning.regression.expansion import expansion
from cheaplearn.learning.regression.formula import simplest_fraction
from cheaplearn.learning.regression.selection import select
from cheaplearn.learning.regression.units import Units


def dense(t, monomials):
    return np.column_stack([np.ones(len(t)), *(t[:, list(sites)].prod(axis=1) for sites in monomials)])


def plain(n, outputs):
    return Units(np.zeros(n), np.ones(n), np.zeros(outputs), np.ones(outputs))


@pytest.mark.parametrize("seed", range(3))
def test_sums_are_those_of_the_dense_design_and_orbits_are_contractions(seed):
    rng = np.random.default_rng(seed)
    X, Y, weight = rng.normal(size=(500, 6)), rng.normal(size=(500, 2)), rng.uniform(0, 2, 500)
    ring = Chain(6, periodic=True)
    monomials = local_monomials(6, 3, 2, ring)
    orbits = find_orbits(monomials, groups.translations(ring))
    A = dense(X, monomials)
    P = np.zeros((A.shape[1], len(orbits) + 1))
    P[0, 0], P[1:, 1:] = 1, orbits.matrix.toarray()
    membership = rng.integers(0, 3, (500, 2)).astype(np.uint8)
    free = moments_of(Chunk(X, Y, weight), Design(monomials), plain(6, 2), membership)
    tied = moments_of(Chunk(X, Y, weight), Design(monomials, orbits), plain(6, 2), membership)
    for k in range(2):
        W = (weight * membership[:, k])[:, None]
        np.testing.assert_allclose(free[k].gram, A.T @ (W * A), atol=1e-9)
        np.testing.assert_allclose(free[k].cross, A.T @ (W * Y), atol=1e-9)
        np.testing.assert_allclose(free[k].squares, np.sum(W * Y**2, axis=0))
        for one, other in ((tied[k], free[k].tied(orbits)), (tied[k].part(np.arange(3)), free[k].tied(orbits))):
            size = len(one.gram)
            np.testing.assert_allclose(one.gram, other.gram[:size, :size], atol=1e-9)
        np.testing.assert_allclose(tied[k].gram, P.T @ A.T @ (W * A) @ P, atol=1e-8)


def test_folds_are_sums_of_cells_whatever_the_splits():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(40, 2)), rng.normal(size=(40, 1))
    design = Design(local_monomials(2, 2, np.inf))
    thirds = np.array_split(rng.permutation(40), 3)
    every = {
        "disjoint": [(np.setdiff1d(np.arange(40), part), part) for part in thirds],
        "random": [(rng.permutation(40)[:25], rng.permutation(40)[:5]) for _ in range(4)],
        "growing": [(np.arange(10 * k), np.arange(10 * k, 10 * k + 10)) for k in (1, 2, 3)],
        "repeated": [(rng.integers(0, 40, 40), np.arange(10)) for _ in range(2)],
    }
    for name, folds in every.items():
        cells = Cells.of(folds, 40)
        sums = moments_of(Chunk(X, Y, np.ones(40)), design, plain(2, 1), cells.membership)
        assert len(sums) == 3 if name == "disjoint" else len(sums) <= len(folds) + 2
        A = dense(X, design.monomials)
        for number, (training, _) in enumerate(folds):
            np.testing.assert_allclose(cells.sums(sums, number).gram, A[training].T @ A[training], atol=1e-10)
        np.testing.assert_allclose(cells.sums(sums, -1).gram, A.T @ A, atol=1e-10)


def test_expansions_are_exact_and_invertible():
    rng = np.random.default_rng(1)
    monomials = local_monomials(5, 4, 2, Chain(5))
    slope, shift, x = rng.uniform(0.5, 2, 5), rng.normal(size=5), rng.normal(size=(20, 5))
    E = expansion(monomials, slope, shift)
    np.testing.assert_allclose(dense(slope * x + shift, monomials), dense(x, monomials) @ E.T.toarray(), atol=1e-10)
    back = expansion(monomials, 1 / slope, -shift / slope)
    np.testing.assert_allclose((E @ back).toarray(), np.eye(len(monomials) + 1), atol=1e-9)


def test_triangles_keep_products_without_squaring_errors():
    rng = np.random.default_rng(2)
    X, Y, weight = rng.normal(size=(300, 3)), rng.normal(size=(300, 1)), rng.uniform(0, 2, 300)
    design = Design(local_monomials(3, 2, np.inf))
    A = np.hstack([dense(X, design.monomials), Y])
    R = triangle_of(Chunk(X, Y, weight), design, plain(3, 1))
    np.testing.assert_allclose(R.T @ R, A.T @ (weight[:, None] * A), atol=1e-10)
    parts = [triangle_of(Chunk(X[k], Y[k], weight[k]), design, plain(3, 1)) for k in (slice(0, 5), slice(5, 300))]
    merged = merged_triangle(*parts)
    np.testing.assert_allclose(merged.T @ merged, R.T @ R, atol=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_selection_finds_the_lowest_criterion_of_all_subsets(seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(60, 8)) + rng.normal(size=(60, 1))
    z = A[:, 1] - 0.5 * A[:, 4] + 0.4 * rng.normal(size=60)

    def criterion(kept):
        r = z - A[:, kept] @ np.linalg.lstsq(A[:, kept], z, rcond=None)[0] if kept else z
        return 60 * np.log(r @ r / 60) + len(kept) * np.log(60) + 2 * np.log(comb(8, len(kept)))

    best = min((list(kept) for k in range(9) for kept in combinations(range(8), k)), key=criterion)
    found = select(A, z, 60.0)
    assert found.kept.tolist() == best
    assert found.criterion == pytest.approx(criterion(best))
    assert found.path[-1][2] == found.criterion


def test_selection_with_more_columns_than_rows_starts_from_nothing():
    rng = np.random.default_rng(5)
    A = rng.normal(size=(50, 120))
    z = 2 * A[:, 7] - 3 * A[:, 70]
    assert select(A, z, 50.0).kept.tolist() == [7, 70]
    assert select(A, np.zeros(50), 50.0).kept.tolist() == []


def test_simplest_fraction_has_the_smallest_denominator():
    rng = np.random.default_rng(6)
    for _ in range(200):
        low = rng.normal() * 3
        high = low + 10.0 ** rng.uniform(-4, 0)
        found = simplest_fraction(low, high)
        assert Fraction(low) <= found <= Fraction(high)
        smaller = [q for q in range(1, found.denominator) if np.floor(high * q) >= np.ceil(low * q)]
        assert not smaller
