"""Which Lie algebra a set of matrices spans: dimension, centre, simple ideals, Killing forms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from scipy import linalg

from .balancing import balanced, orthonormal

__all__ = ["identify"]

_LARGE = 20  # dimension from which on only orthogonal algebras are recognised, by the form they keep
_ZERO = 1e-7  # relative: structure constants below this are rounding
# dimension and (positive, negative) signature of the Killing form of simple real algebras
_SIMPLE = {
    (3, 0, 3): "so(3)",
    (3, 2, 1): "so(2,1)",
    (6, 3, 3): "so(3,1)",
    (8, 0, 8): "su(3)",
    (8, 4, 4): "su(2,1)",
    (8, 5, 3): "sl(3,R)",
    (10, 0, 10): "so(5)",
    (10, 4, 6): "so(4,1)",
    (10, 6, 4): "so(3,2)",
    (15, 0, 15): "so(6)",
    (15, 5, 10): "so(5,1)",
    (15, 8, 7): "so(4,2)",
    (15, 9, 6): "so(3,3)",
}
# simple pieces that together are an orthogonal algebra of four dimensions
_PAIRS = {("so(3)", "so(3)"): "so(4)", ("so(2,1)", "so(2,1)"): "so(2,2)"}


def identify(matrices: Sequence[np.ndarray], tolerance: float = _ZERO) -> str:
    """Names the Lie algebra that matrices span.

    Args:
        matrices: A basis, each of shape (n, n); affine maps as (n + 1, n + 1) with a last row of zeros.
        tolerance: Relative size of what counts as zero.

    Returns:
        "trivial", "so(2)", "so(1,1)", "abelian R^k", sums such as "so(3) + so(2)", or the dimension and the signature
        (positive, negative) of the Killing form.

    Example:
        >>> rotation = np.array([[0.0, -1.0], [1.0, 0.0]])
        >>> identify([rotation])
        'so(2)'
    """
    if not len(matrices):
        return "trivial"
    if len(matrices) > _LARGE:
        return _large(orthonormal(np.asarray(matrices)))
    basis = balanced(np.asarray(matrices))
    constants = _structure_constants(basis)
    k = len(basis)
    centre = _null(np.concatenate([constants[:, :, c].T for c in range(k)]), k, tolerance)
    if len(centre) == k:
        return _abelian(basis, tolerance)
    derived = _span(constants.reshape(-1, k), tolerance)
    signature = _signature(_killing(constants), tolerance)
    fallback = f"dimension {k}, Killing signature ({signature[0]}, {signature[1]})"
    if len(centre) + len(derived) != k or signature[0] + signature[1] != len(derived):
        return fallback
    inner = orthonormal(np.tensordot(derived, basis, 1))
    semisimple = _semisimple(inner, tolerance)
    if semisimple is None:
        return fallback
    parts = [semisimple]
    if len(centre):
        parts.append(_abelian(orthonormal(np.tensordot(centre, basis, 1)), tolerance, short=True))
    return " + ".join(parts)


def _structure_constants(basis: np.ndarray) -> np.ndarray:
    products = np.einsum("aij,bjk->abik", basis, basis)
    return np.einsum("abik,cik->abc", products - products.transpose(1, 0, 2, 3), basis)


def _killing(constants: np.ndarray) -> np.ndarray:
    return np.einsum("acd,bdc->ab", constants, constants)


def _signature(form: np.ndarray, tolerance: float) -> tuple[int, int]:
    values = linalg.eigvalsh((form + form.T) / 2)
    cut = tolerance * max(float(np.abs(values).max(initial=0.0)), 1e-300)
    return int(np.sum(values > cut)), int(np.sum(values < -cut))


def _null(matrix: np.ndarray, n: int, tolerance: float) -> np.ndarray:
    _, values, vectors = linalg.svd(matrix, full_matrices=True)
    values = np.concatenate([values, np.zeros(n - min(n, len(values)))])[:n]
    return vectors[:n][values <= tolerance * max(1.0, float(values.max(initial=0.0)))]


def _span(rows: np.ndarray, tolerance: float) -> np.ndarray:
    _, values, vectors = linalg.svd(rows, full_matrices=False)
    return vectors[values > tolerance * max(float(values.max(initial=0.0)), tolerance)]


def _large(basis: np.ndarray) -> str:
    """Recognises so(p, q) on p + q directions: dimension, and the only quadratic form that generic elements keep."""
    k, n = len(basis), basis.shape[1]
    generic = np.tensordot(np.random.default_rng(2).normal(size=(3, k)), basis, 1)
    u, sizes, _ = linalg.svd(generic.transpose(1, 0, 2).reshape(n, -1), full_matrices=False)
    moved = u[:, sizes > 1e-8 * sizes[0]]
    m = moved.shape[1]
    unknown = f"dimension {k}"
    if k != m * (m - 1) // 2 or np.abs(generic - moved @ moved.T @ generic @ moved @ moved.T).max() > 1e-6:
        return unknown
    eye = np.eye(m)
    inner = moved.T @ generic @ moved
    forms = _null(np.concatenate([np.kron(eye, M.T) + np.kron(M.T, eye) for M in inner]), m * m, _ZERO)
    if len(forms) != 1:
        return unknown
    p, q = sorted(_signature(forms[0].reshape(m, m), 1e-6), reverse=True)
    return (f"so({p},{q})" if q else f"so({p})") if p + q == m else unknown


def _abelian(basis: np.ndarray, tolerance: float, short: bool = False) -> str:
    kinds = [_one_parameter(matrix, tolerance) for matrix in basis] if len(basis) == 1 else [_torus(basis, tolerance)]
    if len(basis) == 1:
        return kinds[0]
    split = {"so(2)": " + ".join(["so(2)"] * len(basis)), "so(1,1)": " + ".join(["so(1,1)"] * len(basis))}
    if short:
        return split.get(kinds[0], f"R^{len(basis)}")
    return f"abelian R^{len(basis)}" + (f" ({split[kinds[0]]})" if kinds[0] in split else "")


def _one_parameter(matrix: np.ndarray, tolerance: float) -> str:
    values = linalg.eigvals(matrix)
    size = max(float(np.abs(values).max(initial=0.0)), 1e-300)
    if size <= 10 * tolerance * np.linalg.norm(matrix):
        return "R"
    if np.abs(values.real).max() <= 10 * tolerance * size:
        return "so(2)"
    if np.abs(values.imag).max() <= 10 * tolerance * size:
        return "so(1,1)"
    return "R"


def _torus(basis: np.ndarray, tolerance: float) -> str:
    kinds = {_one_parameter(matrix, tolerance) for matrix in basis} | {
        _one_parameter(np.tensordot(w, basis, 1), tolerance) for w in _mixtures(len(basis))
    }
    return kinds.pop() if len(kinds) == 1 else "R"


def _mixtures(k: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, k))


def _semisimple(basis: np.ndarray, tolerance: float) -> str | None:
    names, ideals = [], _ideals(basis, tolerance)
    for ideal in ideals:
        constants = _structure_constants(ideal)
        positive, negative = _signature(_killing(constants), tolerance)
        if positive + negative < len(ideal):
            return None
        names.append(_simple_name(len(ideal), positive, negative))
    if len(names) == 2 and (names[0], names[1]) in _PAIRS and _act_on_the_same(*ideals):
        return _PAIRS[names[0], names[1]]
    return " + ".join(sorted(names))


def _act_on_the_same(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two ideals move the same subspace: so(4) does, rotations of (x, y, z) and of (u, v, w) do not."""
    images = [np.concatenate(list(ideal), axis=1) for ideal in (first, second)]
    ranks = [np.linalg.matrix_rank(image, tol=1e-6) for image in (*images, np.concatenate(images, axis=1))]
    return bool(ranks[0] == ranks[1] == ranks[2])


