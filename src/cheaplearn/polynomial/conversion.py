"""Polynomials of other libraries: SymPy and dimod."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .._messages import must_be
from .coefficients import exact_fraction
from .guards import Guard, TooLargeError
from .inputs import checked_variables
from .monomials import Monomial, Terms

__all__ = ["natural_order", "terms_from_dimod", "terms_from_sympy", "terms_to_sympy"]

ExactTerms = dict[Monomial, Fraction]

_MAX_EXCERPT = 60


def natural_order(name: str) -> list[str | int]:
    """Sort key that puts x2 before x10.

    Args:
        name: Name of a variable.

    Returns:
        Its runs of other characters and of digits, the latter as numbers.

    Example:
        >>> sorted(["x10", "x2", "a"], key=natural_order)
        ['a', 'x2', 'x10']
    """
    # Text and digits alternate, so that equal positions always compare equal types.
    return [int(part) if position % 2 else part for position, part in enumerate(re.split(r"([0-9]{1,18})", name))]


def terms_from_sympy(expression: Any, variables: Sequence[str] | None) -> tuple[ExactTerms, tuple[str, ...]]:
    """Reads a SymPy expression or Poly; a Float counts with its exact binary value.

    Args:
        expression: The expression.
        variables: Names in the order wanted; None for the generators of a Poly, else natural order.

    Returns:
        Terms and names.

    Raises:
        TypeError: If `expression` is no SymPy expression.
        ValueError: If it is no polynomial with rational coefficients, or has a variable not listed.
    """
    import sympy

    owner = "Polynomial.from_sympy"
    generators: list[Any] = []
    if isinstance(expression, sympy.Poly):
        if expression.domain.is_FiniteField:
            requirement = "a polynomial with rational coefficients"
            raise ValueError(must_be("expression", owner, requirement, f"coefficients in {expression.domain}"))
        generators = [generator for generator in expression.gens if generator.is_Symbol]
        expression = expression.as_expr()
    if not isinstance(expression, sympy.Expr):
        got = f"{type(expression).__name__} {str(expression)[:_MAX_EXCERPT]}"
        raise TypeError(must_be("expression", owner, "a SymPy expression or Poly", got))

    symbols = generators + [symbol for symbol in _symbols(expression) if symbol not in generators]
    names = [symbol.name for symbol in symbols]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        advice = "Two symbols of one name differ in their assumptions: rename one."
        raise ValueError(
            must_be("expression", owner, "made of symbols with distinct names", f"{twice!r} twice", advice)
        )
    if variables is None:
        wanted = tuple(names[: len(generators)] + sorted(names[len(generators) :], key=natural_order))
    else:
        wanted = checked_variables(variables, owner)
        used = [symbol.name for symbol in _symbols(expression)]
        missing = sorted((name for name in used if name not in wanted), key=natural_order)
        if missing:
            got = f"{list(wanted)} without {', '.join(missing)}"
            raise ValueError(must_be("variables", owner, "a list of all symbols that occur", got))

    index = {symbol: wanted.index(symbol.name) for symbol in symbols if symbol.name in wanted}
    terms = _expand_sympy(expression, index, owner)
    return {monomial: Fraction(value) for monomial, value in terms.items() if value}, wanted


def _symbols(expression: Any) -> list[Any]:
    # `free_symbols` is recursive, and deep expressions (Horner forms) exceed Python's recursion limit.
    found: dict[Any, None] = {}
    stack = [expression]
    while stack:
        node = stack.pop()
        if node.is_Symbol:
            found[node] = None
        stack.extend(node.args)
    return list(found)


def _expand_sympy(expression: Any, index: Mapping[Any, int], owner: str) -> Terms:
    guard = Guard()
    done: list[Terms] = []
    stack = [(expression, False)]
    while stack:
        node, arguments_done = stack.pop()
        if arguments_done:
            arguments = done[len(done) - len(node.args) :] if node.is_Add or node.is_Mul else [done[-1]]
            del done[len(done) - len(arguments) :]
            done.append(_combine_sympy(node, arguments, guard, owner))
        elif node.is_Add or node.is_Mul:
            stack.append((node, True))
            stack.extend((argument, False) for argument in reversed(node.args))
        elif node.is_Pow and not node.is_number:
            stack.extend([(node, True), (node.base, False)])
        else:
            done.append(_sympy_leaf(node, index, owner))
    return done[0]


def _combine_sympy(node: Any, arguments: list[Terms], guard: Guard, owner: str) -> Terms:
    try:
        if node.is_Pow:
            return guard.power(arguments[0], _sympy_exponent(node, owner))
        result: Terms = {} if node.is_Add else {(): 1}
        for argument in arguments:
            result = guard.sum(result, argument) if node.is_Add else guard.product(result, argument)
    except TooLargeError as error:
        got = f"{error} in {_excerpt(node)}"
        raise ValueError(must_be("expression", owner, "small enough to expand", got)) from error
    return result


def _sympy_exponent(node: Any, owner: str) -> int:
    if node.exp.is_Integer and node.exp >= 0:
        return int(node.exp)
    advice = "Exponents must be whole numbers >= 0."
    raise ValueError(must_be("expression", owner, "a polynomial", _excerpt(node), advice))


def _sympy_leaf(node: Any, index: Mapping[Any, int], owner: str) -> Terms:
    import sympy

    if node in index:
        return {((index[node], 1),): 1}
    if (node.is_Rational or node.is_Float) and node.is_finite:
        exact = sympy.Rational(node)  # of a Float: its exact binary value at any precision
        value = Fraction(int(exact.p), int(exact.q))
        return {(): value} if value else {}
    advice = "Coefficients must be rational or floating-point numbers; use evalf() to round a constant."
    requirement = "a polynomial with rational coefficients"
    raise ValueError(must_be("expression", owner, requirement, _excerpt(node), advice if node.is_number else ""))


def _excerpt(node: Any) -> str:
    text = str(node)
    return f"`{text}`" if len(text) <= _MAX_EXCERPT else f"`{text[:_MAX_EXCERPT]}...`"


def terms_to_sympy(terms: Mapping[Monomial, Fraction], variables: Sequence[str]) -> Any:
    """Writes a SymPy expression with rational coefficients and plain symbols.

    Args:
        terms: Coefficient by monomial.
        variables: Names of the variables.

    Returns:
        The expanded expression.
    """
    import sympy

    symbols = [sympy.Symbol(name) for name in variables]
    return sympy.Add(*[
        sympy.Mul(
            sympy.Rational(coefficient.numerator, coefficient.denominator),
            *[symbols[index] ** power for index, power in monomial],
        )
        for monomial, coefficient in terms.items()
    ])


def terms_from_dimod(polynomial: Any) -> tuple[ExactTerms, tuple[str, ...]]:
    """Reads a dimod.BinaryPolynomial; whether its variables are spins or bits is not kept.

    Args:
        polynomial: The dimod object.

    Returns:
        Terms and names: labels in natural order, whole numbers k as x<k>.

    Raises:
        TypeError: If `polynomial` is no BinaryPolynomial.
        ValueError: If two labels lead to the same name.
    """
    owner = "Polynomial.from_dimod"
    if not hasattr(polynomial, "vartype") or not isinstance(polynomial, Mapping):
        raise TypeError(must_be("polynomial", owner, "a dimod.BinaryPolynomial", type(polynomial).__name__))
    labels = {label: None for term in polynomial for label in term}
    names = {label: _dimod_name(label) for label in labels}
    ordered = sorted(labels, key=lambda label: natural_order(names[label]))
    variables = tuple(names[label] for label in ordered)
    if len(set(variables)) < len(variables):
        twice = next(name for name in variables if variables.count(name) > 1)
        advice = "Relabel the variables first, for example with relabel_variables."
        got = f"two labels that both read {twice!r}"
        raise ValueError(must_be("polynomial", owner, "a polynomial with labels distinct as text", got, advice))
    index = {label: position for position, label in enumerate(ordered)}
    terms = {
        tuple(sorted((index[label], 1) for label in term)): exact_fraction(value, f"polynomial[{term!r}]", owner)
        for term, value in polynomial.items()
    }
    return {monomial: value for monomial, value in terms.items() if value}, variables


def _dimod_name(label: Any) -> str:
    if isinstance(label, int | np.integer) and not isinstance(label, bool) and label >= 0:
        return f"x{label}"
    return str(label) or "''"
