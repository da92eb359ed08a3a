"""Units of the variables for every rung of symmetry, and the features of the families over them."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np

from .._messages import must_be
from ..geometry import Geometry, Group
from ..hamiltonian import Variables
from .coordinates import Coordinates, Features
from .families import Family
from .scaling import center_and_scale, symmetric_units

__all__ = ["Spaces", "scaled_variables"]


def scaled_variables(
    X: np.ndarray, weight: np.ndarray, names: tuple[str, ...], kinds: tuple[str, ...], shared: bool
) -> Variables:
    """Chooses the units: real variables are centred and scaled, spins and bits keep their values.

    Args:
        X: Samples, shape (samples, n).
        weight: Sample weights, shape (samples,).
        names: Name of each variable.
        kinds: "real", "spin" or "bit" for each.
        shared: Whether all real variables get the same scale.

    Returns:
        The variables.
    """
    center, scale = np.zeros(len(names)), np.ones(len(names))
    real = np.array(kinds) == "real"
    if real.all():
        center, scale = center_and_scale(X, weight, shared)
    elif real.any():
        center[real], scale[real] = center_and_scale(X[:, real], weight, shared)
    return Variables(names, kinds, center, scale)


class Spaces:
    """Features of one data set in the units that each symmetry needs.

    Args:
        X: Raw samples, shape (samples, n).
        variables: Units where no symmetry asks for others.
        geometry: Where the variables live, or None.
        smoothness: Correlation length of the prior of free couplings, in steps.
        owner: Who is called, for messages.
        **options: For `Features`.
    """

    def __init__(
        self,
        X: np.ndarray,
        variables: Variables,
        geometry: Geometry | None,
        smoothness: float,
        owner: str,
        **options: Any,
    ) -> None:
        self.X, self.variables, self.geometry, self.smoothness = X, variables, geometry, smoothness
        self.owner, self.options = owner, options
        self._features: dict[str | None, Features] = {}
        self._lock = Lock()

    def variables_of(self, symmetry: Group | None) -> Variables:
        """Returns the variables in units that a symmetry leaves alone.

        Args:
            symmetry: The group, or None.

        Returns:
            The variables.

        Raises:
            ValueError: If the group takes a variable to one of another kind.
        """
        if symmetry is None:
            return self.variables
        kinds = np.array(self.variables.kinds)
        for orbit in range(symmetry.site_orbits.max() + 1):
            together = np.flatnonzero(symmetry.site_orbits == orbit)
            if len(set(kinds[together])) > 1:
                other = together[kinds[together] != kinds[together[0]]][0]
                got = (
                    f"{symmetry.name}, which takes {self.variables.names[together[0]]} ({kinds[together[0]]}) to "
                    f"{self.variables.names[other]} ({kinds[other]})"
                )
                requirement = "such that it takes variables to variables of the same kind"
                raise ValueError(must_be("symmetry", self.owner, requirement, got))
        center, scale = symmetric_units(self.variables.center, self.variables.scale, symmetry)
        return replace(self.variables, center=center, scale=scale)

    def features(self, symmetry: Group | None) -> Features:
        """Returns the features of the families with a symmetry; those of one symmetry share Gram matrices."""
        name = None if symmetry is None else symmetry.name
        if name not in self._features:
            variables = self.variables_of(symmetry)
            self._features[name] = Features(self.X, self.geometry, self.smoothness, variables, **self.options)
        return self._features[name]

    def coordinates(self, family: Family) -> Coordinates:
        """Returns the coordinates of a family; one thread at a time, so that they share work."""
        with self._lock:
            return self.features(family.symmetry).coordinates(family)
