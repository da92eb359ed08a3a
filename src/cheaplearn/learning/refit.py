"""The chosen family, fitted to all samples, as a Hamiltonian."""

from __future__ import annotations

import numpy as np

from ..hamiltonian import Hamiltonian, Variables
from .coordinates import Features
from .families import Family
from .namespaces import to_host
from .softmax import Optima, fit_softmax

__all__ = ["FINAL_TOLERANCE", "fit_family"]

FINAL_TOLERANCE = 1e-9  # relative gradient norm


def fit_family(
    features: Features,
    family: Family,
    variables: Variables,
    classes: np.ndarray,
    Y: np.ndarray,
    weight: np.ndarray,
    regularization: float,
) -> tuple[Hamiltonian, Optima]:
    """Fits softmax(-H - mu) on all samples.

    Args:
        features: Whitened features of all samples.
        family: The monomials, and which of them are tied.
        variables: Names, kinds and units of the variables.
        classes: Label of each class.
        Y: One-hot classes, shape (samples, classes).
        weight: Sample weights, shape (samples,).
        regularization: Precision of the prior over couplings.

    Returns:
        The Hamiltonian and what the solver says of its optimum.
    """
    coordinates = features.coordinates(family)
    optimum = fit_softmax(coordinates.products, Y, weight[:, None], regularization, tolerance=FINAL_TOLERANCE)
    weights = to_host(optimum.weights)[:, 0]
    theta, shift = coordinates.couplings(weights[:-1])
    monomials = family.monomials(len(variables), features.geometry, variables.kinds)
    hamiltonian = Hamiltonian(
        monomials=monomials,
        coefficients=-theta,
        offsets=shift - weights[-1],
        classes=classes,
        variables=variables,
        geometry=features.geometry,
        order=family.order,
        radius=family.radius,
        orbits=family.orbits(monomials),
    )
    return hamiltonian, optimum
