"""A density of real variables to be sampled: walls, first points, and whether it exists at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._messages import must_be
from .gaussian_model import degree_of
from .hamiltonian import Hamiltonian
from .normalizable import Normalizability, normalizability
from .slopes import Slopes
from .walls import Walls

__all__ = ["RealTarget"]

BREADTH = 2.0  # of the first points, in units of t: wide, so that chains find different wells
FARTHEST = 1e8  # of |t|: chains beyond have run away


class RealTarget:
    """A density exp(-H) of real variables that is not proved not to exist.

    Args:
        hamiltonian: One class, all variables real.
        bounds: None, or (low, high) for each variable.
        owner: The function that was called, for messages.
        existence: What is known of the existence of the density; None to find out.

    Raises:
        ValueError: If a variable is not real, or it is proved that exp(-H) cannot be normalised.
    """

    def __init__(
        self, hamiltonian: Hamiltonian, bounds: Any, owner: str, existence: Normalizability | None = None
    ) -> None:
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
        self.existence = existence or normalizability(hamiltonian, self.walls.named(self.variables.names))
        self._refuse_what_does_not_exist()

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

    def refuse_runaways(self, X: np.ndarray) -> None:
        """Stops chains that go to infinity: an energy of undecided existence may still fall there.

        Args:
            X: Raw points, shape (samples, n).

        Raises:
            FloatingPointError: If points are out of all bounds.
        """
        T = self.variables.scaled(X)
        if not np.all(np.abs(T) < FARTHEST):
            message = (
                f"Chains ran away to {np.abs(T).max():.2g} scales from the center: numerical failure. Probably no "
                "density exp(-H) exists. Pass `bounds`, or fit with a guarantee that it exists."
            )
            raise FloatingPointError(message)

    def _refuse_what_does_not_exist(self) -> None:
        if self.existence.verdict == "no":
            advice = "Pass `bounds`, or fit with a guarantee that the density exists."
            requirement = "such that exp(-H) can be normalised"
            raise ValueError(must_be("hamiltonian", self.owner, requirement, repr(self.existence), advice))
