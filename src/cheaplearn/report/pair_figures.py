"""Couplings of pairs drawn: as a graph, as maps on a grid, or as the contact map of an alignment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Grid
from ..hamiltonian.tables import NORMAL_95
from .coupling_figures import MOST_BARS, bars_figure, shortened
from .density_words import tied_term
from .theme import GRID, INK, MUTED, NEGATIVE, POSITIVE, SURFACE, inline_svg, new_figure, tinted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from .density_result import DensityResult

__all__ = ["MOST_NODES", "bars_svg", "contacts_svg", "edges_shown", "graph_svg", "maps_svg", "term_bars_svg"]

MOST_NODES = 60  # columns drawn as a circle
ROUNDING = 1e-12


def edges_shown(n: int) -> int:
    """Returns how many of the strongest pairs of n columns are drawn."""
    return 120 if n <= 30 else 2 * n


def graph_svg(result: DensityResult, size: float, name: str) -> str:
    """Draws the columns as a circle and their strongest couplings as lines.

    Args:
        result: What was found.
        size: Width in inches.
        name: Unique within the page.

    Returns:
        One svg element.
    """
    n = len(result.names)
    strengths, signs = result.strengths, result.pair_signs()
    figure = new_figure(size, min(size, 5.6))
    axes = figure.add_subplot()
    angles = np.pi / 2 - 2 * np.pi * np.arange(n) / n
    x, y = np.cos(angles), np.sin(angles)
    first, second = np.triu_indices(n, 1)
    order = np.argsort(-strengths[first, second], kind="stable")
    shown = order[: edges_shown(n)]
    rest = strengths[first, second][order[len(shown) :]]
    top, floor = float(strengths.max(initial=0.0)), 0.9 * float(rest.max(initial=0.0))
    for k in shown[::-1]:
        i, j = first[k], second[k]
        share = (strengths[i, j] - floor) / (top - floor) if top > floor else 1.0
        if share < 0.02 or not strengths[i, j]:
            continue
        color = NEGATIVE if signs[i, j] < 0 else POSITIVE
        bow = 0.72  # lines bend towards the centre, so that those between neighbours are seen
        _curve(axes, (x[i], y[i]), (x[j], y[j]), bow, color, 0.3 + 3.2 * share, 0.15 + 0.85 * share)
    axes.plot(x, y, "o", color=SURFACE, markeredgecolor=INK, markersize=7 if n <= 30 else 4, zorder=4)
    _label_circle(axes, result.names, angles, 8 if n <= 30 else 6)
    axes.set(xlim=(-1.35, 1.35), ylim=(-1.2, 1.2), aspect="equal")
    axes.axis("off")
    text = f"{n} columns on a circle; lines join the pairs that are coupled, thicker where more strongly."
    if top:
        i, j = first[order[0]], second[order[0]]
        text += f" The strongest coupling is between {result.names[i]} and {result.names[j]}: {top:.3g} nats."
    return inline_svg(figure, name, text)


def _curve(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    bow: float,
    color: str,
    width: float,
    opacity: float,
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    middle = (bow * (start[0] + end[0]) / 2, bow * (start[1] + end[1]) / 2)
    path = Path([start, middle, end], [Path.MOVETO, Path.CURVE3, Path.CURVE3])
    axes.add_patch(PathPatch(path, fill=False, edgecolor=color, linewidth=width, alpha=opacity, capstyle="round"))


def _label_circle(axes: Axes, names: tuple[str, ...], angles: np.ndarray, size: float) -> None:
    for name, angle in zip(names, angles, strict=True):
        x, y = math.cos(angle), math.sin(angle)
        side = "center" if abs(x) < 0.2 else ("left" if x > 0 else "right")
        up = "center" if abs(y) < 0.9 else ("bottom" if y > 0 else "top")
        axes.text(1.07 * x, 1.07 * y, shortened(name, 12), ha=side, va=up, fontsize=size, color=INK)


def bars_svg(result: DensityResult, width: float, name: str) -> str:
    """Draws the strongest couplings as bars with their intervals.

    Args:
        result: What was found.
        width: Inches.
        name: Unique within the page.

    Returns:
        One svg element.
    """
    table = result.strongest(MOST_BARS)
    unit = "nats" if result.real is None else "nats per unit of the term (scaled)"
    return term_bars_svg(table, -1, width, name, f"evidence for the term (minus the coupling), {unit}", unit)


def term_bars_svg(table: pd.DataFrame, sign: int, width: float, name: str, axis: str, unit: str) -> str:
    """Draws terms as bars with their intervals, in scaled units if there are such.

    Args:
        table: Rows of `strongest`.
        sign: 1, or -1 to draw minus the values.
        width: Inches.
        name: Unique within the page.
        axis: What the axis says.
        unit: Of the values.

    Returns:
        One svg element.
    """
    terms = [tied_term(row) for _, row in table.iterrows()]
    labels = [shortened(term.replace("**", "^").replace("*", " · "), 30) for term in terms]
    values, ends = table["value"].to_numpy(), table[["lower", "upper"]].to_numpy(dtype=float)
    if "value_scaled" in table:
        values = table["value_scaled"].to_numpy()
        errors = table.get("standard_error_scaled", np.nan * values)
        ends = values[:, None] + np.array([-1, 1]) * NORMAL_95 * np.asarray(errors)[:, None]
    figure = bars_figure(labels, sign * values, width, axis, sign * ends)
    intervals = " with their intervals" if np.isfinite(ends).all() else ""
    text = f"Bars of the {len(labels)} strongest terms{intervals}."
    if labels:
        text += f" The strongest is {labels[0]} with {values[0]:+.3g} {unit}."
    return inline_svg(figure, name, text)


def maps_svg(result: DensityResult, width: float, stacked: bool, name: str) -> str:
    """Draws the fields and the couplings of neighbours on a two-dimensional grid.

    Args:
        result: What was found, on such a grid; bits or spins.
        width: Inches.
        stacked: Whether the two maps stand one above the other.
        name: Unique within the page.

    Returns:
        One svg element.
    """
    grid = result.hamiltonian.geometry
    assert isinstance(grid, Grid)
    height, breadth = grid.shape
    across = width if stacked else width / 2
    tall = across * height / breadth + 0.3
    figure = new_figure(width, 2 * tall if stacked else tall)
    shape = (2, 1) if stacked else (1, 2)
    fields = -result.hamiltonian.coefficients[: grid.n_sites, 0].reshape(height, breadth)
    top_field = float(np.abs(fields).max(initial=0.0))
    if top_field < ROUNDING * np.abs(result.hamiltonian.coefficients).max():  # of centred variables: 0 but for rounding
        fields, top_field = np.zeros_like(fields), 0.0
    left = figure.add_subplot(*shape, 1)
    left.imshow(tinted(fields / (top_field or 1.0)), interpolation="none")
    left.set_title(f"fields (strongest {top_field:.2g} nats)", fontsize=9, color=INK, pad=4)
    right = figure.add_subplot(*shape, 2)
    top_pair = _draw_neighbours(right, result, grid)
    right.set_title(f"couplings of neighbours (strongest {top_pair:.2g} nats)", fontsize=9, color=INK, pad=4)
    for axes in (left, right):
        axes.set(xticks=[], yticks=[], xlim=(-0.7, breadth - 0.3), ylim=(height - 0.3, -0.7), aspect="equal")
        axes.spines[:].set_color(GRID)
    text = (
        f"Two maps of the {height} by {breadth} grid: the field of every site, and the couplings of neighbours as "
        "lines, coloured by sign and thicker where stronger."
    )
    return inline_svg(figure, name, text)


def _draw_neighbours(axes: Axes, result: DensityResult, grid: Grid) -> float:
    """Draws lines between neighbours, half on each side where the grid closes into a ring; returns the strongest."""
    first, second = np.triu_indices(grid.n_sites, 1)
    near = grid.distance(first, second) == 1
    i, j = first[near], second[near]
    size, sign = result.strengths[i, j], result.pair_signs()[i, j]
    top = float(size.max(initial=0.0))
    start, end = grid.coordinates(i), grid.coordinates(j)
    steps = end - start
    wrapped = np.abs(steps) > 1
    steps = np.where(wrapped, -np.sign(steps), steps)
    for k in np.argsort(size, kind="stable"):
        share = size[k] / top if top else 0.0
        if not share:
            continue
        color = NEGATIVE if sign[k] < 0 else POSITIVE
        reach = 0.5 if wrapped[k].any() else 1.0
        ends = [(start[k], steps[k])] + ([(end[k], -steps[k])] if wrapped[k].any() else [])
        for (row, column), (down, right) in ends:
            axes.plot(
                [column, column + reach * right],
                [row, row + reach * down],
                color=color,
                linewidth=0.3 + 3 * share,
                alpha=0.25 + 0.75 * share,
                solid_capstyle="round" if reach == 1 else "butt",
            )
    rows, columns = np.divmod(np.arange(grid.n_sites), grid.shape[1])
    axes.plot(columns, rows, "o", color=SURFACE, markeredgecolor=MUTED, markeredgewidth=0.6, markersize=3, zorder=4)
    return top


def contacts_svg(result: DensityResult, width: float, height: float, name: str) -> str:
    """Draws the scores of all pairs of columns above, and the best pairs below the diagonal.

    Args:
        result: What was found in an alignment.
        width: Inches.
        height: Inches; the map is as large as both allow.
        name: Unique within the page.

    Returns:
        One svg element.
    """
    assert result.contacts is not None
    n = len(result.names)
    table = result.contacts
    figure = new_figure(width, height)
    axes = figure.add_subplot()
    scores = np.zeros((n, n))
    top = float(table["score"].max()) if len(table) else 1.0
    scores[table["first"] - 1, table["second"] - 1] = np.clip(table["score"] / (top or 1.0), 0, 1)
    axes.imshow(tinted(scores), interpolation="none", extent=(0.5, n + 0.5, n + 0.5, 0.5))
    best = table.head(n)
    axes.plot(best["first"], best["second"], "o", color=POSITIVE, markersize=min(6.0, max(1.5, 60 * height / n / 2.5)))
    axes.plot([0.5, n + 0.5], [0.5, n + 0.5], color=GRID, linewidth=1)
    axes.set_xlabel("column", fontsize=9, color=INK)
    axes.set_ylabel("column", fontsize=9, color=INK)
    axes.tick_params(colors=MUTED, labelsize=8)
    axes.spines[:].set_color(GRID)
    axes.set(xlim=(0.5, n + 0.5), ylim=(n + 0.5, 0.5), aspect="equal")
    text = f"Map of {n} by {n} columns: scores of all pairs above the diagonal, the {len(best)} best as dots below it."
    if len(best):
        text += f" The best pair is columns {best['first'].iloc[0]} and {best['second'].iloc[0]}."
    return inline_svg(figure, name, text)
