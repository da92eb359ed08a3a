"""The couplings drawn: on the grid where the variables lie on one, as bars otherwise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Grid
from .theme import GRID, INK, MUTED, NEGATIVE, POSITIVE, SURFACE, inline_svg, new_figure, tinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..hamiltonian import Hamiltonian

__all__ = [
    "MOST_BARS",
    "MOST_CLASSES",
    "MOST_PAIRS",
    "bars_figure",
    "couplings_svg",
    "evidence",
    "on_grid",
    "shortened",
]

MOST_CLASSES = 20
MOST_PAIRS = 14  # lines per class
MOST_BARS = 16


def evidence(hamiltonian: Hamiltonian) -> np.ndarray:
    """What each term says for or against each class.

    Args:
        hamiltonian: The Hamiltonian.

    Returns:
        -theta minus its mean over the classes (which the softmax does not see), nats per unit of the
        term, shape (terms, classes); positive speaks for the class.
    """
    theta = hamiltonian.coefficients
    return theta.mean(axis=1, keepdims=True) - theta


def on_grid(hamiltonian: Hamiltonian) -> bool:
    """Whether the variables lie on a two-dimensional grid.

    Args:
        hamiltonian: The Hamiltonian.

    Returns:
        True if so.
    """
    return isinstance(hamiltonian.geometry, Grid) and len(hamiltonian.geometry.shape) == 2


def couplings_svg(hamiltonian: Hamiltonian, width: float, columns: int, name: str) -> str:
    """Draws the couplings.

    Args:
        hamiltonian: The Hamiltonian.
        width: Inches.
        columns: Classes side by side, on a grid.
        name: Unique within the page.

    Returns:
        One svg element.
    """
    if on_grid(hamiltonian):
        return _grid_svg(hamiltonian, width, columns, name)
    return _bars_svg(hamiltonian, width, name)


def _grid_svg(hamiltonian: Hamiltonian, width: float, columns: int, name: str) -> str:
    assert isinstance(hamiltonian.geometry, Grid)
    height, breadth = hamiltonian.geometry.shape
    shown = min(len(hamiltonian.classes), MOST_CLASSES)
    columns = min(columns, shown)
    rows = math.ceil(shown / columns)
    figure = new_figure(width, rows * (width / columns * height / breadth + 0.28))
    values = evidence(hamiltonian)
    linear = values[: len(hamiltonian.variables)]
    top = np.abs(linear).max() or 1.0
    for k in range(shown):
        axes = figure.add_subplot(rows, columns, k + 1)
        axes.imshow(tinted(linear[:, k].reshape(height, breadth) / top), interpolation="none")
        _draw_pairs(axes, hamiltonian, values[:, k])
        axes.set_title(shortened(str(hamiltonian.classes[k]), 14), fontsize=10, color=INK, pad=3)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color(GRID)
    description = (
        f"For each of {shown} classes a picture of the {height} by {breadth} grid: where a high value speaks for the "
        "class or against it, and the strongest couplings between two sites as lines."
    )
    return inline_svg(figure, name, description)


def _draw_pairs(axes: Axes, hamiltonian: Hamiltonian, values: np.ndarray) -> None:
    if hamiltonian.monomials.order < 2:
        return
    assert isinstance(hamiltonian.geometry, Grid)
    first = len(hamiltonian.variables)
    pairs = hamiltonian.monomials.sites[1]
    strength = np.where(pairs[:, 0] != pairs[:, 1], values[first : first + len(pairs)], 0.0)
    order = np.argsort(-np.abs(strength), kind="stable")[:MOST_PAIRS]
    top = np.abs(strength).max(initial=0.0)
    for k in order[::-1]:
        if not strength[k]:
            continue
        (row0, col0), (row1, col1) = hamiltonian.geometry.coordinates(pairs[k])
        share = abs(strength[k]) / top
        color = POSITIVE if strength[k] > 0 else NEGATIVE
        axes.plot([col0, col1], [row0, row1], color=SURFACE, linewidth=1.6 + 2.4 * share, solid_capstyle="round")
        axes.plot([col0, col1], [row0, row1], color=color, linewidth=0.4 + 2.2 * share, solid_capstyle="round")


def shortened(text: str, most: int) -> str:
    """Cuts a text that is longer than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _bars_svg(hamiltonian: Hamiltonian, width: float, name: str) -> str:
    from ..hamiltonian.tables import term_text

    values = evidence(hamiltonian)
    strongest = np.argsort(-np.abs(values).ravel(), kind="stable")[:MOST_BARS]
    terms = [tuple(sites) for sites in hamiltonian.monomials]
    labels, sizes = [], []
    for term, k in zip(*np.unravel_index(strongest, values.shape), strict=True):
        text = term_text(terms[term], hamiltonian.variables.names).replace("**", "^").replace("*", " · ")
        labels.append(f"{shortened(text, 34)}  →  {shortened(str(hamiltonian.classes[k]), 14)}")
        sizes.append(values[term, k])
    figure = bars_figure(labels, np.array(sizes), width, "nats per unit of the term")
    strongest_bar = f"{labels[0]} with {sizes[0]:+.2f} nats"
    description = f"Bars of the {len(labels)} strongest couplings; the strongest is {strongest_bar}."
    return inline_svg(figure, name, description)


def bars_figure(
    labels: list[str], sizes: np.ndarray, width: float, unit: str, intervals: np.ndarray | None = None
) -> Figure:
    """Draws horizontal bars, the first on top.

    Args:
        labels: Text of each bar.
        sizes: Length of each bar.
        width: Inches.
        unit: What the axis shows.
        intervals: Lower and upper end of each bar's interval, shape (bars, 2), or None.

    Returns:
        The figure.
    """
    figure = new_figure(width, max(0.6 + 0.24 * len(labels), 1.4))
    axes = figure.add_subplot()
    places = np.arange(len(labels))[::-1]
    axes.barh(places, sizes, 0.62, color=[POSITIVE if size > 0 else NEGATIVE for size in sizes])
    if intervals is not None:
        axes.hlines(places, *intervals.T, color=INK, linewidth=1)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_yticks(places, labels, fontsize=8, color=INK)
    axes.set_xlabel(unit, fontsize=9, color=INK)
    axes.tick_params(axis="x", colors=MUTED, labelsize=8)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    return figure
