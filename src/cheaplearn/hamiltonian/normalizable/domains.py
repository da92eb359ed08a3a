"""Where the variables live: intervals, half lines and lines, and coordinates in which half lines become lines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..._messages import must_be
from ...polynomial import Polynomial
from ...polynomial.monomials import Monomial
from ..exact import scaled_polynomials
from ..hamiltonian import Hamiltonian

__all__ = ["Domain", "polynomial_and_domain"]

OWNER = "normalizability"
ENDS = {"bit": (0.0, 1.0), "spin": (-1.0, 1.0)}


@dataclass(frozen=True)
class Domain:
    """The box of the variables: every end is a float or infinite.

    Args:
        names: The variables.
        ends: (low, high) of each, low < high.
        discrete: Indices of those that take only the two values at their ends.
        scale: Raw length of one unit of each; empty for 1.
    """

    names: tuple[str, ...]
    ends: tuple[tuple[float, float], ...]
    discrete: frozenset[int] = frozenset()
    scale: tuple[float, ...] = ()

    @property
    def bounded(self) -> tuple[int, ...]:
        """The variables that cannot go to infinity."""
        return tuple(i for i, (low, high) in enumerate(self.ends) if math.isfinite(low) and math.isfinite(high))

    @property
    def half(self) -> dict[int, int]:
        """+1 or -1 for the variables that go to plus or minus infinity only."""
        return {
            i: 1 if math.isfinite(low) else -1
            for i, (low, high) in enumerate(self.ends)
            if math.isfinite(low) != math.isfinite(high)
        }

    def unfolded(self, polynomial: Polynomial) -> dict[Monomial, Fraction]:
        """Writes half lines as x = end + z^2 or end - z^2, exactly, so that z is free.

        The integral of exp(-H) over x is that of exp(-H) |2 z| over z > 0: finite or not with any power of z.

        Args:
            polynomial: H in these variables.

        Returns:
            Terms of H in z (half lines) and x (others).
        """
        half = self.half
        if not half:
            return dict(polynomial.terms)
        count = len(self.names)
        centers = [Fraction(_finite_end(self.ends[i])) if i in half else Fraction(0) for i in range(count)]
        shifted = polynomial.shift_and_scale(centers, [half.get(i, 1) for i in range(count)])
        return {tuple((i, 2 * p if i in half else p) for i, p in m): c for m, c in shifted.terms.items()}

    def folded(
        self, rates: Mapping[int, float], powers: Mapping[int, int]
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Translates a curve z_i = u_i s^w_i to the raw variables.

        Args:
            rates: u_i of the variables that move.
            powers: w_i > 0 of the same variables.

        Returns:
            Rates and powers by name.
        """
        half = self.half
        units = dict(enumerate(self.scale))
        raw = {self.names[i]: (half[i] * u * u if i in half else u) * units.get(i, 1.0) for i, u in rates.items()}
        return raw, {self.names[i]: float(powers[i] * (2 if i in half else 1)) for i in rates}


def polynomial_and_domain(H: Any, bounds: Mapping[str, tuple[Any, Any]] | None) -> tuple[Polynomial, Domain]:
    """Checks the arguments of `normalizability`.

    Args:
        H: A Polynomial, or a Hamiltonian of one class.
        bounds: (low, high) by name; None or infinite where open.

    Returns:
        H and the domain of its variables; bits and spins are bounded. A Hamiltonian counts in its scaled variables:
        whether the density exists does not depend on units.

    Raises:
        TypeError: If `H` is neither.
        ValueError: If `H` has several classes, or a bound is of no variable or empty.
    """
    if isinstance(H, Hamiltonian):
        if len(H.classes) != 1:
            advice = "Pass one of H.to_polynomials()."
            raise ValueError(must_be("H", OWNER, "the energy of one density", f"{len(H.classes)} classes", advice))
        polynomial, kinds = scaled_polynomials(H)[0], dict(zip(H.variables.names, H.variables.kinds, strict=True))
    elif isinstance(H, Polynomial):
        polynomial, kinds = H, {}
    else:
        raise TypeError(must_be("H", OWNER, "a Polynomial or a Hamiltonian", type(H).__name__))
    names = polynomial.variables
    given = {name: _checked_ends(name, ends) for name, ends in (bounds or {}).items()}
    discrete = frozenset(i for i, name in enumerate(names) if kinds.get(name, "real") in ENDS)
    real = [name for i, name in enumerate(names) if i not in discrete]
    if unknown := sorted(set(given) - set(real)):
        raise ValueError(must_be("bounds", OWNER, f"of real variables among {real}", unknown))
    open_ends = (-math.inf, math.inf)
    ends = tuple(ENDS[kinds[name]] if i in discrete else given.get(name, open_ends) for i, name in enumerate(names))
    if not isinstance(H, Hamiltonian):
        return polynomial, Domain(names, ends, discrete)
    units = zip(ends, H.variables.center.tolist(), H.variables.scale.tolist(), strict=True)
    scaled = tuple(((low - center) / scale, (high - center) / scale) for (low, high), center, scale in units)
    return polynomial, Domain(names, scaled, discrete, tuple(H.variables.scale.tolist()))


def _checked_ends(name: str, ends: Any) -> tuple[float, float]:
    try:
        low, high = ends
        low = -math.inf if low is None else float(low)
        high = math.inf if high is None else float(high)
    except (TypeError, ValueError) as error:
        raise ValueError(must_be("bounds", OWNER, "pairs (low, high)", f"{ends!r} for {name!r}")) from error
    if not low < high:
        raise ValueError(must_be("bounds", OWNER, "pairs with low < high", f"({low}, {high}) for {name!r}"))
    return low, high


def _finite_end(ends: tuple[float, float]) -> float:
    return ends[0] if math.isfinite(ends[0]) else ends[1]
