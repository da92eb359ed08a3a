"""How much an energy changes under its symmetries where there are data."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._messages import must_be
from .results import Symmetries
from .source import Energies

__all__ = ["changes_on_rows"]

_MOST = 10_000  # rows used


def changes_on_rows(found: Symmetries, energies: Energies, X: Any, seed: int) -> dict[str, float]:
    """Measures every symmetry on rows.

    Args:
        found: The symmetries.
        energies: Of which.
        X: Rows, shape (samples, n); bits as 0 and 1.
        seed: Of the choice among more than 10,000 rows.

    Returns:
        By name, the root mean square of H(g x) - H(x) (one-parameter groups: of grad H . (M x + c), M of unit size)
        over the standard deviation of H.

    Raises:
        ValueError: If `X` is not of shape (samples, n) with at least two rows.
    """
    rows = np.asarray(X, dtype=np.float64)
    n = len(energies.names)
    if rows.ndim != 2 or rows.shape[1] != n or len(rows) < 2:
        raise ValueError(must_be("X", "symmetries", f"of shape (samples, {n})", f"shape {rows.shape}"))
    if len(rows) > _MOST:
        rows = np.random.default_rng(seed).choice(rows, _MOST, replace=False)
    bits = np.array([kind == "bit" for kind in energies.kinds])
    rows = np.where(bits, 2 * rows - 1, rows)
    values = np.column_stack([p(rows) for p in energies.polynomials])
    spread = float(np.sqrt(values.var(axis=0).sum())) or 1.0
    changes = {}
    for generator in found.generators:
        velocity = rows @ generator.matrix.T + (0 if generator.shift is None else generator.shift)
        rates = [
            sum(slope(rows) * velocity[:, i] for i, slope in enumerate(p.gradient()) if not slope.is_zero)
            for p in energies.polynomials
        ]
        size = np.sqrt((generator.matrix**2).sum() + (0 if generator.shift is None else (generator.shift**2).sum()))
        changes[generator.name] = float(np.sqrt(np.mean(np.sum(np.square(rates), axis=0)))) / spread / float(size)
    for symmetry in found.discrete:
        if not np.all(symmetry.matrix.any(axis=0)):
            changes[symmetry.name] = float("nan")  # moves terms, not points
            continue
        moved = np.column_stack([p(rows @ symmetry.matrix.T) for p in energies.polynomials])
        changes[symmetry.name] = float(np.sqrt(np.mean(np.sum((moved - values) ** 2, axis=1)))) / spread
    return changes
