"""Sums over all sites of a lattice in stages that are translation-invariant: convolutions with a stride.

First the channels of each site are added up (the density of every output), then blocks of sites, axis by axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .linear_units import Block

__all__ = ["add_up_sites"]


def add_up_sites(
    block: Block, shape: tuple[int, ...], group: int, append: Callable[[Block, np.ndarray], np.ndarray]
) -> tuple[Block, np.ndarray, int]:
    """Adds the layers of partial sums.

    Args:
        block: Rows over columns that are channel by channel, so that column modulo sites is the site.
        shape: Sites along each axis.
        group: Sites to add up in one sum, where a length has such factors.
        append: Adds a layer, given the row that each of its units is a part of; gives its columns.

    Returns:
        Rows that read the last partial sums, the additions that a term meets, and the number of layers of partial sums.
    """
    n_rows, n_sites = len(block.bias), math.prod(shape)
    unit = block.row * n_sites + block.column % n_sites
    terms = np.bincount(unit, minlength=n_rows * n_sites).reshape(n_rows, n_sites).max(axis=1)
    additions = np.maximum(terms - 1, 0)
    owner = np.repeat(np.arange(n_rows), n_sites)
    columns = append(Block(unit, block.column, block.weight, np.zeros(len(owner))), owner)
    stages = 1
    grid = list(shape)
    for axis in reversed(range(len(shape))):
        for factor in _factors(shape[axis], group):
            if math.prod(grid) <= group:
                break
            parent = np.arange(n_rows * math.prod(grid)).reshape(n_rows, *grid)
            grid[axis] //= factor
            target = np.arange(n_rows * math.prod(grid)).reshape(n_rows, *grid)
            target = np.repeat(target, factor, axis=axis + 1)
            owner = np.repeat(np.arange(n_rows), math.prod(grid))
            order = np.argsort(target.ravel(), kind="stable")
            rows, read = target.ravel()[order], columns[parent.ravel()[order]]
            columns = append(Block(rows, read, np.ones(len(rows)), np.zeros(len(owner))), owner)
            additions = additions + factor - 1
            stages += 1
    left = math.prod(grid)
    rows = np.repeat(np.arange(n_rows), left)
    additions = additions + left - 1 + (block.bias != 0)
    return Block(rows, columns, np.ones(len(rows)), block.bias), additions, stages


def _factors(length: int, group: int) -> list[int]:
    """Writes a length as a product of factors of at most `group`, larger ones only where they are prime."""
    factors: list[int] = []
    divisor = 2
    while length > 1:
        while length % divisor == 0:
            if factors and factors[-1] * divisor <= group:
                factors[-1] *= divisor
            else:
                factors.append(divisor)
            length //= divisor
        divisor += 1
    return factors
