"""Long sums and products in short: ``x1*x2*...*x8``."""

from __future__ import annotations

import re

__all__ = ["expanded"]

_RUN = re.compile(r"([A-Za-z_]\w*?)(\d+)\s*([*+])\s*\1(\d+)\s*\3\s*\.\.\.\s*\3\s*\1(\d+)(?!\w)")
_MOST = 1000


def expanded(text: str) -> str:
    """Writes out what three dots stand for.

    Args:
        text: A formula; in ``x1*x2*...*x8`` and ``x0 + x2 + ... + x8`` the first two numbers give the step.

    Returns:
        The formula without dots; text that is no such run stays as it is, for the parser to refuse.

    Example:
        >>> expanded("x1*x2*...*x5 + 2"), expanded("s0+s2+...+s6")
        ('x1*x2*x3*x4*x5 + 2', 's0+s2+s4+s6')
    """
    return _RUN.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    name, first, sign, second, last = match.groups()
    start, step, end = int(first), int(second) - int(first), int(last)
    numbers = range(start, end + 1, step) if 0 < step <= end - start else range(0)
    if not 2 < len(numbers) <= _MOST or numbers[-1] != end:
        return match.group()
    return sign.join(f"{name}{number}" for number in numbers)
