"""Compiled loops that run a program of eliminations, with messages as logarithms."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .program import Program

__all__ = ["collect", "distribute", "draw"]


@njit(cache=True, nogil=True)
def collect(program: Program, values: np.ndarray, places: np.ndarray, messages: np.ndarray, shifts: np.ndarray) -> None:
    """Sums over the sites in order. The message of each step has largest number 0; ln Z is the sum of the shifts.

    Args:
        program: The steps.
        values: All tables, nats.
        places: Where each message begins in `messages`.
        messages: Filled with ln of the sums over the subtree, less the shifts below it.
        shifts: Filled with what was subtracted from each message, shape (steps,).
    """
    table = np.empty(_largest(program))
    for step in range(len(program.site)):
        states, entries = program.states[step], program.entries[step]
        _fill(program, step, values, places, messages, table)
        message = messages[places[step] : places[step] + entries]
        highest = -np.inf
        for k in range(entries):
            message[k] = _log_sum(table, k, entries, states)
            highest = max(highest, message[k])
        for k in range(entries):
            message[k] -= highest
        shifts[step] = highest


@njit(cache=True, nogil=True)
def distribute(
    program: Program,
    values: np.ndarray,
    places: np.ndarray,
    messages: np.ndarray,
    shifts: np.ndarray,
    marginals: np.ndarray,
) -> None:
    """Goes back from the roots to the leaves and sums the probabilities of all table entries.

    Args:
        program: The steps.
        values: All tables, nats.
        places: Where each message begins in `messages`, none over another.
        messages: As `collect` left them. Each is overwritten by what the rest of the graph says of its
            separator: ln of the separator's probability, less the message and its shift.
        shifts: As `collect` left them.
        marginals: Zeros in the layout of the values; the probabilities are added.
    """
    table = np.empty(_largest(program))
    tops, sums = np.empty(_largest(program)), np.empty(_largest(program))
    for step in range(len(program.site) - 1, -1, -1):
        states, entries = program.states[step], program.entries[step]
        _fill(program, step, values, places, messages, table)
        outside = messages[places[step] : places[step] + entries]
        if entries == 1:  # a root: everything is inside, and the logarithm of its probability is 0
            outside[0] = -shifts[step]
        for state in range(states):
            for k in range(entries):
                table[state * entries + k] += outside[k]
        whole = table[: states * entries]
        for source in range(program.source_start[step], program.source_start[step + 1]):
            child = program.child[source]
            if child >= 0:
                extent, stride = _axes(program, source)
                message = messages[places[child] : places[child] + program.entries[child]]
                _log_sums_onto(whole, extent, stride, tops[: len(message)], sums[: len(message)])
                for k in range(len(message)):
                    message[k] = tops[k] + math.log(sums[k]) - message[k] - shifts[child]
        for k in range(len(whole)):
            whole[k] = math.exp(whole[k])
        for source in range(program.source_start[step], program.source_start[step + 1]):
            if program.child[source] < 0:
                extent, stride = _axes(program, source)
                _sum_onto(whole, extent, stride, marginals, program.factor_place[source])


@njit(cache=True, nogil=True)
def draw(
    program: Program,
    values: np.ndarray,
    places: np.ndarray,
    messages: np.ndarray,
    uniform: np.ndarray,
    codes: np.ndarray,
) -> None:
    """Draws the sites from last to first, each given the later ones of its separator.

    Args:
        program: The steps.
        values: All tables, nats.
        places: Where each message begins in `messages`, none over another.
        messages: As `collect` left them.
        uniform: Numbers in [0, 1), shape (samples, steps).
        codes: Filled, shape (samples, n).
    """
    logs = np.empty(max(1, program.states.max()))
    for sample in range(len(codes)):
        for step in range(len(program.site) - 1, -1, -1):
            states = program.states[step]
            logs[:states] = 0.0
            for source in range(program.source_start[step], program.source_start[step + 1]):
                child = program.child[source]
                place = places[child] if child >= 0 else program.factor_place[source]
                for k in range(program.scope_start[source], program.scope_start[source + 1]):
                    place += program.scope_stride[k] * codes[sample, program.scope_site[k]]
                for state in range(states):
                    here = place + state * program.own_stride[source]
                    logs[state] += messages[here] if child >= 0 else -values[here]
            codes[sample, program.site[step]] = _choose(logs[:states], uniform[sample, step])


@njit(cache=True, nogil=True)
def _choose(logs: np.ndarray, uniform: float) -> int:
    """Inverts the cumulative sum of exp(logs), which is overwritten by it."""
    highest = logs.max()
    total = 0.0
    for state in range(len(logs)):
        total += math.exp(logs[state] - highest)
        logs[state] = total
    state = 0
    while logs[state] <= uniform * total:
        state += 1
    return state


@njit(cache=True, nogil=True)
def _largest(program: Program) -> int:
    largest = 1
    for step in range(len(program.site)):
        largest = max(largest, program.states[step] * program.entries[step])
    return largest


@njit(cache=True, nogil=True)
def _axes(program: Program, source: int) -> tuple[np.ndarray, np.ndarray]:
    first, last = program.axis_start[source], program.axis_start[source + 1]
    return program.extent[first:last], program.stride[first:last]


@njit(cache=True, nogil=True)
def _log_sum(table: np.ndarray, start: int, step: int, count: int) -> float:
    """Returns ln of the sum of the exponentials of every `step`-th number."""
    highest = table[start]
    for k in range(1, count):
        highest = max(highest, table[start + k * step])
    total = 0.0
    for k in range(count):
        total += math.exp(table[start + k * step] - highest)
    return highest + math.log(total)


@njit(cache=True, nogil=True)
def _fill(
    program: Program, step: int, values: np.ndarray, places: np.ndarray, messages: np.ndarray, table: np.ndarray
) -> None:
    """Sums the sources of a step."""
    whole = table[: program.states[step] * program.entries[step]]
    whole[:] = 0.0
    for source in range(program.source_start[step], program.source_start[step + 1]):
        extent, stride = _axes(program, source)
        child = program.child[source]
        if child >= 0:
            _add(whole, extent, stride, messages[places[child] :], 1.0)
        else:
            _add(whole, extent, stride, values[program.factor_place[source] :], -1.0)


@njit(cache=True, nogil=True)
def _next_row(counter: np.ndarray, extent: np.ndarray, stride: np.ndarray, place: int) -> int:
    """Goes on by one along all axes but the last; returns the place in the source."""
    for axis in range(len(extent) - 2, -1, -1):
        place += stride[axis]
        counter[axis] += 1
        if counter[axis] < extent[axis]:
            return place
        place -= stride[axis] * extent[axis]
        counter[axis] = 0
    return place


@njit(cache=True, nogil=True)
def _add(table: np.ndarray, extent: np.ndarray, stride: np.ndarray, source: np.ndarray, sign: float) -> None:
    """Adds a source to a table with more axes."""
    counter = np.zeros(len(extent), np.int64)
    length, step = extent[-1], stride[-1]
    place = 0
    for start in range(0, len(table), length):
        for k in range(length):
            table[start + k] += sign * source[place + k * step]
        place = _next_row(counter, extent, stride, place)


@njit(cache=True, nogil=True)
def _sum_onto(table: np.ndarray, extent: np.ndarray, stride: np.ndarray, target: np.ndarray, place: int) -> None:
    """Adds a table to a target with fewer axes that begins at `place`."""
    counter = np.zeros(len(extent), np.int64)
    length, step = extent[-1], stride[-1]
    for start in range(0, len(table), length):
        if step == 0:
            total = 0.0
            for k in range(length):
                total += table[start + k]
            target[place] += total
        else:
            for k in range(length):
                target[place + k * step] += table[start + k]
        place = _next_row(counter, extent, stride, place)


@njit(cache=True, nogil=True)
def _log_sums_onto(
    table: np.ndarray, extent: np.ndarray, stride: np.ndarray, tops: np.ndarray, sums: np.ndarray
) -> None:
    """Sums exp(table) onto fewer axes as exp(tops) * sums, where no sum is below 1."""
    tops[:] = -np.inf
    sums[:] = 0.0
    counter = np.zeros(len(extent), np.int64)
    length, step = extent[-1], stride[-1]
    place = 0
    for start in range(0, len(table), length):
        for k in range(length):
            here = place + k * step
            tops[here] = max(tops[here], table[start + k])
        place = _next_row(counter, extent, stride, place)
    counter[:] = 0
    place = 0
    for start in range(0, len(table), length):
        for k in range(length):
            here = place + k * step
            sums[here] += math.exp(table[start + k] - tops[here])
        place = _next_row(counter, extent, stride, place)
