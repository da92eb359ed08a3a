"""Values of a polynomial: exact at one point, in float64 at many."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._messages import must_be
from .coefficients import is_number
from .monomials import Monomial

__all__ = ["CompiledTerms", "as_points", "compile_terms", "evaluate", "exact_value"]

# Both work arrays of `evaluate` shall stay in the cache of one core.
_TABLE_BYTES = 1 << 19
_BLOCK_BYTES = 1 << 17
_MIN_POINTS, _MAX_POINTS = 16, 1024


@dataclass(frozen=True)
class CompiledTerms:
    """Index arrays that say how to multiply the terms, those with the most factors first.

    Args:
        variable: Variable of each distinct factor x**power, shape (factors,).
        power: Power of each distinct factor, shape (factors,).
        columns: `columns[k][t]` is the k-th factor of term t; terms with fewer factors come last.
        coefficients: Rounded coefficients, shape (terms,).
    """

    variable: NDArray[np.intp]
    power: NDArray[np.float64]
    columns: tuple[NDArray[np.intp], ...]
    coefficients: NDArray[np.float64]


def compile_terms(terms: Mapping[Monomial, Fraction]) -> CompiledTerms:
    """Prepares index arrays for `evaluate`.

    Args:
        terms: Coefficient by monomial.

    Returns:
        The index arrays.
    """
    ordered = sorted(terms, key=len, reverse=True)
    factors = sorted({pair for monomial in ordered for pair in monomial})
    row = {pair: position for position, pair in enumerate(factors)}
    longest = len(ordered[0]) if ordered else 0
    columns: list[list[int]] = [[] for _ in range(longest)]
    for monomial in ordered:
        for column, pair in zip(columns, monomial, strict=False):
            column.append(row[pair])
    return CompiledTerms(
        variable=np.array([index for index, _ in factors], dtype=np.intp),
        power=np.array([power for _, power in factors], dtype=np.float64),
        columns=tuple(np.array(column, dtype=np.intp) for column in columns),
        coefficients=np.array([_rounded(terms[monomial]) for monomial in ordered], dtype=np.float64),
    )


def evaluate(compiled: CompiledTerms, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluates at many points.

    Args:
        compiled: The prepared terms.
        points: Shape (samples, variables).

    Returns:
        Values, shape (samples,).

    Cost: one multiplication per factor and point; scratch memory of a few MB.
    """
    values = np.zeros(len(points))
    n_terms, n_factors = len(compiled.coefficients), len(compiled.variable)
    if not n_terms:
        return values
    chunk = int(np.clip(_TABLE_BYTES // (8 * max(n_factors, 1)), _MIN_POINTS, _MAX_POINTS))
    chunk = min(chunk, max(len(points), 1))
    block = max(1, min(n_terms, _BLOCK_BYTES // (8 * chunk)))
    product, factor = np.empty((block, chunk)), np.empty((block, chunk))

    for start in range(0, len(points), chunk):
        columns = np.ascontiguousarray(points[start : start + chunk].T)
        width = columns.shape[1]
        table = np.power(columns[compiled.variable], compiled.power[:, None])  # (factors, width)
        for first in range(0, n_terms, block):
            last = min(first + block, n_terms)
            # Whole rows of a smaller array for the last, shorter chunk: `take` wants contiguous targets.
            shape = (last - first, width)
            terms = product.ravel()[: shape[0] * width].reshape(shape)
            _multiply_factors(compiled.columns, table, first, last, terms, factor.ravel())
            values[start : start + width] += compiled.coefficients[first:last] @ terms
    return values


def _multiply_factors(
    columns: tuple[NDArray[np.intp], ...],
    table: NDArray[np.float64],
    first: int,
    last: int,
    terms: NDArray[np.float64],
    scratch: NDArray[np.float64],
) -> None:
    width = terms.shape[1]
    filled = 0
    for k, column in enumerate(columns):
        rows = column[first:last]
        if not len(rows):
            break
        if k == 0:
            # mode="clip" spares `take` a buffer; every index is valid.
            np.take(table, rows, axis=0, out=terms[: len(rows)], mode="clip")
            filled = len(rows)
        else:
            factor = scratch[: len(rows) * width].reshape(len(rows), width)
            np.take(table, rows, axis=0, out=factor, mode="clip")
            terms[: len(rows)] *= factor
    terms[filled:] = 1.0  # the constant term has no factor


def exact_value(terms: Mapping[Monomial, Fraction], point: Sequence[Fraction]) -> Fraction:
    """Evaluates at one point without rounding.

    Args:
        terms: Coefficient by monomial.
        point: One number per variable.

    Returns:
        The exact value.
    """
    powers: dict[tuple[int, int], Fraction] = {}
    total = Fraction(0)
    for monomial, value in terms.items():
        for index, power in monomial:
            if (index, power) not in powers:
                powers[index, power] = point[index] ** power
            value *= powers[index, power]
        total += value
    return total


def as_points(X: Any, variables: Sequence[str]) -> NDArray[np.float64]:
    """Checks input of an evaluation and converts it to float64.

    Args:
        X: Array-like of shape (samples, variables), or a DataFrame with a column per variable.
        variables: Names of the variables.

    Returns:
        Points, shape (samples, variables).

    Raises:
        TypeError: If `X` holds anything but real numbers.
        ValueError: If `X` has another shape.
    """
    if hasattr(X, "columns") and hasattr(X, "iloc"):
        return _columns_by_name(X, variables)
    try:
        array = np.asarray(X)
    except ValueError as error:  # rows of different length
        raise ValueError(must_be("X", "Polynomial", "an array of real numbers", str(error))) from error
    requirement = f"of shape (samples, {len(variables)})"
    if array.ndim != 2 or array.shape[1] != len(variables):
        advice = "For one point pass X.reshape(1, -1)." if array.ndim == 1 else _expected_columns(variables)
        raise ValueError(must_be("X", "Polynomial", requirement, f"shape {array.shape}", advice))
    if array.dtype.kind in "cUSV":
        raise TypeError(must_be("X", "Polynomial", "an array of real numbers", f"dtype {array.dtype}"))
    if array.dtype.kind == "O":
        # NumPy would read text as numbers and None as nan.
        for entry in array.flat:
            if not is_number(entry) and not isinstance(entry, bool | np.bool_):
                raise TypeError(must_be("X", "Polynomial", "an array of real numbers", f"{entry!r} in it"))
    return array.astype(np.float64, copy=False)


def _columns_by_name(frame: Any, variables: Sequence[str]) -> NDArray[np.float64]:
    positions: dict[str, list[int]] = {}
    for position, label in enumerate(frame.columns):
        positions.setdefault(str(label), []).append(position)
    points = np.empty((len(frame), len(variables)))
    for k, name in enumerate(variables):
        if len(positions.get(name, ())) != 1:
            found = ", ".join(map(str, list(positions)[:10])) or "no columns"
            got = f"{len(positions.get(name, ()))} columns {name!r} among {found}"
            raise ValueError(must_be("X", "Polynomial", "a table with one column per variable", got))
        column = frame.iloc[:, positions[name][0]]
        try:
            points[:, k] = as_points(column.to_numpy().reshape(-1, 1), [name])[:, 0]
        except (TypeError, ValueError) as error:
            raise type(error)(must_be(f"X[{name!r}]", "Polynomial", "a column of real numbers", str(error))) from error
    return points


def _expected_columns(variables: Sequence[str]) -> str:
    if not variables:
        return "The polynomial has no variables: pass an array with no columns."
    names = ", ".join(variables[:10]) + (", ..." if len(variables) > 10 else "")
    return f"One row per point, with columns {names}."


def _rounded(coefficient: Fraction) -> float:
    try:
        return float(coefficient)
    except OverflowError as error:
        digits = math.log10(abs(coefficient.numerator)) - math.log10(coefficient.denominator)
        got = f"one of about 1e{math.floor(digits)}"
        advice = "Divide the polynomial by a constant first, or use `exact`."
        message = must_be("coefficients", "Polynomial", "within the range of float64 for evaluation", got, advice)
        raise OverflowError(message) from error
