"""One family of real variables fitted to all samples: a Hamiltonian with standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, eye_array

from ...geometry import Geometry
from ...hamiltonian import Hamiltonian, Monomials, Orbits, Variables
from ...hamiltonian.exact import powers_of
from ...hamiltonian.normalizable import Normalizability, guaranteed_couplings, normalizability
from ...polynomial import Polynomial
from ..families import Family
from .basis import ProductBasis
from .bounds import Bounds
from .conversion import scaled_to_raw
from .errors import CouplingCovariance, covariance_of
from .functions import Functions
from .gaussian import gaussian_likelihood
from .gaussian_model import MomentSums
from .samples import Samples
from .solve import Solution, solve
from .sums import ScoreSums
from .walls import Walls

__all__ = ["RealFit", "RealTerms", "fit_gaussian", "fit_real_terms"]


@dataclass(frozen=True, eq=False)
class RealTerms:
    """What is fitted.

    Args:
        family: Order, radius and symmetry.
        monomials: The terms.
        orbits: Which of them are tied, or None.
        variables: Names and units.
        walls: In raw units.
        geometry: Where the variables live, or None.
    """

    family: Family
    monomials: Monomials
    orbits: Orbits | None
    variables: Variables
    walls: Walls
    geometry: Geometry | None

    @cached_property
    def basis(self) -> ProductBasis:
        """The functions that are summed."""
        return ProductBasis(self.monomials)

    @cached_property
    def _tied(self) -> tuple[csr_array, csr_array] | None:
        return None if self.orbits is None else self.basis.tied(self.orbits.matrix)

    @property
    def tying(self) -> csr_array | None:
        """Couplings of the functions from free ones, shape (terms, K), or None if all are free."""
        return None if self._tied is None else self._tied[0]

    @cached_property
    def to_free(self) -> csr_array:
        """Couplings of monomials (or of their orbits) from free couplings of the functions, shape (K, K)."""
        return self.basis.to_monomials() if self._tied is None else self._tied[1]

    @cached_property
    def bounds(self) -> Bounds | None:
        """Walls of the scaled variables."""
        return self.walls.scaled(self.variables)

    @cached_property
    def to_terms(self) -> csr_array:
        """Couplings of monomials of scaled variables from free couplings of the functions, shape (terms, K)."""
        return self.to_free if self.orbits is None else csr_array(self.orbits.matrix @ self.to_free)

    @cached_property
    def functions(self) -> Functions:
        """What is summed."""
        return Functions(self.basis, self.tying, self.variables, self.bounds)

    def hamiltonian(
        self, couplings: np.ndarray, covariance: CouplingCovariance | None = None, to_terms: csr_array | None = None
    ) -> Hamiltonian:
        """Makes H.

        Args:
            couplings: Of the monomials, shape (terms,).
            covariance: Of the free couplings, if known.
            to_terms: Couplings of the monomials from those free ones, shape (terms, K).

        Returns:
            H with its standard errors in scaled and in raw units.
        """
        errors = raw = None
        if covariance is not None and to_terms is not None:
            errors = covariance.errors_of(to_terms)
            place = {term: k for k, term in enumerate(self.monomials)}
            to_raw = scaled_to_raw(place, self.variables.center, self.variables.scale)
            raw = covariance.errors_of(csr_array(to_raw @ to_terms))
        return Hamiltonian(
            monomials=self.monomials,
            coefficients=couplings[:, None],
            offsets=np.zeros(1),
            classes=np.array(["H"]),
            variables=self.variables,
            geometry=self.geometry,
            order=self.family.order,
            radius=self.family.radius,
            standard_errors=None if errors is None else errors[:, None],
            raw_standard_errors=None if raw is None else raw[:, None],
            orbits=self.orbits,
        )


@dataclass(frozen=True, eq=False)
class RealFit:
    """A family with its couplings.

    Args:
        hamiltonian: H, nats, of scaled variables.
        existence: Whether its density exists.
        gradient_norm: Norm of the gradient at the optimum, relative to that of couplings 0; NaN if constrained.
        converged: Whether the optimum was reached.
        notes: What a reader must know, in sentences.
    """

    hamiltonian: Hamiltonian
    existence: Normalizability
    gradient_norm: float
    notes: tuple[str, ...]
    converged: bool = True


def fit_real_terms(
    terms: RealTerms, samples: Samples | None, sums: ScoreSums, ridge: float, guarantee: bool
) -> RealFit:
    """Fits by score matching.

    Args:
        terms: The family.
        samples: The samples if standard errors are wanted, else None.
        sums: Of the samples.
        ridge: Dimensionless ridge.
        guarantee: Whether to constrain the couplings to a density that provably exists if the best ones are not.

    Returns:
        The fit.

    Raises:
        ValueError: If a guarantee is asked of a family that has no such density.
    """
    solution = solve(sums, ridge)
    couplings = terms.to_terms @ solution.theta
    existence = density_exists(terms, couplings)
    if guarantee and existence.verdict != "yes":
        note = f"The couplings of least loss have no density that provably exists ({existence.proof}); the nearest do."
        constrained = _constrained(terms, sums, ridge)
        found = density_exists(terms, constrained)
        return RealFit(terms.hamiltonian(constrained), found, math.nan, (note,))
    covariance = None
    if samples is not None:
        covariance = covariance_of(samples.score_moments(terms.functions, solution.theta), sums, ridge)
    return RealFit(
        terms.hamiltonian(couplings, covariance, terms.to_terms), existence, gradient(sums, solution), solution.notes
    )


def gradient(sums: ScoreSums, solution: Solution) -> float:
    """Returns the norm of the gradient of the penalised loss, relative to that at couplings of 0."""
    theta = solution.theta
    slope = sums.A @ theta + float(solution.ridge) * np.diag(sums.A) * theta - sums.b
    return float(np.linalg.norm(slope) / max(np.linalg.norm(sums.b), np.finfo(float).tiny))


def fit_gaussian(terms: RealTerms, sums: MomentSums) -> RealFit:
    """Fits order 2 by exact maximum likelihood.

    Args:
        terms: The family, of degrees 1 and 2, without walls.
        sums: Moments of the samples in its units.

    Returns:
        The fit, with errors from the Fisher information.
    """
    tying = None if terms.orbits is None else terms.orbits.matrix
    found = gaussian_likelihood(sums, terms.monomials, tying)
    to_terms = csr_array(eye_array(len(terms.monomials))) if tying is None else tying
    nothing = np.zeros((len(found.theta), 0))
    covariance = None if found.covariance is None else CouplingCovariance(found.covariance, nothing)
    couplings = to_terms @ found.theta
    hamiltonian = terms.hamiltonian(couplings, covariance, to_terms)
    return RealFit(hamiltonian, density_exists(terms, couplings), found.gain, found.notes, found.converged)


def density_exists(terms: RealTerms, couplings: np.ndarray) -> Normalizability:
    """Decides whether exp(-H) can be normalised, in scaled variables; a direction is returned in raw ones."""
    powers = map(powers_of, terms.monomials)
    names, scale = terms.variables.names, terms.variables.scale
    H = Polynomial(dict(zip(powers, map(Fraction, couplings.tolist()), strict=True)), names)
    bounds = terms.bounds
    walls = None
    if bounds is not None:
        walls = dict(zip(names, zip(bounds.low.tolist(), bounds.high.tolist(), strict=True), strict=True))
    found = normalizability(H, walls)
    if found.direction is None:
        return found
    unit = dict(zip(names, scale.tolist(), strict=True))
    return replace(found, direction={name: rate * unit[name] for name, rate in found.direction.items()})


def _constrained(terms: RealTerms, sums: ScoreSums, ridge: float) -> np.ndarray:
    """Returns couplings of the monomials of least loss among those whose density exists."""
    A = sums.A / sums.weight
    A = A + ridge * np.diag(np.diag(A))
    inverse = np.linalg.inv(terms.to_free.toarray())  # triangular, up to the order of terms
    A, b = inverse.T @ A @ inverse, inverse.T @ (sums.b / sums.weight)
    tying = None if terms.orbits is None else terms.orbits.matrix
    theta = guaranteed_couplings((A + A.T) / 2, b, terms.monomials, tying)
    return theta if tying is None else tying @ theta
