"""What symmetries are looked for in: exact energies, and how well their couplings are known."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from .._messages import must_be
from ..geometry import Geometry
from ..hamiltonian import Hamiltonian
from ..hamiltonian.exact import powers_of
from ..polynomial import Polynomial

__all__ = ["Energies", "Key", "from_samples", "is_samples", "read_source"]

Key = tuple[int, tuple[tuple[int, int], ...]]  # output and monomial

_LONG_NUMERATOR = 40  # bits: numbers people write are shorter, float64 results of a computation have 53
_UNKNOWN = 1e3  # standard error of a coupling that was not identified, in units of the largest coupling


@dataclass(frozen=True, eq=False)
class Energies:
    """Polynomials in named variables, with what is known about the errors of their coefficients.

    Args:
        polynomials: One per output, all over `names`; bits are written as spins (b = (1 + s) / 2).
        names: Names of the variables.
        kinds: "real", "spin" or "bit" for each.
        geometry: Where the variables live, or None.
        keys: Output and monomial of each coefficient that carries an error, in the order of `covariance`.
        covariance: Of these coefficients, shape (keys,) if they are independent, else (keys, keys); None if they are
            known exactly (or to rounding).
        differences: Whether the outputs are differences of the energies of classes.
    """

    polynomials: tuple[Polynomial, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    geometry: Geometry | None = None
    keys: tuple[Key, ...] = ()
    covariance: np.ndarray | None = None
    differences: bool = False

    @property
    def noisy(self) -> bool:
        """Whether the coefficients carry statistical errors."""
        return self.covariance is not None

    @cached_property
    def rounded(self) -> bool:
        """Whether the coefficients look like results of float64 arithmetic rather than numbers somebody wrote."""
        return any(
            c.denominator > 1
            and c.denominator & (c.denominator - 1) == 0
            and c.numerator.bit_length() > _LONG_NUMERATOR
            for polynomial in self.polynomials
            for c in polynomial.terms.values()
        )

    @cached_property
    def used(self) -> tuple[int, ...]:
        """Variables that occur, ascending."""
        return tuple(sorted({i for p in self.polynomials for monomial in p.terms for i, _ in monomial}))

    def with_polynomials(self, polynomials: tuple[Polynomial, ...]) -> Energies:
        """Returns the same with fewer terms; errors of terms that are gone go too.

        Args:
            polynomials: Parts of the polynomials, over the same names.
        """
        kept = [i for i, (k, monomial) in enumerate(self.keys) if monomial in polynomials[k].terms]
        covariance = self.covariance
        if covariance is not None:
            covariance = covariance[kept] if covariance.ndim == 1 else covariance[np.ix_(kept, kept)]
        keys = tuple(self.keys[i] for i in kept)
        return Energies(polynomials, self.names, self.kinds, self.geometry, keys, covariance, self.differences)


def read_source(source: Any, owner: str, variables: Mapping[str, str] | None = None, order: int = 4) -> Energies:
    """Reads anything a symmetry can be looked for in.

    Args:
        source: A polynomial in any form, a Hamiltonian, a fitted estimator, or raw samples (array or DataFrame).
        owner: Public function that received it, for messages.
        variables: Kind of each variable of a polynomial: "real" (if left out), "spin" or "bit".
        order: Highest degree of the density that is fitted to samples.

    Returns:
        Its energies.

    Raises:
        ValueError: If the Hamiltonian has categorical variables, or a kind is unknown.
    """
    if isinstance(source, Energies):
        return source
    if is_samples(source):
        source = from_samples(source, order)
    hamiltonian = getattr(source, "hamiltonian_", source)
    if isinstance(hamiltonian, Hamiltonian):
        energies = _from_hamiltonian(hamiltonian, owner)
        covariance = getattr(source, "coupling_covariance_", None)
        if covariance is None or energies.covariance is None:
            return energies
        keys = tuple((0, powers_of(sites)) for sites in hamiltonian.monomials)
        return replace(energies, keys=keys, covariance=covariance)
    polynomial = Polynomial.coerce(source)
    kinds = dict(variables or {})
    unknown = [name for name in kinds if name not in polynomial.variables]
    if unknown or not set(kinds.values()) <= {"real", "spin", "bit"}:
        requirement = f"a kind (real, spin or bit) by name, of {', '.join(polynomial.variables)}"
        raise ValueError(must_be("variables", owner, requirement, kinds))
    all_kinds = tuple(kinds.get(name, "real") for name in polynomial.variables)
    return Energies((_in_spins(polynomial, all_kinds),), polynomial.variables, all_kinds)


def from_samples(X: Any, order: int = 4, **settings: Any) -> Any:
    """Fits a density of real variables to samples by score matching.

    Args:
        X: Samples, shape (samples, n).
        order: Highest degree of its energy.
        **settings: Further arguments of `HamiltonianDensity`.

    Returns:
        The fitted estimator.
    """
    from ..learning import HamiltonianDensity

    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=".*fitted density"
        )  # whether its integral exists does not matter here
        return HamiltonianDensity(kind="real", order=order, **({"standard_errors": True} | settings)).fit(X)


def is_samples(source: Any) -> bool:
    """Tells whether a source is a table of samples: a 2-D array or a DataFrame.

    Args:
        source: Anything.

    Returns:
        True if so.
    """
    is_table = hasattr(source, "columns") and hasattr(source, "to_numpy")
    return is_table or (isinstance(source, np.ndarray) and source.ndim == 2)


def _from_hamiltonian(hamiltonian: Hamiltonian, owner: str) -> Energies:
    if hamiltonian.categories is not None:
        advice = "Labels have no linear symmetries; permute the sites of a spin or bit model instead."
        raise ValueError(must_be("source", owner, "of real, spin or bit variables", "categories", advice))
    kinds = hamiltonian.variables.kinds
    polynomials = tuple(_in_spins(p, kinds) for p in hamiltonian.to_polynomials())
    several = len(polynomials) > 1
    if several:
        polynomials = tuple(p - polynomials[0] for p in polynomials[1:])
    keys, covariance = _errors(hamiltonian, kinds)
    return Energies(
        polynomials, hamiltonian.variables.names, kinds, hamiltonian.geometry, keys, covariance, differences=several
    )


def _errors(hamiltonian: Hamiltonian, kinds: tuple[str, ...]) -> tuple[tuple[Key, ...], np.ndarray | None]:
    """Returns the covariance of raw coefficients if those of `hamiltonian` have independent errors.

    Raw standard errors are taken as they are where known (they include how terms are correlated by the centering).
    """
    if hamiltonian.standard_errors is None:
        return (), None
    own_units = bool(np.all(hamiltonian.variables.center == 0))
    if (
        hamiltonian.raw_standard_errors is not None
        and not own_units
        and "bit" not in kinds
        and hamiltonian.orbits is None
    ):
        monomials = [powers_of(sites) for sites in hamiltonian.monomials]
        spread: Any = sparse.identity(len(monomials), format="csr")
        errors = hamiltonian.raw_standard_errors
    else:
        monomials, spread = _expansion(hamiltonian, kinds)
        errors = hamiltonian.standard_errors
        if hamiltonian.orbits is not None:
            spread = spread @ hamiltonian.orbits.matrix
            errors = errors[np.minimum(hamiltonian.orbits.first, len(errors) - 1)]
    largest = float(np.abs(hamiltonian.coefficients).max(initial=0.0)) or 1.0
    variances = np.where(np.isfinite(errors), errors, _UNKNOWN * largest) ** 2
    outputs = variances.shape[1]
    keys = tuple((k, monomial) for k in range(max(outputs - 1, 1)) for monomial in monomials)
    blocks = [spread @ sparse.diags(column) @ spread.T for column in variances.T]
    if outputs == 1:
        total = blocks[0]
    else:  # H_k - H_0: all share the errors of H_0
        rows = [
            [blocks[0] + (blocks[i + 1] if i == j else 0 * blocks[0]) for j in range(outputs - 1)]
            for i in range(outputs - 1)
        ]
        total = sparse.block_array(rows)
    dense = total.toarray()
    diagonal = dense.diagonal().copy()
    return keys, (diagonal if np.count_nonzero(dense) == np.count_nonzero(diagonal) else dense)


def _expansion(hamiltonian: Hamiltonian, kinds: tuple[str, ...]) -> tuple[list[Any], Any]:
    """Returns the raw monomials and how each stored coefficient spreads over them, shape (raw, terms)."""
    variables = hamiltonian.variables
    scale, center = [1 / s for s in variables.scale.tolist()], variables.center.tolist()
    shifts = [-c * s for c, s in zip(center, scale, strict=True)]
    place: dict[Any, int] = {}
    entries: list[tuple[int, int, float]] = []
    for column, sites in enumerate(hamiltonian.monomials):
        alone = Polynomial({powers_of(sites): 1}, variables.names).shift_and_scale(shifts, scale)
        for monomial, value in _in_spins(alone, kinds).terms.items():
            if monomial:
                entries.append((place.setdefault(monomial, len(place)), column, float(value)))
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    shape = (len(place), len(hamiltonian.monomials))
    return list(place), sparse.csr_array((values, (rows, columns)), shape=shape)


def _in_spins(polynomial: Polynomial, kinds: tuple[str, ...]) -> Polynomial:
    """Writes bits as spins and reduces powers of spins (s^2 = 1); real variables stay as they are."""
    if "bit" in kinds:
        half = [0.5 if kind == "bit" else 0 for kind in kinds]
        # b^k = b first, so that the powers of (1 + s) / 2 agree on the two values of b
        polynomial = _folded(polynomial, [kind == "bit" for kind in kinds], lambda power: 1)
        polynomial = polynomial.shift_and_scale(half, [0.5 if kind == "bit" else 1 for kind in kinds])
    return _folded(polynomial, [kind != "real" for kind in kinds], lambda power: power % 2)


def _folded(polynomial: Polynomial, folds: list[bool], power_of: Any) -> Polynomial:
    if not any(folds):
        return polynomial
    terms: dict[Any, Any] = {}
    for monomial, value in polynomial.terms.items():
        pairs = tuple((i, power_of(power) if folds[i] else power) for i, power in monomial)
        key = tuple(pair for pair in pairs if pair[1])
        terms[key] = terms.get(key, 0) + value
    return Polynomial(terms, polynomial.variables)
