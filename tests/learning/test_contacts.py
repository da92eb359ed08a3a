"""Sequence weights and contact scores against loops that follow their definitions."""

import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.learning import top_contacts


def naive_weights(codes, needed):
    return [1 / np.sum((codes == row).sum(axis=1) >= needed) for row in codes]


@pytest.mark.parametrize(("rows", "columns", "identity", "needed"), [
    (60, 10, 0.8, 8), (40, 5, 0.8, 4), (30, 3, 0.34, 2), (30, 3, 0.33, 1), (25, 600, 0.5, 300), (1, 4, 1.0, 4),
    (2100, 6, 0.7, 5),
])  # fmt: skip
def test_weights_count_similar_sequences(rows, columns, identity, needed):
    """Also with more sequences than one block and with more columns than a byte can count."""
    rng = np.random.default_rng(rows + columns)
    ancestors = rng.integers(0, 21, (max(rows // 8, 1), columns))
    codes = ancestors[rng.integers(0, len(ancestors), rows)]
    share = rng.choice([0.0, 0.2, 0.5, 0.7], (rows, 1))
    codes = np.where(rng.random(codes.shape) < share, rng.integers(0, 21, codes.shape), codes)
    expected = naive_weights(codes, needed)
    weights = cl.sequence_weights(codes, identity)
    assert np.array_equal(weights, expected)
    assert rows == 1 or 1 / rows < weights.min() < weights.max()
    assert np.array_equal(cl.sequence_weights(np.array(list("ABCDEFGHIJKLMNOPQRSTU"))[codes], identity), expected)


def test_copies_of_a_sequence_weigh_together_as_one():
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 21, (50, 30))
    assert np.array_equal(cl.sequence_weights(codes, 0.8), np.ones(50))
    repeats = rng.integers(1, 5, 50)
    weights = cl.sequence_weights(np.repeat(codes, repeats, axis=0), 1)
    assert weights.sum() == pytest.approx(50, abs=1e-12)


@pytest.mark.parametrize("identity", [0, 1.1, -0.5, np.nan, "0.8", True])
def test_identity_is_a_share(identity):
    with pytest.raises(ValueError, match=r"`identity` of `sequence_weights` must be a share above 0"):
        cl.sequence_weights(np.zeros((2, 2), int), identity)


@pytest.mark.parametrize("codes", [np.zeros(3, int), np.zeros((0, 3), int), np.full((2, 2), 256), np.zeros((2, 2)) - 1])
def test_codes_are_bytes(codes):
    with pytest.raises(ValueError, match=r"`codes` of `sequence_weights` must be (of shape|whole numbers)"):
        cl.sequence_weights(codes)


def symmetric(rng, n):
    F = rng.gamma(2, size=(n, n))
    return np.triu(F, 1) + np.triu(F, 1).T


@pytest.mark.parametrize("n", [2, 3, 17])
def test_contact_scores_follow_their_formula(n):
    F = symmetric(np.random.default_rng(n), n)
    mean = np.mean([F[i, j] for i in range(n) for j in range(n) if i != j])
    row = [np.mean([F[i, k] for k in range(n) if k != i]) for i in range(n)]
    S = cl.contact_scores(F + np.diag(np.arange(n)))
    for i in range(n):
        for j in range(n):
            assert S[i, j] == pytest.approx(0 if i == j else F[i, j] - row[i] * row[j] / mean, abs=1e-12)


def test_shared_background_is_removed_and_a_contact_stays():
    """Strengths a_i a_j of columns that are merely variable give nearly nothing; a planted pair comes first."""
    rng = np.random.default_rng(0)
    a = rng.uniform(1, 3, 40)
    background = np.outer(a, a)
    F = background + 0.0
    F[3, 20] = F[20, 3] = F[3, 20] + 2
    strongest = top_contacts(F - np.diag(np.diag(F)), 1).iloc[0]
    assert (strongest["first"], strongest["second"]) != (3, 20)
    best = top_contacts(cl.contact_scores(F), 1).iloc[0]
    assert (best["first"], best["second"], best["separation"]) == (3, 20, 17)
    assert np.array_equal(cl.contact_scores(np.zeros((3, 3))), np.zeros((3, 3)))


def test_top_contacts_are_all_pairs_in_order():
    S = symmetric(np.random.default_rng(5), 9)
    table = top_contacts(S, 1000, min_separation=3)
    assert len(table) == 6 * 7 // 2
    assert table["score"].is_monotonic_decreasing
    assert table["separation"].min() == 3
    assert np.array_equal(S[table["first"], table["second"]], table["score"])
    assert table.head(4).equals(top_contacts(S, 4, min_separation=3))
    assert len(top_contacts(S, 0)) == 0


@pytest.mark.parametrize("matrix", [np.ones((2, 3)), np.ones((1, 1)), [[0, 1], [2, 0]], [[0, np.nan], [np.nan, 0]]])
def test_matrices_that_are_no_strengths_are_refused(matrix):
    for function in (cl.contact_scores, lambda S: top_contacts(S, 1)):
        with pytest.raises(ValueError, match="must be a symmetric matrix of finite numbers"):
            function(matrix)


def test_negative_arguments_are_refused():
    S = np.array([[0.0, -1.0], [-1.0, 0.0]])
    with pytest.raises(ValueError, match=r"`strengths` of `contact_scores` must be at least 0, got -1"):
        cl.contact_scores(S)
    with pytest.raises(ValueError, match=r"`count` of `top_contacts` must be at least 0"):
        top_contacts(S, -1)
    with pytest.raises(ValueError, match=r"`min_separation` of `top_contacts` must be at least 1"):
        top_contacts(S, 1, 0)
