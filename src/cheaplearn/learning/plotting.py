"""The ladder as a picture; matplotlib is imported here only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_ladder"]


def plot_ladder(ladder: pd.DataFrame, axes: Axes | None = None) -> Axes:
    """Draws held-out loss against parameters.

    Args:
        ladder: The table `ladder_` of an estimator.
        axes: Where to draw; a new figure if left out.

    Returns:
        The axes.
    """
    if axes is None:
        from matplotlib.figure import Figure

        axes = Figure(figsize=(7, 4.5), layout="constrained").add_subplot()
    best = ladder.loc[ladder["loss"].idxmin()]
    limit = best["loss"] + best["standard_error"]
    axes.axhline(limit, color="0.6", linestyle="--", label="best + 1 standard error")
    for (order, symmetry), rows in ladder.fillna({"symmetry": ""}).groupby(["order", "symmetry"]):
        label = f"order {order}" + (f", {symmetry}" if symmetry else "")
        axes.errorbar(rows["parameters"], rows["loss"], rows["standard_error"], marker="o", label=label)
    for _, row in ladder[ladder["chosen"]].iterrows():
        radius = "all" if math.isinf(row["radius"]) else f"{row['radius']:g}"
        place = (row["parameters"], row["loss"])
        tied = f", {row['symmetry']}" if isinstance(row["symmetry"], str) else ""
        axes.annotate(
            f"chosen: order {row['order']}, radius {radius}{tied}", place, (10, 25), textcoords="offset points"
        )
        axes.plot(*place, marker="o", markersize=14, markerfacecolor="none", color="black")
    scale = "log" if ladder["loss"].min() > 0 else "linear"
    axes.set(xscale="log", yscale=scale, xlabel="parameters", ylabel="held-out loss per sample")
    axes.legend()
    return axes
