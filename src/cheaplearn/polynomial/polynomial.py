"""The class `Polynomial`: exact algebra in named variables."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from .._messages import must_be
from . import calculus, conversion, evaluation, formatting, inputs
from .coefficients import exact_fraction, is_number
from .monomials import Monomial, order, relabel
from .parsing import parse_terms
from .products import multiply_terms, power_terms

__all__ = ["Polynomial"]


class Polynomial:
    """A polynomial with exact rational coefficients in named variables; immutable and hashable.

    Integers and fractions are taken as they are, floats by their exact binary value, decimals in text as
    exact decimals. Nothing is rounded before `p(X)` and nothing is dropped but terms with coefficient zero.

    Args:
        terms: Number by monomial. A monomial is a tuple of (variable index, power > 0) pairs sorted by index;
            `()` is the constant.
        variables: Distinct, non-empty names. Only identifiers can be parsed, but any text will do.

    Example:
        >>> p = Polynomial.parse("x*y + z**3/2")
        >>> p.variables, p.degree, len(p)
        (('x', 'y', 'z'), 3, 2)
        >>> p * 2 - p == p
        True
        >>> p([[1.0, 2.0, 2.0]])
        array([6.])
    """

    # NumPy arrays and scalars leave `array * p` to this class instead of trying it entry by entry.
    __array_ufunc__: ClassVar[None] = None

    _terms: dict[Monomial, Fraction]
    _variables: tuple[str, ...]

    def __init__(self, terms: Mapping[Monomial, Any], variables: Iterable[str]) -> None:
        names = inputs.checked_variables(variables, "Polynomial")
        vars(self).update(_terms=inputs.checked_terms(terms, len(names)), _variables=names)

    @classmethod
    def _trusted(cls, terms: dict[Monomial, Fraction], variables: tuple[str, ...]) -> Polynomial:
        # For terms made here: canonical monomials, non-zero fractions, a dictionary nobody else holds.
        polynomial = object.__new__(cls)
        vars(polynomial).update(_terms=terms, _variables=variables)
        return polynomial

    # Other forms to polynomial

    @classmethod
    def parse(cls, text: str, variables: Sequence[str] | None = None) -> Polynomial:
        """Reads text: numbers, names, + - * / ** ^ and parentheses, with the precedence of Python.

        ``^`` means ``**``. Decimals are exact (0.1 is 1/10). Anything that is no polynomial is refused with a
        ValueError that names the sub-expression and its column; so is text of more than a million characters,
        an exponent above 1,000 and an expansion beyond a million terms, before any memory is spent on it.

        Args:
            text: The polynomial. Nothing of it is ever executed.
            variables: Names that may occur, in the order wanted; None for the order of appearance.

        Returns:
            The expanded polynomial.

        Cost: linear in the text; 10,000 terms take less than a second.

        Example:
            >>> Polynomial.parse("(x + 1)^2 - 0.1")
            Polynomial(9/10 + 2*x + x**2)
        """
        names = None if variables is None else inputs.checked_variables(variables, "Polynomial.parse")
        return cls._trusted(*parse_terms(text, names))

    @classmethod
    def from_dict(cls, terms: Mapping[tuple[int, ...], Any], variables: Sequence[str] | None = None) -> Polynomial:
        """Reads dense exponent tuples.

        Args:
            terms: Number by tuple of exponents, one exponent per variable.
            variables: Names; None for x0, x1, ...

        Returns:
            The polynomial.

        Raises:
            TypeError: If `terms` is no mapping.

        Example:
            >>> Polynomial.from_dict({(1, 1, 0): 1, (0, 0, 3): Fraction(1, 2)}, variables=["x", "y", "z"])
            Polynomial(x*y + z**3/2)
        """
        if not isinstance(terms, Mapping):
            raise TypeError(must_be("terms", "Polynomial.from_dict", "a mapping", type(terms).__name__))
        return cls._trusted(*inputs.terms_from_dict(terms, variables))

    @classmethod
    def from_arrays(cls, exponents: Any, coefficients: Any, variables: Sequence[str] | None = None) -> Polynomial:
        """Reads a table of exponents; rows that are equal add up.

        Args:
            exponents: Whole numbers >= 0, shape (terms, variables).
            coefficients: One number per row.
            variables: Names; None for x0, x1, ...

        Returns:
            The polynomial.

        Example:
            >>> Polynomial.from_arrays([[2, 0], [1, 1]], [1, -3])
            Polynomial(x0**2 - 3*x0*x1)
        """
        return cls._trusted(*inputs.terms_from_arrays(exponents, coefficients, variables))

    @classmethod
    def from_sympy(cls, expression: Any, variables: Sequence[str] | None = None) -> Polynomial:
        """Reads a SymPy expression or Poly; a Float counts with its exact binary value.

        Args:
            expression: Made of symbols, numbers, sums, products and whole powers; anything else is refused
                with a ValueError that names it.
            variables: Names in the order wanted. None takes the generators of a Poly in their order, and the
                symbols of an expression in natural order (x2 before x10).

        Returns:
            The expanded polynomial.

        Example:
            >>> import sympy
            >>> Polynomial.from_sympy((sympy.Symbol("x10") + sympy.Symbol("x2")) ** 2).variables
            ('x2', 'x10')
        """
        return cls._trusted(*conversion.terms_from_sympy(expression, variables))

    @classmethod
    def from_dimod(cls, polynomial: Any) -> Polynomial:
        """Reads a dimod.BinaryPolynomial; whether its variables are spins or bits is not kept.

        Args:
            polynomial: The dimod object.

        Returns:
            The polynomial; its variables are the labels in natural order: whole numbers k as x<k>, others as
            text.

        Example:
            >>> import dimod
            >>> Polynomial.from_dimod(dimod.BinaryPolynomial({"ab": -1, "c": 0.5}, "SPIN"))
            Polynomial(c/2 - a*b)
        """
        return cls._trusted(*conversion.terms_from_dimod(polynomial))

    @classmethod
    def coerce(cls, value: Any, variables: Sequence[str] | None = None) -> Polynomial:
        """Makes a polynomial of anything that is one.

        Args:
            value: A Polynomial, text, a number, a SymPy expression or Poly, a dimod.BinaryPolynomial, a
                mapping from exponent tuples to numbers, or a pair (exponents, coefficients).
            variables: Names in the order wanted; None for the default of the form at hand.

        Returns:
            The polynomial.

        Raises:
            TypeError: If `value` has none of these forms.

        Example:
            >>> Polynomial.coerce({(2,): 3}, variables=["x"]) == Polynomial.coerce("3*x^2")
            True
        """
        if isinstance(value, Polynomial):
            return value if variables is None else value.with_variables(variables)
        if isinstance(value, str):
            return cls.parse(value, variables)
        if _comes_from("sympy", value):
            return cls.from_sympy(value, variables)
        if is_number(value):
            return cls.constant(value, variables or ())
        if _comes_from("dimod", value):
            polynomial = cls.from_dimod(value)
            return polynomial if variables is None else polynomial.with_variables(variables)
        if isinstance(value, Mapping):
            return cls.from_dict(value, variables)
        if isinstance(value, tuple) and len(value) == 2:
            return cls.from_arrays(*value, variables)
        requirement = "text, a number, a SymPy or dimod object, a mapping or (exponents, coefficients)"
        raise TypeError(must_be("value", "Polynomial.coerce", requirement, type(value).__name__))

    @classmethod
    def constant(cls, value: Any, variables: Sequence[str] = ()) -> Polynomial:
        """Makes a constant.

        Args:
            value: The number.
            variables: Names of variables, all unused.

        Returns:
            The constant polynomial.

        Example:
            >>> Polynomial.constant(0.5)
            Polynomial(1/2)
        """
        exact = exact_fraction(value, "value", "Polynomial.constant")
        names = inputs.checked_variables(variables, "Polynomial.constant")
        return cls._trusted({(): exact} if exact else {}, names)

    @classmethod
    def variable(cls, name: str) -> Polynomial:
        """Makes a polynomial that is one variable.

        Args:
            name: Its name.

        Returns:
            The polynomial.

        Example:
            >>> x, y = map(Polynomial.variable, "xy")
            >>> (x + y) * (x - y)
            Polynomial(x**2 - y**2)
        """
        return cls._trusted({((0, 1),): Fraction(1)}, inputs.checked_variables([name], "Polynomial.variable"))

    # What it is

    @cached_property
    def terms(self) -> Mapping[Monomial, Fraction]:
        """Coefficient by monomial, read-only, by degree and then with x**2 before x*y before y**2."""
        ordered = {monomial: self._terms[monomial] for monomial in sorted(self._terms, key=order)}
        vars(self)["_terms"] = ordered  # the unordered one is not needed any more
        return MappingProxyType(ordered)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables, used or not."""
        return self._variables

    @cached_property
    def degree(self) -> int:
        """Highest total degree of a term; 0 for constants, zero included."""
        return max((sum(power for _, power in monomial) for monomial in self._terms), default=0)

    @property
    def is_zero(self) -> bool:
        """Whether there is no term."""
        return not self._terms

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of a canonical text: equal for equal polynomials, on any machine and in any version."""
        text = formatting.canonical_text(self._terms, self._variables)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def __len__(self) -> int:
        """Counts the terms.

        Returns:
            Their number.
        """
        return len(self._terms)

    # Algebra

    def __add__(self, other: Any) -> Polynomial:
        if (other := _operand(other)) is NotImplemented:
            return NotImplemented
        left, right, variables = _aligned(self, other)
        total = dict(left)
        for monomial, coefficient in right.items():
            if monomial in total:
                total[monomial] += coefficient
                if not total[monomial]:
                    del total[monomial]
            else:
                total[monomial] = coefficient
        return self._trusted(total, variables)

    def __neg__(self) -> Polynomial:
        return self._map(lambda coefficient: -coefficient)

    def __pos__(self) -> Polynomial:
        return self

    def __sub__(self, other: Any) -> Polynomial:
        if (other := _operand(other)) is NotImplemented:
            return NotImplemented
        return self + (-other)

    def __rsub__(self, other: Any) -> Polynomial:
        return -self + other

    def __radd__(self, other: Any) -> Polynomial:
        return self + other

    def __mul__(self, other: Any) -> Polynomial:
        if (other := _operand(other)) is NotImplemented:
            return NotImplemented
        left, right, variables = _aligned(self, other)
        return self._trusted(_fractions(multiply_terms(left, right)), variables)

    def __rmul__(self, other: Any) -> Polynomial:
        return self * other

    def __truediv__(self, other: Any) -> Polynomial:
        if isinstance(other, Polynomial):
            if len(other) > 1 or other.degree:
                advice = "A quotient of polynomials is no polynomial in general."
                raise TypeError(must_be("divisor", "Polynomial", "a number", repr(other), advice))
            other = other._terms.get((), 0)
        elif not is_number(other):
            return NotImplemented
        divisor = exact_fraction(other, "divisor", "Polynomial")
        if not divisor:
            raise ZeroDivisionError(must_be("divisor", "Polynomial", "other than zero", "0"))
        return self._map(lambda coefficient: coefficient / divisor)

    def __pow__(self, exponent: Any) -> Polynomial:
        is_whole = isinstance(exponent, int | np.integer) and not isinstance(exponent, bool)
        if not is_whole or exponent < 0:
            raise ValueError(must_be("exponent", "Polynomial", "a whole number >= 0", repr(exponent)))
        return self._trusted(_fractions(power_terms(self._terms, int(exponent))), self._variables)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Polynomial):
            if not is_number(other):
                return NotImplemented
            if self.degree or not math.isfinite(cast("float", other)):
                return False
            return self._terms.get((), 0) == exact_fraction(other, "other", "Polynomial")
        if len(self) != len(other):
            return False
        if self._variables == other._variables:
            return self._terms == other._terms
        return self._by_name() == other._by_name()

    @cached_property
    def _hash(self) -> int:
        # A constant equals its number, so it needs the hash of that number.
        return hash(frozenset(self._by_name().items())) if self.degree else hash(self._terms.get((), 0))

    def __hash__(self) -> int:
        return self._hash

    # Calculus

    def gradient(self) -> tuple[Polynomial, ...]:
        """Differentiates by every variable.

        Returns:
            One polynomial per variable, in the same variables.

        Example:
            >>> Polynomial.parse("x^2*y").gradient()
            (Polynomial(2*x*y), Polynomial(x**2))
        """
        derivatives = calculus.partial_derivatives(self._terms, len(self._variables))
        return tuple(self._trusted(terms, self._variables) for terms in derivatives)

    def with_variables(self, variables: Sequence[str]) -> Polynomial:
        """Embeds the polynomial in other variables.

        Args:
            variables: Names in the order wanted, among them all that are used.

        Returns:
            An equal polynomial with these variables.

        Raises:
            ValueError: If a variable that occurs is missing.

        Example:
            >>> Polynomial.parse("y + 1").with_variables(["x", "y"]).variables
            ('x', 'y')
        """
        owner = "Polynomial.with_variables"
        names = inputs.checked_variables(variables, owner)
        position = {name: index for index, name in enumerate(names)}
        used = {index for monomial in self._terms for index, _ in monomial}
        missing = [self._variables[index] for index in sorted(used) if self._variables[index] not in position]
        if missing:
            got = f"{list(names)} without {', '.join(map(repr, missing))}"
            raise ValueError(must_be("variables", owner, "a list of all variables that occur", got, "Add them."))
        new_index = [position.get(name, -1) for name in self._variables]
        return self._trusted(relabel(self._terms, new_index), names)

    def shift_and_scale(self, center: Sequence[Any], scale: Sequence[Any]) -> Polynomial:
        """Substitutes center + scale * u for the variables, exactly.

        Args:
            center: One number per variable.
            scale: One number per variable.

        Returns:
            The polynomial p(center + scale * u) in u, under the same names.

        Cost: a term turns into at most prod(power + 1) terms over its variables with a center other than 0.

        Example:
            >>> Polynomial.parse("x^2").shift_and_scale([1], [2])
            Polynomial(1 + 4*x + 4*x**2)
        """
        owner = "Polynomial.shift_and_scale"
        centers = self._numbers(center, "center", owner)
        scales = self._numbers(scale, "scale", owner)
        return self._trusted(calculus.shifted_and_scaled(self._terms, centers, scales), self._variables)

    # Values

    def exact(self, point: Sequence[Any]) -> Fraction:
        """Evaluates at one point without rounding.

        Args:
            point: One number per variable; floats count with their exact binary value.

        Returns:
            The exact value.

        Example:
            >>> Polynomial.parse("x^2 + y").exact([0.5, Fraction(1, 3)])
            Fraction(7, 12)
        """
        return evaluation.exact_value(self._terms, self._numbers(point, "point", "Polynomial.exact"))

    def __call__(self, X: Any) -> NDArray[np.float64]:
        """Evaluates at many points in float64; the only operation that rounds.

        Coefficients are rounded to the nearest float64; those beyond its range raise an OverflowError. Input
        of another precision is converted to float64 first. The order of summation is that of the linear
        algebra library, so the last digits may differ between machines.

        Args:
            X: Array-like of shape (samples, variables), or a DataFrame with one column per variable.

        Returns:
            Values, shape (samples,).

        Cost: one multiplication per factor of a term and point, in bounded memory.
        """
        points = evaluation.as_points(X, self._variables)
        return evaluation.evaluate(self._compiled, points)

    @cached_property
    def _compiled(self) -> evaluation.CompiledTerms:
        return evaluation.compile_terms(self.terms)

    # Polynomial to other forms

    def to_sympy(self) -> Any:
        """Converts to a SymPy expression with rational coefficients.

        Returns:
            The expanded sympy.Expr.
        """
        return conversion.terms_to_sympy(self.terms, self._variables)

    def to_latex(self) -> str:
        r"""Writes LaTeX; names are typeset as SymPy does (alpha, x_1, x10).

        Returns:
            All terms, exactly.

        Example:
            >>> print(Polynomial.parse("x1*y + z^3/2").to_latex())
            x_{1} y + \frac{1}{2} {z}^{3}
        """
        import sympy

        symbols = [sympy.latex(sympy.Symbol(name)) for name in self._variables]
        return formatting.latex_text(self.terms, symbols)

    def __str__(self) -> str:
        return formatting.python_text(self.terms, self._variables)

    def __repr__(self) -> str:
        return f"Polynomial({formatting.short_text(self.terms, self._variables)})"

    # Immutability

    def __setattr__(self, name: str, value: object) -> NoReturn:
        message = f"Polynomial is immutable: cannot set `{name}`. Build a new one."
        raise AttributeError(message)

    def __delattr__(self, name: str) -> NoReturn:
        message = f"Polynomial is immutable: cannot delete `{name}`."
        raise AttributeError(message)

    def __copy__(self) -> Polynomial:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Polynomial:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._trusted, (self._terms, self._variables)

    # Helpers

    def _map(self, function: Callable[[Fraction], Fraction]) -> Polynomial:
        terms = {monomial: function(coefficient) for monomial, coefficient in self._terms.items()}
        return self._trusted(terms, self._variables)

    def _by_name(self) -> dict[frozenset[tuple[str, int]], Fraction]:
        names = self._variables
        return {
            frozenset((names[index], power) for index, power in monomial): coefficient
            for monomial, coefficient in self._terms.items()
        }

    def _numbers(self, values: Sequence[Any], argument: str, owner: str) -> list[Fraction]:
        numbers = list(values) if hasattr(values, "__iter__") and not isinstance(values, str) else None
        if numbers is None or len(numbers) != len(self._variables):
            got = repr(values) if numbers is None else f"{len(numbers)} numbers"
            requirement = f"a sequence of {len(self._variables)} numbers, one per variable"
            raise ValueError(must_be(argument, owner, requirement, got))
        return [exact_fraction(value, f"{argument}[{k}]", owner) for k, value in enumerate(numbers)]


def _operand(other: Any) -> Any:
    if isinstance(other, Polynomial):
        return other
    if is_number(other):
        return Polynomial.constant(other)
    return NotImplemented


def _aligned(
    left: Polynomial, right: Polynomial
) -> tuple[Mapping[Monomial, Fraction], Mapping[Monomial, Fraction], tuple[str, ...]]:
    # Terms of both in the union of variables, those of the left first.
    if left.variables == right.variables or not right.variables:
        return left._terms, right._terms, left.variables
    position = {name: index for index, name in enumerate(left.variables)}
    for name in right.variables:
        position.setdefault(name, len(position))
    new_index = [position[name] for name in right.variables]
    return left._terms, relabel(right._terms, new_index), tuple(position)


def _fractions(terms: Mapping[Monomial, int | Fraction]) -> dict[Monomial, Fraction]:
    return {monomial: c if type(c) is Fraction else Fraction(c) for monomial, c in terms.items()}


def _comes_from(library: str, value: object) -> bool:
    # Without importing the library: an object of it can only exist where it has been imported.
    return any(base.__module__.partition(".")[0] == library for base in type(value).__mro__)
