"""Choices around a fit: thresholds after L1, lists of orders, counts in folds."""

import itertools
import math

import numpy as np
import pytest

import cheaplearn as cl

STATES = np.array(list(itertools.product([-1, 1], repeat=8)))


def drawn(terms, rows, seed):
    """Counts of all states of 8 spins in samples of p ~ exp(-sum of coupling x product)."""
    energy = sum(value * STATES[:, list(sites)].prod(axis=1) for sites, value in terms.items())
    p = np.exp(-energy)
    return np.random.default_rng(seed).multinomial(rows, p / p.sum())


RING = {(i, (i + 1) % 8): -0.5 for i in range(8)}


@pytest.mark.parametrize("method", ["likelihood", "pseudolikelihood", "screening"])
def test_a_threshold_after_l1_finds_the_ring(method):
    counts = drawn(RING, 3000, seed=1)
    model = cl.HamiltonianDensity(kind="spin", method=method, l1="auto", threshold=0.25)
    model.fit(STATES, sample_weight=counts)
    pairs = {sites for sites in model.hamiltonian_.monomials if len(sites) == 2}
    assert pairs == {tuple(sorted(sites)) for sites in RING}
    shrunk, refit = model.shrunk_hamiltonian_, model.hamiltonian_
    assert list(shrunk.monomials) == list(refit.monomials)
    pair = refit.monomials.degrees == 2
    assert np.all(np.abs(shrunk.coefficients[pair]) < np.abs(refit.coefficients[pair]))
    assert np.sum(~pair) == 8  # fields stay


def test_a_threshold_needs_l1():
    with pytest.raises(ValueError, match="`threshold` of `HamiltonianDensity` must be 0 without L1"):
        cl.HamiltonianDensity(kind="spin", threshold=0.1).fit(STATES)


def test_a_list_of_orders_is_the_ladder():
    four = {(0, 1, 2, 3): -0.6, (4, 5, 6, 7): 0.6, (0, 1): -0.3}
    S = np.repeat(STATES, drawn(four, 8000, seed=2), axis=0)
    model = cl.HamiltonianDensity(kind="spin", order=[4, 2, 1], random_state=0).fit(S)
    assert model.ladder_["order"].tolist() == [1, 2, 4]
    assert model.order_ == 4
    for bad in ([], [0, 1], [1.5], [True]):
        with pytest.raises(ValueError, match="`order` of `HamiltonianDensity` must be"):
            cl.HamiltonianDensity(kind="spin", order=bad).fit(S)


def test_counts_are_dealt_to_folds_as_rows_are():
    terms = RING | {(0, 3): 0.3}
    counts = drawn(terms, 4000, seed=3)
    model = cl.HamiltonianDensity(kind="spin", order="auto", random_state=0)
    of_counts = model.fit(STATES, sample_weight=counts).ladder_
    of_rows = model.fit(np.repeat(STATES, counts, axis=0)).ladder_
    assert of_counts["order"].tolist() == of_rows["order"].tolist() == [1, 2, 3]
    # other folds of the same samples: losses differ by a small part of their errors
    np.testing.assert_allclose(of_counts["loss"], of_rows["loss"], atol=0.3 * of_rows["standard_error"].max())
    np.testing.assert_allclose(of_counts["standard_error"], of_rows["standard_error"], rtol=0.05, atol=3e-4)
    assert of_counts["chosen"].tolist() == of_rows["chosen"].tolist() == [False, True, False]


def test_dealt_counts_add_up_and_no_fold_sees_what_it_holds_out():
    from cheaplearn.learning.density_arguments import density_folds
    from cheaplearn.learning.discrete.samples import DiscreteSamples

    rng = np.random.default_rng(4)
    alphabet = cl.HamiltonianDensity(kind="spin").fit(STATES).alphabet_
    weight = rng.integers(1, 10**6, len(STATES)).astype(float)
    rows = np.arange(len(STATES))
    samples = DiscreteSamples(alphabet.encode(STATES), weight, alphabet, None, rows, len(STATES))
    dealt, folds = density_folds(5, samples, 0)
    np.testing.assert_array_equal(np.bincount(dealt.rows, dealt.weight), weight)
    for training, held_out in folds:
        assert not set(training) & set(held_out)
        share = dealt.weight[held_out].sum() / weight.sum()
        assert abs(share - 0.2) < 5 * math.sqrt(0.16 / weight.sum())
    assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(len(dealt.rows)))


def test_too_few_samples_are_held_by_a_stronger_prior_and_said_so():
    rng = np.random.default_rng(5)
    S = rng.choice(list("abcd"), size=(60, 8))
    with pytest.warns(UserWarning, match="60 different samples of 8 variables cannot tell all couplings apart"):
        few = cl.HamiltonianDensity(kind="category").fit(S)
    assert few.regularization_ == pytest.approx(0.01 * 60)
    assert few.couplings["standard_error"].isna().any()
    many = cl.HamiltonianDensity(kind="category", order=1).fit(S)
    assert many.regularization_ == pytest.approx(1e-6 * 60)
