"""Coverage of the standard errors, counted over samples drawn anew from models whose couplings are known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from discrete_models import KINDS, alphabet_of, model, random_samples, random_terms

from cheaplearn.learning.discrete import fitting
from cheaplearn.learning.discrete.fitting import coupling_errors, fit_terms
from cheaplearn.learning.discrete.samples import DiscreteSamples
from cheaplearn.learning.discrete.terms import local_terms

GUARD = 1e-6
QUICK = ("pseudolikelihood", "screening")


def counted(alphabet, codes, counts):
    seen = np.flatnonzero(counts)
    weight = counts[seen].astype(float)
    return DiscreteSamples(codes[seen].astype(np.uint8), weight, alphabet, None, np.arange(len(seen)), len(seen))


def coverage(terms, best, alphabet, codes, p, method, draws, size=2000):
    """Share of 95 % intervals that hold `best`, its standard error, and the share by the naive errors."""
    rng = np.random.default_rng(11)
    inside, naive = [], []
    for _ in range(draws):
        fit = fit_terms(terms, counted(alphabet, codes, rng.multinomial(size, p)), method, GUARD * size)
        assert fit.converged
        errors, off = coupling_errors(fit), np.abs(fit.theta - best)
        inside.append(off < 1.96 * errors.sandwich)
        naive.append(off < 1.96 * errors.curvature)
    of_draw = np.mean(inside, axis=1)  # intervals of one draw depend on each other, draws do not
    assert np.size(inside) >= 2000
    return of_draw.mean(), of_draw.std() / math.sqrt(draws), np.mean(naive)


CASES = [(kind, order, method, None, 200) for kind in KINDS for order in (2, 3) for method in QUICK]
CASES += [("spin", 2, "likelihood", None, 200), ("bit", 3, "likelihood", (2, 2, 2), 300)]
CASES += [("category", 2, "likelihood", (2, 3), 200)]


@pytest.mark.parametrize(("kind", "order", "method", "sizes", "draws"), CASES)
def test_intervals_hold_the_true_coupling_in_95_of_100_cases(kind, order, method, sizes, draws):
    terms, theta, states, p = model(kind, order, seed=7, scale=0.3, sizes=sizes)
    codes = terms.alphabet.encode(states)
    share, error, _ = coverage(terms, theta, terms.alphabet, codes, p, method, draws)
    assert error < 0.01
    assert 0.93 < share < 0.97


@pytest.mark.parametrize("method", ["likelihood", *QUICK])
def test_intervals_of_a_wrong_model_hold_its_best_coupling(method):
    """Pairs fitted to strong triples: the sandwich holds the optimum of infinitely many samples, the naive fails."""
    sizes = (2,) * 4
    alphabet = alphabet_of("spin", sizes)
    rng = np.random.default_rng(5)
    triples = local_terms("spin", alphabet, 3, math.inf, None)
    _, _, states, _ = model("spin", 1, sizes=sizes)
    codes = alphabet.encode(states)
    theta = np.where(triples.degrees == 3, 0.8, 0.3) * rng.normal(size=len(triples))
    p = np.exp(-triples.hamiltonian(theta)(states)[:, 0])
    p /= p.sum()
    pairs = local_terms("spin", alphabet, 2, math.inf, None)
    best = fit_terms(pairs, counted(alphabet, codes, p), method, GUARD).theta
    share, error, naive = coverage(pairs, best, alphabet, codes, p, method, 200)
    assert 0.93 < share < 0.97
    assert abs(naive - 0.95) > 0.02 + 3 * error


def test_order_one_errors_are_those_of_independent_frequencies():
    """A field of bits is a log-odds: its variance is 1 / (N p (1 - p)), whatever the other sites do."""
    _, _, states, p = model("bit", 3, seed=3)
    alphabet = alphabet_of("bit", (2,) * 4)
    terms = local_terms("bit", alphabet, 1, math.inf, None)
    size = 5000
    counts = np.random.default_rng(0).multinomial(size, p)
    mean = counts @ states / size
    for method in ("likelihood", "pseudolikelihood"):
        fit = fit_terms(terms, counted(alphabet, alphabet.encode(states), counts), method, 0.0)
        np.testing.assert_allclose(fit.theta, np.log((1 - mean) / mean), atol=1e-6)
        expected = 1 / np.sqrt(size * mean * (1 - mean))
        np.testing.assert_allclose(coupling_errors(fit).sandwich, expected, rtol=1e-5)


@pytest.mark.parametrize("method", ["likelihood", *QUICK])
@pytest.mark.parametrize("kind", KINDS)
def test_errors_shrink_with_the_root_of_the_number_of_samples(kind, method):
    terms, _, states, p = model(kind, 2)
    codes, counts = terms.alphabet.encode(states), np.random.default_rng(0).multinomial(3000, p)
    once, often = (
        coupling_errors(fit_terms(terms, counted(terms.alphabet, codes, k * counts), method, 0.0)).sandwich
        for k in (1, 100)
    )
    np.testing.assert_allclose(once, 10 * often, rtol=1e-5)


@pytest.mark.parametrize("method", ["likelihood", *QUICK])
@pytest.mark.parametrize("kind", KINDS)
def test_variance_is_that_of_the_infinitesimal_jackknife(kind, method):
    """No formula of the code is used: every sample's weight is changed a little, and the model fitted again."""
    samples = random_samples(kind, rows=30, seed=4, sizes=(2, 3, 3) if kind == "category" else (2,) * 4)
    terms = random_terms(kind, samples, 2)

    def refitted(weight):
        return fit_terms(terms, replace(samples, weight=weight), method, 3.0, tolerance=1e-10)

    moved = []
    for row, w in enumerate(samples.weight):
        step = np.zeros(30)
        step[row] = 0.01 * w
        up, down = (refitted(samples.weight + sign * step).theta for sign in (1, -1))
        moved.append((up - down) / (2 * step[row]))
    share = samples.weight / samples.weight.sum()
    centred = np.array(moved) - share @ moved  # the number of samples is fixed
    found = coupling_errors(refitted(samples.weight)).sandwich
    np.testing.assert_allclose(found, np.sqrt(samples.weight @ centred**2), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("method", QUICK)
def test_errors_from_a_part_of_the_scores_are_near_those_from_all(method, monkeypatch):
    samples = random_samples("spin", rows=8000, sizes=(2,) * 14)
    fit = fit_terms(random_terms("spin", samples, 2), samples, method, 1e-3)
    whole = coupling_errors(fit).sandwich
    monkeypatch.setattr(fitting, "SCORE_OPERATIONS", 0)  # 2,000 samples: errors of squares of 1 / sqrt(2 * 2000)
    np.testing.assert_allclose(coupling_errors(fit).sandwich, whole, rtol=0.15)
