"""Rigorous bounds of positive semidefinite quadratic forms over a box."""

from __future__ import annotations

import numpy as np

from .rows import ROUNDUP

__all__ = ["largest_weighted_squares", "weighted_squares_at_corners"]


def weighted_squares_at_corners(forms: np.ndarray, weights: np.ndarray) -> float:
    """Evaluates the same sum at a good corner: a cheap lower estimate of its maximum.

    Args:
        forms: Coefficients over (1, u), shape (squares, 1 + n).
        weights: Non-negative, shape (squares,).

    Returns:
        The value at the corner that a few steps of ascent from (1, ..., 1) lead to.
    """
    corner = np.ones(forms.shape[1])
    best = 0.0
    for _ in range(5):
        values = forms @ corner
        value = float(weights @ values**2)
        if value <= best:
            break
        best = value
        corner = np.where(forms.T @ (weights * values) >= 0, 1.0, -1.0) * corner[0]
        corner *= corner[0]  # the constant stays 1
    return best


def largest_weighted_squares(forms: np.ndarray, weights: np.ndarray) -> float:
    r"""Bounds :math:`\max_{|u_i| \le 1} \sum_j w_j (f_j \cdot (1, u))^2` jointly over all squares.

    With M the matrix of the form and S any positive diagonal, ``M <= l S`` for ``l`` the largest eigenvalue of
    ``S^-1/2 M S^-1/2``, so the maximum over the box is at most ``l trace S``. S = the absolute row sums of M makes this
    never worse than adding all absolute entries; near-orthogonal forms gain a factor of up to their number.

    Args:
        forms: Coefficients over (1, u), shape (squares, 1 + n).
        weights: w, non-negative, shape (squares,).

    Returns:
        An upper bound.

    Guarantee: rigorous in float64. Eigenvectors Q are only a guide: with ``B = Q^T M' Q`` and ``Q^T Q = I + E``,
    Gershgorin's bound of B divided by ``1 - |E|`` bounds l; the rounding of each product is added.
    Cost: O(squares n^2 + n^3).
    """
    used = np.flatnonzero(np.any(forms != 0, axis=0))
    if not len(used) or not np.any(weights):
        return 0.0
    F = forms[:, used]
    n_squares, n = F.shape
    u = np.finfo(np.float64).eps / 2
    M = (F * weights[:, None]).T @ F
    absolute = (np.abs(F) * weights[:, None]).T @ np.abs(F)
    slack = 2 * (n_squares + 4) * u * absolute  # entrywise rounding error of M
    rows = np.abs(M).sum(axis=1) + slack.sum(axis=1)
    entries = float(rows.sum()) * ROUNDUP

    rows = np.maximum(rows, rows.max() * 1e-12)  # a zero row would divide by zero; any positive S is valid
    root = np.sqrt(rows)
    scaled = M / root / root[:, None]
    _, Q = np.linalg.eigh((scaled + scaled.T) / 2)
    B = Q.T @ scaled @ Q
    size = np.abs(Q).T @ np.abs(scaled) @ np.abs(Q)
    error = 4 * (n + 8) * u * size.sum(axis=1).max() + float((slack / root / root[:, None]).sum(axis=1).max()) * n
    off = np.abs(B).sum(axis=1) - np.abs(np.diag(B))
    top = float((np.diag(B) + off).max()) + error
    E = Q.T @ Q - np.eye(n)
    departure = float(np.abs(E).sum(axis=1).max()) + 2 * (n + 4) * u * n
    joint = top / (1.0 - departure) * float(rows.sum()) * ROUNDUP if departure < 0.5 else np.inf
    return min(entries, joint)
