"""Exact linear maps between couplings: of Hermite products, of scaled monomials, of raw monomials, of orbits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby, product

import numpy as np
from scipy.sparse import csr_array

from ..._messages import must_be

__all__ = ["hermite_to_monomials", "monomials_to_hermite", "powers_divided", "scaled_to_raw", "tied_hermite"]

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


def monomials_to_hermite(place: Mapping[Powers, int]) -> csr_array:
    """Map from couplings of monomials to those of products of Hermite polynomials: the inverse of the above.

    Args:
        place: Number of each term, by its variables with repetition; closed under division by squares.

    Returns:
        Shape (terms, terms), integers; the constant is dropped.
    """
    return _change(place, lambda _, p: [(p - 2 * m, abs(_hermite(p, m))) for m in range(p // 2 + 1)])


def tied_hermite(place: Mapping[Powers, int], tying: csr_array) -> tuple[csr_array, csr_array]:
    """Ties products of Hermite polynomials so that the couplings of their monomials are tied.

    Where all sites of an orbit have equal surroundings (a group of symmetries) this changes nothing. At the end of
    an open chain it does: the sum of He_2(t_i) He_2(t_i+1) holds t_i^2 twice inside, once at the ends.

    Args:
        place: Number of each term, by its variables with repetition; closed under division by squares.
        tying: P with theta_monomial = P theta_tied, shape (terms, K): orbits of terms of one degree, each with a
            term that is in no other orbit.

    Returns:
        P' with theta_hermite = P' u, shape (terms, K), and R with theta_tied = R u, shape (K, K), for the
        couplings u in which the fit is well conditioned.

    Raises:
        ValueError: If an orbit mixes degrees or has no term of its own.
    """
    P = csr_array(tying)
    degrees = np.array([len(powers) for powers in place])
    columns, alone = P.tocsc(), np.diff(P.indptr) == 1
    own = [_own_term(columns, alone, degrees, orbit) for orbit in range(P.shape[1])]
    values = np.array([P[k, orbit] for orbit, k in enumerate(own)])
    image = csr_array(hermite_to_monomials(place) @ P)
    R = csr_array(image[own].multiply(1 / values[:, None])) if own else csr_array((0, 0))
    tied = csr_array(monomials_to_hermite(place) @ P @ R)
    tied.eliminate_zeros()
    return tied, R


def _own_term(columns: csr_array, alone: np.ndarray, degrees: np.ndarray, orbit: int) -> int:
    """Returns a term that is in this orbit only: the middle one, which is seldom at an edge."""
    terms = np.sort(columns.indices[columns.indptr[orbit] : columns.indptr[orbit + 1]])
    if len(np.unique(degrees[terms])) > 1:
        raise ValueError(must_be("tying", "ProductBasis.tied", "of terms of one degree", f"orbit {orbit}"))
    terms = terms[alone[terms]]
    if not len(terms):
        requirement = "such that every orbit has a term of its own"
        raise ValueError(must_be("tying", "ProductBasis.tied", requirement, f"orbit {orbit}"))
    return int(terms[len(terms) // 2])


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
