"""The function itself, as exactly as floating point goes without the cost of rationals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..circuit import Circuit

__all__ = ["reference_values"]


def reference_values(circuit: Circuit, X: np.ndarray) -> np.ndarray:
    """Evaluates a circuit term by term in extended precision: the slow obvious twin.

    Args:
        circuit: The function.
        X: Raw inputs, shape (samples, n).

    Returns:
        Shape (samples, outputs), numpy.longdouble (64-bit significand on x86; plain float64 on some platforms).
    """
    wide = np.asarray(X).astype(np.longdouble)
    ratio = [np.longdouble(s.numerator) / np.longdouble(s.denominator) for s in [Fraction(s) for s in circuit.scale]]
    shift = [np.longdouble(c.numerator) / np.longdouble(c.denominator) for c in [Fraction(c) for c in circuit.center]]
    scaled = [(wide[:, i] - c) / s for i, (c, s) in enumerate(zip(shift, ratio, strict=True))]
    columns = []
    for output in circuit.outputs:
        total = np.zeros(len(wide), dtype=np.longdouble)
        for monomial, coefficient in output.terms.items():
            term = np.full(len(wide), np.longdouble(coefficient.numerator) / np.longdouble(coefficient.denominator))
            for site, power in monomial:
                term = term * scaled[site] ** power
            total += term
        columns.append(total)
    return np.column_stack(columns)
