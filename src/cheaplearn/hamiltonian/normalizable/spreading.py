"""Proof that a density does not exist because the energy stays bounded on a region of infinite volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm

import numpy as np
from scipy.optimize import linprog

from ...polynomial.monomials import Monomial

__all__ = ["spreading_powers"]

MAX_NUMBERS = 1_000_000  # entries of all linear programs


def spreading_powers(terms: Mapping[Monomial, object], volumes: Sequence[int]) -> tuple[int, ...] | None:
    """Finds whole numbers w, not all 0, such that no monomial grows on the region z_i = s^w_i v_i, v in a box.

    If w . a <= 0 for every monomial z^a, H is bounded there for s >= 1; the volume of the region is a multiple of
    the integral of s^(sum w_i - 1), which is infinite if sum w_i >= 0. So exp(-H) is not integrable.
    Example: x^2 y^2 with w = (1, -1). A variable that does not occur is the simplest case.

    Args:
        terms: The monomials.
        volumes: Weight of each w_i in the volume: 1, or 2 where the raw variable is z_i^2.

    Returns:
        w, checked exactly, or None.

    Cost: a linear program with one row per monomial for each variable without a power of its own.
    """
    size = len(volumes)
    monomials = [m for m in terms if m]
    bare = set(range(size)) - {m[0][0] for m in monomials if len(m) == 1}  # the others cannot grow
    if not bare or len(bare) * (len(monomials) + 1) * size > MAX_NUMBERS:
        return None
    rows = np.zeros((len(monomials) + 1, size))
    for row, monomial in enumerate(monomials):
        for i, power in monomial:
            rows[row, i] = power
    rows[-1] = -np.array(volumes)
    for i in sorted(bare):
        aim = np.zeros(size)
        aim[i] = -1.0
        found = linprog(aim, rows, np.zeros(len(rows)), bounds=(-1, 1))
        if found.success and found.fun < -1e-9:
            fractions = [Fraction(w).limit_denominator(64) for w in found.x.tolist()]
            whole = lcm(*(f.denominator for f in fractions))
            powers = tuple(int(f * whole) for f in fractions)
            if _checked(monomials, volumes, powers):
                return powers
    return None


def _checked(monomials: Sequence[Monomial], volumes: Sequence[int], powers: Sequence[int]) -> bool:
    grows = any(sum(powers[i] * p for i, p in monomial) > 0 for monomial in monomials)
    return any(powers) and not grows and sum(w * v for w, v in zip(powers, volumes, strict=True)) >= 0
