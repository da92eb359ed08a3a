"""A network as a picture: inputs left, layers as columns, outputs right; matplotlib is imported here only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .network import Network

__all__ = ["INK", "MUTED", "NEGATIVE", "POSITIVE", "draw"]

INK, MUTED = "#1f2933", "#66717d"
POSITIVE, NEGATIVE = "#0f766e", "#c2570c"
MOST_NODES = 24  # drawn per column
MOST_EDGES = 320  # drawn in all


def draw(
    net: Network,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
    most_nodes: int = MOST_NODES,
    most_edges: int = MOST_EDGES,
) -> Figure:
    """Draws a network; of a large one the strongest part, and the picture says how much is left out.

    Nodes and edges are as strong as the paths from inputs to outputs that lead through them: the sum over
    these paths of the product of the absolute weights.

    Args:
        net: The network.
        path: File to write (.svg, .png, .pdf), or None.
        size: Width and height in inches; chosen by the number of columns if left out.
        most_nodes: Nodes drawn per column.
        most_edges: Edges drawn in all.

    Returns:
        The figure, free of pyplot's global state.
    """
    from matplotlib.figure import Figure

    picture = _Picture.of(net, most_nodes, most_edges)
    size = size or (max(8.0, 1.8 * len(picture.columns)), 5.0)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    _draw_edges(axes, picture)
    _draw_nodes(axes, picture, crowded=size[0] < len(picture.columns))
    figure.supxlabel(_legend(picture, size[0]), fontsize=8, color=MUTED)
    if path is not None:
        figure.savefig(path)
    return figure


@dataclass(frozen=True)
class _Column:
    """Nodes that stand above each other.

    Args:
        heading: What they are.
        names: Text beside each node, or empty strings.
        shown: Which of all nodes are drawn, ascending.
        total: Number of nodes.
        neurons: Whether the nodes have an activation.
    """

    heading: str
    names: tuple[str, ...]
    shown: np.ndarray
    total: int
    neurons: bool

    def heights(self) -> np.ndarray:
        """Vertical place of each drawn node, top to bottom, within 0 .. 1."""
        count = len(self.shown)
        return 1 - (np.arange(count) + 0.5) / count


@dataclass(frozen=True)
class _Edge:
    source: tuple[float, float]
    target: tuple[float, float]
    weight: float  # relative to the largest between the same two columns, with its sign


@dataclass(frozen=True)
class _Picture:
    columns: list[_Column]
    edges: list[_Edge]
    synapses: int

    @classmethod
    def of(cls, net: Network, most_nodes: int, most_edges: int) -> _Picture:
        """Chooses what is drawn."""
        blocks = _blocks(net)
        before, after = _path_weights(net, blocks)
        columns = _columns(net, [b * a for b, a in zip(before, after, strict=True)], most_nodes)
        each = max(1, most_edges // max(1, len(blocks)))
        edges = [
            edge
            for (source, target), block in blocks.items()
            for edge in _strongest(columns, (source, target), block, (before[source], after[target]), each)
        ]
        return cls(columns, sorted(edges, key=lambda edge: abs(edge.weight)), net.synapses)


def _blocks(net: Network) -> dict[tuple[int, int], Any]:
    """Weights between columns (source, target), shape (targets, sources); blocks of zeros are left out."""
    starts = np.cumsum([0, len(net.variables), *(layer.units for layer in net.layers)])
    blocks = {}
    for target, layer in enumerate(net.layers, start=1):
        weights = layer.weights.tocsc()
        for source in range(target):
            block = weights[:, starts[source] : starts[source + 1]].tocoo()
            if np.any(block.data):
                blocks[source, target] = block.astype(np.float64)
    return blocks


def _path_weights(net: Network, blocks: dict[tuple[int, int], Any]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weight of all paths that lead to each node from the inputs, and from it to the outputs."""
    sizes = [len(net.variables), *(layer.units for layer in net.layers)]
    before = [np.ones(sizes[0]), *(np.zeros(size) for size in sizes[1:])]
    after = [*(np.zeros(size) for size in sizes[:-1]), np.ones(sizes[-1])]
    for source, target in sorted(blocks, key=lambda where: where[1]):
        before[target] += abs(blocks[source, target]) @ before[source]
    for source, target in sorted(blocks, reverse=True):
        after[source] += abs(blocks[source, target]).T @ after[target]
    return before, after


