"""Symmetries and structure of energies: what leaves them as they are, what they are made of."""

from __future__ import annotations

from .finding import symmetries
from .results import DiscreteSymmetry, Generator, Symmetries

__all__ = ["DiscreteSymmetry", "Generator", "Symmetries", "symmetries"]
