"""Polynomials with exact coefficients: parsing, algebra, calculus, evaluation, conversion.

`Polynomial` is the one public name. Everything up to evaluation is exact rational arithmetic; rounding
happens only in ``p(X)``. SymPy, dimod and pandas are never imported unless one of their objects is used.
"""

from __future__ import annotations

from .polynomial import Polynomial

__all__ = ["Polynomial"]
