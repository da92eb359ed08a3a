"""Factor graphs for tests."""

import itertools
import math

import numpy as np
from hypothesis import strategies as st

from cheaplearn.hamiltonian import FactorGraph


def random_graph(seed, n=7, factors=8, order=4, scale=1.0, largest=4, smallest=1):
    """Sites of `smallest` to `largest` states, factors of 0 to `order` sites; some sites may have none."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(smallest, largest + 1, n)
    tables = {}
    for _ in range(factors):
        degree = int(rng.integers(0, min(order, n) + 1))
        scope = tuple(sorted(rng.choice(n, degree, replace=False).tolist()))
        tables[scope] = scale * rng.normal(size=tuple(sizes[list(scope)]))
    return FactorGraph.from_tables(sizes, tables)


def all_codes(sizes):
    return np.array(list(itertools.product(*[range(q) for q in sizes])), np.int64).reshape(math.prod(sizes), len(sizes))


def all_pairs(n, order=2, seed=0, scale=1.0):
    """Binary sites with a random table for every set of 1 to `order` sites."""
    rng = np.random.default_rng(seed)
    scopes = [scope for k in range(1, order + 1) for scope in itertools.combinations(range(n), k)]
    return FactorGraph.from_tables(np.full(n, 2), {s: scale * rng.normal(size=(2,) * len(s)) for s in scopes})


def ising_lattice(rows, columns, beta):
    """Spins on a torus, H = -beta sum of s_i s_j over neighbours; at least 3 rows and columns."""
    bond = -beta * np.array([[1.0, -1.0], [-1.0, 1.0]])
    tables = {}
    for r, c in itertools.product(range(rows), range(columns)):
        for there in ((r + 1) % rows * columns + c, r * columns + (c + 1) % columns):
            tables[tuple(sorted((r * columns + c, there)))] = bond
    return FactorGraph.from_tables(np.full(rows * columns, 2), tables)


def chain(n, seed=0, scale=1.0):
    """Spins in a row with random fields and bonds."""
    rng = np.random.default_rng(seed)
    tables = {(i,): scale * rng.normal(size=2) for i in range(n)}
    tables |= {(i, i + 1): scale * rng.normal(size=(2, 2)) for i in range(n - 1)}
    return FactorGraph.from_tables(np.full(n, 2), tables)


seeds = st.integers(0, 2**32 - 1)
