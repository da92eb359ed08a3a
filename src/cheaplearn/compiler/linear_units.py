"""Linear units: exact rows over sources as stored weights, with a bound on what they compute."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arithmetic import Arithmetic
from .exact_arrays import ExactRows, product_error
from .rows import ROUNDUP
from .sources import Sources

__all__ = ["Block", "LinearUnits", "is_power_of_two", "linear_units"]

_SMALL = 2.0**-900  # products of smaller float64 numbers have errors that may underflow ...
_SMALLEST = 2.0**-1070  # ... by less than this


@dataclass(frozen=True)
class Block:
    """Units of one layer as stored: entries (unit, column, weight) and a bias for each unit.

    Args:
        row: Unit of each entry.
        column: Column it reads.
        weight: Number of the dtype.
        bias: Numbers of the dtype, one per unit.
    """

    row: np.ndarray
    column: np.ndarray
    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class LinearUnits:
    """Stored rows and their error against the wanted ones.

    Args:
        block: Entries over columns of the network.
        truncation: Error that the sources bring in because activations are no squares, per row.
        rounding: Error from everything else, per row, without the rounding of partial sums.
        size: Bound of ``sum |w s| + |b|``, per row.
        inexact: Whether a product is rounded, per row.
        exact: Whether nothing is rounded in any order: sums of integers times multiples of one power of two.
        overflow: Whether a number is too large for the dtype.
    """

    block: Block
    truncation: np.ndarray
    rounding: np.ndarray
    size: np.ndarray
    inexact: np.ndarray
    exact: np.ndarray
    overflow: bool

    @property
    def entries(self) -> np.ndarray:
        """Stored numbers per row, the bias among them."""
        return np.bincount(self.block.row, minlength=len(self.size)) + (self.block.bias != 0)


def linear_units(
    rows: ExactRows, sources: Sources, unit_size: np.ndarray, arithmetic: Arithmetic, factor: float = 1.0
) -> LinearUnits:
    """Stores rows in the dtype and bounds what that changes.

    Args:
        rows: Wanted rows over sources.
        sources: What is known of the sources.
        unit_size: Bound of every column's absolute value.
        arithmetic: Rounding model.
        factor: A power of two that multiplies every row.

    Returns:
        The units; their own additions are not counted in `rounding`.
    """
    n_rows = rows.n_rows
    origin, column, weight = sources.entries(rows.source)
    row = rows.row[origin]
    high = rows.high[origin]
    with np.errstate(over="ignore", invalid="ignore"):
        wanted = high * weight
        left_over = product_error(high, weight, wanted) + rows.low[origin] * weight
        stored = arithmetic.stored(wanted * factor)
        missing = np.abs(wanted - stored / factor) * (1 + 2.0**-52) + np.abs(left_over) * (1 + 2.0**-40)
        missing += np.abs(rows.low[origin] * weight) * 2.0**-48  # what high + low leaves out
        small = np.minimum(np.abs(high), np.abs(wanted)) < _SMALL
        missing += (small & (high != 0)) * (1 + np.abs(weight)) * _SMALLEST  # low and error may have underflowed

        coefficient = np.abs(rows.high) * (1 + 2.0**-50)
        size = _sum(rows.row, coefficient * sources.size[rows.source], n_rows)
        truncation = _sum(rows.row, coefficient * sources.truncation[rows.source], n_rows)
        rounding = _sum(rows.row, coefficient * sources.rounding[rows.source], n_rows)
        rounding += _sum(row, missing * unit_size[column], n_rows)

        shift = _sum(rows.row, rows.high * sources.offset[rows.source], n_rows)
        shift_size = _sum(rows.row, np.abs(rows.high * sources.offset[rows.source]), n_rows)
        constant = rows.constant_high + shift
        bias = arithmetic.stored(constant * factor)
        rounding += np.abs(constant - bias / factor) + np.abs(rows.constant_low)
        terms = np.bincount(rows.row, minlength=n_rows)
        rounding += (shift_size > 0) * (terms + 4) * (shift_size + np.abs(constant)) * 2.0**-52

    kept = stored != 0
    numbers = np.concatenate([stored, bias])
    inexact = _any(row[kept], ~is_power_of_two(stored[kept]), n_rows)
    overflow = not (np.all(np.isfinite(numbers)) and np.all(np.isfinite(size)))
    block = Block(row[kept], column[kept], stored[kept], bias)
    size = (size + np.abs(bias / factor)) * ROUNDUP
    step = np.full(n_rows, np.inf)
    np.minimum.at(step, row[kept], _lowest_bit(stored[kept]))
    step = np.minimum(step, np.where(bias != 0, _lowest_bit(bias), np.inf)) / factor
    exact = ~_any(rows.row, ~sources.is_integral[rows.source], n_rows) & (size <= step / arithmetic.u)
    return LinearUnits(block, truncation * ROUNDUP, rounding * ROUNDUP, size, inexact, exact, overflow)


def _sum(row: np.ndarray, values: np.ndarray, n_rows: int) -> np.ndarray:
    return np.bincount(row, weights=values, minlength=n_rows) if len(row) else np.zeros(n_rows)


def _any(row: np.ndarray, flags: np.ndarray, n_rows: int) -> np.ndarray:
    return np.bincount(row[flags], minlength=n_rows) > 0


def _lowest_bit(numbers: np.ndarray) -> np.ndarray:
    """Value of the lowest bit that is set."""
    mantissa, exponent = np.frexp(np.where(np.isfinite(numbers), numbers, 1.0))
    digits = np.abs(np.ldexp(mantissa, 53)).astype(np.int64)
    return np.ldexp((digits & -digits).astype(np.float64), exponent - 53)


def is_power_of_two(numbers: np.ndarray | float) -> np.ndarray:
    """Tells which numbers are powers of two up to the sign: products by them are exact.

    Args:
        numbers: Floats.

    Returns:
        Booleans, same shape.
    """
    return np.frexp(np.abs(numbers))[0] <= 0.5  # the mantissa is in [0.5, 1)
