"""The ladder as a picture: parameters against held-out loss, and what models without structure would need."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .theme import GRID, INK, MUTED, NEGATIVE, POSITIVE, SURFACE, inline_svg, new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from .result import FitResult

__all__ = ["add_legend", "draw_families", "format_logarithm", "ladder_svg", "style_axes"]

_MARKERS = ("o", "s", "^", "D", "v", "h", "p", "<")


def ladder_svg(result: FitResult, size: tuple[float, float], name: str) -> str:
    """Draws the ladder with the choice, the plain network and the generic sizes.

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
    _draw_alternatives(axes, result)
    _draw_full_orders(axes, result)
    _style(axes, result)
    add_legend(figure)
    return inline_svg(figure, name, _description(result))


def add_legend(figure: Figure, columns: int = 4) -> None:
    """Puts the legend above the axes, that many entries side by side."""
    figure.legend(
        loc="outside upper left",
        ncols=columns,
        columnspacing=1.2,
        fontsize=8,
        frameon=False,
        labelcolor=INK,
        handletextpad=0.4,
    )


def draw_families(axes: Axes, ladder: pd.DataFrame) -> None:
    """Draws every family of a ladder with its standard error, the choice, and the limit for the choice.

    Free families of one order are joined by a line; tied ones, of any symmetry, have a marker of their own.

    Args:
        axes: Where to draw.
        ladder: Table `ladder_` of an estimator.
    """
    best = ladder.loc[ladder["loss"].idxmin()]
    axes.axhline(best["loss"] + best["standard_error"], color=MUTED, linestyle=(0, (4, 3)), linewidth=0.9, zorder=1)
    tied = ladder["symmetry"].notna()
    parts = [*ladder[~tied].groupby("order"), *((None, rows) for rows in [ladder[tied]] if len(rows))]
    for marker, (order, rows) in zip(_MARKERS, parts, strict=False):
        rows = rows.sort_values("parameters")
        axes.errorbar(
            rows["parameters"],
            rows["loss"],
            rows["standard_error"],
            color=INK,
            ecolor=MUTED,
            elinewidth=0.9,
            linewidth=0.8 if order is not None else 0.0,
            marker=marker,
            markersize=5,
            markerfacecolor=SURFACE,
            markeredgecolor=INK,
            label=f"order {order}" if order is not None else "with a symmetry",
            zorder=2,
        )
        chosen = rows[rows["chosen"]]
        if len(chosen):
            place = (chosen["parameters"].iloc[0], chosen["loss"].iloc[0])
            axes.plot(*place, marker, color=POSITIVE, markersize=10, zorder=4, linestyle="none")
            axes.annotate(
                "chosen",
                place,
                (0, -11),
                textcoords="offset points",
                ha="right",
                va="top",
                fontsize=9,
                fontweight="bold",
                color=POSITIVE,
            )


def _draw_alternatives(axes: Axes, result: FitResult) -> None:
    for other in result.alternatives:
        axes.errorbar(
            other.parameters,
            other.loss,
            other.standard_error,
            color=NEGATIVE,
            elinewidth=1.2,
            marker="P",
            markersize=8,
            linestyle="none",
            label="plain network",
            zorder=3,
        )


def _draw_full_orders(axes: Axes, result: FitResult) -> None:
    for degree, parameters in result.generic.full_orders[1:]:  # all terms of order 1 are a rung of their own
        axes.axvline(parameters, color=GRID, linewidth=1.4, zorder=0)
        axes.annotate(
            f"all terms to order {degree}",
            (parameters, 1),
            (-3, -4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            rotation=90,
            ha="right",
            va="top",
            fontsize=7,
            color=MUTED,
        )


def _style(axes: Axes, result: FitResult) -> None:
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel("free parameters", fontsize=9, color=INK)
    axes.set_ylabel("held-out log-loss (nats per row)", fontsize=9, color=INK)
    ladder = result.ladder
    low = min([*ladder["loss"], *(other.loss for other in result.alternatives)])
    feet = [*(ladder["loss"] - ladder["standard_error"]), *(o.loss - o.standard_error for o in result.alternatives)]
    high = max([
        *(ladder["loss"] + ladder["standard_error"]),
        *(o.loss + o.standard_error for o in result.alternatives),
    ])
    axes.set_ylim(max(min(feet) * 0.85, low * 0.3), high * 1.35)
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        format_logarithm(axis, limits)
    style_axes(axes)


def format_logarithm(axis: Axis, limits: tuple[float, float]) -> None:
    """Labels a logarithmic axis with plain numbers, as densely as its range asks for.

    Args:
        axis: The axis.
        limits: Its range.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    decades = math.log10(limits[1] / limits[0])
    few, some, many = (1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 6, 8)
    axis.set_major_locator(LogLocator(subs=few if decades > 2.5 else some if decades > 1 else many))
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))


def style_axes(axes: Axes) -> None:
    """Gives axes the look of the page."""
    axes.tick_params(colors=MUTED, labelsize=8, which="both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)


def _description(result: FitResult) -> str:
    chosen = result.chosen
    others = " ".join(
        f"The {other.name} has {other.parameters:,} parameters and loss {other.loss:.3f}."
        for other in result.alternatives
    )
    return (
        f"Held-out loss against free parameters for {len(result.ladder)} families. "
        f"Chosen: order {chosen['order']} with {chosen['parameters']:,} parameters "
        f"and loss {chosen['loss']:.3f} nats. {others}"
    )
