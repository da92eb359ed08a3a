"""Splits of monomials: factors multiply to the monomial, trees are balanced, factors are shared."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cheaplearn.compiler.splitting import choose_splits, degree


def depth_of(monomial, splits):
    return 0 if degree(monomial) == 1 else 1 + max(depth_of(factor, splits) for factor in splits[monomial])


def multiplied(pair):
    powers = Counter()
    for factor in pair:
        powers.update(dict(factor))
    return tuple(sorted(powers.items()))


@given(st.integers(0, 10**9), st.integers(1, 8), st.integers(2, 14))
@settings(max_examples=80, deadline=None)
def test_factors_multiply_to_every_monomial_in_the_fewest_levels(seed, n, largest):
    rng = np.random.default_rng(seed)
    wanted = [
        tuple(sorted(Counter(rng.integers(0, n, rng.integers(2, largest + 1)).tolist()).items())) for _ in range(6)
    ]
    splits = choose_splits(wanted)
    assert set(wanted) <= set(splits)
    for monomial, pair in splits.items():
        assert multiplied(pair) == monomial
        assert all(degree(factor) == 1 or factor in splits for factor in pair)
        assert depth_of(monomial, splits) == (degree(monomial) - 1).bit_length()


@pytest.mark.parametrize("root", [((0, 1), (1, 1)), ((0, 1), (1, 2), (4, 1)), ((2, 3),)])
def test_a_monomial_of_even_powers_is_the_square_of_its_root(root):
    first, second = choose_splits([tuple((site, 2 * power) for site, power in root)])[
        tuple((site, 2 * power) for site, power in root)
    ]
    assert first == second == root


def test_neighbouring_monomials_share_their_factors():
    window = [tuple((i + j, 1) for j in range(4)) for i in range(6)]  # x0 x1 x2 x3, x1 x2 x3 x4, ...
    splits = choose_splits(window)
    alone = sum(len(choose_splits([monomial])) for monomial in window)
    assert alone == 18
    assert len(splits) <= 6 + 8  # pairs of neighbours serve two windows each
