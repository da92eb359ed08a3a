"""The Hamiltonian of a set of classes: one energy per class over shared local monomials."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax

from .._messages import must_be
from ..geometry import Geometry
from .alphabet import Alphabet
from .factor_graph import FactorGraph
from .features import linear_combination
from .monomials import Monomials
from .orbits import Orbits
from .variables import Variables

if TYPE_CHECKING:
    import pandas as pd

    from ..circuit import Circuit
    from ..polynomial import Polynomial

__all__ = ["Hamiltonian"]


@dataclass(frozen=True, eq=False)
class Hamiltonian:
    r"""Energies :math:`H_y(x) = \sum_o \theta_{oy} \phi_o(t)`, one per class y, in nats.

    The :math:`\phi_o` are monomials of the scaled variables t = (x - center) / scale, and
    :math:`p(y|x) = \mathrm{softmax}_y(-H_y(x) - \mu_y)`.

    Args:
        monomials: The terms, shared by all classes.
        coefficients: theta, shape (terms, classes), nats.
        offsets: mu, shape (classes,), nats.
        classes: Label of each column, shape (classes,).
        variables: Names, kinds and units of the variables.
        geometry: Where the variables live, or None.
        order: Highest degree of the family the terms were taken from.
        radius: Largest pairwise distance in that family; `math.inf` for all.
        categories: The states of categorical sites: then `variables` are bits, one for each state of each site
            in turn ("x0=a" is 1 where x0 has state a), and raw values are labels. None for other kinds.
        standard_errors: Of the coefficients, same shape, nats; None if not known, NaN where not identified.
        raw_standard_errors: Of the coefficients of the same monomials of the raw variables, which depend on how the
            errors of different terms are correlated; None if not known.
        orbits: Which terms a symmetry ties: they have one coupling; None if all are free.

    Raises:
        ValueError: If shapes do not match or a coefficient is not finite.

    Example:
        >>> from cheaplearn.hamiltonian import Variables, local_monomials
        >>> H = Hamiltonian(local_monomials(2, 2, np.inf), np.ones((5, 2)) * [0, 1], np.zeros(2),
        ...                 np.array(["a", "b"]), Variables.default(2), None, 2, np.inf)
        >>> H([[1.0, 2.0]]).tolist()  # x0 + x1 + x0^2 + x0 x1 + x1^2 for class b
        [[0.0, 10.0]]
    """

    monomials: Monomials
    coefficients: np.ndarray
    offsets: np.ndarray
    classes: np.ndarray
    variables: Variables
    geometry: Geometry | None
    order: int
    radius: float
    categories: Alphabet | None = None
    standard_errors: np.ndarray | None = None
    raw_standard_errors: np.ndarray | None = None
    orbits: Orbits | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficients", _frozen(self.coefficients))
        object.__setattr__(self, "offsets", _frozen(self.offsets))
        object.__setattr__(self, "classes", np.asarray(self.classes))
        expected = (len(self.monomials), len(self.classes))
        if self.coefficients.shape != expected or self.offsets.shape != expected[1:]:
            got = f"{self.coefficients.shape} with offsets {self.offsets.shape}"
            raise ValueError(must_be("coefficients", "Hamiltonian", f"of shape {expected}", got))
        if not (np.all(np.isfinite(self.coefficients)) and np.all(np.isfinite(self.offsets))):
            raise ValueError(must_be("coefficients", "Hamiltonian", "finite", "NaN or infinity"))
        if self.categories is not None and int(self.categories.sizes.sum()) != len(self.variables):
            requirement = f"such that each of their {self.categories.sizes.sum()} states has a bit"
            raise ValueError(must_be("categories", "Hamiltonian", requirement, f"{len(self.variables)} variables"))
        for name in ("standard_errors", "raw_standard_errors"):
            errors = getattr(self, name)
            if errors is None:
                continue
            object.__setattr__(self, name, _frozen(errors))
            if np.shape(errors) != expected:
                raise ValueError(must_be(name, "Hamiltonian", f"of shape {expected}", f"shape {np.shape(errors)}"))
        if self.orbits is not None and len(self.orbits.index) != len(self.monomials):
            got = f"{len(self.orbits.index)} of them"
            raise ValueError(must_be("orbits", "Hamiltonian", f"of {len(self.monomials)} terms", got))

    @cached_property
    def alphabet(self) -> Alphabet | None:
        """The states of every site, if all sites are discrete."""
        if self.categories is not None or "real" in self.variables.kinds:
            return self.categories
        return Alphabet.of_kinds(self.variables.names, self.variables.kinds)

    @property
    def n_parameters(self) -> int:
        """Every free number: terms (or orbits of terms) x classes + classes.

        The softmax does not change if one function is added to all energies; this freedom (gauge)
        removes terms + 1 of these numbers, which are counted here nevertheless.
        """
        free = len(self.monomials) if self.orbits is None else len(self.orbits)
        return free * len(self.classes) + self.offsets.size

    def __call__(self, X: Any) -> np.ndarray:
        """Energies of all classes.

        Args:
            X: Raw values, shape (samples, n).

        Returns:
            H_y(x) in nats, shape (samples, classes).
        """
        if self.categories is not None:
            codes = self.categories.encode(X)
            graphs = [FactorGraph.from_hamiltonian(self, column) for column in range(len(self.classes))]
            return np.column_stack([graph.energies(codes) for graph in graphs])
        return linear_combination(self.variables.scaled(X), self.monomials, self.coefficients)

    def logits(self, X: Any) -> np.ndarray:
        """Unnormalised log-probabilities -H - mu.

        Args:
            X: Raw values, shape (samples, n).

        Returns:
            Nats, shape (samples, classes).
        """
        return -self(X) - self.offsets

    def probabilities(self, X: Any) -> np.ndarray:
        """Posterior softmax(-H - mu).

        Args:
            X: Raw values, shape (samples, n).

        Returns:
            p(y|x), shape (samples, classes); rows sum to 1.
        """
        return softmax(self.logits(X), axis=1)

    @property
    def couplings(self) -> pd.DataFrame:
        """Table of all couplings, nats: value, standard error and 95 % interval of each term (and class).

        For scaled variables: the value in scaled and in raw units. The raw value is the coefficient of the same
        monomial of the raw x, by exact expansion, rounded once; the row of term 1 holds the constant that is left.
        """
        from .tables import couplings

        return couplings(self)

    def to_polynomials(self) -> tuple[Polynomial, ...]:
        """Returns the energies H_y as exact polynomials of the raw variables, one per class."""
        from .exact import raw_polynomials

        return raw_polynomials(self)

    def to_circuit(self) -> Circuit:
        """Returns the logits -H_y - mu_y as exact polynomials of the scaled variables, for the compiler."""
        from .exact import logit_circuit

        return logit_circuit(self)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Returns what must be saved: a JSON-able header and NumPy arrays (no objects, no pickle)."""
        from .saving import to_arrays

        return to_arrays(self)

    @classmethod
    def from_arrays(cls, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Hamiltonian:
        """Returns the Hamiltonian that `to_arrays` took apart."""
        from .saving import from_arrays

        return from_arrays(header, arrays)

    def __repr__(self) -> str:
        where = "no geometry" if self.geometry is None else repr(self.geometry)
        radius = "all" if np.isinf(self.radius) else f"{self.radius:g}"
        tied = "" if self.orbits is None else f" in {len(self.orbits)} orbits ({self.orbits.name})"
        return (
            f"Hamiltonian(order {self.order}, radius {radius}, {where}: {len(self.monomials)} terms{tied} of "
            f"{len(self.variables)} variables x {len(self.classes)} classes, {self.n_parameters} parameters)"
        )


def _frozen(values: Any) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array
