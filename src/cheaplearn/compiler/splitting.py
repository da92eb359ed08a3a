r"""How monomials are split into products, so that many of them share their factors.

A monomial of degree d, ``2^(k-1) < d <= 2^k``, is a product of two factors of degree at most ``2^(k-1)``: a tree of
depth k. Which factors is chosen by popularity: how many of the wanted monomials could use a factor. A monomial whose
powers are all even is the square of its root, which is half the price of a product.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations

__all__ = ["Monomial", "choose_splits", "degree"]

Monomial = tuple[tuple[int, int], ...]

_ALL_SPLITS = 6  # up to this degree every split is looked at (35 at most), above it contiguous ones


def degree(monomial: Monomial) -> int:
    """Gives the degree.

    Args:
        monomial: Pairs (site, power).

    Returns:
        Sum of the powers.
    """
    return sum(power for _, power in monomial)


def choose_splits(monomials: Iterable[Monomial]) -> dict[Monomial, tuple[Monomial, Monomial]]:
    """Chooses two factors for every monomial of degree at least 2 and for every factor that this needs.

    Args:
        monomials: Wanted monomials.

    Returns:
        Factors by monomial, the more popular one first; equal factors mean a square.

    Cost: proportional to the number of monomials times the splits of one (3 at degree 4, 25 at degree 6).
    """
    splits: dict[Monomial, tuple[Monomial, Monomial]] = {}
    pending: dict[int, dict[Monomial, None]] = {}  # by number of levels
    for monomial in monomials:
        pending.setdefault(_levels(monomial), {})[monomial] = None
    for level in range(max(pending, default=0), 0, -1):
        wanted = [m for m in pending.get(level, {}) if m not in splits]
        for monomial, factors in _split_all(wanted, level, pending).items():
            splits[monomial] = factors
            for factor in factors:
                if (below := _levels(factor)) > 0:
                    pending.setdefault(below, {})[factor] = None
    return splits


def _split_all(
    monomials: list[Monomial], level: int, pending: dict[int, dict[Monomial, None]]
) -> dict[Monomial, tuple[Monomial, Monomial]]:
    """Splits monomials of one level, the ones with the fewest choices first."""
    chosen = {m: (root, root) for m in monomials if (root := _root(m))}
    candidates = {m: _candidates(m, 2 ** (level - 1)) for m in monomials if m not in chosen}
    popularity = Counter(factor for splits in candidates.values() for pair in splits for factor in set(pair))
    made = {factor for below in pending.values() for factor in below}  # needed anyway: free to use
    made.update(root for root, _ in chosen.values())
    for monomial in sorted(candidates, key=lambda m: len(candidates[m])):
        best = max(candidates[monomial], key=lambda pair: _merit(pair, made, popularity))
        made.update(best)
        chosen[monomial] = tuple(sorted(best, key=lambda f: (-popularity[f], f)))  # type: ignore[assignment]
    return chosen


def _merit(pair: tuple[Monomial, Monomial], made: set[Monomial], popularity: Counter[Monomial]) -> tuple[int, int, int]:
    """Prefers factors that are there already (inputs always are), then squares among the others, then popular ones."""
    a, b = pair
    missing = [factor for factor in {a, b} if factor not in made and degree(factor) > 1]
    squares = sum(1 for factor in missing if _root(factor))
    return -len(missing), squares, max(popularity[a], popularity[b])


def _candidates(monomial: Monomial, largest: int) -> list[tuple[Monomial, Monomial]]:
    sites = [site for site, power in monomial for _ in range(power)]
    d = len(sites)
    pairs: dict[frozenset[Monomial], tuple[Monomial, Monomial]] = {}
    if d <= _ALL_SPLITS:
        places: Iterable[tuple[int, ...]] = (
            chosen for size in range(d - largest, d // 2 + 1) for chosen in combinations(range(d), size)
        )
    else:
        size = min(largest, (d + 1) // 2)
        places = (tuple(sorted((start + i) % d for i in range(size))) for start in range(d))
    for chosen in places:
        first = _collect([sites[i] for i in chosen])
        inside = set(chosen)
        second = _collect([sites[i] for i in range(d) if i not in inside])
        pairs.setdefault(frozenset((first, second)), (first, second))
    return list(pairs.values())


def _collect(sites: list[int]) -> Monomial:
    return tuple(sorted(Counter(sites).items()))


def _root(monomial: Monomial) -> Monomial | None:
    if any(power % 2 for _, power in monomial):
        return None
    return tuple((site, power // 2) for site, power in monomial)


def _levels(monomial: Monomial) -> int:
    return (degree(monomial) - 1).bit_length()
