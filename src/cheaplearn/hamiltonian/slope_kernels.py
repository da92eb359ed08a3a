"""The loop over the prefix tree of a polynomial behind `Slopes`."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["walk"]


@njit(cache=True, nogil=True)
def walk(
    site: np.ndarray,
    depth: np.ndarray,
    coefficient: np.ndarray,
    highest: int,
    points: np.ndarray,
    product: np.ndarray,
    total: np.ndarray,
    gradient: np.ndarray,
) -> None:
    """Evaluates a polynomial and its gradient in one walk, depth first, for a block of points.

    Entering a node multiplies the product of its parent by one variable; leaving it adds the sum of its subtree,
    times that variable, to the sum of its parent (Horner), and times the parent's product to the gradient.

    Args:
        site: Variable of each node, in the order of the walk, shape (nodes,).
        depth: Of each node, from 1, shape (nodes,).
        coefficient: Of the monomial that ends at each node, shape (nodes,).
        highest: Largest depth.
        points: Values of the variables, shape (n, block).
        product: Work space, shape (highest + 1, block); row 0 is one.
        total: Work space, shape (highest + 1, block); row 0 starts at the constant and ends at the values.
        gradient: Starts at 0, shape (n, block); added to.
    """
    open_site = np.zeros(highest + 1, np.int64)
    nodes, block = len(site), points.shape[1]
    top = 0
    for node in range(nodes + 1):
        level = depth[node] if node < nodes else 1
        while top >= level:  # leave
            variable = points[open_site[top]]
            slope, above, inner, outer = gradient[open_site[top]], product[top - 1], total[top], total[top - 1]
            for b in range(block):
                slope[b] += above[b] * inner[b]
                outer[b] += variable[b] * inner[b]
            top -= 1
        if node == nodes:
            break
        variable, above, c = points[site[node]], product[level - 1], coefficient[node]
        if node + 1 == nodes or depth[node + 1] <= level:  # a leaf: entered and left at once
            slope, outer = gradient[site[node]], total[level - 1]
            for b in range(block):
                slope[b] += c * above[b]
                outer[b] += c * variable[b]
            continue
        below, inner = product[level], total[level]
        for b in range(block):
            below[b] = above[b] * variable[b]
            inner[b] = c
        open_site[level] = site[node]
        top = level
