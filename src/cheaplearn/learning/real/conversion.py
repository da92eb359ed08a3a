"""Exact linear maps between couplings: of Hermite products, of scaled monomials, of raw monomials, of orbits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby, product

import numpy as np
from scipy.sparse import csr_array

from ..._messages import must_be

__all__ = ["hermite_to_monomials", "powers_divided", "scaled_to_raw", "tied_map"]

Powers = tuple[int, ...]
Expansion = Callable[[int, int], list[tuple[int, float]]]  # variable, power -> powers and their coefficients


def powers_divided(powers: Powers, by: int) -> Iterator[tuple[int, Powers]]:
    """Divides a product by one of its variables, once or twice.

    Args:
        powers: Variables in ascending order, repeated as often as their power.
        by: Power to divide by.

    Yields:
        Each variable that occurs at least so often, and the quotient.
    """
    for place, v in enumerate(powers):
        if (place == 0 or powers[place - 1] != v) and powers[place : place + by] == (v,) * by:
            yield v, powers[:place] + powers[place + by :]


def hermite_to_monomials(place: Mapping[Powers, int]) -> csr_array:
    """Map from couplings of products of probabilists' Hermite polynomials to those of monomials.

    Args:
        place: Number of each term, by its variables with repetition; closed under division by squares.

    Returns:
        M with theta_monomial = M theta_hermite, shape (terms, terms), integers; the constant is dropped.
    """
    return _change(place, lambda _, p: [(p - 2 * m, _hermite(p, m)) for m in range(p // 2 + 1)])


def scaled_to_raw(place: Mapping[Powers, int], center: np.ndarray, scale: np.ndarray) -> csr_array:
    """Map from couplings of monomials of t = (x - center) / scale to those of monomials of x.

    Args:
        place: Number of each term, by its variables with repetition.
        center: Shape (n,).
        scale: Shape (n,).

    Returns:
        R with theta_raw = R theta_scaled, shape (terms, terms); the constant is dropped.

    Raises:
        ValueError: If an expansion has a monomial that is not among the terms.
    """

    def expansion(v: int, p: int) -> list[tuple[int, float]]:
        lower = range(p, -1, -1) if center[v] != 0 else (p,)
        return [(m, math.comb(p, m) * (-float(center[v])) ** (p - m) / float(scale[v]) ** p) for m in lower]

    return _change(place, expansion)


def tied_map(matrix: csr_array, tying: csr_array) -> csr_array:
    """Restricts a map between couplings of terms to couplings of orbits.

    Args:
        matrix: M, shape (terms, terms).
        tying: P with theta = P theta_tied, shape (terms, orbits); every orbit has a term of its own.

    Returns:
        M' with M P = P M', shape (orbits, orbits).

    Raises:
        ValueError: If the map does not respect the orbits (couplings tied before are not tied after).
    """
    columns = tying.tocsc()
    own = np.diff(tying.indptr) == 1
    image = (matrix @ tying).tocsr()
    starts = [_own_term(columns, own, orbit) for orbit in range(tying.shape[1])]
    values = np.array([tying[k, orbit] for orbit, k in enumerate(starts)])
    tied = csr_array(image[starts] / values[:, None]) if starts else csr_array((0, 0))
    rest = abs(image - tying @ tied)
    if rest.nnz and rest.max() > 1e-9 * max(1.0, float(abs(image).max())):
        requirement = "orbits of a symmetry that the change of units respects"
        raise ValueError(must_be("tying", "tied_map", requirement, f"a residual of {rest.max():.3g}"))
    return tied


def _own_term(columns: csr_array, own: np.ndarray, orbit: int) -> int:
    terms = columns.indices[columns.indptr[orbit] : columns.indptr[orbit + 1]]
    alone = terms[own[terms]]
    if not len(alone):
        raise ValueError(must_be("tying", "tied_map", "such that every orbit has a term of its own", f"orbit {orbit}"))
    return int(alone[0])


def _hermite(p: int, m: int) -> int:
    """Returns the coefficient of t^(p - 2m) in He_p."""
    return (-1) ** m * math.factorial(p) // (math.factorial(m) * 2**m * math.factorial(p - 2 * m))


def _change(place: Mapping[Powers, int], expansion: Expansion) -> csr_array:
    """Expands every product variable by variable."""
    rows, columns, values = [], [], []
    for powers, k in place.items():
        runs = [(v, len(list(run))) for v, run in groupby(powers)]
        for choice in product(*(expansion(v, p) for v, p in runs)):
            image = tuple(v for (v, _), (m, _) in zip(runs, choice, strict=True) for _ in range(m))
            if image:
                rows.append(_row(place, image, powers))
                columns.append(k)
                values.append(math.prod(coefficient for _, coefficient in choice))
    return csr_array((np.array(values, dtype=float), (rows, columns)), shape=(len(place), len(place)))


def _row(place: Mapping[Powers, int], image: Powers, powers: Powers) -> int:
    try:
        return place[image]
    except KeyError:
        requirement = f"a set that contains {image}, which the expansion of {powers} needs"
        raise ValueError(must_be("monomials", "change of basis", requirement, "none")) from None
