"""From data to Hamiltonians."""

from __future__ import annotations

from .classifier import HamiltonianClassifier

__all__ = ["HamiltonianClassifier"]
