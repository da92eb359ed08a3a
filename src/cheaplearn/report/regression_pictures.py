"""The pictures of a regression's page: ladder, predictions, terms and network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .coupling_figures import MOST_BARS
from .density_ladder_figure import density_ladder_svg
from .ladder_figure import style_axes
from .pair_figures import term_bars_svg
from .pictures import NARROW, WIDE, NetworkPictures
from .theme import INK, MUTED, POSITIVE, inline_svg, new_figure

if TYPE_CHECKING:
    from .regression_result import RegressionResult

__all__ = ["RegressionPictures"]

MOST_DOTS = 1000  # rows that are drawn


class RegressionPictures(NetworkPictures):
    """The pictures of a regression.

    Args:
        result: What was found.
    """

    def __init__(self, result: RegressionResult) -> None:
        super().__init__(result)
        self.result = result

    def _ladder(self) -> tuple[str, str, str]:
        caption = (
            "The horizontal axis is logarithmic; bars are standard errors. Dashed: one standard error above the best "
            "family, the limit for the choice."
        )
        return (
            density_ladder_svg(self.result, (WIDE, 4.2), "ladder-wide"),
            density_ladder_svg(self.result, (NARROW, 3.7), "ladder-narrow"),
            caption,
        )

    def _predictions(self) -> tuple[str, str, str]:
        test = self.result.test
        caption = "Every dot is a row that took no part in any choice. On the line the prediction is exact."
        if test.covered is not None:
            caption += f" Vertical bars: {100 * test.level:.0f} % intervals."
        if test.rows > MOST_DOTS:
            caption += f" Drawn are the first {MOST_DOTS:,} of {test.rows:,}."
        return (
            predictions_svg(self.result, (WIDE, 5.0), "predictions-wide"),
            predictions_svg(self.result, (NARROW, 3.7), "predictions-narrow"),
            caption,
        )

    def _couplings(self) -> tuple[str, str, str]:
        table = self.result.strongest(MOST_BARS)
        unit = f"units of {self.result.target} per unit of the term (variables scaled)"
        caption = (
            f"The {len(table)} strongest of {self.result.terms:,} terms, with 95 % intervals. To the right: it raises "
            "the prediction."
        )
        return (
            term_bars_svg(table, 1, WIDE, "couplings-wide", unit, unit),
            term_bars_svg(table, 1, NARROW, "couplings-narrow", "weight (scaled)", unit),
            caption,
        )


def predictions_svg(result: RegressionResult, size: tuple[float, float], name: str) -> str:
    """Draws predicted against true values.

    Args:
        result: What was found.
        size: Width and height in inches.
        name: Unique within the page.

    Returns:
        One svg element.
    """
    test = result.test
    shown = slice(0, MOST_DOTS)
    actual, predicted = test.actual[shown], test.predicted[shown]
    figure = new_figure(*size)
    axes = figure.add_subplot()
    ends = np.concatenate([actual, predicted])
    span = np.array([ends.min(), ends.max()])
    axes.plot(span, span, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    if test.covered is not None:
        axes.vlines(actual, test.lower[shown], test.upper[shown], color=MUTED, linewidth=0.7, alpha=0.6, zorder=2)
    axes.plot(actual, predicted, "o", color=POSITIVE, markersize=3.5, alpha=0.75, zorder=3)
    axes.set_xlabel(f"{result.target} in the data", fontsize=9, color=INK)
    axes.set_ylabel("predicted", fontsize=9, color=INK)
    style_axes(axes)
    description = (
        f"Predicted against true values of {result.target} for {len(actual)} rows that took no part in any choice: "
        f"root mean squared error {test.rmse:.3g}, R squared {test.r2:.3f}."
    )
    return inline_svg(figure, name, description)
