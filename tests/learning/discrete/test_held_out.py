"""Held-out pseudo-likelihood by matrix products against that of tables."""

from __future__ import annotations

import numpy as np
import pytest

from cheaplearn.hamiltonian import Alphabet
from cheaplearn.hamiltonian.conditional import pseudo_log_likelihood
from cheaplearn.learning.discrete.held_out import conditional_losses
from cheaplearn.learning.discrete.terms import local_terms


@pytest.mark.parametrize("kind", ["spin", "bit", "category"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_products_and_tables_give_the_same_held_out_losses(kind, order):
    rng = np.random.default_rng(order)
    sizes = rng.integers(1, 6, 5) if kind == "category" else np.full(5, 2)
    alphabet = Alphabet(tuple("abcde"), tuple(np.arange(q) for q in sizes))
    terms = local_terms(kind, alphabet, order, np.inf, None)
    theta = rng.normal(0, 3, len(terms))
    codes = rng.integers(0, sizes, (300, 5))
    expected = -pseudo_log_likelihood(terms.graph(theta), codes)
    np.testing.assert_allclose(conditional_losses(terms, theta, codes), expected, rtol=1e-10, atol=1e-10)
