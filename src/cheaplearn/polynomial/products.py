"""Products and powers of sums of monomials.

A monomial in few variables is packed into one integer, one field per variable, so that multiplying monomials
is adding integers; with many variables such integers would be mostly zeros, and sorted tuples of
(variable, power) codes take their place. Both are exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise, repeat

import numpy as np

from .coefficients import common_denominator
from .monomials import Coefficient, Monomial, Terms, check_power, degrees, merge

__all__ = ["multiply_terms", "power_terms"]

_MAX_PACKED_BYTES = 256  # measured: at 100 bytes packing still wins, at 784 it loses by a factor of 4
_CODE_BYTES = 16  # rough price of one factor in the other form
_UNPACK_ROWS = 50_000
_POWER_BITS = 32


def multiply_terms(left: Mapping[Monomial, Coefficient], right: Mapping[Monomial, Coefficient]) -> Terms:
    """Multiplies two sums of monomials exactly; vanishing terms are left out.

    Args:
        left: First factor.
        right: Second factor.

    Returns:
        Their product; whole coefficients may come as integers.

    Cost: one addition of monomials, one integer product and one dictionary access per pair of terms.

    Example:
        >>> x, y = ((0, 1),), ((1, 1),)
        >>> multiply_terms({x: 1, y: 1}, {x: 1, y: -1})
        {((0, 2),): 1, ((1, 2),): -1}
    """
    if len(left) <= 1 or len(right) <= 1:
        return {merge(m, k): c * d for m, c in left.items() for k, d in right.items()}

    left_numerators, left_denominator = common_denominator(left)
    right_numerators, right_denominator = common_denominator(right)
    packing = _Packing.fitting(_sum_of_degrees(left, right), _mean_length(left) + _mean_length(right))
    if packing is None:
        product = _multiply_sparse(left_numerators, right_numerators)
        return _divide(product, left_denominator * right_denominator)
    packed = _convolve(packing.pack(left_numerators), packing.pack(right_numerators))
    return packing.unpack(packed, left_denominator * right_denominator)


def power_terms(terms: Mapping[Monomial, Coefficient], exponent: int) -> Terms:
    """Raises a sum of monomials to a power; the power 0 of anything is 1.

    Args:
        terms: The base.
        exponent: Power, >= 0.

    Returns:
        The expanded power; whole coefficients may come as integers.

    Cost: the cheaper of repeated multiplication by the base and of the multinomial theorem.
    """
    if exponent == 0:
        return {(): 1}
    if len(terms) <= 1:
        return {_power(monomial, exponent): coefficient**exponent for monomial, coefficient in terms.items()}
    if exponent == 1:
        return dict(terms)

    numerators, denominator = common_denominator(terms)
    highest = {index: power * exponent for index, power in degrees(terms).items()}
    packing = _Packing.fitting(highest, exponent * _mean_length(terms))
    if packing is None:
        return _power_by_products(terms, exponent)
    packed = packing.pack(numerators)
    compositions = math.comb(exponent + len(terms) - 1, exponent)
    products = exponent * len(terms) * min(compositions, math.prod(power + 1 for power in highest.values())) // 2
    expand = _power_by_compositions if compositions < products else _power_by_convolution
    return packing.unpack(expand(packed, exponent), denominator**exponent)


class _Packing:
    """Monomials as integers with one field of equal width per variable, wide enough for the highest power."""

    def __init__(self, variables: Sequence[int], field_bytes: int) -> None:
        self._variables = np.array(variables, dtype=np.int64)
        self._field_bytes = field_bytes
        self._shift = {index: 8 * field_bytes * position for position, index in enumerate(variables)}

    @classmethod
    def fitting(cls, highest: Mapping[int, int], n_factors: float) -> _Packing | None:
        # None: so many variables and so few factors in a term that packed monomials would waste memory.
        largest = check_power(max(highest.values(), default=0))
        # The widths that NumPy can read back.
        field_bytes = 1 if largest < 2**8 else 2 if largest < 2**16 else 4
        if field_bytes * len(highest) > max(_MAX_PACKED_BYTES, _CODE_BYTES * n_factors):
            return None
        return cls(sorted(highest), field_bytes)

    def pack(self, terms: Mapping[Monomial, Coefficient]) -> dict[int, Coefficient]:
        shift = self._shift
        return {
            sum(power << shift[index] for index, power in monomial): coefficient
            for monomial, coefficient in terms.items()
        }

    def unpack(self, packed: Mapping[int, Coefficient], denominator: int) -> Terms:
        terms: Terms = {}
        items = [item for item in packed.items() if item[1]]
        for start in range(0, len(items), _UNPACK_ROWS):
            keys, numerators = zip(*items[start : start + _UNPACK_ROWS], strict=True)
            values = numerators if denominator == 1 else map(Fraction, numerators, repeat(denominator))
            terms.update(zip(self._monomials(keys), values, strict=True))
        return terms

    def _monomials(self, keys: Sequence[int]) -> Iterable[Monomial]:
        n_bytes = self._field_bytes * len(self._variables)
        fields = np.frombuffer(b"".join(key.to_bytes(n_bytes, "little") for key in keys), f"<u{self._field_bytes}")
        fields = fields.reshape(len(keys), len(self._variables))
        rows, columns = np.nonzero(fields)
        pairs = list(zip(self._variables[columns].tolist(), fields[rows, columns].tolist(), strict=True))
        ends = accumulate(np.bincount(rows, minlength=len(keys)).tolist(), initial=0)
        return (tuple(pairs[start:end]) for start, end in pairwise(ends))


def _convolve(left: Mapping[int, Coefficient], right: Mapping[int, Coefficient]) -> dict[int, Coefficient]:
    product: dict[int, Coefficient] = {}
    get = product.get
    inner = list(right.items())
    for m, c in left.items():
        for k, d in inner:
            key = m + k
            product[key] = get(key, 0) + c * d
    return product


def _power_by_convolution(packed: dict[int, Coefficient], exponent: int) -> dict[int, Coefficient]:
    # Multiplying by the short base each time beats squaring, whose last step multiplies two long factors.
    result = packed
    for _ in range(exponent - 1):
        result = _convolve(result, packed)
    return result


def _power_by_compositions(packed: dict[int, Coefficient], exponent: int) -> dict[int, Coefficient]:
    # Multinomial theorem, one term of the base after the other: `partial[r]` holds the products in which
    # r of the `exponent` factors are still to be chosen from the terms not yet visited.
    partial: dict[int, dict[int, Coefficient]] = {exponent: {0: 1}}
    *others, (last_key, last) = packed.items()
    for key, coefficient in others:
        powers = [coefficient**taken for taken in range(exponent + 1)]
        after: dict[int, dict[int, Coefficient]] = {rest: {} for rest in range(exponent + 1)}
        for rest, products in partial.items():
            for taken in range(rest + 1):
                weight = math.comb(rest, taken) * powers[taken]
                _add_multiple(after[rest - taken], products, key * taken, weight)
        partial = after

    result: dict[int, Coefficient] = {}
    for rest, products in partial.items():
        _add_multiple(result, products, last_key * rest, last**rest)
    return result


def _add_multiple(
    target: dict[int, Coefficient], products: Mapping[int, Coefficient], shift: int, weight: Coefficient
) -> None:
    get = target.get
    for key, coefficient in products.items():
        target[key + shift] = get(key + shift, 0) + weight * coefficient


def _multiply_sparse(left: Mapping[Monomial, Coefficient], right: Mapping[Monomial, Coefficient]) -> Terms:
    # A variable that occurs in both factors first appears twice in the sorted codes, hence the second pass.
    products: dict[tuple[int, ...], Coefficient] = {}
    get = products.get
    inner = list(_encode(right))
    for m, c in _encode(left):
        for k, d in inner:
            key = tuple(sorted(m + k))
            products[key] = get(key, 0) + c * d

    terms: Terms = {}
    for codes, coefficient in products.items():
        monomial = _decode(codes)
        terms[monomial] = terms.get(monomial, 0) + coefficient
    return terms


def _encode(terms: Mapping[Monomial, Coefficient]) -> Iterable[tuple[tuple[int, ...], Coefficient]]:
    for monomial, coefficient in terms.items():
        yield tuple([index << _POWER_BITS | power for index, power in monomial]), coefficient


def _decode(codes: tuple[int, ...]) -> Monomial:
    mask = (1 << _POWER_BITS) - 1
    pairs = tuple([(code >> _POWER_BITS, code & mask) for code in codes])
    if all(left[0] != right[0] for left, right in pairwise(pairs)):
        return pairs
    powers: dict[int, int] = {}
    for index, power in pairs:
        powers[index] = check_power(powers.get(index, 0) + power)
    return tuple(powers.items())


def _power_by_products(terms: Mapping[Monomial, Coefficient], exponent: int) -> Terms:
    result = dict(terms)
    for _ in range(exponent - 1):
        result = multiply_terms(result, terms)
    return result


def _power(monomial: Monomial, exponent: int) -> Monomial:
    return tuple((index, check_power(power * exponent)) for index, power in monomial)


def _divide(numerators: Terms, denominator: int) -> Terms:
    return {monomial: Fraction(value, denominator) for monomial, value in numerators.items() if value}


def _mean_length(terms: Mapping[Monomial, Coefficient]) -> float:
    return sum(map(len, terms)) / len(terms)


def _sum_of_degrees(left: Iterable[Monomial], right: Iterable[Monomial]) -> dict[int, int]:
    highest = degrees(left)
    for index, power in degrees(right).items():
        highest[index] = highest.get(index, 0) + power
    return highest
