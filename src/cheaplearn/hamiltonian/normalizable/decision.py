"""Whether exp(-H) can be normalised: proofs of yes, proofs of no, and an honest undecided."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ...polynomial.monomials import Monomial
from .components import Component, components_of, fixed
from .curves import Curve, fall
from .degrees import LeadingForm, leading_form
from .directions import falling_curve
from .domains import Domain, polynomial_and_domain
from .gaussian import not_positive
from .invariances import constant_directions
from .proofs import METHODS, proof_of_growth
from .spreading import spreading_powers
from .verdict import Normalizability

__all__ = ["normalizability"]

Terms = Mapping[Monomial, Fraction]
CORNERS = 12  # values of the bounded variables at which a direction is looked for
SHOWN = 6  # names in a message


def normalizability(H: Any, bounds: Mapping[str, tuple[Any, Any]] | None = None, seed: int = 0) -> Normalizability:
    """Decides whether the integral of exp(-H) is finite, as far as it can.

    "yes" and "no" are proofs in exact arithmetic or with verified error bounds; see `leading_form`,
    `is_positive_definite`, `dominance_margin` and `is_sum_of_squares` for yes, `fall`, `constant_directions` and
    `spreading_powers` for no. Quadratic energies on the full space are always decided up to 60 variables per component.
    "undecided" is the answer for leading forms that touch zero, such as that of x^2 (1 + y^4), for positive forms that
    are no sum of squares, and beyond the size limits of the solver.

    Args:
        H: A Polynomial (exact coefficients), or a Hamiltonian of one class (bits and spins cannot go to infinity).
        bounds: (low, high) by name, None or infinity for an open end. Variables between two ends do not
            matter for divergence; those with one end go to infinity on the other side only.
        seed: Of the random starts of the search for directions; it can change "undecided" to "no", nothing else.

    Returns:
        The verdict with its reason.

    Raises:
        TypeError: If `H` is neither.
        ValueError: If `H` has several classes or `bounds` do not fit.

    Cost: components of the interaction graph are decided one by one, cheapest proof first: some seconds for an
        8x8 lattice of order 4 and radius 1 (about 5,000 terms).

    Example:
        >>> from cheaplearn.polynomial import Polynomial
        >>> normalizability(Polynomial.parse("x^4 - 3*x^2*y + 4*y^2")).verdict
        'yes'
        >>> normalizability(Polynomial.parse("x^2 + y^2 + x^2*y - y^3/3"))
        Normalizability(no, direction: y = 1 s; H falls like -0.333 s^3, so exp(-H) is not integrable.)
    """
    polynomial, domain = polynomial_and_domain(H, bounds)
    terms = domain.unfolded(polynomial)
    bounded = domain.bounded
    free = [i for i in range(len(domain.names)) if i not in set(bounded)]
    if not free:
        return Normalizability("yes", "All variables are bounded, so H is.", "bounded")
    ranges = {i: (Fraction(domain.ends[i][0]), Fraction(domain.ends[i][1])) for i in bounded}
    rng = np.random.default_rng(seed)
    parts = components_of(terms, free, ranges)
    proofs = [proof_of_growth(component) for component in parts]
    still_open = [(part, proof) for part, proof in zip(parts, proofs, strict=True) if proof not in METHODS]
    for component, _ in still_open:
        if (no := _proof_of_no(terms, component, domain, ranges, rng)) is not None:
            return no
    return _undecided(*still_open[0], domain) if still_open else _yes(proofs)


def _yes(proofs: list[str]) -> Normalizability:
    method = max(proofs, key=list(METHODS).index)
    among = "" if len(proofs) == 1 else f" in each of {len(proofs)} independent parts (strongest argument named)"
    return Normalizability("yes", f"H grows in every direction: {METHODS[method]}{among}.", method)


def _undecided(component: Component, reason: str, domain: Domain) -> Normalizability:
    names = [domain.names[i] for i in component.variables]
    shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    return Normalizability("undecided", f"For {shown}: {reason}, and no direction where H falls was found.", "none")


def _proof_of_no(
    terms: Terms, component: Component, domain: Domain, ranges: Mapping, rng: np.random.Generator
) -> Normalizability | None:
    involved = set(component.variables)
    part = {m: c for m, c in terms.items() if any(i in involved for i, _ in m)}
    half = domain.half
    lines = [i for i in component.variables if i not in half]
    for values in _settings(part, domain, ranges, rng):
        local = _local(fixed(part, values), component)
        form = leading_form(Component(component.variables, {m: (c, c) for m, c in local.items()}))
        found = _quadratic_fall(local, len(component))
        if found is None:
            degrees = form.degrees if isinstance(form, LeadingForm) else None
            found = falling_curve(local, len(component), degrees, rng)
        if found is not None:
            return _no_by_fall(found, component, domain)
    if flat := constant_directions(part, lines):
        raw, _ = domain.folded({i: float(u) for i, u in flat[0].items()}, dict.fromkeys(flat[0], 1))
        proof = "H does not change along this line, so exp(-H) has infinite mass."
        return Normalizability("no", proof, "constant direction", raw, dict.fromkeys(raw, 1.0))
    volumes = [2 if i in half else 1 for i in component.variables]
    if powers := spreading_powers(component.terms, volumes):
        return _no_by_spreading(powers, component, domain)
    return None


def _settings(part: Terms, domain: Domain, ranges: Mapping, rng: np.random.Generator) -> Iterator[dict[int, Fraction]]:
    """Yields values of the bounded variables: centres, then corners; one empty setting if there are none."""
    used = sorted({i for m in part for i, _ in m if i in ranges})
    yield {i: ranges[i][1] if i in domain.discrete else sum(ranges[i], Fraction(0)) / 2 for i in used}
    if len(used) <= 3:
        corners = list(np.ndindex(*[2] * len(used))) if used else []
    else:
        corners = rng.integers(0, 2, size=(CORNERS, len(used))).tolist()
    for corner in corners:
        yield {i: ranges[i][side] for i, side in zip(used, corner, strict=True)}


def _local(terms: Terms, component: Component) -> dict[Monomial, Fraction]:
    place = {i: k for k, i in enumerate(component.variables)}
    return {tuple((place[i], p) for i, p in m): c for m, c in terms.items() if m}


def _quadratic_fall(terms: Terms, size: int) -> tuple[Curve, tuple[int, Fraction]] | None:
    if max((sum(p for _, p in m) for m in terms), default=0) > 2:
        return None
    vector = not_positive(dict(terms), size) or []
    for sign in (1, -1) if vector else ():
        curve = Curve(tuple(sign * u for u in vector), (1,) * size)
        if (leading := fall(terms, curve)) is not None:
            return curve, leading
    return None


def _no_by_fall(found: tuple[Curve, tuple[int, Fraction]], component: Component, domain: Domain) -> Normalizability:
    curve, (power, coefficient) = found
    moving = [k for k in range(len(component)) if curve.powers[k] and curve.rates[k]]
    rates = {component.variables[k]: float(curve.rates[k]) for k in moving}
    direction, powers = domain.folded(rates, {component.variables[k]: curve.powers[k] for k in moving})
    proof = f"H falls like {_shown(coefficient)} s^{power}, so exp(-H) is not integrable."
    return Normalizability("no", proof, "direction", direction, powers)


def _shown(coefficient: Fraction) -> str:
    """Returns three digits, also of numbers that no float holds."""
    exponent = math.floor(math.log2(abs(coefficient.numerator)) - math.log2(coefficient.denominator))
    if abs(exponent) < 1000:
        return f"{float(coefficient):.3g}"
    return f"{'-' if coefficient < 0 else ''}2^{exponent}"


def _no_by_spreading(powers: tuple[int, ...], component: Component, domain: Domain) -> Normalizability:
    growing = {component.variables[k]: w for k, w in enumerate(powers) if w > 0}
    direction, rates = domain.folded(dict.fromkeys(growing, 1.0), growing)
    proof = "H stays bounded on a region of infinite volume that extends along this curve."
    return Normalizability("no", proof, "spreading", direction, rates)
