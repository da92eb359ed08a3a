"""What the template of a flattening's page is filled with: a polynomial at every depth, or a linear map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..flattening.drawing import draw_depths
from .ladder_figure import format_logarithm, style_axes
from .pictures import NARROW, WIDE, NamedPictures
from .theme import INK, NEGATIVE, POSITIVE, inline_svg, new_figure
from .words import at_most, significant

if TYPE_CHECKING:
    from ..flattening import Flattening
    from ..flattening.linear import FactorChain, SkipChain, Timing

__all__ = ["FlatteningPage", "LinearPage"]

_LONGEST = 80  # characters of a polynomial in the headline


@dataclass(frozen=True)
class FlatteningPage:
    """A polynomial's page.

    Args:
        result: What `flatten` found.
        command: What was typed.
        versions: Of the packages.
    """

    result: Flattening
    command: str
    versions: dict[str, str]
    template: str = "flattening.html"

    @property
    def facts(self) -> dict[str, Any]:
        """Values and functions by name."""
        f = self.result
        text = str(f.polynomial)
        bits = {dtype: lost for dtype, lost in f.bits_lost.items() if math.isfinite(lost)}
        return {
            "f": f,
            "page": self,
            "formula": text,
            "name": text if len(text) <= _LONGEST else f"{len(f.polynomial.terms)} terms",
            "rows": list(f.table.itertuples()),
            "errors": lambda row: [getattr(row, f"error_{dtype}") for dtype in f.dtypes],
            "bits": bits,
            "box": _box_in_words(f),
            "picture": _DepthPictures(f),
            "at_most": at_most,
            "significant": significant,
            "infinite": math.inf,
        }


@dataclass(frozen=True)
class LinearPage:
    """A linear map's page.

    Args:
        result: The map.
        timing: Layers against the dense matrix.
        error: Largest difference from the reference.
        command: What was typed.
        versions: Of the packages.
        notes: What a reader should know.
    """

    result: FactorChain | SkipChain
    timing: Timing
    error: float
    command: str
    versions: dict[str, str]
    notes: tuple[str, ...] = ()
    template: str = "linear.html"

    @property
    def facts(self) -> dict[str, Any]:
        """Values and functions by name."""
        return {
            "m": self.result,
            "page": self,
            "name": self.result.name,
            "rows": list(self.result.table.itertuples(index=False)),
            "heads": list(self.result.table.columns),
            "picture": _SynapsePictures(self.result),
            "significant": significant,
        }


def _box_in_words(f: Flattening) -> str:
    ranges = {name: f"[{float(low):g}, {float(high):g}]" for name, (low, high) in f.box.items()}
    if len(set(ranges.values())) == 1:
        return f"every variable in {next(iter(ranges.values()))}"
    return ", ".join(f"{name} in {text}" for name, text in ranges.items()) or "no variables"


class _DepthPictures(NamedPictures):
    def __init__(self, f: Flattening) -> None:
        self.f = f

    def _depths(self) -> tuple[str, str, str]:
        bound = f"{self.f.lower_bound.neurons:,.0f}"
        caption = (
            f"Neurons (logarithmic) of the networks that were built. The bar at one hidden layer is the proven bound, "
            f"{bound}: no network of that model has fewer."
        )
        rows = [f"{c.neurons:,} neurons in {c.depth} layers ({c.construction})" for c in self.f.candidates]
        description = f"Neurons against hidden layers: {'; '.join(rows)}. Proven bound for one layer: {bound}."
        return (
            self._svg((WIDE, 4.2), "depths-wide", description),
            self._svg((NARROW, 4.4), "depths-narrow", description),
            caption,
        )

    def _svg(self, size: tuple[float, float], name: str, description: str) -> str:
        figure = new_figure(*size)
        axes = draw_depths(self.f, figure.add_subplot())
        if axes.get_yscale() == "log":
            format_logarithm(axes.yaxis, axes.get_ylim())
        style_axes(axes)
        legend = axes.get_legend()
        legend.remove()
        figure.legend(
            *axes.get_legend_handles_labels(),
            loc="outside upper left",
            frameon=False,
            fontsize=8,
            labelcolor=INK,
            ncols=2 if size[0] > 5 else 1,
        )
        return inline_svg(figure, name, description)


class _SynapsePictures(NamedPictures):
    def __init__(self, result: FactorChain | SkipChain) -> None:
        self.result = result

    def _synapses(self) -> tuple[str, str, str]:
        m = self.result
        caption = f"Synapses: {m.synapses:,} in {m.depth} layers against {m.dense_synapses:,} in one."
        return self._svg((WIDE, 2.2), "synapses-wide"), self._svg((NARROW, 2.2), "synapses-narrow"), caption

    def _svg(self, size: tuple[float, float], name: str) -> str:
        m = self.result
        figure = new_figure(*size)
        axes = figure.add_subplot()
        axes.barh(
            ["one dense matrix", f"{m.depth} sparse layers"], [m.dense_synapses, m.synapses], color=[NEGATIVE, POSITIVE]
        )
        axes.set_xlabel("synapses", fontsize=9, color=INK)
        style_axes(axes)
        return inline_svg(figure, name, f"{m.synapses:,} synapses in {m.depth} layers, {m.dense_synapses:,} in one.")
