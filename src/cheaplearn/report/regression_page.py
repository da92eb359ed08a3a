"""What the template of a regression's page is filled with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..geometry import Grid
from .density_words import tied_term
from .numbers import minus, signed
from .regression_pictures import RegressionPictures
from .words import family_words, regression_headline

if TYPE_CHECKING:
    from .regression_result import RegressionResult

__all__ = ["regression_facts"]

SHOWN = 16  # terms in the table


def regression_facts(result: RegressionResult) -> dict[str, Any]:
    """Collects what the template names.

    Args:
        result: What was found.

    Returns:
        Values and functions by name.
    """
    chosen, strongest = result.chosen, result.strongest(SHOWN)
    grid = isinstance(result.hamiltonian.geometry, Grid)
    return {
        "result": result,
        "picture": RegressionPictures(result),
        "headline": regression_headline(result),
        "terms": family_words(result.order, float(result.hamiltonian.radius), grid),
        "chosen": chosen,
        "ladder": list(result.ladder.itertuples()),
        "network": result.network,
        "test": result.test,
        "grid": grid,
        "unit": f"units of {result.target}",
        "formula": result.formula.replace("-", "\u2212"),
        "noise": f"{result.noise:.4g}" if math.isfinite(result.noise) else "",
        "strongest": list(strongest.assign(label=[tied_term(row) for _, row in strongest.iterrows()]).itertuples()),
        "minus": minus,
        "signed": signed,
    }
