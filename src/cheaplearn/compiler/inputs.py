"""What the user says about inputs and tolerances, checked and made exact."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from .._messages import must_be
from ..circuit import Circuit

__all__ = ["Interval", "read_box", "read_tolerances", "scales"]

Interval: TypeAlias = tuple[Fraction, Fraction]


def read_box(circuit: Circuit, box: Any) -> list[Interval]:
    """Reads the box.

    Args:
        circuit: The function.
        box: One pair for every input, or a mapping from names to pairs; bits and spins have their natural range.

    Returns:
        One exact interval per input.

    Raises:
        ValueError: If an interval is missing, unbounded or empty, or a name is no variable.
    """
    given = dict(box) if isinstance(box, Mapping) else {}
    for name in given:
        if name not in circuit.variables:
            known = f"about the variables {', '.join(circuit.variables)}"
            raise ValueError(must_be("box", "compile", known, f"an unknown variable {name!r}", "Correct the name."))
    intervals = []
    for name, kind in zip(circuit.variables, circuit.kinds, strict=True):
        pair = given.get(name) if isinstance(box, Mapping) else box
        if kind != "real":
            natural = (0, 1) if kind == "bit" else (-1, 1)
            pair = natural if pair is None or not isinstance(box, Mapping) else pair
        intervals.append(_interval(name, pair))
    return intervals


def _interval(name: str, pair: Any) -> Interval:
    advice = f'Pass box=(-1, 1) or box={{"{name}": (-1, 1), ...}}.'
    try:
        low, high = pair
        low, high = _exact(low), _exact(high)
    except (TypeError, ValueError, OverflowError):
        requirement = "bounded to certify an error: a pair of finite numbers (low, high)"
        got = f"{pair!r} for {name!r}"
        raise ValueError(must_be("box", "compile", requirement, got, advice)) from None
    if low > high:
        got = f"an empty interval {pair!r} for {name!r}"
        raise ValueError(must_be("box", "compile", "ordered, low <= high", got, advice))
    return low, high


def _exact(number: Any) -> Fraction:
    return Fraction(number) if isinstance(number, int | Fraction) else Fraction(float(number))


def read_tolerances(circuit: Circuit, intervals: list[Interval], tolerance: Any, relative: Any) -> np.ndarray | None:
    """Reads the tolerance.

    Args:
        circuit: The function.
        intervals: Range of each input.
        tolerance: Absolute: a number, one per output, or None.
        relative: Relative to the scale of each output (see `scales`), likewise.

    Returns:
        Absolute tolerances, one per output; None if there are none.

    Raises:
        ValueError: If both are given, or a number is not positive.
    """
    if tolerance is not None and relative is not None:
        advice = "Pass only one of the two."
        raise ValueError(must_be("tolerance", "compile", "None if relative_tolerance is given", tolerance, advice))
    name, value = ("tolerance", tolerance) if relative is None else ("relative_tolerance", relative)
    if value is None:
        return None
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in ((), (len(circuit.outputs),)) or not np.all(np.isfinite(array)) or np.any(array <= 0):
        requirement = f"a positive number, or one per output ({len(circuit.outputs)})"
        raise ValueError(must_be(name, "compile", requirement, repr(value)))
    factors = np.ones(len(circuit.outputs)) if relative is None else scales(circuit, intervals)
    return np.broadcast_to(array, factors.shape) * factors


def scales(circuit: Circuit, intervals: list[Interval]) -> np.ndarray:
    """Gives the scale of each output: the sum over its terms of ``|c| max over the box of |monomial|``.

    Args:
        circuit: The function.
        intervals: Range of each input.

    Returns:
        Shape (outputs,); 1 for the zero polynomial.
    """
    reach = [
        max(abs((low - Fraction(c)) / Fraction(s)), abs((high - Fraction(c)) / Fraction(s)))
        for (low, high), c, s in zip(intervals, circuit.center, circuit.scale, strict=True)
    ]
    totals = []
    for output in circuit.outputs:
        total = Fraction(0)
        for monomial, coefficient in output.terms.items():
            size = abs(coefficient)
            for site, power in monomial:
                size *= reach[site] ** power
            total += size
        totals.append(float(total) if 0 < total <= sys.float_info.max else math.inf if total else 1.0)
    return np.array(totals)
