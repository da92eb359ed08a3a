"""A density of real variables to be sampled: walls, first points, and whether it exists at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._messages import must_be
from .falling import falling_direction
from .gaussian_model import degree_of
from .hamiltonian import Hamiltonian
from .slopes import Slopes
from .walls import Walls

__all__ = ["RealTarget"]

BREADTH = 2.0  # of the first points, in units of t: wide, so that chains find different wells
FARTHEST = 1e8  # of |t|: chains beyond have run away


class RealTarget:
    """A density exp(-H) of real variables, checked as far as leading terms tell.

    Args:
        hamiltonian: One class, all variables real.
        bounds: None, or (low, high) for each variable.
        owner: The function that was called, for messages.

    Raises:
        ValueError: If a variable is not real, or H falls or stays level along a direction without walls.
    """

    def __init__(self, hamiltonian: Hamiltonian, bounds: Any, owner: str) -> None:
        if hamiltonian.categories is not None or set(hamiltonian.variables.kinds) != {"real"}:
            kinds = sorted(set(hamiltonian.variables.kinds))
            raise ValueError(must_be("hamiltonian", owner, "of real variables", f"kinds {kinds}"))
        if len(hamiltonian.classes) != 1:
            requirement = "of one class"
            raise ValueError(must_be("hamiltonian", owner, requirement, f"{len(hamiltonian.classes)} classes"))
        self.hamiltonian, self.variables, self.owner = hamiltonian, hamiltonian.variables, owner
        self.bounds, self.walls = bounds, Walls.read(bounds, len(self.variables), owner)
        self.slopes = Slopes.of_hamiltonian(hamiltonian)
        self.degree = degree_of(hamiltonian)
        self._refuse_level()

    @property
    def is_gaussian(self) -> bool:
        """Whether samples and ln Z are known in closed form."""
        return self.degree <= 2 and not self.walls.any

    def wide_points(self, chains: int, rng: np.random.Generator) -> np.ndarray:
        """Draws first points, raw: uniform between two walls, else of twice the scale around the center."""
        n, walls = len(self.variables), self.walls
        X = self.variables.center + BREADTH * self.variables.scale * rng.normal(size=(chains, n))
        between = np.isfinite(walls.low) & np.isfinite(walls.high)
        low, high = np.where(between, walls.low, 0), np.where(between, walls.high, 1)
        X = np.where(between, rng.uniform(low, high, size=X.shape), X)
        walls.reflect(X)
        return X

    def refuse_falling(self, X: np.ndarray, rng: np.random.Generator) -> None:
        """Looks along the directions of some points, and others, for a way down without end.

        Args:
            X: Raw points, shape (samples, n).
            rng: Draws other directions.

        Raises:
            ValueError: If there is one, and no wall.
            FloatingPointError: If points are already out of all bounds.
        """
        T = self.variables.scaled(X)
        if not np.all(np.abs(T) < FARTHEST):
            message = (
                f"Chains ran away to {np.abs(T).max():.2g} scales from the center: numerical failure. Probably no "
                "density exp(-H) exists. Pass `bounds`, or fit with a guarantee that it exists."
            )
            raise FloatingPointError(message)
        direction = None if self.walls.any else falling_direction(self.hamiltonian, T, rng)
        if direction is None:
            return
        largest = np.argsort(-np.abs(direction))[:3]
        words = ", ".join(f"{self.variables.names[i]}: {direction[i]:.2g}" for i in largest)
        got = f"energies that fall without limit along ({words})"
        advice = "No density exp(-H) exists: pass `bounds`, or fit with a guarantee that it exists."
        raise ValueError(must_be("hamiltonian", self.owner, "bounded below", got, advice))

    def _refuse_level(self) -> None:
        coefficients = self.hamiltonian.coefficients[:, 0]
        used = {s for term, c in zip(self.hamiltonian.monomials, coefficients.tolist(), strict=True) if c for s in term}
        closed = np.isfinite(self.walls.low) & np.isfinite(self.walls.high)
        for site, name in enumerate(self.variables.names):
            if site not in used and not closed[site]:
                advice = "No density exp(-H) exists: pass `bounds` for it."
                got = f"no term with {name}"
                raise ValueError(must_be("hamiltonian", self.owner, "rising in all directions", got, advice))