def _simple_name(dimension: int, positive: int, negative: int) -> str:
    known = _SIMPLE.get((dimension, positive, negative))
    if known:
        return known
    for m in range(5, 2 + int(np.sqrt(2 * dimension)) + 1):
        if m * (m - 1) // 2 == dimension:
            if m == 7:
                break  # so(7) and sp(3) share dimension and signatures
            for p in range(m, (m - 1) // 2, -1):
                q = m - p
                if p * q == positive:
                    return f"so({p},{q})" if q else f"so({p})"
    return f"simple of dimension {dimension}, Killing signature ({positive}, {negative})"


def _ideals(basis: np.ndarray, tolerance: float) -> list[np.ndarray]:
    """Splits a semisimple algebra into simple ideals by a generic matrix that commutes with all brackets."""
    k = len(basis)
    adjoint = _structure_constants(basis).transpose(0, 2, 1)  # ad_a e_b = sum_c f_abc e_c
    eye = np.eye(k)
    equations = np.concatenate([np.kron(ad, eye) - np.kron(eye, ad.T) for ad in adjoint]) if k <= 15 else None
    if equations is None:
        equations = np.concatenate([
            np.kron(ad, eye) - np.kron(eye, ad.T) for ad in np.tensordot(_mixtures(k), adjoint, 1)
        ])
    commutant = _null(equations, k * k, tolerance)
    generic = np.tensordot(np.random.default_rng(1).normal(size=len(commutant)), commutant, 1).reshape(k, k)
    reals = np.sort(linalg.eigvals(generic).real)
    width = 1e-3 * max(float(np.abs(reals).max()), 1e-300)
    # complex pairs share their real part and belong to one ideal: an algebra over C read over R
    clusters = np.split(reals, np.flatnonzero(np.diff(reals) > width) + 1)
    if len(clusters) == 1:
        return [basis]
    ideals = []
    for cluster in clusters:
        low, high = cluster[0] - width / 2, cluster[-1] + width / 2
        _, unitary, count = linalg.schur(generic, output="complex", sort=partial(_within, low, high))
        vectors = unitary[:, :count]
        span = linalg.svd(np.concatenate([vectors.real.T, vectors.imag.T]), full_matrices=False)[2][:count]
        ideals.append(orthonormal(np.tensordot(span, basis, 1)))
    return ideals


def _within(low: float, high: float, value: complex) -> bool:
    return low <= value.real <= high
