"""`cl.describe`: the structure of an energy in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .._messages import must_be
from ..polynomial import Polynomial
from .continuous import find_continuous
from .decomposition import decompose
from .finding import find_symmetries
from .forms import form_text, invariant_forms
from .naming import linear_text, tuple_text
from .null_vectors import ROUNDING, Solver, method_of
from .results import Symmetries
from .scaling import scaling_of, scaling_text
from .sentences import moved_variables
from .separation import additive_blocks, interaction_edges, multiplicative_parts
from .source import Energies, read_source
from .structure import Structure

__all__ = ["describe"]

_LISTED = 8  # components, edges or forms that are written out
_LONGEST = 2000  # terms up to which a polynomial is factored and decomposed


def describe(
    source: Any, threshold: float = 3.0, variables: Mapping[str, str] | None = None, order: int = 4
) -> Structure:
    """Says what a polynomial or fitted energy is made of.

    Order, which variables meet in a term, sums and products of functions of different variables, dependence through
    few linear combinations or through one polynomial or quadratic form, behaviour under scaling, symmetries.

    Args:
        source: As of `symmetries`.
        threshold: For couplings with standard errors: those within this many of them of 0 count as absent for order,
            graph and blocks. The text says how many.
        variables: Kind by name for polynomials: "real" (if left out), "spin" or "bit".
        order: Highest degree fitted to samples.

    Returns:
        The structure, with sentences.

    Guarantee: for polynomials every statement is exact, and products and compositions are complete over the
        rationals; several outputs (classes) are described together, without products and compositions.

    Raises:
        ValueError: If the threshold is negative.

    Example:
        >>> import cheaplearn as cl
        >>> print(cl.describe("(x*y + z)^3 + 2*(x*y + z)").words[2])
        a function of one polynomial: 2*g + g**3 with g = z + x*y
    """
    if not (np.isfinite(threshold) and threshold >= 0):
        raise ValueError(must_be("threshold", "describe", "at least 0", threshold))
    energies = read_source(source, "describe", variables, order)
    kept, left_out = _significant(energies, threshold)
    names = energies.names
    solver = Solver(method_of(energies, None), ROUNDING)
    continuous = find_continuous(energies, affine=False, solver=solver)
    found = find_symmetries(energies, affine=False, tolerance=None)
    polynomials = kept.polynomials
    edges, components = interaction_edges(polynomials), additive_blocks(polynomials)
    single = (
        polynomials[0] if len(polynomials) == 1 and not energies.noisy and len(polynomials[0]) <= _LONGEST else None
    )
    real = all(kind == "real" for kind in energies.kinds)
    product = multiplicative_parts(single) if single is not None and single.degree else None
    composed = decompose(single) if single is not None and real else None
    scaling = scaling_of(single) if single is not None and real else None
    invariants = _invariants(found, components, names, solver)
    constant = product[0] if product else Fraction(0)
    factors = product[1] if product else []
    words = [
        *_size_words(kept, polynomials, left_out, threshold),
        *_graph_words(edges, components, names, polynomials[0]),
        *_product_words(factors, constant),
        *_form_words(continuous.forms, names, energies),
        *([f"a function of one polynomial: {composed[0]} with g = {composed[1]}"] if composed else []),
        *(f"depends on {of} only through {form}" for of, form in invariants),
        *([scaling_text(scaling, names, () in polynomials[0].terms)] if scaling else []),
        *_not_tried(energies, polynomials, single),
    ]
    used = kept.used
    return Structure(
        tuple(names[i] for i in used),
        tuple(name for i, name in enumerate(names) if i not in used),
        max(p.degree for p in polynomials),
        [(names[i], names[j]) for i, j in edges],
        [tuple(names[i] for i in component) for component in components],
        [_part(polynomials[0], component) for component in components],
        factors,
        float(constant),
        continuous.forms,
        composed[0] if composed else None,
        composed[1] if composed else None,
        [form for _, form in invariants],
        ({names[i]: w for i, w in scaling[0].items()}, scaling[1]) if scaling else None,
        left_out,
        found,
        words + found.words,
    )


def _significant(energies: Energies, threshold: float) -> tuple[Energies, int]:
    if not energies.noisy:
        return energies, 0
    assert energies.covariance is not None
    variances = energies.covariance if energies.covariance.ndim == 1 else energies.covariance.diagonal()
    errors = dict(zip(energies.keys, np.sqrt(variances).tolist(), strict=True))
    kept = tuple(
        Polynomial(
            {m: c for m, c in p.terms.items() if not m or abs(float(c)) > threshold * errors.get((k, m), 0.0)},
            p.variables,
        )
        for k, p in enumerate(energies.polynomials)
    )
    left_out = sum(len(p) - len(q) for p, q in zip(energies.polynomials, kept, strict=True))
    return energies.with_polynomials(kept), left_out


def _size_words(energies: Energies, polynomials: Sequence[Polynomial], left_out: int, threshold: float) -> list[str]:
    terms = len({m for p in polynomials for m in p.terms if m})
    order = max(p.degree for p in polynomials)
    words = [f"order {order}: {terms} terms of {len(energies.used)} variables"]
    if left_out:
        words.append(
            f"{left_out} couplings within {threshold:g} standard errors of 0 are treated as absent in order, graph and "
            "blocks"
        )
    return words


def _graph_words(
    edges: list[tuple[int, int]], components: list[tuple[int, ...]], names: Sequence[str], polynomial: Polynomial
) -> list[str]:
    n = sum(map(len, components))
    if not n:
        return ["constant"]
    pairs = n * (n - 1) // 2
    shown = ", ".join(f"{names[i]}-{names[j]}" for i, j in edges[:_LISTED])
    more = ", ..." if len(edges) > _LISTED else ""
    graph = f"{len(edges)} of {pairs} pairs of variables meet in a term" + (f": {shown}{more}" if edges else "")
    words = [graph] if n > 1 else []
    if len(components) > 1:
        texts = [tuple_text(component, names) for component in components[:_LISTED]]
        more = f", ... ({len(components)} in all)" if len(components) > _LISTED else ""
        words.append(f"a sum of functions of {', '.join(texts)}{more}")
    return words


def _product_words(factors: list[Polynomial], constant: Fraction) -> list[str]:
    if not factors:
        return []
    product = " * ".join(f"({factor})" for factor in factors)
    return [
        f"a product of functions of different variables: {product}"
        + (f" {'+' if constant > 0 else '-'} {abs(constant)}" if constant else "")
    ]


def _form_words(forms: np.ndarray, names: Sequence[str], energies: Energies) -> list[str]:
    real = sum(energies.kinds[i] == "real" for i in energies.used)
    if not real or len(forms) == real:
        return []
    texts = ", ".join(linear_text(form, names) for form in forms[:_LISTED])
    more = ", ..." if len(forms) > _LISTED else ""
    plural = "s" if len(forms) > 1 else ""
    return [f"depends on {len(forms)} linear combination{plural} of {real} variables: {texts}{more}"]


def _invariants(
    found: Symmetries, components: Sequence[tuple[int, ...]], names: Sequence[str], solver: Solver
) -> list[tuple[str, str]]:
    """Quadratic forms of sets of variables on which the symmetries act as the whole so(p, q) of that form."""
    invariants = []
    for moved in _moved_sets(found):
        inside = [g for g in found.generators if set(moved_variables([g])) <= set(moved)]
        k = len(moved)
        if len(inside) != k * (k - 1) // 2:
            continue
        matrices = [generator.matrix for generator in inside]
        forms = invariant_forms(matrices, moved, solver.method == "exact", solver.resolution)
        if len(forms) == 1 and np.linalg.matrix_rank(forms[0], tol=1e-9) == k:
            invariants.append((tuple_text(moved, names), form_text(forms[0], names)))
    return invariants if components else []


def _moved_sets(found: Symmetries) -> list[list[int]]:
    sets: list[set[int]] = []
    for generator in found.generators:
        joined = set(moved_variables([generator]))
        apart = [s for s in sets if not s & joined]
        for s in sets:
            if s & joined:
                joined |= s
        sets = [*apart, joined]
    return [sorted(s) for s in sets if len(s) > 1]


def _not_tried(energies: Energies, polynomials: Sequence[Polynomial], single: Polynomial | None) -> list[str]:
    if single is not None:
        return []
    if len(polynomials) > 1:
        why = "there are several outputs"
    elif energies.noisy:
        why = "the couplings carry errors"
    else:
        why = f"there are more than {_LONGEST} terms"
    return [f"products, compositions and scaling were not looked for: {why}"]


def _part(polynomial: Polynomial, component: Sequence[int]) -> Polynomial:
    inside = set(component)
    return Polynomial(
        {m: c for m, c in polynomial.terms.items() if m and {i for i, _ in m} <= inside}, polynomial.variables
    )
