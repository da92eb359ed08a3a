"""The search for a curve along which the energy falls without end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import lcm

import numpy as np
from scipy.optimize import minimize

from ...polynomial.monomials import Monomial
from ...polynomial.monomials import degrees as degrees_of
from .arrays import FormArrays
from .curves import Curve, fall, rational
from .degrees import is_even
from .invariances import constant_directions

__all__ = ["Fall", "falling_curve"]

Terms = Mapping[Monomial, Fraction]
Fall = tuple[Curve, tuple[int, Fraction]]

STARTS = 12  # of the minimisation, for each choice of powers
STEPS = 80  # of each minimisation
BITS = 24  # of the rates
SNAP = 12  # largest denominator tried where a form is nearly zero
FLAT = 1e-6  # below this share of the largest coefficient it is nearly zero


def falling_curve(terms: Terms, size: int, degrees: Sequence[int] | None, rng: np.random.Generator) -> Fall | None:
    """Looks for z_i = u_i s^w_i along which H falls to minus infinity; what is returned is proved by `fall`.

    Tried are the axes; the minima, from random starts, of the leading forms for w = 1/d and w = 1; the null space
    of the terms of highest degree; and minima of the coefficient of each variable's highest power.

    Args:
        terms: Exact terms of H in free variables; those of bounded variables are fixed.
        size: Number of variables.
        degrees: d_i if every variable has an even, positive highest power of its own.
        rng: Source of the random starts.

    Returns:
        The curve with its leading term, or None: then there may still be one.

    Cost: some dozens of minimisations over the terms.
    """
    for curve in _candidates(terms, size, degrees, rng):
        if (leading := fall(terms, curve)) is not None:
            return curve, leading
    return None


def _candidates(terms: Terms, size: int, degrees: Sequence[int] | None, rng: np.random.Generator) -> Iterator[Curve]:
    yield from _axes(terms, size)
    ones = (1,) * size
    if degrees is not None and len(set(degrees)) > 1:
        total = lcm(*degrees)
        yield from _minima(terms, tuple(total // d for d in degrees), rng)
    yield from _minima(terms, ones, rng)
    yield from _flat_rays(terms, size)
    for i, face in enumerate(_top_faces(terms, size)):
        yield from _minima(face, tuple(int(i == j) for j in range(size)), rng, starts=max(2, STARTS // size))


def _axes(terms: Terms, size: int) -> Iterator[Curve]:
    top: dict[int, int] = {}
    for monomial in terms:
        if len(monomial) == 1:
            i, power = monomial[0]
            top[i] = max(top.get(i, 0), power)
    for i, power in top.items():
        coefficient = terms[(i, power),]
        if power % 2 or coefficient < 0:
            rate = Fraction(-1 if power % 2 and coefficient > 0 else 1)
            unit = tuple(int(i == j) for j in range(size))
            yield Curve(tuple(rate * e for e in unit), unit)


def _top_faces(terms: Terms, size: int) -> list[dict[Monomial, Fraction]]:
    """Returns for each variable the terms with its highest power."""
    top = degrees_of(terms)
    faces: list[dict[Monomial, Fraction]] = [{} for _ in range(size)]
    for monomial, coefficient in terms.items():
        for i, power in monomial:
            if power == top[i]:
                faces[i][monomial] = coefficient
    return faces


def _flat_rays(terms: Terms, size: int) -> Iterator[Curve]:
    degree = max((sum(p for _, p in m) for m in terms), default=0)
    leading = {m: c for m, c in terms.items() if sum(p for _, p in m) == degree}
    for vector in constant_directions(leading, range(size)):
        for sign in (1, -1):
            yield Curve(tuple(sign * vector.get(i, Fraction(0)) for i in range(size)), (1,) * size)


def _minima(terms: Terms, powers: tuple[int, ...], rng: np.random.Generator, starts: int = STARTS) -> Iterator[Curve]:
    if all(is_even(m) and c > 0 for m, c in terms.items()):
        return
    weights = {m: sum(powers[i] * p for i, p in m) for m in terms}
    top = max(weights.values(), default=0)
    face = {m: c for m, c in terms.items() if weights[m] == top}
    if top == 0 or all(is_even(m) and c > 0 for m, c in face.items()):
        return
    largest = max(abs(c) for c in face.values())
    form = FormArrays({m: c / largest for m, c in face.items()}, len(powers))
    moving = np.array(powers) > 0
    for k in range(starts):
        start = rng.normal(size=len(powers)) * (1 if k % 3 else _sparse(face, len(powers), rng))
        u = _descended(form, start, np.array(powers), top)
        if not np.all(np.isfinite(u)):
            continue
        value = form.value_and_gradient(u)[0]
        yield Curve(rational(u.tolist(), BITS), powers)
        if abs(value) < FLAT and np.all(moving):
            snapped = tuple(Fraction(v).limit_denominator(SNAP) for v in u.tolist())
            yield Curve(snapped, powers)
            yield Curve(snapped, (1,) * len(powers))
            yield Curve(tuple(-v for v in snapped), (1,) * len(powers))
        elif value > FLAT and top % 2 and all(p == 1 for p in powers):
            yield Curve(tuple(-v for v in rational(u.tolist(), BITS)), powers)


def _sparse(face: Terms, size: int, rng: np.random.Generator) -> np.ndarray:
    mask = np.full(size, 1e-3)
    monomials = list(face)
    mask[[i for i, _ in monomials[rng.integers(len(monomials))]]] = 1.0
    return mask


def _descended(form: FormArrays, start: np.ndarray, powers: np.ndarray, top: int) -> np.ndarray:
    """Minimises F(u) / N(u), N = sum |u_i|^(top / w_i) over moving variables and, if some do not move, 1 + |u|^2."""
    moving = powers > 0
    exponents = top / np.maximum(powers, 1)

    def ratio(u: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = form.value_and_gradient(u)
        size = np.abs(u)
        norm = float((size[moving] ** exponents[moving]).sum())
        slope = np.where(moving, exponents * np.sign(u) * size ** np.maximum(exponents - 1, 0), 0.0)
        rest = 1 + float((u[~moving] ** 2).sum())
        total = max(norm * rest, 1e-300)
        return value / total, gradient / total - value / total * (
            slope / max(norm, 1e-300) + np.where(moving, 0, 2 * u / rest)
        )

    with np.errstate(all="ignore"):
        u = minimize(ratio, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
        scale = np.max(np.abs(u[moving]) ** (1 / powers[moving]))
        return np.where(moving, u / scale ** np.where(moving, powers, 0), u)
