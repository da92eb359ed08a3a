"""Sums, products and powers that refuse to grow without bound, for input from outside.

What an operation may produce is bounded before it is carried out, so that ``(a+b+c+d+e)**200`` costs a
message and no memory.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NoReturn

from .coefficients import size_in_bits
from .monomials import MAX_POWER, Coefficient, Monomial, Terms, degrees, merge
from .products import multiply_terms, power_terms

__all__ = ["MAX_EXPONENT", "MAX_TERMS", "Guard", "TooLargeError"]

MAX_EXPONENT = 1000
MAX_TERMS = 1_000_000
_MAX_WORK = 50_000_000  # products of two terms in one expression: a minute or two
_MAX_BITS = 65_536  # of one coefficient, about 20,000 digits
_MAX_TOTAL_BITS = 2_000_000_000  # of all coefficients together, 250 MB


class TooLargeError(ValueError):
    """An expansion would take too much memory or time; the text says which limit it passes."""


class Guard:
    """Sums, products and powers for one expression, whose total work is limited too."""

    def __init__(self) -> None:
        self._work = 0

    def sum(self, left: Terms, right: Terms) -> Terms:
        """Adds two sums of monomials; both are used up.

        Args:
            left: First summand; changed.
            right: Second summand; changed.

        Returns:
            The sum, held by the longer of the two.

        Raises:
            TooLargeError: If the sum has too many terms or too long a coefficient.
        """
        if len(left) < len(right):
            left, right = right, left
        for monomial, coefficient in right.items():
            if monomial not in left:
                left[monomial] = coefficient
                continue
            left[monomial] = total = left[monomial] + coefficient
            if not total:
                del left[monomial]
            elif size_in_bits(total) > _MAX_BITS:
                _refuse_digits(size_in_bits(total), 1)
        if len(left) > MAX_TERMS:
            message = f"more than {MAX_TERMS:,} terms"
            raise TooLargeError(message)
        return left

    def product(self, left: Terms, right: Terms) -> Terms:
        """Multiplies two sums of monomials after bounding the result.

        Args:
            left: First factor.
            right: Second factor.

        Returns:
            The product.
        """
        if len(left) == 1 and len(right) == 1:
            return _product_of_single_terms(left, right)
        highest, highest_right = degrees(left), degrees(right)
        for index, power in highest_right.items():
            highest[index] = highest.get(index, 0) + power
        pairs = len(left) * len(right)
        most_sums = max(1, min(len(left), len(right)))  # of products that meet in one monomial
        self._check(
            n_terms=min(pairs, _monomials_within(highest, _total_degree(left) + _total_degree(right))),
            work=pairs,
            bits=_longest(left) + _longest(right) + math.log2(most_sums),
            highest=highest,
        )
        return multiply_terms(left, right)

    def power(self, base: Terms, exponent: int) -> Terms:
        """Raises a sum of monomials to a power after bounding the result.

        Args:
            base: The base.
            exponent: Power, >= 0.

        Returns:
            The expanded power.

        Raises:
            TooLargeError: If the exponent or the expansion passes a limit.
        """
        if exponent > MAX_EXPONENT:
            message = f"an exponent above {MAX_EXPONENT}"
            raise TooLargeError(message)
        if len(base) == 1 and 1 in base.values():
            return power_terms(base, exponent)
        highest = {index: power * exponent for index, power in degrees(base).items()}
        size = max(1, len(base))
        compositions = math.comb(exponent + size - 1, exponent)
        n_terms = min(compositions, _monomials_within(highest, _total_degree(base) * exponent))
        self._check(
            n_terms=n_terms,
            work=min(2 * compositions, n_terms * size * exponent),
            bits=exponent * (_longest(base) + math.log2(size)),
            highest=highest,
        )
        return power_terms(base, exponent)

    def _check(self, n_terms: int, work: int, bits: float, highest: Mapping[int, int]) -> None:
        if n_terms > MAX_TERMS:
            message = f"up to {_readable(n_terms)} terms, more than the {MAX_TERMS:,} allowed"
            raise TooLargeError(message)
        self._work += work
        if self._work > _MAX_WORK:
            message = f"up to {_readable(self._work)} products of terms, more than the {_MAX_WORK:,} allowed"
            raise TooLargeError(message)
        if bits > _MAX_BITS or bits * n_terms > _MAX_TOTAL_BITS:
            _refuse_digits(bits, n_terms)
        if max(highest.values(), default=0) > MAX_POWER:
            message = f"a power of one variable above {MAX_POWER:,}"
            raise TooLargeError(message)


def _product_of_single_terms(left: Terms, right: Terms) -> Terms:
    # The one case that a long text repeats at every `*`; factors 1 come from plain variables.
    ((m, c),) = left.items()
    ((k, d),) = right.items()
    if type(c) is int and c == 1:
        return {merge(m, k): d}
    if type(d) is int and d == 1:
        return {merge(m, k): c}
    product = c * d
    if size_in_bits(product) > _MAX_BITS:
        _refuse_digits(size_in_bits(product), 1)
    return {merge(m, k): product}


def _refuse_digits(bits: float, n_terms: int) -> NoReturn:
    digits = math.ceil(bits * math.log10(2))
    message = f"up to {_readable(digits)} digits in each of up to {_readable(n_terms)} coefficients"
    raise TooLargeError(message)


def _readable(number: int) -> str:
    # Counts of terms reach thousands of digits, which Python refuses to print and nobody would read.
    return f"{number:,}" if number < 10**15 else f"10^{math.floor(math.log10(number))}"


def _monomials_within(highest: Mapping[int, int], total_degree: int) -> int:
    # Each power within its own bound, or their sum within the total degree: both bound the count.
    box = math.prod(power + 1 for power in highest.values())
    return min(box, math.comb(total_degree + len(highest), len(highest)))


def _total_degree(terms: Mapping[Monomial, Coefficient]) -> int:
    return max((sum(power for _, power in monomial) for monomial in terms), default=0)


def _longest(terms: Mapping[Monomial, Coefficient]) -> float:
    # In bits, of numerator and denominator together; log2 rather than whole bits, because powers multiply it.
    return max((math.log2(abs(c.numerator)) + math.log2(c.denominator) for c in terms.values() if c), default=0)
