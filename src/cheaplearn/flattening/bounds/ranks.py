"""Ranks with proofs: from below modulo a prime, from above modulo enough primes, by balls where no theorem helps.

- From below: a minor that is not 0 modulo a prime, with rational numbers in place of the parameters, is not 0.
- From above: if every minor of size r + 1 is 0 modulo primes whose product exceeds Hadamard's bound, it is 0; if it is
  so at D + 1 values of a parameter, and its numerator has degree at most D in it, it is 0 identically.
- A parameter that is not known to be transcendental may be a root of a minor: a ball without 0 shows that it is not.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq, fmpz, nmod_mat

from .blocks import Block, blocks, peeled
from .derivatives import PRECISIONS, Point
from .moments import Entries, Moments
from .results import EXACT, MODULAR

__all__ = ["CHEAP", "Rank", "pivots", "prime", "rank_of"]

CHEAP = 3e9  # elementary steps that a proof from above may take where it is not needed: a few seconds
_BITS = 60  # every prime used is above 2^60


@dataclass(frozen=True)
class Rank:
    """What is proven of a rank.

    Args:
        lower: It is at least this.
        upper: It is at most this; None if not looked for.
        how: The arithmetic, in words.
    """

    lower: int
    upper: int | None
    how: str = EXACT


def rank_of(entries: Entries, moments: Moments, point: Point | None, budget: float = math.inf) -> Rank:
    """Bounds the rank of a part of the matrix of moments.

    Args:
        entries: Its entries.
        moments: Where they come from.
        point: The derivatives that divide the moments, none of them 0; None to leave the moments as they are.
        budget: Steps that a proof from above may take; without end it is always given.

    Returns:
        The rank from below, and from above if that is within the budget.
    """
    rank, core = peeled(entries)
    found = [(_block_rank(block, point, budget), count) for block, count in blocks(core, moments)]
    lower = rank + sum(count * part.lower for part, count in found)
    uppers = [count * part.upper for part, count in found if part.upper is not None]
    words = "; ".join(sorted({part.how for part, _ in found} - {EXACT})) or EXACT
    return Rank(lower, rank + sum(uppers) if len(uppers) == len(found) else None, words)


def _block_rank(block: Block, point: Point | None, budget: float) -> Rank:
    # Weights of two degrees are those of a scaling of rows and columns: they do not change a rank.
    if point is not None and len(block.degrees) <= 2:
        point = None
    full = min(block.shape)
    used = point.used(block.degrees) if point else frozenset()
    somewhere = [next(_allowed(block, point, k, _random(k))) for k in range(len(point.parameters))] if point else []
    rank = _modular(block, _integers(block, point, somewhere), prime(0)).rank()
    upper = full if rank == full else _from_above(block, point, sorted(used), rank, budget)
    if point is None or point.is_generic(block.degrees):
        if upper is None:
            return Rank(rank, None, MODULAR)
        names = ", ".join(point.parameters[k].name for k in sorted(used)) if point else ""
        return Rank(
            upper, upper, f"exact over the rational functions of {names}, which is transcendental" if names else EXACT
        )
    lower = _by_balls(block, point, rank if upper is None else upper, somewhere)
    return Rank(lower, upper, "minors bounded away from 0 by ball arithmetic")


def _from_above(block: Block, point: Point | None, used: list[int], rank: int, budget: float) -> int | None:
    """The exact rank over the rational functions of the parameters used, or None if that takes too long."""
    full = min(block.shape)
    while rank < full:
        grids = [_abscissas(block, point, k, rank + 1) for k in used] if point else []
        size = block.shape[0] * block.shape[1]
        if math.prod(map(len, grids)) * (rank + 64) * size > budget:
            return None
        spent, highest = 0.0, rank
        for values in itertools.product(*grids):
            parameters = [0] * (len(point.parameters) if point else 0)
            for k, value in zip(used, values, strict=True):
                parameters[k] = value
            integers = _integers(block, point, parameters)
            n_primes = int(_minor_bits(block, integers, rank + 1)) // _BITS + 1
            spent += n_primes * (rank + 64) * size
            if spent > budget:
                return None
            highest = max(highest, *(_modular(block, integers, prime(k)).rank() for k in range(n_primes)))
        if highest == rank:
            return rank
        rank = highest  # the first prime or the first parameters were unlucky
    return full


def _abscissas(block: Block, point: Point, parameter: int, size: int) -> list[int]:
    """More values of a parameter than the numerator of a minor has roots."""
    rows, columns = Counter(block.row_degrees), Counter(block.column_degrees)
    degree = 0
    for k in block.degrees:
        if point.sigma[k].degree and point.sigma[k].parameter == parameter:
            # A product of entries, one per row and column, divides by sigma_k at most this often.
            often = min(size, sum(min(n, columns[k - i]) for i, n in rows.items()))
            degree += often * point.sigma[k].degree
    return list(itertools.islice(_allowed(block, point, parameter, itertools.count(2)), degree + 1))


def _allowed(block: Block, point: Point, parameter: int, candidates: Iterable[int]) -> Iterator[int]:
    """Values of a parameter that are no root of a derivative that divides."""
    values = [0] * len(point.parameters)
    divisors = [point.sigma[k] for k in block.degrees if parameter in point.used([k])]
    for values[parameter] in candidates:
        if all(divisor.value(values) for divisor in divisors):
            yield values[parameter]


def _random(seed: int) -> Iterator[int]:
    source = random.Random(seed)
    return iter(lambda: source.randrange(10**3, 10**6), 0)


def _integers(block: Block, point: Point | None, parameters: Sequence[int]) -> list[int]:
    """The moments over their derivatives, times a common factor that makes them integers."""
    sigma = {k: point.sigma[k].value(parameters) if point else Fraction(1) for k in block.degrees}
    ratios = [moment / sigma[k] for k, moment in block.moments]
    denominator = math.lcm(*(ratio.denominator for ratio in ratios))
    whole = [ratio.numerator * (denominator // ratio.denominator) for ratio in ratios]
    divisor = math.gcd(*whole)
    return [value // divisor for value in whole]


def _minor_bits(block: Block, integers: Sequence[int], size: int) -> float:
    """Hadamard's bound of a minor, by rows or by columns, as a power of 2."""
    bits = np.array([value.bit_length() for value in integers])[list(block.values)]
    bounds = []
    for lines in (list(block.rows), list(block.columns)):
        height = np.zeros(max(lines) + 1)
        np.maximum.at(height, lines, bits)
        bounds.append(np.sort(height + np.log2(np.bincount(lines)) / 2)[-size:].sum())
    return min(bounds) + 2  # one bit for the sign, one for rounding


