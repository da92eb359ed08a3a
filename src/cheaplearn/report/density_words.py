"""Findings about densities in plain words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .words import symmetry_text

if TYPE_CHECKING:
    from .density_result import DensityResult

__all__ = ["counted_sites", "density_headline", "density_terms", "loss_words", "partition_words"]

_UNITS = {"bit": "bits", "spin": "spins", "category": "columns"}
_TERMS = {2: "Pairs", 3: "Triples"}
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def counted_sites(result: DensityResult) -> str:
    """Says how many columns of which kind there are.

    Args:
        result: What was found.

    Returns:
        For example "15 bits" or "53 columns of an alignment".
    """
    n = len(result.names)
    unit = "columns of an alignment" if result.sequences else _UNITS[result.kind]
    return f"{n:,} {unit[:-1] if n == 1 and not result.sequences else unit}"


def density_headline(result: DensityResult) -> str:
    """Says in one sentence what was found.

    A family is called enough only if a richer one was on the ladder.

    Args:
        result: What was found.

    Returns:
        The sentence.
    """
    chosen = result.chosen
    order, radius = int(chosen["order"]), float(chosen["radius"])
    parameters = int(chosen["parameters"])
    what = "1 number describes" if parameters == 1 else f"{parameters:,} numbers describe"
    what = f"{what} {counted_sites(result)}."
    ladder = result.ladder
    richer = (ladder["order"] > order) | ((ladder["order"] == order) & (ladder["parameters"] > chosen["parameters"]))
    if order == 1:
        return f"No couplings are needed: {what}" if richer.any() else f"Without couplings, {what}"
    terms = _TERMS.get(order, f"Products of up to {_COUNTS.get(order, order)}")
    if math.isfinite(radius) and result.hamiltonian.geometry is not None:
        terms += " of neighbours" if radius == 1 else f" within {radius:g} steps"
    if isinstance(chosen.get("symmetry"), str):
        terms += f", tied by {symmetry_text(chosen['symmetry'])},"
    return f"{terms} are enough: {what}" if richer.any() else f"With {terms[0].lower()}{terms[1:]}, {what}"


def density_terms(order: int, radius: float, geometry: bool) -> str:
    """Says what H is a sum of.

    Args:
        order: Highest degree.
        radius: Largest distance.
        geometry: Whether distances are those of a geometry.

    Returns:
        A phrase that completes "a sum of ...".

    Example:
        >>> density_terms(2, 1.0, geometry=True)
        'fields (one column at a time) and couplings of two columns at most 1 step apart'
    """
    fields = "fields (one column at a time)"
    if order == 1:
        return fields
    count = "two" if order == 2 else f"up to {_COUNTS.get(order, order)}"
    reach = ""
    if geometry and math.isfinite(radius):
        reach = f" at most {radius:g} {'step' if radius == 1 else 'steps'} apart"
    return f"{fields} and couplings of {count} columns{reach}"


def loss_words(score: str) -> str:
    """Says what the losses of a ladder are.

    Args:
        score: "log-likelihood" or "pseudo-log-likelihood".

    Returns:
        A phrase without unit.
    """
    if score == "log-likelihood":
        return "held-out \u2212ln p"
    return "held-out pseudo-likelihood loss (sum over the columns of \u2212ln p of each given all others)"


def partition_words(result: DensityResult) -> str:
    """Says how ln Z was found and how well it is known.

    Args:
        result: What was found.

    Returns:
        Sentences.
    """
    low, high = result.log_partition_bounds
    found = f"It was found by {result.log_partition_method}."
    if not low < high:
        return found + " This is exact up to rounding."
    ends = f" From both sides it gave {low:.6g} and {high:.6g}; the upper end is used, so that ln p is not flattered."
    return f"{found}{ends}" + ("" if result.log_partition_verified else " They differ too much to verify the value.")
