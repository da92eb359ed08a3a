"""All sign flips that leave an energy as it is: a null space over the field of two elements."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from .maps import MapTest, SignedMap

__all__ = ["find_sign_flips", "flip"]

_SIGNIFICANT = 4.0  # standard errors from which on a term is there for certain
_MOST_COMBINED = 8  # dimension up to which all elements of the group are tested where couplings have errors


def flip(variables: Sequence[int], n: int) -> SignedMap:
    """Returns the map that changes the sign of some variables.

    Args:
        variables: Which.
        n: Number of variables.
    """
    return tuple(range(n)), tuple(-1 if i in variables else 1 for i in range(n))


def find_sign_flips(test: MapTest) -> list[frozenset[int]]:
    """Finds generators of the group of sign flips.

    A flip of the set F leaves a term as it is if the powers of the variables in F add up to an even number: one linear
    equation over {0, 1} for each term. Exact and complete for couplings without errors; with errors, terms above 4
    standard errors give the equations, and each solution is tested.

    Args:
        test: Of the energy.

    Returns:
        Sets of variables, a basis of the group; of single variables where possible.
    """
    used = test.energies.used
    rows = [_parity(monomial) for (k, monomial) in test.terms if _is_there(test, (k, monomial))]
    basis = _null_space_of_two(rows, used)
    if not test.noisy:
        return basis
    n = len(test.energies.names)
    candidates = basis if len(basis) > _MOST_COMBINED else _all_sums(basis)
    accepted = [flipped for flipped in candidates if test(flip(sorted(flipped), n)).holds]
    return _independent(sorted(accepted, key=lambda flipped: (len(flipped), sorted(flipped))))


def _is_there(test: MapTest, key: tuple[int, tuple[tuple[int, int], ...]]) -> bool:
    if test.noisy:
        return abs(test.floats[key]) > _SIGNIFICANT * test.variances[key] ** 0.5
    return not test.negligible(key)


def _parity(monomial: tuple[tuple[int, int], ...]) -> frozenset[int]:
    return frozenset(variable for variable, power in monomial if power % 2)


def _null_space_of_two(rows: list[frozenset[int]], variables: Sequence[int]) -> list[frozenset[int]]:
    pivots: dict[int, frozenset[int]] = {}
    for row in rows:
        reduced = row
        for pivot, other in pivots.items():
            if pivot in reduced:
                reduced = reduced ^ other
        if reduced:
            pivot = max(reduced)  # free variables come first
            pivots = {p: (other ^ reduced if pivot in other else other) for p, other in pivots.items()}
            pivots[pivot] = reduced
    return [
        frozenset({free} | {pivot for pivot, row in pivots.items() if free in row})
        for free in variables
        if free not in pivots
    ]


def _all_sums(basis: list[frozenset[int]]) -> list[frozenset[int]]:
    sums = []
    for size in range(1, len(basis) + 1):
        for chosen in combinations(basis, size):
            total: frozenset[int] = frozenset()
            for part in chosen:
                total = total ^ part
            sums.append(total)
    return sums


def _independent(flips: list[frozenset[int]]) -> list[frozenset[int]]:
    kept: list[frozenset[int]] = []
    reduced: dict[int, frozenset[int]] = {}
    for flipped in flips:
        rest = flipped
        while rest and max(rest) in reduced:
            rest = rest ^ reduced[max(rest)]
        if rest:
            reduced[max(rest)] = rest
            kept.append(flipped)
    return kept
