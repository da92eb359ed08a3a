"""Stored rows against the wanted ones, in rational arithmetic: the claimed error covers the worst units and sources."""

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cheaplearn.compiler.arithmetic import Arithmetic
from cheaplearn.compiler.exact_arrays import exact_rows
from cheaplearn.compiler.linear_units import linear_units
from cheaplearn.compiler.sources import Sources

DTYPES = ("float16", "float32", "float64")


def random_sources(rng, n, per_source, n_units):
    sources = Sources.of_size(n)
    for i in range(n):
        sources.set(
            np.array([i]),
            rng.integers(0, n_units, (1, per_source)),
            rng.normal(size=(1, per_source)).astype(np.float16).astype(float),
            size=np.array([1.0]),
            truncation=rng.random() * 1e-4,
            rounding=rng.random() * 1e-5,
            offset=float(rng.choice([0.0, 0.5, rng.normal()])),
        )
    return sources


def random_rows(rng, n_rows, n, exponents):
    def number():
        return fmpq(int(rng.integers(-(2**40), 2**40)), int(rng.integers(1, 2**40))) * fmpq(10) ** int(
            rng.integers(*exponents)
        )

    return [
        {0: number()} | {int(column): number() for column in rng.permutation(n)[: rng.integers(1, n + 1)] + 1}
        for _ in range(n_rows)
    ]


def exactly(value):
    return Fraction(int(value.p), int(value.q))


@given(st.integers(0, 10**9), st.sampled_from(DTYPES), st.sampled_from([(-1, 2), (-12, 3), (-330, 0)]))
@settings(max_examples=60, deadline=None)
def test_claimed_error_covers_the_worst_sources_and_units_and_is_tight(seed, dtype, exponents):
    rng = np.random.default_rng(seed)
    n, n_units, factor = 4, 6, float(rng.choice([1.0, 64.0, 0.25]))
    sources, sizes = random_sources(rng, n, int(rng.integers(1, 4)), n_units), rng.random(n_units) + 0.5
    rows = random_rows(rng, 3, n, exponents)
    arrays = exact_rows(rows, lambda column, value: (column - 1, value, fmpq(0)))
    units = linear_units(arrays, sources, sizes, Arithmetic(np.dtype(dtype)), factor)
    assume(not units.overflow)
    for i, row in enumerate(rows):
        wanted, error = [Fraction(0)] * n_units, Fraction(0)  # what every unit should be read with
        constant = exactly(row[0])
        for column, value in row.items():
            if column == 0:
                continue
            source = column - 1
            place = slice(sources.start[source], sources.start[source] + sources.count[source])
            for unit, weight in zip(sources.unit[place], sources.weight[place], strict=True):
                wanted[unit] += exactly(value) * Fraction(weight)
            constant += exactly(value) * Fraction(sources.offset[source])
            error += abs(exactly(value)) * (Fraction(sources.truncation[source]) + Fraction(sources.rounding[source]))
        stored = [Fraction(0)] * n_units
        for k in np.flatnonzero(units.block.row == i):
            stored[units.block.column[k]] += Fraction(units.block.weight[k]) / Fraction(factor)
        worst = error + abs(constant - Fraction(units.block.bias[i]) / Fraction(factor))
        worst += sum(abs(a - b) * Fraction(size) for a, b, size in zip(wanted, stored, sizes, strict=True))
        claimed = Fraction(units.truncation[i]) + Fraction(units.rounding[i])
        assert worst <= claimed
        read = np.concatenate([sources.entries(np.array([column - 1]))[1] for column in row if column] or [np.zeros(0)])
        if exponents[0] > -300 and len(set(read.tolist())) == len(read):  # else errors of one unit may cancel
            underflow = 8 * n_units * Fraction(float(np.finfo(dtype).smallest_subnormal)) / Fraction(factor)
            assert claimed <= 10 * worst + Fraction(2) ** -40 * Fraction(units.size[i]) + underflow
        assert np.array_equal(units.block.weight, units.block.weight.astype(dtype).astype(float))


@pytest.mark.parametrize("dtype", DTYPES)
def test_size_covers_the_stored_products_and_single_numbers_are_recognised(dtype):
    sources = Sources.of_size(2)
    sources.set(np.arange(2), np.arange(2)[:, None], np.ones((2, 1)), size=np.array([3.0, 5.0]))
    rows = [{1: fmpq(1, 4)}, {1: fmpq(3), 2: fmpq(-1, 2)}, {0: fmpq(7)}]
    arrays = exact_rows(rows, lambda column, value: (column - 1, value, fmpq(0)))
    units = linear_units(arrays, sources, np.array([3.0, 5.0]), Arithmetic(np.dtype(dtype)))
    assert units.inexact.tolist() == [False, True, False]
    assert units.entries.tolist() == [1, 2, 1]
    assert units.size == pytest.approx([0.75, 11.5, 7.0])
    assert units.rounding.tolist() == [0.0, 0.0, 0.0]


def test_sums_of_integers_are_exact_until_the_numbers_grow_too_long():
    sources = Sources.of_size(2)
    sources.set(
        np.arange(2), np.arange(2)[:, None], np.ones((2, 1)), size=np.ones(2), is_integral=np.array([True, False])
    )
    rows = [{0: fmpq(3, 8), 1: fmpq(5, 4)}, {1: fmpq(1), 2: fmpq(1)}, {0: fmpq(1, 4096), 1: fmpq(1)}]
    arrays = exact_rows(rows, lambda column, value: (column - 1, value, fmpq(0)))
    units = linear_units(arrays, sources, np.ones(2), Arithmetic(np.dtype("float16")))
    assert units.exact.tolist() == [True, False, False]


def test_numbers_that_the_dtype_cannot_hold_are_flagged():
    sources = Sources.of_size(1)
    sources.set(np.arange(1), np.arange(1)[:, None], np.ones((1, 1)), size=np.ones(1))
    for number, dtype, expected in ((70000, "float16", True), (70000, "float32", False), (10**39, "float32", True)):
        arrays = exact_rows([{1: fmpq(number)}], lambda column, value: (column - 1, value, fmpq(0)))
        with np.errstate(over="ignore"):
            assert linear_units(arrays, sources, np.ones(1), Arithmetic(np.dtype(dtype))).overflow is expected


@pytest.mark.parametrize("seed", range(10))
def test_float64_rows_over_exact_sources_lose_what_the_product_of_two_numbers_loses(seed):
    rng = np.random.default_rng(seed)
    weights, value = rng.normal(size=(1, 3)), fmpq(int(rng.integers(1, 2**62)), int(rng.integers(1, 2**62)))
    sources = Sources.of_size(1)
    sources.set(np.arange(1), np.arange(3)[None], weights, size=np.array([3.0]))
    arrays = exact_rows([{1: value}], lambda column, number: (column - 1, number, fmpq(0)))
    units = linear_units(arrays, sources, np.ones(3), Arithmetic(np.dtype("float64")))
    lost = sum(
        abs(exactly(value) * Fraction(w) - Fraction(kept))
        for w, kept in zip(weights[0], units.block.weight, strict=True)
    )
    assert 0 < lost <= Fraction(units.rounding[0]) <= 2 * lost
