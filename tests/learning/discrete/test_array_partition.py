"""Sums of spins and bits in PyTorch tensors against those of NumPy, on every device there is."""

from __future__ import annotations

import numpy as np
import pytest

import cheaplearn as cl
from cheaplearn.hamiltonian import Alphabet
from cheaplearn.learning.discrete import array_partition
from cheaplearn.learning.discrete.array_partition import ArrayPartition
from cheaplearn.learning.discrete.losses import loss_of
from cheaplearn.learning.discrete.partition import Partition
from cheaplearn.learning.discrete.pattern import slots_of
from cheaplearn.learning.discrete.terms import local_terms

torch = pytest.importorskip("torch")
DEVICES = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["spin", "bit"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_sums_of_a_tensor_are_those_of_an_array(device, kind, order, monkeypatch):
    monkeypatch.setattr(array_partition, "BLOCK_ENTRIES", 1)  # several blocks
    rng = np.random.default_rng(order)
    terms = local_terms(kind, Alphabet.of_kinds("abcdef", [kind] * 6), order, np.inf, None)
    atoms = rng.choice([-1, 1] if kind == "spin" else [0, 1], (6, 700)).astype(np.int8)
    family = (atoms, rng.random(700), slots_of(terms), loss_of("pseudolikelihood", terms))
    here, there = Partition(*family), ArrayPartition(*family, torch.empty(0, device=device))
    theta, direction = rng.normal(0, 2, (2, len(terms)))
    for ours, theirs in zip(here.first(theta), there.first(theta), strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-10, atol=1e-10)
    ours, theirs = here.second(theta, direction), there.second(theta, direction)
    assert np.abs(theirs - ours).max() <= 1e-5 * np.abs(ours).max()
    there.forget()
    np.testing.assert_array_equal(there.second(theta, direction), theirs)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("options", [{}, {"symmetry": "permutation"}, {"order": [1, 2], "cv": 3, "random_state": 0}])
def test_a_fit_to_a_tensor_is_the_fit_to_its_array(device, options):
    rng = np.random.default_rng(2)
    X = rng.choice([-1.0, 1.0], (500, 6))
    X[:, 1] = np.where(rng.random(500) < 0.7, X[:, 0], X[:, 1])
    ours = cl.HamiltonianDensity(kind="spin", method="pseudolikelihood", **options).fit(X)
    tensor = torch.asarray(X, dtype=torch.float32, device=device)
    theirs = cl.HamiltonianDensity(kind="spin", method="pseudolikelihood", **options).fit(tensor)
    assert theirs._fit.objective.sums.example is tensor
    for column in ("value", "standard_error"):
        np.testing.assert_allclose(theirs.couplings[column], ours.couplings[column], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(theirs.score_samples(tensor), ours.score_samples(X), atol=1e-5)


def test_what_tensors_cannot_do_is_said():
    tensor = torch.asarray([[0, 1], [1, 0], [1, 1]])
    with pytest.raises(ValueError, match="an array except for pseudo-likelihood of spins or bits"):
        cl.HamiltonianDensity(kind="bit", method="screening").fit(tensor)
    with pytest.raises(ValueError, match='"numpy" for a tensor'):
        cl.HamiltonianDensity(kind="bit", engine="dask").fit(tensor)
