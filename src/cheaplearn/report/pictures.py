"""The pictures of the page, each for wide and for narrow screens, with its caption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from ..network.drawing import draw
from .coupling_figures import MOST_CLASSES, MOST_PAIRS, couplings_svg, on_grid
from .ladder_figure import ladder_svg
from .theme import inline_svg

if TYPE_CHECKING:
    from .result import CompiledResult, FitResult

__all__ = ["NARROW", "WIDE", "NamedPictures", "NetworkPictures", "Pictures"]

WIDE, NARROW = 8.0, 3.7  # inches; 72 CSS pixels each at full size


class NamedPictures:
    """Draws a picture by its name when the template asks for it; a method `_name` returns two svgs and the caption."""

    def __call__(self, name: str) -> Markup:
        """Draws a picture.

        Args:
            name: Which one.

        Returns:
            A figure element with both widths and the caption.
        """
        wide, narrow, caption = getattr(self, f"_{name}")()
        return Markup(
            '<figure id="figure-{}"><div class="wide">{}</div><div class="narrow">{}</div>'
            "<figcaption>{}</figcaption></figure>"
        ).format(name, Markup(wide), Markup(narrow), caption)


class NetworkPictures(NamedPictures):
    """The picture of a network.

    Args:
        result: What was found.
    """

    def __init__(self, result: CompiledResult) -> None:
        self.network = result.network

    def _network(self) -> tuple[str, str, str]:
        net = self.network
        wide = draw(net, size=(WIDE, 5.2))
        narrow = draw(net, size=(NARROW, 4.6), most_nodes=16, most_edges=160)
        description = (
            f"{len(net.variables)} inputs on the left, {net.neurons} neurons in {net.depth} hidden layers, "
            f"{len(net.labels)} outputs on the right, {net.synapses} connections."
        )
        caption = "Filled circles are neurons, open squares sums, open circles inputs and outputs."
        return (
            inline_svg(wide, "network-wide", description),
            inline_svg(narrow, "network-narrow", description),
            caption,
        )


class Pictures(NetworkPictures):
    """The pictures of a classifier: ladder, couplings and network.

    Args:
        result: What was found.
    """

    def __init__(self, result: FitResult) -> None:
        super().__init__(result)
        self.result = result

    def _ladder(self) -> tuple[str, str, str]:
        generic = self.result.generic
        caption = (
            "Both axes are logarithmic; bars are standard errors. Dashed: one standard error above the best family, "
            "the limit for the choice. Grey verticals: size of a model with all terms of that order, wherever they "
            f"lie. A table of all inputs would need 10 to the power {generic.log10_table:.0f} rows: far to the right."
        )
        return (
            ladder_svg(self.result, (WIDE, 4.4), "ladder-wide"),
            ladder_svg(self.result, (NARROW, 3.9), "ladder-narrow"),
            caption,
        )

    def _couplings(self) -> tuple[str, str, str]:
        H = self.result.hamiltonian
        caption = "Evidence in nats per unit of the term (variables scaled), relative to the mean over the classes."
        if on_grid(H):
            shown = f"the {MOST_PAIRS} strongest of its {self._pairs():,} pairs" if self._pairs() else "no pairs"
            caption = (
                f"Per class: its {len(H.variables)} linear couplings as tint and {shown} as lines "
                "(thicker is stronger), relative to the mean over the classes."
            )
            if len(H.classes) > MOST_CLASSES:
                caption += f" The first {MOST_CLASSES} of {len(H.classes)} classes."
            if H.monomials.order > 2:
                caption += " Terms of order 3 and above are not drawn."
        return (
            couplings_svg(H, WIDE, 5, "couplings-wide"),
            couplings_svg(H, NARROW, 3, "couplings-narrow"),
            caption,
        )

    def _pairs(self) -> int:
        sites = self.result.hamiltonian.monomials.sites
        return int((sites[1][:, 0] != sites[1][:, 1]).sum()) if len(sites) > 1 else 0
