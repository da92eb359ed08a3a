"""Couplings of a quadratic loss under the condition that the density exists."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import sparse

from ..._messages import must_be
from ...polynomial.monomials import Monomial
from ..exact import powers_of
from ..monomials import Monomials
from .components import components_of
from .conic import solve_conic, triangle_scales
from .gram import GramBlocks, gram_blocks
from .proofs import METHODS, proof_of_growth

__all__ = ["guaranteed_couplings"]

OWNER = "guaranteed_couplings"


def guaranteed_couplings(
    A: Any,
    b: Any,
    monomials: Monomials,
    tying: Any = None,
    margin: float = 1e-6,
    kinds: Sequence[str] | None = None,
) -> np.ndarray:
    """Minimises theta^T A theta / 2 - b^T theta over couplings whose density is proved to exist.

    The terms of highest degree d (even), less margin times the sum of x_i^d, must be a sum of squares: over
    chordal cliques of the interaction graph where the solver can hold them, otherwise over its cliques. For order 2
    the chordal cliques lose nothing, and the condition is that the precision matrix has no eigenvalue below
    2 margin (in the units of the variables). For higher orders it is sufficient, not necessary: forms that
    are positive but no such sum of squares are excluded.

    Args:
        A: Positive semidefinite, shape (K, K), dense or sparse.
        b: Shape (K,).
        monomials: T terms; K = T without `tying`.
        tying: Sparse, shape (T, K), with the couplings of the terms = tying @ theta; None for the identity.
        margin: Positive, in the units of theta; also what is left for the proof.
        kinds: "real", "bit" or "spin" of each variable; all real if left out. Terms with a bit or spin have
            lower order in the real variables and are free.

    Returns:
        theta, shape (K,), float64. `normalizability` of the resulting energy is "yes".

    Raises:
        ValueError: If the order is odd (no density of odd leading order exists), a real variable lacks its d-th
            power, shapes do not fit, the margin is not positive, or cliques are too wide for the solver.
        RuntimeError: If the solver does not reach a solution, for instance because `tying` admits none, or the margin
            is too small beside the couplings for a proof.

    Cost: an interior-point method, about 20 iterations, each of (rows^2 / 2)^3 flops for every clique, where rows
        is the number of monomials of degree d / 2 in it (at most 66: 10 variables of a quartic, 66 of a Gaussian),
        plus the factorisation of A.

    Example:
        >>> from cheaplearn.hamiltonian import Monomials
        >>> quartic = Monomials(tuple(np.zeros((1, d), int) for d in (1, 2, 3, 4)))
        >>> guaranteed_couplings(np.eye(4), [0, -1, 0, -1], quartic, margin=0.01).round(4).tolist()
        [0.0, -1.0, 0.0, 0.01]
    """
    count = len(monomials)
    tie = sparse.csr_matrix(sparse.identity(count) if tying is None else tying, dtype=float)
    matrix, target = sparse.csc_matrix(A, dtype=float), np.asarray(b, dtype=float)
    _check(matrix, target, tie, count, monomials.order, margin)
    leading, rows = _leading(monomials, kinds)
    sites = sorted({i for monomial in leading for i, _ in monomial})
    pure = [((i, monomials.order),) for i in sites]
    _check_pure(monomials, kinds, sites, pure, leading)
    blocks = _blocks(leading, sites, monomials.order)
    missing = sorted(set(blocks.places) - set(leading))
    place = {monomial: k for k, monomial in enumerate([*leading, *missing])}
    lead = sparse.vstack([tie[rows], sparse.csr_matrix((len(missing), tie.shape[1]))])
    shift = np.zeros(len(place))
    shift[[place[monomial] for monomial in pure]] = margin
    theta = _solved(matrix, target, lead, shift, blocks, place)
    _verify(dict(zip(leading, (tie[rows] @ theta).tolist(), strict=True)), sites, margin)
    return theta


def _solved(
    A: Any, b: np.ndarray, lead: Any, shift: np.ndarray, blocks: GramBlocks, place: dict[Monomial, int]
) -> np.ndarray:
    """Minimises over (theta, scaled triangles of Q) with lead @ theta - shift = the form of Q."""
    parameters, entries = len(b), len(blocks.products)
    scales = triangle_scales([(i, j) for _, i, j, _ in blocks.products])
    rows = [place[product] for *_, product in blocks.products]
    form = sparse.csc_matrix((scales, (rows, range(entries))), shape=(len(place), entries))
    unit = float(np.mean(A.diagonal())) or 1.0  # of the loss, and below of theta: the tolerances are relative to them
    size = float(np.max(np.abs(b), initial=0)) / unit or 1.0
    P = sparse.block_diag([A / unit, sparse.csc_matrix((entries, entries))])
    q = np.concatenate([-b / unit / size, np.zeros(entries)])
    pick = sparse.hstack([sparse.csc_matrix((entries, parameters)), sparse.identity(entries)])
    sizes = [len(basis) for basis in blocks.bases]
    solution = solve_conic(P, q, (sparse.hstack([lead, -form]), shift / size), pick, sizes)
    if not solution.solved:
        message = (
            f"`{OWNER}` found no couplings: the solver stopped with status {solution.status}. Check that A is "
            "positive semidefinite and that the tying admits a positive form, or fit without the guarantee."
        )
        raise RuntimeError(message)
    return solution.x[:parameters] * size


def _verify(leading: dict[Monomial, float], sites: Sequence[int], margin: float) -> None:
    parts = components_of({m: Fraction(c) for m, c in leading.items() if c}, sites, {})
    open_parts = [reason for reason in map(proof_of_growth, parts) if reason not in METHODS]
    if open_parts:
        largest = max(map(abs, leading.values()))
        message = (
            f"`{OWNER}` cannot prove its result: {open_parts[0]}. The margin {margin:g} is too small beside the "
            f"largest leading coupling {largest:.3g} and the accuracy of the solver. Pass a larger margin."
        )
        raise RuntimeError(message)


def _leading(monomials: Monomials, kinds: Sequence[str] | None) -> tuple[list[Monomial], list[int]]:
    block = monomials.sites[-1].tolist()
    first = len(monomials) - len(block)
    real = [k for k, sites in enumerate(block) if kinds is None or all(kinds[i] == "real" for i in sites)]
    return [powers_of(block[k]) for k in real], [first + k for k in real]


def _blocks(leading: Sequence[Monomial], sites: Sequence[int], order: int) -> GramBlocks:
    """Returns Gram matrices over the variables of the leading terms, in their own numbering."""
    local = {i: k for k, i in enumerate(sites)}
    supports = {tuple(local[i] for i, _ in monomial) for monomial in leading}
    choices = gram_blocks(supports, [order] * len(sites))
    if not choices:
        advice = "Lower the order or the radius, or fit without the guarantee."
        requirement = "local enough for the solver (at most 66 monomials of half the order in a clique)"
        raise ValueError(must_be("monomials", OWNER, requirement, f"{len(sites)} variables, order {order}", advice))
    return GramBlocks(tuple(tuple(tuple((sites[i], p) for i, p in m) for m in basis) for basis in choices[0].bases))


def _check(A: Any, b: np.ndarray, tie: Any, count: int, order: int, margin: float) -> None:
    if order < 2 or order % 2:
        advice = "A polynomial of odd order falls to minus infinity: no density of odd leading order exists."
        raise ValueError(must_be("monomials", OWNER, "of even order", f"order {order}", advice))
    if tie.shape[0] != count:
        raise ValueError(must_be("tying", OWNER, f"of shape ({count}, K)", f"shape {tie.shape}"))
    parameters = tie.shape[1]
    if b.shape != (parameters,) or A.shape != (parameters, parameters):
        requirement = f"of shape ({parameters}, {parameters}), and b of shape ({parameters},)"
        raise ValueError(must_be("A", OWNER, requirement, f"{A.shape} and {b.shape}"))
    if not (np.all(np.isfinite(A.data)) and np.all(np.isfinite(b))):
        raise ValueError(must_be("A", OWNER, "finite, and b too", "NaN or infinity"))
    if not (0 < margin < math.inf):
        raise ValueError(must_be("margin", OWNER, "positive and finite", margin))


def _check_pure(
    monomials: Monomials,
    kinds: Sequence[str] | None,
    sites: Sequence[int],
    pure: Sequence[Monomial],
    leading: Sequence[Monomial],
) -> None:
    used = {int(i) for block in monomials.sites for i in np.unique(block)}
    real = {i for i in used if kinds is None or kinds[i] == "real"}
    missing = (real - set(sites)) | {i for ((i, _),) in set(pure) - set(leading)}
    if missing or not real:
        requirement = f"a family with the power {monomials.order} of every real variable"
        got = f"none for variables {sorted(missing)[:10]}" if real else "no real variable"
        raise ValueError(must_be("monomials", OWNER, requirement, got))
