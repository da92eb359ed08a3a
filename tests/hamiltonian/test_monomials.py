"""Local monomials against a search over all products of variables."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cheaplearn.geometry import Chain, Graph, Grid
from cheaplearn.hamiltonian import Monomials, count_monomials, local_monomials
from cheaplearn.hamiltonian import monomials as module


def brute_force(n, order, radius, geometry, kinds):
    """All multisets of variables, kept if every pair is near enough and only real variables repeat."""

    def near(i, j):
        if i == j or math.isinf(radius):
            return True
        return geometry is not None and geometry.distance(i, j) <= radius

    found = []
    for degree in range(1, order + 1):
        for sites in itertools.combinations_with_replacement(range(n), degree):
            repeats = [i for i in set(sites) if sites.count(i) > 1]
            if all(kinds[i] == "real" for i in repeats) and all(
                near(i, j) for i, j in itertools.combinations(sites, 2)
            ):
                found.append(sites)
    return found


GEOMETRIES = [
    (Grid(3, 3), 9),
    (Grid(2, 5, periodic=True), 10),
    (Chain(7, periodic=True), 7),
    (Graph(7, [(0, 1), (1, 2), (2, 0), (3, 4), (5, 6), (0, 6)]), 7),
    (None, 6),
]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(GEOMETRIES),
    st.integers(1, 4),
    st.sampled_from([0, 1, 2, math.inf]),
    st.lists(st.sampled_from(["real", "bit", "spin"]), min_size=10, max_size=10),
)
def test_local_monomials_are_all_products_of_near_variables(where, order, radius, kinds):
    geometry, n = where
    kinds = kinds[:n]
    if geometry is None and radius not in {0, math.inf}:
        radius = 0
    expected = brute_force(n, order, radius, geometry, kinds)
    found = local_monomials(n, order, radius, geometry, kinds)
    assert list(found) == expected  # the same terms in the canonical order: degree, then lexicographic
    assert len(found) == count_monomials(n, order, radius, geometry, kinds) == len(expected)
    assert found.degrees.tolist() == [len(sites) for sites in expected]


@pytest.mark.parametrize(("radius", "count"), [(0, 128), (1, 338), (2, 674), (3, 1064), (7, 2144), (math.inf, 2144)])
def test_quadratic_families_of_the_digits_have_the_known_sizes(radius, count):
    assert count_monomials(64, 2, radius, Grid(8, 8)) == len(local_monomials(64, 2, radius, Grid(8, 8))) == count


def test_a_complete_family_of_real_variables_has_binomial_size():
    for n, order in [(5, 2), (5, 3), (64, 3), (784, 3)]:
        assert count_monomials(n, order, math.inf) == math.comb(n + order, order) - 1


def test_counting_stops_soon_after_its_limit():
    assert 1000 < count_monomials(900, 3, 10, Grid(30, 30), limit=1000) < 100_000


def test_enumeration_does_not_depend_on_the_size_of_its_chunks(monkeypatch):
    whole = local_monomials(16, 3, 2, Grid(4, 4))
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    assert local_monomials(16, 3, 2, Grid(4, 4)) == whole
    assert count_monomials(16, 3, 2, Grid(4, 4)) == len(whole)


def test_a_local_family_of_a_large_grid_is_enumerated_without_all_pairs():
    terms = local_monomials(6400, 2, 1, Grid(80, 80))
    # linear + squares + horizontal and vertical pairs + two diagonals
    assert len(terms) == 2 * 80**2 + 2 * 80 * 79 + 2 * 79**2


def test_monomials_compare_by_their_terms():
    a, b = local_monomials(4, 2, 1, Chain(4)), local_monomials(4, 2, 2, Chain(4))
    assert a == Monomials(tuple(np.array(block) for block in a.sites))
    assert a != b
    assert a != local_monomials(4, 1, 0)
    assert a != "monomials"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, 0, 1, Chain(4)), r"`order` of `local_monomials` must be an integer of at least 1, got 0"),
        ((4, 2, -1, Chain(4)), r"`radius` .* must be a whole number of at least 0, or math.inf, got -1"),
        ((4, 2, 0.5, Chain(4)), r"`radius` .* got 0.5"),
        ((4, 2, math.nan, Chain(4)), r"`radius` .* got nan"),
        ((4, 2, 1), r"`radius` .* must be 0 or math.inf without a geometry, got 1. Pass a geometry"),
        ((4, 2, 1, Chain(5)), r"`geometry` .* must be one site per variable, got 5 sites for 4 variables"),
        ((4, 2, 0, None, ["real"]), r"`kinds` .* must be one per variable \(4\), got 1"),
    ],
)
def test_bad_input_is_named_with_its_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        local_monomials(*arguments)
