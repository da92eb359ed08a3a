"""Blocks of samples as the products read them; losses at fields of any size."""

import warnings

import numpy as np
import pytest

from cheaplearn.hamiltonian import Alphabet
from cheaplearn.learning.discrete.fields import DenseProducts, SlotProducts
from cheaplearn.learning.discrete.losses import ConditionalLoss
from cheaplearn.learning.discrete.pattern import slots_of
from cheaplearn.learning.discrete.terms import terms_of_sites

SEEDS = [0, 1, 2]
SETS = {
    "all atoms": (np.arange(4)[:, None], np.array([[0, 1], [1, 2], [2, 3]])),
    "no fields": (np.empty((0, 1), int), np.array([[0, 1], [1, 2], [2, 3]])),
    "some atoms": (np.array([[1]]), np.array([[0, 2]]), np.array([[0, 1, 3]])),
}


@pytest.mark.parametrize("way", [DenseProducts, SlotProducts])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sets", SETS)
@pytest.mark.parametrize("seed", SEEDS)
def test_fields_are_sums_of_couplings_times_the_other_atoms(way, dtype, sets, seed):
    rng = np.random.default_rng(seed)
    terms = terms_of_sites("spin", Alphabet.of_kinds("abcd", ["spin"] * 4), SETS[sets], None)
    atoms, theta = rng.choice(np.array([-1, 1], np.int8), (4, 9)), rng.normal(size=len(terms))
    products = way(slots_of(terms), dtype)
    block = products.read(atoms)
    expected = np.zeros((4, 9))
    for coupling, sites in zip(theta, terms.monomials, strict=True):
        for site in sites:
            expected[site] += coupling * np.prod([atoms[other] for other in sites if other != site] or [[1]], axis=0)
    assert block.x.dtype == dtype
    assert np.array_equal(block.x, atoms)
    fields = products.fields(products.couplings(theta), block)
    np.testing.assert_allclose(fields, expected, atol=1e-6 if dtype is np.float32 else 1e-14)
    assert np.array_equal(block.x, atoms)  # the fields did not overwrite them


@pytest.mark.parametrize("kind", ["spin", "bit"])
def test_conditional_losses_hold_for_fields_of_any_size(kind):
    F = np.array([[-1e4, -30.0, -1.0, 0.0, 1e-9, 1.0, 30.0, 1e4]])
    for value in [-1.0, 1.0] if kind == "spin" else [0.0, 1.0]:
        x, w = np.full_like(F, value), np.linspace(0.5, 2.0, F.size)
        z = value * 2 * F if kind == "spin" else (2 * value - 1) * F
        unit = 2 if kind == "spin" else 1
        sign = value if kind == "spin" else 2 * value - 1
        p = 0.5 * (1 + np.tanh(z / 2))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            sums, slope, kept = ConditionalLoss(kind, (1,)).first(F, x, w)
        np.testing.assert_allclose(sums, np.logaddexp(0, z) @ w, rtol=1e-14)
        np.testing.assert_allclose(slope, sign * unit * p * w, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(kept, unit**2 * p * (1 - p) * w, rtol=1e-6, atol=1e-12)
