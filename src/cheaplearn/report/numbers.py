"""Numbers with a proper minus sign."""

from __future__ import annotations

__all__ = ["minus", "signed"]

MINUS = "\u2212"


def minus(value: float, digits: int, significant: bool = False) -> str:
    """Writes a number.

    Args:
        value: The number.
        digits: Decimals, or significant digits.
        significant: Which of the two.

    Returns:
        Text.

    Example:
        >>> minus(-1.25, 1), minus(1250.0, 3, significant=True)
        ('\u22121.2', '1.25e+03')
    """
    return f"{value:.{digits}{'g' if significant else 'f'}}".replace("-", MINUS)


def signed(value: float, significant: bool = False) -> str:
    """Writes a number with its sign and four decimals, or four significant digits."""
    return f"{value:+.4{'g' if significant else 'f'}}".replace("-", MINUS)
