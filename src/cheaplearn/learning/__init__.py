"""From data to Hamiltonians."""

from __future__ import annotations

from .alignments import Alignment, read_alignment
from .classifier import HamiltonianClassifier
from .contacts import contact_scores, top_contacts
from .density import HamiltonianDensity
from .regressor import HamiltonianRegressor
from .reweighting import sequence_weights

__all__ = [
    "Alignment",
    "HamiltonianClassifier",
    "HamiltonianDensity",
    "HamiltonianRegressor",
    "contact_scores",
    "read_alignment",
    "sequence_weights",
    "top_contacts",
]
