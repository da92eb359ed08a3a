"""An elimination written as flat arrays that compiled loops walk."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..factor_graph import FactorGraph
from .elimination import Elimination

__all__ = ["Program", "compile_program", "message_places"]


class Program(NamedTuple):
    """One step per site of two states or more, children before their parents, subtrees in one piece.

    The table of step k has the site first (slowest) and then its separator, sorted by step. It is the sum of its
    sources: minus the factors that no earlier step took, and the messages of its children.

    Args:
        site: The site that step k sums over.
        states: How many states it has.
        entries: Numbers in the message, one per state of the separator.
        source_start: Where the sources of each step begin, one more than steps.
        child: For each source the step that sent it, or -1 if it is a factor.
        factor_place: For each factor where its table begins in the values.
        axis_start: Where the axes of each source begin, one more than sources.
        extent: Lengths of the axes of the step's table, merged where the source runs straight through.
        stride: Steps in the source along these axes.
        scope_start: Where the scope of each source begins, one more than sources.
        scope_site: Sites of the source other than the site of the step.
        scope_stride: Steps in the source for these sites.
        own_stride: Step in the source for the site of the step.
    """

    site: np.ndarray
    states: np.ndarray
    entries: np.ndarray
    source_start: np.ndarray
    child: np.ndarray
    factor_place: np.ndarray
    axis_start: np.ndarray
    extent: np.ndarray
    stride: np.ndarray
    scope_start: np.ndarray
    scope_site: np.ndarray
    scope_stride: np.ndarray
    own_stride: np.ndarray


def compile_program(graph: FactorGraph, elimination: Elimination) -> tuple[Program, np.ndarray]:
    """Writes the steps of an elimination.

    Args:
        graph: Sizes and scopes.
        elimination: An order for this graph.

    Returns:
        The program, and the places in the values of tables that depend on no site of two states or more.
    """
    sizes = graph.sizes.tolist()
    order = _postorder(elimination)
    sites = [elimination.sites[k] for k in order]
    step_of = {site: step for step, site in enumerate(sites)}
    separators = [sorted(elimination.separators[k], key=step_of.__getitem__) for k in order]
    sources, constants = _sources(graph, step_of, separators)
    axes, scopes, own, child, place = [], [], [], [], []
    for step, found in enumerate(sources):
        clique = [sites[step], *separators[step]]
        for sender, first, strides in found:
            axes.append(_merged([(sizes[site], strides.get(site, 0)) for site in clique]))
            scopes.append([(site, stride) for site, stride in strides.items() if site != clique[0]])
            own.append(strides.get(clique[0], 0))
            child.append(sender)
            place.append(first)
    axis_start, extent, stride = _flat(axes)
    scope_start, scope_site, scope_stride = _flat(scopes)
    program = Program(
        site=_integers(sites),
        states=_integers([sizes[site] for site in sites]),
        entries=_integers([math.prod(sizes[site] for site in separator) for separator in separators]),
        source_start=_integers([0, *np.cumsum([len(found) for found in sources])]),
        child=_integers(child),
        factor_place=_integers(place),
        axis_start=axis_start,
        extent=extent,
        stride=stride,
        scope_start=scope_start,
        scope_site=scope_site,
        scope_stride=scope_stride,
        own_stride=_integers(own),
    )
    return program, _integers(constants)


def message_places(program: Program, kept: bool) -> tuple[np.ndarray, int]:
    """Decides where each message lies.

    Args:
        program: The steps.
        kept: Whether every message is kept; else a message takes the place of those that its step has read.

    Returns:
        Where each message begins, and how many numbers they need.
    """
    if kept:
        ends = np.cumsum(program.entries)
        return ends - program.entries, int(ends[-1]) if len(ends) else 0
    places = np.zeros(len(program.site), np.int64)
    top = peak = 0
    for step, entries in enumerate(program.entries.tolist()):
        senders = program.child[program.source_start[step] : program.source_start[step + 1]]
        senders = senders[senders >= 0]
        places[step] = places[senders.min()] if len(senders) else top
        top = int(places[step]) + entries
        peak = max(peak, top)
    return places, peak


Source = tuple[int, int, dict[int, int]]  # sender or -1, place in the values, steps along its sites


def _sources(
    graph: FactorGraph, step_of: dict[int, int], separators: list[list[int]]
) -> tuple[list[list[Source]], list[int]]:
    """Gives each factor to the first step that touches it, and each message to the first step of its separator."""
    sizes = graph.sizes.tolist()
    sources: list[list[Source]] = [[] for _ in separators]
    constants = []
    start, places, steps = graph.site_start.tolist(), graph.table_start.tolist(), graph.strides.tolist()
    for factor, scope in enumerate(graph.scopes()):
        strides = {site: steps[start[factor] + k] for k, site in enumerate(scope) if sizes[site] > 1}
        if strides:
            sources[min(step_of[site] for site in strides)].append((-1, places[factor], strides))
        else:
            constants.append(places[factor])
    for step, separator in enumerate(separators):
        if separator:
            strides, stride = {}, 1
            for site in reversed(separator):
                strides[site] = stride
                stride *= sizes[site]
            sources[step_of[separator[0]]].append((step, 0, strides))
    return sources, constants


def _postorder(elimination: Elimination) -> list[int]:
    """Orders the steps so that every subtree is in one piece and ends with its root."""
    step_of = {site: step for step, site in enumerate(elimination.sites)}
    children: list[list[int]] = [[] for _ in elimination.sites]
    roots = []
    for step, separator in enumerate(elimination.separators):
        if separator:
            children[min(step_of[site] for site in separator)].append(step)
        else:
            roots.append(step)
    backwards, stack = [], roots
    while stack:
        step = stack.pop()
        backwards.append(step)
        stack += children[step]
    return backwards[::-1]


def _merged(axes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Joins neighbouring axes along which the source runs straight through, or does not move."""
    merged = axes[:1]
    for extent, stride in axes[1:]:
        before, step = merged[-1]
        if step == stride * extent:
            merged[-1] = (before * extent, stride)
        else:
            merged.append((extent, stride))
    return merged


def _flat(rows: list[list[tuple[int, int]]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Writes rows of pairs one after the other: where each begins, all first and all second members."""
    flat = np.array([pair for row in rows for pair in row], np.int64).reshape(-1, 2)
    starts = _integers([0, *np.cumsum([len(row) for row in rows])])
    return starts, np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1])


def _integers(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, np.int64)
