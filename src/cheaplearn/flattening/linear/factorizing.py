"""Looks for a chain of sparse factors that is cheaper than a given matrix."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any

import numpy as np
from scipy import linalg
from threadpoolctl import threadpool_limits

from ..._messages import must_be
from .atoms import sparse_factors
from .butterflies import butterfly_factors, candidate_orders, split_residual
from .chains import FactorChain
from .checks import checked_choice, checked_matrix, checked_size, prime_factors
from .pairing import shuffled_butterfly_factors
from .rank import two_factors
from .results import Attempt, Factorization
from .separating import largest_entries, separated_exactly, separated_within
from .two_sparse import sparse_pair_within

__all__ = ["factorize"]

_LOSSY = 1e-6  # errors from here on: entries may be dropped on purpose
_LOOSE = 1e-3  # from here on two refitted factors are often the cheapest
_EXACT_SPLIT = 1e-6  # residual of a first split that is worth going on with
_SMALL = 512  # up to here threads cost singular values more time than they save, much more on a busy machine

_LARGEST = 1e151  # entries whose squares can be added up, and those of their inverses

Found = Iterator[tuple[str, list]]


def factorize(
    A: Any, error: float = 1e-10, method: str = "auto", max_factors: int | None = None, random_state: int = 0
) -> Factorization:
    """Looks for a product of sparse factors with fewer non-zeros than the matrix: a trained layer, a transform.

    Args:
        A: Real or complex, shape (m, n).
        error: Relative Frobenius error allowed, at least 0 and less than 1.
        method: "low_rank" (singular values, identity block), "sparse_plus_low_rank" (principal component pursuit;
            from an error of 1e-6 on also the largest entries beside a low rank), "butterfly" (square matrices of
            composite size: hierarchical factorization in natural and digit-reversed order, and for powers of two in
            unknown order), "sparse" (two sparse factors that show in equal ratios; the largest entries from an error
            of 1e-6 on; two refitted sparse factors from 1e-3 on) or "auto" (all of them).
        max_factors: Multiply factors until there are no more than these.
        random_state: Seed of what is sampled.

    Returns:
        The chain of fewest synapses within the error. With "auto" this is the matrix itself, with a message, if nothing
        cheaper was found; with a named method its closest chain, and `reached` says whether it is within the error.
        All attempts are in `table`.

    Guarantee: errors are measured on the product of the factors. What is not found may still exist: finding the
        cheapest chain is a hard problem, and the methods find the structures named above only.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> from cheaplearn.flattening.linear import hadamard
        >>> factorize(hadamard(16).dense()).method
        'butterfly'
    """
    A = checked_matrix(A, "factorize")
    largest = float(np.abs(A).max())
    if largest and not 1 / _LARGEST <= largest <= _LARGEST:
        requirement = f"with its largest entry between {1 / _LARGEST:g} and {_LARGEST:g}, whose squares are numbers"
        raise ValueError(must_be("A", "factorize", requirement, f"{largest:.3g}", "Scale the matrix first."))
    checked_choice(method, "factorize", "method", ("auto", *_METHODS))
    if not isinstance(error, Real) or not 0 <= error < 1:
        raise ValueError(must_be("error", "factorize", "at least 0 and less than 1", error))
    most = None if max_factors is None else checked_size(max_factors, "factorize", "max_factors")
    dense = Attempt("dense", "the matrix itself", FactorChain((A,), "dense", lambda: A, int(np.count_nonzero(A))), A)
    names = _METHODS if method == "auto" else [method]
    with threadpool_limits(1 if min(A.shape) <= _SMALL else None):
        attempts = [attempt for name in names for attempt in _tried(name, A, error, most, random_state)]
    best = _best([dense, *attempts] if method == "auto" else attempts, error) or dense
    return Factorization(best, (*attempts, dense), error, _message(best, dense, error))


def _tried(name: str, A: np.ndarray, error: float, most: int | None, random_state: int) -> Iterator[Attempt]:
    start, found = time.perf_counter(), False
    for note, factors in _METHODS[name](A, error, random_state) if np.any(A) else ():
        found = True
        chain = FactorChain(tuple(factors), note, lambda: A, int(np.count_nonzero(A)))
        chain = chain.without_idle_units().merged(most)
        yield Attempt(name, note, chain, A, time.perf_counter() - start)
        start = time.perf_counter()
    if not found:
        yield Attempt(name, "no such structure found", None, A, time.perf_counter() - start)


def _best(attempts: list[Attempt], error: float) -> Attempt | None:
    """Fewest synapses within the error; else the smallest error."""
    chains = [attempt for attempt in attempts if attempt.chain]
    within = [attempt for attempt in chains if attempt.error <= error]
    if within:
        return min(within, key=lambda attempt: attempt.synapses)
    return min(chains, key=lambda attempt: attempt.error, default=None)


def _message(best: Attempt, dense: Attempt, error: float) -> str:
    if best.error > error:
        return f"The error {error:.2g} was not reached by this method"
    if best.synapses >= dense.synapses:
        return "No chain with fewer synapses than the matrix was found within the error; this proves nothing"
    return f"{best.note[:1].upper()}{best.note[1:]}"


def _low_rank(A: np.ndarray, error: float, random_state: int) -> Found:
    U, s, V = linalg.svd(A, full_matrices=False)
    tails = np.sqrt(np.cumsum(s[::-1] ** 2))[::-1]  # tails[k]: error of rank k
    floor = max(error * tails[0], s[0] * np.finfo(float).eps * max(A.shape))
    k = max(1, int(np.count_nonzero(tails > floor)))
    yield f"rank {k}", list(two_factors(U[:, :k] * s[:k], V[:k], True))


def _sparse_plus_low_rank(A: np.ndarray, error: float, random_state: int) -> Found:
    found = separated_exactly(A)
    if found is not None:
        yield f"rank {found.rank} and {np.count_nonzero(found.sparse)} entries", list(found.factors())
    if error < _LOSSY:
        return
    tried, best = 1, None
    while tried <= min(A.shape) // 2:
        within = separated_within(A, tried, error)
        if best is not None and within.synapses > 1.2 * best.synapses:
            break
        best = within if best is None or within.synapses < best.synapses else best
        tried = max(tried + 1, tried * 5 // 4)
    if best is not None:
        yield f"rank {best.rank} and {np.count_nonzero(best.sparse)} largest entries", list(best.factors())


def _butterfly(A: np.ndarray, error: float, random_state: int) -> Found:
    n = len(A)
    if A.shape != (n, n) or len(prime_factors(n)) < 2:
        return
    residuals: list[float] = []
    orders = candidate_orders(n)
    for _, rows, columns in orders:
        residuals.append(split_residual(A[np.ix_(rows, columns)]))
        if residuals[-1] <= _EXACT_SPLIT:
            break
    best = int(np.argmin(residuals))
    note, rows, columns = orders[best]
    yield f"butterfly, {note}", butterfly_factors(A, rows, columns)
    if residuals[best] > _EXACT_SPLIT and n & (n - 1) == 0:
        factors = shuffled_butterfly_factors(A)
        if factors is not None:
            yield "butterfly, order found from the entries", factors


def _sparse(A: np.ndarray, error: float, random_state: int) -> Found:
    for note, matrix in (("columns", A), ("rows", A.T)):
        found = sparse_factors(matrix, random_state)
        if found is not None:
            factors = list(found) if note == "columns" else [found[1].T, found[0].T]
            yield f"two sparse factors, found from {note}", factors
    if error < _LOSSY:
        return
    kept = largest_entries(A, (error * float(np.linalg.norm(A))) ** 2)
    yield f"{np.count_nonzero(kept)} largest entries", [kept]
    pair = sparse_pair_within(A, error, int(np.count_nonzero(kept))) if error >= _LOOSE else None
    if pair is not None:
        yield "two refitted sparse factors", [pair.left, pair.right]


_METHODS: dict[str, Callable[[np.ndarray, float, int], Found]] = {
    "butterfly": _butterfly,
    "low_rank": _low_rank,
    "sparse_plus_low_rank": _sparse_plus_low_rank,
    "sparse": _sparse,
}
