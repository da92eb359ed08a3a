import itertools
import math

import numpy as np
import pytest

from cheaplearn.hamiltonian import Alphabet
from cheaplearn.learning.discrete.exact_covariance import covariance
from cheaplearn.learning.discrete.terms import local_terms, terms_of_sites

VALUES = {"spin": np.array([-1.0, 1.0]), "bit": np.array([0.0, 1.0])}


def features(kind, sites, n):
    X = VALUES[kind][np.array(list(itertools.product(range(2), repeat=n)))]
    return np.column_stack([np.prod(X[:, list(s)], axis=1) for s in sites])


@pytest.mark.parametrize("kind", ["spin", "bit"])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_covariances_are_those_of_all_states(kind, order):
    n = 6
    p = np.random.default_rng(order).dirichlet(np.full(2**n, 0.3))
    terms = local_terms(kind, Alphabet.of_kinds([f"x{i}" for i in range(n)], [kind] * n), order, math.inf, None)
    phi = features(kind, terms.monomials, n)
    expected = (phi.T * p) @ phi - np.outer(p @ phi, p @ phi)
    np.testing.assert_allclose(covariance(terms, p), expected, atol=1e-14)


def test_terms_without_lower_degrees_are_fine():
    p = np.random.default_rng(0).dirichlet(np.ones(16))
    alphabet = Alphabet.of_kinds("abcd", ["spin"] * 4)
    sets = (np.empty((0, 1), int), np.empty((0, 2), int), np.array([[0, 1, 3], [1, 2, 3]]))
    terms = terms_of_sites("spin", alphabet, sets, None)
    phi = features("spin", [(0, 1, 3), (1, 2, 3)], 4)
    expected = (phi.T * p) @ phi - np.outer(p @ phi, p @ phi)
    np.testing.assert_allclose(covariance(terms, p), expected, atol=1e-14)
