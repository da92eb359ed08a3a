"""Whether tying couplings by a symmetry predicts samples that were held out as well as leaving them free."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..geometry import Group
from .results import DiscreteSymmetry
from .source import from_samples

__all__ = ["held_out_changes"]


def held_out_changes(discrete: Sequence[DiscreteSymmetry], X: Any, order: int, seed: int) -> dict[str, float]:
    """Fits the density of samples with the couplings free, and tied by each symmetry, on the same folds.

    Args:
        discrete: Symmetries; those that are no signed permutations tie no terms and are left out.
        X: Samples, shape (samples, n).
        order: Highest degree.
        seed: Of the folds.

    Returns:
        By name, held-out Hyvarinen score with tied less that with free couplings, in units of the standard error of
        their difference to the best: negative where the symmetry predicts better.
    """
    groups = {}
    for number, symmetry in enumerate(discrete):
        if symmetry.generators:
            groups[f"candidate {number}"] = (symmetry.name, symmetry.generators)
    if not groups:
        return {}
    n = symmetry.matrix.shape[0]
    choices = [Group(n, tuple(generators), name) for name, (_, generators) in groups.items()]
    settings = {"symmetry": [None, *choices], "regularization": 0.0, "standard_errors": False, "random_state": seed}
    model = from_samples(X, order, **settings)
    table = model.ladder_
    free = table[table["symmetry"].isna()].iloc[0]
    changes = {}
    for _, row in table.dropna(subset="symmetry").iterrows():
        error = math.hypot(row["difference_standard_error"], free["difference_standard_error"])
        changes[groups[row["symmetry"]][0]] = float((row["loss"] - free["loss"]) / error) if error else 0.0
    return changes
