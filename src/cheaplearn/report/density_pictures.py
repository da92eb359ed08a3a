"""The pictures of a density's page, each for wide and for narrow screens, with its caption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .coupling_figures import MOST_BARS, on_grid
from .density_ladder_figure import density_ladder_svg
from .pair_figures import MOST_NODES, bars_svg, contacts_svg, edges_shown, graph_svg, maps_svg
from .pictures import NARROW, WIDE, NamedPictures

if TYPE_CHECKING:
    from .density_result import DensityResult

__all__ = ["DensityPictures", "coupling_picture"]

_PLURALS = {
    "bit": "bits that are both 1",
    "spin": "spins that are equal",
    "real": "pairs on the same side of their means",
}


def coupling_picture(result: DensityResult) -> str:
    """Decides how couplings are drawn.

    Args:
        result: What was found.

    Returns:
        "maps" on a two-dimensional grid, "circle" for few columns, "bars" otherwise, and if there are so few
        couplings of real variables or with a symmetry that all are seen as bars.
    """
    orbits = result.hamiltonian.orbits
    if (orbits is not None and len(orbits) <= MOST_BARS) or (result.real and result.n_couplings <= MOST_BARS):
        return "bars"
    if on_grid(result.hamiltonian) and result.kind != "category":
        return "maps"
    return "circle" if len(result.names) <= MOST_NODES else "bars"


class DensityPictures(NamedPictures):
    """The pictures of a density: ladder, couplings and contacts.

    Args:
        result: What was found.
    """

    def __init__(self, result: DensityResult) -> None:
        self.result = result

    def _ladder(self) -> tuple[str, str, str]:
        caption = (
            "The horizontal axis is logarithmic; bars are standard errors. Dashed: one standard error above the best "
            "family, the limit for the choice. Orange: models beside the ladder."
        )
        return (
            density_ladder_svg(self.result, (WIDE, 4.2), "ladder-wide"),
            density_ladder_svg(self.result, (NARROW, 3.7), "ladder-narrow"),
            caption,
        )

    def _couplings(self) -> tuple[str, str, str]:
        result, kind = self.result, coupling_picture(self.result)
        if kind == "maps":
            caption = (
                "Left (or above): green sites are more often up (1) than down by their field, orange ones less. Right: "
                "green lines join neighbours that tend to be equal (bits: both 1), orange ones those that do not. "
                "Each map has its own scale."
                if result.real is None
                else "Left (or above): the linear term of every site; it pulls green ones up, orange ones down. Right: "
                "green lines join neighbours that tend to be on the same side of their means, orange ones those that "
                "do not. Variables in scaled units; each map has its own scale. Higher powers are not drawn."
            )
            return maps_svg(result, WIDE, False, "maps-wide"), maps_svg(result, NARROW, True, "maps-narrow"), caption
        if kind == "circle":
            colors = "Thicker lines are stronger couplings (Frobenius norm over all pairs of states)."
            if result.kind != "category":
                more = f"{_PLURALS[result.kind]} are more frequent for this coupling"
                colors = f"Green: {more}; orange: less. Thicker: stronger."
            n = len(result.names)
            if edges_shown(n) < n * (n - 1) // 2:
                colors += f" Drawn are the {edges_shown(n)} strongest of {n * (n - 1) // 2:,} pairs."
            return graph_svg(result, WIDE, "graph-wide"), graph_svg(result, NARROW, "graph-narrow"), colors
        shown = result.n_couplings if result.n_couplings <= MOST_BARS else f"{MOST_BARS} strongest"
        caption = f"The {shown} couplings, with intervals. To the right: the term is more frequent for it."
        if result.real is not None:
            caption = f"The {shown} terms of H in scaled units. To the right: large values of the term are likelier."
        return bars_svg(result, WIDE, "bars-wide"), bars_svg(result, NARROW, "bars-narrow"), caption

    def _contacts(self) -> tuple[str, str, str]:
        caption = (
            f"Above the diagonal: the score of every pair, darker where higher. Below it: the {len(self.result.names)} "
            "best pairs. Score: norm of the coupling, corrected for the average of both columns."
        )
        return (
            contacts_svg(self.result, WIDE, 5.6, "contacts-wide"),
            contacts_svg(self.result, NARROW, NARROW, "contacts-narrow"),
            caption,
        )
