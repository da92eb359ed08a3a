"""Numbers as JSON takes them."""

from __future__ import annotations

import math

__all__ = ["number_or_none"]


def number_or_none(value: float) -> float | None:
    """Returns a number that JSON can hold, or None."""
    return float(value) if math.isfinite(value) else None
