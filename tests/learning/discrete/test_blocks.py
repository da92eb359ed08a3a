"""Sums over blocks of samples: threads only where there is work for them, and never another result."""

import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.hamiltonian import Alphabet
from cheaplearn.learning.discrete import partition
from cheaplearn.learning.discrete.losses import loss_of
from cheaplearn.learning.discrete.pattern import slots_of
from cheaplearn.learning.discrete.terms import local_terms

METHODS = ["pseudolikelihood", "screening"]


def some_samples(method, n, count, threads, seed=0):
    rng = np.random.default_rng(seed)
    names = [f"x{i}" for i in range(n)]
    terms = local_terms("spin", Alphabet.of_kinds(names, ["spin"] * n), 2, np.inf, None)
    atoms = rng.choice([-1, 1], (n, count)).astype(np.int8)
    weight = rng.uniform(0.5, 2, count)
    theta = rng.normal(0, 0.1, len(terms))
    return partition.Partition(atoms, weight, slots_of(terms), loss_of(method, terms), threads), theta


@pytest.mark.parametrize("method", METHODS)
def test_few_samples_start_no_thread(method, monkeypatch):
    def refuse(*_):
        message = "threads were woken for a millisecond of work"
        raise AssertionError(message)

    monkeypatch.setattr(partition, "_pool", refuse)
    part, theta = some_samples(method, n=16, count=2000, threads=8)
    assert part.first(theta).sites.shape == (16,)
    assert part.second(theta, theta).shape == (16 * 16,)  # a field and 15 pairs of each site


@pytest.mark.parametrize("method", METHODS)
def test_many_samples_are_shared_by_threads_with_the_same_sums(method, monkeypatch):
    asked = []
    pool = partition._pool
    monkeypatch.setattr(partition, "_pool", lambda threads: asked.append(threads) or pool(threads))
    alone, theta = some_samples(method, n=30, count=20_000, threads=1)
    shared, _ = some_samples(method, n=30, count=20_000, threads=3)
    for a, b in zip(alone.first(theta), shared.first(theta), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-9)
    scale = np.abs(alone.second(theta, theta)).max()
    np.testing.assert_allclose(alone.second(theta, theta), shared.second(theta, theta), rtol=0, atol=1e-5 * scale)
    assert asked == [3, 3]


def test_a_fitted_model_keeps_no_copies_of_its_samples():
    S = np.random.default_rng(0).choice([-1, 1], size=(20_000, 30))
    sums = cl.HamiltonianDensity("spin", standard_errors=True).fit(S)._fit.objective.sums
    assert sums._kept is None
    assert not sums._blocks
    theta = np.full(30 + 30 * 29 // 2, 0.01)
    before = sums.second(theta, theta)
    sums.forget()
    np.testing.assert_array_equal(sums.second(theta, theta), before)
