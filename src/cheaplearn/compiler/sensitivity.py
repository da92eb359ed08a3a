"""How much an error of each node changes the outputs: first order, worst case over the box."""

from __future__ import annotations

import numpy as np

from .layout import Layout

__all__ = ["node_sensitivities"]


def node_sensitivities(layout: Layout, output_weights: np.ndarray) -> np.ndarray:
    """Sends the weights of the outputs back through the program.

    Args:
        layout: The program as arrays.
        output_weights: What an error of each output counts, shape (outputs,).

    Returns:
        What an error of each node counts, shape (nodes,): squares pass an error of their form on twice, products the
        error of each factor once for every time it occurs.
    """
    first = 2 * layout.n
    total = np.zeros(layout.n_sources)
    rows = layout.outputs
    np.add.at(total, rows.source, np.abs(rows.high) * output_weights[rows.row])
    for level in reversed(layout.levels):
        of_form = np.concatenate([
            2 * total[first + level.squares],
            total[first + level.products],
            total[first + level.products],
        ])
        np.add.at(total, level.forms.source, np.abs(level.forms.high) * of_form[level.forms.row])
        for layer in level.powers:
            of_factor = np.zeros(layer.forms.n_rows)
            for group in layer.groups:
                np.add.at(of_factor, group.factors, np.outer(total[first + group.nodes], group.powers))
            np.add.at(total, layer.forms.source, np.abs(layer.forms.high) * of_factor[layer.forms.row])
        of_count = 2 * total[first + level.counts]
        np.add.at(total, level.count_forms.source, np.abs(level.count_forms.high) * of_count[level.count_forms.row])
    return total[first:]
