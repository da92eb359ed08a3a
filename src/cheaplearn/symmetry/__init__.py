"""Symmetries and structure of energies: what leaves them as they are, what they are made of."""

from __future__ import annotations

from .describing import describe
from .finding import symmetries
from .results import DiscreteSymmetry, Generator, Symmetries
from .structure import Structure

__all__ = ["DiscreteSymmetry", "Generator", "Structure", "Symmetries", "describe", "symmetries"]
