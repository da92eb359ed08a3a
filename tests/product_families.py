"""Random families, tyings and samples for tests of real densities, and a slow twin by exact polynomials."""

import numpy as np
from numpy.polynomial import hermite_e
from scipy.sparse import csr_array

import cheaplearn as cl
from cheaplearn.hamiltonian import Monomials


def monomials_of(products):
    """Monomials of a set of products, by degree and then lexicographically."""
    products = sorted(set(products), key=lambda product: (len(product), product))
    blocks = []
    for degree in range(1, max(map(len, products)) + 1):
        rows = [product for product in products if len(product) == degree]
        blocks.append(np.array(rows, dtype=int).reshape(len(rows), degree))
    return Monomials(tuple(blocks))


def random_products(rng, n_variables, order, size):
    """Products drawn at random, with all their divisors."""
    found, drawn = set(), []
    for _ in range(size):
        degree = int(rng.integers(1, order + 1))
        drawn.append(tuple(sorted(rng.integers(n_variables, size=degree).tolist())))
    while drawn:
        product = drawn.pop()
        if product and product not in found:
            found.add(product)
            drawn += [product[:i] + product[i + 1 :] for i in range(len(product))]
    return found


def polynomial_of(monomials, theta, n_variables):
    exponents = [tuple(product.count(v) for v in range(n_variables)) for product in monomials]
    terms = dict(zip(exponents, map(float, theta), strict=True))
    return cl.Polynomial.from_dict(terms, variables=[f"x{v}" for v in range(n_variables)])


def random_tying(rng, n_terms, n_orbits, signed=True):
    """Each term in one orbit, each orbit with a term at least."""
    orbit = np.concatenate([np.arange(n_orbits), rng.integers(n_orbits, size=n_terms - n_orbits)])
    sign = rng.choice([-1.0, 1.0], size=n_terms) if signed else np.ones(n_terms)
    return csr_array((sign, (np.arange(n_terms), rng.permutation(orbit))), shape=(n_terms, n_orbits))


def functions_of(basis, n_variables):
    """The basis functions as exact polynomials, multiplied out."""
    variables = [f"x{v}" for v in range(n_variables)]
    functions = []
    for product in basis.monomials:
        phi = cl.Polynomial.from_dict({(0,) * n_variables: 1}, variables=variables)
        for v in set(product):
            p = product.count(v)
            series = hermite_e.herme2poly([0] * p + [1]) if basis.hermite else [0] * p + [1]
            powers = {tuple(m * (u == v) for u in range(n_variables)): float(c) for m, c in enumerate(series) if c}
            phi *= cl.Polynomial.from_dict(powers, variables=variables)
        functions.append(phi)
    return functions


def derivatives_of(functions, t):
    """Gradients and second derivatives of polynomials, each of shape (n, functions, samples)."""
    n = t.shape[1]
    first = [phi.gradient() for phi in functions]
    slope = np.array([[first[k][i](t) for k in range(len(functions))] for i in range(n)])
    curvature = np.array([[first[k][i].gradient()[i](t) for k in range(len(functions))] for i in range(n)])
    return slope, curvature
