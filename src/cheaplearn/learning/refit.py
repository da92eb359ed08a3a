"""The chosen family, fitted to all samples, as a Hamiltonian."""

from __future__ import annotations

import numpy as np

from ..hamiltonian import Hamiltonian, Variables, local_monomials
from .coordinates import Coordinates, Features
from .families import Family
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
        family: The monomials.
        variables: Names and units of the variables.
        classes: Label of each class.
        Y: One-hot classes, shape (samples, classes).
        weight: Sample weights, shape (samples,).
        regularization: Precision of the prior over couplings.

    Returns:
        The Hamiltonian and what the solver says of its optimum.
    """
    coordinates = features.coordinates(family)
    optimum = fit_softmax(coordinates.Z, Y, weight[:, None], regularization, tolerance=FINAL_TOLERANCE)
    W, b = optimum.weights[:-1, 0], optimum.weights[-1, 0]
    theta, shift = _couplings(features, family, coordinates, W)
    hamiltonian = Hamiltonian(
        monomials=local_monomials(len(variables), family.order, family.radius, features.geometry),
        coefficients=-theta,
        offsets=shift - b,
        classes=classes,
        variables=variables,
        geometry=features.geometry,
        order=family.order,
        radius=family.radius,
    )
    return hamiltonian, optimum


def _couplings(
    features: Features, family: Family, coordinates: Coordinates, W: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the couplings in canonical order, and the mean logit that centring took away."""
    theta = np.empty((family.n_terms, W.shape[1]))
    shift = np.zeros(W.shape[1])
    start = degree_start = degree_before = 0
    for degree, block in features.blocks(family):
        if degree != degree_before:  # positions within a block count from the first term of its degree
            degree_start, degree_before = start, degree
        psi = block.whitened(features.t)
        w = coordinates.weights(W, psi, start)
        theta[degree_start + block.index] = block.couplings(w)
        shift += psi.mean(axis=0) @ w
        start += len(block.index)
    return theta, shift
