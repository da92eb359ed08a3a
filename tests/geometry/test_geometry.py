"""Geometries against distances computed site by site."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from cheaplearn.geometry import Chain, Graph, Grid, geometry_from_dict

GEOMETRIES = [
    Grid(3, 4),
    Grid(5),
    Grid(3, 2, 4),
    Grid(4, 5, periodic=True),
    Grid(4, 5, periodic=(False, True)),
    Chain(6),
    Chain(7, periodic=True),
    Graph(6, [(0, 1), (1, 2), (3, 4), (4, 5), (5, 3), (2, 3)]),
    Graph(5, [(0, 1), (3, 4)]),
]


def slow_distance(geometry, i, j):
    """The definition, one pair at a time."""
    if isinstance(geometry, Graph):
        reached, steps = {i}, 0
        while j not in reached:
            grown = reached | {b for e in geometry.edges for a, b in (e, e[::-1]) if a in reached}
            if grown == reached:
                return math.inf
            reached, steps = grown, steps + 1
        return steps
    sites = list(itertools.product(*map(range, geometry.shape)))
    per_axis = []
    for a, b, length, ring in zip(sites[i], sites[j], geometry.shape, geometry.periodic, strict=True):
        per_axis.append(min(abs(a - b), length - abs(a - b)) if ring else abs(a - b))
    return max(per_axis)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=repr)
def test_distance_matches_its_definition_for_every_pair(geometry):
    sites = np.arange(geometry.n_sites)
    table = geometry.distance(sites[:, None], sites)
    assert table.shape == (geometry.n_sites,) * 2
    for i, j in itertools.product(sites.tolist(), repeat=2):
        assert table[i, j] == slow_distance(geometry, i, j) == geometry.distance(i, j)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=repr)
@pytest.mark.parametrize("radius", [0, 1, 2, math.inf])
def test_neighbours_are_the_other_sites_within_the_radius(geometry, radius):
    for site in range(geometry.n_sites):
        expected = [j for j in range(geometry.n_sites) if j != site and slow_distance(geometry, site, j) <= radius]
        assert geometry.neighbours(site, radius).tolist() == expected


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=repr)
def test_max_radius_is_the_largest_finite_distance(geometry):
    pairs = itertools.product(range(geometry.n_sites), repeat=2)
    distances = [slow_distance(geometry, i, j) for i, j in pairs]
    assert geometry.max_radius == max(d for d in distances if math.isfinite(d))
    assert geometry.connected == all(map(math.isfinite, distances))


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=repr)
def test_plain_dict_brings_back_an_equal_geometry(geometry):
    again = geometry_from_dict(geometry.to_dict())
    assert again == geometry
    assert hash(again) == hash(geometry)
    assert type(again) is type(geometry)


def test_geometries_differ_if_shape_kind_or_periodicity_differ():
    assert len({repr(g) for g in GEOMETRIES}) == len(GEOMETRIES)
    for a, b in itertools.combinations(GEOMETRIES, 2):
        assert a != b
    assert Grid(6) != Chain(6)
    assert geometry_from_dict(None) is None


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 7), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_graph_is_the_same_from_edges_and_from_adjacency(n, edges):
    edges = [(a % n, b % n) for a, b in edges if a % n != b % n]
    matrix = np.zeros((n, n), int)
    for a, b in edges:
        matrix[a, b] = matrix[b, a] = 1
    graph = Graph(n, edges)
    assert graph == Graph.from_adjacency(matrix) == Graph.from_adjacency(csr_array(matrix))


def test_a_large_grid_answers_without_a_table_of_all_pairs():
    grid = Grid(3000, 3000)  # a table of pairs would hold 8.1e13 entries
    assert grid.neighbours(4_500_000, 1).tolist() == [
        4_497_000, 4_497_001, 4_500_001, 4_503_000, 4_503_001,
    ]  # fmt: skip
    assert grid.distance(0, 8_999_999) == 2999


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Grid(), r"`shape` of `Grid` must be at least one length"),
        (lambda: Grid(0, 3), r"`shape` of `Grid` must be positive integers, got 0"),
        (lambda: Grid(2.5), r"`shape` of `Grid` must be positive integers, got 2.5"),
        (lambda: Grid(2, 2, periodic=(True,)), r"`periodic` of `Grid` must be one bool, or 2 of them"),
        (lambda: Chain(-1), r"`shape` of `Chain` must be positive integers, got -1"),
        (lambda: Graph(3, [(0, 3)]), r"`edges` of `Graph` must be site numbers between 0 and 2"),
        (
            lambda: Graph(3, [(1, 1)]),
            r"`edges` of `Graph` must be between two different sites, got a loop at 1",
        ),
        (lambda: Graph(3, [(0, 1, 2)]), r"`edges` of `Graph` must be pairs of sites"),
        (lambda: Graph.from_adjacency([[0, 1], [0, 0]]), r"must be square and symmetric"),
        (lambda: Grid(2, 2).distance(0, 4), r"`j` of `Grid` must be site numbers between 0 and 3, got 4"),
        (lambda: geometry_from_dict({"kind": "torus"}), r"must be of kind grid, chain or graph, got 'torus'"),
    ],
)
def test_bad_input_is_named_with_its_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("periodic", [False, True, "mixed"])
@pytest.mark.parametrize("shape", [(1,), (2,), (5,), (1, 4), (2, 3), (3, 3), (4, 5), (2, 3, 4)], ids=str)
def test_pairs_of_a_grid_are_those_of_its_sites(shape, periodic):
    rings = [axis % 2 == 0 for axis in range(len(shape))] if periodic == "mixed" else periodic
    grid = Grid(*shape, periodic=rings)
    for radius in [0, 1, 2, 3, math.inf]:
        lower, higher = grid.neighbour_pairs(radius)
        expected = [(i, int(j)) for i in range(grid.n_sites) for j in grid.neighbours(i, radius) if j > i]
        assert list(zip(lower.tolist(), higher.tolist(), strict=True)) == expected
        assert all(grid.distance(lower, higher) <= radius)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=repr)
@pytest.mark.parametrize("radius", [0, 1, 2, math.inf])
def test_pairs_of_a_geometry_are_those_of_its_sites(geometry, radius):
    found = zip(*(sites.tolist() for sites in geometry.neighbour_pairs(radius)), strict=True)
    expected = [(i, int(j)) for i in range(geometry.n_sites) for j in geometry.neighbours(i, radius) if j > i]
    assert list(found) == expected
