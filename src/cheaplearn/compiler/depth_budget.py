r"""Which factors to multiply in one layer when a tree of pairs has too many layers.

A monomial of degree d needs ``ceil(log2 d)`` layers of pairs; with fewer, layer i multiplies b_i factors at once at
``prod (r + 1) / 2`` neurons for powers r of distinct factors (2^(b_i - 1) if all are distinct):
``sum_i (d / prod_(j<=i) b_j) 2^(b_i - 1)`` neurons in all. The cheapest choice is found by recursion over the factors.
Source: Rolnick & Tegmark (2018), Theorem 5.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from .power_gates import MAX_POWER
from .sign_patterns import n_patterns
from .splitting import Monomial, choose_splits, degree

__all__ = ["Groups", "choose_groups", "smallest_depth"]

Groups = dict[Monomial, tuple[Monomial, ...]]


@dataclass(frozen=True)
class _Choice:
    """Neurons that a monomial takes and the factors of its last layer; none if a tree of pairs will do."""

    cost: float
    factors: tuple[Monomial, ...] = ()


def smallest_depth(largest_degree: int, at_once: int = MAX_POWER) -> int:
    """Gives the fewest layers that a monomial can be done in.

    Args:
        largest_degree: Its degree.
        at_once: Most factors that one layer can multiply.

    Returns:
        The number of layers.
    """
    depth, reached = 0, 1
    while reached < largest_degree:
        depth, reached = depth + 1, reached * at_once
    return depth


def choose_groups(monomials: Iterable[Monomial], depth: int, parity: int | None) -> Groups:
    """Chooses factors for the monomials that have too many for a tree of pairs, and for the factors that this needs.

    Args:
        monomials: Wanted monomials, none above degree ``MAX_POWER^depth``.
        depth: Number of layers, at least 1.
        parity: Number of factors, modulo 2, that one layer can multiply; None for any.

    Returns:
        Factors by monomial, equal ones repeated: to be multiplied in one layer.

    Cost: a few hundred splits per monomial of degree up to 36.
    """
    budget = {monomial: depth for monomial in monomials}
    pending = list(budget)
    while pending:
        monomial = pending.pop()
        for factor in _best(monomial, budget[monomial], parity).factors:
            below = budget[monomial] - 1
            if degree(factor) > 1 and budget.get(factor, depth + 1) > below:
                budget[factor] = below
                pending.append(factor)
    chosen = {monomial: _best(monomial, levels, parity).factors for monomial, levels in budget.items()}
    return {monomial: factors for monomial, factors in chosen.items() if factors}


@cache
def _best(monomial: Monomial, levels: int, parity: int | None) -> _Choice:
    d = degree(monomial)
    if d <= 2**levels:
        return _Choice(_tree_cost(monomial))
    choices = [_Choice(float("inf"))]
    for at_once in range(2, min(MAX_POWER, d) + 1):
        if -(-d // at_once) <= MAX_POWER ** (levels - 1):
            for factors in _divisions(monomial, at_once):
                below = sum(_best(f, levels - 1, parity).cost for f in set(factors))
                choices.append(_Choice(_layer_cost(factors, parity) + below, factors))
    return min(choices, key=lambda choice: choice.cost)


def _tree_cost(monomial: Monomial) -> int:
    if degree(monomial) == 1:
        return 0
    return sum(1 if a == b else 2 for a, b in choose_splits([monomial]).values())


def _layer_cost(factors: tuple[Monomial, ...], parity: int | None) -> int:
    powers = tuple(Counter(factors).values())
    if len(factors) == 2:
        return len(powers)  # a square or a product
    return n_patterns(powers if parity in {None, len(factors) % 2} else (*powers, 1))


def _divisions(monomial: Monomial, at_once: int) -> set[tuple[Monomial, ...]]:
    """Balanced divisions into factors: neighbours together, or equal ones apart."""
    sites = [site for site, power in monomial for _ in range(power)]
    size, larger = divmod(len(sites), at_once)
    ends = [i * size + min(i, larger) for i in range(at_once + 1)]
    together = [sites[a:b] for a, b in pairwise(ends)]
    apart = [sites[i::at_once] for i in range(at_once)]
    return {tuple(sorted(tuple(sorted(Counter(part).items())) for part in parts)) for parts in (together, apart)}
