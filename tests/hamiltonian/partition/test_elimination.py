import itertools
import math

import numpy as np
import pytest
from factor_graphs import all_pairs, chain, ising_lattice, random_graph, seeds
from hypothesis import given, settings
from hypothesis import strategies as st

from cheaplearn.hamiltonian import FactorGraph
from cheaplearn.hamiltonian.partition.elimination import _eliminate, _pairs, _priorities, best_elimination
from cheaplearn.hamiltonian.partition.program import compile_program, message_places


def neighbours_of(graph):
    near = [set() for _ in graph.sizes]
    for scope in graph.scopes():
        for a, b in itertools.permutations([site for site in scope if graph.sizes[site] > 1], 2):
            near[a].add(b)
    return near


def naive_order(near, sizes, rank):
    """Takes the site of least rank, every rank computed anew at every step."""
    left, order = {site for site, size in enumerate(sizes) if size > 1}, []
    while left:
        site = min(left, key=lambda s: (rank(near, s), s))
        order.append((site, frozenset(near[site])))
        left.remove(site)
        for a in near[site]:
            near[a] = (near[a] | near[site]) - {a, site}
    return order


def table_rank(sizes):
    return lambda near, site: round(math.log2(sizes[site]) + sum(math.log2(sizes[s]) for s in near[site]), 9)


def fill_rank(sizes):
    entries = table_rank(sizes)

    def rank(near, site):
        missing = sum(b not in near[a] for a, b in itertools.permutations(near[site], 2))
        return missing, entries(near, site)

    return rank


@settings(deadline=None)
@given(seeds, st.integers(1, 25), st.integers(0, 40))
def test_greedy_orders_take_the_least_table_or_fill_at_every_step(seed, n, factors):
    graph = random_graph(seed, n, factors, order=3, largest=2, smallest=2)
    sizes = graph.sizes.tolist()
    for (priority, affects), rank in zip(_priorities(sizes, _pairs(graph)), (table_rank, fill_rank), strict=False):
        found = _eliminate(neighbours_of(graph), sizes, priority, affects, 1 << 30, 1 << 40)
        assert list(zip(found.sites, found.separators, strict=True)) == naive_order(
            neighbours_of(graph), sizes, rank(sizes)
        )


@settings(deadline=None)
@given(seeds, st.integers(0, 12), st.integers(0, 15))
def test_counts_are_those_of_the_tables(seed, n, factors):
    graph = random_graph(seed, n, factors)
    found = best_elimination(graph, 1 << 22)
    tables = [graph.sizes[[site, *near]].prod() for site, near in zip(found.sites, found.separators, strict=True)]
    assert sorted(found.sites) == np.flatnonzero(graph.sizes > 1).tolist()
    assert found.entries == max(tables, default=1)
    assert found.cost == sum(tables)
    assert found.width == max(map(len, found.separators), default=0)
    program, _ = compile_program(graph, found)
    assert found.cost == (program.states * program.entries).sum()


@pytest.mark.parametrize("seed", range(5))
def test_no_order_tried_is_cheaper_than_the_best(seed):
    graph = random_graph(seed, n=30, factors=60, order=3, largest=3)
    sizes = graph.sizes.tolist()
    costs = [
        _eliminate(neighbours_of(graph), sizes, priority, affects, 1 << 40, 1 << 50).cost
        for priority, affects in _priorities(sizes, _pairs(graph))
    ]
    assert len(set(costs)) > 1
    assert best_elimination(graph, 1 << 40).cost == min(costs)


def test_levels_of_a_large_torus_are_cheaper_than_greedy_orders():
    assert best_elimination(ising_lattice(10, 10, 1.0), 1 << 22).cost < 1 << 25


def test_messages_take_the_place_of_those_already_read():
    line = chain(1000)
    program, _ = compile_program(line, best_elimination(line, 8))
    assert message_places(program, kept=True)[1] == 2 * 999 + 1
    assert message_places(program, kept=False)[1] == 2
    heap = FactorGraph.from_tables(np.full(1023, 2), {((i - 1) // 2, i): np.zeros((2, 2)) for i in range(1, 1023)})
    program, _ = compile_program(heap, best_elimination(heap, 8))
    assert message_places(program, kept=False)[1] <= 2 * 20  # two per level


def test_dense_graphs_are_given_up():
    assert best_elimination(all_pairs(300), 1 << 22) is None
    assert best_elimination(all_pairs(10), (1 << 10) - 1) is None
    assert best_elimination(all_pairs(10), 1 << 10).entries == 1 << 10
