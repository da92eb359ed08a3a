"""Sums over sites in stages: every term once, as many additions as counted, none longer than it must be."""

import numpy as np
import pytest

from cheaplearn.compiler.linear_units import Block
from cheaplearn.compiler.site_sums import add_up_sites


@pytest.mark.parametrize("group", [4, 16])
@pytest.mark.parametrize("shape", [(1,), (12,), (16, 16), (7, 6), (2, 3, 4), (36,), (1, 25)])
def test_stages_add_up_every_term_once(shape, group):
    rng = np.random.default_rng(len(shape) + group)
    n, rows, channels = int(np.prod(shape)), 2, 3
    values = list(rng.integers(-9, 10, channels * n).astype(float))
    row = np.repeat(np.arange(rows), channels * n)
    column, weight = np.tile(np.arange(channels * n), rows), rng.integers(1, 5, rows * channels * n).astype(float)
    block = Block(row, column, weight, np.array([5.0, 0.0]))
    expected = np.bincount(row, weights=weight * np.array(values)[column]) + block.bias
    met = [0] * len(values)  # additions that the terms of a column have met
    longest = 0

    def totals(partial):
        sums, additions = np.zeros(len(partial.bias)) + partial.bias, np.zeros(len(partial.bias), dtype=int)
        for r, c, w in zip(partial.row, partial.column, partial.weight, strict=True):
            sums[r] += w * values[c]
            additions[r] = max(additions[r], met[c])
        return sums, additions + np.bincount(partial.row, minlength=len(sums)) - 1 + (partial.bias != 0)

    def append(partial, owner):
        nonlocal longest
        assert len(owner) == len(partial.bias)
        if len(values) > channels * n:
            longest = max(longest, np.bincount(partial.row).max())
        sums, additions = totals(partial)
        start = len(values)
        values.extend(sums)
        met.extend(additions)
        return start + np.arange(len(sums))

    rest, additions, stages = add_up_sites(block, shape, group, append)
    sums, counted = totals(rest)
    np.testing.assert_array_equal(sums, expected)
    np.testing.assert_array_equal(additions, counted)
    assert stages >= 1
    assert max(longest, np.bincount(rest.row).max()) <= max(group, *(p for p in (5, 7) if n % p == 0), 0)
