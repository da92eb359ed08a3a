"""Sets of variables that hold all monomials of a form: the supports of its Gram matrices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["chordal_cliques", "grown_cliques"]

Clique = tuple[int, ...]


def chordal_cliques(supports: Iterable[Sequence[int]], size: int, widest: int) -> list[Clique] | None:
    """Returns the maximal cliques of a chordal graph that contains all supports.

    Variables are eliminated in the order of least degree. On these cliques the positive semidefinite matrices
    with the sparsity of the graph are sums of small ones (Agler et al., Linear Algebra Appl. 107 (1988) 101).

    Args:
        supports: Variables of each monomial.
        size: Number of variables.
        widest: Give up at a clique of more variables.

    Returns:
        The cliques, or None if one is too wide.

    Cost: size^2 plus the sum of squares of clique sizes.
    """
    near = _neighbours(supports, size)
    left = set(range(size))
    found: list[set[int]] = []
    while left:
        i = min(left, key=lambda j: (len(near[j]), j))
        clique = near[i] | {i}
        if len(clique) > widest:
            return None
        if not any(clique <= other for other in found):
            found.append(clique)
        for j in near[i]:
            near[j] |= near[i]
            near[j] -= {i, j}
        left.remove(i)
    return sorted(tuple(sorted(clique)) for clique in found)


def grown_cliques(supports: Iterable[Sequence[int]], size: int, widest: int) -> list[Clique]:
    """Returns cliques of the interaction graph that cover all supports: each grown from one, in ascending order.

    Args:
        supports: Variables of each monomial.
        size: Number of variables.
        widest: No support is grown beyond so many variables.

    Returns:
        Cliques none of which contains another.

    Cost: supports times neighbours.
    """
    sets = {frozenset(support) for support in supports}
    near = _neighbours(sets, size)
    grown: list[frozenset[int]] = []
    containing: dict[int, list[frozenset[int]]] = {}
    for support in sorted(sets, key=lambda s: (-len(s), sorted(s))):
        if any(support <= other for other in containing.get(min(support), [])):
            continue
        clique = set(support)
        common = set.intersection(*(near[i] for i in support))
        while common and len(clique) < widest:
            i = min(common)
            clique.add(i)
            common = common & near[i]
        found = frozenset(clique)
        grown.append(found)
        for i in found:
            containing.setdefault(i, []).append(found)
    return sorted(tuple(sorted(clique)) for clique in grown)


def _neighbours(supports: Iterable[Iterable[int]], size: int) -> list[set[int]]:
    near: list[set[int]] = [set() for _ in range(size)]
    for support in supports:
        for i in support:
            near[i].update(support)
    for i in range(size):
        near[i].discard(i)
    return near
