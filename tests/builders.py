"""Random objects that several tests draw from."""

from fractions import Fraction

import numpy as np

import cheaplearn as cl


def random_polynomial(rng, n, degree, terms):
    mapping = {}
    for _ in range(terms):
        sites = rng.integers(0, n, rng.integers(0, degree + 1))
        monomial = tuple((int(s), int(np.sum(sites == s))) for s in np.unique(sites))
        mapping[monomial] = Fraction(int(rng.integers(-20, 21)), int(rng.integers(1, 9)))
    return cl.Polynomial(mapping, [f"x{i}" for i in range(n)])


def quadratic(matrix):
    terms = {}
    for i in range(len(matrix)):
        for j in range(i, len(matrix)):
            terms[((i, 2),) if i == j else ((i, 1), (j, 1))] = float(matrix[i, j]) * (1 if i == j else 2)
    return cl.Polynomial(terms, [f"x{i}" for i in range(len(matrix))])
