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


def translates(shape, offsets):
    """The monomial of `offsets` (steps along each axis, repeated for powers) at every site of a periodic grid."""
    for site in np.ndindex(*shape):
        sites = [
            int(np.ravel_multi_index([(a + b) % n for a, b, n in zip(site, offset, shape, strict=True)], shape))
            for offset in offsets
        ]
        yield tuple((i, sites.count(i)) for i in sorted(set(sites)))


def invariant_polynomial(shape, terms):
    """The sum over all sites of {offsets: coefficient}."""
    mapping = {}
    for offsets, coefficient in terms.items():
        for monomial in translates(shape, offsets):
            mapping[monomial] = mapping.get(monomial, Fraction(0)) + coefficient
    return cl.Polynomial(mapping, [f"x{i}" for i in range(int(np.prod(shape)))])


def random_invariant(rng, shape, degree, terms, reach=1):
    stencils = {}
    for _ in range(terms):
        size = int(rng.integers(1, degree + 1))
        offsets = tuple(tuple(int(d) for d in rng.integers(-reach, reach + 1, len(shape))) for _ in range(size))
        stencils[offsets] = Fraction(int(rng.integers(-20, 21)) or 1, int(rng.integers(1, 9)))
    return invariant_polynomial(shape, stencils)


def lattice_action(shape, mass=Fraction(1, 3), coupling=Fraction(1, 4)):
    """Sum over sites of m phi^2 / 2 + lambda phi^4, over neighbours of (phi_i - phi_j)^2 / 2."""
    here = (0,) * len(shape)
    terms = {(here,) * 2: mass / 2 + len(shape), (here,) * 4: coupling}
    for axis in range(len(shape)):
        terms[here, tuple(int(i == axis) for i in range(len(shape)))] = Fraction(-1)
    return invariant_polynomial(shape, terms)
