"""Exact derivatives of an activation at the expansion point that a bias-free network shares: the objects.

A derivative is a rational number, or a polynomial over the rationals in one real number, its parameter. Where that
number is transcendental, the rank of a matrix of such derivatives is its rank over the rational functions. Where it is
not known to be, balls decide (`ranks`). Which activation has which: `points`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from flint import arb, arb_poly, ctx, fmpq, fmpq_poly

__all__ = ["PRECISIONS", "Derivative", "Parameter", "Point"]

PRECISIONS = (128, 512, 2048, 8192)  # bits that are tried before a ball counts as undecided


@dataclass(frozen=True)
class Parameter:
    """A real number that derivatives are polynomials in.

    Args:
        name: What it is, in words.
        ball: Its value as a ball of the working precision.
        transcendental: Whether it is proven to be.
    """

    name: str
    ball: Callable[[], Any]
    transcendental: bool = True


@dataclass(frozen=True)
class Derivative:
    """One sigma_k: a polynomial over the rationals in one parameter of its point.

    Args:
        polynomial: The polynomial; a constant if sigma_k is rational.
        parameter: Index of the parameter; does not matter for constants.
    """

    polynomial: fmpq_poly
    parameter: int = 0

    @property
    def degree(self) -> int:
        """Degree in the parameter."""
        return max(self.polynomial.degree(), 0)

    def value(self, parameters: Sequence[int]) -> Fraction:
        """Evaluates at whole numbers in place of the parameters.

        Args:
            parameters: One for each parameter of the point.

        Returns:
            The exact value.
        """
        value = self.polynomial(fmpq(parameters[self.parameter] if self.degree else 0))
        return Fraction(int(value.p), int(value.q))

    def ball(self, parameters: Sequence[Any]) -> Any:
        """Evaluates at balls.

        Args:
            parameters: One for each parameter of the point.

        Returns:
            A ball that contains the value.
        """
        return arb_poly(self.polynomial)(parameters[self.parameter] if self.degree else arb(0))


@dataclass(frozen=True)
class Point:
    """An activation at its expansion point.

    Args:
        activation: Its name.
        place: The point, in words.
        sigma: The derivatives, up to a common factor.
        parameters: The numbers that they are polynomials in.
    """

    activation: str
    place: str
    sigma: tuple[Derivative, ...]
    parameters: tuple[Parameter, ...] = ()

    def used(self, degrees: Iterable[int]) -> frozenset[int]:
        """Lists the parameters that some derivatives depend on.

        Args:
            degrees: Which derivatives.

        Returns:
            Indices of parameters.
        """
        return frozenset(self.sigma[k].parameter for k in degrees if self.sigma[k].degree)

    def is_generic(self, degrees: Iterable[int]) -> bool:
        """Tells whether no polynomial with rational coefficients is known to be able to vanish at the parameters used.

        Args:
            degrees: Which derivatives.

        Returns:
            True without parameters and for one that is proven to be transcendental; two may be dependent.
        """
        used = self.used(degrees)
        return not used or (len(used) == 1 and self.parameters[min(used)].transcendental)

    def balls(self) -> list[Any]:
        """Evaluates the parameters.

        Returns:
            Balls of the working precision.
        """
        return [parameter.ball() for parameter in self.parameters]

    @cached_property
    def known(self) -> frozenset[int]:
        """Orders of the derivatives that do not vanish."""
        return frozenset(k for k, sigma in enumerate(self.sigma) if sigma.polynomial and self._differs_from_zero(k))

    def _differs_from_zero(self, order: int) -> bool:
        if self.is_generic([order]):
            return True
        for bits in PRECISIONS:
            with ctx.workprec(bits):
                if 0 not in self.sigma[order].ball(self.balls()):
                    return True
        message = (
            f"Derivative {order} of {self.activation} at {self.place} cannot be told from 0. Pass another shared_bias."
        )
        raise ArithmeticError(message)
