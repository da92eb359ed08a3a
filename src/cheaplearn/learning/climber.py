"""What estimators that climb a ladder have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["LadderPlot"]


class LadderPlot:
    """Estimators with a `ladder_` can draw it, and have a `verdict_` on it in words."""

    ladder_: pd.DataFrame
    verdict_: str

    def plot_ladder(self, axes: Axes | None = None) -> Axes:
        """Draws held-out loss against parameters, with standard errors and the choice.

        Args:
            axes: Where to draw; a new figure if left out.

        Returns:
            The axes.
        """
        from .plotting import plot_ladder

        check_is_fitted(self)
        return plot_ladder(self.ladder_, axes)
