"""Findings about densities in plain words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .words import symmetry_text

if TYPE_CHECKING:
    from ..hamiltonian.normalizable import Normalizability
    from ..hamiltonian.partition import LogPartition
    from .density_result import DensityResult

__all__ = [
    "counted_sites",
    "density_headline",
    "density_terms",
    "escape_words",
    "existence_words",
    "loss_words",
    "partition_words",
    "tied_term",
]

_UNITS = {"bit": "bits", "spin": "spins", "category": "columns", "real": "variables"}
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
    if order == 1 or (result.kind == "real" and radius == 0):
        return f"No couplings are needed: {what}" if richer.any() else f"Without couplings, {what}"
    terms = _TERMS.get(order, f"Products of up to {_COUNTS.get(order, order)}")
    if math.isfinite(radius) and result.hamiltonian.geometry is not None:
        terms += " of neighbours" if radius == 1 else f" within {radius:g} steps"
    if isinstance(chosen["symmetry"], str):
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
        score: "log-likelihood", "pseudo-log-likelihood" or "Hyvarinen score".

    Returns:
        A phrase without unit.
    """
    if score == "log-likelihood":
        return "held-out \u2212ln p"
    if score == "Hyvarinen score":
        return "held-out Hyv\u00e4rinen score (lower is better; variables in scaled units)"
    return "held-out pseudo-likelihood loss (sum over the columns of \u2212ln p of each given all others)"


def partition_words(partition: LogPartition) -> str:
    """Says how ln Z was found and how well it is known.

    Args:
        partition: ln Z.

    Returns:
        Sentences.
    """
    found = f"It was found by {partition.method}."
    if not partition.lower < partition.upper:
        return found + " This is exact up to rounding."
    if partition.method == "quadrature":
        return f"{found} Its error is at most {partition.upper - partition.value:.1g} nats."
    ends = (
        f" From both sides it gave {partition.lower:.6g} and {partition.upper:.6g}; the upper end is used, so that "
        "ln p is not flattered."
    )
    return f"{found}{ends}" + ("" if partition.verified else " They differ too much to verify the value.")


def existence_words(existence: Normalizability) -> str:
    """Says whether a density of real variables exists.

    Args:
        existence: What was found.

    Returns:
        A sentence without its reason, which `existence.proof` has.
    """
    if existence.verdict == "yes":
        return "This density exists (proved)."
    if existence.verdict == "no":
        return "No such density exists (proved)."
    return "It was not decided whether this density exists."


def escape_words(existence: Normalizability, most: int = 6) -> str:
    """Says along which way the energy falls without end, if there is one.

    Args:
        existence: What was found.
        most: Variables that are named.

    Returns:
        For example "x = -0.98 s, y = 2 s^2 (s to infinity)"; empty if there is none.
    """
    powers = existence.powers or {}
    moves = []
    for name, rate in list((existence.direction or {}).items())[:most]:
        power = powers.get(name, 1.0)
        moves.append(f"{name} = {rate:.3g} s" + (f"^{power:g}" if power != 1 else ""))
    more = len(existence.direction or {}) - len(moves)
    listed = ", ".join(moves) + (f" and {more} more" if more else "")
    return f"{listed} (s to infinity)" if moves else ""


def tied_term(row: Any) -> str:
    """Names a term, and how many a symmetry ties to it.

    Args:
        row: A row of a table of couplings.

    Returns:
        For example "x0**2 and 7 like it".
    """
    more = int(row.get("terms", 1)) - 1
    return f"{row['term']}{f' and {more:,} like it' if more else ''}"
