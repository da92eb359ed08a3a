"""Does the density exp(-H)/Z exist: decided with a proof, and guaranteed while fitting."""

from __future__ import annotations

from .decision import normalizability
from .guarantee import guaranteed_couplings
from .verdict import Normalizability

__all__ = ["Normalizability", "guaranteed_couplings", "normalizability"]
