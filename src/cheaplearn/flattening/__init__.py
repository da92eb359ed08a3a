"""What depth buys: proven lower bounds beside flat and deep networks that are built, certified and counted."""

from __future__ import annotations

from .flattening import flatten
from .results import Flattening

__all__ = ["Flattening", "flatten"]
