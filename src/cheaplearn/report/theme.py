"""Matplotlib figures as inline SVG that follows the page: its font, its colours, light or dark."""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from ..network.drawing import INK, MUTED, NEGATIVE, POSITIVE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["GRID", "INK", "MUTED", "NEGATIVE", "POSITIVE", "SURFACE", "inline_svg", "new_figure", "tinted"]

GRID, SURFACE = "#d5dbe1", "#ffffff"
_FOR, _AGAINST = (21, 150, 138), (222, 110, 40)  # middle tones: readable on light and on dark
_COLOR_OF_PAGE = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    POSITIVE: "var(--accent)",
    NEGATIVE: "var(--counter)",
    GRID: "var(--line)",
    SURFACE: "var(--surface)",
}


def new_figure(width: float, height: float) -> Figure:
    """Makes an empty figure of this page's kind.

    Args:
        width: Inches.
        height: Inches.

    Returns:
        The figure.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def tinted(values: np.ndarray) -> np.ndarray:
    """Values as colours whose opacity is the strength.

    Args:
        values: Between -1 and 1, any shape.

    Returns:
        Red, green, blue and opacity, uint8, one more axis.
    """
    image = np.empty((*values.shape, 4), dtype=np.uint8)
    image[..., :3] = np.where(values[..., None] > 0, _FOR, _AGAINST)
    image[..., 3] = np.round(255 * np.abs(values) ** 0.75)
    return image


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """Writes a figure as an SVG element to be placed in a page.

    Args:
        figure: The figure; colours named in this module follow the page.
        name: Unique within the page.
        description: What a reader who cannot see the picture should know.

    Returns:
        One svg element without references to anything outside it.
    """
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = text[text.index("<svg") :]
    width, height = figure.get_size_inches()
    label = escape(description, quote=True)
    opening = f'<svg viewBox="0 0 {72 * width:g} {72 * height:g}" role="img" aria-label="{label}" data-name="{name}">'
    text = re.sub(r"<svg[^>]*>", opening, text, count=1)
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    for color, variable in _COLOR_OF_PAGE.items():
        text = re.sub(color, variable, text, flags=re.IGNORECASE)
    return re.sub(r"\n\s*", "\n", text).strip()
