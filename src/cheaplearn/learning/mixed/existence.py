"""Whether the density of real and discrete variables exists: for every state, that of the real ones must."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from ...hamiltonian import Hamiltonian
from ...hamiltonian.exact import powers_of
from ...hamiltonian.normalizable import Normalizability, normalizability
from ...polynomial import Polynomial
from .columns import Columns
from .polynomials import ConditionalPolynomials, count_states, states_of_sites

__all__ = ["MAX_STATES", "mixed_existence"]

MAX_STATES = 4096  # whose polynomials are decided one by one
MAX_WORK = 4 * 10**9  # of that: sixth powers of the monomials whose squares are summed; about a minute


def mixed_existence(hamiltonian: Hamiltonian, columns: Columns) -> Normalizability:
    """Decides whether the sum over states of the integrals of exp(-H) is finite, as far as it can.

    First one polynomial is decided that is below H for all states: terms of even powers take their smallest
    coefficient, all others minus the largest size of theirs, for positive variables. If its density does not
    provably exist, the polynomials of all states are decided, as far as they are few: one "no" is enough.

    Args:
        hamiltonian: H, one class.
        columns: Its variables.

    Returns:
        The verdict; a direction is one of raw real variables.
    """
    polynomials = ConditionalPolynomials(hamiltonian, columns)
    names = tuple(columns.column_names[c] for c in columns.real)
    worst = _decided(polynomials, _lowest(polynomials), names, dict.fromkeys(names, (0, None)))
    if worst.verdict == "yes":
        proof = f"For every state of the discrete variables H is above one polynomial of the sizes of {_few(names)}: "
        return replace(worst, proof=proof + worst.proof)
    gaussian = polynomials.degree <= 2  # then the squares decide, whatever the linear terms
    sites = polynomials.sites_beside(2 if gaussian else 1)
    count = count_states(columns, sites)
    if count > MAX_STATES:
        proof = (
            f"No polynomial of the real variables was found below H for all states of the discrete ones, and their "
            f"{count:,} states are more than the {MAX_STATES:,} that are tried one by one."
        )
        return Normalizability("undecided", proof, "none")
    states = states_of_sites(columns, sites, np.arange(count))
    coefficients = polynomials.coefficients(states)
    if gaussian:
        coefficients = coefficients * np.array([len(term) == 2 for term in polynomials.real_terms])
    coefficients[:, 0] = 0.0
    different, first = np.unique(coefficients, axis=0, return_index=True)
    affordable = len(different) if gaussian else _affordable(polynomials)
    found = _all(
        _named(_decided(polynomials, row, names, None), states[k], columns, sites)
        for row, k in zip(different[:affordable], first[:affordable], strict=True)
    )
    if found.verdict == "yes" and affordable < len(different):
        tried = f"Of {len(different):,} different polynomials of the real variables only {affordable:,} were tried: "
        return Normalizability("undecided", tried + found.proof, "none")
    unit = dict(zip(columns.column_names, hamiltonian.variables.scale.tolist(), strict=True))
    if found.direction is None:
        return found
    return replace(found, direction={name: rate * unit[name] for name, rate in found.direction.items()})


def _affordable(polynomials: ConditionalPolynomials) -> int:
    """Returns how many polynomials can be decided in about a minute, by sums of squares if nothing is simpler."""
    half, variables = -(-polynomials.degree // 2), len(polynomials.columns.real)
    return max(1, MAX_WORK // math.comb(variables + half, half) ** 6)


def _lowest(polynomials: ConditionalPolynomials) -> np.ndarray:
    """Returns coefficients of a polynomial of |t| that is below H for every state, shape (real terms,)."""
    low, high = polynomials.ranges()
    even = np.array([all(power % 2 == 0 for _, power in powers_of(term)) for term in polynomials.real_terms])
    lowest = np.where(even, low, -np.maximum(np.abs(low), np.abs(high)))
    lowest[0] = 0.0
    return lowest


def _decided(
    polynomials: ConditionalPolynomials,
    coefficients: np.ndarray,
    names: tuple[str, ...],
    bounds: dict[str, tuple[int, None]] | None,
) -> Normalizability:
    pairs = zip(polynomials.real_terms, coefficients.tolist(), strict=True)
    H = Polynomial({powers_of(term): Fraction(c) for term, c in pairs if c}, names)
    return normalizability(H, bounds)


def _named(found: Normalizability, state: np.ndarray, columns: Columns, sites: list[int]) -> Normalizability:
    """Says for which state a verdict holds."""
    if not sites:
        return found
    raw = columns.decode(state[None])[0]
    words = ", ".join(f"{columns.names[site]} = {raw[site]}" for site in sites[:10]) + ", ..." * (len(sites) > 10)
    return replace(found, proof=f"With {words}: {found.proof}")


def _all(verdicts: Iterable[Normalizability]) -> Normalizability:
    """Returns the first "no", else the first that is undecided, else yes for all."""
    open_one, yes, count = None, None, 0
    for found in verdicts:
        if found.verdict == "no":
            return found
        if found.verdict == "undecided":
            open_one = open_one or found
        yes, count = found, count + 1
    if open_one is not None or yes is None:
        return open_one or Normalizability("undecided", "No state was tried.", "none")
    if count == 1:
        return yes
    return replace(yes, proof=f"So for each of {count:,} different polynomials of the real variables. {yes.proof}")


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
