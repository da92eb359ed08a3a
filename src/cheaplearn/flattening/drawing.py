"""Neurons against depth, drawn with Matplotlib; it is imported here only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..network.drawing import INK, MUTED, NEGATIVE, POSITIVE

if TYPE_CHECKING:
    from .results import Flattening

__all__ = ["draw_depths"]

# told apart by shape as well as by colour; the colours follow the page of a report
_STYLES = {
    "sign patterns": ("o", POSITIVE, "full"),
    "two simplices": ("P", POSITIVE, "full"),
    "generic directions": ("X", POSITIVE, "full"),
    "paper's gates (pairs)": ("s", NEGATIVE, "full"),
    "half-price gates": ("D", MUTED, "none"),
}

_APART = 0.06  # of a layer, between constructions: equal numbers do not hide each other


def draw_depths(f: Flattening, ax: Any = None) -> Any:
    """Draws the table: neurons on a logarithmic scale, the constructions as marks, the bound as a bar.

    Args:
        f: The result.
        ax: Axes, or None for new ones.

    Returns:
        The axes.
    """
    from matplotlib.ticker import MaxNLocator

    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(6.0, 3.8), layout="constrained")[1]
    groups = list(f.table.groupby("construction", sort=False))
    for k, (name, group) in enumerate(groups):
        marker, colour, fill = _STYLES[str(name)]
        ordered = group.sort_values("hidden_layers")
        ax.plot(
            ordered.hidden_layers + _APART * (k - (len(groups) - 1) / 2),
            ordered.neurons,
            marker=marker,
            color=colour,
            fillstyle=fill,
            linewidth=1.2,
            label=name,
        )
    if 0 < f.lower_bound.neurons < float("inf"):
        label = f"proven bound, one layer ({f.lower_bound.name})"
        ax.hlines(f.lower_bound.neurons, 0.8, 1.2, color=INK, linewidth=3, label=label)
    ax.set_yscale("log" if f.table.neurons.min() > 0 else "symlog")  # affine maps have no neurons
    ax.set_xlabel("hidden layers", fontsize=9, color=INK)
    ax.set_ylabel("neurons", fontsize=9, color=INK)
    ax.set_xlim(0.6, max(c.depth for c in f.candidates) + 0.4)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False, fontsize=8, labelcolor=INK)
    return ax