def _modular(block: Block, integers: Sequence[int], prime: int) -> Any:
    entries = block.dense([value % prime for value in integers])
    return nmod_mat(*block.shape, entries.ravel().tolist(), prime)


@cache
def prime(index: int) -> int:
    """Lists the primes below 2^61, from the largest.

    Args:
        index: Which one, from 0.

    Returns:
        The prime.
    """
    candidate = prime(index - 1) - 2 if index else (1 << 61) - 1
    while not fmpz(candidate).is_prime():
        candidate -= 2
    return candidate


def _by_balls(block: Block, point: Point, rank: int, parameters: Sequence[int]) -> int:
    """Largest size found of a minor that is not 0 at the true parameters."""
    modular = _modular(block, _integers(block, point, parameters), prime(0))
    rows, columns = list(pivots(modular.transpose())), list(pivots(modular))
    if len(rows) == rank and any(_excludes_zero(block, point, rows, columns, bits) for bits in PRECISIONS):
        return rank
    # Rows that the parameters do not enter are as good as rational.
    tainted = {i for i, v in zip(block.rows, block.values, strict=True) if point.sigma[block.moments[v][0]].degree}
    table = np.array(modular.table(), dtype=object)
    rest = [i for i in range(block.shape[0]) if i not in tainted]
    return nmod_mat(len(rest), block.shape[1], table[rest].ravel().tolist(), prime(0)).rank() if rest else 0


def pivots(matrix: Any) -> Iterator[int]:
    """Finds columns that are a basis of all columns.

    Args:
        matrix: Modulo a prime.

    Yields:
        Their indices.
    """
    reduced, rank = matrix.rref()
    for row in reduced.table()[:rank]:
        yield next(j for j, entry in enumerate(row) if entry != 0)


def _excludes_zero(block: Block, point: Point, rows: list[int], columns: list[int], bits: int) -> bool:
    with ctx.workprec(bits):
        balls = point.balls()
        weights = {k: 1 / point.sigma[k].ball(balls) for k in block.degrees}
        values = [weights[k] * fmpq(moment.numerator, moment.denominator) for k, moment in block.moments]
        row_place, column_place = ({line: k for k, line in enumerate(lines)} for lines in (rows, columns))
        table = [[arb(0)] * len(columns) for _ in rows]
        for i, j, v in zip(block.rows, block.columns, block.values, strict=True):
            if i in row_place and j in column_place:
                table[row_place[i]][column_place[j]] = values[v]
        return 0 not in arb_mat(table).det()
