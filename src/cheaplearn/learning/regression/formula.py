"""A fit as a formula: coefficients as simple fractions, where the data say so."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ...hamiltonian import Hamiltonian
from ...polynomial import Polynomial
from .final import Estimate

__all__ = ["formulas", "simplest_fraction"]

LEAST_ERROR = 1e-11  # relative: a coefficient is never known better than this
CHANCE = 0.05  # of a fraction as simple to lie in the interval by accident
REACH = 3.0  # standard errors: a true fraction lies outside for 1 of 370 coefficients


def formulas(hamiltonian: Hamiltonian, found: Estimate, snap: bool) -> tuple[list[Polynomial], list[str]]:
    """Writes the prediction of each output.

    Args:
        hamiltonian: Energies and offsets of a regression.
        found: The estimate behind them.
        snap: Whether to look for simple fractions; the variables must be centred at 0 then.

    Returns:
        Polynomials of the raw variables, and one sentence for each.
    """
    exact = [
        polynomial + Fraction(offset)
        for polynomial, offset in zip(hamiltonian.to_polynomials(), hamiltonian.offsets.tolist(), strict=True)
    ]
    if not snap:
        return exact, [f"{name}: coefficients are the fitted ones." for name in hamiltonian.classes]
    pairs = [_snapped(exact[k], hamiltonian, found, k) for k in range(len(exact))]
    return [formula for formula, _ in pairs], [note for _, note in pairs]


def simplest_fraction(low: float, high: float) -> Fraction:
    """Returns the fraction with the smallest denominator (and then numerator) in an interval.

    Args:
        low: Lower end.
        high: Upper end, at least `low`.

    Returns:
        The fraction.

    Example:
        >>> simplest_fraction(0.3332, 0.3335)
        Fraction(1, 3)
    """
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest_fraction(-high, -low)
    return _simplest(Fraction(low), Fraction(high))


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """Walks the continued fraction that both ends share."""
    whole = -(-low.numerator // low.denominator)  # ceiling
    if whole <= high:
        return Fraction(whole)
    floor = whole - 1
    return floor + 1 / _simplest(1 / (high - floor), 1 / (low - floor))


def _snapped(formula: Polynomial, hamiltonian: Hamiltonian, found: Estimate, output: int) -> tuple[Polynomial, str]:
    """Returns the formula with simple fractions if it is as good, and says so."""
    errors = _raw_errors(hamiltonian, found, output)
    simple = {m: _simple(c, errors.get(m, 0.0)) for m, c in formula.terms.items()}
    name, count = hamiltonian.classes[output], sum(c is not None for c in simple.values())
    if not count:
        return formula, f"{name}: no coefficient is a simple fraction within its error."
    chosen = {m: formula.terms[m] if c is None else c for m, c in simple.items()}
    snapped = Polynomial(chosen, formula.variables)
    price = _price(formula, snapped, hamiltonian, found, output)
    # each snapped coefficient is one number less to fit
    allowed = count * max(np.log(max(found.freedom[output], 2.0)), 2.0)
    if price > allowed:
        return formula, f"{name}: simple fractions would raise -2 ln likelihood by {price:.3g}: fitted values are kept."
    return snapped, (
        f"{name}: {count} of {len(simple)} coefficients are simple fractions within their errors "
        f"(-2 ln likelihood rises by {price:.2g}, allowed are {allowed:.3g})."
    )


def _simple(value: Fraction, error: float) -> Fraction | None:
    """Returns the simplest fraction within the error, unless it may be there by chance."""
    reach = max(REACH * error, LEAST_ERROR * abs(float(value)))
    found = simplest_fraction(float(value) - reach, float(value) + reach)
    # an interval of length 2 reach holds 0.6 q^2 reach fractions with denominators up to q on average
    by_chance = 0.61 * found.denominator**2 * reach
    return found if found and by_chance < CHANCE else None


def _raw_errors(hamiltonian: Hamiltonian, found: Estimate, output: int) -> dict[tuple[tuple[int, int], ...], float]:
    from ...hamiltonian.exact import powers_of

    raw = hamiltonian.raw_standard_errors
    column = np.zeros(len(hamiltonian.monomials)) if raw is None else raw[:, output]
    of_terms = {powers_of(sites): float(e) for sites, e in zip(hamiltonian.monomials, column, strict=True)}
    return of_terms | {(): float(found.errors[0, output] * found.units.y_scale[output])}


def _price(formula: Polynomial, snapped: Polynomial, hamiltonian: Hamiltonian, found: Estimate, output: int) -> float:
    """Returns the rise of the squared residuals over the noise, from the covariance of the coefficients."""
    from ...hamiltonian.exact import powers_of

    sigma, F = found.noise[output], found.factors[output]
    scale = hamiltonian.variables.scale
    change = snapped - formula
    shift = np.zeros(len(F))
    terms, orbits = list(hamiltonian.monomials), hamiltonian.orbits
    own = terms if orbits is None else [terms[first] for first in orbits.first]  # terms of an orbit share a fraction
    for k, sites in enumerate([(), *own]):
        difference = float(change.terms.get(powers_of(sites), 0))
        shift[k] = difference * np.prod(scale[list(sites)]) / found.units.y_scale[output]
    used = np.any(F != 0, axis=1)
    sigma = max(sigma, LEAST_ERROR * float(np.sqrt(np.mean(found.coefficients[used, output] ** 2))))
    return float(np.sum((np.linalg.lstsq(F[used], shift[used], rcond=None)[0] / sigma) ** 2))
