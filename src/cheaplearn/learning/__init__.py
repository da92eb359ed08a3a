"""From data to Hamiltonians."""

from __future__ import annotations

from .classifier import HamiltonianClassifier
from .density import HamiltonianDensity

__all__ = ["HamiltonianClassifier", "HamiltonianDensity"]
