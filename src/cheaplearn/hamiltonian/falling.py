"""Whether the leading terms of H fall without limit somewhere: then exp(-H) has no integral."""

from __future__ import annotations

import numpy as np

from .hamiltonian import Hamiltonian
from .slopes import Slopes

__all__ = ["falling_direction", "leading_terms"]

STARTS = 64
DESCENTS = 60
DEEPEST = 1e-9  # of the sum of all |leading coefficients|: what counts as below zero


def leading_terms(hamiltonian: Hamiltonian) -> tuple[int, Slopes]:
    """Takes the terms of the highest degree whose coefficients are not all zero.

    Args:
        hamiltonian: Of one class.

    Returns:
        Their degree, 0 if there are none; the form they make, over t.
    """
    coefficients, n = hamiltonian.coefficients[:, 0], len(hamiltonian.variables)
    degrees = hamiltonian.monomials.degrees
    degree = int(degrees[coefficients != 0].max(initial=0))
    of_degree = (degrees == degree) & (coefficients != 0)
    sites = [term for term, chosen in zip(hamiltonian.monomials, of_degree.tolist(), strict=True) if chosen]
    return degree, Slopes(sites, coefficients[of_degree], n)


def falling_direction(hamiltonian: Hamiltonian, T: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """Looks for a direction along which the leading form is negative.

    Args:
        hamiltonian: Of one class.
        T: Points of t whose directions are tried, shape (samples, n).
        rng: Draws further directions.

    Returns:
        A direction u of t, |u| = 1: exp(-H) is not integrable. None if none was found, which proves nothing.

    Cost: 60 evaluations of the leading form at 64 more directions than were passed.
    """
    degree, form = leading_terms(hamiltonian)
    if degree == 0:
        return None
    sums = float(np.abs(hamiltonian.coefficients[hamiltonian.monomials.degrees == degree, 0]).sum())
    U = np.concatenate([T, rng.normal(size=(STARTS, T.shape[1]))])
    U /= np.maximum(np.linalg.norm(U, axis=1, keepdims=True), 1e-300)
    for turn in range(DESCENTS):
        value, slope = form.values_and_gradients(U)
        if degree % 2:
            value, U = -np.abs(value), -np.sign(value)[:, None] * U
        lowest = int(np.argmin(value))
        if value[lowest] < -DEEPEST * sums:
            return U[lowest]
        slope -= (slope * U).sum(axis=1, keepdims=True) * U
        size = np.linalg.norm(slope, axis=1, keepdims=True)
        U -= 0.5 / (1 + 0.2 * turn) * slope / np.maximum(size, 1e-300)
        U /= np.linalg.norm(U, axis=1, keepdims=True)
    return None