def _columns(net: Network, strengths: list[np.ndarray], most: int) -> list[_Column]:
    last, columns = len(strengths) - 1, []
    for k, strength in enumerate(strengths):
        total = len(strength)
        shown = np.sort(np.argsort(-strength, kind="stable")[:most])
        names = net.variables if k == 0 else net.labels if k == last else ("",) * total
        activation = net.layers[k - 1].activation if k else None
        columns.append(_Column(_heading(k, last, total, activation), names, shown, total, bool(activation)))
    return columns


def _heading(k: int, last: int, total: int, activation: str | None) -> str:
    kind = "input" if k == 0 else "output" if k == last else "neuron" if activation else "sum"
    text = f"{total:,} {kind}{'s' if total != 1 else ''}"
    return f"{text}\n{activation}" if activation else text


def _strongest(
    columns: list[_Column], where: tuple[int, int], block: Any, weights: tuple[np.ndarray, np.ndarray], most: int
) -> list[_Edge]:
    source, target = (columns[k] for k in where)
    from_place = dict(zip(source.shown.tolist(), source.heights(), strict=True))
    to_place = dict(zip(target.shown.tolist(), target.heights(), strict=True))
    drawn = np.flatnonzero(np.isin(block.col, source.shown) & np.isin(block.row, target.shown) & (block.data != 0))
    path_weight = weights[0][block.col[drawn]] * np.abs(block.data[drawn]) * weights[1][block.row[drawn]]
    largest = np.abs(block.data).max()
    return [
        _Edge(
            (where[0], from_place[int(block.col[k])]),
            (where[1], to_place[int(block.row[k])]),
            float(block.data[k] / largest),
        )
        for k in drawn[np.argsort(-path_weight, kind="stable")[:most]]
    ]


def _draw_edges(axes: Axes, picture: _Picture) -> None:
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_rgb
    from matplotlib.path import Path as Curve

    codes = [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4]
    curves, colors, widths = [], [], []
    for edge in picture.edges:
        (x0, y0), (x1, y1) = edge.source, edge.target
        bend = (x1 - x0) * 0.45
        curves.append(Curve([(x0, y0), (x0 + bend, y0), (x1 - bend, y1), (x1, y1)], codes))
        strength = abs(edge.weight)
        colors.append((*to_rgb(POSITIVE if edge.weight > 0 else NEGATIVE), 0.12 + 0.6 * strength))
        widths.append(0.3 + 1.2 * strength)
    axes.add_collection(PathCollection(curves, facecolors="none", edgecolors=colors, linewidths=widths))


def _draw_nodes(axes: Axes, picture: _Picture, crowded: bool) -> None:
    last = len(picture.columns) - 1
    for x, column in enumerate(picture.columns):
        heights = column.heights()
        color = INK if column.neurons else "white"
        marker = "o" if column.neurons or x in {0, last} else "s"
        axes.scatter(
            np.full(len(heights), x), heights, s=22, c=color, marker=marker, edgecolors=INK, linewidths=0.9, zorder=3
        )
        axes.annotate(
            column.heading.replace(" ", "\n") if crowded else column.heading,
            (x, 1),
            (0, 8),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=9,
            color=INK,
        )
        if x in {0, last}:
            for node, y in zip(column.shown, heights, strict=True):
                offset, side = ((-7, 0), "right") if x == 0 else ((7, 0), "left")
                axes.annotate(
                    _short(column.names[node]),
                    (x, y),
                    offset,
                    textcoords="offset points",
                    ha=side,
                    va="center",
                    fontsize=7,
                    color=MUTED,
                )
    axes.set(xlim=(-0.5, last + 0.5), ylim=(-0.02, 1.02))
    axes.axis("off")


def _short(name: str, most: int = 18) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _legend(picture: _Picture, width: float) -> str:
    import textwrap

    hidden = [
        f"{column.total - len(column.shown):,} of {column.heading.splitlines()[0]}"
        for column in picture.columns
        if len(column.shown) < column.total
    ]
    left_out = picture.synapses - len(picture.edges)
    if left_out:
        hidden.append(f"{left_out:,} of {picture.synapses:,} synapses")
    drawn = f"Not drawn, the weakest: {', '.join(hidden)}." if hidden else "Everything is drawn."
    text = (
        f"{drawn} Width: weight relative to the largest between the same two columns; green positive, orange negative."
    )
    return textwrap.fill(text, int(width * 15))
