"""The benchmark's polynomials as plain terms, which every worker can read: NumPy only, no cheaplearn.

A function is {"name", "n", "terms"}; each term is [coefficient, [[variable, power], ...]], ready for JSON.
"""

import numpy as np


def product(n):
    return {"name": f"product of {n}", "n": n, "terms": [[1.0, [[i, 1] for i in range(n)]]]}


def xy():
    return product(2) | {"name": "x*y"}


def henon_heiles():
    """(px^2 + py^2 + x^2 + y^2)/2 + x^2 y - y^3/3 with the variables in the order px, py, x, y."""
    squares = [[0.5, [[i, 2]]] for i in range(4)]
    return {"name": "Henon-Heiles", "n": 4, "terms": [*squares, [1.0, [[2, 2], [3, 1]]], [-1 / 3, [[3, 3]]]]}


def sparse(name, n, count, degree, seed):
    """`count` different random monomials of total degree 1 to `degree`, normal coefficients."""
    rng = np.random.default_rng(seed)
    terms = {}
    while len(terms) < count:
        chosen = rng.integers(0, n, rng.integers(1, degree + 1))
        variables, powers = np.unique(chosen, return_counts=True)
        terms.setdefault(tuple(zip(variables.tolist(), powers.tolist(), strict=True)), float(rng.normal()))
    return {"name": name, "n": n, "terms": [[c, [list(f) for f in monomial]] for monomial, c in terms.items()]}


def values(function, X):
    """Term by term in the dtype of X, shape (samples,)."""
    total = np.zeros(len(X), X.dtype)
    for coefficient, monomial in function["terms"]:
        term = np.full(len(X), coefficient, X.dtype)
        for i, power in monomial:
            for _ in range(power):
                term *= X[:, i]
        total += term
    return total


def points(n, count, seed):
    """Uniform in [-1, 1]^n, exact in float32, so that every competitor gets the same numbers; float64."""
    return np.random.default_rng(seed).uniform(-1, 1, (count, n)).astype(np.float32).astype(np.float64)


def boxes(n, pieces):
    """[-1, 1]^n cut into pieces^n equal boxes: lower and upper corners, shape (boxes, n)."""
    edges = np.linspace(-1, 1, pieces + 1)
    index = np.indices((pieces,) * n).reshape(n, -1).T
    return edges[index], edges[index + 1]
