"""Models of spins, bits and categories for tests: all states, exact probabilities, exact samples."""

import itertools
import math

import numpy as np

from cheaplearn.hamiltonian import Alphabet
from cheaplearn.learning.discrete.samples import DiscreteSamples
from cheaplearn.learning.discrete.terms import local_terms

KINDS = ("spin", "bit", "category")
MIXED = (2, 3, 4, 2)  # numbers of states of categories


def alphabet_of(kind, sizes):
    names = [f"x{i}" for i in range(len(sizes))]
    if kind != "category":
        return Alphabet.of_kinds(names, [kind] * len(sizes))
    return Alphabet(tuple(names), tuple(np.arange(q) for q in sizes))


def states_of(kind, sizes):
    """All states as raw values, shape (states, n)."""
    codes = np.array(list(itertools.product(*map(range, sizes))))
    return 2 * codes - 1 if kind == "spin" else codes


def random_samples(kind, rows=60, seed=0, sizes=None):
    """Rows with weights that differ, and sites that depend on each other."""
    rng = np.random.default_rng(seed)
    sizes = np.array(sizes or (MIXED if kind == "category" else (2,) * 5))
    codes = rng.integers(0, sizes, (rows, len(sizes)))
    copied = rng.random(rows) < 0.3
    codes[copied, 1] = codes[copied, 0]
    weight = rng.uniform(0.2, 3.0, rows)
    return DiscreteSamples(codes.astype(np.uint8), weight, alphabet_of(kind, sizes), None, np.arange(rows), rows)


def random_terms(kind, samples, order):
    return local_terms(kind, samples.alphabet, order, math.inf, None)


def design(terms, codes):
    """Values of all monomials, shape (samples, couplings): one at a time."""
    site = np.repeat(range(terms.n_sites), terms.atoms_per_site)
    state = np.concatenate([np.arange(q) for q in terms.atoms_per_site])
    columns = []
    for atoms in terms.monomials:
        value = np.ones(len(codes))
        for atom in atoms:
            code = codes[:, site[atom]].astype(int)
            value *= {"spin": 2.0 * code - 1, "bit": 1.0 * code, "category": 1.0 * (code == state[atom])}[terms.kind]
        columns.append(value)
    return np.column_stack(columns)


def energies_of(terms, codes, theta):
    return design(terms, codes) @ theta


def model(kind, order, seed=0, scale=0.5, sizes=None):
    """A random model with all terms up to an order: `(terms, theta, states, probabilities)`."""
    rng = np.random.default_rng(seed)
    sizes = tuple(sizes or ((2, 3, 3) if kind == "category" else (2,) * 4))
    terms = local_terms(kind, alphabet_of(kind, sizes), order, math.inf, None)
    theta = terms.projected(scale * rng.normal(size=len(terms)))
    codes = np.array(list(itertools.product(*map(range, sizes))))
    p = np.exp(-energies_of(terms, codes, theta))
    return terms, theta, states_of(kind, sizes), p / p.sum()
