"""The ladder of a density or a regression as a picture, beside models without a choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .ladder_figure import add_legend, draw_families, format_logarithm, style_axes
from .theme import INK, NEGATIVE, inline_svg, new_figure

if TYPE_CHECKING:
    from .density_result import DensityResult
    from .regression_result import RegressionResult

__all__ = ["density_ladder_svg"]

_BASELINE_MARKERS = ("P", "X", "*")


def density_ladder_svg(result: DensityResult | RegressionResult, size: tuple[float, float], name: str) -> str:
    """Draws the ladder with the choice and the baselines.

    Args:
        result: What was found.
        size: Width and height in inches.
        name: Unique within the page.

    Returns:
        One svg element.
    """
    figure = new_figure(*size)
    axes = figure.add_subplot()
    draw_families(axes, result.ladder)
    for marker, row in zip(_BASELINE_MARKERS, result.baselines.itertuples(), strict=False):
        axes.errorbar(
            row.parameters,
            row.loss,
            row.standard_error,
            color=NEGATIVE,
            elinewidth=1.2,
            marker=marker,
            markersize=7,
            linestyle="none",
            label=row.model,
            zorder=3,
        )
    axes.set(xscale="log")
    axes.margins(x=0.1, y=0.14)
    format_logarithm(axes.xaxis, axes.get_xlim())
    axes.set_xlabel("free parameters", fontsize=9, color=INK)
    axes.set_ylabel(result.axis, fontsize=9, color=INK)
    style_axes(axes)
    add_legend(figure, columns=6 if size[0] > 5 else 3)
    return inline_svg(figure, name, _description(result))


def _description(result: DensityResult | RegressionResult) -> str:
    chosen = result.chosen
    others = " ".join(
        f"The model {row.model} has {row.parameters:,} parameters and {result.loss} {row.loss:.4f}."
        for row in result.baselines.itertuples()
    )
    return (
        f"Held-out loss against free parameters for {len(result.ladder)} families. Chosen: order {chosen['order']} "
        f"with {chosen['parameters']:,} parameters and {result.loss} {chosen['loss']:.4f}{result.unit}. {others}"
    )
