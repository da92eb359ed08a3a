"""A `Flattening` in words and columns."""

from __future__ import annotations

import math
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

from ..network import rounded_up

if TYPE_CHECKING:
    from .bounds import LowerBound
    from .results import Flattening

__all__ = ["described"]

_LONGEST = 60  # characters of a polynomial
_WIDTH = 96  # of the text of a bound


def described(f: Flattening) -> str:
    """Writes a result as text.

    Args:
        f: The result.

    Returns:
        Several lines: the bounds, the table, what flattening costs.
    """
    text = str(f.polynomial)
    text = (
        text if len(text) <= _LONGEST else f"{len(f.polynomial.terms)} terms in {len(f.polynomial.variables)} variables"
    )
    lines = [f"Flattening of {text} (degree {f.polynomial.degree}, {f.activation})"]
    lines += ["", "Proven lower bounds on the neurons of one hidden layer:"]
    lines += [line for bound in f.bounds for line in _bound(bound)]
    lines += ["", *_table(f), "", *_costs(f)]
    return "\n".join(lines)


def _bound(bound: LowerBound) -> list[str]:
    text = wrap(f"{bound.name}: {bound.model}", _WIDTH)
    return [f"  {number:>8}  {line}" for number, line in zip_longest([_number(bound.neurons)], text, fillvalue="")]


def _table(f: Flattening) -> list[str]:
    heads = ["layers", "neurons", "synapses", "bound", *f.dtypes, "construction"]
    rows = [heads]
    for row in f.table.itertuples(index=False):
        errors = [_error(getattr(row, f"error_{dtype}"), f.size) for dtype in f.dtypes]
        sizes = [str(row.hidden_layers), str(row.neurons), str(row.synapses), _number(row.lower_bound)]
        rows.append([*sizes, *errors, f"{row.construction}; {row.model}"])
    widths = [max(len(row[k]) for row in rows) for k in range(len(heads))]
    text = ["  ".join(cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=False)) for row in rows]
    return ["  " + left + "  " + row[-1] for left, row in zip(text, rows, strict=True)] + [
        f"  (errors: best certified on the box; p is at most {f.size:.3g} there; -: no tolerance reachable)"
    ]


def _costs(f: Flattening) -> list[str]:
    flat, deep = f.flat, f.deep
    layers = "One hidden layer" if flat.depth <= 1 else f"{flat.depth} hidden layers"
    if deep.depth > flat.depth:
        take = "takes" if flat.depth <= 1 else "take"
        lines = [
            f"{layers} {take} {flat.neurons} neurons, {deep.depth} take {deep.neurons}: {f.cost:.3g} times as many."
        ]
    else:
        lines = [f"{layers}: {flat.neurons} neurons, and no deeper network that was built takes fewer."]
    bits = ", ".join(f"{bits:.1f} bits in {dtype}" for dtype, bits in f.bits_lost.items() if math.isfinite(bits))
    if deep.depth > flat.depth and bits:
        lines.append(f"Flattening loses {bits} of the best certified error.")
    return lines


def _error(error: float, size: float) -> str:
    return "-" if error >= size > 0 or not math.isfinite(error) else f"{rounded_up(error, 2):.2g}"


def _number(number: float) -> str:
    return "none can" if number == math.inf else f"{number:,.0f}"
