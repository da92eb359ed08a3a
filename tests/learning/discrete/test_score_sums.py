"""Sums of scores and information against derivatives of the loss of each sample, by finite differences."""

import numpy as np
import pytest

from cheaplearn.hamiltonian import Alphabet
from cheaplearn.learning.discrete import score_moments as module
from cheaplearn.learning.discrete.losses import loss_of
from cheaplearn.learning.discrete.pattern import slots_of
from cheaplearn.learning.discrete.score_moments import ScorePoint, score_moments
from cheaplearn.learning.discrete.terms import local_terms


def losses(terms, theta, x):
    """-sum_i ln p(x_i | rest) of each sample of spins."""
    total = np.zeros(x.shape[1])
    for site in range(len(x)):
        field = np.zeros(x.shape[1])
        for coupling, sites in zip(theta, terms.monomials, strict=True):
            if site in sites:
                field += coupling * np.prod([x[k] for k in sites if k != site] or [np.ones(x.shape[1])], axis=0)
        total += np.logaddexp(0, 2 * x[site] * field)
    return total


@pytest.mark.parametrize("block", [64, 1 << 23])
@pytest.mark.parametrize("seed", [0, 1])
def test_moments_are_sums_of_derivatives(seed, block, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_ENTRIES", block)
    rng = np.random.default_rng(seed)
    terms = local_terms("spin", Alphabet.of_kinds("abcd", ["spin"] * 4), 3, np.inf, None)
    x, w = rng.choice([-1, 1], (4, 150)).astype(np.int8), rng.uniform(0.5, 2, 150)
    theta, T, h = rng.normal(size=len(terms)) * 0.3, len(terms), 1e-5
    steps = h * np.eye(T)
    scores = np.array([losses(terms, theta + e, x) - losses(terms, theta - e, x) for e in steps]) / (2 * h)
    point = ScorePoint(theta, np.ones(4), None, float(w.sum()), 1)
    found = score_moments(x, w, slots_of(terms), loss_of("pseudolikelihood", terms), point)
    np.testing.assert_allclose(found.square, (scores * w) @ scores.T, atol=1e-7)
    np.testing.assert_allclose(found.score, scores @ w, atol=1e-7)
    h = 1e-3
    steps = h * np.eye(T)

    def value(change):
        return losses(terms, theta + change, x) @ w / w.sum()

    second = [[value(a + b) - value(a - b) - value(b - a) + value(-a - b) for b in steps] for a in steps]
    np.testing.assert_allclose(found.information, np.array(second) / (4 * h * h), atol=1e-5)
