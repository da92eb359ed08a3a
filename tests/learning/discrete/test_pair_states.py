"""Which states occur together, against a loop over all pairs."""

import numpy as np
import pytest

from cheaplearn.learning.discrete import pair_states
from cheaplearn.learning.discrete.pair_states import compared_pairs, joint_states

SEEDS = [0, 1, 2, 3]


def odd_samples(seed):
    """Sites with a constant column, a copy with its states renamed, and a state that excludes another."""
    rng = np.random.default_rng(seed)
    sizes = np.array([2, 3, 3, 2, 4, 3])
    codes = np.column_stack([rng.integers(0, q, 300) for q in sizes])
    codes[:, 2] = rng.permutation(3)[codes[:, 1]]
    codes[:, 3] = 1
    codes[(codes[:, 0] == 1) & (codes[:, 4] == 2), 4] = 0
    return codes[rng.permutation(300)], sizes


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rows", [7, 2048])
def test_pairs_are_those_that_a_loop_over_samples_finds(seed, rows, monkeypatch):
    monkeypatch.setattr(pair_states, "ROWS_AT_ONCE", rows)
    codes, sizes = odd_samples(seed)
    copies, never = [], []
    for a in range(len(sizes)):
        for b in range(a + 1, len(sizes)):
            left, right = set(codes[:, a].tolist()), set(codes[:, b].tolist())
            both = set(zip(codes[:, a].tolist(), codes[:, b].tolist(), strict=True))
            if min(len(left), len(right)) == 1:
                continue
            if len(both) == len(left) == len(right):
                copies.append([a, b])
            elif len(both) < len(left) * len(right):
                never.append([a, b])
    found = compared_pairs(joint_states(codes, sizes), sizes)
    assert [pairs.tolist() for pairs in found] == [copies, never]
    assert copies == [[1, 2]]
    assert [0, 4] in never


def test_reading_stops_when_every_pair_was_seen():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, (5000, 4))
    codes[4000:] = 9  # would be no state at all
    assert joint_states(codes, np.full(4, 2)).sum() == 4 * 2 + 12 * 4
