"""Which variables meet in a term, and which parts of a polynomial share none: sums and products of parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations

from ..polynomial import Polynomial
from .flint_polynomials import divided, factors_of

__all__ = ["additive_blocks", "interaction_edges", "multiplicative_parts", "used_variables"]


def used_variables(polynomial: Polynomial) -> tuple[int, ...]:
    """Lists the variables that occur.

    Args:
        polynomial: The polynomial.

    Returns:
        Their numbers, ascending.
    """
    return tuple(sorted({i for monomial in polynomial.terms for i, _ in monomial}))


def interaction_edges(polynomials: Iterable[Polynomial]) -> list[tuple[int, int]]:
    """Lists the pairs of variables that share a term.

    Args:
        polynomials: Over the same variables.

    Returns:
        Pairs i < j, sorted.
    """
    edges: set[tuple[int, int]] = set()
    for polynomial in polynomials:
        for monomial in polynomial.terms:
            edges.update(combinations([i for i, _ in monomial], 2))
    return sorted(edges)


def additive_blocks(polynomials: Sequence[Polynomial]) -> list[tuple[int, ...]]:
    """Splits the variables into the finest blocks such that every polynomial is a sum of functions of one block each.

    Args:
        polynomials: Over the same variables.

    Returns:
        Blocks of variables: the connected components of the interaction graph.
    """
    used = sorted({i for polynomial in polynomials for i in used_variables(polynomial)})
    return _joined(used, interaction_edges(polynomials))


def multiplicative_parts(polynomial: Polynomial) -> tuple[Fraction, list[Polynomial]] | None:
    """Writes p = c + f(x) g(y) ... with factors in different variables, if that is possible.

    Factors of a derivative of p do not depend on c; the part of them that shares no variable with the rest is g up to a
    constant, and dividing p by it leaves the remainder c.

    Args:
        polynomial: p.

    Returns:
        c and at least two factors that share no variable, or None.

    Guarantee: complete over the rationals.
    """
    for i in used_variables(polynomial):
        slope = polynomial.gradient()[i]
        for other in _groups(slope):
            if i in used_variables(other) or not used_variables(other):
                continue
            quotient, remainder = divided(polynomial, other)
            if remainder.degree or set(used_variables(quotient)) & set(used_variables(other)):
                continue
            constant = Fraction(remainder.terms.get((), 0))
            return constant, _by_variables(polynomial - constant)
    return None


def _by_variables(product: Polynomial) -> list[Polynomial]:
    constant, parts = factors_of(product)[0], _groups(product)
    return [parts[0] * constant, *parts[1:]]


def _groups(polynomial: Polynomial) -> list[Polynomial]:
    """Products of irreducible factors that hang together by shared variables; the constant is left out."""
    _, factors = factors_of(polynomial)
    owners = [used_variables(factor) for factor, _ in factors]
    edges = [(a, b) for variables in owners for a, b in combinations(variables, 2)]
    parts = []
    for block in _joined(sorted({i for variables in owners for i in variables}), edges):
        product = Polynomial.constant(1, polynomial.variables)
        for (factor, power), variables in zip(factors, owners, strict=True):
            if set(variables) <= set(block):
                product = product * factor**power
        parts.append(product)
    return parts


def _joined(nodes: Sequence[int], edges: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    home = {node: {node} for node in nodes}
    for a, b in edges:
        if home[a] is not home[b]:
            home[a] |= home[b]
            for node in home[b]:
                home[node] = home[a]
    blocks = {id(block): tuple(sorted(block)) for block in home.values()}
    return sorted(blocks.values())
