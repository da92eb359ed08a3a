"""Columns of several kinds: round trips, expansion of categories, groups that keep kinds, what is refused."""

import itertools

import numpy as np
import pytest
from mixed_models import columns_of, random_values

from cheaplearn import Chain
from cheaplearn.geometry import groups
from cheaplearn.hamiltonian import find_orbits, local_monomials
from cheaplearn.learning.mixed.columns import read_kinds

KINDS = ("real", ("category", 3), "spin", "bit", ("category", 2), "real")


def test_values_survive_decoding_and_encoding():
    columns = columns_of(KINDS)
    values = random_values(columns, 200, np.random.default_rng(0))
    raw = columns.decode(values)
    assert raw.shape == (200, len(KINDS))
    assert set(raw[:, 1]) == set("abc")
    assert np.array_equal(columns.encode(raw), values)
    numbers = columns_of(("real", "spin"))
    assert numbers.decode(np.array([[0.5, -1.0]])).dtype == np.float64


def test_the_first_state_is_the_reference_and_each_other_one_has_a_bit():
    columns = columns_of(KINDS)
    assert columns.column_names == ("x0", "x1=b", "x1=c", "x2", "x3", "x4=b", "x5")
    assert columns.column_kinds == ("real", "bit", "bit", "spin", "bit", "bit", "real")
    assert columns.levels(1).tolist() == [[0, 0], [1, 0], [0, 1]]


def test_terms_of_categories_are_all_products_of_one_bit_each():
    columns = columns_of(KINDS)
    sites = local_monomials(len(KINDS), 3, 2, Chain(len(KINDS)), columns.kinds)
    expanded = list(columns.expanded(sites))
    expected = set()
    for term in sites:
        for choice in itertools.product(*(columns.of_site[site].tolist() for site in term)):
            expected.add(tuple(sorted(choice)))
    assert len(expanded) == len(expected) == len(set(expanded))
    assert set(expanded) == expected
    same = [columns.site_of_column[list(term)] for term in expanded]
    repeated = [term for term in map(list, same) for s in set(term) if term.count(s) > 1 and columns.kinds[s] != "real"]
    assert not repeated


def test_a_group_of_sites_ties_the_same_states_of_categories():
    columns = columns_of((("category", 3), "real", ("category", 3), "real"))
    exchange = groups.signed_permutation([2, 3, 0, 1])
    lifted = columns.lifted(exchange)
    monomials = columns.expanded(local_monomials(4, 1, 0, None, columns.kinds))
    orbits = find_orbits(monomials, lifted)
    names = [columns.column_names[c] for (c,) in monomials]
    tied = {frozenset(n for n, k in zip(names, orbits.index, strict=True) if k == o) for o in range(len(orbits))}
    assert tied == {frozenset(pair) for pair in (("x0=b", "x2=b"), ("x0=c", "x2=c"), ("x1", "x3"))}


def test_a_sign_flip_of_sites_makes_odd_terms_vanish():
    columns = columns_of(("real", "spin", "real"))
    monomials = local_monomials(3, 3, np.inf, None, columns.kinds)
    orbits = find_orbits(monomials, columns.lifted(groups.sign_flip(3)))
    assert np.array_equal(orbits.index < 0, monomials.degrees % 2 == 1)


@pytest.mark.parametrize("kinds", [("real", "spin"), (("category", 2), ("category", 3)), ("spin", "bit")])
def test_groups_that_mix_kinds_are_refused(kinds):
    with pytest.raises(ValueError, match=r"must be a group that only exchanges sites of the same kind and states, got"):
        columns_of(kinds).lifted(groups.permutations(2))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["a", "b", 1, 0, "a", 0.0], r"must be numbers in column 0 \(x0\), which is real"),
        ([np.inf, "b", 1, 0, "a", 0.0], r"must be finite in column 0 \(x0\), got inf in row 1"),
        ([0.1, "z", 1, 0, "a", 0.0], r"must be one of 'a', 'b', 'c' in column 1 \(x1\), got 'z' in row 1"),
        ([0.1, "a", 0, 0, "a", 0.0], r"must be one of -1, 1 in column 2 \(x2\), got 0 in row 1"),
        ([0.1, "a", 1, np.nan, "a", 0.0], r"must be one of 0, 1 in column 3 \(x3\), got nan in row 1"),
    ],
)
def test_values_of_another_kind_are_refused_by_place(row, message):
    good = [0.0, "a", -1, 1, "b", 2.0]
    with pytest.raises(ValueError, match=message):
        columns_of(KINDS).encode(np.array([good, row], object))


def test_kinds_are_read_by_place_or_by_name():
    assert read_kinds(["real", "spin"], ("a", "b")) == ("real", "spin")
    assert read_kinds({"b": "spin", "a": "real"}, ("a", "b")) == ("real", "spin")
    with pytest.raises(ValueError, match="one kind for each of 2 columns, got 3 kinds"):
        read_kinds(["real"] * 3, ("a", "b"))
    with pytest.raises(ValueError, match="a kind for each of the columns a, b, and no other, got 'c'"):
        read_kinds({"a": "real", "c": "spin"}, ("a", "b"))
