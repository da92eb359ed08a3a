"""Formulas with known coefficients, and whether a fit has found them. A formula is {powers: coefficient}."""

import json

import numpy as np
import sympy

NEGLIGIBLE = 1e-3  # terms whose share of the standard deviation of y is smaller do not count
EXACT, CLOSE = 1e-9, 1e-2  # relative errors of the coefficients


def feynman(data):
    """(name, expression, variables, ranges) of every polynomial equation."""
    equations = json.loads((data / "feynman" / "feynman.json").read_text(encoding="utf-8"))
    for equation in equations:
        if equation["polynomial"]:
            names = [name for name, _, _ in equation["variables"]]
            symbols = sympy.symbols(names)
            expression = sympy.sympify(equation["formula"], locals=dict(zip(names, symbols, strict=True)))
            yield equation["id"], expression, symbols, np.array([v[1:3] for v in equation["variables"]])


def terms_of(expression, symbols):
    return {powers: float(c) for powers, c in sympy.Poly(expression, *symbols).terms()}


def has_only_fractions(expression, symbols):
    return all(c.is_Rational for c in sympy.Poly(expression, *symbols).coeffs())


def ring_field(sites):
    """sum_i x_i^2 / 2 - x_i x_i+1 + x_i x_i+1 x_i+2 / 2 on a ring."""
    terms = {}
    for i in range(sites):
        for steps, c in (((0, 0), 0.5), ((0, 1), -1.0), ((0, 1, 2), 0.5)):
            powers = np.zeros(sites, int)
            np.add.at(powers, [(i + step) % sites for step in steps], 1)
            terms[tuple(powers.tolist())] = c
    return terms


def value(terms, X):
    powers, coefficients = np.array(list(terms)), np.array(list(terms.values()))
    return np.array([np.prod(X**power, axis=1) for power in powers]).T @ coefficients


def compare(found, truth, X, y):
    """Whether the formula has the monomials of the truth, and is equal to it.

    Args:
        found: [[powers, coefficient], ...]; the constant may be among them.
        truth: Its terms.
        X: Points, shape (rows, n), for the share of each term.
        y: Values there.

    Returns:
        {"terms": the monomials are right (negligible ones forgiven) and their coefficients within 1 %,
        "exact": the monomials are right (nothing forgiven) and their coefficients equal up to 1e-9,
        "error": largest relative error of a coefficient, infinite if a term is missing}.
    """
    found = {tuple(powers): float(c) for powers, c in found if c}
    error = max(abs(found.get(m, np.inf) / c - 1) for m, c in truth.items())
    share = {m: abs(c) * np.std(np.prod(X ** np.array(m), axis=1)) / np.std(y) for m, c in found.items()}
    kept = {m for m, s in share.items() if s > NEGLIGIBLE}
    return {
        "terms": kept == truth.keys() and error <= CLOSE,
        "exact": found.keys() == truth.keys() and error <= EXACT,
        "error": float(error),
    }
