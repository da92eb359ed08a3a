"""A polynomial as a line of text for people."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..polynomial import Polynomial

__all__ = ["formula_text"]

PLAIN = 1000  # numbers up to this are written as fractions
DIGITS = 5


def formula_text(polynomial: Polynomial) -> tuple[str, bool]:
    """Writes a formula, simple coefficients exactly and others with five digits.

    Args:
        polynomial: The formula.

    Returns:
        The text, and whether a coefficient in it is rounded.

    Example:
        >>> from cheaplearn.polynomial import Polynomial
        >>> formula_text(Polynomial.parse("a*b**2/2 - 2*c"))
        ('-2*c + 1/2*a*b^2', False)
        >>> formula_text(Polynomial.parse("x + 0.123456789"))
        ('0.12346 + x', True)
    """
    names = polynomial.variables
    parts: list[str] = []
    rounded = False
    for powers, coefficient in polynomial.terms.items():
        factors = [names[site] + (f"^{power}" if power > 1 else "") for site, power in powers]
        simple = max(abs(coefficient.numerator), coefficient.denominator) <= PLAIN
        number = str(abs(coefficient)) if simple else f"{abs(float(coefficient)):.{DIGITS}g}"
        rounded |= Fraction(number) != abs(coefficient)
        text = "*".join([*([number] if number != "1" or not factors else []), *factors])
        sign = "-" if coefficient < 0 else "+"
        parts.append(f"{sign} {text}" if parts else ("-" if coefficient < 0 else "") + text)
    return " ".join(parts) or "0", rounded
