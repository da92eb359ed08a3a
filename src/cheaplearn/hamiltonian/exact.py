"""Exact polynomials of a Hamiltonian: floats are read as the binary fractions they are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

from ..circuit import Circuit
from ..polynomial import Polynomial

if TYPE_CHECKING:
    from .hamiltonian import Hamiltonian

__all__ = ["logit_circuit", "powers_of", "raw_polynomials", "scaled_polynomials"]


def powers_of(sites: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Reads repeated sites as powers.

    Args:
        sites: Sites in ascending order, repeated as often as their power.

    Returns:
        Pairs (site, power).

    Example:
        >>> powers_of((0, 0, 3))
        ((0, 2), (3, 1))
    """
    return tuple((site, len(list(same))) for site, same in groupby(sites))


def raw_polynomials(hamiltonian: Hamiltonian) -> tuple[Polynomial, ...]:
    """Expands the energies in the raw variables.

    Args:
        hamiltonian: The Hamiltonian.

    Returns:
        H_y(x) in nats, one polynomial per class; no coefficient is rounded.
    """
    variables = hamiltonian.variables
    scales = [1 / Fraction(s) for s in variables.scale.tolist()]  # t = (x - c) / s = -c/s + x/s
    centers = [-Fraction(c) * s for c, s in zip(variables.center.tolist(), scales, strict=True)]
    return tuple(p.shift_and_scale(centers, scales) for p in scaled_polynomials(hamiltonian, sign=1))


def logit_circuit(hamiltonian: Hamiltonian) -> Circuit:
    """Hands the logits to the compiler.

    Args:
        hamiltonian: The Hamiltonian.

    Returns:
        Circuit of -H_y - mu_y over t = (x - center) / scale, with labels and classes.
    """
    logits = [
        polynomial - Fraction(offset)
        for polynomial, offset in zip(
            scaled_polynomials(hamiltonian, sign=-1), hamiltonian.offsets.tolist(), strict=True
        )
    ]
    variables = hamiltonian.variables
    return Circuit(
        outputs=tuple(logits),
        variables=variables.names,
        kinds=variables.kinds,
        center=tuple(variables.center.tolist()),
        scale=tuple(variables.scale.tolist()),
        labels=tuple(map(str, hamiltonian.classes.tolist())),
        classes=hamiltonian.classes,
    )


def scaled_polynomials(hamiltonian: Hamiltonian, sign: int = 1) -> list[Polynomial]:
    """Returns the energies, times a sign, as exact polynomials of the scaled variables, one per class."""
    monomials = [powers_of(sites) for sites in hamiltonian.monomials]
    return [
        Polynomial(
            {m: sign * Fraction(c) for m, c in zip(monomials, column, strict=True)},
            hamiltonian.variables.names,
        )
        for column in hamiltonian.coefficients.T.tolist()
    ]
