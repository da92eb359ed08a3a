"""Numbers and findings in plain words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from markupsafe import Markup

from ..network import rounded_up

if TYPE_CHECKING:
    from .result import FitResult, GenericSizes

__all__ = [
    "at_most",
    "family_words",
    "headline",
    "percent",
    "radius_text",
    "significant",
    "symmetry_text",
    "table_size",
]


def percent(share: float, digits: int = 1) -> str:
    """Writes a share in percent.

    Args:
        share: 0 .. 1.
        digits: Decimals.

    Returns:
        Text with a narrow space before the sign.

    Example:
        >>> percent(0.9812)
        '98.1\u202f%'
    """
    return f"{100 * share:.{digits}f}\u202f%"


def significant(value: float, digits: int = 2) -> str:
    """Writes a positive number with few digits, small ones as a power of ten.

    Args:
        value: The number.
        digits: Significant digits.

    Returns:
        Text.

    Example:
        >>> significant(0.0221), significant(2.1e-7)
        ('0.022', '2.1\u202f×\u202f10⁻⁷')
    """
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return f"{value:.{digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}\u202f\u00d7\u202f10{raised}"


def at_most(bound: float, digits: int = 2) -> str:
    """Writes an upper bound with few digits, rounded up so that it stays one.

    Args:
        bound: The bound, not negative.
        digits: Significant digits.

    Returns:
        Text as `significant` writes it.

    Example:
        >>> at_most(0.00901), at_most(0.00237, 3)
        ('0.0091', '0.00237')
    """
    return significant(rounded_up(bound, digits), digits) if math.isfinite(bound) else "infinite"


def radius_text(radius: float) -> str:
    """Writes a radius.

    Args:
        radius: A number; infinite for all.

    Returns:
        The number, or "all".
    """
    return "all" if math.isinf(radius) else f"{radius:g}"


def symmetry_text(symmetry: object) -> str:
    """Writes a symmetry of a ladder.

    Args:
        symmetry: Its name; anything else for none.

    Returns:
        The name in words, or "none".

    Example:
        >>> symmetry_text("translation+reflection"), symmetry_text(None)
        ('translation + reflection', 'none')
    """
    return symmetry.replace("+", " + ") if isinstance(symmetry, str) else "none"


def table_size(generic: GenericSizes) -> Markup:
    """Writes v^n, the number of rows of a table of every possible input.

    Args:
        generic: The sizes.

    Returns:
        HTML: v to the power n, and as a power of ten if it is long.
    """
    power = Markup("{}<sup>{}</sup>").format(generic.values, generic.variables)
    if generic.log10_table < 6:
        return power + f" = {generic.values**generic.variables:,}"
    return power + Markup(" ≈ 10<sup>{}</sup>").format(round(generic.log10_table))


def family_words(order: int, radius: float, grid: bool) -> str:
    """Says which terms a family has.

    Args:
        order: Highest degree.
        radius: Largest distance.
        grid: Whether distances are steps on a grid.

    Returns:
        A phrase that completes "a sum of ...".

    Example:
        >>> family_words(2, 1.0, grid=True)
        'single values, squares and products of two values at most 1 step apart'
    """
    if order == 1:
        return "single values, each with its own weight"
    powers = {2: "squares"}.get(order, f"powers up to degree {order}")
    if radius == 0:
        return f"single values and {powers}, no products of different ones"
    count = {2: "two", 3: "up to three"}.get(order, f"up to {order}")
    reach = "" if math.isinf(radius) else f" at most {radius:g} {'step' if radius == 1 else 'steps'} apart"
    where = reach if grid or not reach else f" at distance {radius:g} or less"
    return f"single values, {powers} and products of {count} values{where}"


def headline(result: FitResult) -> str:
    """Says in one sentence what was found.

    Args:
        result: What was found.

    Returns:
        The sentence.
    """
    chosen = result.chosen
    terms = {1: "Single values are", 2: "Pairs are", 3: "Triples are"}.get(chosen["order"], "Products are")
    if chosen["order"] > 1 and chosen["radius"] == 0:
        terms = "Single values and their powers are"
    elif chosen["order"] > 1 and math.isfinite(chosen["radius"]) and result.hamiltonian.geometry is not None:
        terms = (
            terms.replace("are", "of neighbours are")
            if chosen["radius"] == 1
            else terms.replace("are", f"within {chosen['radius']:g} steps are")
        )
    classes = len(result.hamiltonian.classes)
    return f"{terms} enough: {chosen['parameters']:,} numbers tell the {classes} classes apart."
