"""Checked input: names, monomials, and dense exponents in dictionaries and arrays."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._messages import must_be
from .coefficients import exact_fraction
from .monomials import Monomial, check_power, exponent_rows

__all__ = ["checked_terms", "checked_variables", "default_names", "terms_from_arrays", "terms_from_dict"]

ExactTerms = dict[Monomial, Fraction]


def default_names(n_variables: int) -> tuple[str, ...]:
    """Names variables that came without names.

    Args:
        n_variables: Number of variables.

    Returns:
        x0, x1, ...
    """
    return tuple(f"x{index}" for index in range(n_variables))


def checked_variables(variables: Iterable[str], owner: str) -> tuple[str, ...]:
    """Checks names of variables.

    Args:
        variables: Names; any non-empty text, each once.
        owner: Public function that received them, for the message.

    Returns:
        The names as a tuple.

    Raises:
        TypeError: If the names are no sequence of strings.
        ValueError: If a name is empty or occurs twice.
    """
    if isinstance(variables, str):
        advice = "Pass a list of names, even for one variable."
        raise TypeError(must_be("variables", owner, "a sequence of names", repr(variables), advice))
    names = tuple(variables)
    for name in names:
        if not isinstance(name, str):
            got = f"{name!r} ({type(name).__name__})"
            raise TypeError(must_be("variables", owner, "a sequence of strings", got, "Convert labels with str."))
        if not name:
            raise ValueError(must_be("variables", owner, "non-empty names", repr(name)))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(must_be("variables", owner, "distinct names", f"{twice!r} twice"))
    return tuple(str(name) for name in names)  # NumPy strings become plain ones


def checked_terms(terms: Mapping[Any, Any], n_variables: int) -> ExactTerms:
    """Checks monomials and coefficients given as in `Polynomial.terms`.

    Args:
        terms: Number by monomial.
        n_variables: Number of variables.

    Returns:
        Fraction by monomial, without zeros.

    Raises:
        TypeError: If `terms` is no mapping.
    """
    if not isinstance(terms, Mapping):
        advice = "For text, arrays or SymPy objects use Polynomial.coerce."
        raise TypeError(must_be("terms", "Polynomial", "a mapping from monomial to number", repr(terms)[:60], advice))
    exact = {
        _checked_monomial(monomial, n_variables): exact_fraction(value, f"terms[{monomial!r}]", "Polynomial")
        for monomial, value in terms.items()
    }
    return {monomial: value for monomial, value in exact.items() if value}


def _checked_monomial(monomial: Any, n_variables: int) -> Monomial:
    try:
        pairs = tuple((operator.index(index), check_power(operator.index(power))) for index, power in monomial)
    except TypeError as error:
        raise TypeError(_monomial_message(monomial, n_variables)) from error
    indices = [index for index, _ in pairs]
    in_order = all(left < right for left, right in pairwise(indices))
    in_range = all(0 <= index < n_variables for index in indices)
    if not in_order or not in_range or any(power < 1 for _, power in pairs):
        raise ValueError(_monomial_message(monomial, n_variables))
    return pairs


def _monomial_message(monomial: Any, n_variables: int) -> str:
    requirement = f"made of monomials ((index, power > 0), ...) sorted by index, with index < {n_variables}"
    return must_be("terms", "Polynomial", requirement, repr(monomial), "For dense exponents use Polynomial.from_dict.")


def terms_from_dict(terms: Mapping[Any, Any], variables: Sequence[str] | None) -> tuple[ExactTerms, tuple[str, ...]]:
    """Reads dense exponent tuples.

    Args:
        terms: Number by tuple of exponents, one exponent per variable.
        variables: Names; None for x0, x1, ...

    Returns:
        Terms and names.

    Raises:
        ValueError: If the tuples differ in length, from each other or from `variables`.
    """
    owner = "Polynomial.from_dict"
    first = next(iter(terms), ())
    n_variables = len(first) if hasattr(first, "__len__") else 1
    names = default_names(n_variables) if variables is None else checked_variables(variables, owner)
    exact: ExactTerms = {}
    for exponents, value in terms.items():
        if not isinstance(exponents, tuple) or len(exponents) != len(names):
            requirement = f"a mapping from tuples of {len(names)} exponents to numbers"
            advice = "Give one exponent per variable, in the order of `variables`."
            raise ValueError(must_be("terms", owner, requirement, repr(exponents), advice))
        row = [_checked_exponent(exponent, exponents, owner) for exponent in exponents]
        exact[exponent_rows([row])[0]] = exact_fraction(value, f"terms[{exponents!r}]", owner)
    return {monomial: value for monomial, value in exact.items() if value}, names


def _checked_exponent(exponent: Any, row: object, owner: str) -> int:
    if not isinstance(exponent, bool | np.bool_) and isinstance(exponent, int | np.integer) and exponent >= 0:
        return check_power(int(exponent))
    raise ValueError(must_be("terms", owner, "made of whole exponents >= 0", repr(row)))


def terms_from_arrays(
    exponents: Any, coefficients: Any, variables: Sequence[str] | None
) -> tuple[ExactTerms, tuple[str, ...]]:
    """Reads a table of exponents with a column per variable; equal rows add up.

    Args:
        exponents: Whole numbers >= 0, shape (terms, variables).
        coefficients: One number per row.
        variables: Names; None for x0, x1, ...

    Returns:
        Terms and names.

    Raises:
        ValueError: If there is not one coefficient per row, or one name per column.
    """
    owner = "Polynomial.from_arrays"
    table = _exponent_table(exponents, owner)
    values = coefficients.tolist() if hasattr(coefficients, "tolist") else list(coefficients)
    if not isinstance(values, list) or len(values) != len(table):
        got = f"{len(values)} for {len(table)} rows" if isinstance(values, list) else repr(values)
        raise ValueError(must_be("coefficients", owner, "one number per row of `exponents`", got))
    names = default_names(table.shape[1]) if variables is None else checked_variables(variables, owner)
    if len(names) != table.shape[1]:
        got = f"{len(names)} names for {table.shape[1]} columns"
        raise ValueError(must_be("variables", owner, "one name per column of `exponents`", got))

    terms: ExactTerms = {}
    for row, (monomial, value) in enumerate(zip(exponent_rows(table.tolist()), values, strict=True)):
        exact = exact_fraction(value, f"coefficients[{row}]", owner)
        terms[monomial] = terms[monomial] + exact if monomial in terms else exact
    return {monomial: value for monomial, value in terms.items() if value}, names


def _exponent_table(exponents: Any, owner: str) -> NDArray[np.int64]:
    table = np.asarray(exponents)
    if table.ndim != 2:
        got = f"shape {table.shape}"
        raise ValueError(must_be("exponents", owner, "of shape (terms, variables)", got, "Give each term a row."))
    if table.size and table.dtype.kind not in "iu":
        advice = "Convert with exponents.astype(int) if the values are whole."
        raise TypeError(must_be("exponents", owner, "an array of integers", f"dtype {table.dtype}", advice))
    if table.size and table.min() < 0:
        row, column = np.argwhere(table < 0)[0].tolist()
        got = f"{table[row, column]} in row {row}, column {column}"
        raise ValueError(must_be("exponents", owner, ">= 0", got, "Polynomials have no negative powers."))
    check_power(int(table.max(initial=0)))
    return table.astype(np.int64)
