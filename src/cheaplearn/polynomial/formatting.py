"""Polynomials as text: for Python, for LaTeX, for hashing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .monomials import Monomial

__all__ = ["canonical_text", "latex_text", "python_text", "short_text"]

_SHORT = 80  # characters of a `repr` before it is cut
_MAX_PLAIN_BITS = 2_000  # Python refuses to print integers above a limit that users may set down to 640 digits
_LONG_DENOMINATOR = 10**6


def python_text(terms: Mapping[Monomial, Fraction], variables: Sequence[str]) -> str:
    """Writes all terms in Python syntax, exactly.

    Args:
        terms: Coefficient by monomial, in the order to be written.
        variables: Names of the variables.

    Returns:
        For example "x*y + z**3/2".
    """
    return _sum(_python_term(monomial, coefficient, variables) for monomial, coefficient in terms.items())


def short_text(terms: Mapping[Monomial, Fraction], variables: Sequence[str]) -> str:
    """Writes the first terms for people; coefficients that came from floats appear as these floats.

    Args:
        terms: Coefficient by monomial, in the order to be written.
        variables: Names of the variables.

    Returns:
        At most about 80 characters, then the number of terms.
    """
    shown: list[str] = []
    length = 0
    for monomial, coefficient in terms.items():
        shown.append(_python_term(monomial, coefficient, variables, number=_readable))
        length += len(shown[-1]) + 3
        if length > _SHORT:
            break
    text = _sum(shown)
    if len(shown) < len(terms) or len(text) > _SHORT + 10:
        plural = "s" if len(terms) > 1 else ""
        return f"{text[:_SHORT].rstrip(' +-*')} ... ({len(terms):,} term{plural})"
    return text


def latex_text(terms: Mapping[Monomial, Fraction], symbols: Sequence[str]) -> str:
    r"""Writes all terms in LaTeX, exactly.

    Args:
        terms: Coefficient by monomial, in the order to be written.
        symbols: LaTeX of each variable.

    Returns:
        For example ``x y + \frac{1}{2} z^{3}``.
    """
    return _sum(_latex_term(monomial, coefficient, symbols) for monomial, coefficient in terms.items())


def canonical_text(terms: Mapping[Monomial, Fraction], variables: Sequence[str]) -> str:
    """Writes the polynomial so that equal ones give equal text, whatever their variables and order.

    Args:
        terms: Coefficient by monomial.
        variables: Names of the variables.

    Returns:
        JSON: sorted terms, each a list of [name, power] sorted by name, and a hexadecimal fraction.
    """
    rows = [
        (
            sorted((variables[index], power) for index, power in monomial),
            f"{value.numerator:x}/{value.denominator:x}",
        )
        for monomial, value in terms.items()
    ]
    return json.dumps(sorted(rows), separators=(",", ":"))


def _sum(terms: Iterable[str]) -> str:
    parts = [f"- {term[1:]}" if term.startswith("-") else f"+ {term}" for term in terms]
    if not parts:
        return "0"
    text = " ".join(parts)
    return text[2:] if text.startswith("+") else f"-{text[2:]}"


def _python_term(
    monomial: Monomial,
    coefficient: Fraction,
    variables: Sequence[str],
    number: Callable[[Fraction], Any] | None = None,
) -> str:
    product = "*".join(variables[i] if power == 1 else f"{variables[i]}**{power}" for i, power in monomial)
    shown = None if number is None else number(coefficient)
    if shown is not None:
        return f"{shown}*{product}" if product else shown
    numerator = _digits(abs(coefficient.numerator))
    if product:
        product = product if numerator == "1" else f"{numerator}*{product}"
    else:
        product = numerator
    sign = "-" if coefficient < 0 else ""
    return sign + product + ("" if coefficient.denominator == 1 else f"/{_digits(coefficient.denominator)}")


def _latex_term(monomial: Monomial, coefficient: Fraction, symbols: Sequence[str]) -> str:
    product = " ".join(symbols[i] if power == 1 else f"{{{symbols[i]}}}^{{{power}}}" for i, power in monomial)
    magnitude = _digits(abs(coefficient.numerator))
    if coefficient.denominator != 1:
        magnitude = rf"\frac{{{magnitude}}}{{{_digits(coefficient.denominator)}}}"
    if product and magnitude == "1":
        magnitude = ""
    return ("-" if coefficient < 0 else "") + f"{magnitude} {product}".strip()


def _readable(coefficient: Fraction) -> str | None:
    # None: small enough to be written as a fraction. A float is written as itself only where that is exact.
    if coefficient.denominator < _LONG_DENOMINATOR:
        return None
    try:
        rounded = float(coefficient)
    except OverflowError:
        return None
    return repr(rounded) if Fraction(rounded) == coefficient else None


def _digits(number: int) -> str:
    if number.bit_length() <= _MAX_PLAIN_BITS:
        return str(number)
    return format(Decimal(number), "f")  # exact, and not subject to Python's limit on digits
