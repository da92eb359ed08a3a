"""Polynomials with known symmetries, plain and hidden by a linear change of variables, exact and with errors."""

import itertools
from fractions import Fraction

import numpy as np

import cheaplearn as cl
from cheaplearn.hamiltonian import Hamiltonian, Variables, local_monomials
from cheaplearn.hamiltonian.exact import powers_of

NAMES = tuple("xyztuv")


def monomials(n, degree, lowest=1):
    """All monomials of n variables with lowest <= degree <= highest."""
    return [
        tuple((i, sites.count(i)) for i in sorted(set(sites)))
        for k in range(lowest, degree + 1)
        for sites in itertools.combinations_with_replacement(range(n), k)
    ]


def dense(rng, n, degree, whole=True):
    """A polynomial with a random coefficient for every monomial."""
    keys = monomials(n, degree)
    values = rng.integers(1, 30, len(keys)) * rng.choice([-1, 1], len(keys)) if whole else rng.normal(size=len(keys))
    return cl.Polynomial(dict(zip(keys, values.tolist(), strict=True)), NAMES[:n])


def of_form(p, q):
    """(q^2 + q) of the form with p plus and q minus signs: so(p, q) and no more."""
    form = " + ".join(f"{'-' if i >= p else ''}1*{NAMES[i]}^2" for i in range(p + q)).replace("+ -", "- ")
    return cl.Polynomial.parse(f"({form})^2 + {form}", NAMES[: p + q])


def substituted(polynomial, matrix):
    """p(A x), exactly."""
    rows = [
        sum(
            (cl.Polynomial.variable(name) * value for name, value in zip(polynomial.variables, row, strict=True)),
            cl.Polynomial.constant(0, polynomial.variables),
        )
        for row in matrix
    ]
    total = cl.Polynomial.constant(0, polynomial.variables)
    for monomial, value in polynomial.terms.items():
        product = cl.Polynomial.constant(value, polynomial.variables)
        for i, power in monomial:
            product = product * rows[i] ** power
        total = total + product
    return total


def whole_matrix(rng, n):
    """A random invertible matrix of small whole numbers."""
    while True:
        matrix = rng.integers(-2, 3, (n, n))
        if abs(np.linalg.det(matrix)) > 0.5:
            return [[Fraction(int(value)) for value in row] for row in matrix]


def rounded(polynomial, rng, noise=0.0):
    """The same with float64 coefficients and relative noise."""
    return cl.Polynomial(
        {m: float(c) * (1 + noise * rng.normal()) for m, c in polynomial.terms.items()}, polynomial.variables
    )


def measured(polynomial, rng, error, degree):
    """A Hamiltonian whose couplings are those of the polynomial plus noise, with standard errors that differ."""
    n = len(polynomial.variables)
    terms = local_monomials(n, degree, np.inf)
    exact = np.array([float(polynomial.terms.get(powers_of(sites), 0)) for sites in terms])
    errors = error * np.exp(0.5 * rng.normal(size=len(exact)))
    values = exact + errors * rng.normal(size=len(exact))
    names = polynomial.variables
    variables = Variables(names, ("real",) * n, np.zeros(n), np.ones(n))
    return Hamiltonian(
        terms,
        values[:, None],
        np.zeros(1),
        np.array(["H"]),
        variables,
        None,
        degree,
        np.inf,
        standard_errors=errors[:, None],
    )
